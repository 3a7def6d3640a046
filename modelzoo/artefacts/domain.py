"""What makes a score less sure than it looks: how a sound differs from all that the model was trained on."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelzoo.features import CLIP_SAMPLES, HOP, RATE
from modelzoo.nets import ANY_LENGTH

LOWEST_TRUSTED_RATE = 44_100
CLIPPED_AT, CLIPPED_SHARE = 0.9999, 1e-3
OUT_OF_DOMAIN = frozenset(["low-rate", "unlike-training"])
"""Flags that say that no calibration holds."""
RARE, MARGIN = 0.002, 0.1
SYLLABLES_HZ = (2.5, 7.0)


class Domain:
    """Hears a sound's samples, sees its windows' features, and says what is unusual about it."""

    def __init__(self, rate: int, config: dict[str, Any]) -> None:
        self.rate, self.config = rate, config
        self.samples = self.clipped = 0
        self.windows = self.unlike = 0
        self.silent = False

    def hear(self, samples: NDArray[np.float64]) -> None:
        """Count samples, (n,) or (n, channels), of which a channel is at full scale."""
        peaks = np.abs(samples) if samples.ndim == 1 else np.abs(samples).max(axis=1)
        self.samples += len(samples)
        self.clipped += int(np.count_nonzero(peaks >= CLIPPED_AT))

    def see(self, features: NDArray[np.uint8]) -> None:
        """Look at a window's features, (frames, bands)."""
        self.windows += 1
        if limits := self.config.get("domain"):
            found = describe(features)
            self.unlike += any(not low <= found[name] <= high for name, (low, high) in limits.items())

    def flags(self, seconds: float) -> list[str]:
        """What must be said beside the score of so many seconds.

        - "looped", "short": less than the network was trained with;
        - "low-rate": the model can't tell a low rate from a codec's low-pass;
        - "clipped": samples stay at full scale;
        - "silent-parts": windows without sound were left out;
        - "unlike-training": at least half of the windows are outside the training data in a property of `describe`,
          as speech, tones and noise mostly are.
        """
        any_length = self.config.get("network") in ANY_LENGTH
        found = {
            "looped": not any_length and seconds < CLIP_SAMPLES / RATE,
            "short": any_length and seconds < self.config.get("training", {}).get("crop_from", 0),
            "low-rate": self.rate < LOWEST_TRUSTED_RATE,
            "clipped": self.clipped > CLIPPED_SHARE * self.samples,
            "silent-parts": self.silent,
            "unlike-training": self.unlike > 0 and 2 * self.unlike >= self.windows,
        }
        return [name for name, holds in found.items() if holds]


def describe(features: NDArray[np.uint8]) -> dict[str, float]:
    """Properties of a window's features, (frames, bands), that tell music from speech, tones and noise."""
    levels = features.astype(np.float32) / 255
    frames = levels.mean(axis=1)
    bands = levels.mean(axis=0)
    spectrum = np.abs(np.fft.rfft(frames - frames.mean())) ** 2
    hertz = np.fft.rfftfreq(len(frames), HOP / RATE)
    slow = spectrum[(hertz > 0.3) & (hertz < 16)].sum() + 1e-9
    return {
        "level": float(frames.mean()),
        "pauses": float((frames < 0.4 * np.median(frames)).mean()),
        "dynamics": float(frames.std()),
        "syllables": float(spectrum[(hertz > SYLLABLES_HZ[0]) & (hertz < SYLLABLES_HZ[1])].sum() / slow),
        "flux": float(np.abs(np.diff(levels, axis=0)).mean()),
        "roughness": float(np.abs(np.diff(levels, axis=1)).mean()),
        "balance": float(bands @ np.linspace(0, 1, len(bands)) / (bands.sum() + 1e-9)),
    }


def limits(clips: Iterable[NDArray[np.uint8]]) -> dict[str, tuple[float, float]]:
    """The range of each property in training clips, (frames, bands) each, without the rarest, and a little wider."""
    table = [describe(clip) for clip in clips]
    found = {}
    for name in table[0]:
        low, high = np.quantile([row[name] for row in table], [RARE, 1 - RARE])
        margin = MARGIN * (high - low)
        found[name] = (round(float(low - margin), 5), round(float(high + margin), 5))
    return found
