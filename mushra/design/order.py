"""The order in which one listener meets pages and stimuli: random, but the same again from the same seed.

By a session's number, the orders of all sessions are balanced over listeners as well.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from mushra.design.balance import BlockRng, balanced_order, balanced_subset
from mushra.design.rng import session_rng


@dataclass(frozen=True)
class PageSpec:
    """A page of a study: its id, the ids of its stimuli, and how often it is presented once more.

    `again` are the stimuli that its repeats hold; all of them if it is empty.
    """

    id: str
    stimuli: tuple[str, ...]
    training: bool = False
    repeats: int = 0
    again: tuple[str, ...] = ()


@dataclass(frozen=True)
class PagePlan:
    """One presentation of a page in a session; `repeat` is 0 the first time."""

    page: str
    repeat: int
    training: bool
    stimuli: tuple[str, ...]


def session_order(
    pages: Sequence[PageSpec],
    *,
    study: str,
    session: str,
    seed: int,
    number: int | None = None,
    subset: int | None = None,
) -> list[PagePlan]:
    """Plan one session: training pages first, then the others, repeats never right after each other.

    Parameters
    ----------
    pages : sequence of PageSpec
    study, session : str
        What the order depends on, with `seed`.
    seed : int
        The study's seed.
    number : int, optional
        The session's number in the study, from 0. With it, page orders are balanced over sessions: every page at
        every place equally often in each block of sessions, and, without repeats and `subset`, every page after
        every other equally often (a Williams design). Without it, they are random.
    subset : int, optional
        How many of the rated pages this listener gets; with `number`, every page equally often. All by default.

    Returns
    -------
    list of PagePlan
        Training pages in the order given (BS.1534-3 p 7: before grading), then every other page `1 + repeats` times.
        Stimuli are shuffled uniformly, anew at every presentation (paper, listening tests).

    Raises
    ------
    ValueError
        Two pages share an id, a page has no stimuli or one twice, a page's presentations can't be kept apart, or
        `number` or `subset` is out of range.

    Notes
    -----
    Places are not balanced, only coverage, with both `subset` and repeats; nor where a page takes more than half of
    the places, as only few orders keep its presentations apart.
    """
    _check(pages)
    rated = [page for page in pages if not page.training]
    if number is not None and number < 0:
        raise ValueError(f"the session's number is {number}: numbers count from 0")
    if subset is not None and not 1 <= subset <= len(rated):
        raise ValueError(f"a subset of {subset} pages was asked for: there are {len(rated)} rated pages")
    _can_be_apart(rated, subset)
    rng = session_rng(study, session, seed)
    presentations = _rated_order(rated, rng, study, seed, number, subset)
    seen: dict[str, int] = {}
    plans = []
    for page in [page for page in pages if page.training] + presentations:
        repeat = seen.get(page.id, 0)
        seen[page.id] = repeat + 1
        shown = page.again if repeat and page.again else page.stimuli
        stimuli = tuple(shown[i] for i in rng.permutation(len(shown)))
        plans.append(PagePlan(page.id, repeat, page.training, stimuli))
    return plans


def choose_repeats(pages: Sequence[PageSpec], count: int, *, study: str, seed: int) -> list[PageSpec]:
    """Choose which rated pages come once more (paper: five excerpts are presented twice), at random, by the seed.

    Raises
    ------
    ValueError
        There are not that many rated pages.
    """
    rated = [page.id for page in pages if not page.training]
    if not 0 <= count <= len(rated):
        raise ValueError(f"{count} pages to repeat were asked for: there are {len(rated)} rated pages")
    chosen = {rated[i] for i in session_rng(study, "repeats", seed).permutation(len(rated))[:count]}
    return [replace(page, repeats=page.repeats + 1) if page.id in chosen else page for page in pages]


def choose_stimuli_to_repeat(
    pages: Sequence[PageSpec], count: int, *, always: Collection[str], study: str, seed: int
) -> list[PageSpec]:
    """Choose stimuli that are rated twice; those of a page come again together, on a shorter page of their own.

    Parameters
    ----------
    pages : sequence of PageSpec
    count : int
        How many stimuli, over all rated pages (paper: five excerpts are presented twice).
    always : collection of str
        Ids that are never chosen but stand on every page, such as the hidden references and the anchors: without them
        the second page would have no scale.
    study : str
    seed : int
        What the choice depends on.

    Raises
    ------
    ValueError
        There are not that many stimuli to choose from.
    """
    free = [(page.id, one) for page in pages if not page.training for one in page.stimuli if one not in always]
    if not 0 <= count <= len(free):
        raise ValueError(f"{count} stimuli to repeat were asked for: there are {len(free)} to choose from")
    order = session_rng(study, "repeated stimuli", seed).permutation(len(free))[:count]
    chosen: dict[str, set[str]] = {}
    for page, stimulus in (free[i] for i in order):
        chosen.setdefault(page, set()).add(stimulus)
    return [
        replace(
            page,
            repeats=page.repeats + 1,
            again=tuple(one for one in page.stimuli if one in always or one in chosen[page.id]),
        )
        if page.id in chosen
        else page
        for page in pages
    ]


def _rated_order(
    rated: Sequence[PageSpec],
    rng: np.random.Generator,
    study: str,
    seed: int,
    number: int | None,
    subset: int | None,
) -> list[PageSpec]:
    """The rated pages in the order of their presentations."""
    if not rated:
        return []
    by_id = {page.id: page for page in rated}
    blocks = BlockRng(study, seed, "pages")
    chosen = list(by_id)
    if subset is not None and subset < len(rated):
        if number is None:
            chosen = [rated[i].id for i in rng.permutation(len(rated))[:subset]]
        else:
            chosen = balanced_subset(list(by_id), subset, number, blocks)
            if not any(by_id[page].repeats for page in chosen):
                return [by_id[page] for page in chosen]
    elif number is not None:
        order = balanced_order([page.id for page in rated for _ in range(1 + page.repeats)], number, blocks)
        if order is not None:
            return [by_id[page] for page in order]
    return _keep_apart([by_id[page] for page in chosen for _ in range(1 + by_id[page].repeats)], rng)


def _check(pages: Sequence[PageSpec]) -> None:
    ids = [page.id for page in pages]
    if len(set(ids)) != len(ids):
        raise ValueError("two pages share an id")
    for page in pages:
        if not page.stimuli or len(set(page.stimuli)) != len(page.stimuli):
            raise ValueError(f"page {page.id!r} has no stimuli, or one of them twice")
        if not set(page.again) <= set(page.stimuli) or len(set(page.again)) != len(page.again):
            raise ValueError(f"page {page.id!r} is to present stimuli again that it has not, or one of them twice")
        if page.repeats < 0:
            raise ValueError(f"page {page.id!r} has a negative number of repeats")


def _can_be_apart(rated: Sequence[PageSpec], subset: int | None) -> None:
    """Whether every listener's presentations can be kept apart, whichever pages a subset gives them."""
    for page in rated:
        others = sorted(1 + other.repeats for other in rated if other is not page)
        total = 1 + page.repeats + sum(others if subset is None else others[: subset - 1])
        if 1 + page.repeats > (total + 1) // 2:
            raise ValueError(f"page {page.id!r} is repeated too often to keep its presentations apart")


def _keep_apart(presentations: list[PageSpec], rng: np.random.Generator) -> list[PageSpec]:
    """A permutation in which no page follows itself, uniform over those that fulfil it (by rejection)."""
    for _ in range(1000):
        order = [presentations[i] for i in rng.permutation(len(presentations))]
        if all(first.id != second.id for first, second in pairwise(order)):
            return order
    # So many repeats that chance hardly ever keeps them apart: deal the most frequent pages to alternating places.
    ranked = sorted(order, key=lambda page: (-page.repeats, page.id))
    dealt: list[PageSpec] = [*ranked]
    dealt[0::2], dealt[1::2] = ranked[: (len(ranked) + 1) // 2], ranked[(len(ranked) + 1) // 2 :]
    return dealt
