"""What a screening could not judge, in words: missing scores, kinds, repeats, answers."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from mushra.screening.policy import Policy
from mushra.screening.ratings import Flags, Ratings
from mushra.screening.rules import Measurement, anchor70_high_share
from mushra.table import ANCHOR35, ANCHOR70, REFERENCE


def warnings_of(
    table: pd.DataFrame,
    ratings: Ratings,
    measurements: Sequence[Measurement],
    policy: Policy,
    headphones: Mapping[str, bool | None],
) -> list[str]:
    """All that a screening's reader should know was missing, one text each."""
    found = _missing_scores(table)
    if policy.headphones_required:
        silent = [name for name in ratings.names if headphones.get(name) is None]
        if silent:
            found.append(f"no word on headphones from {', '.join(silent)}: kept by that rule")
    for kind in _needed_kinds(policy):
        found += _missing_kind(ratings, kind)
    found += _exempt(ratings, policy)
    if policy.repeat_difference is not None and not (ratings.presentations > 1).any():
        found.append("no stimulus was presented twice: repeatability could not be judged")
    for rule, column in (("page_seconds_below", "seconds"), ("plays_below", "plays")):
        if getattr(policy, rule) is not None:
            found += _missing_numbers(ratings, column)
    return found + _not_judged(ratings, measurements)


def _missing_scores(table: pd.DataFrame) -> list[str]:
    missing = table["score"].isna()
    if not missing.any():
        return []
    counts = table.loc[missing].groupby("listener").size()
    return [f"{name} has {count} ratings missing" for name, count in counts.items()]


def _needed_kinds(policy: Policy) -> list[str]:
    users = {
        REFERENCE: (policy.reference_mid_score, policy.reference_below, policy.anchor35_over_reference),
        ANCHOR35: (policy.anchor35_top_score, policy.anchor35_over_anchor70, policy.anchor35_over_reference),
        ANCHOR70: (policy.anchor70_above, policy.anchor35_over_anchor70),
    }
    return [kind for kind, thresholds in users.items() if any(value is not None for value in thresholds)]


def _missing_kind(ratings: Ratings, kind: str) -> list[str]:
    rows = ratings.is_kind(kind)
    if not rows.any():
        return [f"no scores of kind {kind}: the rules that need it could not fire"]
    without: Flags = np.ones(ratings.pages, dtype=bool)
    without[ratings.page[rows]] = False
    lacking = np.bincount(ratings.page_listener[without], minlength=ratings.count)
    items = np.bincount(ratings.page_listener, minlength=ratings.count)
    return [
        f"{ratings.names[at]} has no score of kind {kind} on {lacking[at]} of {items[at]} items: they don't count"
        for at in np.flatnonzero(lacking)
    ]


def _exempt(ratings: Ratings, policy: Policy) -> list[str]:
    """Items whose mid anchor so many grade high that it says nothing about anybody (BS.1534-3 p 5)."""
    if policy.anchor70_above is None:
        return []
    shares = anchor70_high_share(ratings, policy.anchor70_above)
    exempt = shares > policy.anchor70_exempt_share
    if not exempt.any():
        return []
    rows = ratings.table.loc[exempt[ratings.sound], "recording"]
    names = ", ".join(sorted(set(map(str, rows))))
    return [
        f"anchor70_above does not count {names}: more than {100 * policy.anchor70_exempt_share:g} % of the listeners "
        f"grade the mid anchor above {policy.anchor70_above:g} there"
    ]


def _missing_numbers(ratings: Ratings, column: str) -> list[str]:
    values = ratings.numbers(column)
    if values is None:
        return [f"the table has no column {column}: the rule that needs it could not fire"]
    counts = np.bincount(ratings.listener[np.isnan(values)], minlength=ratings.count)
    return [
        f"{ratings.names[at]} has {counts[at]} ratings without {column}: they don't count for that rule"
        for at in np.flatnonzero(counts)
    ]


def _not_judged(ratings: Ratings, measurements: Sequence[Measurement]) -> list[str]:
    """Listeners a rule could not judge, where it could judge others: if it could judge nobody, that is said above."""
    found = []
    for one in measurements:
        unknown = np.isnan(one.measured)
        if unknown.any() and not unknown.all():
            names = ", ".join(ratings.names[at] for at in np.flatnonzero(unknown))
            found.append(f"{one.rule} could not judge {names}: kept by that rule")
    return found
