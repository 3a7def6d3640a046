"""Listeners needed, against statsmodels, a textbook's numbers, simulation, and tables worked out by hand."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.power import TTestPower

from mushra.design.power import listeners_for_difference, listeners_for_interval, observed_spread, power


@pytest.mark.parametrize("listeners", [2, 5, 20, 200])
@pytest.mark.parametrize("effect", [0.05, 0.3, 0.8])
def test_power_is_that_of_statsmodels(listeners, effect):
    """For larger effects statsmodels gives NaN here and there."""
    assert power(listeners, 10 * effect, 10) == pytest.approx(TTestPower().power(effect, listeners, 0.05), abs=1e-9)


def test_power_is_how_often_the_test_finds_the_difference():
    """4,000 experiments with a fixed seed: the standard error of the share is below 0.008."""
    differences = np.random.default_rng(1).normal(6, 10, (4000, 20))
    share = float(np.mean(stats.ttest_1samp(differences, 0, axis=1).pvalue < 0.05))
    assert share == pytest.approx(power(20, 6, 10), abs=0.025)


@pytest.mark.parametrize(("difference", "sd", "needed"), [(5, 10, 34), (8, 10, 15), (2, 10, 199), (50, 1, 2)])
def test_listeners_for_a_difference(difference, sd, needed):
    """34, 15 and 199 pairs for effects of 0.5, 0.8 and 0.2 are textbook numbers (80 %, 5 %, two-sided)."""
    assert listeners_for_difference(difference, sd) == needed
    assert power(needed, difference, sd) >= 0.8
    assert needed == 2 or power(needed - 1, difference, sd) < 0.8


def test_more_power_or_a_smaller_level_needs_more_listeners():
    assert listeners_for_difference(5, 10, power=0.9) == 44
    assert listeners_for_difference(5, 10, alpha=0.01) > 34


@pytest.mark.parametrize(("half_width", "sd"), [(3, 15), (5, 15), (5, 20), (40, 10)])
def test_listeners_for_an_interval(half_width, sd):
    needed = listeners_for_interval(half_width, sd)

    def width(count):
        return stats.t.interval(0.95, count - 1, scale=sd / count**0.5)[1]

    assert width(needed) <= half_width
    assert needed == 2 or width(needed - 1) > half_width


def test_the_spread_of_a_table_by_hand():
    """Stimulus a: 10, 20, 30 -> variance 100; b: 40, 40, 70 -> 300; pooled 200. Differences 30, 20, 40 -> 100."""
    scores = {"x": (10, 40), "y": (20, 40), "z": (30, 70)}
    rows = [
        {"listener": name, "recording": "r", "condition": condition, "kind": "system", "score": score}
        for name, both in scores.items()
        for condition, score in zip("ab", both, strict=True)
    ]
    rows += [
        {**row, "condition": "reference", "kind": "reference", "score": 100} for row in rows if row["condition"] == "a"
    ]
    table = pd.DataFrame(rows)
    found = observed_spread(table)
    # The hidden reference, on which all agree, is left out.
    assert found.listeners == pytest.approx(200**0.5)
    assert found.differences == pytest.approx(10)
    assert observed_spread(table.sample(frac=1, random_state=1)).listeners == pytest.approx(found.listeners)
    # A second presentation is averaged with the first: x's 0 and 20 are the 10 of before.
    twice = pd.concat([table.assign(repeat=0), table.iloc[[0]].assign(repeat=1, score=20)])
    twice.iloc[0, twice.columns.get_loc("score")] = 0
    assert observed_spread(twice) == found


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: power(1, 5, 10), "1 listeners: a t-test needs 2"),
        (lambda: power(5, 0, 10), "difference is 0: expected points"),
        (lambda: power(5, 5, float("nan")), "sd is nan"),
        (lambda: listeners_for_difference(5, 10, power=80), "power is 80: expected more than 0 and less than 1"),
        (lambda: listeners_for_difference(0.01, 20), "0.01 points would need more than 1,000,000"),
        (lambda: listeners_for_interval(-1, 10), "half_width is -1"),
        (lambda: listeners_for_interval(1, 10, confidence=95), "confidence is 95"),
    ],
)
def test_numbers_that_can_not_be_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize(("names", "message"), [(["x"], "rated by two listeners"), (["x", "y"], "same two listeners")])
def test_a_table_that_says_nothing_about_spread_is_refused(names, message):
    rows = [{"listener": name, "recording": "r", "condition": "a", "kind": "system", "score": 5} for name in names]
    with pytest.raises(ValueError, match=message):
        observed_spread(pd.DataFrame(rows))
