"""The same code and weights on TensorFlow and JAX: predictions, and a training step on several devices."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from modelzoo.nets import build

PREDICT = """
import sys, numpy as np
from modelzoo.nets import build
folder, name = sys.argv[1:]
network = build(name)
network.load_weights(f"{folder}/{name}.weights.h5")
np.save(f"{folder}/{name}.npy", network.predict_on_batch(np.load(f"{folder}/features.npy")))
"""


def on_jax(code, *arguments, devices=1):
    flags = f"--xla_force_host_platform_device_count={devices}"
    environment = {**os.environ, "KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu", "XLA_FLAGS": flags}
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def clips(count):
    """Spectra that fall and end, with noise: what networks see."""
    rng = np.random.default_rng(0)
    levels = 200 - 0.4 * np.arange(256) + rng.normal(0, 20, (count, 1876, 256))
    return np.clip(levels * (np.arange(256) < 180), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("name", ["ours", "conv1d"])
def test_tensorflow_and_jax_predict_the_same(tmp_path, name):
    import keras

    keras.utils.set_random_seed(1)
    network = build(name)
    network.save_weights(tmp_path / f"{name}.weights.h5")
    np.save(tmp_path / "features.npy", clips(2))
    on_jax(PREDICT, tmp_path, name)
    np.testing.assert_allclose(
        np.load(tmp_path / f"{name}.npy"), network.predict_on_batch(clips(2)), atol=2e-6, rtol=2e-6
    )


TRAIN = """
import dataclasses, json, sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from conftest import make_store
from modelzoo.training import RunConfig, train
config = RunConfig(network="ours", epochs=1, batch=4, seed=5, **json.loads(sys.argv[3]))
result = train(config, make_store(train=4, validation=1), Path(sys.argv[2]))
print("CURVE" + json.dumps([[row["loss"], row["val_loss"]] for row in result.history]))
"""


def curve(folder, devices=1, **settings):
    tests = Path(__file__).parents[1] / "training"
    said = on_jax(TRAIN, tests, folder, json.dumps(settings), devices=devices)
    return np.array(json.loads(said.split("CURVE")[1]))


def test_jax_trains_with_batches_split_over_its_devices(tmp_path):
    """One device here: two on the same CPU wait for each other, and on a busy machine XLA gives up."""
    (row,) = curve(tmp_path, distribution="data", crop_from=1, crop_to=1)
    assert np.isfinite(row).all() and (row > 0).all() and (row < 2).all()
