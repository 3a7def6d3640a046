"""Saving and loading a trained model: weights into a network that code builds, never a pickle.

The folder holds `model.weights.h5`, `config.json`, `card.md`, and `hashes.json`, which is written last.
"""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelzoo.audio import normalise_loudness, resample
from modelzoo.datasets.store import replace_text, sha256
from modelzoo.errors import AudioError, ModelzooError
from modelzoo.features import CLIP_SAMPLES, RATE, log_mel, to_bytes
from modelzoo.nets import build

WEIGHTS, CONFIG, CARD, HASHES = "model.weights.h5", "config.json", "card.md", "hashes.json"
SHORTEST_SECONDS = 1.0
WINDOW_SECONDS = CLIP_SAMPLES / RATE
LOWEST_TRUSTED_RATE = 44_100
CLIPPED_AT, CLIPPED_SHARE = 0.9999, 1e-3


@dataclass(frozen=True)
class Window:
    """One window of a sound: where it starts and ends, in seconds, and its score, 0-100."""

    start: float
    end: float
    score: float


@dataclass(frozen=True)
class Scored:
    """A sound's score, 0-100 (the mean over its windows), the windows, and what must be said beside the score."""

    score: float
    timeline: list[Window]
    flags: list[str]


@dataclass(frozen=True)
class Model:
    """A loaded model. Scores are 0-100; predictions above 1 are cut as in the paper (section 4), and below 0 too."""

    name: str
    network: Any
    config: dict[str, Any]

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
        """Score windows of 10 s, `hop` seconds apart.

        The sound is made like the training data: channels averaged, 48 kHz, -23 LUFS as a whole. Less than 10 s is
        looped, as the paper's listening items were; what is left after the last whole window is covered by one that
        ends with the sound.

        Raises
        ------
        AudioError
            Silent, not finite, shorter than a second, or a window of it is silent.
        """
        clips, starts = windows(samples, rate, hop=hop)
        features = np.stack([to_bytes(log_mel(clip)) for clip in clips])
        scores = self.score_features(features)
        seconds = len(samples) / rate
        timeline = [
            Window(start, min(start + WINDOW_SECONDS, seconds), float(score))
            for start, score in zip(starts, scores, strict=True)
        ]
        return Scored(float(scores.mean()), timeline, flags(samples, rate))


def flags(samples: NDArray[np.floating], rate: int) -> list[str]:
    """What makes a score less sure than it looks: how the sound differs from all that models are trained on."""
    found = []
    if len(samples) < WINDOW_SECONDS * rate:
        found.append("looped")
    if rate < LOWEST_TRUSTED_RATE:
        # The model can't tell a low rate from a codec's low-pass.
        found.append("low-rate")
    peaks = np.abs(np.asarray(samples)).max(axis=-1) if np.ndim(samples) > 1 else np.abs(samples)
    if float(np.mean(peaks >= CLIPPED_AT)) > CLIPPED_SHARE:
        found.append("clipped")
    return found


def windows(
    samples: NDArray[np.floating], rate: int, *, hop: float = WINDOW_SECONDS
) -> tuple[list[NDArray[np.float64]], list[float]]:
    """Clips of 10 s at 48 kHz, mono, -23 LUFS, that cover the sound, and where each starts, in seconds."""
    samples = np.asarray(samples, dtype=np.float64)
    if not 0 < hop <= WINDOW_SECONDS:
        raise AudioError(f"Windows can't be {hop:g} s apart: more than 0 and at most {WINDOW_SECONDS:g} s.")
    if samples.ndim not in (1, 2) or len(samples) < SHORTEST_SECONDS * rate:
        raise AudioError(
            f"The sound is {len(samples) / rate:.2f} s long: {SHORTEST_SECONDS:g} s at least can be scored."
        )
    if not np.isfinite(samples).all():
        raise AudioError("The sound holds samples that are no numbers (NaN or infinity).")
    mono = samples if samples.ndim == 1 else samples.mean(axis=1)
    mono = normalise_loudness(resample(mono, rate, RATE), RATE)
    if len(mono) <= CLIP_SAMPLES:
        return [np.resize(mono, CLIP_SAMPLES)], [0.0]
    starts = list(range(0, len(mono) - CLIP_SAMPLES + 1, round(hop * RATE)))
    if starts[-1] + CLIP_SAMPLES < len(mono):
        starts.append(len(mono) - CLIP_SAMPLES)
    return [mono[start : start + CLIP_SAMPLES] for start in starts], [start / RATE for start in starts]


def save(folder: Path, weights: Path, config: dict[str, Any], card: str) -> None:
    """Make the folder from a weights file; `config` names the network under "network"."""
    folder.mkdir(parents=True, exist_ok=True)
    partial = folder / f".{WEIGHTS}.part"
    shutil.copyfile(weights, partial)
    partial.replace(folder / WEIGHTS)
    replace_text(folder / CONFIG, json.dumps(config, indent=2))
    replace_text(folder / CARD, card)
    hashes = {name: sha256((folder / name).read_bytes()) for name in (WEIGHTS, CONFIG)}
    replace_text(folder / HASHES, json.dumps(hashes, indent=2))


def load(folder: Path) -> Model:
    """Load a model after checking its hashes.

    Raises
    ------
    ModelzooError
        There is no whole model, or a file was changed after it was saved.
    """
    try:
        hashes = json.loads((folder / HASHES).read_text())
        config = json.loads((folder / CONFIG).read_text())
        changed = [name for name, digest in hashes.items() if sha256((folder / name).read_bytes()) != digest]
    except (OSError, ValueError) as error:
        raise ModelzooError(f"{folder} holds no whole model ({error}).") from error
    if changed or set(hashes) != {WEIGHTS, CONFIG}:
        raise ModelzooError(f"{folder}: {', '.join(changed) or HASHES} was changed after the model was saved.")
    try:
        network = build(config["network"])
        network.load_weights(folder / WEIGHTS)
    except ModelzooError:
        raise
    except (KeyError, OSError, TypeError, ValueError) as error:
        raise ModelzooError(f"{folder}: its weights do not fit its network ({error}).") from error
    return Model(folder.name, network, config)


def predict(artefact: Path | Model, samples: NDArray[np.floating], rate: int) -> float:
    """Quality, 0-100, of any sound by a model or the folder of one: see `Model.score_sound`."""
    return (artefact if isinstance(artefact, Model) else load(artefact)).score(samples, rate)
