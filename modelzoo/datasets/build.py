"""Building a store: references -> degradation -> -23 LUFS -> ViSQOL -> draw -> log-mel (paper, sections 1 to 3).

Each excerpt is finished by the rename of its `parts/<excerpt>.json` (or `.failed`), each tensor by a line of a journal,
and the store by `dataset.json`: a build that was killed goes on where it was. What is made depends on the plan alone,
not on how many workers made it or how often it was interrupted.
"""

import json
import shutil
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

import modelzoo
from modelzoo.audio import ALL_PROCESSES
from modelzoo.datasets import make, pool, together
from modelzoo.datasets.card import FILE as CARD
from modelzoo.datasets.card import card, licences_of
from modelzoo.datasets.draw import Distribution, distribution, draw
from modelzoo.datasets.lock import alone
from modelzoo.datasets.make import AUDIO, CHUNKS, FAILED, FEATURES_PART, MADE, PARTS, FeatureChunk, Reference
from modelzoo.datasets.plan import Plan, Recipe
from modelzoo.datasets.store import MANIFEST_COLUMNS, summary_of
from modelzoo.datasets.versions import versions
from modelzoo.errors import StoreError
from modelzoo.features import BANDS, CLIP_FRAMES
from modelzoo.files import replace_text, sha256

__all__ = ["Built", "Recipe", "Reference", "build", "build_plan", "splits"]

Progress = Callable[[int, int, str], None]
CHUNK, FEATURE_CHUNK = 8, 32
JOURNAL = ".features.jsonl"
POPULATION = "population.parquet"
SUMMARY = ("excerpts", "references", "train", "validation", "hash")


@dataclass
class Built:
    """What came of a build: `failures` names each excerpt that could not be made, and why."""

    excerpts: int
    failures: dict[str, str] = field(default_factory=dict)
    summary: dict[str, Any] = field(default_factory=dict)


def splits(references: Sequence[Reference], recipe: Recipe) -> dict[str, str]:
    """Each reference's split, by recording and never by excerpt; one at least in each."""
    return dict(recipe.plan([reference.name for reference in references]).splits)


def build(
    references: Sequence[Reference],
    recipe: Recipe,
    folder: Path,
    *,
    offer: Callable[[int], None] | None = None,
    progress: Progress = lambda done, total, message: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Built | None:
    """Build a store of the same chains for every reference; see `build_plan`."""
    plan = recipe.plan([reference.name for reference in references])
    return build_plan(references, plan, folder, offer=offer, progress=progress, cancelled=cancelled)


def build_plan(
    references: Sequence[Reference],
    plan: Plan,
    folder: Path,
    *,
    workers: int = 0,
    offer: Callable[[int], None] | None = None,
    progress: Progress = lambda done, total, message: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Built | None:
    """Build a store in `folder`, or go on with one.

    Parameters
    ----------
    references : sequence of Reference
        Those that the plan names, at least.
    plan : Plan
    folder : Path
    workers : int
        Processes, one thread each; 0 works in this one. Scores may differ in the last bits between this process and
        workers, if this one computes in several threads.
    offer : callable, optional
        Given numbers of chunks that processes elsewhere may make, by `modelzoo.datasets.together.make_chunk`; this
        process makes the others, and then the tensors.
    progress : callable
        Told how much of how much is done, and what was done last; first of all, what an earlier build left.
    cancelled : callable
        Asked often; true ends the build, and what is there is kept.

    Returns
    -------
    Built, or None if it was cancelled.

    Raises
    ------
    StoreError
        The folder holds a store of another plan, another build is at work in it, or nothing could be made.
    """
    by_name = {reference.name: reference for reference in references}
    make.forget()
    for sub in (PARTS, AUDIO):
        (folder / sub).mkdir(parents=True, exist_ok=True)
    with alone(folder):
        _claim(folder, plan.identity({name: by_name[name].sha256 for name in plan.chains}))
        if (folder / "dataset.json").exists():
            return _finished(folder)
        try:
            if offer is None:
                _make_excerpts(by_name, plan, folder, workers, progress, cancelled)
            else:
                _make_together(by_name, plan, folder, offer, progress, cancelled)
            failures = {file.stem: file.read_text() for file in sorted((folder / PARTS).glob(f"*{FAILED}"))}
            licences = licences_of(by_name[name] for name in plan.chains)
            return _assemble(folder, plan, failures, licences, workers, progress, cancelled)
        except pool.Cancelled:
            return None


def _claim(folder: Path, identity: dict[str, Any]) -> None:
    """The first build writes down what it makes; a later one must be making the same."""
    file = folder / "plan.json"
    if not file.exists():
        replace_text(file, json.dumps(identity, indent=1))
    elif json.loads(file.read_text()) != identity:
        raise StoreError(f"{folder} holds a data set of another recipe or other references: take another folder.")


def _finished(folder: Path) -> Built:
    """An earlier build's result: at most its scraps are left to clear away."""
    info = json.loads((folder / "dataset.json").read_text())
    _clear(
        folder,
        set(pd.read_parquet(folder / "manifest.parquet", columns=["excerpt"])["excerpt"]),
        info.get("keep", "all"),
    )
    return Built(info["excerpts"], info["failures"], {name: info[name] for name in SUMMARY})


def _clear(folder: Path, drawn: set[str], keep: str) -> None:
    for scraps in (PARTS, CHUNKS):
        shutil.rmtree(folder / scraps, ignore_errors=True)
    (folder / JOURNAL).unlink(missing_ok=True)
    for file in (folder / AUDIO).iterdir():
        if file.name.endswith(".part") or (keep == "drawn" and file.stem not in drawn):
            file.unlink()


def _make_excerpts(
    by_name: dict[str, Reference],
    plan: Plan,
    folder: Path,
    workers: int,
    progress: Progress,
    cancelled: Callable[[], bool],
) -> None:
    """Make what is missing."""
    there = together.made_so_far(folder)
    chunks = [together.left_of(chunk, there) for chunk in together.chunks_of(by_name, plan, folder, CHUNK)]
    chunks = [chunk for chunk in chunks if chunk.chains]
    total = plan.excerpts + plan.drawn
    done = plan.excerpts - sum(len(chunk.chains) for chunk in chunks)
    if done:
        progress(done, total, "made before")
    with closing(pool.run(chunks, make.make, workers, cancelled)) as results:
        for made in results:
            done += 1
            progress(done, total, made.name)


def _make_together(
    by_name: dict[str, Reference],
    plan: Plan,
    folder: Path,
    offer: Callable[[int], None],
    progress: Progress,
    cancelled: Callable[[], bool],
) -> None:
    """Make what is missing with whoever takes what is offered."""

    def tell(done: int) -> None:
        progress(done, plan.excerpts + plan.drawn, "")

    together.make_all(together.chunks_of(by_name, plan, folder), offer, tell, cancelled)


def _assemble(
    folder: Path,
    plan: Plan,
    failures: dict[str, str],
    licences: dict[str, int],
    workers: int,
    progress: Progress,
    cancelled: Callable[[], bool],
) -> Built:
    rows = [json.loads(file.read_text()) for file in sorted((folder / PARTS).glob(f"*{MADE}"))]
    if not rows:
        raise StoreError(f"no excerpt could be made; the first failure: {next(iter(failures.values()), 'none')}")
    population = pd.DataFrame(rows)
    scores = population["moslqo"].to_numpy(dtype=np.float64)
    drawn = _draw(population, scores, plan)
    manifest = population.iloc[drawn].reset_index(drop=True)
    manifest["split"] = manifest["reference"].map(dict(plan.splits))
    manifest["fold"] = manifest["reference"].map(dict(plan.folds)).fillna(-1).astype(np.int64)
    manifest["features_sha256"] = _write_features(
        folder, manifest["excerpt"].tolist(), plan, workers, progress, cancelled
    )
    population["drawn"] = np.isin(np.arange(len(population)), drawn)
    _write_table(population, folder / POPULATION)
    _write_table(manifest[[*MANIFEST_COLUMNS, "loudness", "fold"]], folder / "manifest.parquet")
    (folder / FEATURES_PART).replace(folder / "features.npy")
    spread = distribution(scores, drawn)
    _write_figure(spread, folder)
    summary = summary_of(manifest)
    info = {**_info(plan, summary, spread, failures), "licences": licences}
    replace_text(folder / CARD, card(manifest, info))
    replace_text(folder / "dataset.json", json.dumps(info, indent=2))
    _clear(folder, set(manifest["excerpt"]), plan.keep)
    return Built(len(manifest), failures, summary)


def _draw(population: pd.DataFrame, scores: NDArray[np.float64], plan: Plan) -> NDArray[np.int64]:
    if plan.draw is None or plan.draw >= len(population):
        return np.arange(len(population))
    codecs = [[ALL_PROCESSES[process].codec for process in chain] for chain in population["processes"]]
    return draw(population["reference"].tolist(), codecs, scores, plan.draw, plan.seed)


def _write_features(
    folder: Path,
    excerpts: list[str],
    plan: Plan,
    workers: int,
    progress: Progress,
    cancelled: Callable[[], bool],
) -> list[str]:
    """All tensors into one file, going on by its journal; their hashes."""
    partial, journal = folder / FEATURES_PART, folder / JOURNAL
    hashes = _journalled(journal, excerpts) if partial.exists() else {}
    if not hashes:
        shape = (len(excerpts), CLIP_FRAMES, BANDS)
        np.lib.format.open_memmap(partial, mode="w+", dtype=np.uint8, shape=shape).flush()
        replace_text(journal, sha256("\n".join(excerpts).encode()) + "\n")
    missing = [(row, excerpt) for row, excerpt in enumerate(excerpts) if row not in hashes]
    chunks = [
        FeatureChunk(folder, tuple(missing[first : first + FEATURE_CHUNK]))
        for first in range(0, len(missing), FEATURE_CHUNK)
    ]
    total = plan.excerpts + len(excerpts)
    with journal.open("a") as log, closing(pool.run(chunks, make.make_features, workers, cancelled)) as results:
        for row, digest in results:
            log.write(json.dumps([row, digest]) + "\n")
            log.flush()
            hashes[row] = digest
            progress(plan.excerpts + len(hashes), total, f"features of {excerpts[row]}")
    return [hashes[row] for row in range(len(excerpts))]


def _journalled(journal: Path, excerpts: list[str]) -> dict[int, str]:
    """Rows that an earlier build wrote, if it wrote the same excerpts."""
    lines = journal.read_text().splitlines() if journal.exists() else []
    if not lines or lines[0] != sha256("\n".join(excerpts).encode()):
        return {}
    found = {}
    for line in lines[1:]:
        # The last line may be half a line.
        try:
            row, digest = json.loads(line)
        except ValueError:
            continue
        found[row] = digest
    return found


def _write_table(table: pd.DataFrame, target: Path) -> None:
    partial = target.with_name(f".{target.name}.part")
    table.to_parquet(partial, index=False)
    partial.replace(target)


def _write_figure(spread: Distribution, folder: Path) -> None:
    from modelzoo.datasets.figure import draw_distribution

    draw_distribution(spread, folder / "distribution.svg")


def _info(plan: Plan, summary: dict[str, Any], spread: Distribution, failures: dict[str, str]) -> dict[str, Any]:
    return {
        **summary,
        "recipe": dict(plan.parameters),
        "population": sum(spread.before),
        "keep": plan.keep,
        "distribution": spread.to_dict(),
        "failures": failures,
        "version": modelzoo.__version__,
        "versions": versions(),
    }
