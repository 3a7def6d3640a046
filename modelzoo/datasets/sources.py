"""A folder of references, as a build takes them."""

import csv
import re
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from modelzoo.audio import decode, resample
from modelzoo.datasets.make import Reference
from modelzoo.errors import ModelzooError, StoreError
from modelzoo.features import RATE, log_mel, to_bytes, treble
from modelzoo.files import sha256

MANIFEST = "manifest.csv"
LONGEST_SECONDS = 1200.0
NOT_SOUND = {".csv", ".json", ".md", ".txt", ".toml", ".parquet", ".svg"}


def reference_name(text: str) -> str:
    """A name without underscores, which part an excerpt's name: "-" for all but letters, digits and hyphens."""
    return re.sub(r"[^A-Za-z0-9-]+", "-", text)


def load_mono(file: Path) -> NDArray[np.float64]:
    """A file's sound with its channels averaged, at 48 kHz."""
    audio = decode(file, max_seconds=LONGEST_SECONDS)
    return resample(audio.samples.mean(axis=1), audio.rate, RATE)


def read_references(
    folder: Path, group: str | None = None, lowest_treble: float | None = None
) -> tuple[list[Reference], dict[str, str]]:
    """Find the references in a folder: what its `manifest.csv` lists, or else every file that may be sound.

    Parameters
    ----------
    folder : Path
        As the commands `references` and `render-references` make one, or any folder of sound files.
    group : str, optional
        A column of the manifest; recordings that are equal in it are never split between training and validation.
    lowest_treble : float, optional
        Leave out recordings with less treble, dB: see `modelzoo.features.treble`.

    Returns
    -------
    list of Reference
        Sorted by name: the file's name without its ending, with "-" for all but letters, digits and hyphens.
    dict
        Files that can't be used, and why.

    Raises
    ------
    StoreError
        No folder, nothing in it, an unreadable manifest, or two files of one name.
    """
    if not folder.is_dir():
        raise StoreError(f"There is no folder of references {folder}.")
    rows = _manifest(folder, group)
    references: dict[str, Reference] = {}
    bad: dict[str, str] = {}
    for file, (expected, akin, licence) in rows.items():
        name = reference_name(Path(file).stem)
        if name in references:
            raise StoreError(f"{folder}: two references would be named {name}: rename one of them.")
        try:
            digest = _checked(folder / file, expected, lowest_treble)
        except ModelzooError as error:
            bad[file] = str(error)
            continue
        references[name] = Reference(name, partial(load_mono, folder / file), digest, akin, licence)
    if not references:
        raise StoreError(f"{folder} holds no reference that can be used{_first(bad)}.")
    return [references[name] for name in sorted(references)], bad


def _first(bad: dict[str, str]) -> str:
    return "".join(f"; {file}: {reason}" for file, reason in list(bad.items())[:1]).rstrip(".")


def _manifest(folder: Path, group: str | None) -> dict[str, tuple[str, str, str]]:
    """Each file's expected hash, group and licence, empty where nothing is known."""
    manifest = folder / MANIFEST
    if not manifest.is_file():
        if group is not None:
            raise StoreError(f"{folder} has no {MANIFEST}, so there is no column {group!r} to group by.")
        files = sorted(file.name for file in folder.iterdir() if file.is_file() and not file.name.startswith("."))
        return {name: ("", "", "") for name in files if Path(name).suffix.lower() not in NOT_SOUND}
    try:
        with manifest.open(newline="", encoding="utf-8") as text:
            rows = list(csv.DictReader(text))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise StoreError(f"{manifest} can't be read as CSV ({error}).") from error
    for column in filter(None, ("file", group)):
        if rows and any(row.get(column) is None for row in rows):
            raise StoreError(f"{manifest} lacks {column!r} in its header or in a row.")
    return {
        row["file"]: (row.get("sha256") or "", row[group] if group else "", row.get("licence") or "") for row in rows
    }


def _checked(file: Path, expected: str, lowest_treble: float | None) -> str:
    """A file's hash, once it is known to be the manifest's, and to hold sound and enough treble."""
    if not file.is_file():
        raise StoreError("the manifest lists it, but it is not there.")
    digest = sha256(file.read_bytes())
    if expected and digest != expected:
        raise StoreError("it has changed since the manifest was written.")
    if lowest_treble is None:
        decode(file, max_seconds=LONGEST_SECONDS)
    elif (level := treble(to_bytes(log_mel(load_mono(file))))) < lowest_treble:
        raise StoreError(f"it has no treble: {level:.1f} dB between 10 and 14 kHz, {lowest_treble:g} dB at least.")
    return digest
