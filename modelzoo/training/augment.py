"""Changing training clips in ways that leave their quality as it is; a batch's changes depend on its numbers alone."""

import numpy as np
from numpy.typing import NDArray

from modelzoo.features import HOP, RATE
from modelzoo.features.logmel import TOP_DB
from modelzoo.training.config import RunConfig

LEVELS_A_DB = 255 / TOP_DB
KNOTS = 6


def augmented(features: NDArray[np.uint8], config: RunConfig, epoch: int, batch: int) -> NDArray[np.uint8]:
    """Cut and change a batch of stored clips as the config says; the same numbers give the same result.

    A part of a clip has about the quality of the whole. An equaliser behind the codec moves all that it left by a few
    dB, evenly over neighbouring bands: edges stay as steep as they were, and what was empty stays empty. A louder peak
    elsewhere in the clip would have put everything lower in the 80 dB range.

    Parameters
    ----------
    features : array of uint8, shape (n, frames, bands)
    config : RunConfig
        `crop_from`, `crop_to`, `equaliser`, `louder_peak` and `seed`.
    epoch, batch : int

    Returns
    -------
    array of uint8, shape (n, frames of the part, bands)
    """
    if not (config.crop_to or config.equaliser or config.louder_peak):
        return features
    rng = np.random.default_rng([config.seed, epoch, batch])
    parts = _crop(features, config, rng)
    gains = LEVELS_A_DB * config.equaliser * _curves(len(parts), parts.shape[2], rng)
    changed = np.where(parts > 0, parts + np.rint(gains[:, None]).astype(np.int16), 0)
    # Features are scaled to the loudest value of a clip: so is a part.
    lowered = LEVELS_A_DB * config.louder_peak * rng.random(len(parts))
    shift = np.rint(255 - changed.max(axis=(1, 2)) - lowered).astype(np.int16)
    shifted: NDArray[np.uint8] = np.clip(
        np.where(parts > 0, changed + shift[:, None, None], 0), 0, 255, dtype=np.int16
    ).astype(np.uint8)
    return shifted


def _crop(features: NDArray[np.uint8], config: RunConfig, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Parts of one length, whole seconds (few lengths, so few shapes to compile for), each from a place of its own."""
    if not config.crop_to:
        return features
    seconds = int(rng.integers(config.crop_from, config.crop_to, endpoint=True))
    frames = min(1 + seconds * RATE // HOP, features.shape[1])
    starts = rng.integers(0, features.shape[1] - frames, size=len(features), endpoint=True)
    return np.stack([clip[start : start + frames] for clip, start in zip(features, starts, strict=True)])


def _curves(count: int, bands: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Smooth random curves over the bands, (count, bands), of about unit spread."""
    knots = rng.standard_normal((count, KNOTS))
    places = np.linspace(0, KNOTS - 1, bands)
    return np.stack([np.interp(places, np.arange(KNOTS), row) for row in knots])
