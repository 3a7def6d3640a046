"""Mean (SD) and Student's t, against the paper's own p-values and scipy's tests of raw values."""

from itertools import product

import numpy as np
import pytest
from scipy import stats

from mushra.stats import Summary, student_t, student_t_one_sample, summarise

# Tables V and VI of the paper: mean and SD over 15 repetitions.
OBJECTIVE_R = {"conv1d": Summary(0.701, 0.075, 15), "vgg19": Summary(0.875, 0.038, 15)}
OBJECTIVE_RMSE = {
    "conv1d": Summary(18.80, 2.29, 15),
    "inception": Summary(12.97, 3.09, 15),
    "vgg19": Summary(11.75, 1.66, 15),
}
SUBJECTIVE_R = {"conv1d": Summary(0.814, 0.056, 15), "vgg19": Summary(0.893, 0.036, 15)}
SUBJECTIVE_RMSE = {"conv1d": Summary(20.69, 2.00, 15), "vgg19": Summary(16.96, 1.83, 15)}


def corners(summary):
    """The rows that would be printed as this one: mean and SD half a unit of their last figure up and down."""
    half = 0.0005 if summary.mean < 1 else 0.005
    return [Summary(summary.mean + a * half, summary.sd + b * half, summary.n) for a, b in product([-1, 1], repeat=2)]


@pytest.mark.parametrize(
    ("first", "second", "p", "digits"),
    [
        (OBJECTIVE_R["vgg19"], OBJECTIVE_R["conv1d"], 9.7e-9, 0.05e-9),
        (OBJECTIVE_RMSE["vgg19"], OBJECTIVE_RMSE["conv1d"], 2.2e-10, 0.05e-10),
        (OBJECTIVE_RMSE["inception"], OBJECTIVE_RMSE["conv1d"], 2.6e-6, 0.05e-6),
        (SUBJECTIVE_R["vgg19"], SUBJECTIVE_R["conv1d"], 9.3e-5, 0.05e-5),
        (SUBJECTIVE_RMSE["vgg19"], SUBJECTIVE_RMSE["conv1d"], 1.1e-5, 0.05e-5),
    ],
)
def test_the_papers_p_values_follow_from_its_tables(first, second, p, digits):
    """Each is within what the rounding of the two rows leaves open, and within 12 % of what the printed rows give."""
    possible = [student_t(*rows).p for rows in product(corners(first), corners(second))]
    assert min(possible) - digits <= p <= max(possible) + digits
    assert student_t(first, second).p == pytest.approx(p, rel=0.12)


def test_the_papers_difference_that_was_not_significant_is_not():
    assert student_t(OBJECTIVE_RMSE["vgg19"], OBJECTIVE_RMSE["inception"]).p > 0.05


def test_the_papers_test_against_mumtaz():
    test = student_t_one_sample(SUBJECTIVE_R["vgg19"], 0.834)
    possible = [student_t_one_sample(row, 0.834).p for row in corners(SUBJECTIVE_R["vgg19"])]
    assert test.df == 14
    assert min(possible) <= 2.09e-5 <= max(possible)
    assert test.p == pytest.approx(2.09e-5, rel=0.15)


def test_from_summaries_as_from_the_values():
    rng = np.random.default_rng(0)
    first, second = rng.normal(10, 2, 9), rng.normal(12, 2, 14)
    theirs = stats.ttest_ind(first, second)
    ours = student_t(summarise(first), summarise(second))
    assert (ours.t, ours.p, ours.df) == pytest.approx((theirs.statistic, theirs.pvalue, theirs.df), abs=1e-9)
    one = student_t_one_sample(summarise(first), 9.5)
    theirs = stats.ttest_1samp(first, 9.5)
    assert (one.t, one.p, one.df) == pytest.approx((theirs.statistic, theirs.pvalue, theirs.df), abs=1e-9)


def test_summary_by_hand():
    found = summarise([1, 2, 6])
    assert (found.mean, found.sd, found.n) == (3, pytest.approx(np.sqrt(7)), 3)
    assert str(summarise([1, 2, 6])) == "3.000 (2.646)"
    assert str(summarise([2])) == "2.000 (–)"


def test_one_repetition_has_no_test():
    one, more = summarise([0.8]), summarise([0.7, 0.9])
    assert np.isnan(student_t(one, more).p)
    assert np.isnan(student_t_one_sample(one, 0.8).t)


def test_repetitions_without_spread():
    assert student_t_one_sample(summarise([0.8, 0.8]), 0.7).p == 0
    assert np.isnan(student_t_one_sample(summarise([0.8, 0.8]), 0.8).p)


@pytest.mark.parametrize("values", [[], [np.nan, 1], [[1, 2], [3, 4]]])
def test_what_cannot_be_summarised_is_refused(values):
    with pytest.raises(ValueError, match=r"summarise|NaN"):
        summarise(values)


@pytest.mark.parametrize("wrong", [(1, 0.1, 0), (1, -0.1, 5)])
def test_a_summary_that_makes_no_sense_is_refused(wrong):
    with pytest.raises(ValueError, match=r"repetition|negative"):
        Summary(*wrong)
