"""P.1401's figures by hand, and the monotonic cubic against scipy's general constrained optimiser."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, stats

from mushra.stats import agreement, cubic_mapping, half_widths, mos, p1401

PREDICTED = [10.0, 30, 50, 70, 90]
OBSERVED = [12.0, 20, 55, 71, 80]
WIDTH = [3.0, 4, 5, 6, 2]


def test_the_figures_by_hand():
    """Errors 2 10 5 1 10; beyond the intervals 0 6 0 0 8; 5 is not above 5, so two outliers of five; d = 1."""
    found = p1401(PREDICTED, OBSERVED, WIDTH)
    assert found.rmse == pytest.approx(np.sqrt((4 + 100 + 25 + 1 + 100) / 4))
    assert found.rmse_star == pytest.approx(np.sqrt((36 + 64) / 4))
    assert found.outlier_ratio == 0.4
    assert (found.n, found.mapping) == (5, None)
    assert found.r == pytest.approx(agreement(PREDICTED, OBSERVED).r)


def test_with_a_mapping_four_degrees_of_freedom_are_spent():
    found = p1401(PREDICTED, OBSERVED, WIDTH, mapping="cubic")
    error = np.abs(found.mapping(np.array(PREDICTED)) - OBSERVED)
    assert found.rmse == pytest.approx(np.sqrt((error**2).sum() / 1))
    assert found.rmse_star == pytest.approx(np.sqrt((np.maximum(error - WIDTH, 0) ** 2).sum() / 1))
    assert np.isnan(p1401(PREDICTED[:4], OBSERVED[:4], WIDTH[:4], mapping="cubic").rmse)


def test_a_cubic_that_rises_by_itself_is_the_plain_least_squares():
    rng = np.random.default_rng(0)
    x = np.linspace(0, 100, 40)
    y = 100 / (1 + np.exp(-(x - 50) / 15)) + rng.normal(0, 2, 40)
    inner = (x > 20) & (x < 80)
    curve = cubic_mapping(x[inner], y[inner])
    assert curve.convert().coef == pytest.approx(np.polynomial.Polynomial.fit(x[inner], y[inner], 3).convert().coef)


def constrained(x, y):
    """The same problem for SLSQP, the slope held at zero or above on 2001 points."""
    t = 2 * (x - x.min()) / np.ptp(x) - 1
    powers = np.vander(t, 4, increasing=True)
    grid = np.linspace(-1, 1, 2001)
    slopes = np.stack([0 * grid, 1 + 0 * grid, 2 * grid, 3 * grid**2], axis=1)
    best = optimize.minimize(
        lambda a: ((powers @ a - y) ** 2).sum(),
        [y.mean(), 1, 0, 0],
        jac=lambda a: 2 * powers.T @ (powers @ a - y),
        constraints={"type": "ineq", "fun": lambda a: slopes @ a, "jac": lambda a: slopes},
        method="SLSQP",
        options={"ftol": 1e-14, "maxiter": 500},
    )
    return best.fun


@pytest.mark.parametrize(
    "y",
    [
        [20, 60, 70, 40, 30, 50, 90.0],
        [90, 80, 60, 40, 30, 20, 10.0],
        [10, 50, 55, 50, 45, 52, 100.0],
        [0, 0, 0, 0, 40, 100, 90.0],
        [50, 10, 20, 30, 60, 90, 40.0],
    ],
)
def test_a_cubic_that_would_fall_is_the_best_that_does_not(y):
    x, y = np.array([5.0, 20, 33, 50, 61, 80, 95]), np.array(y)
    plain = np.polynomial.Polynomial.fit(x, y, 3)
    grid = np.linspace(5, 95, 5001)
    assert np.diff(plain(grid)).min() < 0, "the plain fit must fall somewhere"
    curve = cubic_mapping(x, y)
    assert np.diff(curve(grid)).min() >= -1e-7
    assert ((curve(x) - y) ** 2).sum() == pytest.approx(constrained(x, y), rel=1e-5)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 100), st.integers(0, 100)), min_size=4, max_size=25))
def test_whatever_the_scores_the_mapping_rises_and_beats_a_constant(pairs):
    x, y = np.array(pairs, dtype=float).T
    if len(set(x)) < 4:
        with pytest.raises(ValueError, match="four different predictions"):
            cubic_mapping(x, y)
        return
    curve = cubic_mapping(x, y)
    assert np.diff(curve(np.linspace(x.min(), x.max(), 501))).min() >= -1e-6
    assert ((curve(x) - y) ** 2).sum() <= ((y - y.mean()) ** 2).sum() + 1e-6


def test_half_widths_are_half_the_interval():
    table = pd.DataFrame(
        {
            "listener": list("abcabcd"),
            "recording": ["r1"] * 3 + ["r2"] * 3 + ["r3"],
            "condition": "mp3",
            "kind": "system",
            "score": [60.0, 70, 80, 98, 99, 100, 50],
        }
    )
    summary = mos(table)
    widths = half_widths(summary)
    assert (summary["ci_high"] - summary["mos"]).to_numpy() == pytest.approx(widths, nan_ok=True)
    assert widths[:2] == pytest.approx([stats.t.ppf(0.975, 2) * 10 / 3**0.5, stats.t.ppf(0.975, 2) / 3**0.5])
    assert np.isnan(widths[2])


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"half_width": WIDTH[:3]}, "5 half widths"),
        ({"half_width": [1, 1, 1, 1, np.nan]}, "half width is negative"),
        ({"half_width": [1, 1, 1, 1, -1]}, "half width is negative"),
        ({"mapping": "linear"}, "unknown mapping"),
        ({"observed": OBSERVED[:4]}, "equally long"),
    ],
)
def test_what_makes_no_sense_is_refused(change, text):
    with pytest.raises(ValueError, match=text):
        p1401(**({"predicted": PREDICTED, "observed": OBSERVED, "half_width": WIDTH} | change))
    with pytest.raises(ValueError, match="lacks sd"):
        half_widths(pd.DataFrame({"n": [1]}))
    with pytest.raises(ValueError, match="confidence"):
        half_widths(pd.DataFrame({"n": [1], "sd": [1]}), confidence=2)
