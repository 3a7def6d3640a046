"""A loaded model."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelzoo.artefacts.intervals import Calibration
from modelzoo.artefacts.scorer import WINDOW_SECONDS, Scored, Scorer


@dataclass(frozen=True)
class Model:
    """A loaded model. Scores are 0-100; predictions above 1 are cut as in the paper (section 4), and below 0 too.

    `network` has `predict_on_batch`, as Keras models do.
    """

    name: str
    network: Any
    config: dict[str, Any]
    calibration: Calibration | None = None

    def score_features(self, features: NDArray[np.uint8], batch: int = 16) -> NDArray[np.float64]:
        """Scores, 0-100, of stored features (n, 1876, 256)."""
        if self.config.get("reversed_time"):
            features = features[:, ::-1]
        parts = [
            np.asarray(self.network.predict_on_batch(features[first : first + batch])).ravel()
            for first in range(0, len(features), batch)
        ]
        return 100 * np.clip(np.concatenate(parts).astype(np.float64), 0.0, 1.0)

    def score(self, samples: NDArray[np.floating], rate: int) -> float:
        """Quality, 0-100, of sound shaped (n,) or (n, channels): `score_sound` without its timeline and flags."""
        return self.score_sound(samples, rate).score

    def score_sound(self, samples: NDArray[np.floating], rate: int, *, hop: float = WINDOW_SECONDS) -> Scored:
        """Score sound shaped (n,) or (n, channels) in windows of 10 s, `hop` seconds apart: see `Scorer`.

        Raises
        ------
        AudioError
            Silent, not finite, or shorter than a second.
        """
        scorer = Scorer(self, rate, hop)
        scorer.feed(samples)
        return scorer.finish()
