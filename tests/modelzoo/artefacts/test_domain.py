"""Sound unlike the training data is said to be: noise, a tone, syllables with pauses."""

import numpy as np
import pytest
from scipy.signal import lfilter

from modelzoo.artefacts.domain import Domain, describe, limits
from modelzoo.features import log_mel, to_bytes

RATE = 48_000


def music(seed):
    """Chords that follow each other and die away, with a noise floor."""
    rng = np.random.default_rng(seed)
    sound = rng.normal(0, 2e-4 * 10 ** rng.uniform(0, 1), 10 * RATE)
    time = np.arange(RATE // 2) / RATE
    for start in range(0, 10 * RATE, RATE // 2):
        pitches = rng.uniform(100, 900, 3)
        tones = sum(np.sin(2 * np.pi * pitch * k * time) / k**1.2 for pitch in pitches for k in range(1, 20))
        sound[start : start + len(time)] += 0.03 * tones * np.exp(-rng.uniform(0.5, 3) * time)
    return to_bytes(log_mel(sound))


def speech(seed):
    """Syllables: pulses or noise through formants, with pauses between phrases."""
    rng = np.random.default_rng(seed)
    sound, at = rng.normal(0, 1e-4, 10 * RATE), 0
    while at < 9 * RATE:
        if rng.random() < 0.2:
            at += int(rng.uniform(0.2, 0.6) * RATE)
        length = int(rng.uniform(0.1, 0.28) * RATE)
        pulses = np.zeros(length)
        pulses[:: int(RATE / rng.uniform(90, 220))] = 1
        voice = pulses if rng.random() < 0.7 else rng.normal(0, 0.1, length)
        for formant in (rng.uniform(300, 800), rng.uniform(900, 2300), rng.uniform(2300, 3200)):
            radius = np.exp(-np.pi * 90 / RATE)
            voice = lfilter([1 - radius], [1, -2 * radius * np.cos(2 * np.pi * formant / RATE), radius**2], voice)
        part = sound[at : at + length]
        part += (0.3 * voice / np.abs(voice).max() * np.hanning(length))[: len(part)]
        at += length
    return to_bytes(log_mel(sound))


@pytest.fixture(scope="module")
def config():
    return {"network": "ours", "domain": limits(np.stack([music(seed) for seed in range(25)]))}


def flagged(config, features):
    domain = Domain(RATE, config)
    domain.see(features)
    return domain.flags(10.0)


def test_music_of_the_same_kind_is_not_flagged(config):
    assert sum(flagged(config, music(seed)) == [] for seed in range(100, 110)) >= 8


def test_noise_tones_and_syllables_are_flagged(config):
    rng = np.random.default_rng(0)
    tone = np.sin(2 * np.pi * 440 * np.arange(10 * RATE) / RATE) + rng.normal(0, 1e-3, 10 * RATE)
    for features in (to_bytes(log_mel(rng.normal(0, 0.1, 10 * RATE))), to_bytes(log_mel(tone)), speech(0), speech(1)):
        assert flagged(config, features) == ["unlike-training"]


def test_one_unusual_window_of_three_is_not_enough(config):
    domain = Domain(RATE, config)
    for features in (music(1), speech(0), music(2)):
        domain.see(features)
    assert domain.flags(30.0) == []


def test_syllables_and_pauses_are_what_they_are_called():
    quiet, loud = np.full((375, 256), 20, dtype=np.uint8), np.full((375, 256), 120, dtype=np.uint8)
    assert describe(np.concatenate([loud, loud, quiet]))["pauses"] == pytest.approx(1 / 3)
    beat = np.arange(1876) * 256 / RATE
    for hertz, low, high in ((4.0, 0.9, 1.0), (1.0, 0.0, 0.1)):
        wave = np.rint(120 + 60 * np.sin(2 * np.pi * hertz * beat)).astype(np.uint8)
        assert low <= describe(np.repeat(wave[:, None], 256, axis=1))["syllables"] <= high


def test_a_model_without_ranges_flags_nothing():
    assert flagged({"network": "ours"}, speech(0)) == []
