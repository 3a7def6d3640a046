"""The anchors: where they cut, that nothing shifts, and what they refuse."""

import numpy as np
import pytest
from scipy import signal

from mushra.design.anchors import anchor35, anchor70, low_pass_anchor
from mushra.design.loudness import align, delay_of, equal_length, integrated_loudness, to_loudness, without_clipping

RATES = (32_000, 44_100, 48_000, 96_000, 192_000)


def gain_db(samples, rate, frequency):
    """Level of a filtered sine at `frequency` to the sine before, away from the ends."""
    middle = slice(len(samples) // 4, 3 * len(samples) // 4)
    time = np.arange(len(samples))[middle] / rate
    return 20 * np.log10(4 * np.abs(np.mean(samples[middle] * np.exp(-2j * np.pi * frequency * time))) + 1e-12)


def sine(rate, frequency, seconds=2.0):
    return 0.5 * np.sin(2 * np.pi * frequency * np.arange(int(seconds * rate)) / rate)


@pytest.mark.parametrize("rate", RATES)
def test_the_linear_phase_anchor_keeps_to_the_recommendations_mask(rate):
    for frequency in (200, 1000, 2000, 3000, 3500):
        assert abs(gain_db(anchor35(sine(rate, frequency), rate, "linear"), rate, frequency)) <= 0.1
    assert gain_db(anchor35(sine(rate, 4000), rate, "linear"), rate, 4000) <= -25
    for frequency in (4500, 6000, 10_000):
        assert gain_db(anchor35(sine(rate, frequency), rate, "linear"), rate, frequency) <= -50


def response_db(anchor, rate, variant):
    """Frequencies and the filter's gain at them, 1 Hz apart or closer, from its impulse response."""
    impulse = np.zeros(2 * rate)
    impulse[rate] = 1.0
    spectrum = np.fft.rfft(anchor(impulse, rate, variant))
    return np.fft.rfftfreq(2 * rate, 1 / rate), 20 * np.log10(np.abs(spectrum) + 1e-12)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize(("anchor", "cutoff"), [(anchor35, 3500), (anchor70, 7000)])
def test_the_mask_holds_at_every_frequency(anchor, cutoff, rate):
    """BS.1534-3 p 7 for 3.5 kHz; the 7 kHz anchor keeps to the same mask, scaled."""
    frequencies, gain = response_db(anchor, rate, "linear")
    assert np.abs(gain[frequencies <= cutoff]).max() <= 0.1
    assert gain[frequencies >= cutoff * 4000 / 3500].max() <= -25
    assert gain[frequencies >= cutoff * 4500 / 3500].max() <= -50


@pytest.mark.parametrize("rate", RATES)
def test_the_linear_phase_anchor_has_no_delay_at_any_frequency(rate):
    impulse = np.zeros(2 * rate + 1)
    impulse[rate] = 1.0
    filtered = anchor35(impulse, rate, "linear")
    assert np.argmax(filtered) == rate
    assert np.allclose(filtered, filtered[::-1], atol=1e-12)


@pytest.mark.parametrize("variant", ["paper", "linear"])
def test_an_anchor_over_full_scale_warns_and_is_not_clipped(variant):
    square = np.sign(sine(48_000, 441.0))
    with pytest.warns(UserWarning, match=r"the 3500 Hz anchor peaks at 1\.\d+ of full scale"):
        low = anchor35(square, 48_000, variant)
    assert np.abs(low).max() > 1.05
    (reference, lowered), gain = without_clipping([square, low])
    assert np.abs(lowered).max() == pytest.approx(1)
    assert gain == pytest.approx(1 / np.abs(low).max())
    assert np.allclose(reference, square * gain)


def test_what_does_not_clip_is_left_alone():
    (half, silence), gain = without_clipping([np.full((4, 2), 0.5), np.zeros(4)])
    assert gain == 1 and np.array_equal(half, np.full((4, 2), 0.5)) and not silence.any()
    assert without_clipping([]) == ([], 1.0)
    assert without_clipping([np.full(3, 0.5)], ceiling=0.25)[1] == 0.5


@pytest.mark.parametrize(
    ("samples", "ceiling", "message"),
    [([0.5], 0.0, "ceiling is 0"), ([np.nan], 1.0, "NaN"), ([0.5, np.inf], 1.0, "NaN")],
)
def test_a_gain_that_can_not_be_is_refused(samples, ceiling, message):
    with pytest.raises(ValueError, match=message):
        without_clipping([np.array(samples)], ceiling)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize(("anchor", "cutoff"), [(anchor35, 3500), (anchor70, 7000)])
def test_the_papers_anchor_is_flat_below_its_cutoff_and_steep_above(anchor, cutoff, rate):
    for frequency in (cutoff * 0.3, cutoff * 0.8, cutoff):
        assert -0.15 <= gain_db(anchor(sine(rate, frequency), rate), rate, frequency) <= 0.05
    above = cutoff * 4500 / 3500
    assert gain_db(anchor(sine(rate, above), rate), rate, above) < -41.5


@pytest.mark.parametrize("variant", ["paper", "linear"])
@pytest.mark.parametrize("rate", RATES)
def test_an_anchor_is_not_late(rate, variant):
    noise = 0.1 * np.random.default_rng(1).standard_normal(rate)
    sections = signal.butter(4, 1500, fs=rate, output="sos")
    low = signal.sosfiltfilt(sections, noise)
    assert abs(delay_of(anchor35(low, rate, variant), low, rate)) <= 1


def test_shape_is_kept_for_any_number_of_channels():
    noise = 0.1 * np.random.default_rng(2).standard_normal((48_000, 6))
    for variant in ("paper", "linear"):
        filtered = anchor70(noise, 48_000, variant)
        assert filtered.shape == noise.shape
        alone = anchor70(noise[:, 3], 48_000, variant)
        assert np.allclose(filtered[:, 3], alone)


@pytest.mark.parametrize(
    ("samples", "rate", "variant", "message"),
    [
        (np.zeros(0), 48_000, "paper", "shape"),
        (np.zeros((2, 2, 2)), 48_000, "paper", "shape"),
        (np.array([0.0, np.nan]), 48_000, "paper", "NaN"),
        (np.zeros(100), 22_050, "paper", "22050"),
        (np.zeros(100), 48_000, "steep", "steep"),
    ],
)
def test_wrong_input_is_named(samples, rate, variant, message):
    with pytest.raises(ValueError, match=message):
        low_pass_anchor(samples, rate, 3500.0, variant)


def test_alignment_takes_a_delay_away_to_the_sample():
    music = np.random.default_rng(3).standard_normal(20_000)
    for delay in (-700, -1, 0, 1, 1105):
        moved = np.roll(music, delay)
        aligned = align(moved, music, 48_000)
        inner = slice(1500, -1500)
        assert np.array_equal(aligned[inner], music[inner])
        assert len(aligned) == len(music)


def test_equal_length_cuts_to_the_shortest():
    assert [len(array) for array in equal_length([np.zeros(5), np.zeros(3), np.zeros(9)])] == [3, 3, 3]


def test_loudness_is_what_was_asked_for():
    noise = 0.01 * np.random.default_rng(4).standard_normal((96_000, 2))
    assert integrated_loudness(to_loudness(noise, 48_000, -30), 48_000) == pytest.approx(-30, abs=0.01)


def test_a_stimulus_gets_the_loudness_of_its_reference():
    rng = np.random.default_rng(5)
    reference, stimulus = 0.05 * rng.standard_normal(96_000), 0.002 * rng.standard_normal(96_000)
    level = integrated_loudness(reference, 48_000)
    assert integrated_loudness(to_loudness(stimulus, 48_000, level), 48_000) == pytest.approx(level, abs=0.01)


@pytest.mark.parametrize(("samples", "message"), [(np.zeros(48_000), "silent"), (np.ones(100), "0.4 s")])
def test_loudness_of_nothing_is_refused(samples, message):
    with pytest.raises(ValueError, match=message):
        integrated_loudness(samples, 48_000)
