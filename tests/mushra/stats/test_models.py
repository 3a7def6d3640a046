"""Bootstrap of agreement against plain loops, and tests of dependent correlations against published figures."""

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal
from scipy import stats

from mushra.stats import agreement, bootstrap_agreement, compare_models, mos, steiger, williams
from mushra.table import TableError


def study(listeners=9, recordings=4, conditions=3, seed=0):
    rng = np.random.default_rng(seed)
    who, what, how = np.indices((listeners, recordings, conditions)).reshape(3, -1)
    score = 35 + 18 * how + 5 * what + rng.normal(0, 8, listeners)[who] + rng.normal(0, 8, len(who))
    table = pd.DataFrame(
        {
            "listener": [f"l{i}" for i in who],
            "recording": [f"r{i}" for i in what],
            "condition": [f"c{i}" for i in how],
            "kind": "system",
            "score": np.clip(score, 0, 100),
        }
    )
    predicted = table[["recording", "condition"]].drop_duplicates().reset_index(drop=True)
    truth = table.groupby(["recording", "condition"], sort=False)["score"].mean().to_numpy()
    return table, predicted.assign(predicted=np.clip(truth * 0.8 + 12 + rng.normal(0, 6, len(predicted)), 0, 100))


@pytest.mark.parametrize("over", ["listeners", "recordings", "both"])
def test_the_bootstrap_is_the_plain_loop(over):
    """The same draws, each put together as a table of its own and given to numpy."""
    table, predicted = study()
    found = bootstrap_agreement(table, predicted, over=over, draws=300, seed=7)
    wide = table.pivot(index="listener", columns=["recording", "condition"], values="score").to_numpy()
    wide = np.array(sorted(wide.tolist()))
    x = predicted["predicted"].to_numpy()
    rng = np.random.default_rng(7)
    people = rng.multinomial(9, [1 / 9] * 9, 300) if over != "recordings" else np.ones((300, 9), dtype=int)
    music = rng.multinomial(4, [1 / 4] * 4, 300) if over != "listeners" else np.ones((300, 4), dtype=int)
    figures = []
    for listeners, recordings in zip(people, music, strict=True):
        panel = np.repeat(wide, listeners, axis=0).mean(axis=0)
        y, z = (np.repeat(values, np.repeat(recordings, 3)) for values in (panel, x))
        figures.append((np.corrcoef(y, z)[0, 1], np.sqrt(((y - z) ** 2).mean())))
    low, high = np.quantile(figures, [0.025, 0.975], axis=0)
    assert found["ci_low"].to_numpy() == pytest.approx(low, abs=1e-9)
    assert found["ci_high"].to_numpy() == pytest.approx(high, abs=1e-9)
    assert found["se"].to_numpy() == pytest.approx(np.std(figures, axis=0, ddof=1), abs=1e-9)
    assert found["bias"].to_numpy() == pytest.approx(np.mean(figures, axis=0) - found["value"], abs=1e-9)
    assert found["draws"].to_list() == [300, 300]
    assert found["stimuli"].to_list() == [12, 12]


def test_the_figures_themselves_are_agreements():
    table, predicted = study()
    found = bootstrap_agreement(table, predicted, draws=10).set_index("figure")["value"]
    one = agreement(predicted["predicted"], mos(table).sort_values(["recording", "condition"])["mos"])
    assert (found["r"], found["rmse"]) == pytest.approx((one.r, one.rmse), abs=1e-9)


def test_over_recordings_of_one_stimulus_each_it_is_scipys():
    """A recording is then a pair of scores, the case scipy.stats.bootstrap knows; both draw 10,000 times."""
    table, predicted = study(recordings=25, conditions=1, seed=3)
    found = bootstrap_agreement(table, predicted, over="recordings").set_index("figure")
    panel = mos(table).sort_values("recording")["mos"].to_numpy()
    x = predicted.sort_values("recording")["predicted"].to_numpy()
    theirs = stats.bootstrap(
        (x, panel),
        lambda a, b: np.sqrt(np.mean((a - b) ** 2)),
        paired=True,
        vectorized=False,
        method="percentile",
        rng=np.random.default_rng(1),
    ).confidence_interval
    assert tuple(found.loc["rmse", ["ci_low", "ci_high"]]) == pytest.approx((theirs.low, theirs.high), abs=0.15)


def test_order_and_names_change_nothing():
    table, predicted = study()
    other = table.sample(frac=1, random_state=3)
    other["listener"] = other["listener"].map(lambda name: f"x{9 - int(name[1:])}")
    both = (bootstrap_agreement(one, p, draws=50) for one, p in ((table, predicted), (other, predicted[::-1])))
    assert_frame_equal(*both, check_exact=True)


def test_gaps_leave_a_listener_out_of_that_stimulus_only():
    table, predicted = study()
    found = bootstrap_agreement(table.iloc[1:], predicted, draws=50).set_index("figure")["value"]
    one = agreement(predicted["predicted"], mos(table.iloc[1:]).sort_values(["recording", "condition"])["mos"])
    assert found["rmse"] == pytest.approx(one.rmse, abs=1e-9)


def test_stimuli_without_a_prediction_are_left_out_and_counted():
    table, predicted = study()
    assert bootstrap_agreement(table, predicted.iloc[:7], draws=10)["stimuli"].to_list() == [7, 7]


def test_a_constant_prediction_has_errors_but_no_correlation():
    table, predicted = study()
    found = bootstrap_agreement(table, predicted.assign(predicted=50.0), draws=20).set_index("figure")
    assert np.isnan(found.loc["r", "value"])
    assert found["draws"].to_dict() == {"r": 0, "rmse": 20}


def test_williams_as_published():
    """DEPCOR (Silver, Hittner and May 2006), as quoted in the tests of R's cocor: t = -1.0767, p = 0.2843."""
    t, p = williams(0.3, 0.4, 0.5, 100)
    assert (round(t, 4), round(p, 4)) == (-1.0767, 0.2843)


def test_steiger_as_published():
    """Quoted in the tests of R's cocor: DEPCOR's z = -1.0718, p = 0.2838; Steiger's case A: -0.8887185."""
    z, p = steiger(0.3, 0.4, 0.5, 100)
    assert (round(z, 4), round(p, 4)) == (-1.0718, 0.2838)
    assert round(steiger(0.4, 0.5, 0.1, 103)[0], 7) == -0.8887185


def models(n=40, seed=2):
    rng = np.random.default_rng(seed)
    observed = rng.uniform(10, 90, n)
    return (observed + rng.normal(0, 6, n)), (observed + rng.normal(0, 15, n)), observed


def test_the_comparison_takes_its_figures_from_the_scores():
    first, second, observed = models()
    found = compare_models(first, second, observed, draws=2000)
    assert (found.r_first, found.rmse_first) == pytest.approx(
        (agreement(first, observed).r, agreement(first, observed).rmse), abs=1e-9
    )
    assert found.r_between == pytest.approx(np.corrcoef(first, second)[0, 1], abs=1e-12)
    assert (found.williams_t, found.williams_p) == williams(found.r_first, found.r_second, found.r_between, 40)
    assert (found.steiger_z, found.steiger_p) == steiger(found.r_first, found.r_second, found.r_between, 40)
    assert found.rmse_difference == pytest.approx(found.rmse_first - found.rmse_second)
    assert found.ci_low < found.rmse_difference < found.ci_high < 0
    assert found.rmse_p == pytest.approx(2 / 2001), "no draw has the second model ahead"


def test_the_paired_bootstrap_is_close_to_scipys():
    first, second, observed = models(seed=5)
    found = compare_models(first, second, observed)

    def difference(a, b, y):
        return np.sqrt(((a - y) ** 2).mean()) - np.sqrt(((b - y) ** 2).mean())

    theirs = stats.bootstrap(
        (first, second, observed),
        difference,
        paired=True,
        vectorized=False,
        method="percentile",
        rng=np.random.default_rng(0),
    ).confidence_interval
    assert (found.ci_low, found.ci_high) == pytest.approx((theirs.low, theirs.high), abs=0.2)


def test_whole_recordings_are_drawn_where_they_are_named():
    """Four stimuli a recording, all alike: drawing recordings must give a wider interval than drawing stimuli."""
    first, second, observed = (np.repeat(values, 4) for values in models(n=10))
    apart = compare_models(first, second, observed)
    together = compare_models(first, second, observed, recordings=np.repeat([f"r{i}" for i in range(10)], 4))
    assert together.ci_high - together.ci_low > 1.5 * (apart.ci_high - apart.ci_low)


def test_swapping_the_models_turns_everything_round():
    first, second, observed = models()
    one, other = compare_models(first, second, observed), compare_models(second, first, observed)
    assert other.williams_t == pytest.approx(-one.williams_t)
    assert other.steiger_z == pytest.approx(-one.steiger_z)
    assert other.rmse_difference == pytest.approx(-one.rmse_difference)


def test_the_order_of_stimuli_changes_nothing():
    first, second, observed = models()
    order = np.random.default_rng(0).permutation(40)
    one, other = compare_models(first, second, observed), compare_models(first[order], second[order], observed[order])
    assert (one.ci_low, one.ci_high, one.rmse_p) == pytest.approx((other.ci_low, other.ci_high, other.rmse_p))


def test_a_model_and_itself_do_not_differ():
    first, _, observed = models()
    found = compare_models(first, first, observed, draws=100)
    assert (found.rmse_difference, found.rmse_p) == (0, 1)
    assert np.isnan([found.williams_p, found.steiger_p]).all()


def test_models_that_rise_and_fall_together_have_no_difference_of_correlation():
    """Rounding alone tells the correlations of x and of 50 + 0.3 (x - 50) apart: it must not become a tiny p."""
    first, _, observed = models()
    found = compare_models(first, 50 + 0.3 * (first - 50), observed, draws=100)
    assert np.isnan([found.williams_t, found.williams_p, found.steiger_z, found.steiger_p]).all()
    assert found.rmse_first < found.rmse_second


def test_a_constant_model_has_no_correlation_to_compare():
    first, _, observed = models()
    found = compare_models(first, np.full(40, 50.0), observed, draws=100)
    assert np.isnan([found.r_first, found.williams_t, found.steiger_p]).all()
    assert found.rmse_first < found.rmse_second


def test_what_makes_no_sense_is_refused():
    table, predicted = study()
    first, second, observed = models()
    for error, text, call in (
        (ValueError, "unknown over", lambda: bootstrap_agreement(table, predicted, over="pages")),
        (ValueError, "draws", lambda: bootstrap_agreement(table, predicted, draws=0)),
        (ValueError, "confidence", lambda: compare_models(first, second, observed, confidence=1)),
        (ValueError, "resampling listeners", lambda: bootstrap_agreement(table[table["listener"] == "l1"], predicted)),
        (TableError, "lack predicted", lambda: bootstrap_agreement(table, predicted[["recording", "condition"]])),
        (TableError, "r0 c0 is predicted twice", lambda: bootstrap_agreement(table, predicted.iloc[[0, 0, 1]])),
        (TableError, "NaN", lambda: bootstrap_agreement(table, predicted.assign(predicted=np.nan))),
        (
            TableError,
            "none of the table",
            lambda: bootstrap_agreement(table, predicted.assign(condition="x" + predicted["condition"])),
        ),
        (ValueError, "four stimuli", lambda: compare_models([1, 2], [2, 3], [3, 4])),
        (ValueError, "40 recordings", lambda: compare_models(first, second, observed, recordings=["a"])),
        (ValueError, "two of them", lambda: compare_models(first, second, observed, recordings=["a"] * 40)),
        (ValueError, "no three variables", lambda: williams(0.9, -0.9, 0.9, 50)),
        (ValueError, "n of 4", lambda: steiger(0.1, 0.2, 0.3, 3)),
    ):
        with pytest.raises(error, match=text):
            call()
