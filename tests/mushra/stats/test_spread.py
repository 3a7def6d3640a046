"""Outliers, bimodality, the bootstrap interval, and what no order of rows or names of listeners may change."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal
from scipy import stats

from mushra.stats import mos, outliers, quartiles
from mushra.table import TableError


def one_stimulus(scores):
    return pd.DataFrame(
        {
            "listener": [f"l{i}" for i in range(len(scores))],
            "recording": "piano",
            "condition": "mp3",
            "kind": "system",
            "score": np.asarray(scores, dtype=float),
        }
    )


def test_outliers_by_the_recommendations_quartiles():
    """Of 10 20 30 40 90 the halves are 10 20 30 and 30 40 90: q1 20, q3 40, limits -10 and 70."""
    rows = outliers(one_stimulus([10, 20, 30, 40, 90]))
    assert rows[["listener", "score", "low", "high"]].to_numpy().tolist() == [["l4", 90, -10, 70]]
    assert mos(one_stimulus([10, 20, 30, 40, 90])).iloc[0]["outliers"] == 1


def test_a_score_on_the_limit_is_no_outlier():
    assert not len(outliers(one_stimulus([10, 20, 30, 40, 70])))


def test_outliers_list_each_group_low_and_high():
    both = pd.concat(
        [one_stimulus([0, 50, 51, 52, 53, 100]), one_stimulus([50, 50, 50, 50, 50, 90]).assign(condition="opus")]
    )
    rows = outliers(both)
    assert rows["condition"].to_list() == ["mp3", "mp3", "opus"]
    assert rows["score"].to_list() == [0, 100, 90]
    assert mos(both)["outliers"].to_list() == [2, 1]


@pytest.mark.parametrize("whisker", [-1, float("nan")])
def test_a_whisker_that_makes_no_sense_is_refused(whisker):
    with pytest.raises(ValueError, match="whisker"):
        outliers(one_stimulus([1, 2, 3]), whisker=whisker)


def test_bimodality_is_scipys_moments():
    scores = [3.0, 10, 12, 15, 40, 77, 80, 81, 99]
    n = len(scores)
    skewness, excess = stats.skew(scores, bias=False), stats.kurtosis(scores, bias=False)
    expected = (skewness**2 + 1) / (excess + 3 * (n - 1) ** 2 / ((n - 2) * (n - 3)))
    assert mos(one_stimulus(scores)).iloc[0]["bimodality"] == pytest.approx(expected, abs=1e-12)


def test_bimodality_by_hand():
    """0 0 0 100 100 100: kurtosis 1, so excess 5/12·(7·(-2) + 6) = -10/3; b = 1/(-10/3 + 75/12) = 12/35."""
    assert mos(one_stimulus([0, 0, 0, 100, 100, 100])).iloc[0]["bimodality"] == pytest.approx(12 / 35, abs=1e-12)


@pytest.mark.parametrize("scores", [[1, 2, 3], [50, 50, 50, 50, 50]])
def test_bimodality_is_not_defined_for_few_or_equal_scores(scores):
    assert np.isnan(mos(one_stimulus(scores)).iloc[0]["bimodality"])


def test_the_bootstrap_interval_is_bca_by_hand():
    """Efron's formulas written out, over the resamples that the seed gives."""
    scores = np.sort([91.0, 95, 97, 98, 99, 100, 100, 100, 60, 88])
    row = mos(one_stimulus(scores), interval="bca", resamples=2000, seed=3).iloc[0]
    draws = np.random.default_rng(3).integers(0, 10, (2000, 10))
    resampled = scores[draws].mean(axis=1)
    below = ((resampled < scores.mean()).mean() + (resampled <= scores.mean()).mean()) / 2
    z0 = stats.norm.ppf(below)
    left_out = np.array([np.delete(scores, i).mean() for i in range(10)])
    u = left_out.mean() - left_out
    a = (u**3).sum() / (6 * (u**2).sum() ** 1.5)
    z = stats.norm.ppf([0.025, 0.975])
    shares = stats.norm.cdf(z0 + (z0 + z) / (1 - a * (z0 + z)))
    assert (row["ci_low"], row["ci_high"]) == pytest.approx(np.quantile(resampled, shares), abs=1e-6)
    assert row["ci_high"] - row["mos"] < row["mos"] - row["ci_low"], "the long tail is downwards"


def test_the_bootstrap_of_equal_scores_is_their_value():
    row = mos(one_stimulus([80, 80, 80]), interval="bca").iloc[0]
    assert (row["ci_low"], row["ci_high"]) == (80, 80)


def test_the_bootstrap_of_one_score_is_not_defined():
    assert np.isnan(mos(one_stimulus([80]), interval="bca").iloc[0]["ci_low"])


@pytest.mark.parametrize(
    "wrong", [{"confidence": 1.0}, {"confidence": float("nan")}, {"interval": "z"}, {"resamples": 0}]
)
def test_options_that_make_no_sense_are_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        mos(one_stimulus([1, 2, 3]), **wrong)


def test_a_column_that_is_not_there_is_named():
    with pytest.raises(TableError, match="lacks mood"):
        mos(one_stimulus([1, 2]), by=["mood"])


def test_a_gap_in_a_key_is_not_dropped_silently():
    with pytest.raises(TableError, match="1 scored rows have no recording"):
        mos(one_stimulus([1, 2]).assign(recording=["piano", None]))


def test_no_columns_to_group_by_is_refused():
    with pytest.raises(TableError, match="at least one column"):
        mos(one_stimulus([1, 2]), by=[])


def test_no_scores_have_no_quartiles():
    with pytest.raises(ValueError, match="no quartiles"):
        quartiles([])


def test_an_empty_table_gives_an_empty_summary():
    summary = mos(one_stimulus([]))
    assert len(summary) == 0
    assert {"recording", "condition", "mos", "outliers", "bimodality"} <= set(summary.columns)


@st.composite
def tables(draw):
    listeners, recordings, conditions = (draw(st.integers(2, 5)) for _ in range(3))
    cells = listeners * recordings * conditions
    scores = draw(
        st.lists(st.floats(0, 100, allow_nan=False).map(lambda x: round(x, 1)), min_size=cells, max_size=cells)
    )
    index = np.indices((listeners, recordings, conditions)).reshape(3, -1)
    return pd.DataFrame(
        {
            "listener": [f"l{i}" for i in index[0]],
            "recording": [f"r{i}" for i in index[1]],
            "condition": [f"c{i}" for i in index[2]],
            "kind": "system",
            "score": scores,
        }
    )


@settings(max_examples=60, deadline=None)
@given(tables(), st.randoms(use_true_random=False))
def test_order_and_names_change_nothing(table, random):
    rows = list(range(len(table)))
    random.shuffle(rows)
    names = sorted(set(table["listener"]))
    new = [f"x{i}" for i in range(len(names))]
    random.shuffle(new)
    other = table.iloc[rows].assign(listener=lambda t: t["listener"].map(dict(zip(names, new, strict=True))))
    assert_frame_equal(mos(table), mos(other), check_exact=True)
    bootstrap = {"interval": "bca", "resamples": 50, "by": ["condition"]}
    assert_frame_equal(mos(table, **bootstrap), mos(other, **bootstrap), check_exact=True)
    assert outliers(table)["score"].to_list() == outliers(other)["score"].to_list()


@settings(max_examples=60, deadline=None)
@given(tables())
def test_the_summary_stays_on_the_scale_and_is_numpys(table):
    summary = mos(table)
    bootstrap = mos(table, interval="bca", resamples=50)[["ci_low", "ci_high"]].dropna()
    assert ((bootstrap >= 0) & (bootstrap <= 100)).all(axis=None)
    scale = summary[["mos", "median", "q1", "q3"]]
    assert ((scale >= 0) & (scale <= 100)).all(axis=None)
    half = (summary["ci_high"] - summary["ci_low"]) / 2
    student = stats.t.ppf(0.975, summary["n"] - 1) * summary["sd"] / summary["n"] ** 0.5
    assert half.to_numpy() == pytest.approx(student.to_numpy(), nan_ok=True)
    for row, (_, scores) in zip(summary.itertuples(), table.groupby(["recording", "condition"])["score"], strict=True):
        assert (row.mos, row.sd) == pytest.approx((scores.mean(), scores.std()), abs=1e-9)
        assert (row.q1, row.median, row.q3) == quartiles(scores)
        assert row.median == pytest.approx(np.median(scores), abs=1e-12)
        defined = scores.nunique() > 1 and len(scores) > 3
        assert np.isfinite(row.bimodality) == defined
