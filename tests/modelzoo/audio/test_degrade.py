"""The 45 processes: the paper's table, and no delay left."""

import shutil
from collections import Counter

import numpy as np
import pytest
from scipy import signal

from modelzoo.audio import EXTRA_PROCESSES, PROCESSES, Process, cascade, degrade
from modelzoo.errors import AudioError
from mushra.design.loudness import delay_of

RATE = 48_000


def music(seconds=3.0, channels=1):
    rng = np.random.default_rng(11)
    time = np.arange(int(seconds * RATE)) / RATE
    tones = sum(np.sin(2 * np.pi * 196 * k * time + k) / k for k in range(1, 30))
    beats = np.exp(-8 * (time % 0.5))[:, None] * rng.standard_normal((len(time), channels))
    return 0.08 * tones[:, None] + 0.1 * beats


def test_the_table_is_the_papers():
    """Paper, section 2: how many processes of each codec, and the ends of each row."""
    assert Counter(process.codec for process in PROCESSES.values()) == {
        "mp2": 8, "mp3": 8, "aac": 11, "vorbis": 5, "opus": 9, "lowpass": 4
    }  # fmt: skip
    assert sorted(PROCESSES) == list(range(1, 46))
    ends = {1: ("mp2", 32), 8: ("mp2", 320), 9: ("mp3", 32), 16: ("mp3", 320), 17: ("aac", 24), 27: ("aac", 700)}
    ends |= {28: ("vorbis", 48), 32: ("vorbis", 192), 33: ("opus", 24), 41: ("opus", 256)}
    for number, (codec, bitrate) in ends.items():
        assert (PROCESSES[number].codec, PROCESSES[number].bitrate) == (codec, bitrate)
    assert [PROCESSES[number].cutoff for number in range(42, 46)] == [3500, 5000, 7500, 9000]


@pytest.mark.parametrize("number", sorted(PROCESSES))
def test_every_process_runs_and_leaves_no_delay_and_the_same_length(number):
    original = music()
    degraded = degrade(original[:, 0], RATE, number)
    assert degraded.samples.shape == (len(original),)
    assert delay_of(degraded.samples, original, RATE) == 0
    assert np.corrcoef(degraded.samples, original[:, 0])[0, 1] > 0.7
    assert degraded.encoder and degraded.encoder_version
    process = PROCESSES[number]
    assert degraded.requested_bitrate == process.bitrate
    assert (degraded.effective_bitrate is None) == (process.codec == "lowpass")


@pytest.mark.parametrize("codec", ["mp2", "mp3", "aac", "vorbis", "opus"])
def test_stereo_stays_stereo(codec):
    original = music(channels=2)
    degraded = degrade(original, RATE, Process(codec, bitrate=96))
    assert degraded.samples.shape == original.shape
    for channel in range(2):
        assert np.corrcoef(degraded.samples[:, channel], original[:, channel])[0, 1] > 0.9


def test_the_paper_flavour_keeps_the_delay():
    original = music()[:, 0]
    assert delay_of(degrade(original, RATE, 4, "paper").samples, original, RATE) == 481
    assert delay_of(degrade(original, RATE, 20, "paper").samples, original, RATE) == 1024


def test_the_low_pass_is_scipys_butterworth():
    original = music()[:, 0]
    sections = signal.butter(4, 5000, fs=RATE, output="sos")
    assert np.allclose(degrade(original, RATE, 43, "paper").samples, signal.sosfilt(sections, original))


@pytest.mark.parametrize(
    ("samples", "process", "error"),
    [
        (np.zeros(0), 9, AudioError),
        (2 * np.ones(RATE), 9, AudioError),
        (np.full(RATE, np.nan), 9, AudioError),
        (np.zeros((RATE, 3)), 9, AudioError),
        (np.zeros(RATE), 46, ValueError),
        (np.zeros(RATE), Process("vorbis", bitrate=9000), AudioError),
    ],
)
def test_what_can_not_be_encoded_is_refused(samples, process, error):
    with pytest.raises(error):
        degrade(samples, RATE, process)


@pytest.mark.parametrize(
    "wrong",
    [
        dict(codec="wma", bitrate=64),
        dict(codec="mp3"),
        dict(codec="lowpass", bitrate=3),
        dict(codec="mp3", bitrate=64, cutoff=3500),
        dict(codec="noise", bitrate=64),
        dict(codec="clipping", amount=0),
    ],
)
def test_a_process_that_is_none_is_refused(wrong):
    with pytest.raises(ValueError, match=r"codec|bitrate|cutoff|amount"):
        Process(**wrong)


def test_a_cascade_is_its_processes_one_after_the_other():
    original = music()[:, 0]
    found, steps = cascade(original, RATE, (9, 33, 44), "paper")
    expected = original
    for number in (9, 33, 44):
        expected = degrade(np.clip(expected, -1, 1), RATE, number, "paper").samples
    assert np.array_equal(found, expected)
    assert [step.encoder for step in steps] == ["libmp3lame", "libopus", "butterworth"]
    with pytest.raises(AudioError, match="no process"):
        cascade(original, RATE, ())


def test_what_an_encoder_gives_beyond_full_scale_is_clipped_before_the_next():
    square = 0.99 * np.sign(np.sin(2 * np.pi * 441 * np.arange(RATE) / RATE))
    _, steps = cascade(square, RATE, (9, 1), "paper")
    assert np.abs(steps[0].samples).max() > 1


def test_the_effective_bitrate_is_what_was_encoded_not_what_was_asked_for():
    original = music()[:, 0]
    found = {number: degrade(original, RATE, number).effective_bitrate for number in (25, 26, 27)}
    assert len(set(found.values())) == 1, "AAC of one channel has a largest frame: 320, 512 and 700 kb/s are one"
    assert max(found.values()) < 320


def needs(number):
    missing = EXTRA_PROCESSES[number].codec == "lc3" and shutil.which("elc3") is None
    return pytest.param(number, marks=pytest.mark.skipif(missing, reason="needs Debian's liblc3-tools"))


@pytest.mark.parametrize("number", [needs(number) for number in EXTRA_PROCESSES])
def test_extra_processes_leave_no_delay_and_the_same_length_and_repeat(number):
    original = music(channels=2)
    degraded = degrade(original, RATE, number)
    assert degraded.samples.shape == original.shape
    assert delay_of(degraded.samples, original, RATE) == 0
    assert 0.3 < np.corrcoef(degraded.samples.mean(axis=1), original.mean(axis=1))[0, 1] < 0.99999
    assert np.array_equal(degraded.samples, degrade(original, RATE, number).samples)
    assert degraded.encoder and degraded.encoder_version
    process = EXTRA_PROCESSES[number]
    assert degraded.requested_bitrate == process.bitrate
    assert process.bitrate is None or degraded.effective_bitrate == pytest.approx(process.bitrate, rel=0.15)


def test_noise_clipping_and_reverberation_are_as_strong_as_they_say():
    original = music()[:, 0]
    noise = degrade(original, RATE, 102).samples - original
    assert 20 * np.log10(original.std() / noise.std()) == pytest.approx(30, abs=0.05)
    clipped = degrade(original, RATE, 112).samples
    assert 20 * np.log10(np.abs(original).max() / np.abs(clipped).max()) == pytest.approx(6, abs=0.01)
    click = np.zeros(2 * RATE)
    click[0] = 0.5
    tail = degrade(click, RATE, 122, "paper").samples
    levels = [10 * np.log10(np.mean(tail[int(t * RATE) : int(t * RATE) + 2400] ** 2)) for t in (0.1, 0.5)]
    assert levels[0] - levels[1] == pytest.approx(60 * 0.4 / 0.8, abs=1.5)


def test_lc3_without_its_tools_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(AudioError, match="apt-get install liblc3-tools"):
        degrade(music()[:, 0], RATE, 141)
