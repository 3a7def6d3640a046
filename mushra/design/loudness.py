"""Equal loudness, equal time and equal length for the stimuli of a page."""

import warnings
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import signal

Samples = NDArray[np.floating]
TARGET_LUFS = -23.0


def integrated_loudness(x: Samples, rate: int) -> float:
    """Integrated loudness in LUFS (ITU-R BS.1770, by pyloudnorm) of samples shaped (n,) or (n, channels).

    Raises
    ------
    ValueError
        Shorter than the 0.4 s that BS.1770 gates by, or silent.
    """
    import pyloudnorm

    if len(x) < 0.4 * rate:
        raise ValueError(f"{len(x) / rate:.2f} s of sound: loudness needs 0.4 s at least")
    level = float(pyloudnorm.Meter(rate).integrated_loudness(np.asarray(x, dtype=np.float64)))
    if not np.isfinite(level):
        raise ValueError("silent: there is no loudness to set")
    return level


def to_loudness(x: Samples, rate: int, target: float = TARGET_LUFS) -> NDArray[np.float64]:
    """Scale samples, shaped (n,) or (n, channels), to an integrated loudness of `target` LUFS (paper, section 1).

    To the loudness of a reference: ``to_loudness(x, rate, integrated_loudness(reference, rate))``.

    Warns when the result exceeds full scale: it is the caller's to lower all stimuli of a page together.

    Raises
    ------
    ValueError
        As `integrated_loudness`.
    """
    gain = 10 ** ((target - integrated_loudness(x, rate)) / 20)
    scaled: NDArray[np.float64] = np.asarray(x, dtype=np.float64) * gain
    if np.abs(scaled).max() > 1.0:
        warnings.warn(f"the peak is {np.abs(scaled).max():.2f} of full scale at {target:g} LUFS", stacklevel=2)
    return scaled


def delay_of(x: Samples, reference: Samples, rate: int, longest: float = 0.5) -> int:
    """By how many samples `x` is later than `reference`: the correlation's peak within `longest` seconds (ours)."""
    late, early = (np.asarray(a, dtype=np.float64).reshape(len(a), -1).mean(axis=1) for a in (x, reference))
    correlation = signal.correlate(late, early, mode="full", method="fft")
    lags = signal.correlation_lags(len(late), len(early), mode="full")
    near = np.abs(lags) <= longest * rate
    return int(lags[near][np.argmax(correlation[near])])


def align(x: Samples, reference: Samples, rate: int) -> NDArray[np.float64]:
    """Shift `x` so that it coincides with `reference`, at its length (ours; zeros where nothing is left)."""
    delay = delay_of(x, reference, rate)
    shifted = np.asarray(x, dtype=np.float64)
    if delay > 0:
        shifted = shifted[delay:]
    elif delay < 0:
        shifted = np.concatenate([np.zeros((-delay, *shifted.shape[1:])), shifted])
    return _to_length(shifted, len(reference))


def equal_length(arrays: Sequence[Samples]) -> list[NDArray[np.float64]]:
    """Cut all to the shortest, as a codec's surplus lies at the end (ours)."""
    if not arrays:
        return []
    shortest = min(len(array) for array in arrays)
    return [np.asarray(array[:shortest], dtype=np.float64) for array in arrays]


def without_clipping(stimuli: Sequence[Samples], ceiling: float = 1.0) -> tuple[list[NDArray[np.float64]], float]:
    """Lower all stimuli of a page by the same gain (ours), so that none exceeds full scale and levels stay equal.

    Parameters
    ----------
    stimuli : sequence of array, each (n,) or (n, channels)
    ceiling : float
        The highest peak to leave, more than 0, full scale 1.

    Returns
    -------
    list of array of float64
        New arrays.
    float
        The gain, 1 where nothing had to be lowered.

    Raises
    ------
    ValueError
        `ceiling` is not positive, or a sample is NaN or infinite.
    """
    if not ceiling > 0:
        raise ValueError(f"the ceiling is {ceiling:g}: expected more than 0")
    peak = max((float(np.abs(samples).max()) for samples in stimuli if np.size(samples)), default=0.0)
    if not np.isfinite(peak):
        raise ValueError("the samples hold NaN or infinity")
    gain = min(1.0, ceiling / peak) if peak > 0 else 1.0
    return [np.asarray(samples, dtype=np.float64) * gain for samples in stimuli], gain


def _to_length(x: NDArray[np.float64], length: int) -> NDArray[np.float64]:
    missing = max(0, length - len(x))
    return np.concatenate([x[:length], np.zeros((missing, *x.shape[1:]))])
