"""Scoring sound as it comes, block by block, so that its length does not matter."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from modelzoo.artefacts.domain import OUT_OF_DOMAIN, Domain
from modelzoo.audio import normalise_loudness, resample
from modelzoo.errors import AudioError
from modelzoo.features import CLIP_SAMPLES, RATE, log_mel, to_bytes
from modelzoo.nets import ANY_LENGTH

if TYPE_CHECKING:
    from modelzoo.artefacts.model import Model

SHORTEST_SECONDS = 1.0
WINDOW_SECONDS = CLIP_SAMPLES / RATE


@dataclass(frozen=True)
class Window:
    """One window of a sound: where it starts and ends, in seconds, and its score, 0-100."""

    start: float
    end: float
    score: float


@dataclass(frozen=True)
class Scored:
    """A sound's score, 0-100 (the mean over its windows), the windows, and what must be said beside the score.

    `interval` is where ViSQOL's score lies as often as the model's calibration says; None if the model has none, or if
    the sound is unlike all that it was calibrated with.
    """

    score: float
    timeline: list[Window]
    flags: list[str]
    interval: tuple[float, float] | None = None


class Scorer:
    """Windows of 10 s of one sound, `hop` seconds apart, scored as soon as they are there.

    Each is made like the training data: channels averaged, 48 kHz, -23 LUFS. Sound of less than 10 s is scored as it is
    by a network that takes any length, and looped for the others, as the paper's listening items were. What is left
    after the last whole window is covered by one that ends with the sound. Silent windows have no score.

    Raises
    ------
    AudioError
        `hop` is not between 0 and 10 s.
    """

    def __init__(self, model: "Model", rate: int, hop: float = WINDOW_SECONDS) -> None:
        if not 0 < hop <= WINDOW_SECONDS:
            raise AudioError(f"Windows can't be {hop:g} s apart: more than 0 and at most {WINDOW_SECONDS:g} s.")
        self.model, self.rate = model, rate
        self.length, self.step = round(WINDOW_SECONDS * rate), max(1, round(hop * rate))
        self.any_length = model.config.get("network") in ANY_LENGTH
        self.domain = Domain(rate, model.config)
        self.timeline: list[Window] = []
        self.held: NDArray[np.float64] = np.empty(0)
        # In samples of the sound: where `held` starts, where the next window starts, and where the sound ends so far.
        self.first = self.next = self.end = 0
        self.pending: list[NDArray[np.float64]] = []

    def feed(self, block: NDArray[np.floating]) -> list[Window]:
        """Take more sound, (n,) or (n, channels); the windows that it completes.

        Raises
        ------
        AudioError
            Another shape, or samples that are not finite.
        """
        samples = np.asarray(block, dtype=np.float64)
        if samples.ndim not in (1, 2) or not np.isfinite(samples).all():
            raise AudioError("The sound holds samples that are no numbers (NaN or infinity), or is no sound at all.")
        self.domain.hear(samples)
        self.pending.append(samples if samples.ndim == 1 else samples.mean(axis=1))
        self.end += len(samples)
        found = []
        while self.end >= self.next + self.length:
            found += self._window(self.next, self.next + self.length)
            self.next += self.step
        return found

    def finish(self) -> Scored:
        """The sound is over: its score.

        Raises
        ------
        AudioError
            It was shorter than a second, or silent throughout.
        """
        if self.end < SHORTEST_SECONDS * self.rate:
            raise AudioError(
                f"The sound is {self.end / self.rate:.2f} s long: {SHORTEST_SECONDS:g} s at least can be scored."
            )
        covered = self.next - self.step + self.length if self.next else 0
        if covered < self.end:
            self._window(max(0, self.end - self.length), self.end)
        if not self.timeline:
            raise AudioError("The sound is silent.")
        scores = [window.score for window in self.timeline]
        flags = self.domain.flags(self.end / self.rate)
        return Scored(float(np.mean(scores)), self.timeline, flags, self._interval(scores, flags))

    def _interval(self, scores: list[float], flags: list[str]) -> tuple[float, float] | None:
        """The mean of the windows' intervals: their errors are taken to go together."""
        if self.model.calibration is None or OUT_OF_DOMAIN & set(flags):
            return None
        low, high = np.mean([self.model.calibration.interval(score) for score in scores], axis=0)
        return float(low), float(high)

    def _window(self, start: int, end: int) -> list[Window]:
        self.held = np.concatenate([self.held, *self.pending])
        self.pending = []
        samples = self.held[start - self.first : end - self.first]
        # What a later window can't reach any more is let go; the last one ends with the sound.
        keep = max(self.first, min(start + self.step, self.end - self.length))
        self.held, self.first = self.held[keep - self.first :], keep
        try:
            clip = normalise_loudness(resample(samples, self.rate, RATE), RATE)
            if len(clip) < CLIP_SAMPLES and not self.any_length:
                clip = np.resize(clip, CLIP_SAMPLES)
            features = to_bytes(log_mel(clip[:CLIP_SAMPLES]))
        except AudioError:
            self.domain.silent = True
            return []
        self.domain.see(features)
        score = float(self.model.score_features(features[None])[0])
        self.timeline.append(Window(start / self.rate, end / self.rate, score))
        return self.timeline[-1:]
