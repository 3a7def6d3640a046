"""A network of our own: small, for clips of any length from about a second."""

from typing import Any

from modelzoo.features import BANDS

WIDTH, BLOCKS, KERNEL, HEADS = 224, 4, 9, 4


def ours() -> Any:
    """0.8 million parameters: convolutions over time, pooled by attention, beside statistics of each band.

    What a codec takes away is meant to be seen twice. The loudest, mean and spread of each band over the whole clip
    show where the spectrum ends and which bands are empty; the convolutions, over the features and over their change
    from frame to frame, see what comes and goes: pre-echo, holes, noise in place of tones. Attention lets short faults
    count. No ablation has shown yet how much each part helps. Features are scaled per clip (paper, section 3), so the
    level of the sound does not matter.
    """
    import keras
    from keras import layers, ops

    inputs = keras.Input((None, BANDS), dtype="uint8", name="features")
    scaled = layers.Rescaling(1 / 255)(inputs)
    change = ops.pad(scaled[:, 1:] - scaled[:, :-1], [[0, 0], [1, 0], [0, 0]])
    x = layers.Concatenate()([scaled, change])
    x = layers.Conv1D(WIDTH, 4, strides=4, padding="same", activation="relu")(x)
    for _ in range(BLOCKS):
        y = layers.LayerNormalization()(x)
        y = layers.SeparableConv1D(WIDTH, KERNEL, padding="same", activation="relu")(y)
        x = layers.Add()([x, y])
    weights = layers.Softmax(axis=1)(layers.Dense(HEADS)(x))
    pooled = layers.Flatten()(ops.einsum("nth,ntc->nhc", weights, x))
    # A tiny variance under the root keeps its slope finite where a band never changes.
    spread = ops.sqrt(ops.var(scaled, axis=1) + 1e-4)
    bands = [ops.max(scaled, axis=1), ops.mean(scaled, axis=1), spread]
    x = layers.Concatenate()([pooled, *bands])
    x = layers.Dense(64, activation="relu")(x)
    x = layers.Dropout(0.1)(x)
    return keras.Model(inputs, layers.Dense(1, name="quality")(x), name="ours")
