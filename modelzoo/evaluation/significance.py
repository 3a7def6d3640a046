"""Mean (SD) over repetitions, and the paper's t-tests between networks (paper, sections 6 and 7)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats


@dataclass(frozen=True)
class Summary:
    """Mean and standard deviation (n - 1 in the denominator) of a figure over `n` repetitions; the SD of one is NaN."""

    mean: float
    sd: float
    n: int

    def __str__(self) -> str:
        return f"{self.mean:.3f} ({self.sd:.3f})" if self.n > 1 else f"{self.mean:.3f} (–)"


def summarise(values: Sequence[float]) -> Summary:
    """Summarise a figure's repetitions.

    Raises
    ------
    ValueError
        There are none.
    """
    if not len(values):
        raise ValueError("there is nothing to summarise")
    sd = float(np.std(values, ddof=1)) if len(values) > 1 else np.nan
    return Summary(float(np.mean(values)), sd, len(values))


def compare(first: Summary, second: Summary) -> float:
    """The p-value of Student's two-sided t-test with equal variances; NaN if a side has fewer than two repetitions."""
    if min(first.n, second.n) < 2:
        return np.nan
    test = stats.ttest_ind_from_stats(
        *(first.mean, first.sd, first.n), *(second.mean, second.sd, second.n), equal_var=True
    )
    return float(test.pvalue)


def compare_to_constant(summary: Summary, constant: float) -> float:
    """The p-value of the two-sided one-sample t-test against a published figure; NaN for fewer than two repetitions."""
    if summary.n < 2:
        return np.nan
    t = (summary.mean - constant) / (summary.sd / np.sqrt(summary.n))
    return float(2 * stats.t.sf(abs(t), summary.n - 1))
