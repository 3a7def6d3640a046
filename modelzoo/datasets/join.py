"""A training store out of others: several put together, or one without some of its references."""

import json
import os
import shutil
from collections.abc import Iterable, Mapping, Sequence, Set
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

import modelzoo
from modelzoo.datasets.make import AUDIO
from modelzoo.datasets.store import Store, open_store, summary_of
from modelzoo.errors import StoreError
from modelzoo.features import BANDS, CLIP_FRAMES
from modelzoo.files import replace_text

ROWS_AT_ONCE = 64


def join(folders: Sequence[Path], output: Path, without: Set[str] = frozenset()) -> dict[str, Any]:
    """Put stores into a new one; every excerpt keeps its split.

    Names of excerpts and references get the name of their store's folder in front, as in `store-0003_17`.

    Parameters
    ----------
    folders : sequence of Path
        Complete stores, with folder names that differ.
    output : Path
        A folder that does not exist, or is empty.
    without : set of str
        References to leave out, by their new names.

    Returns
    -------
    dict
        Counts and hash of the new store, as in its `dataset.json`.

    Raises
    ------
    StoreError
        Equal folder names, an output that holds something, a reference to leave out that is in no store, nothing left,
        or one sound that one store trains on and another validates with.
    """
    names = [folder.resolve().name for folder in folders]
    if len(set(names)) < len(names):
        raise StoreError("stores that are joined must be in folders of different names.")
    if output.exists() and any(output.iterdir()):
        raise StoreError(f"{output} holds something already: name a new folder.")
    pairs = [(open_store(folder), name) for folder, name in zip(folders, names, strict=True)]
    whole = pd.concat([_renamed(store.manifest, name) for store, name in pairs], ignore_index=True)
    kept = _kept(whole["reference"], without)
    manifest = whole[kept].reset_index(drop=True)
    sources = {f"{name}-{one}": digest for store, name in pairs for one, digest in _sources(store).items()}
    _refuse_leaks(manifest, sources)
    (output / AUDIO).mkdir(parents=True, exist_ok=True)
    masters = [store.folder / AUDIO / f"{excerpt}.flac" for store, _ in pairs for excerpt in store.manifest["excerpt"]]
    _take_audio([master for master, keep in zip(masters, kept, strict=True) if keep], manifest["excerpt"], output)
    _write_features([store.features for store, _ in pairs], kept, output / "features.npy")
    manifest.to_parquet(output / "manifest.parquet", index=False)
    summary = summary_of(manifest)
    joined = {name: store.info for store, name in pairs}
    info = {
        **summary,
        "joined": joined,
        "without": sorted(without),
        "sources": {name: digest for name, digest in sources.items() if name not in without},
        "version": modelzoo.__version__,
    }
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


def _kept(references: "pd.Series[str]", without: Set[str]) -> NDArray[np.bool_]:
    unknown = sorted(set(without) - set(references))
    if unknown:
        raise StoreError(f"there is no reference {unknown[0]} to leave out; one that there is: {references.iloc[0]}.")
    kept: NDArray[np.bool_] = ~references.isin(without).to_numpy()
    if not kept.any():
        raise StoreError("nothing is left when these references are left out.")
    return kept


def _take_audio(masters: Sequence[Path], excerpts: Iterable[str], output: Path) -> None:
    """Masters are never changed, so one file serves both stores where the disk allows it."""
    for source, excerpt in zip(masters, excerpts, strict=True):
        target = output / AUDIO / f"{excerpt}.flac"
        try:
            os.link(source, target)
        except OSError:
            shutil.copyfile(source, target)


def _write_features(parts: Sequence[NDArray[np.uint8]], kept: NDArray[np.bool_], target: Path) -> None:
    partial = target.with_name(f".{target.name}.part")
    shape = (int(kept.sum()), CLIP_FRAMES, BANDS)
    features = np.lib.format.open_memmap(partial, mode="w+", dtype=np.uint8, shape=shape)
    first = written = 0
    for part in parts:
        for at in range(0, len(part), ROWS_AT_ONCE):
            rows = part[at : at + ROWS_AT_ONCE]
            rows = rows[kept[first + at : first + at + len(rows)]]
            features[written : written + len(rows)] = rows
            written += len(rows)
        first += len(part)
    features.flush()
    partial.replace(target)
