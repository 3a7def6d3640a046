"""The mixed model against the closed form of balanced tables and against REML written out and maximised apart."""

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal
from scipy import optimize, stats

from mushra.stats import mixed_model
from mushra.table import TableError


def made_up(listeners=14, recordings=5, conditions=4, seed=0):
    rng = np.random.default_rng(seed)
    who, what, how = np.indices((listeners, recordings, conditions)).reshape(3, -1)
    score = 45 + 7 * how + rng.normal(0, 7, listeners)[who] + rng.normal(0, 5, recordings)[what]
    return pd.DataFrame(
        {
            "listener": [f"l{i:02}" for i in who],
            "recording": [f"r{i}" for i in what],
            "condition": [f"c{i}" for i in how],
            "kind": "system",
            "score": np.clip(score + rng.normal(0, 6, len(who)), 0, 100),
        }
    )


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_of_a_balanced_table_reml_is_the_analysis_of_variance(seed):
    """Where none is negative, the variances are those that the mean squares give, and the estimates are means."""
    listeners, recordings, conditions = shape = (14, 5, 4)
    table = made_up(*shape, seed)
    scores = table["score"].to_numpy().reshape(shape)
    squares = [
        scores.size / levels * ((scores.mean(axis=other) - scores.mean()) ** 2).sum()
        for levels, other in ((listeners, (1, 2)), (recordings, (0, 2)), (conditions, (0, 1)))
    ]
    rest = ((scores - scores.mean()) ** 2).sum() - sum(squares)
    residual = rest / (scores.size - 1 - (listeners - 1) - (recordings - 1) - (conditions - 1))
    fit = mixed_model(table)
    assert fit.converged
    assert fit.warnings == ()
    assert fit.variances["residual"] == pytest.approx(residual, rel=1e-6)
    assert fit.variances["listener"] == pytest.approx(
        (squares[0] / (listeners - 1) - residual) / (recordings * conditions), rel=1e-5
    )
    assert fit.variances["recording"] == pytest.approx(
        (squares[1] / (recordings - 1) - residual) / (listeners * conditions), rel=1e-5
    )
    means = scores.mean(axis=(0, 1))
    assert fit.fixed["estimate"].to_numpy() == pytest.approx([means[0], *(means[1:] - means[0])], abs=1e-6)
    assert fit.fixed["se"].to_numpy()[1:] == pytest.approx(np.sqrt(2 * residual / (listeners * recordings)), rel=1e-6)
    assert (fit.wald, fit.df) == (pytest.approx(squares[2] / residual, rel=1e-6), conditions - 1)
    assert fit.p == pytest.approx(stats.chi2.sf(fit.wald, 3), rel=1e-9)


def reml(table):
    """Variances of listener, recording and rest that maximise the restricted likelihood, by dense algebra."""
    y = table["score"].to_numpy()
    x = pd.get_dummies(table["condition"], dtype=float).to_numpy()
    z = [pd.get_dummies(table[name], dtype=float).to_numpy() for name in ("listener", "recording")]

    def minus(logs):
        a, b, c = np.exp(logs)
        v = a * z[0] @ z[0].T + b * z[1] @ z[1].T + c * np.eye(len(y))
        inner = x.T @ np.linalg.solve(v, x)
        beta = np.linalg.solve(inner, x.T @ np.linalg.solve(v, y))
        r = y - x @ beta
        logs_of = np.linalg.slogdet(v)[1] + np.linalg.slogdet(inner)[1]
        return (logs_of + r @ np.linalg.solve(v, r) + (len(y) - x.shape[1]) * np.log(2 * np.pi)) / 2

    best = optimize.minimize(
        minus, np.log([50.0, 20, 40]), method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-12, "maxiter": 4000}
    )
    return np.exp(best.x), -best.fun


def test_of_a_table_with_gaps_it_is_the_restricted_likelihoods_maximum():
    table = made_up(seed=4).sample(frac=0.6, random_state=1)
    fit = mixed_model(table)
    variances, log_likelihood = reml(table)
    assert fit.observations == len(table) == 168
    assert list(fit.variances) == ["listener", "recording", "residual"]
    assert list(fit.variances.values()) == pytest.approx(variances, rel=1e-5)
    assert fit.log_likelihood == pytest.approx(log_likelihood, abs=1e-6)


def test_another_baseline_turns_the_differences_round():
    table = made_up()
    usual, other = mixed_model(table).fixed.set_index("condition"), mixed_model(table, baseline="c3").fixed
    assert other["condition"].to_list() == ["c3", "c0", "c1", "c2"]
    assert other["estimate"][1] == pytest.approx(-usual.loc["c3", "estimate"], abs=1e-6)
    assert other["estimate"][0] == pytest.approx(table[table["condition"] == "c3"]["score"].mean(), abs=1e-6)
    half = (usual["ci_high"] - usual["ci_low"]) / 2
    assert half.to_numpy() == pytest.approx(1.959963985 * usual["se"].to_numpy(), rel=1e-6)


def test_recordings_that_do_not_differ_have_no_variance_and_the_fit_says_so():
    table = made_up(seed=7)
    table["score"] -= table.groupby("recording")["score"].transform("mean") - 50
    fit = mixed_model(table)
    assert fit.variances["recording"] == pytest.approx(0, abs=1e-3)
    assert fit.converged
    assert any("boundary" in text for text in fit.warnings)


def test_one_recording_is_no_random_factor():
    assert list(mixed_model(made_up(recordings=1)).variances) == ["listener", "residual"]


def test_order_and_names_change_nothing():
    table = made_up(seed=3)
    other = table.sample(frac=1, random_state=2)
    other["listener"] = other["listener"].map(lambda name: f"x{99 - int(name[1:])}")
    one, two = mixed_model(table), mixed_model(other)
    assert_frame_equal(one.fixed, two.fixed, rtol=1e-6)
    assert list(one.variances.values()) == pytest.approx(list(two.variances.values()), rel=1e-5)


def test_what_makes_no_sense_is_refused():
    with pytest.raises(TableError, match="nobody scored mp4"):
        mixed_model(made_up(), baseline="mp4")
    with pytest.raises(TableError, match="two conditions and two listeners"):
        mixed_model(made_up(conditions=1))
    with pytest.raises(TableError, match="two conditions and two listeners"):
        mixed_model(made_up(listeners=1))
    with pytest.raises(ValueError, match="confidence"):
        mixed_model(made_up(), confidence=0)
    with pytest.raises(ValueError, match="all equal"):
        mixed_model(made_up().assign(score=50.0))
