"""Agreement figures against SciPy, and against numbers worked out by hand."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from mushra.screening import POLICIES, screen


def panel(seed=1, listeners=6, recordings=3, systems=4, missing=0.2, presentations=2):
    """Random ratings with gaps; scores on a grid of ten points, so that there are ties."""
    rng = np.random.default_rng(seed)
    index = pd.MultiIndex.from_product(
        [[f"l{i}" for i in range(listeners)], range(recordings), range(systems), range(presentations)],
        names=["listener", "recording", "condition", "repeat"],
    )
    rows = index.to_frame(index=False).assign(kind="system", score=rng.integers(0, 11, len(index)) * 10.0)
    return rows[rng.random(len(rows)) >= missing]


def test_spearman_is_scipys_with_the_mean_of_the_rest():
    ratings = panel()
    found = screen(ratings, POLICIES["bs1534-3"]).agreement
    own = ratings.groupby(["listener", "recording", "condition"])["score"].mean().unstack("listener")
    for listener in own:
        rest = own.drop(columns=listener).mean(axis=1).round(9)
        both = own[listener].notna() & rest.notna()
        expected = stats.spearmanr(own.loc[both, listener], rest[both]).statistic
        assert found.loc[listener, "spearman"] == pytest.approx(expected)
        assert found.loc[listener, "stimuli"] == both.sum()


def test_discrimination_is_scipys_f_of_the_stimuli_heard_twice():
    ratings = panel(seed=2, presentations=3)
    found = screen(ratings, POLICIES["bs1534-3"]).agreement
    for listener, own in ratings.groupby("listener"):
        groups = [rows["score"] for _, rows in own.groupby(["recording", "condition"]) if len(rows) > 1]
        assert found.loc[listener, "repeated"] == len(groups)
        assert found.loc[listener, "discrimination"] == pytest.approx(stats.f_oneway(*groups).statistic)


def twice(first, second):
    """One listener's grades of a few stimuli, at both presentations."""
    return [
        {"recording": "r", "condition": name, "repeat": repeat, "kind": "system", "score": score}
        for repeat, scores in enumerate([first, second])
        for name, score in zip("abcd", scores, strict=False)
    ]


def test_reliability_and_discrimination_by_hand():
    """x: differences 2, 2, 2 -> within 3 * 2 / 3 = 2. y: differences 4, 4, 4 -> 8. The panel's: (6 + 24) / 6 = 5.

    x: means 11, 21, 31 -> between 2 * (100 + 0 + 100) / 2 = 200, F = 100. y: means 12, 22, 32 -> F = 200 / 8 = 25.
    """
    rows = [{**row, "listener": "x"} for row in twice([10, 20, 30], [12, 22, 32])]
    rows += [{**row, "listener": "y"} for row in twice([10, 20, 30], [14, 24, 34])]
    found = screen(pd.DataFrame(rows), POLICIES["bs1534-3"]).agreement
    assert list(found["repeat_sd"]) == pytest.approx([2**0.5, 8**0.5])
    assert list(found["reliability"]) == pytest.approx([(5 / 2) ** 0.5, (5 / 8) ** 0.5])
    assert list(found["discrimination"]) == pytest.approx([100, 25])
    # The 5 % point of F with 2 and 3 degrees of freedom, from any table: 9.55.
    assert list(found["discrimination_floor"]) == pytest.approx([9.55, 9.55], abs=0.005)


def test_without_repeats_or_others_the_figures_are_unknown():
    rows = pd.DataFrame([{**row, "listener": "x"} for row in twice([10, 20, 30], [])])
    found = screen(rows, POLICIES["bs1534-3"]).agreement.loc["x"]
    assert found[["spearman", "repeat_sd", "reliability", "discrimination", "discrimination_floor"]].isna().all()
    assert (found["stimuli"], found["repeated"]) == (0, 0)


def test_the_figures_of_many_listeners_do_not_depend_on_where_they_are_cut(monkeypatch):
    ratings = panel(seed=3, listeners=7)
    whole = screen(ratings, POLICIES["bs1534-3"]).agreement
    monkeypatch.setattr("mushra.screening.agreement.BLOCK", 3)
    pd.testing.assert_frame_equal(screen(ratings, POLICIES["bs1534-3"]).agreement, whole)
