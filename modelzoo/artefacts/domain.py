"""What makes a score less sure than it looks: how a sound differs from all that models are trained on."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelzoo.features import CLIP_SAMPLES, RATE
from modelzoo.nets import ANY_LENGTH

LOWEST_TRUSTED_RATE = 44_100
CLIPPED_AT, CLIPPED_SHARE = 0.9999, 1e-3
OUT_OF_DOMAIN = frozenset(["low-rate", "speech"])
"""Flags that say that no calibration holds."""


class Domain:
    """Hears a sound's samples, sees its windows' features, and says what is unusual about it."""

    def __init__(self, rate: int, config: dict[str, Any]) -> None:
        self.rate, self.config = rate, config
        self.samples = self.clipped = 0
        self.windows = self.like_speech = 0
        self.silent = False

    def hear(self, samples: NDArray[np.float64]) -> None:
        """Count samples, (n,) or (n, channels), of which a channel is at full scale."""
        peaks = np.abs(samples) if samples.ndim == 1 else np.abs(samples).max(axis=1)
        self.samples += len(samples)
        self.clipped += int(np.count_nonzero(peaks >= CLIPPED_AT))

    def see(self, features: NDArray[np.uint8]) -> None:
        """Look at a window's features, (frames, bands)."""
        self.windows += 1
        self.like_speech += sounds_like_speech(features)

    def flags(self, seconds: float) -> list[str]:
        """What must be said beside the score of so many seconds.

        - "looped", "short": less than the network was trained with;
        - "low-rate": the model can't tell a low rate from a codec's low-pass;
        - "clipped": samples stay at full scale;
        - "silent-parts": windows without sound were left out;
        - "speech": most windows sound like somebody speaking alone.
        """
        any_length = self.config.get("network") in ANY_LENGTH
        found = {
            "looped": not any_length and seconds < CLIP_SAMPLES / RATE,
            "short": any_length and seconds < self.config.get("training", {}).get("crop_from", 0),
            "low-rate": self.rate < LOWEST_TRUSTED_RATE,
            "clipped": self.clipped > CLIPPED_SHARE * self.samples,
            "silent-parts": self.silent,
            "speech": 2 * self.like_speech > self.windows,
        }
        return [name for name, holds in found.items() if holds]


def sounds_like_speech(features: NDArray[np.uint8]) -> bool:
    """Placeholder."""
    return False
