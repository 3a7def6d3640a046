"""Small music for builds: files of a few seconds, written once."""

import numpy as np
import pytest
import soundfile

RATE = 48_000


def music(seed, seconds=2.0, rate=RATE):
    rng = np.random.default_rng(seed)
    time = np.arange(int(seconds * rate)) / rate
    tones = sum(np.sin(2 * np.pi * (150 + 40 * seed) * k * time + k) / k for k in range(1, 30))
    return 0.05 * tones + 0.03 * rng.standard_normal(len(time))


@pytest.fixture(scope="session")
def references_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("references")
    for seed in range(3):
        soundfile.write(folder / f"song_{seed}.flac", music(seed), RATE, subtype="PCM_16")
    return folder


@pytest.fixture(name="music", scope="session")
def music_fixture():
    """A maker of sounds, each by its seed."""
    return music
