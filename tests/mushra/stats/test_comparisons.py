"""Permutation, Wilcoxon and Holm, against every swap counted by hand, R's documentation and pingouin."""

from itertools import product

import numpy as np
import pandas as pd
import pingouin as pg
import pytest
from pandas.testing import assert_frame_equal

from mushra.stats import holm, permutation_test, wilcoxon_test
from mushra.table import TableError


def two_conditions(first, second):
    half = pd.DataFrame({"listener": [f"l{i:02}" for i in range(len(first))], "recording": "piano", "kind": "system"})
    return pd.concat([half.assign(condition="a", score=first), half.assign(condition="b", score=second)])


def every_swap(first, second):
    """p of the difference of medians, from all 2^n ways to swap, twice the smaller tail."""
    observed = np.median(first) - np.median(second)
    swap = np.array(list(product([False, True], repeat=len(first))))
    null = np.median(np.where(swap, second, first), axis=1) - np.median(np.where(swap, first, second), axis=1)
    tails = [(null >= observed - 1e-9).mean(), (null <= observed + 1e-9).mean()]
    return min(1, 2 * min(tails))


FIRST = np.array([30.0, 42, 55, 61, 48, 20, 35, 52, 44, 39, 28, 50])
SECOND = np.array([38.0, 40, 62, 66, 49, 33, 51, 50, 58, 47, 41, 45])


@pytest.mark.parametrize("n", [4, 7, 12])
def test_with_few_ratings_the_permutation_test_tries_every_swap(n):
    row = permutation_test(two_conditions(FIRST[:n], SECOND[:n])).iloc[0]
    assert row["p"] == pytest.approx(every_swap(FIRST[:n], SECOND[:n]), abs=1e-9)
    assert row["difference"] == np.median(FIRST[:n]) - np.median(SECOND[:n])
    assert (row["first"], row["second"], row["n"]) == ("a", "b", n)


def test_with_more_it_draws_and_comes_close_to_every_swap():
    first, second = np.append(FIRST, [44, 37, 58, 49.0]), np.append(SECOND, [50, 36, 57, 60.0])
    p = permutation_test(two_conditions(first, second), seed=1).iloc[0]["p"]
    exact = every_swap(first, second)
    assert 0.01 < exact < 0.5
    assert p == pytest.approx(exact, abs=0.02)
    assert p != exact, "10,000 draws are fewer than 65,536 swaps"


def test_the_same_seed_gives_the_same_p_whatever_the_order_and_the_names():
    rng = np.random.default_rng(0)
    table = two_conditions(rng.integers(0, 60, 30), rng.integers(10, 70, 30)).reset_index(drop=True)
    other = table.sample(frac=1, random_state=4)
    other["listener"] = other["listener"].map(
        dict(zip(sorted(set(table["listener"])), rng.permutation(30), strict=True))
    )
    assert_frame_equal(permutation_test(table, seed=5), permutation_test(other, seed=5), check_exact=True)
    assert_frame_equal(wilcoxon_test(table), wilcoxon_test(other), check_exact=True)
    assert permutation_test(table, seed=6)["p"][0] != permutation_test(table, seed=5)["p"][0]


def test_wilcoxon_is_rs():
    """R's help of wilcox.test (Hollander and Wolfe 1973, p 29 f.): V = 40, p = 0.01953 one-sided, exactly 10/512."""
    before = [1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30]
    after = [0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29]
    row = wilcoxon_test(two_conditions(before, after)).iloc[0]
    assert row["w_plus"] == 40
    assert row["p"] == pytest.approx(2 * 10 / 512, abs=1e-12)


def test_wilcoxons_effect_is_pingouins():
    row = wilcoxon_test(two_conditions(FIRST, SECOND)).iloc[0]
    theirs = pg.wilcoxon(FIRST, SECOND).iloc[0]
    assert row["effect"] == pytest.approx(theirs["RBC"], abs=1e-9)
    assert min(row["w_plus"], row["w_minus"]) == theirs["W_val"]


def test_wilcoxons_ranks_by_hand_with_ties_and_equal_scores():
    """Differences 0, 5, 5, -3, 10: ranks of 5 5 3 10 are 2.5 2.5 1 4, so W+ 9 and W- 1."""
    row = wilcoxon_test(two_conditions([50.0, 55, 65, 40, 80], [50.0, 50, 60, 43, 70])).iloc[0]
    assert (row["equal"], row["w_plus"], row["w_minus"], row["effect"]) == (1, 9, 1, 0.8)


def test_differences_that_only_rounding_tells_apart_are_ties():
    row = wilcoxon_test(two_conditions([0.3, 10.1, 5.0], [0.2, 10.0, 5.1])).iloc[0]
    assert (row["w_plus"], row["w_minus"]) == (4, 2)


def test_conditions_nobody_tells_apart():
    row = wilcoxon_test(two_conditions([50.0, 60], [50.0, 60])).iloc[0]
    assert (row["p"], row["effect"], row["equal"]) == (1, 0, 2)
    assert permutation_test(two_conditions([50.0, 60], [50.0, 60])).iloc[0]["p"] == 1


def test_a_listener_is_one_pair_or_one_a_recording():
    one = two_conditions(FIRST, SECOND)
    table = pd.concat([one, one.assign(recording="drums", score=one["score"] + 4)])
    assert wilcoxon_test(table).iloc[0]["n"] == 12
    assert wilcoxon_test(table, unit="rating").iloc[0]["n"] == 24
    by_listener = wilcoxon_test(table).iloc[0]
    assert by_listener["w_plus"] == wilcoxon_test(one).iloc[0]["w_plus"], "the same 4 points in both conditions"


def test_all_pairs_are_tested_and_holm_adjusts_them():
    three = pd.concat([two_conditions(FIRST, SECOND), two_conditions(SECOND + 9, SECOND)[:12].assign(condition="c")])
    result = permutation_test(three)
    assert result[["first", "second"]].to_numpy().tolist() == [["a", "b"], ["a", "c"], ["b", "c"]]
    assert result["p_holm"].to_numpy() == pytest.approx(pg.multicomp(result["p"].to_numpy(), method="holm")[1])
    only = permutation_test(three, conditions=["c", "a"]).iloc[0]
    assert (only["first"], only["second"], only["p"]) == ("c", "a", result["p"][1])


def test_conditions_nobody_heard_together_have_no_p_and_do_not_count_in_holm():
    table = pd.concat(
        [two_conditions(FIRST, SECOND), two_conditions([40.0], [50.0])[:1].assign(condition="z", recording="x")]
    )
    result = permutation_test(table)
    assert result["n"].to_list() == [12, 0, 0]
    assert result["p"].isna().to_list() == [False, True, True]
    assert result["p_holm"][0] == result["p"][0]
    assert wilcoxon_test(table, unit="rating")["p_holm"].isna().to_list() == [False, True, True]


def test_holm_by_hand():
    """0.01 × 3; 0.03 × 2; 0.04 × 1 raised to what came before it."""
    assert holm([0.01, 0.04, 0.03, np.nan])[:3] == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.9, 0.8]).tolist() == [1, 1]
    with pytest.raises(ValueError, match="outside 0-1"):
        holm([1.2])


def test_what_makes_no_sense_is_refused():
    table = two_conditions(FIRST, SECOND)
    with pytest.raises(TableError, match="nobody scored mp4; there are a, b"):
        permutation_test(table, conditions=["a", "mp4"])
    with pytest.raises(TableError, match="two conditions"):
        wilcoxon_test(table, conditions=["a", "a"])
    with pytest.raises(ValueError, match="unit"):
        wilcoxon_test(table, unit="page")
    with pytest.raises(ValueError, match="draws"):
        permutation_test(table, draws=0)
    with pytest.raises(TableError, match="no row has a score"):
        permutation_test(table.assign(score=np.nan))
