"""A store as Keras and TensorFlow read it: everything once an epoch, shuffled by seed, never whole in memory."""

import json
import subprocess
import sys

import keras
import numpy as np
import pandas as pd
import pytest

from modelzoo.datasets.readers import StoreDataset, tf_dataset
from modelzoo.datasets.store import MANIFEST_COLUMNS, open_store
from modelzoo.errors import StoreError
from modelzoo.features import BANDS, CLIP_FRAMES

COUNT, VALIDATION = 23, 5


def write_store(folder, count=COUNT, validation=VALIDATION):
    """Each clip says in its first byte which it is."""
    features = np.lib.format.open_memmap(
        folder / "features.npy", mode="w+", dtype=np.uint8, shape=(count, CLIP_FRAMES, BANDS)
    )
    features[:, 0, 0] = np.arange(count)
    features.flush()
    rows = {name: [""] * count for name in MANIFEST_COLUMNS}
    rows |= {"target": list(np.arange(count) / count), "split": ["train"] * (count - validation)}
    rows["split"] += ["validation"] * validation
    pd.DataFrame(rows).to_parquet(folder / "manifest.parquet")
    (folder / "dataset.json").write_text(json.dumps({"hash": "numbers"}))


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    folder = tmp_path_factory.mktemp("store")
    write_store(folder)
    return open_store(folder)


def clips(batches):
    """Which clips came, in order; and each came with its own target."""
    found = []
    for features, targets in batches:
        features, targets = np.asarray(features), np.asarray(targets)
        assert features.dtype == np.uint8 and features.shape == (len(targets), CLIP_FRAMES, BANDS)
        assert targets.dtype == np.float32
        np.testing.assert_allclose(targets, features[:, 0, 0] / COUNT, atol=1e-6)
        found.append(features[:, 0, 0].tolist())
    return found


def flat(batches):
    return [clip for batch in batches for clip in batch]


def test_pydataset_gives_every_excerpt_once_an_epoch_in_another_order_each_time(store):
    data = StoreDataset(store, "train", 4, seed=3)
    assert len(data) == 5
    epochs = []
    for _ in range(2):
        batches = clips(data[index] for index in range(len(data)))
        assert [len(batch) for batch in batches] == [4, 4, 4, 4, 2]
        epochs.append(flat(batches))
        data.on_epoch_end()
    assert sorted(epochs[0]) == sorted(epochs[1]) == list(range(18))
    assert epochs[0] != epochs[1] and epochs[0] != list(range(18))
    again = StoreDataset(store, "train", 4, seed=3)
    assert flat(clips(again[index] for index in range(5))) == epochs[0]
    with pytest.raises(IndexError):
        data[5]


def test_tf_data_gives_the_same_epochs(store):
    ours = StoreDataset(store, "train", 4, seed=3)
    data = tf_dataset(store, "train", 4, seed=3)
    assert int(data.cardinality()) == 5
    for _ in range(2):
        assert clips(data) == clips(ours[index] for index in range(len(ours)))
        ours.on_epoch_end()


def test_validation_comes_in_the_manifests_order(store):
    assert flat(clips(tf_dataset(store, "validation", 2, shuffle=False))) == list(range(18, 23))
    data = StoreDataset(store, "validation", 2, shuffle=False)
    assert flat(clips(data[index] for index in range(len(data)))) == list(range(18, 23))


@pytest.mark.parametrize("read", [StoreDataset, tf_dataset])
def test_keras_fits_on_it(store, read):
    inputs = keras.Input((CLIP_FRAMES, BANDS), dtype="uint8")
    middle = keras.layers.GlobalAveragePooling1D()(keras.layers.Rescaling(1 / 255)(inputs))
    model = keras.Model(inputs, keras.layers.Dense(1)(middle))
    model.compile("sgd", "mse")
    history = model.fit(read(store, "train", 4), validation_data=read(store, "validation", 4), epochs=2, verbose=0)
    assert len(history.history["val_loss"]) == 2 and np.isfinite(history.history["loss"]).all()


@pytest.mark.parametrize("read", [StoreDataset, tf_dataset])
def test_what_can_not_be_read_is_refused(store, read):
    with pytest.raises(StoreError, match="no excerpts of the split 'test'"):
        read(store, "test", 4)
    with pytest.raises(StoreError, match="1 excerpt at least"):
        read(store, "train", 0)


MEASURE = """
import sys
from pathlib import Path
from modelzoo.datasets.readers import StoreDataset, tf_dataset
from modelzoo.datasets.store import open_store
def resident():
    return int(next(line for line in open("/proc/self/status") if line.startswith("VmRSS")).split()[1]) / 1024
store = open_store(Path(sys.argv[1]))
data = StoreDataset(store, "train", 4)
for batches in ((data[i] for i in range(len(data))), tf_dataset(store, "train", 4)):
    held = [resident() for _ in batches]
    print(max(held) - held[1])
"""


def test_memory_does_not_grow_with_the_store(tmp_path):
    """Of a store of 144 MB, the file's pages included."""
    write_store(tmp_path, 300)
    done = subprocess.run([sys.executable, "-c", MEASURE, str(tmp_path)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.split()) == 2 and all(float(grown) < 40 for grown in done.stdout.split())
