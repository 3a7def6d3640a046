"""The paper's Conv1D network (paper, section 4): 15,442,881 parameters, all trained."""

from typing import Any

from modelzoo.features import BANDS, CLIP_FRAMES


def conv1d() -> Any:
    """Three convolutions over time, then three linear dense layers.

    Features come as stored, in bytes: they are scaled to 0-1 inside, so that float copies never fill the memory.
    """
    import keras
    from keras import layers

    inputs = keras.Input((CLIP_FRAMES, BANDS), dtype="uint8", name="features")
    x = layers.Rescaling(1 / 255)(inputs)
    for filters, width in ((64, 11), (128, 7)):
        x = layers.Conv1D(filters, width, activation="relu")(x)
        x = layers.MaxPooling1D(2)(x)
        x = layers.Dropout(0.01)(x)
    x = layers.Conv1D(256, 3, activation="relu")(x)
    x = layers.MaxPooling1D(2)(x)
    x = layers.Flatten()(x)
    x = layers.Dense(256)(x)
    x = layers.Dropout(0.01)(x)
    x = layers.Dense(128)(x)
    return keras.Model(inputs, layers.Dense(1, name="quality", dtype="float32")(x), name="conv1d")
