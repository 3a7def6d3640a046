"""Where and in which precision a network computes."""

from collections.abc import Iterator
from contextlib import contextmanager

from modelzoo.errors import ModelzooError
from modelzoo.training.config import RunConfig


@contextmanager
def precision(config: RunConfig) -> Iterator[None]:
    """Networks built inside compute in bfloat16, if the config asks for it; their weights and output are float32."""
    import keras

    before = keras.config.dtype_policy()
    if config.mixed_precision:
        # bfloat16 has float32's range: no loss needs to be scaled.
        keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


@contextmanager
def distribution(config: RunConfig) -> Iterator[int]:
    """Split batches over all devices, if the config asks for it; gives how many there are.

    Raises
    ------
    ModelzooError
        The backend is not JAX: Keras distributes on others only in part.
    """
    import keras

    if config.distribution == "none":
        yield 1
        return
    if keras.backend.backend() != "jax":
        raise ModelzooError('distribution = "data" needs the JAX backend: set KERAS_BACKEND=jax.')
    before = keras.distribution.distribution()
    devices = keras.distribution.list_devices()
    keras.distribution.set_distribution(keras.distribution.DataParallel(devices=devices))
    try:
        yield len(devices)
    finally:
        keras.distribution.set_distribution(before)
