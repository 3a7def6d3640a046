"""The paper's two networks behind an image classifier (paper, section 4)."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from modelzoo.errors import ModelzooError
from modelzoo.features import BANDS, CLIP_FRAMES

SIDE = 224


def inception(backbone: str = "none", backbone_sha256: str = "", frozen: bool | None = None) -> Any:
    """InceptionV3 with its 1000-way top: 24,141,431 parameters, 289,647 of them trained if the backbone is frozen.

    Parameters
    ----------
    backbone : str
        "imagenet" downloads ImageNet's weights (keras.applications checks their hash), a path reads them from a file,
        "none" starts from random ones.
    backbone_sha256 : str
        The hash that the file must have, if given.
    frozen : bool, optional
        Whether the backbone stays as it is: by default if it has weights to keep.

    Raises
    ------
    ModelzooError
        A frozen random backbone, or weights that can't be had.
    """
    import keras

    return _behind(keras.applications.InceptionV3, "inception", backbone, backbone_sha256, frozen)


def vgg19(backbone: str = "none", backbone_sha256: str = "", frozen: bool | None = None) -> Any:
    """VGG19 with its 1000-way top: 143,956,887 parameters. Parameters and errors as `inception`."""
    import keras

    return _behind(keras.applications.VGG19, "vgg19", backbone, backbone_sha256, frozen)


def _behind(application: Callable[..., Any], name: str, backbone: str, sha256: str, frozen: bool | None) -> Any:
    import keras
    from keras import layers

    if backbone == "none" and frozen:
        raise ModelzooError(
            f"A frozen backbone of {name} with random weights can't be trained behind: its output hardly changes from "
            "clip to clip. Give its weights (imagenet or a file), or leave it unfrozen."
        )
    classifier = _classifier(application, name, backbone, sha256)
    if backbone == "none":
        _average_fewer_batches(classifier)
    classifier.trainable = backbone == "none" if frozen is None else not frozen
    inputs = keras.Input((CLIP_FRAMES, BANDS), dtype="uint8", name="features")
    x = layers.Rescaling(1 / 255)(inputs)
    x = layers.Reshape((CLIP_FRAMES, BANDS, 1))(x)
    x = layers.Conv2D(3, 11, activation="relu")(x)
    x = layers.Resizing(SIDE, SIDE)(x)
    x = classifier(x)
    x = layers.Dense(256)(x)
    x = layers.Dense(128)(x)
    return keras.Model(inputs, layers.Dense(1, name="quality", dtype="float32")(x), name=name)


def _classifier(application: Callable[..., Any], name: str, backbone: str, sha256: str) -> Any:
    import keras

    if backbone not in ("none", "imagenet"):
        _check_file(Path(backbone), name, sha256)
    try:
        # The input is given as a tensor: with ImageNet's top, InceptionV3 takes no other `input_shape` than its own.
        return application(
            weights=None if backbone == "none" else backbone, input_tensor=keras.Input((SIDE, SIDE, 3)), classes=1000
        )
    except Exception as error:
        if backbone == "none":
            raise
        # Keras raises a bare Exception if the download fails, ValueError and OSError for a wrong file.
        raise ModelzooError(f"The weights {backbone!r} for the backbone of {name} can't be used: {error}") from error


def _average_fewer_batches(classifier: Any) -> None:
    """Let batch normalisation's running means follow what is learnt from random weights.

    Keras' own momentum, 0.99, is for ImageNet's long epochs: after 140 batches of spectrograms InceptionV3 predicted
    one value for all, while its loss in training was 0.018.
    """
    import keras

    for layer in classifier.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = 0.9


def _check_file(file: Path, name: str, sha256: str) -> None:
    if not file.is_file():
        raise ModelzooError(f"There is no weights file {file} for the backbone of {name}.")
    if sha256 and hashlib.sha256(file.read_bytes()).hexdigest() != sha256:
        raise ModelzooError(f"The weights file {file} does not have the hash {sha256}.")
