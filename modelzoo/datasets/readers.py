"""A store as Keras and TensorFlow take data: shuffled batches, read from disk as they are needed."""

import math
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from modelzoo.datasets.store import Store
from modelzoo.errors import StoreError
from modelzoo.features import BANDS, CLIP_FRAMES

Batch = tuple[NDArray[np.uint8], NDArray[np.float32]]


class StoreDataset(keras.utils.PyDataset):  # type: ignore[misc]
    """A split of a store for `model.fit` on any backend.

    Each item is a batch: features of uint8, (batch, 1876, 256), and targets of float32, (batch,). The order changes
    with every epoch and depends on the seed alone; it is `Store.batches`'s.

    Parameters
    ----------
    store : Store
    split : str
        "train" or "validation".
    batch : int
        The last one of an epoch may be smaller.
    seed : int
    shuffle : bool
    options
        Keras' own: `workers`, `use_multiprocessing`, `max_queue_size`.

    Raises
    ------
    StoreError
        The split is empty, or the batch less than 1.
    """

    def __init__(
        self, store: Store, split: str, batch: int, *, seed: int = 0, shuffle: bool = True, **options: Any
    ) -> None:
        super().__init__(**options)
        self.store, self.split, self.batch, self.seed, self.shuffle = store, split, batch, seed, shuffle
        self.epoch = 0
        self._targets = store.manifest["target"].to_numpy(dtype=np.float32)
        self._count = _checked(store, split, batch)
        self._rows = self._ordered()

    def __len__(self) -> int:
        return math.ceil(self._count / self.batch)

    def __getitem__(self, index: int) -> Batch:
        if not 0 <= index < len(self):
            raise IndexError(f"batch {index} of {len(self)}")
        rows = self._rows[index * self.batch : (index + 1) * self.batch]
        return self.store.clips(rows), self._targets[rows]

    def on_epoch_end(self) -> None:
        self.epoch += 1
        self._rows = self._ordered()

    def _ordered(self) -> NDArray[np.int64]:
        return self.store.order(self.split, seed=self.seed, epoch=self.epoch, shuffle=self.shuffle)


def tf_dataset(store: Store, split: str, batch: int, *, seed: int = 0, shuffle: bool = True) -> Any:
    """A split of a store as a `tf.data.Dataset`: one pass is an epoch, each pass in another order.

    Parameters
    ----------
    store, split, batch, seed, shuffle
        As for `StoreDataset`.

    Returns
    -------
    tf.data.Dataset
        Batches of uint8 features, (batch, 1876, 256), and float32 targets, (batch,), the next ones read ahead.

    Raises
    ------
    StoreError
        As for `StoreDataset`.
    """
    import tensorflow as tf

    count = _checked(store, split, batch)
    epoch = -1

    def one_epoch() -> Any:
        nonlocal epoch
        epoch += 1
        return store.batches(split, batch, seed=seed, epoch=epoch, shuffle=shuffle)

    signature = (
        tf.TensorSpec((None, CLIP_FRAMES, BANDS), tf.uint8),
        tf.TensorSpec((None,), tf.float32),
    )
    batches = tf.data.Dataset.from_generator(one_epoch, output_signature=signature)
    known = batches.apply(tf.data.experimental.assert_cardinality(math.ceil(count / batch)))
    return known.prefetch(tf.data.AUTOTUNE)


def _checked(store: Store, split: str, batch: int) -> int:
    count = len(store.rows(split))
    if not count:
        raise StoreError(f"The store has no excerpts of the split {split!r}.")
    if batch < 1:
        raise StoreError(f"A batch of {batch} can't be read: 1 excerpt at least.")
    return count
