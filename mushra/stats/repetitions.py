"""Repeated experiments: mean (SD), and Student's t from such rows (paper, sections 6 and 7)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats


@dataclass(frozen=True)
class Summary:
    """Mean and standard deviation (n - 1 in the denominator) of a figure over `n` repetitions; the SD of one is NaN.

    Raises
    ------
    ValueError
        There is no repetition, or the SD is negative.
    """

    mean: float
    sd: float
    n: int

    def __post_init__(self) -> None:
        if self.n < 1:
            raise ValueError(f"a summary needs at least one repetition, not {self.n}")
        if self.sd < 0:
            raise ValueError(f"a standard deviation can't be negative: {self.sd}")

    def __str__(self) -> str:
        return f"{self.mean:.3f} ({self.sd:.3f})" if self.n > 1 else f"{self.mean:.3f} (–)"


@dataclass(frozen=True)
class TTest:
    """Student's t, its degrees of freedom and the two-sided p."""

    t: float
    df: int
    p: float


def summarise(values: Sequence[float]) -> Summary:
    """Summarise a figure's repetitions as the tables of the paper do (section 5).

    Raises
    ------
    ValueError
        There are none, or one is not finite.
    """
    figures = np.asarray(values, dtype=float)
    if figures.ndim != 1 or not len(figures):
        raise ValueError("there is nothing to summarise")
    if not np.isfinite(figures).all():
        raise ValueError("a repetition's figure is NaN or infinite")
    return Summary(float(figures.mean()), float(figures.std(ddof=1)) if len(figures) > 1 else np.nan, len(figures))


def student_t(first: Summary, second: Summary) -> TTest:
    """Student's two-sided t-test with equal variances (paper, sections 6 and 7), from the summaries alone.

    NaN with one repetition on a side.
    """
    df = first.n + second.n - 2
    if min(first.n, second.n) < 2:
        return TTest(np.nan, df, np.nan)
    test = stats.ttest_ind_from_stats(
        *(first.mean, first.sd, first.n), *(second.mean, second.sd, second.n), equal_var=True
    )
    return TTest(float(test.statistic), df, float(test.pvalue))


def student_t_one_sample(summary: Summary, constant: float) -> TTest:
    """Student's two-sided t-test against a published figure (paper, section 7); NaN for one repetition."""
    df = summary.n - 1
    if summary.n < 2:
        return TTest(np.nan, df, np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        t = float(np.float64(summary.mean - constant) / (summary.sd / np.sqrt(summary.n)))
    return TTest(t, df, float(2 * stats.t.sf(abs(t), df)))
