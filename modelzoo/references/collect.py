"""References from somebody's own music: any recordings in, 10 s excerpts with a manifest out, as `build` reads them."""

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from modelzoo.datasets import pool
from modelzoo.datasets.lock import alone
from modelzoo.datasets.sources import MANIFEST, reference_name
from modelzoo.errors import ModelzooError
from modelzoo.files import replace_text
from modelzoo.references import quality
from modelzoo.references.cut import PARTS, Task, cut, fingerprint_of, parsed_starts, sources

PROBLEMS = ("silent", "clipped", "lossy", "duplicate")
COLUMNS = (
    "file", "title", "licence", "source", "sha256", "recording", "start", "loudness", "edge", "flags", "original",
    "original_sha256",
)  # fmt: skip
UNKNOWN = "unknown"


@dataclass(frozen=True)
class Wishes:
    """How recordings are cut, and which problems are put up with.

    `starts` in seconds, empty: by loudness, then `excerpts` at most of each recording. `licence` and `source` are for
    recordings of which neither the folder's own manifest nor their tags say any.
    """

    starts: tuple[float, ...] = ()
    excerpts: int = 1
    accept: frozenset[str] = frozenset()
    licence: str = ""
    source: str = ""


@dataclass
class Collected:
    """`rows` of the manifest; `left_out`: file, excerpt (empty: none was cut) and reason of what is not in it."""

    manifest: Path
    rows: list[dict[str, Any]] = field(default_factory=list)
    left_out: list[dict[str, str]] = field(default_factory=list)


def collect(
    folder: Path,
    out: Path,
    wishes: Wishes,
    *,
    workers: int = 0,
    progress: Callable[[int, int, str], None] = lambda done, total, message: None,
) -> Collected:
    """Cut references out of all recordings in a folder; started again, it goes on, and takes new recordings in.

    Parameters
    ----------
    folder : Path
        Sound files, also in folders below. Its `manifest.csv`, if there is one, names those to take (`file`) and may
        say `title`, `licence`, `source` and `start` (seconds, several parted by spaces).
    out : Path
        Gets 10 s excerpts, mono, 48 kHz, 16-bit FLAC, -23 LUFS or as near as full scale allows, and `manifest.csv`,
        which is written last. Excerpts that were left out stay beside the others, unlisted.
    wishes : Wishes
    workers : int
        Processes; 0 works in this one.
    progress : callable
        Told how many recordings are done, of how many, and which was last.

    Raises
    ------
    ModelzooError
        No folder, nothing usable in it, a manifest that can't be read, or `out` is another command's.
    """
    given = _given(folder, out, wishes)
    tasks = _tasks(folder, out, given, wishes)
    if (out / MANIFEST).exists() and not (out / PARTS).is_dir():
        raise ModelzooError(f"{out} holds references that another command made: choose another folder.")
    (out / PARTS).mkdir(parents=True, exist_ok=True)
    found = []
    with alone(out):
        with closing(pool.run(tasks, cut, workers)) as results:
            for number, result in enumerate(results):
                found.append(result)
                progress(number + 1, len(tasks), result["file"])
        return _written(out, sorted(found, key=lambda one: str(one["name"])), given, wishes)


def _given(folder: Path, out: Path, wishes: Wishes) -> dict[str, dict[str, str]]:
    """What the folder's manifest says of each file; without one, nothing of every file there is."""
    if not folder.is_dir():
        raise ModelzooError(f"There is no folder of recordings {folder}.")
    if out.resolve() == folder.resolve():
        raise ModelzooError(f"{out} is the folder of the recordings itself: choose another one for the references.")
    wrong = wishes.accept - set(PROBLEMS)
    if wrong:
        raise ModelzooError(f"There is no problem {sorted(wrong)[0]!r} to accept, only {', '.join(PROBLEMS)}.")
    manifest = folder / MANIFEST
    rows = {file: {"file": file} for file in sources(folder, out)}
    if manifest.is_file():
        try:
            with manifest.open(newline="", encoding="utf-8-sig") as text:
                rows = {row.get("file") or "": row for row in csv.DictReader(text, restval="")}
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            raise ModelzooError(f"{manifest} can't be read as CSV ({error}).") from error
    if "" in rows:
        raise ModelzooError(f"{manifest} lacks 'file' in its header or in a row.")
    if not rows:
        raise ModelzooError(f"{folder} holds no recording.")
    return rows


def _tasks(folder: Path, out: Path, given: dict[str, dict[str, str]], wishes: Wishes) -> list[Task]:
    tasks, taken = [], dict[str, str]()
    for file, row in given.items():
        name = reference_name(str(Path(file).with_suffix("")))
        starts = parsed_starts(row.get("start") or "", f"{folder / MANIFEST}, {file}") or wishes.starts
        tasks.append(Task(folder, file, out, name, starts, wishes.excerpts))
        for excerpt in (name, *(f"{name}-{number + 1}" for number in range(1, max(len(starts), wishes.excerpts)))):
            if excerpt in taken:
                raise ModelzooError(f"An excerpt of {file} would be named {excerpt}, as one of {taken[excerpt]}.")
            taken[excerpt] = file
    return tasks


def _written(out: Path, found: Sequence[dict[str, Any]], given: dict[str, dict[str, str]], wishes: Wishes) -> Collected:
    collected = Collected(out / MANIFEST)
    for one in found:
        if one["error"]:
            collected.left_out.append({"file": one["file"], "excerpt": "", "reason": one["error"]})
    _add_duplicates(found, wishes.accept)
    for one, excerpt in _excerpts(found):
        bad = [reason for problem, reason in excerpt["problems"].items() if problem not in wishes.accept]
        if bad:
            reason = "; ".join(bad)
            collected.left_out.append({"file": one["file"], "excerpt": excerpt["file"], "reason": f"{reason}."})
        else:
            collected.rows.append(_row(one, excerpt, given[one["file"]], wishes))
    if not collected.rows:
        first = collected.left_out[0]
        raise ModelzooError(f"No recording can be used; {first['file']}: {first['reason']}")
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(collected.rows)
    replace_text(collected.manifest, text.getvalue())
    return collected


def _excerpts(found: Sequence[dict[str, Any]]) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    for one in found:
        for excerpt in one["excerpts"]:
            yield one, excerpt


def _add_duplicates(found: Sequence[dict[str, Any]], accept: frozenset[str]) -> None:
    """Among excerpts that are else to be taken, and between recordings: one recording may well repeat a bar."""
    taken = [(one, excerpt) for one, excerpt in _excerpts(found) if not set(excerpt["problems"]) - accept]
    names = {excerpt["file"]: one["name"] for one, excerpt in taken}
    same = quality.duplicates({excerpt["file"]: fingerprint_of(excerpt) for _, excerpt in taken}, names)
    for _, excerpt in taken:
        if excerpt["file"] in same:
            excerpt["problems"]["duplicate"] = f"it is the same music as {same[excerpt['file']]}"


def _row(one: dict[str, Any], excerpt: dict[str, Any], given: dict[str, str], wishes: Wishes) -> dict[str, Any]:
    said = one["tags"]
    licence = said.get("license") or said.get("licence") or said.get("copyright")
    title = said.get("title") or Path(one["file"]).stem
    return {
        "file": excerpt["file"],
        "title": given.get("title") or title,
        "licence": given.get("licence") or licence or wishes.licence or UNKNOWN,
        "source": given.get("source") or wishes.source or said.get("artist") or one["file"],
        "sha256": excerpt["sha256"],
        "recording": one["name"],
        "start": excerpt["start"],
        "loudness": excerpt["loudness"],
        "edge": excerpt["edge"],
        "flags": " ".join([*excerpt["problems"], *(["repeated"] if excerpt["repeated"] else [])]),
        "original": one["file"],
        "original_sha256": one["key"].split()[0],
    }
