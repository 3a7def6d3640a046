"""Degradations that are no codecs: low-pass, noise, clipping, reverberation. Samples are (n, channels) of float64."""

import zlib

import numpy as np
from numpy.typing import NDArray

from modelzoo.errors import AudioError

Columns = NDArray[np.float64]

BUTTERWORTH_ORDER = 4
REVERBERATION_LEVEL = 10 ** (-6 / 20)


def low_pass(columns: Columns, rate: int, cutoff: float) -> Columns:
    """Butterworth of the fourth order (paper, section 2).

    Raises
    ------
    AudioError
        The cut-off is half the rate or more.
    """
    from scipy import signal

    if not 0 < 2 * cutoff < rate:
        raise AudioError(f"A low-pass of {cutoff:g} Hz needs more than {rate} samples a second.")
    sections = signal.butter(BUTTERWORTH_ORDER, cutoff, fs=rate, output="sos")
    filtered: Columns = signal.sosfilt(sections, columns, axis=0)
    return filtered


def add_noise(columns: Columns, rate: int, distance: float) -> Columns:
    """White noise `distance` dB below the music's RMS; always the same for the same music."""
    noise = _noise_of(columns).standard_normal(columns.shape)
    level = float(np.sqrt(np.mean(columns**2))) * 10 ** (-distance / 20)
    return columns + level * noise


def clip(columns: Columns, rate: int, by: float) -> Columns:
    """Peaks cut `by` dB below the highest."""
    ceiling = float(np.abs(columns).max()) * 10 ** (-by / 20)
    return np.clip(columns, -ceiling, ceiling)


def reverberate(columns: Columns, rate: int, seconds: float) -> Columns:
    """A diffuse tail that falls by 60 dB in `seconds`, 6 dB below the music, cut at the music's end."""
    from scipy.signal import fftconvolve

    time = np.arange(1, int(seconds * rate)) / rate
    tail = np.random.default_rng(0).standard_normal(len(time)) * 10 ** (-3 * time / seconds)
    wet = fftconvolve(columns, np.concatenate([[0.0], tail])[:, None], axes=0)[: len(columns)]
    gain = REVERBERATION_LEVEL * float(np.sqrt(np.mean(columns**2) / max(np.mean(wet**2), 1e-30)))
    reverberated: Columns = columns + gain * wet
    return reverberated


def _noise_of(columns: Columns) -> np.random.Generator:
    return np.random.default_rng(zlib.crc32(np.ascontiguousarray(columns).tobytes()))
