"""MOS, its spread, and agreement, against figures worked out by hand or by another library."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from mushra.exchange import neutralise
from mushra.stats import agreement, mos
from mushra.stats.mos import quartiles


def table(scores, repeat=0):
    return pd.DataFrame(
        {
            "listener": [f"l{i}" for i in range(len(scores))],
            "recording": "piano",
            "condition": "mp3",
            "kind": "system",
            "score": scores,
            "repeat": repeat,
        }
    )


def test_mos_and_its_interval_by_hand():
    """60, 70, 80: mean 70, SD 10, t(0.975, 2) = 4.302653, so 70 ± 24.8414."""
    row = mos(table([60.0, 70.0, 80.0])).iloc[0]
    assert (row["n"], row["mos"], row["sd"]) == (3, 70, pytest.approx(10))
    assert (row["ci_low"], row["ci_high"]) == pytest.approx((45.1586, 94.8414), abs=1e-4)


def test_the_interval_is_scipys():
    scores = [55.0, 61.0, 48.0, 70.0, 66.0, 59.0]
    row = mos(table(scores)).iloc[0]
    expected = stats.t.interval(0.95, 5, np.mean(scores), stats.sem(scores))
    assert (row["ci_low"], row["ci_high"]) == pytest.approx(expected, abs=1e-9)


def test_the_interval_near_the_end_of_the_scale_is_scipys_too():
    """100, 100, 97: the t interval reaches beyond 100; cut there it would no longer be Student's."""
    row = mos(table([100.0, 100.0, 97.0])).iloc[0]
    expected = stats.t.interval(0.95, 2, 99, stats.sem([100, 100, 97]))
    assert (row["ci_low"], row["ci_high"]) == pytest.approx(expected, abs=1e-9)
    assert row["ci_high"] > 103


def test_a_listener_who_heard_a_stimulus_twice_counts_once():
    both = pd.concat([table([60.0, 80.0]), table([80.0], repeat=1)])
    row = mos(both).iloc[0]
    assert (row["n"], row["mos"]) == (2, 75)


def test_one_listener_has_no_interval():
    row = mos(table([60.0])).iloc[0]
    assert row["mos"] == 60
    assert np.isnan(row["ci_low"])
    assert np.isnan(row["sd"])


def test_missing_scores_do_not_count():
    assert mos(table([60.0, np.nan])).iloc[0]["n"] == 1


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        ([1, 2, 3, 4], (1.5, 2.5, 3.5)),
        ([1, 2, 3, 4, 5], (2, 3, 4)),
        ([7], (7, 7, 7)),
        ([1, 2, 3, 4, 5, 6, 7], (2.5, 4, 5.5)),
    ],
)
def test_quartiles_as_the_recommendation_has_them(scores, expected):
    assert quartiles(scores) == expected


def test_agreement_by_hand():
    one = agreement([10, 20, 30], [12, 18, 36])
    assert one.rmse == pytest.approx(np.sqrt((4 + 4 + 36) / 3))
    assert one.r == pytest.approx(np.corrcoef([10, 20, 30], [12, 18, 36])[0, 1])
    assert (one.rho, one.tau, one.n) == (1, 1, 3)


def test_a_constant_prediction_has_no_correlation():
    one = agreement([50, 50, 50], [12, 18, 36])
    assert np.isnan(one.r)
    assert one.rmse > 0


@pytest.mark.parametrize(("x", "y"), [([], []), ([1], [1, 2]), ([np.nan], [1.0])])
def test_agreement_of_nothing_is_refused(x, y):
    with pytest.raises(ValueError, match=r"list|shapes|NaN"):
        agreement(x, y)


@pytest.mark.parametrize(
    ("text", "safe"), [("=1+1", "'=1+1"), ("@x", "'@x"), ("-12.5", "-12.5"), ("+cmd", "'+cmd"), ("piano", "piano")]
)
def test_formula_like_text_is_made_harmless(text, safe):
    assert neutralise(text) == safe
