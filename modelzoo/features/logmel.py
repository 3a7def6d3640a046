"""The paper's input tensor (paper, section 3): librosa's mel spectrogram in dB, scaled to 0-1, computed faster."""

from functools import cache

import numpy as np
import scipy.fft
import scipy.sparse
from numpy.typing import NDArray

from modelzoo.errors import AudioError

RATE = 48_000
FFT, HOP, BANDS = 2048, 256, 256
CLIP_SAMPLES = 10 * RATE
CLIP_FRAMES = 1 + CLIP_SAMPLES // HOP
TOP_DB = 80.0
SMALLEST = 1e-10
CHUNK = 96


def _band_edges() -> NDArray[np.float64]:
    return _mel_to_hz(np.linspace(_hz_to_mel(0.0), _hz_to_mel(RATE / 2), BANDS + 2))


def band_centres() -> NDArray[np.float64]:
    """Where each band's filter is highest, (256,), Hz."""
    return _band_edges()[1:-1]


@cache
def _mel_filters() -> scipy.sparse.csr_matrix:
    """Slaney's mel filters, (1 + FFT / 2, BANDS): triangles of equal area on Slaney's mel scale (librosa's default)."""
    edges = _band_edges()
    bins = np.linspace(0, RATE / 2, 1 + FFT // 2)[:, None]
    low, centre, high = edges[:-2], edges[1:-1], edges[2:]
    rising, falling = (bins - low) / (centre - low), (high - bins) / (high - centre)
    filters = np.maximum(0, np.minimum(rising, falling)) * (2 / (high - low))
    return scipy.sparse.csr_matrix(filters.astype(np.float32))


# Slaney's scale: linear below 1 kHz, 27 steps for each factor of 6.4 above.
_STEP_HZ = 200 / 3
_LOG_FROM = 1000.0
_LOG_STEP = np.log(6.4) / 27


def _hz_to_mel(hz: float) -> float:
    return hz / _STEP_HZ if hz < _LOG_FROM else _LOG_FROM / _STEP_HZ + float(np.log(hz / _LOG_FROM)) / _LOG_STEP


def _mel_to_hz(mel: NDArray[np.float64]) -> NDArray[np.float64]:
    corner = _LOG_FROM / _STEP_HZ
    return np.where(mel < corner, mel * _STEP_HZ, _LOG_FROM * np.exp(_LOG_STEP * (mel - corner)))


def log_mel(samples: NDArray[np.floating], rate: int = RATE) -> NDArray[np.float32]:
    """Log-mel spectrogram of one mono clip.

    Parameters
    ----------
    samples : array, shape (n,)
        Mono; 480,000 samples give the paper's tensor.
    rate : int
        48,000.

    Returns
    -------
    array of float32, shape (1 + n // 256, 256)
        Time by mel band, 0 (80 dB under the loudest value, or the quietest) to 1 (the loudest).

    Raises
    ------
    AudioError
        Another rate or shape, shorter than one window, silent, or not finite.
    """
    clip = np.asarray(samples, dtype=np.float32)
    if rate != RATE:
        raise AudioError(f"The clip has {rate} samples a second: resample it to {RATE} first.")
    if clip.ndim != 1 or len(clip) < FFT:
        raise AudioError(f"The clip has shape {clip.shape}: expected mono of {FFT} samples at least.")
    if not np.isfinite(clip).all():
        raise AudioError("The clip holds samples that are no numbers (NaN or infinity).")
    mel = _mel_power(clip)
    db = 10 * np.log10(np.maximum(mel, SMALLEST))
    db = np.maximum(db - db.max(), -TOP_DB)
    span = float(db.max() - db.min())
    if span == 0:
        raise AudioError("The clip is silent.")
    scaled: NDArray[np.float32] = ((db - db.min()) / span).astype(np.float32)
    return scaled


def _mel_power(clip: NDArray[np.float32]) -> NDArray[np.float32]:
    padded = np.pad(clip, FFT // 2)
    window = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(FFT) / FFT)).astype(np.float32)
    frames = np.lib.stride_tricks.sliding_window_view(padded, FFT)[::HOP]
    filters = _mel_filters()
    out = np.empty((len(frames), BANDS), dtype=np.float32)
    for first in range(0, len(frames), CHUNK):
        spectrum = scipy.fft.rfft(frames[first : first + CHUNK] * window, axis=1)
        power = spectrum.real**2 + spectrum.imag**2
        out[first : first + CHUNK] = (filters.T @ power.T).T
    return out


def to_bytes(features: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Features as stored: 0-1 in 256 steps, at most 0.002 off."""
    return np.rint(features * 255).astype(np.uint8)
