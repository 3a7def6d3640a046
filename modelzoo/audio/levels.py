"""Loudness and sampling rate."""

import numpy as np
from numpy.typing import NDArray

from modelzoo.errors import AudioError
from mushra.design.loudness import TARGET_LUFS, integrated_loudness

Samples = NDArray[np.floating]


def loudness(samples: Samples, rate: int) -> float:
    """Integrated loudness, LUFS (BS.1770), of samples shaped (n,) or (n, channels).

    Raises
    ------
    AudioError
        Silent, or shorter than 0.4 s.
    """
    try:
        return integrated_loudness(samples, rate)
    except ValueError as error:
        raise AudioError(f"The sound can't be used: it is {error}.") from error


def normalise_loudness(samples: Samples, rate: int, target: float = TARGET_LUFS) -> NDArray[np.float64]:
    """Scale to `target` LUFS (paper, section 2, step 4). The result may exceed full scale: check before storing.

    Raises
    ------
    AudioError
        As `loudness`.
    """
    gain = 10 ** ((target - loudness(samples, rate)) / 20)
    scaled: NDArray[np.float64] = np.asarray(samples, dtype=np.float64) * gain
    return scaled


def resample(samples: Samples, rate: int, new_rate: int) -> NDArray[np.float64]:
    """Resample (n,) or (n, channels) by a polyphase filter; the same array comes back if the rates are equal."""
    from math import gcd

    from scipy.signal import resample_poly

    original: NDArray[np.float64] = np.asarray(samples, dtype=np.float64)
    if rate == new_rate:
        return original
    common = gcd(rate, new_rate)
    resampled: NDArray[np.float64] = resample_poly(original, new_rate // common, rate // common, axis=0)
    return resampled
