"""The network's input against librosa's."""

from pathlib import Path

import librosa
import numpy as np
import pytest

from modelzoo.audio import decode
from modelzoo.errors import AudioError
from modelzoo.features import CLIP_SAMPLES, log_mel, to_bytes

STIMULI = Path(__file__).resolve().parents[4] / "shared" / "data" / "paper-listening-test-1"


def sounds():
    rng = np.random.default_rng(1)
    time = np.arange(CLIP_SAMPLES) / 48_000
    return {
        "noise": 0.1 * rng.standard_normal(CLIP_SAMPLES),
        "chirp": 0.5 * np.sin(2 * np.pi * (50 + 1000 * time) * time),
        "nearly silent": np.where(time > 5, 1e-5, 0.3) * rng.standard_normal(CLIP_SAMPLES),
    }


def of_librosa(clip):
    mel = librosa.feature.melspectrogram(y=clip, sr=48_000, n_fft=2048, hop_length=256, n_mels=256)
    db = librosa.power_to_db(mel, ref=np.max).T
    return (db - db.min()) / (db.max() - db.min())


@pytest.mark.parametrize("name", sounds())
def test_it_is_librosas_tensor(name):
    clip = sounds()[name].astype(np.float32)
    found = log_mel(clip)
    assert found.shape == (1876, 256)
    assert np.abs(found - of_librosa(clip)).max() < 2e-5


@pytest.mark.skipif(not STIMULI.exists(), reason="the paper's stimuli are not here (../shared)")
def test_it_is_librosas_tensor_of_the_papers_stimuli():
    files = sorted(STIMULI.glob("*.flac"))
    assert len(files) > 40
    for file in files[::3]:
        clip = decode(file).samples.mean(axis=1)
        assert np.abs(log_mel(clip) - of_librosa(clip)).max() < 2e-5, file.name


def test_bytes_are_within_half_a_step():
    features = log_mel(sounds()["noise"])
    assert np.abs(to_bytes(features) / 255 - features).max() <= 0.5 / 255 + 1e-6


@pytest.mark.parametrize(
    ("clip", "rate", "message"),
    [
        (np.zeros(48_000), 48_000, "silent"),
        (np.ones(48_000), 44_100, "44100"),
        (np.ones(100), 48_000, "shape"),
        (np.ones((48_000, 2)), 48_000, "shape"),
        (np.full(48_000, np.inf), 48_000, "NaN"),
    ],
)
def test_wrong_clips_are_refused(clip, rate, message):
    with pytest.raises(AudioError, match=message):
        log_mel(clip, rate)
