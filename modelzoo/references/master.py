"""Mastering of rendered recordings: brightness, compression, saturation and a noise floor, drawn by seed.

FluidR3's instruments are darker than released productions and silent between notes. A model that has heard nothing else
could take a bright or noisy recording for a damaged one.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Mono = NDArray[np.float64]

HIGHEST_SHELF_DB = 12.0
LOWEST_CORNER_HZ, HIGHEST_CORNER_HZ = 600.0, 5_000.0
SMOOTHING_SECONDS = 0.03
OVERSAMPLING = 4


@dataclass(frozen=True)
class Mastering:
    """What is done to one recording after it is rendered.

    Levels in dB. `ratio` 1 does not compress, `drive` 0 does not saturate, `noise` (relative to the music's RMS) None
    adds none.
    """

    shelf: float
    corner: float
    ratio: float
    drive: float
    noise: float | None
    noise_seed: int


def draw_mastering(random: np.random.Generator) -> Mastering:
    """Draw one: every recording a shelf, half of them compression, half saturation, a third a noise floor."""
    corner = LOWEST_CORNER_HZ * (HIGHEST_CORNER_HZ / LOWEST_CORNER_HZ) ** random.random()
    compressed, saturated, noisy = random.random(3) < (0.5, 0.5, 1 / 3)
    shelf, ratio, drive, noise = random.uniform((0, 1.2, 1, -75), (HIGHEST_SHELF_DB, 3, 10, -45))
    return Mastering(
        round(float(shelf), 1),
        round(float(corner)),
        round(float(ratio), 1) if compressed else 1.0,
        round(float(drive), 1) if saturated else 0.0,
        round(float(noise), 1) if noisy else None,
        int(random.integers(2**31)),
    )


def master(samples: Mono, rate: int, how: Mastering) -> Mono:
    """Master one recording.

    Parameters
    ----------
    samples : array, shape (n,)
        Mono, of any level but silence.
    rate : int
        Samples a second.
    how : Mastering

    Returns
    -------
    array, shape (n,)
        With a peak of about 1.
    """
    out = _shelved(samples, rate, how.shelf, how.corner)
    out = _compressed(out, rate, how.ratio)
    out = _saturated(out / np.abs(out).max(), how.drive)
    if how.noise is not None:
        floor = np.random.default_rng(how.noise_seed).standard_normal(len(out))
        out = out + floor * float(np.sqrt(np.mean(out**2))) * 10 ** (how.noise / 20)
    mastered: Mono = out / np.abs(out).max()
    return mastered


def _shelved(samples: Mono, rate: int, gain: float, corner: float) -> Mono:
    """A high shelf of the second order (R. Bristow-Johnson's audio EQ cookbook, slope 0.5)."""
    from scipy.signal import lfilter

    if not gain:
        return samples
    a = 10 ** (gain / 40)
    angle = 2 * np.pi * corner / rate
    cos, alpha = np.cos(angle), np.sin(angle) / 2 * np.sqrt((a + 1 / a) * (1 / 0.5 - 1) + 2)
    root = 2 * np.sqrt(a) * alpha
    top = [a * (a + 1 + (a - 1) * cos + root), -2 * a * (a - 1 + (a + 1) * cos), a * (a + 1 + (a - 1) * cos - root)]
    bottom = [a + 1 - (a - 1) * cos + root, 2 * (a - 1 - (a + 1) * cos), a + 1 - (a - 1) * cos - root]
    shelved: Mono = lfilter(top, bottom, samples)
    return shelved


def _compressed(samples: Mono, rate: int, ratio: float) -> Mono:
    """Lower what is louder than the recording's own RMS; the level is followed over 30 ms."""
    from scipy.signal import lfilter

    if ratio == 1:
        return samples
    forget = float(np.exp(-1 / (SMOOTHING_SECONDS * rate)))
    power = lfilter([1 - forget], [1, -forget], samples**2) / np.mean(samples**2)
    compressed: Mono = samples * np.maximum(power, 1.0) ** ((1 / ratio - 1) / 2)
    return compressed


def _saturated(samples: Mono, drive: float) -> Mono:
    """A hyperbolic tangent, oversampled so that its harmonics do not fold back."""
    from scipy.signal import resample_poly

    if not drive:
        return samples
    gain = 10 ** (drive / 20)
    bent = np.tanh(gain * resample_poly(samples, OVERSAMPLING, 1))
    saturated: Mono = resample_poly(bent, 1, OVERSAMPLING)[: len(samples)]
    return saturated
