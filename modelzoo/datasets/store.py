"""A training store on disk: what was made stays, tensors are read without being copied into memory.

A store is a folder: `audio/<excerpt>.flac` (the master), `features.npy` (uint8, (n, frames, bands)), `manifest.parquet`
(a row an excerpt), `dataset.json` (parameters, counts, hashes). `dataset.json` is written last: without it the store is
not complete.
"""

import json
import mmap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from modelzoo.errors import StoreError
from modelzoo.features import BANDS, CLIP_FRAMES
from modelzoo.files import sha256

TRAIN, VALIDATION = "train", "validation"
MANIFEST_COLUMNS = (
    *("excerpt", "reference", "processes", "encoders", "requested_bitrates", "effective_bitrates"),
    *("moslqo", "target", "split", "audio_sha256", "features_sha256"),
)


@dataclass(frozen=True)
class Store:
    """An open store: `features` is a read-only memory map (n, 1876, 256), `manifest` has a row for each."""

    folder: Path
    features: NDArray[np.uint8]
    manifest: pd.DataFrame
    info: dict[str, Any]

    def rows(self, split: str) -> NDArray[np.int64]:
        """Positions of a split's excerpts, in the manifest's order."""
        return np.flatnonzero((self.manifest["split"] == split).to_numpy())

    def order(self, split: str, *, seed: int = 0, epoch: int = 0, shuffle: bool = True) -> NDArray[np.int64]:
        """Positions of a split's excerpts as `batches` gives them in an epoch."""
        rows = self.rows(split)
        return rows[np.random.default_rng([seed, epoch]).permutation(len(rows))] if shuffle else rows

    def batches(
        self, split: str, batch: int, *, seed: int = 0, epoch: int = 0, shuffle: bool = True
    ) -> Iterator[tuple[NDArray[np.uint8], NDArray[np.float32]]]:
        """Features (batch, 1876, 256) and targets (batch,), in an order that depends on seed and epoch alone."""
        rows = self.order(split, seed=seed, epoch=epoch, shuffle=shuffle)
        targets = self.manifest["target"].to_numpy(dtype=np.float32)
        for first in range(0, len(rows), batch):
            chosen = rows[first : first + batch]
            yield self.clips(chosen), targets[chosen]

    def clips(self, rows: NDArray[np.int64]) -> NDArray[np.uint8]:
        """Features of some rows, (n, 1876, 256), in memory of their own.

        The file's pages that were read are given up: they would count as this process's memory, until it seems to hold
        the whole store. They stay in the system's cache while there is room.
        """
        chosen = self.features[rows]
        if isinstance(self.features.base, mmap.mmap):
            self.features.base.madvise(mmap.MADV_DONTNEED)
        return chosen


def open_store(folder: Path) -> Store:
    """Open a complete store.

    Raises
    ------
    StoreError
        There is no store, it is not complete, or its parts do not fit together.
    """
    try:
        info = json.loads((folder / "dataset.json").read_text())
        features = np.load(folder / "features.npy", mmap_mode="r")
        manifest = pd.read_parquet(folder / "manifest.parquet")
    except (OSError, ValueError) as error:
        raise StoreError(f"{folder} holds no complete training store ({error}).") from error
    if features.shape != (len(manifest), CLIP_FRAMES, BANDS) or features.dtype != np.uint8:
        raise StoreError(f"{folder}: features of shape {features.shape} do not fit {len(manifest)} manifest rows.")
    missing = set(MANIFEST_COLUMNS) - set(manifest.columns)
    if missing:
        raise StoreError(f"{folder}: the manifest lacks {', '.join(sorted(missing))}.")
    return Store(folder, features, manifest, info)


def summary_of(manifest: pd.DataFrame) -> dict[str, Any]:
    """Counts, and a hash of all that a store holds."""
    hashes = manifest[["excerpt", "audio_sha256", "features_sha256", "split"]].to_csv(index=False)
    return {
        "excerpts": len(manifest),
        "references": int(manifest["reference"].nunique()),
        "train": int((manifest["split"] == TRAIN).sum()),
        "validation": int((manifest["split"] == VALIDATION).sum()),
        "hash": sha256(hashes.encode()),
    }
