"""The rules in words."""

import pytest

from mushra.screening.rules import RULE_NAMES as RULES
from reports.rules import RULE_NAMES, measured_in_words


def test_every_rule_has_a_name():
    assert set(RULE_NAMES) == set(RULES)


@pytest.mark.parametrize(
    ("rule", "measured", "threshold", "words"),
    [
        # Two of thirteen items: rounded to whole numbers it would read "15 %, more than 15 %".
        ("reference_below", 2 / 13, 0.15, "15.38 % of items, more than 15 %"),
        ("anchor35_top", 1.0, 0.0, "100 % of items, more than 0 %"),
        ("repeatability", 50.5, 50, "50.5 points, more than 50"),
        ("all_top", 100, 100, "lowest score 100"),
        ("no_headphones", 1, 0, "own answer"),
    ],
)
def test_what_was_measured_in_words(rule, measured, threshold, words):
    assert measured_in_words(rule, measured, threshold) == words
