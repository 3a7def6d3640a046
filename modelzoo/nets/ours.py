"""A network of our own: small, for clips of any length from about a second."""

from typing import Any

import numpy as np

from modelzoo.features import BANDS
from modelzoo.features.logmel import TOP_DB

FEWER_BANDS = 64
QUANTILES = (0.1, 0.5, 0.9, 0.99)
SORTED_EVERY = 4
RELATIVE_DB = 50.0
DROPOUT, NOISE = 0.3, 0.2


def ours(convolutions: bool = True, statistics: bool = True) -> Any:
    """About 0.4 million parameters: what happens in each band over time, then how the bands stand to each other.

    What a codec takes away is looked for twice in each of 64 bands. Statistics over the clip (mean, spread, quantiles,
    change from frame to frame and from band to band), of the level and of the level under the loudest of its frame,
    show where the spectrum ends, how steeply, and which bands are empty, noisy or still. Convolutions see what comes
    and goes: pre-echo, holes, noise in place of tones; attention over time lets short faults count. Convolutions over
    the bands follow, then their loudest and their mean, so that an edge or a hole is the same thing wherever it is.
    Features are scaled per clip (paper, section 3), so that the level of the sound does not matter.

    Parameters
    ----------
    convolutions, statistics : bool
        Leave a part out, to see how much it helps.
    """
    import keras
    from keras import layers, ops

    inputs = keras.Input((None, BANDS), dtype="uint8", name="features")
    level = layers.Rescaling(1 / 255)(inputs)
    loudest = ops.max(level, axis=2, keepdims=True)
    relative = ops.clip(1 + (level - loudest) * (TOP_DB / RELATIVE_DB), 0.0, 1.0)
    parts = [_convolutions(level, relative)] if convolutions else []
    parts += [_statistics(level, relative)] if statistics else []
    # A NumPy constant becomes part of the graph; a tensor made here would become an input of the ONNX file.
    place = ops.ones_like(parts[0][:, :, :1]) * np.linspace(-1, 1, FEWER_BANDS, dtype=np.float32)[None, :, None]
    x = layers.Concatenate()([*parts, place])
    for filters, kernel, strides in ((96, 5, 1), (128, 5, 2), (192, 5, 2), (192, 3, 1)):
        x = layers.Conv1D(filters, kernel, strides=strides, padding="same", activation="relu")(x)
    x = layers.Concatenate()([layers.GlobalMaxPooling1D()(x), layers.GlobalAveragePooling1D()(x)])
    x = layers.Dense(96, activation="relu")(layers.Dropout(DROPOUT)(x))
    x = layers.Dropout(DROPOUT)(x)
    return keras.Model(inputs, layers.Dense(1, name="quality", dtype="float32")(x), name="ours")


def _convolutions(level: Any, relative: Any) -> Any:
    """Of (n, frames, bands) twice: (n, 64, 96)."""
    from keras import layers, ops

    x = ops.stack([level, relative], axis=-1)
    # The first stride is 21 ms, about a codec's frame.
    for filters, kernel, strides in ((16, (8, 4), (4, 2)), (32, 3, 2), (48, 3, (2, 1))):
        x = layers.Conv2D(filters, kernel, strides=strides, padding="same", activation="relu")(x)
    weights = layers.Softmax(axis=1)(layers.Conv2D(48, 1)(x))
    return layers.Concatenate()([ops.mean(x, axis=1), ops.sum(weights * x, axis=1)])


def _statistics(level: Any, relative: Any) -> Any:
    """Of (n, frames, bands) twice: (n, 64, 16), each statistic with mean 0 and spread 1 in the training data."""
    from keras import layers, ops

    quantiles = _quantiles()
    found = []
    for x in (level, relative):
        over_time = ops.mean(ops.abs(x[:, 1:] - x[:, :-1]), axis=1)
        over_bands = ops.pad(ops.mean(ops.abs(x[:, :, 1:] - x[:, :, :-1]), axis=1), [[0, 0], [1, 0]])
        found += [ops.mean(x, axis=1), ops.std(x, axis=1), over_time, over_bands]
        found += quantiles(x)
    x = ops.stack(found, axis=-1)
    x = ops.mean(ops.reshape(x, (-1, FEWER_BANDS, BANDS // FEWER_BANDS, x.shape[-1])), axis=2)
    x = layers.BatchNormalization(momentum=0.9, center=False, scale=False)(x)
    return layers.GaussianNoise(NOISE)(x)


def _quantiles() -> Any:
    """A layer: of (n, frames, bands) a list of (n, bands), over every fourth frame."""
    import keras
    from keras import ops

    class Quantiles(keras.layers.Layer):  # type: ignore[misc]
        def call(self, x: Any) -> list[Any]:
            ordered = ops.sort(x[:, ::SORTED_EVERY], axis=1)
            last = ops.cast(ops.shape(ordered)[1] - 1, "float32")
            return [ops.take(ordered, ops.cast(share * last, "int32"), axis=1) for share in QUANTILES]

    return Quantiles()
