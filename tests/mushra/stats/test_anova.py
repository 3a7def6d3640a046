"""Repeated-measures ANOVA against statsmodels (F), pingouin (epsilon, T²) and a table worked by hand."""

import numpy as np
import pandas as pd
import pingouin as pg
import pytest
from pandas.testing import assert_frame_equal
from scipy import stats
from statsmodels.stats.anova import AnovaRM

from mushra.stats import incomplete_listeners, rm_anova
from mushra.table import TableError


def made_up(listeners, recordings, conditions, seed):
    """Correlated, unequal spreads, so that the epsilons are well below 1."""
    rng = np.random.default_rng(seed)
    who, what, how = np.indices((listeners, recordings, conditions)).reshape(3, -1)
    score = 50 + 6 * how + rng.normal(0, 6, listeners)[who] * how + rng.normal(0, 4, len(who)) * (1 + what)
    return pd.DataFrame(
        {
            "listener": [f"l{i:02}" for i in who],
            "recording": [f"r{i}" for i in what],
            "condition": [f"c{i}" for i in how],
            "kind": "system",
            "score": np.clip(score, 0, 100),
        }
    )


def by_hand(scores):
    """One recording; listeners in rows, conditions in columns."""
    scores = np.asarray(scores, dtype=float)
    index = np.indices(scores.shape).reshape(2, -1)
    return pd.DataFrame(
        {
            "listener": [f"l{i}" for i in index[0]],
            "recording": "piano",
            "condition": [f"c{i}" for i in index[1]],
            "kind": "system",
            "score": scores.ravel(),
        }
    )


def test_a_table_worked_by_hand():
    """Condition means 20, 30, 40: 4 · (10² + 10²) = 800 on 2 degrees; what neither factor explains is on 6."""
    scores = np.array([[17, 26, 41], [19, 32, 36], [24, 29, 43], [20, 33, 40.0]])
    total = ((scores - scores.mean()) ** 2).sum()
    condition = 4 * ((scores.mean(axis=0) - scores.mean()) ** 2).sum()
    listener = 3 * ((scores.mean(axis=1) - scores.mean()) ** 2).sum()
    row = rm_anova(by_hand(scores)).iloc[0]
    f = (condition / 2) / ((total - condition - listener) / 6)
    assert condition == pytest.approx(800)
    assert (row["df1"], row["df2"], row["f"]) == (2, 6, pytest.approx(f, abs=1e-9))
    assert row["p"] == pytest.approx(stats.f.sf(f, 2, 6), abs=1e-12)
    assert row["partial_eta2"] == pytest.approx(condition / (total - listener), abs=1e-12)


def test_two_conditions_are_the_paired_t_test():
    scores = np.array([[17, 26], [19, 32], [24, 29], [20, 33.0], [50, 48]])
    row = rm_anova(by_hand(scores)).iloc[0]
    t = stats.ttest_rel(scores[:, 0], scores[:, 1])
    assert row["f"] == pytest.approx(t.statistic**2, abs=1e-9)
    assert [row[p] for p in ("p", "p_gg", "p_hf", "p_multivariate")] == pytest.approx([t.pvalue] * 4, abs=1e-12)
    assert (row["epsilon_gg"], row["epsilon_hf"]) == (1, 1)


@pytest.mark.parametrize(("listeners", "recordings", "conditions"), [(12, 3, 4), (20, 4, 3), (7, 2, 2), (40, 2, 5)])
def test_f_is_statsmodels(listeners, recordings, conditions):
    table = made_up(listeners, recordings, conditions, seed=listeners)
    ours = rm_anova(table, within=("condition", "recording"))
    theirs = AnovaRM(table, "score", "listener", ["condition", "recording"]).fit().anova_table
    for mine, other in (("f", "F Value"), ("df1", "Num DF"), ("df2", "Den DF"), ("p", "Pr > F")):
        assert ours[mine].to_numpy(dtype=float) == pytest.approx(theirs[other].to_numpy(), rel=1e-6, abs=1e-12)
    one = rm_anova(table).iloc[0]
    alone = AnovaRM(table, "score", "listener", ["condition"], aggregate_func="mean").fit().anova_table
    assert (one["f"], one["p"]) == pytest.approx((alone["F Value"].iloc[0], alone["Pr > F"].iloc[0]), rel=1e-6)


@pytest.mark.parametrize(("listeners", "recordings", "conditions"), [(12, 3, 4), (20, 4, 3), (40, 2, 5)])
def test_epsilons_and_corrected_p_are_pingouins(listeners, recordings, conditions):
    table = made_up(listeners, recordings, conditions, seed=listeners)
    ours = rm_anova(table, within=("condition", "recording"))
    for row, within in zip(ours.itertuples(), ("condition", "recording", ["condition", "recording"]), strict=True):
        for name, mine in (("gg", row.epsilon_gg), ("hf", row.epsilon_hf)):
            theirs = pg.epsilon(table, dv="score", within=within, subject="listener", correction=name)
            assert mine == pytest.approx(theirs, abs=1e-6), (row.effect, name)
    theirs = pg.rm_anova(table, dv="score", within=["condition", "recording"], subject="listener", correction=True)
    assert ours["p_gg"].to_numpy() == pytest.approx(theirs["p_GG_corr"].to_numpy(), abs=1e-6)
    assert ours["epsilon_gg"].min() < 0.8, "the table must be one that needs correction"
    assert ours["p_hf"].iloc[2] == pytest.approx(
        stats.f.sf(ours["f"].iloc[2], *(ours["epsilon_hf"].iloc[2] * ours[["df1", "df2"]].iloc[2])), abs=1e-12
    )


def test_the_multivariate_test_is_pingouins():
    table = made_up(15, 2, 4, seed=2)
    wide = table.pivot_table(index="listener", columns="condition", values="score").to_numpy()
    theirs = pg.multivariate_ttest(np.diff(wide, axis=1), np.zeros(3)).iloc[0]
    row = rm_anova(table).iloc[0]
    assert (row["f_multivariate"], row["df2_multivariate"]) == (pytest.approx(theirs["F"], abs=1e-6), theirs["df2"])
    assert row["p_multivariate"] == pytest.approx(theirs["pval"], abs=1e-9)


def spherical(listeners):
    """Independent equal spreads: epsilon near 1."""
    return by_hand(np.random.default_rng(0).normal(50, 5, (listeners, 3)) + np.array([0, 5, 10]))


@pytest.mark.parametrize(
    ("table", "correction", "column"),
    [
        (spherical(20), "Huynh-Feldt", "p_hf"),
        (spherical(32), "Huynh-Feldt", "p_hf"),
        (spherical(33), "multivariate", "p_multivariate"),
        (made_up(15, 1, 4, 3), "multivariate", "p_multivariate"),
        (made_up(4, 1, 6, 3), "Greenhouse-Geisser", "p_gg"),
    ],
)
def test_the_correction_that_the_recommendation_picks(table, correction, column):
    row = rm_anova(table).iloc[0]
    assert row["correction"] == correction
    assert row["p_corrected"] == row[column]


def test_order_and_names_change_nothing():
    table = made_up(9, 2, 3, seed=1)
    other = table.sample(frac=1, random_state=2)
    other["listener"] = other["listener"].map(lambda name: f"x{9 - int(name[1:])}")
    both = (rm_anova(one, within=("condition", "recording")) for one in (table, other))
    assert_frame_equal(*both, rtol=1e-9)


def test_a_listener_with_a_gap_is_named_and_can_be_left_out():
    table = made_up(5, 2, 3, seed=1).drop(index=7)
    with pytest.raises(TableError, match="1 of 5 did not, first l01 for r0 c1"):
        rm_anova(table)
    assert incomplete_listeners(table) == ["l01"]
    assert rm_anova(table[~table["listener"].isin(incomplete_listeners(table))])["df2"][0] == 6


def test_conditions_must_be_crossed_with_recordings():
    table = made_up(5, 2, 3, seed=1)
    with pytest.raises(TableError, match="r1 has no c2"):
        rm_anova(table[~((table["recording"] == "r1") & (table["condition"] == "c2"))])


def test_too_little_is_refused():
    with pytest.raises(ValueError, match="three listeners"):
        rm_anova(made_up(2, 2, 3, seed=1))
    with pytest.raises(ValueError, match="levels of condition"):
        rm_anova(made_up(4, 2, 1, seed=1))
    with pytest.raises(ValueError, match="levels of recording"):
        rm_anova(made_up(4, 1, 3, seed=1), within=("condition", "recording"))
    with pytest.raises(ValueError, match="within"):
        rm_anova(made_up(4, 2, 3, seed=1), within=("recording",))
    with pytest.raises(TableError, match="two listeners"):
        rm_anova(made_up(1, 2, 3, seed=1))


def test_scores_that_do_not_differ_have_no_f():
    row = rm_anova(made_up(22, 13, 8, seed=1).assign(score=1 / 3)).iloc[0]
    assert np.isnan([row["f"], row["p"], row["epsilon_gg"], row["p_corrected"]]).all()


def test_listeners_who_all_show_the_same_differences():
    row = rm_anova(by_hand([[10, 20, 40], [20, 30, 50], [50, 60, 80]])).iloc[0]
    assert (row["f"], row["p"]) == (np.inf, 0)
    assert np.isnan([row["epsilon_gg"], row["p_gg"], row["p_multivariate"]]).all()
