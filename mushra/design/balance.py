"""Orders of pages that are balanced over listeners: by a session's number, seeded, the same on every machine.

Sessions are dealt in blocks. Within a block every page comes at every place equally often; from block to block the
pages are shuffled anew, so that no two pages are always neighbours.
"""

from collections.abc import Sequence
from itertools import pairwise
from math import gcd

import numpy as np

from mushra.design.rng import session_rng

ATTEMPTS = 1000


def williams(count: int) -> list[tuple[int, ...]]:
    """A Williams design: each of `count` things comes at every place, and after every other, equally often.

    Parameters
    ----------
    count : int
        1 at least.

    Returns
    -------
    list of tuple of int
        `count` rows where `count` is even, twice as many where it is odd (Williams 1949).
    """
    zigzag = [step // 2 if step % 2 == 0 else count - (step + 1) // 2 for step in range(count)]
    rows = [tuple((place + row) % count for place in zigzag) for row in range(count)]
    return rows if count % 2 == 0 else rows + [row[::-1] for row in rows]


def balanced_order(places: Sequence[str], number: int, rng_of_block: "BlockRng") -> list[str] | None:
    """The order of one session's presentations, by a Williams (1949) design where none is repeated.

    Parameters
    ----------
    places : sequence of str
        Page ids, each as often as it is presented.
    number : int
        The session's number in the study, from 0.
    rng_of_block : function of int
        A generator for each block of sessions.

    Returns
    -------
    list of str or None
        Without repeats a row of a Williams design; with repeats a row of a cyclic Latin square in which no page
        follows itself. None where no such square exists: a page takes more than half of the places.
    """
    pages = sorted(set(places))
    if len(places) == len(pages):
        rows = williams(len(pages))
        block, row = divmod(number, len(rows))
        rng = rng_of_block(block)
        label, order = rng.permutation(len(pages)), rng.permutation(len(rows))
        return [pages[label[place]] for place in rows[order[row]]]
    block, row = divmod(number, len(places))
    rng = rng_of_block(block)
    cycle = _cycle(sorted(places), rng)
    if cycle is None:
        return None
    turn = int(rng.permutation(len(places))[row])
    return cycle[turn:] + cycle[:turn]


def balanced_subset(pages: Sequence[str], size: int, number: int, rng_of_block: "BlockRng") -> list[str]:
    """The pages of one session where each listener gets `size` of them, in the order to present them in (ours).

    Within a block of as many sessions as there are pages, every page is given to `size` listeners, once at every
    place; at any time no page has been given in this block more than once oftener than another.

    Parameters
    ----------
    pages : sequence of str
        Page ids.
    size : int
        1 to the number of pages.
    number, rng_of_block
        As in `balanced_order`.
    """
    count = len(pages)
    block, row = divmod(number, count)
    rng = rng_of_block(block)
    deck = rng.permutation(count)
    place = rng.permutation(size)
    # Dealt round the table, row after row. Where the dealing comes back to a start it had, places turn by one.
    turn = row // (count // gcd(count, size))
    order: list[str] = [""] * size
    for dealt in range(size):
        order[place[(dealt + turn) % size]] = pages[deck[(row * size + dealt) % count]]
    return order


class BlockRng:
    """A generator for each block of a study's sessions, from study, seed and purpose alone."""

    def __init__(self, study: str, seed: int, purpose: str) -> None:
        self._key = f"{purpose}\0{study}"
        self._seed = seed

    def __call__(self, block: int) -> np.random.Generator:
        return session_rng(self._key, f"block {block}", self._seed)


def _cycle(places: list[str], rng: np.random.Generator) -> list[str] | None:
    """The places in a circle in which no page follows itself: by chance, or dealt out where chance hardly finds one."""
    most = max(places.count(page) for page in places)
    if 2 * most > len(places):
        return None
    for _ in range(ATTEMPTS):
        circle = [places[i] for i in rng.permutation(len(places))]
        if all(first != second for first, second in pairwise([*circle, circle[0]])):
            return circle
    pages = sorted(set(places), key=lambda page: (-places.count(page), page))
    ranked = [page for page in pages for _ in range(places.count(page))]
    dealt = [""] * len(ranked)
    even = (len(ranked) + 1) // 2
    dealt[0::2], dealt[1::2] = ranked[:even], ranked[even:]
    return dealt
