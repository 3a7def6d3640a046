"""The paper's p-values, recomputed from its own tables (sections 6 and 7)."""

from itertools import product

import numpy as np
import pytest

from modelzoo.evaluation import Summary, compare, compare_to_constant, summarise

N = 15
TABLE_V = {
    "r": {"conv1d": Summary(0.701, 0.075, N), "inception": Summary(0.847, 0.076, N), "vgg19": Summary(0.875, 0.038, N)},
    "rmse": {"conv1d": Summary(18.80, 2.29, N), "inception": Summary(12.97, 3.09, N), "vgg19": Summary(11.75, 1.66, N)},
}
TABLE_VI = {
    "r": {"conv1d": Summary(0.814, 0.056, N), "vgg19": Summary(0.893, 0.036, N)},
    "rmse": {"conv1d": Summary(20.69, 2.00, N), "vgg19": Summary(16.96, 1.83, N)},
}


ROUNDING = {"r": 0.0005, "rmse": 0.005}


def within_rounding(test, figure, *rows):
    """The least and greatest p that means and SDs can give which round to the printed ones."""
    signs = list(product((-1, 1), repeat=2))
    step = ROUNDING[figure]
    values = [
        test(*(Summary(row.mean + a * step, row.sd + b * step, row.n) for row, (a, b) in zip(rows, each, strict=True)))
        for each in product(signs, repeat=len(rows))
    ]
    return min(values), max(values)


@pytest.mark.parametrize(
    ("table", "figure", "first", "second", "p"),
    [
        (TABLE_V, "r", "vgg19", "conv1d", 9.7e-9),
        (TABLE_V, "rmse", "vgg19", "conv1d", 2.2e-10),
        (TABLE_V, "rmse", "inception", "conv1d", 2.6e-6),
        (TABLE_VI, "r", "vgg19", "conv1d", 9.3e-5),
        (TABLE_VI, "rmse", "vgg19", "conv1d", 1.1e-5),
    ],
)
def test_the_papers_p_values_come_out(table, figure, first, second, p):
    least, greatest = within_rounding(compare, figure, table[figure][first], table[figure][second])
    assert least <= p <= greatest


def test_vgg19_and_inception_do_not_differ():
    for figure in TABLE_V.values():
        assert compare(figure["vgg19"], figure["inception"]) > 0.05


def test_vgg19_against_the_published_figure():
    least, greatest = within_rounding(lambda row: compare_to_constant(row, 0.834), "r", TABLE_VI["r"]["vgg19"])
    assert least <= 2.09e-5 <= greatest


def test_summaries_use_the_sample_sd_and_one_run_has_none():
    assert summarise([1, 2, 3, 6]) == Summary(3.0, pytest.approx(np.sqrt(14 / 3)), 4)
    one = summarise([2.0])
    assert np.isnan(one.sd) and str(one) == "2.000 (–)"
    assert np.isnan(compare(one, one)) and np.isnan(compare_to_constant(one, 1.0))
    with pytest.raises(ValueError, match="nothing"):
        summarise([])
