"""The sounds of the headphone checks, measured: levels, phases, gaps, and the one band that is turned."""

import numpy as np
import pytest

from mushra.design.headphones import RATE, antiphase_trial, huggins_trial, level_noise

RATES = (44_100, 48_000)


def intervals(sound, rate, duration, gap):
    """The three intervals, after seeing that there is silence between them and nothing after them."""
    step, length = round((duration + gap) * rate), round(duration * rate)
    assert sound.shape == (2 * step + length, 2)
    for number in range(2):
        assert not sound[number * step + length : (number + 1) * step].any()
    return [sound[number * step : number * step + length] for number in range(3)]


def rms_db(samples):
    return 10 * np.log10(np.mean(np.square(samples)))


def correlation(sound):
    return np.corrcoef(sound.T)[0, 1]


# --- Woods et al. 2017 --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("correct", [1, 2, 3])
def test_one_tone_is_6_db_down_and_another_in_antiphase(correct, rate):
    tones = intervals(antiphase_trial(correct, seed=correct, rate=rate), rate, 1.0, 0.5)
    levels = [rms_db(tone) for tone in tones]
    quietest = int(np.argmin(levels)) + 1
    assert quietest == correct
    others = [level for place, level in enumerate(levels, start=1) if place != correct]
    assert others[0] == pytest.approx(others[1], abs=1e-9)
    assert others[0] - levels[correct - 1] == pytest.approx(6, abs=1e-9)
    phases = [round(float(correlation(tone)), 9) for tone in tones]
    assert sorted(phases) == [-1, 1, 1] and phases[correct - 1] == 1


@pytest.mark.parametrize("correct", [1, 2, 3])
def test_mixed_to_one_channel_the_foil_is_the_quietest(correct):
    """What a loudspeaker on the middle line does: the tone in antiphase is gone, and the right answer is not it."""
    mixed = [rms_db(tone.sum(axis=1) + 1e-12) for tone in intervals(antiphase_trial(correct, seed=5), RATE, 1.0, 0.5)]
    assert int(np.argmin(mixed)) + 1 != correct and min(mixed) < -100


def test_the_tone_is_200_hz_and_nothing_else():
    tone = intervals(antiphase_trial(3, seed=0), RATE, 1.0, 0.5)[0][:, 0]
    power = np.abs(np.fft.rfft(tone)) ** 2
    assert int(np.argmax(power)) == 200
    assert power[190:211].sum() / power.sum() > 0.9999


def test_ramps_of_100_ms_at_both_ends_only():
    tone = intervals(antiphase_trial(3, seed=0), RATE, 1.0, 0.5)[0][:, 0]
    # A period of 200 Hz is 220.5 samples: the largest of each pair of periods is the envelope there.
    envelope = np.abs(tone).reshape(-1, 441).max(axis=1)
    full = np.sqrt(2) * 0.1
    assert envelope[10:90] == pytest.approx(full, rel=1e-3)
    assert np.all(np.diff(envelope[:10]) > 0) and np.all(np.diff(envelope[90:]) < 0)
    assert abs(tone[0]) < 1e-6 and abs(tone[-1]) < 1e-6
    # Raised cosine: (1 - cos 45°)/2, a half, and (1 + cos 45°)/2 of the amplitude at each quarter of the ramp.
    carrier = full * np.sin(2 * np.pi * 200 * np.arange(RATE) / RATE)
    for seconds, part in ((0.025, 0.1464), (0.05, 0.5), (0.075, 0.8536)):
        peak = round(seconds * 200) / 200 + 1 / 800
        rise = 0.5 - 0.5 * np.cos(np.pi * peak / 0.1)
        sample = round(peak * RATE)
        assert tone[sample] / carrier[sample] == pytest.approx(rise, abs=1e-3)
        assert rise == pytest.approx(part, abs=0.03)


def test_the_louder_tones_have_the_level_asked_for():
    tone = intervals(antiphase_trial(3, seed=0, level=-12), RATE, 1.0, 0.5)[0]
    assert rms_db(tone[RATE // 10 : -RATE // 10]) == pytest.approx(-12, abs=0.01)


def test_the_foil_is_either_of_the_others_equally_often():
    foils = []
    for seed in range(200):
        tones = intervals(antiphase_trial(2, seed=seed, rate=8000), 8000, 1.0, 0.5)
        foils.append(int(np.argmin([correlation(tone) for tone in tones])) + 1)
    assert set(foils) == {1, 3}
    # Four standard deviations of a fair coin thrown 200 times.
    assert abs(foils.count(1) - 100) < 4 * np.sqrt(50)


# --- Milne et al. 2020 --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("correct", [1, 2, 3])
def test_only_the_band_of_one_noise_is_turned(correct, rate):
    noises = intervals(huggins_trial(correct, seed=correct, rate=rate), rate, 1.0, 1.0)
    for place, noise in enumerate(noises, start=1):
        left, right = np.fft.rfft(noise[:, 0]), np.fft.rfft(noise[:, 1])
        frequencies = np.fft.rfftfreq(len(noise), 1 / rate)
        turned = np.real(right * np.conj(left)) < 0
        if place == correct:
            assert (frequencies[turned].min(), frequencies[turned].max()) == (564, 636)
            assert turned[564:637].all()
            np.testing.assert_allclose(right[turned], -left[turned], atol=1e-9)
            np.testing.assert_allclose(right[~turned], left[~turned], atol=1e-9)
        else:
            np.testing.assert_array_equal(noise[:, 0], noise[:, 1])


def test_neither_ear_alone_holds_the_tone():
    """Each ear's spectrum is as flat in the band as around it; the ears' difference is the band and nothing else."""
    noise = intervals(huggins_trial(1, seed=3), RATE, 1.0, 1.0)[0]
    power = np.abs(np.fft.rfft(noise, axis=0)) ** 2
    np.testing.assert_allclose(power[:, 0], power[:, 1], atol=1e-6)
    ratios = []
    for seed in range(40):
        right = np.abs(np.fft.rfft(huggins_trial(1, seed=seed)[:RATE, 1])) ** 2
        ratios.append(right[564:637].mean() / np.r_[right[400:564], right[637:800]].mean())
    assert abs(10 * np.log10(np.mean(ratios))) < 0.5
    difference = np.abs(np.fft.rfft(noise[:, 0] - noise[:, 1])) ** 2
    assert difference[564:637].sum() / difference.sum() == pytest.approx(1)


def test_noises_are_white_gaussian_and_different():
    first, second, third = (noise[:, 0] for noise in intervals(huggins_trial(2, seed=8), RATE, 1.0, 1.0))
    for one, other in ((first, second), (second, third), (first, third)):
        assert abs(np.corrcoef(one, other)[0, 1]) < 0.03
    assert rms_db(first) == pytest.approx(-20)
    power = np.abs(np.fft.rfft(first)) ** 2
    octaves = [power[low : 2 * low].mean() for low in (500, 1000, 2000, 4000, 8000)]
    assert np.ptp(10 * np.log10(octaves)) < 1
    deviations = np.abs(first) / first.std()
    assert np.mean(deviations > 1) == pytest.approx(0.317, abs=0.01)


# --- Noise to set the level by ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("colour", "slope"), [("white", 0), ("pink", -3.01)])
def test_level_noise_has_its_colour_its_level_and_both_ears_alike(colour, slope):
    noise = level_noise(5, seed=1, colour=colour)
    assert noise.shape == (5 * RATE, 2)
    np.testing.assert_array_equal(noise[:, 0], noise[:, 1])
    assert rms_db(noise) == pytest.approx(-20)
    power = np.abs(np.fft.rfft(noise[:, 0])) ** 2
    octaves = [10 * np.log10(power[5 * low : 10 * low].mean()) for low in (125, 250, 500, 1000, 2000, 4000)]
    assert np.polyfit(range(6), octaves, 1)[0] == pytest.approx(slope, abs=0.2)


def test_level_noise_loops_without_a_click():
    noise = level_noise(5, seed=2, colour="pink")[:, 0]
    assert abs(noise[0] - noise[-1]) < np.abs(np.diff(noise)).max()


# --- Both ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [antiphase_trial, huggins_trial])
def test_the_same_seed_gives_the_same_sound(make):
    np.testing.assert_array_equal(make(2, seed=4), make(2, seed=4))
    sounds = [make(2, seed=seed) for seed in range(10)]
    assert any(not np.array_equal(sounds[0], sound) for sound in sounds[1:])


@pytest.mark.parametrize("make", [antiphase_trial, huggins_trial])
@pytest.mark.parametrize("correct", [1, 2, 3])
def test_every_trial_is_as_long_as_every_other_and_within_full_scale(make, correct):
    sound = make(correct, seed=correct)
    assert sound.dtype == np.float64 and sound.shape == make(1, seed=9).shape
    assert np.abs(sound).max() < 1


@pytest.mark.parametrize("make", [antiphase_trial, huggins_trial])
@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"correct": 0}, "the right answer is 0: expected 1, 2 or 3"),
        ({"correct": 4}, "the right answer is 4"),
        ({"rate": 0}, "can't be made"),
        ({"duration": 0.0}, "can't be made"),
        ({"duration": float("nan")}, "can't be made"),
        ({"gap": -1.0}, "can't be made"),
        ({"level": 0.0}, "would clip"),
        ({"frequency": 30_000.0}, "30000 Hz"),
    ],
)
def test_what_makes_no_trial_is_refused(make, changes, words):
    with pytest.raises(ValueError, match=words):
        make(**{"correct": 1, "seed": 0, **changes})


def test_refusals_of_one_kind():
    with pytest.raises(ValueError, match="two of them must fit into 1 s"):
        antiphase_trial(1, seed=0, ramp=0.6)
    with pytest.raises(ValueError, match="a tone -30 dB lower would clip"):
        antiphase_trial(1, seed=0, quieter=-30)
    for width in (0.0, 1.5, 1e-9):
        with pytest.raises(ValueError, match="does not fit noise"):
            huggins_trial(1, seed=0, frequency=600.5, width=width)
    with pytest.raises(ValueError, match="expected 'white' or 'pink'"):
        level_noise(1, seed=0, colour="brown")
    with pytest.raises(ValueError, match="would clip"):
        level_noise(1, seed=0, level=-3)
