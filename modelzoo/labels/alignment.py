"""ViSQOL's alignment: the lag at which the upper envelopes of two signals correlate best."""

import numpy as np
import scipy.fft
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def envelope(signal: Floats) -> Floats:
    """As Google's code has it, which is no true Hilbert envelope: 2 |x - mean| + mean."""
    mean = float(np.mean(signal))
    return 2.0 * np.abs(signal - mean) + mean


def fft_size(samples: int) -> int:
    """The power of two that holds the correlation of two signals of that length."""
    return 1 << (2 * samples - 2).bit_length() if samples > 1 else 1


def envelope_spectrum(signal: Floats, size: int) -> NDArray[np.complex128]:
    return scipy.fft.rfft(envelope(signal), n=size)


def best_lag(reference: NDArray[np.complex128], degraded: NDArray[np.complex128], longest: int, size: int) -> int:
    """By how many samples the degraded signal is early; `longest` is the longer signal's length."""
    correlation = scipy.fft.irfft(reference * np.conj(degraded), n=size)
    reach = longest - 1
    ordered = np.concatenate([correlation[-reach:], correlation[: reach + 1]]) if reach else correlation[:1]
    return int(np.argmax(ordered)) - reach


def shifted(signal: Floats, lag: int) -> Floats:
    """Later by `lag` samples (zeros in front), or earlier when it is negative."""
    return signal[-lag:] if lag < 0 else np.concatenate([np.zeros(lag), signal])
