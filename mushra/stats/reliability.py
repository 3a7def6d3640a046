"""How far the listeners agree with one another: intraclass correlation and Kendall's W."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from mushra.stats._cells import Floats, complete


@dataclass(frozen=True)
class Concordance:
    """Kendall's W (0-1, corrected for ties), its chi-squared test, and how many listeners ranked how many stimuli."""

    w: float
    chi2: float
    df: int
    p: float
    listeners: int
    stimuli: int


def icc(table: pd.DataFrame, *, confidence: float = 0.95) -> pd.DataFrame:
    """Compute the six intraclass correlations of Shrout and Fleiss (1979) over stimuli, the listeners as raters.

    ICC(1) takes each stimulus as rated by its own random listeners; ICC(2) the same random listeners throughout, and
    counts their different use of the scale as disagreement; ICC(3) these listeners only, and doesn't. "k" is of the
    mean over all the listeners, so ICC(2,k) tells how reliable a MOS is.

    Parameters
    ----------
    table : DataFrame
        The tidy table of the listeners that were kept; every listener must have scored every stimulus. Repeats are
        averaged.
    confidence : float
        Of the interval, by McGraw and Wong (1996).

    Returns
    -------
    DataFrame
        One row each of ICC(1,1), ICC(2,1), ICC(3,1), ICC(1,k), ICC(2,k), ICC(3,k): type, icc, f, df1, df2, p,
        ci_low, ci_high. NaN where all scores are equal.

    Raises
    ------
    TableError
        A listener lacks a stimulus, or there are fewer than two of either.
    ValueError
        `confidence` is not between 0 and 1.
    """
    if not 0 < confidence < 1:
        raise ValueError(f"confidence is {confidence}: expected a number between 0 and 1, such as 0.95")
    scores = complete(table, "an intraclass correlation").to_numpy(dtype=float).T
    with np.errstate(divide="ignore", invalid="ignore"):
        return _icc(scores, (1 + confidence) / 2)


def _icc(scores: Floats, upper: float) -> pd.DataFrame:
    """`scores`: stimuli × listeners. `upper`: the quantile of the interval's upper end."""
    n, k = scores.shape
    stimuli, listeners, rest, within = _mean_squares(scores)
    df1, df_within, df_rest = n - 1, n * (k - 1), (n - 1) * (k - 1)
    one = (stimuli - within) / (stimuli + (k - 1) * within)
    two = (stimuli - rest) / (stimuli + (k - 1) * rest + k * (listeners - rest) / n)
    three = (stimuli - rest) / (stimuli + (k - 1) * rest)
    tests = [(stimuli / within, df_within), (stimuli / rest, df_rest), (stimuli / rest, df_rest)]
    ends = [
        _consistency(*tests[0], df1, k, upper),
        _agreement(scores.shape, (stimuli, listeners, rest), two, upper),
        _consistency(*tests[2], df1, k, upper),
    ]
    rows = []
    for label, raters in (("1", 1), ("k", k)):
        for number, (value, (f, df2), interval) in enumerate(zip((one, two, three), tests, ends, strict=True), 1):
            low, high = (_of_mean(end, raters) for end in interval)
            rows.append(
                {
                    **{"type": f"ICC({number},{label})", "icc": float(_of_mean(value, raters)), "f": float(f)},
                    **{"df1": df1, "df2": df2, "p": float(stats.f.sf(f, df1, df2))},
                    **{"ci_low": float(low), "ci_high": float(high)},
                }
            )
    return pd.DataFrame(rows)


def _mean_squares(scores: Floats) -> tuple[np.float64, np.float64, np.float64, np.float64]:
    """Between stimuli, between listeners, of what neither explains, and within stimuli."""
    n, k = scores.shape
    grand = scores.mean()
    by_stimulus = k * ((scores.mean(axis=1) - grand) ** 2).sum()
    by_listener = n * ((scores.mean(axis=0) - grand) ** 2).sum()
    within = ((scores - scores.mean(axis=1, keepdims=True)) ** 2).sum()
    rest = max(within - by_listener, np.float64(0))
    return by_stimulus / (n - 1), by_listener / (k - 1), rest / ((n - 1) * (k - 1)), within / (n * (k - 1))


def _of_mean(single: np.float64, raters: int) -> np.float64:
    """Spearman and Brown: from the correlation of one rater to that of the mean of `raters`."""
    return raters * single / (1 + (raters - 1) * single)


def _consistency(f: np.float64, df2: int, df1: int, k: int, upper: float) -> tuple[np.float64, np.float64]:
    low, high = f / stats.f.ppf(upper, df1, df2), f * stats.f.ppf(upper, df2, df1)
    return (low - 1) / (low + k - 1), (high - 1) / (high + k - 1)


def _agreement(
    shape: tuple[int, ...], squares: tuple[np.float64, np.float64, np.float64], two: np.float64, upper: float
) -> tuple[np.float64, np.float64]:
    """The interval of ICC(2,1), with Satterthwaite's degrees of freedom."""
    n, k = shape
    stimuli, listeners, rest = squares
    a, b = k * two * listeners / rest, n * (1 + (k - 1) * two) - k * two
    df = (n - 1) * (k - 1) * (a + b) ** 2 / ((n - 1) * a**2 + b**2)
    f_low, f_high = stats.f.ppf(upper, n - 1, df), stats.f.ppf(upper, df, n - 1)
    noise = k * listeners + (k * n - k - n) * rest
    low = n * (stimuli - f_low * rest) / (f_low * noise + n * stimuli)
    high = n * (f_high * stimuli - rest) / (noise + n * f_high * stimuli)
    return low, high


def kendall_w(table: pd.DataFrame) -> Concordance:
    """Compute Kendall's coefficient of concordance (Kendall and Babington Smith, 1939), 0 to 1.

    How alike the listeners rank the stimuli.

    Parameters
    ----------
    table : DataFrame
        The tidy table of the listeners that were kept; every listener must have scored every stimulus. Repeats are
        averaged.

    Returns
    -------
    Concordance
        Corrected for ties; W and p are NaN where every listener gave everything one score. The chi-squared test is
        Friedman's, an approximation that asks for more than about seven stimuli.

    Raises
    ------
    TableError
        A listener lacks a stimulus, or there are fewer than two of either.
    """
    scores = complete(table, "Kendall's W").to_numpy(dtype=float)
    listeners, stimuli = scores.shape
    ranks = stats.rankdata(scores, axis=1)
    spread = float(((ranks.sum(axis=0) - listeners * (stimuli + 1) / 2) ** 2).sum())
    ties = sum(float((counts**3 - counts).sum()) for counts in (np.unique(r, return_counts=True)[1] for r in ranks))
    most = (listeners**2 * (stimuli**3 - stimuli) - listeners * ties) / 12
    w = spread / most if most else np.nan
    chi2 = listeners * (stimuli - 1) * w
    return Concordance(w, chi2, stimuli - 1, float(stats.chi2.sf(chi2, stimuli - 1)), listeners, stimuli)
