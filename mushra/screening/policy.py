"""Policies: named thresholds. None switches a rule off.

The paper gives no number for "mid-scale" or "much better" (paper, screening), and neither source has the rules on
constant grades, time and playing: the values here are ours, named so that a lab can see and change them.
"""

import math
from dataclasses import asdict, dataclass, fields
from typing import Any


class PolicyError(ValueError):
    """A policy can't be used; the text names every setting that is wrong, and why."""


@dataclass(frozen=True)
class Policy:
    """Thresholds of every rule. A share is a part of the listener's items, 0-1, that must be exceeded.

    Attributes
    ----------
    headphones_required
        Who says that no headphones were used goes (paper, test 1).
    all_top_score
        Who gives every stimulus at least this goes (paper, test 1: every excerpt the top score).
    anchor35_top_score, anchor35_top_share
        Who gives the 3.5 kHz anchor at least this score on more than this share of items goes (paper, test 1).
    reference_mid_score, reference_mid_share
        Who gives the hidden reference at most this score on more than this share of items goes (paper, both tests).
    anchor35_over_anchor70, anchor35_over_anchor70_share
        Who gives the 3.5 kHz anchor more than this many points over the 7 kHz one on more than this share goes
        (paper, test 2).
    anchor35_over_reference, anchor35_over_reference_share
        The same against the hidden reference (paper, test 2).
    repeat_difference
        Who differs by more points than this on any stimulus presented twice goes (paper: 50 in test 1, 40 in test 2).
    reference_below, reference_below_share
        Who gives the hidden reference less than this on more than this share of items goes (BS.1534-3 p 5: 90, 15 %).
    anchor70_above, anchor70_above_share, anchor70_exempt_share
        Who gives the mid anchor more than this on more than this share of items goes (BS.1534-3 p 5: 90, 15 %); an
        item on which more than the exempt share of listeners do so does not count (25 %).
    constant_span, constant_span_share
        Whose grades of an item lie no further apart than this on more than this share of items goes (ours).
    page_seconds_below, page_seconds_below_share
        Who was done with an item in less than this many seconds on more than this share of items goes (ours).
    plays_below, plays_below_share
        Who played a stimulus fewer times than this, for more than this share of the stimuli, goes (ours).

    Raises
    ------
    PolicyError
        A value has the wrong type or lies outside its range.
    """

    name: str
    version: str = "1"
    headphones_required: bool = False
    all_top_score: float | None = None
    anchor35_top_score: float | None = None
    anchor35_top_share: float = 0.0
    reference_mid_score: float | None = None
    reference_mid_share: float = 0.5
    anchor35_over_anchor70: float | None = None
    anchor35_over_anchor70_share: float = 0.25
    anchor35_over_reference: float | None = None
    anchor35_over_reference_share: float = 0.0
    repeat_difference: float | None = None
    reference_below: float | None = None
    reference_below_share: float = 0.15
    anchor70_above: float | None = None
    anchor70_above_share: float = 0.15
    anchor70_exempt_share: float = 0.25
    constant_span: float | None = None
    constant_span_share: float = 0.5
    page_seconds_below: float | None = None
    page_seconds_below_share: float = 0.5
    plays_below: float | None = None
    plays_below_share: float = 0.0

    def __post_init__(self) -> None:
        wrong = [text for name, value in asdict(self).items() if (text := problem(name, value))]
        if wrong:
            raise PolicyError(f"policy {self.name!r}: " + "; ".join(wrong))

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


SETTINGS = tuple(field.name for field in fields(Policy))


def problem(name: str, value: object) -> str:
    """What is wrong with a setting's value, in words; empty where nothing is."""
    if name in ("name", "version"):
        good = isinstance(value, str) and bool(value.strip())
        return "" if good else f"{name} is {value!r}: expected a text that is not empty"
    if name == "headphones_required":
        return "" if isinstance(value, bool) else f"{name} is {value!r}: expected true or false"
    if value is None and not name.endswith("_share"):
        return ""
    low, high, meaning = _range(name)
    # In Python a bool is an int: True would pass for a threshold of one point.
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return f"{name} is {value!r}: expected a number, {meaning}"
    return "" if low <= value <= high else f"{name} is {value:g}: expected {low:g} to {high:g}, {meaning}"


def _range(name: str) -> tuple[float, float, str]:
    if name.endswith("_share"):
        return 0, 1, "a share of the listener's items (15 % is 0.15)"
    if name == "page_seconds_below":
        return 0.1, 3600, "seconds on a page"
    if name == "plays_below":
        return 1, 1000, "how often a stimulus is to be played at least"
    return 0, 100, "points of the 0-100 scale"


POLICIES = {
    policy.name: policy
    for policy in (
        Policy(
            name="paper-test-1",
            headphones_required=True,
            all_top_score=100,
            anchor35_top_score=100,
            reference_mid_score=60,
            repeat_difference=50,
        ),
        Policy(
            name="paper-test-2",
            headphones_required=True,
            reference_mid_score=60,
            anchor35_over_anchor70=20,
            anchor35_over_reference=0,
            repeat_difference=40,
        ),
        Policy(name="bs1534-3", reference_below=90, anchor70_above=90),
    )
}
