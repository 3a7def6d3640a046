"""One training store out of several: more music, or other processes, beside what was built before."""

import json
import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import modelzoo
from modelzoo.datasets.store import TRAIN, VALIDATION, Store, open_store
from modelzoo.errors import StoreError
from modelzoo.features import BANDS, CLIP_FRAMES
from modelzoo.files import replace_text, sha256

AUDIO = "audio"
ROWS_AT_ONCE = 64


def join(folders: Sequence[Path], output: Path) -> dict[str, Any]:
    """Put stores into a new one; every excerpt keeps its split.

    Names of excerpts and references get the name of their store's folder in front, as in `store-0003_17`.

    Parameters
    ----------
    folders : sequence of Path
        Two complete stores or more, with folder names that differ.
    output : Path
        A folder that does not exist, or is empty.

    Returns
    -------
    dict
        Counts and hash of the new store, as in its `dataset.json`.

    Raises
    ------
    StoreError
        Fewer than two stores, equal folder names, an output that holds something, or one sound that one store trains
        on and another validates with.
    """
    names = [folder.resolve().name for folder in folders]
    if len(folders) < 2 or len(set(names)) < len(names):
        raise StoreError("two stores or more are joined, in folders of different names.")
    if output.exists() and any(output.iterdir()):
        raise StoreError(f"{output} holds something already: name a new folder.")
    pairs = [(open_store(folder), name) for folder, name in zip(folders, names, strict=True)]
    manifest = pd.concat([_renamed(store.manifest, name) for store, name in pairs], ignore_index=True)
    sources = {f"{name}-{one}": digest for store, name in pairs for one, digest in _sources(store).items()}
    _refuse_leaks(manifest, sources)
    (output / AUDIO).mkdir(parents=True, exist_ok=True)
    for store, name in pairs:
        _take_audio(store, name, output)
    _write_features([store for store, _ in pairs], output / "features.npy")
    manifest.to_parquet(output / "manifest.parquet", index=False)
    summary = {
        "excerpts": len(manifest),
        "references": int(manifest["reference"].nunique()),
        "train": int((manifest["split"] == TRAIN).sum()),
        "validation": int((manifest["split"] == VALIDATION).sum()),
        "hash": sha256("".join(f"{name} {store.info['hash']}\n" for store, name in pairs).encode()),
    }
    joined = {name: store.info for store, name in pairs}
    info = {**summary, "joined": joined, "sources": sources, "version": modelzoo.__version__}
    replace_text(output / "dataset.json", json.dumps(info, indent=2))
    return summary


def _renamed(manifest: pd.DataFrame, store: str) -> pd.DataFrame:
    return manifest.assign(**{name: f"{store}-" + manifest[name].astype(str) for name in ("excerpt", "reference")})


def _sources(store: Store) -> dict[str, str]:
    """The hash of each reference's sound: a build keeps them in its plan, a joined store in its `dataset.json`."""
    plan = store.folder / "plan.json"
    found: dict[str, str] = json.loads(plan.read_text())["references"] if plan.exists() else store.info["sources"]
    return found


def _refuse_leaks(manifest: pd.DataFrame, sources: Mapping[str, str]) -> None:
    """Stores of the same music, split differently, would let a network be tested on what it learnt."""
    used = manifest.drop_duplicates("reference").assign(source=lambda table: table["reference"].map(dict(sources)))
    known = used[used["source"] != ""]
    leaking = known[known.groupby("source")["split"].transform("nunique") > 1]
    if len(leaking):
        same = leaking[leaking["source"] == leaking["source"].iloc[0]]["reference"]
        raise StoreError(
            f"{' and '.join(same)} are the same music, to train on in one store and to validate with in another."
        )


def _take_audio(store: Store, name: str, output: Path) -> None:
    """Masters are never changed, so one file serves both stores where the disk allows it."""
    for excerpt in store.manifest["excerpt"]:
        source, target = store.folder / AUDIO / f"{excerpt}.flac", output / AUDIO / f"{name}-{excerpt}.flac"
        try:
            os.link(source, target)
        except OSError:
            shutil.copyfile(source, target)


def _write_features(stores: Sequence[Store], target: Path) -> None:
    partial = target.with_name(f".{target.name}.part")
    shape = (sum(len(store.manifest) for store in stores), CLIP_FRAMES, BANDS)
    features = np.lib.format.open_memmap(partial, mode="w+", dtype=np.uint8, shape=shape)
    first = 0
    for store in stores:
        for at in range(0, len(store.features), ROWS_AT_ONCE):
            rows = store.features[at : at + ROWS_AT_ONCE]
            features[first + at : first + at + len(rows)] = rows
        first += len(store.features)
    features.flush()
    partial.replace(target)
