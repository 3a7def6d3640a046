"""ViSQOL's spectrogram: the level of 32 gammatone bands in windows of 80 ms, every 20 ms.

Google's code filters each windowed frame, starting from rest, by a cascade of four second-order sections per band
(Slaney, Apple technical report 35, 1993), and takes the RMS over the frame. Filtering sample by sample is slow. The
same energy comes out of two matrix products. The energy of the filter's whole response is the frame's power spectrum
times the filter's. The part of it after the frame's end is a quadratic form of the filter's state at that moment,
solved once per band from a Lyapunov equation, and is taken away.
"""

import warnings
from dataclasses import dataclass
from functools import cache

import numpy as np
import scipy.fft
import scipy.linalg
from numpy.typing import NDArray

RATE = 48_000
WINDOW, HOP = 3840, 960
BANDS = 32
LOWEST, HIGHEST = 50.0, RATE / 2
FFT = 8192
CHUNK = 64
FLOOR_DB = -45.0

EAR_Q, MIN_BANDWIDTH = 9.26449, 24.7

Floats = NDArray[np.float64]


def centre_frequencies() -> Floats:
    """Of the bands, Hz, lowest first, equally spaced on the ERB scale (Glasberg and Moore)."""
    offset = EAR_Q * MIN_BANDWIDTH
    steps = np.arange(BANDS, 0, -1) / BANDS
    centres: Floats = np.exp(steps * np.log((LOWEST + offset) / (HIGHEST + offset))) * (HIGHEST + offset) - offset
    return centres


@dataclass(frozen=True)
class Sections:
    """Four second-order sections a band: y = (b0 x + b1 x[-1]) / (1 + a1 y[-1] + a2 y[-2]); b0, b1 are (4, bands)."""

    b0: Floats
    b1: Floats
    a1: Floats
    a2: Floats


def sections() -> Sections:
    """Coefficients of the gammatone filters, scaled to a gain of one at the centre frequency."""
    t = 1 / RATE
    centre = centre_frequencies()
    angle = 2 * np.pi * centre * t
    decay = 1.019 * 2 * np.pi * (centre / EAR_Q + MIN_BANDWIDTH) * t
    radius = np.exp(-decay)
    roots = np.array([np.sqrt(3 + 2**1.5), -np.sqrt(3 + 2**1.5), np.sqrt(3 - 2**1.5), -np.sqrt(3 - 2**1.5)])
    turns = np.cos(angle) + roots[:, None] * np.sin(angle)
    z = np.exp(1j * angle)
    poles = 1 - 2 * radius * np.cos(angle) / z + radius**2 / z**2
    gain = np.abs(np.prod(1 - radius * turns / z, axis=0) / poles**4)
    b0, b1 = np.ones((4, BANDS)), -radius * turns
    b0[0] /= gain
    b1[0] /= gain
    return Sections(b0, b1, -2 * np.cos(angle) * radius, radius**2)


def window() -> Floats:
    return 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(WINDOW) / (WINDOW - 1))


@dataclass(frozen=True)
class Matrices:
    """What turns frames into band energies: `power` (FFT // 2 + 1, bands), `tail` (WINDOW, bands * 8)."""

    power: Floats
    tail: Floats
    window: Floats


@cache
def matrices() -> Matrices:
    coefficients = sections()
    weights = np.full(FFT // 2 + 1, 2.0)
    weights[[0, -1]] = 1.0
    power = (_power_response(coefficients) * weights / FFT).T
    shape = window()
    return Matrices(np.ascontiguousarray(power), _tail_matrix(coefficients) * shape[:, None], shape)


def _power_response(c: Sections) -> Floats:
    z = np.exp(-2j * np.pi * np.arange(FFT // 2 + 1) / FFT)[None]
    response = np.ones((BANDS, FFT // 2 + 1), dtype=complex)
    poles = 1 + c.a1[:, None] * z + c.a2[:, None] * z**2
    for b0, b1 in zip(c.b0, c.b1, strict=True):
        response *= (b0[:, None] + b1[:, None] * z) / poles
    return np.abs(response) ** 2


def _tail_matrix(c: Sections) -> Floats:
    """(WINDOW, bands * 8): a frame times this, squared and summed over a band's 8 columns, is its tail energy."""
    system = [_state_space(c, band) for band in range(BANDS)]
    transition = np.stack([a for a, _, _ in system])
    state = np.stack([b for _, b, _ in system])
    roots = np.stack([_energy_root(a, out) for a, _, out in system])
    tail = np.empty((WINDOW, BANDS, 8))
    for k in range(WINDOW - 1, -1, -1):
        tail[k] = np.einsum("bij,bj->bi", roots, state)
        state = np.einsum("bij,bj->bi", transition, state)
    return tail.reshape(WINDOW, BANDS * 8)


def _state_space(c: Sections, band: int) -> tuple[Floats, Floats, Floats]:
    """Transition matrix, input vector and output vector of the cascade in transposed direct form II."""
    transition, inputs = np.zeros((8, 8)), np.zeros(8)
    signal_from_state, signal_from_input = np.zeros(8), 1.0
    for section in range(4):
        b0, b1 = c.b0[section, band], c.b1[section, band]
        first, second = 2 * section, 2 * section + 1
        y_from_state, y_from_input = signal_from_state * b0, signal_from_input * b0
        y_from_state[first] += 1
        transition[first] = b1 * signal_from_state - c.a1[band] * y_from_state
        transition[first, second] += 1
        inputs[first] = b1 * signal_from_input - c.a1[band] * y_from_input
        transition[second] = -c.a2[band] * y_from_state
        inputs[second] = -c.a2[band] * y_from_input
        signal_from_state, signal_from_input = y_from_state, y_from_input
    return transition, inputs, signal_from_state


def _energy_root(transition: Floats, output: Floats) -> Floats:
    """A matrix R with |R s|^2 = energy that the filter still gives from state s without input."""
    with warnings.catch_warnings():
        # The states of the lowest bands differ by many orders of magnitude; the scores conform all the same.
        warnings.simplefilter("ignore", scipy.linalg.LinAlgWarning)
        energy = scipy.linalg.solve_discrete_lyapunov(transition.T, np.outer(output, output))
    values, vectors = np.linalg.eigh((energy + energy.T) / 2)
    root: Floats = (vectors * np.sqrt(np.maximum(values, 0))).T
    return root


def levels(signal: Floats, starts: NDArray[np.int64]) -> Floats:
    """RMS of every band in the windows that begin at `starts`: (len(starts), BANDS)."""
    m = matrices()
    frames = np.lib.stride_tricks.sliding_window_view(signal, WINDOW)
    out = np.empty((len(starts), BANDS))
    for first in range(0, len(starts), CHUNK):
        frame = frames[starts[first : first + CHUNK]]
        spectrum = scipy.fft.rfft(frame * m.window, n=FFT, axis=1)
        whole = (spectrum.real**2 + spectrum.imag**2) @ m.power
        tail = ((frame @ m.tail) ** 2).reshape(len(frame), BANDS, 8).sum(axis=2)
        out[first : first + CHUNK] = np.sqrt(np.maximum(whole - tail, 0) / WINDOW)
    return out


def spectrogram(signal: Floats) -> Floats:
    """Levels of all windows that fit, every HOP samples."""
    return levels(signal, np.arange(1 + (len(signal) - WINDOW) // HOP, dtype=np.int64) * HOP)


def to_db(level: Floats) -> Floats:
    db: Floats = np.maximum(10 * np.log10(np.where(level == 0, np.finfo(float).eps, level)), FLOOR_DB)
    return db


def with_common_floor(reference: Floats, degraded: Floats) -> tuple[Floats, Floats]:
    """Raise each frame to 45 dB under the louder side's peak in it, then put the lowest value of both at zero."""
    common = min(len(reference), len(degraded))
    r, d = reference.copy(), degraded.copy()
    floor = np.maximum(r[:common].max(axis=1), d[:common].max(axis=1))[:, None] + FLOOR_DB
    np.maximum(r[:common], floor, out=r[:common])
    np.maximum(d[:common], floor, out=d[:common])
    lowest = min(r.min(), d.min())
    return r - lowest, d - lowest
