"""Checks a study's design against ITU-R BS.1534-3 before anybody listens."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from mushra.table import ANCHOR35, ANCHOR70, KINDS, REFERENCE, SYSTEM

MOST_SIGNALS = 12
LONGEST_SECONDS = 12.0
FEWEST_ITEMS, ITEMS_PER_SYSTEM = 5, 1.5
NAMES = {
    REFERENCE: "hidden reference",
    ANCHOR35: "3.5 kHz anchor",
    ANCHOR70: "7 kHz anchor",
    SYSTEM: "system under test",
}


@dataclass(frozen=True)
class PageDesign:
    """A page as the Recommendation sees it.

    Attributes
    ----------
    id
        What to call it in a warning.
    kinds
        The kind of every signal to be graded (`mushra.table.KINDS`).
    seconds
        Length of the excerpt.
    training
        Its grades are discarded.
    """

    id: str
    kinds: Sequence[str]
    seconds: float
    training: bool = False


@dataclass(frozen=True)
class DesignWarning:
    """One thing that is not as BS.1534-3 has it. `page` is None for the study as a whole."""

    rule: str
    page: str | None
    text: str

    def __str__(self) -> str:
        return self.text


def check_design(pages: Sequence[PageDesign]) -> list[DesignWarning]:
    """What of a design departs from BS.1534-3.

    Checked: at most 12 signals on a page (p 8); excerpts of at most 12 s (p 7); a hidden reference and both anchors on
    every page (p 7); 1.5 times as many items as systems, and 5 at least (p 13); a training page (pp 7, 22).

    Parameters
    ----------
    pages : sequence of PageDesign

    Returns
    -------
    list of DesignWarning
        Page by page, then the study; empty where nothing departs.

    Raises
    ------
    ValueError
        There are no pages, two share an id, a kind is unknown, or a length is not a positive number of seconds.
    """
    _usable(pages)
    found = [warning for page in pages for warning in _page(page)]
    return found + _study(pages)


def _usable(pages: Sequence[PageDesign]) -> None:
    if not pages:
        raise ValueError("the design has no pages")
    twice = [page for page, count in Counter(page.id for page in pages).items() if count > 1]
    if twice:
        raise ValueError(f"two pages share the id {twice[0]!r}")
    for page in pages:
        unknown = sorted(set(page.kinds) - set(KINDS))
        if unknown:
            raise ValueError(f"page {page.id!r} has the unknown kind {unknown[0]!r}: expected {', '.join(KINDS)}")
        if not (math.isfinite(page.seconds) and page.seconds > 0):
            raise ValueError(f"page {page.id!r} is {page.seconds:g} s long: expected a positive number")


def _page(page: PageDesign) -> list[DesignWarning]:
    texts = []
    kinds = Counter(page.kinds)
    if len(page.kinds) > MOST_SIGNALS:
        texts.append(("signals", f"has {len(page.kinds)} signals to grade: at most {MOST_SIGNALS} (p 8)"))
    if page.seconds > LONGEST_SECONDS:
        texts.append(("length", f"lasts {page.seconds:.4g} s: preferably at most {LONGEST_SECONDS:g} s (p 7)"))
    for kind in (REFERENCE, ANCHOR35, ANCHOR70):
        if not kinds[kind]:
            texts.append((kind, f"has no {NAMES[kind]} (p 7)"))
        elif kinds[kind] > 1:
            texts.append((kind, f"has {kinds[kind]} signals that are the {NAMES[kind]}: one is enough"))
    if not kinds[SYSTEM]:
        texts.append((SYSTEM, f"has no {NAMES[SYSTEM]}"))
    return [DesignWarning(rule, page.id, f"page {page.id!r} {text}") for rule, text in texts]


def _study(pages: Sequence[PageDesign]) -> list[DesignWarning]:
    found = []
    rated = [page for page in pages if not page.training]
    systems = max((Counter(page.kinds)[SYSTEM] for page in rated), default=0)
    needed = max(FEWEST_ITEMS, math.ceil(ITEMS_PER_SYSTEM * systems))
    if len(rated) < needed:
        text = f"the study has {len(rated)} rated pages: {needed} at least for {systems} systems (p 13)"
        found.append(DesignWarning("items", None, text))
    if len(rated) == len(pages):
        found.append(DesignWarning("training", None, "the study has no training page (pp 7, 22)"))
    return found
