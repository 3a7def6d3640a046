"""The rules. Each takes the coded ratings and a policy, and measures every listener against one threshold."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from mushra.screening.policy import Policy
from mushra.screening.ratings import Flags, Floats, Ints, Ratings, extremes, means, sums
from mushra.table import ANCHOR35, ANCHOR70, REFERENCE

ABOVE, AT_LEAST = "above", "at least"
# Differences of grades such as 70.3 - 50.3 come out a hair beside the number they mean.
DECIMALS = 9


@dataclass(frozen=True)
class Measurement:
    """One rule over all listeners.

    Attributes
    ----------
    rule : str
    threshold : float
    measured : array of float, one for each listener
        NaN where the listener's ratings say nothing about it.
    evidence : array of int
        Positions of the rows that count against somebody.
    when : {"above", "at least"}
        The rule fires where `measured` is that, seen from the threshold.
    columns : tuple of str
        What to show of the evidence beyond the usual.
    """

    rule: str
    threshold: float
    measured: Floats
    evidence: Ints
    listener: Ints = field(repr=False)
    when: str = ABOVE
    columns: tuple[str, ...] = ()

    @cached_property
    def fired(self) -> Flags:
        over = self.measured >= self.threshold if self.when == AT_LEAST else self.measured > self.threshold
        return np.asarray(over)

    @cached_property
    def _by_listener(self) -> tuple[Ints, Ints]:
        order = np.argsort(self.listener[self.evidence], kind="stable")
        counts = np.bincount(self.listener[self.evidence], minlength=len(self.measured))
        return self.evidence[order], np.concatenate([[0], np.cumsum(counts)])

    def rows(self, listener: int) -> Ints:
        """Positions of one listener's evidence."""
        rows, starts = self._by_listener
        return rows[starts[listener] : starts[listener + 1]]


Rule = Callable[[Ratings, Policy], Measurement | None]


def _of_rows(
    rule: str, ratings: Ratings, among: Flags, guilty: Flags, share: float, columns: tuple[str, ...] = ()
) -> Measurement:
    """The share of each listener's rows in `among` that are guilty."""
    measured = means(ratings.listener[among], guilty[among], ratings.count)
    return Measurement(rule, share, measured, np.flatnonzero(among & guilty), ratings.listener, columns=columns)


def _of_pages(
    rule: str,
    ratings: Ratings,
    among: Flags,
    guilty: Flags,
    share: float,
    *,
    show: Flags,
    columns: tuple[str, ...] = (),
) -> Measurement:
    """The share of each listener's pages in `among` that are guilty; `show` are the rows to show of a guilty page."""
    measured = means(ratings.page_listener[among], guilty[among], ratings.count)
    evidence = np.flatnonzero((among & guilty)[ratings.page] & show)
    return Measurement(rule, share, measured, evidence, ratings.listener, columns=columns)


def all_top(ratings: Ratings, policy: Policy) -> Measurement | None:
    """Every stimulus at the top (paper, screening, test 1): measured is the listener's lowest score."""
    if policy.all_top_score is None:
        return None
    lowest, _ = extremes(ratings.listener, ratings.score, ratings.count)
    top = np.flatnonzero(ratings.score >= policy.all_top_score)
    return Measurement("all_top", policy.all_top_score, lowest, top, ratings.listener, when=AT_LEAST)


def anchor35_top(ratings: Ratings, policy: Policy) -> Measurement | None:
    """The 3.5 kHz anchor at the top (paper, screening, test 1): measured is the share of its ratings that are."""
    if policy.anchor35_top_score is None:
        return None
    top = ratings.score >= policy.anchor35_top_score
    return _of_rows("anchor35_top", ratings, ratings.is_kind(ANCHOR35), top, policy.anchor35_top_share)


def reference_mid(ratings: Ratings, policy: Policy) -> Measurement | None:
    """Hidden references graded mid-scale or lower (paper, screening, both tests; the numbers are ours)."""
    if policy.reference_mid_score is None:
        return None
    mid = ratings.score <= policy.reference_mid_score
    return _of_rows("reference_mid", ratings, ratings.is_kind(REFERENCE), mid, policy.reference_mid_share)


def reference_below(ratings: Ratings, policy: Policy) -> Measurement | None:
    """Hidden references graded below 90 on more than 15 % of the items (BS.1534-3 p 5)."""
    if policy.reference_below is None:
        return None
    below = ratings.score < policy.reference_below
    return _of_rows("reference_below", ratings, ratings.is_kind(REFERENCE), below, policy.reference_below_share)


def anchor70_above(ratings: Ratings, policy: Policy) -> Measurement | None:
    """The mid anchor graded high (BS.1534-3 p 5); items on which many do so say nothing about the listener."""
    if policy.anchor70_above is None:
        return None
    rows = ratings.is_kind(ANCHOR70)
    above = ratings.score > policy.anchor70_above
    counted = rows & (
        anchor70_high_share(ratings, policy.anchor70_above)[ratings.sound] <= policy.anchor70_exempt_share
    )
    found = _of_rows("anchor70_above", ratings, counted, above, policy.anchor70_above_share)
    # Whose mid anchors were all on items that don't count has been judged, and has done nothing wrong.
    found.measured[np.isnan(found.measured) & (sums(ratings.listener, rows, ratings.count) > 0)] = 0.0
    return found


def anchor70_high_share(ratings: Ratings, threshold: float) -> Floats:
    """The share of listeners who grade each item's mid anchor above a threshold (BS.1534-3 p 5); NaN elsewhere.

    A listener to whom an item came twice counts once, in part where only some of the grades are above.
    """
    rows = ratings.is_kind(ANCHOR70)
    groups = len(ratings.stimulus_listener)
    own = means(ratings.stimulus[rows], ratings.score[rows] > threshold, groups)
    sound = np.zeros(groups, dtype=np.int64)
    sound[ratings.stimulus] = ratings.sound
    known = ~np.isnan(own)
    return means(sound[known], own[known], ratings.sounds)


def anchor35_over_anchor70(ratings: Ratings, policy: Policy) -> Measurement | None:
    """The 3.5 kHz anchor much better than the 7 kHz one (paper, screening, test 2; the numbers are ours)."""
    threshold, share = policy.anchor35_over_anchor70, policy.anchor35_over_anchor70_share
    return _anchor_over("anchor35_over_anchor70", ratings, ANCHOR70, threshold, share)


def anchor35_over_reference(ratings: Ratings, policy: Policy) -> Measurement | None:
    """The 3.5 kHz anchor better than the hidden reference (paper, screening, test 2)."""
    threshold, share = policy.anchor35_over_reference, policy.anchor35_over_reference_share
    return _anchor_over("anchor35_over_reference", ratings, REFERENCE, threshold, share)


def _anchor_over(rule: str, ratings: Ratings, other: str, threshold: float | None, share: float) -> Measurement | None:
    """The low anchor against another signal of the same item: items count where both have a score."""
    if threshold is None:
        return None
    low, against = ratings.is_kind(ANCHOR35), ratings.is_kind(other)
    difference = means(ratings.page[low], ratings.score[low], ratings.pages) - means(
        ratings.page[against], ratings.score[against], ratings.pages
    )
    over = np.round(difference, DECIMALS) > threshold
    return _of_pages(rule, ratings, ~np.isnan(difference), over, share, show=low | against)


def repeatability(ratings: Ratings, policy: Policy) -> Measurement | None:
    """The largest difference between two presentations of a stimulus (paper: five excerpts came twice)."""
    if policy.repeat_difference is None:
        return None
    low, high = extremes(ratings.stimulus, ratings.score, len(ratings.stimulus_listener))
    spread = np.round(high - low, DECIMALS)
    twice = ratings.presentations > 1
    _, measured = extremes(ratings.stimulus_listener[twice], spread[twice], ratings.count)
    evidence = np.flatnonzero((twice & (spread > policy.repeat_difference))[ratings.stimulus])
    return Measurement("repeatability", policy.repeat_difference, measured, evidence, ratings.listener)


def constant(ratings: Ratings, policy: Policy) -> Measurement | None:
    """All of an item's grades nearly the same (the rule is ours); an item with a single grade says nothing."""
    if policy.constant_span is None:
        return None
    low, high = extremes(ratings.page, ratings.score, ratings.pages)
    flat = np.round(high - low, DECIMALS) <= policy.constant_span
    several = np.bincount(ratings.page, minlength=ratings.pages) > 1
    everything = np.ones(len(ratings.score), dtype=bool)
    return _of_pages("constant", ratings, several, flat, policy.constant_span_share, show=everything)


def too_fast(ratings: Ratings, policy: Policy) -> Measurement | None:
    """Done with an item too soon (ours): its last rating came, or its page ended, after fewer seconds than it takes."""
    if policy.page_seconds_below is None:
        return None
    seconds = ratings.numbers("seconds")
    if seconds is None:
        return _unknown("too_fast", ratings, policy.page_seconds_below_share)
    _, last = extremes(ratings.page, seconds, ratings.pages)
    show = ~np.isnan(seconds)
    share, soon = policy.page_seconds_below_share, last < policy.page_seconds_below
    return _of_pages("too_fast", ratings, ~np.isnan(last), soon, share, show=show, columns=("seconds",))


def not_played(ratings: Ratings, policy: Policy) -> Measurement | None:
    """Graded without being played, or not often enough (the rule is ours)."""
    if policy.plays_below is None:
        return None
    plays = ratings.numbers("plays")
    if plays is None:
        return _unknown("not_played", ratings, policy.plays_below_share)
    few, share = plays < policy.plays_below, policy.plays_below_share
    return _of_rows("not_played", ratings, ~np.isnan(plays), few, share, columns=("plays",))


def _unknown(rule: str, ratings: Ratings, threshold: float) -> Measurement:
    nobody: NDArray[np.int64] = np.empty(0, dtype=np.int64)
    return Measurement(rule, threshold, np.full(ratings.count, np.nan), nobody, ratings.listener)


def no_headphones(ratings: Ratings, policy: Policy, headphones: Mapping[str, bool | None]) -> Measurement | None:
    """Self-report (paper, test 1): measured is 1 for a listener who said no; silence is a warning, not a no."""
    if not policy.headphones_required:
        return None
    said = np.array([headphones.get(name) is False for name in ratings.names], dtype=np.float64)
    return Measurement("no_headphones", 0.0, said, np.empty(0, dtype=np.int64), ratings.listener)


RULES: tuple[Rule, ...] = (
    all_top,
    anchor35_top,
    reference_mid,
    reference_below,
    anchor70_above,
    anchor35_over_anchor70,
    anchor35_over_reference,
    repeatability,
    constant,
    too_fast,
    not_played,
)
RULE_NAMES: tuple[str, ...] = ("no_headphones", *(rule.__name__ for rule in RULES))
