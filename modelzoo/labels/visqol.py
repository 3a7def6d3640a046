"""ViSQOL v3 in audio mode (paper, section 2, step 5), with the defaults of Google's program.

Conforms to Google's C++ 3.3.3. Everything on the reference's side is computed once for all copies made from it.
"""

import math
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from modelzoo.errors import LabelError
from modelzoo.labels import gammatone
from modelzoo.labels.alignment import best_lag, envelope_spectrum, fft_size, shifted
from modelzoo.labels.gammatone import BANDS, HOP, RATE, WINDOW
from modelzoo.labels.nsim import PATCH, band_similarity, best_offsets

Floats = NDArray[np.float64]

IMPLEMENTATION = "earwitness-visqol"
VERSION = "1 (ViSQOL 3.3.3)"
MODE = "audio"
SEARCH_RADIUS = 60
# A patch needs half a patch before it and a whole one after: less than this many frames hold none.
SHORTEST_FRAMES = PATCH + PATCH // 2
SHORTEST_SECONDS = 1.0
SILENCE_RMS = 10 ** (-80 / 20)
WORST_SIMILARITY = 0.15
FRAME_SECONDS, PATCH_SECONDS = HOP / RATE, PATCH * HOP / RATE


@dataclass(frozen=True)
class Score:
    """MOS-LQO, 1 to 5, and what computed it."""

    moslqo: float
    implementation: str = IMPLEMENTATION
    version: str = VERSION
    mode: str = MODE


@cache
def _svr() -> dict[str, Floats]:
    with files("modelzoo.labels").joinpath("data/visqol_svr.npz").open("rb") as file, np.load(file) as arrays:
        return {name: arrays[name] for name in arrays.files}


def quality(similarity: Floats) -> float:
    """MOS-LQO of the mean NSIM in each band, shape (32,), by Google's support vector regression."""
    if similarity.mean() < WORST_SIMILARITY:
        return 1.0
    svr = _svr()
    kernel = np.exp(-svr["gamma"] * ((svr["support"] - similarity) ** 2).sum(axis=1))
    return float(np.clip(svr["weights"] @ kernel - svr["rho"], 1.0, 5.0))


def checked(samples: NDArray[np.floating], rate: int, name: str) -> Floats:
    """Mono float64 samples (channels averaged, as ViSQOL does), or a `LabelError` that says what is wrong."""
    array = np.asarray(samples, dtype=np.float64)
    if rate != RATE:
        raise LabelError(f"The {name} has {rate} samples a second: ViSQOL's audio mode needs {RATE}.")
    if array.ndim == 2:
        array = array.mean(axis=1)
    if array.ndim != 1:
        raise LabelError(f"The {name} has shape {array.shape}: expected (n,) or (n, channels).")
    if len(array) < SHORTEST_SECONDS * RATE:
        raise LabelError(f"The {name} is {len(array) / RATE:.2f} s long: ViSQOL needs {SHORTEST_SECONDS:g} s at least.")
    if not np.isfinite(array).all():
        raise LabelError(f"The {name} holds samples that are no numbers (NaN or infinity).")
    if math.sqrt(np.mean(array**2)) < SILENCE_RMS:
        raise LabelError(f"The {name} is silent: ViSQOL's score of silence means nothing.")
    return np.ascontiguousarray(array)


def visqol(reference: NDArray[np.floating], degraded: NDArray[np.floating], rate: int = RATE) -> Score:
    """Score one degraded copy. For many copies of one reference use `ReferenceScorer`.

    Parameters
    ----------
    reference, degraded : array, shape (n,) or (n, channels)
        Full scale 1; channels are averaged. Lengths may differ a little, delays are found.
    rate : int
        48,000.

    Returns
    -------
    Score

    Raises
    ------
    LabelError
        Silence, NaN, less than a second, another rate, or lengths too unlike.
    """
    return ReferenceScorer(reference, rate).score(degraded, rate)


class ReferenceScorer:
    """Scores any number of degraded copies of one reference."""

    def __init__(self, reference: NDArray[np.floating], rate: int = RATE) -> None:
        self.signal = checked(reference, rate, "reference")
        self.levels = gammatone.spectrogram(self.signal)
        self.db = gammatone.to_db(self.levels)
        self.rms = math.sqrt(np.mean(self.signal**2))
        self._spectra: dict[tuple[int, int, int, int], NDArray[np.complex128]] = {}
        frames = len(self.levels)
        last = frames - PATCH if frames - PATCH > PATCH // 2 else PATCH // 2 + 1
        self.starts = np.arange(PATCH // 2, last, PATCH, dtype=np.int64) - 1

    def score(self, degraded: NDArray[np.floating], rate: int = RATE) -> Score:
        """MOS-LQO of a degraded copy; see `visqol`."""
        copy = checked(degraded, rate, "degraded copy")
        if not 0.8 <= len(copy) / len(self.signal) <= 1.25:
            raise LabelError(
                f"The degraded copy is {len(copy) / RATE:.2f} s long, its reference "
                f"{len(self.signal) / RATE:.2f} s: cut them to the same music first."
            )
        copy = self._aligned(copy)
        copy = copy * (self.rms / math.sqrt(np.mean(copy**2)))
        return Score(quality(self._similarity(copy)))

    def _spectrum(self, start: int, stop: int, zeros: int, size: int) -> NDArray[np.complex128]:
        key = (start, stop, zeros, size)
        if key not in self._spectra:
            part = np.concatenate([np.zeros(zeros), self.signal[start:stop]])
            self._spectra[key] = envelope_spectrum(part, size)
        return self._spectra[key]

    def _aligned(self, copy: Floats) -> Floats:
        """The whole copy shifted by the lag of the envelopes, unless that is over half the reference."""
        longest = max(len(self.signal), len(copy))
        size = fft_size(longest)
        whole = self._spectrum(0, len(self.signal), 0, size)
        lag = best_lag(whole, envelope_spectrum(copy, size), longest, size)
        return shifted(copy, lag) if 0 < abs(lag) <= len(self.signal) / 2 else copy

    def _similarity(self, copy: Floats) -> Floats:
        """Mean NSIM in each band over all patches of the reference."""
        levels = gammatone.spectrogram(copy)
        r, d = gammatone.with_common_floor(self.db, gammatone.to_db(levels))
        patches = int(np.searchsorted(self.starts - PATCH // 2, len(d), side="right"))
        if not patches:
            raise LabelError("The degraded copy is too short for a single patch.")
        offsets, lost = best_offsets(r, self.starts, d, patches, SEARCH_RADIUS * PATCH)
        longer = np.concatenate([d, np.zeros((PATCH, BANDS))])
        similarities = []
        for start, offset, is_lost in zip(self.starts[:patches], offsets, lost, strict=True):
            if is_lost:
                similarities.append(np.zeros(BANDS))
                continue
            coarse = band_similarity(r[start : start + PATCH], longer[offset : offset + PATCH])
            fine = self._realigned(copy, levels, int(start), int(offset))
            similarities.append(coarse if fine is None or fine.mean() < coarse.mean() else fine)
        bands: Floats = np.mean(similarities, axis=0)
        return bands

    def _realigned(self, copy: Floats, levels: Floats, start: int, offset: int) -> Floats | None:
        """NSIM of one patch after its own envelopes were aligned; None where too little is left to tell."""
        ref = _Span.of_patch(start, len(self.signal))
        deg = _Span.of_patch(offset, len(copy))
        lag = self._patch_lag(ref, deg, copy)
        ref_skip, deg_skip, length = _overlap(ref.length, deg.length, lag)
        if length <= WINDOW:
            return None
        ref_levels = _levels(self.signal, self.levels, ref, ref_skip, length)
        deg_levels = _levels(copy, levels, deg, deg_skip, length)
        a, b = gammatone.with_common_floor(gammatone.to_db(ref_levels), gammatone.to_db(deg_levels))
        return band_similarity(a, b)

    def _patch_lag(self, ref: "_Span", deg: "_Span", copy: Floats) -> int:
        longest = max(ref.length, deg.length)
        size = fft_size(longest)
        spectrum = envelope_spectrum(deg.cut(copy), size)
        lag = best_lag(self._spectrum(ref.start, ref.stop, ref.zeros, size), spectrum, longest, size)
        return lag if abs(lag) <= ref.length / 2 else 0


@dataclass(frozen=True)
class _Span:
    """The samples under a patch: `zeros` in front, then `start` to `stop`."""

    start: int
    stop: int
    zeros: int

    @classmethod
    def of_patch(cls, frame: int, samples: int) -> "_Span":
        """In Google's arithmetic: a signal's last sample is never taken, what lies beyond comes as zeros in front."""
        begin = frame * FRAME_SECONDS
        end = begin + PATCH_SECONDS
        return cls(int(begin * RATE), min(samples - 1, int(end * RATE)), int(max(0, end * RATE - samples)))

    @property
    def length(self) -> int:
        return self.zeros + self.stop - self.start

    def cut(self, signal: Floats) -> Floats:
        part = signal[self.start : self.stop]
        return np.concatenate([np.zeros(self.zeros), part]) if self.zeros else part


def _overlap(ref_length: int, deg_length: int, lag: int) -> tuple[int, int, int]:
    """How many samples to skip on each side (negative: zeros in front), and how many to compare."""
    shifted_length = deg_length + lag
    ref_skip, deg_skip = 0, -lag
    if ref_length < shifted_length and lag > 0:
        return lag, 0, ref_length - lag
    return ref_skip, deg_skip, min(ref_length, shifted_length)


def _levels(signal: Floats, whole: Floats, span: _Span, skip: int, length: int) -> Floats:
    """Band levels of `length` samples of a span, taken from the whole signal's where the windows coincide."""
    frames = 1 + (length - WINDOW) // HOP
    start = span.start + skip
    if not span.zeros and skip >= 0:
        if start % HOP == 0 and start // HOP + frames <= len(whole):
            return whole[start // HOP : start // HOP + frames]
        return gammatone.levels(signal, start + np.arange(frames, dtype=np.int64) * HOP)
    part = span.cut(signal)
    part = part[skip:] if skip >= 0 else np.concatenate([np.zeros(-skip), part])
    return gammatone.spectrogram(np.ascontiguousarray(part[:length]))
