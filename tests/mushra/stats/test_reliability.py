"""ICC against Shrout and Fleiss's published table and pingouin; Kendall's W by hand and against scipy's Friedman."""

import numpy as np
import pandas as pd
import pingouin as pg
import pytest
from scipy import stats

from mushra.stats import icc, kendall_w
from mushra.table import TableError

# Shrout and Fleiss (1979), table 2: six targets, four judges.
SHROUT_FLEISS = np.array([[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7.0]])


def rated(scores):
    """Stimuli in rows, listeners in columns."""
    stimulus, listener = np.indices(scores.shape).reshape(2, -1)
    return pd.DataFrame(
        {
            "listener": [f"l{i:02}" for i in listener],
            "recording": [f"r{i:02}" for i in stimulus],
            "condition": "mp3",
            "kind": "system",
            "score": np.asarray(scores, dtype=float).ravel(),
        }
    )


def test_icc_is_shrout_and_fleisss_table_4():
    """Printed there to two figures: .17 .29 .71 for one judge, .44 .62 .91 for their mean."""
    found = icc(rated(SHROUT_FLEISS))
    assert found["type"].to_list() == [f"ICC({n},{k})" for k in "1k" for n in "123"]
    assert found["icc"].round(2).to_list() == [0.17, 0.29, 0.71, 0.44, 0.62, 0.91]


@pytest.mark.parametrize("seed", [None, 1, 2])
def test_icc_its_test_and_its_interval_are_pingouins(seed, monkeypatch):
    monkeypatch.setitem(pg.options, "round.column.CI95", None)  # it would round to two figures
    scores = SHROUT_FLEISS
    if seed is not None:
        rng = np.random.default_rng(seed)
        scores = np.clip(rng.normal(50, 20, (12, 1)) + rng.normal(0, 8, (1, 7)) + rng.normal(0, 9, (12, 7)), 0, 100)
    table = rated(scores)
    found = icc(table)
    theirs = pg.intraclass_corr(table, targets="recording", raters="listener", ratings="score")
    for mine, other in (("icc", "ICC"), ("f", "F"), ("df1", "df1"), ("df2", "df2"), ("p", "pval")):
        assert found[mine].to_numpy() == pytest.approx(theirs[other].to_numpy(), abs=1e-6), mine
    interval = np.stack(theirs["CI95"].to_list())
    assert found["ci_low"].to_numpy() == pytest.approx(interval[:, 0], abs=1e-6)
    assert found["ci_high"].to_numpy() == pytest.approx(interval[:, 1], abs=1e-6)


def test_a_higher_confidence_is_a_wider_interval():
    at95, at99 = icc(rated(SHROUT_FLEISS)), icc(rated(SHROUT_FLEISS), confidence=0.99)
    assert (at99["ci_low"] < at95["ci_low"]).all()
    assert (at99["ci_high"] > at95["ci_high"]).all()


def test_listeners_who_agree_but_for_an_offset():
    """Consistent to the point, so ICC(3) is 1; but an offset of 10 is disagreement to ICC(2)."""
    found = icc(rated(np.array([[10.0, 20], [20, 30], [30, 40]]))).set_index("type")["icc"]
    assert found["ICC(3,1)"] == 1
    # Mean squares: stimuli 200, listeners 150, rest 0; so 200 / (200 + 2 · 150 / 3).
    assert found["ICC(2,1)"] == pytest.approx(2 / 3, abs=1e-12)


def test_equal_scores_have_no_icc():
    assert icc(rated(np.full((3, 4), 50.0)))["icc"].isna().all()


def test_kendalls_w_by_hand():
    """Ranks 1 2 3, 1 2 3, 2 1 3: sums 4 5 9 about 6, so S = 14 of at most 9 · 24 / 12 = 18."""
    found = kendall_w(rated(np.array([[10, 20, 55], [30, 25, 50], [90, 85, 80.0]])))
    assert found.w == pytest.approx(14 / 18, abs=1e-12)
    assert (found.listeners, found.stimuli, found.df) == (3, 3, 2)
    assert found.chi2 == pytest.approx(3 * 2 * 14 / 18)


def test_kendalls_w_with_ties_is_friedmans_chi_squared():
    scores = np.round(np.random.default_rng(3).normal(50, 15, (9, 6)) + np.arange(9)[:, None] * 3, -1)
    found = kendall_w(rated(scores))
    chi2, p = stats.friedmanchisquare(*scores)
    assert len(np.unique(scores[:, 0])) < 9, "there must be ties"
    assert (found.chi2, found.p) == pytest.approx((chi2, p), abs=1e-9)
    assert found.w == pytest.approx(pg.friedman(rated(scores), "score", "recording", "listener")["W"].iloc[0], abs=1e-6)


@pytest.mark.parametrize(("scores", "w"), [([[1, 2], [2, 3], [3, 4.0]], 1), ([[1, 3], [2, 2], [3, 1.0]], 0)])
def test_kendalls_w_goes_from_none_to_all(scores, w):
    assert kendall_w(rated(np.array(scores))).w == w


def test_listeners_who_tell_nothing_apart_have_no_w():
    found = kendall_w(rated(np.full((4, 3), 50.0)))
    assert np.isnan(found.w)
    assert np.isnan(found.p)


def test_order_and_names_change_nothing():
    table = rated(SHROUT_FLEISS)
    other = table.sample(frac=1, random_state=1)
    other["listener"] = other["listener"].map({"l00": "d", "l01": "a", "l02": "c", "l03": "b"})
    assert icc(table).drop(columns="type").to_numpy() == pytest.approx(
        icc(other).drop(columns="type").to_numpy(), rel=1e-9
    )
    assert kendall_w(table) == kendall_w(other)


@pytest.mark.parametrize("statistic", [icc, kendall_w])
def test_gaps_and_too_little_are_refused(statistic):
    with pytest.raises(TableError, match="1 of 4 did not, first l00 for r00 mp3"):
        statistic(rated(SHROUT_FLEISS).iloc[1:])
    with pytest.raises(TableError, match="two listeners and two stimuli"):
        statistic(rated(SHROUT_FLEISS[:1]))
    with pytest.raises(ValueError, match="confidence"):
        icc(rated(SHROUT_FLEISS), confidence=95)
