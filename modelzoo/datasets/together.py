"""One build by several processes that share a folder: each takes chunks that nobody else is at.

A chunk is taken by a lock on a file of its own, which goes with the process that held it, and it is done when each of
its excerpts has left a file in `parts`. So messages about chunks may be lost, come late or twice, and workers may die:
the owner of the build makes whatever nobody makes. The folder must be on storage whose locks hold between machines, as
NFS version 4's do.
"""

import fcntl
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from modelzoo.datasets.make import CHUNKS, PARTS, Chunk, Reference, make
from modelzoo.datasets.plan import Plan, excerpt_name
from modelzoo.datasets.pool import Cancelled

CHUNK = 4
POLL_SECONDS = 0.2
FEWEST_OFFERED = 4


def chunks_of(references: Mapping[str, Reference], plan: Plan, folder: Path, size: int = CHUNK) -> list[Chunk]:
    """The whole build in chunks: the same list in every process that has the same plan."""
    return [
        Chunk(folder, references[name], chains[first : first + size], plan.flavour)
        for name, chains in plan.chains.items()
        for first in range(0, len(chains), size)
    ]


def left_of(chunk: Chunk, there: set[str]) -> Chunk:
    """What of a chunk is not made yet, nor known to be impossible."""
    left = tuple(chain for chain in chunk.chains if excerpt_name(chunk.reference.name, chain) not in there)
    return replace(chunk, chains=left)


def made_so_far(folder: Path) -> set[str]:
    """Excerpts that are made or failed."""
    return {file.name.rsplit(".", 1)[0] for file in (folder / PARTS).glob("[!.]*")}


def make_chunk(chunks: Sequence[Chunk], number: int, cancelled: Callable[[], bool] = lambda: False) -> int | None:
    """Make what is missing of a chunk, unless another process is at it or the build has no folder any more.

    Parameters
    ----------
    chunks : sequence of Chunk
        All, as `chunks_of` gives them.
    number : int
        Which one.
    cancelled : callable
        Asked after each excerpt.

    Returns
    -------
    int or None
        How many excerpts were made here; None if the chunk was another's.
    """
    folder = chunks[number].folder
    if not (folder / PARTS).is_dir():
        return None
    with _taken(folder / CHUNKS / f"{number}.lock") as mine:
        if not mine:
            return None
        made = 0
        for _ in make(left_of(chunks[number], made_so_far(folder))):
            made += 1
            if cancelled():
                break
        return made


@contextmanager
def _taken(file: Path) -> Iterator[bool]:
    file.parent.mkdir(exist_ok=True)
    with file.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield False
        else:
            yield True


def make_all(
    chunks: Sequence[Chunk],
    offer: Callable[[int], None],
    progress: Callable[[int], None],
    cancelled: Callable[[], bool],
) -> None:
    """Make all chunks, with whoever else takes those that are offered; the owner's part.

    Few chunks are offered at a time, twice as many as the others made since the last look: other work on the same
    queue is not kept waiting for long, and many workers are soon kept busy.

    Parameters
    ----------
    chunks : sequence of Chunk
    offer : callable
        Given the number of a chunk that another process may make by `make_chunk`.
    progress : callable
        Given how many excerpts are there.
    cancelled : callable
        Asked often.

    Raises
    ------
    Cancelled
    """
    folder = chunks[0].folder
    left = list(range(len(chunks)))
    offered, window, mine = 0, FEWEST_OFFERED, 0
    while True:
        there = made_so_far(folder)
        progress(len(there))
        before, left = len(left), [number for number in left if left_of(chunks[number], there).chains]
        if not left:
            return
        window = max(FEWEST_OFFERED, 2 * (before - len(left) - mine))
        waiting = sum(number < offered for number in left)
        for number in range(offered, min(offered + max(0, window - waiting), len(chunks))):
            offer(number)
            offered = number + 1
        mine = _one_of(chunks, left, cancelled)


def _one_of(chunks: Sequence[Chunk], left: Sequence[int], cancelled: Callable[[], bool]) -> int:
    """Make the last chunk that nobody is at (others begin with the first). How many were made: 1, or 0 after a wait."""
    for number in reversed(left):
        if cancelled():
            raise Cancelled
        if make_chunk(chunks, number, cancelled) is not None:
            return 1
    time.sleep(POLL_SECONDS)
    return 0
