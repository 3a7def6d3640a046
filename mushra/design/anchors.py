"""Low-pass anchors (BS.1534-3 p 7), without delay and of the same length as what they are made from."""

import warnings

import numpy as np
from numpy.typing import NDArray
from scipy import signal

Samples = NDArray[np.floating]

VARIANTS = ("paper", "linear")
PAPER_ORDER = 10
PAPER_RIPPLE_DB = 0.1
# Relative to the cut-off: the mask of BS.1534-3 p 7 for 3.5 kHz is 25 dB down at 4 kHz and 50 dB at 4.5 kHz.
TRANSITION = 500.0 / 3500.0
STOP_DB = 80.0
LOWEST_RATE, HIGHEST_RATE = 32_000, 192_000


def anchor35(x: Samples, rate: int, variant: str = "paper") -> NDArray[np.float64]:
    """Low anchor: `x` low-passed at 3.5 kHz (BS.1534-3 p 7). See `low_pass_anchor`."""
    return low_pass_anchor(x, rate, 3500.0, variant)


def anchor70(x: Samples, rate: int, variant: str = "paper") -> NDArray[np.float64]:
    """Mid anchor: `x` low-passed at 7 kHz (BS.1534-3 p 7). See `low_pass_anchor`."""
    return low_pass_anchor(x, rate, 7000.0, variant)


def low_pass_anchor(x: Samples, rate: int, cutoff: float, variant: str = "paper") -> NDArray[np.float64]:
    """Low-pass a recording for use as an anchor.

    Parameters
    ----------
    x : array, shape (n,) or (n, channels)
        Samples, full scale 1.
    rate : int
        Samples per second, 32,000 to 192,000.
    cutoff : float
        Edge of the pass band, Hz.
    variant : {"paper", "linear"}
        "paper": 10th-order Chebyshev type I, 0.1 dB ripple (paper, section on the listening tests), its group delay
        at low frequencies taken away. "linear": a linear-phase filter inside the mask of BS.1534-3 p 7.

    Returns
    -------
    array of float64, the shape of `x`

    Warns
    -----
    UserWarning
        The anchor exceeds full scale where `samples` do not: a steep filter rings at edges. It is not clipped here;
        lower all stimuli of the page together with `mushra.design.loudness.without_clipping` before writing them.

    Raises
    ------
    ValueError
        Wrong shape, rate or variant, or samples that are not finite.
    """
    samples = np.asarray(x, dtype=np.float64)
    if samples.ndim not in (1, 2) or samples.shape[0] == 0:
        raise ValueError(f"samples have shape {samples.shape}: expected (n,) or (n, channels) with n > 0")
    if not LOWEST_RATE <= rate <= HIGHEST_RATE:
        raise ValueError(f"the rate is {rate} Hz: anchors are made from {LOWEST_RATE} to {HIGHEST_RATE} Hz")
    if not np.isfinite(samples).all():
        raise ValueError("the samples hold NaN or infinity")
    if variant not in VARIANTS:
        raise ValueError(f"variant is {variant!r}: expected 'paper' or 'linear'")
    filtered = _chebyshev(samples, rate, cutoff) if variant == "paper" else _linear_phase(samples, rate, cutoff)
    peak = float(np.abs(filtered).max())
    if peak > 1.0 >= np.abs(samples).max():
        warnings.warn(f"the {cutoff:g} Hz anchor peaks at {peak:.3f} of full scale", stacklevel=3)
    return filtered


def _chebyshev(samples: NDArray[np.float64], rate: int, cutoff: float) -> NDArray[np.float64]:
    sections = signal.cheby1(PAPER_ORDER, PAPER_RIPPLE_DB, cutoff, fs=rate, output="sos")
    # The delay of the pass band's lower half, where most music is: switching must not shift the music.
    frequencies, response = signal.freqz_sos(sections, worN=np.linspace(50, cutoff / 2, 64), fs=rate)
    turns = np.unwrap(np.angle(response)) / (2 * np.pi)
    delay = round(float(np.median(-np.diff(turns) / np.diff(frequencies))) * rate)
    padding = np.zeros((delay, *samples.shape[1:]))
    filtered: NDArray[np.float64] = signal.sosfilt(sections, np.concatenate([samples, padding]), axis=0)
    return filtered[delay:]


def _linear_phase(samples: NDArray[np.float64], rate: int, cutoff: float) -> NDArray[np.float64]:
    width = cutoff * TRANSITION
    taps, beta = signal.kaiserord(STOP_DB, width / (rate / 2))
    taps |= 1
    kernel = signal.firwin(taps, cutoff + width / 2, window=("kaiser", beta), fs=rate)
    shape = (taps,) + (1,) * (samples.ndim - 1)
    filtered: NDArray[np.float64] = signal.fftconvolve(samples, kernel.reshape(shape), mode="full", axes=0)
    half = taps // 2
    return filtered[half : half + samples.shape[0]]
