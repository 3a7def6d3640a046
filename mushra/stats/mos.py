"""Mean opinion scores (paper, section 7; BS.1534-3 pp 6, 14, 15, 19)."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from mushra.stats._cells import Floats, Groups, Ints, groups, means

PER_STIMULUS = ("recording", "condition", "kind")
WHISKER = 1.5  # BS.1534-3 p 6: beyond 1.5 interquartile ranges from the box
BIMODAL = 5 / 9  # BS.1534-3 p 14: above this, what a uniform distribution has, the scores may have two peaks
_CHUNK = 4_000_000  # resampled values held at once: 32 MB


def quartiles(scores: Sequence[float]) -> tuple[float, float, float]:
    """First quartile, median and third quartile as BS.1534-3 p 6 has them: for odd n both halves hold the median.

    Raises
    ------
    ValueError
        There are no scores.
    """
    ordered = np.sort(np.asarray(scores, dtype=float))
    if not len(ordered):
        raise ValueError("no scores have no quartiles")
    q1, median, q3 = _quartiles(ordered, np.zeros(1, dtype=np.intp), np.array([len(ordered)], dtype=np.intp))
    return float(q1[0]), float(median[0]), float(q3[0])


def mos(
    table: pd.DataFrame,
    *,
    by: Sequence[str] = PER_STIMULUS,
    confidence: float = 0.95,
    interval: Literal["t", "bca"] = "t",
    resamples: int = 9999,
    seed: int = 0,
) -> pd.DataFrame:
    """Summarise scores per stimulus, or per whatever `by` names.

    A listener's repeated presentations of a stimulus are averaged first, so that everybody counts once.

    Parameters
    ----------
    table : DataFrame
        The tidy table of the listeners that were kept; rows without a score don't count.
    by : sequence of str
        Columns that make a group.
    confidence : float
        Of the interval of the mean.
    interval : {"t", "bca"}
        Student's t over listeners, or the bias-corrected and accelerated bootstrap, which BS.1534-3 asks for where
        scores are far from normal.
    resamples, seed : int
        Of the bootstrap. The same seed gives the same interval whatever the order of the rows or the listeners' names.

    Returns
    -------
    DataFrame
        One row a group: `by`, n, mos, sd, ci_low, ci_high, median, q1, q3, iqr; scores on 0-100. The interval is NaN
        for n = 1; by t it is symmetric, so that it may reach beyond the scale, which the bootstrap's can't. Then
        outliers, how many scores lie beyond 1.5 interquartile ranges from the box (p 6), and bimodality, the
        coefficient b of p 14: above 5/9 (`BIMODAL`) the scores may have two peaks; NaN for fewer than four scores and
        for equal ones.

    Raises
    ------
    TableError
        The table is not the tidy one, or a column of `by` is missing or has gaps.
    ValueError
        `confidence`, `interval` or `resamples` make no sense.
    """
    if not 0 < confidence < 1:
        raise ValueError(f"confidence is {confidence}: expected a number between 0 and 1, such as 0.95")
    if interval not in ("t", "bca"):
        raise ValueError(f"unknown interval {interval!r}: expected 't' or 'bca'")
    if resamples < 1:
        raise ValueError(f"resamples is {resamples}: expected at least 1")
    found = groups(table, by)
    result = found.keys.assign(n=found.counts.astype(np.int64), mos=means(found))
    deviation = found.scores - found.spread(result["mos"].to_numpy())
    with np.errstate(invalid="ignore", divide="ignore"):
        result["sd"] = np.sqrt(found.total(deviation**2) / np.where(found.counts > 1, found.counts - 1, np.nan))
    ends = _t(result, confidence) if interval == "t" else _bca(found, confidence, resamples, seed)
    result["ci_low"], result["ci_high"] = ends
    q1, median, q3 = _quartiles(found.scores, found.starts, found.counts)
    result["median"], result["q1"], result["q3"], result["iqr"] = median, q1, q3, q3 - q1
    result["outliers"] = found.total(_beyond(found, q1, q3, WHISKER)[0].astype(float)).astype(np.int64)
    result["bimodality"] = _bimodality(found, deviation)
    return result


def outliers(table: pd.DataFrame, *, by: Sequence[str] = PER_STIMULUS, whisker: float = WHISKER) -> pd.DataFrame:
    """List the scores beyond `whisker` interquartile ranges from the box, as BS.1534-3 p 6 flags them.

    A flag is a reason to look, not to remove: the Recommendation removes only proven errors.

    Returns
    -------
    DataFrame
        One row an outlier: `by`, listener, score (a listener's repeats averaged), low, high (the limits it is
        beyond), by group and then by score.

    Raises
    ------
    TableError
        The table is not the tidy one, or a column of `by` is missing or has gaps.
    ValueError
        `whisker` is negative or not a number.
    """
    if not whisker >= 0:
        raise ValueError(f"whisker is {whisker}: expected 0 or more, 1.5 in the Recommendation")
    found = groups(table, by)
    q1, _, q3 = _quartiles(found.scores, found.starts, found.counts)
    flagged, low, high = _beyond(found, q1, q3, whisker)
    group = np.repeat(np.arange(len(found.starts)), found.counts)[flagged]
    result: pd.DataFrame = found.keys.iloc[group].reset_index(drop=True)
    return result.assign(
        listener=found.listeners[flagged], score=found.scores[flagged], low=low[flagged], high=high[flagged]
    )


def _beyond(found: Groups, q1: Floats, q3: Floats, whisker: float) -> tuple[npt.NDArray[np.bool_], Floats, Floats]:
    low = found.spread(q1 - whisker * (q3 - q1))
    high = found.spread(q3 + whisker * (q3 - q1))
    return (found.scores < low) | (found.scores > high), low, high


def _quartiles(ascending: Floats, starts: Ints, counts: Ints) -> tuple[Floats, Floats, Floats]:
    half = (counts + 1) // 2

    def middle(begin: Ints, length: Ints) -> Floats:
        lower, upper = ascending[begin + (length - 1) // 2], ascending[begin + length // 2]
        return np.asarray(lower + (upper - lower) / 2)

    return middle(starts, half), middle(starts, counts), middle(starts + counts - half, half)


def _t(result: pd.DataFrame, confidence: float) -> tuple[Floats, Floats]:
    n, centre = result["n"].to_numpy(), result["mos"].to_numpy()
    with np.errstate(invalid="ignore"):
        half = stats.t.ppf((1 + confidence) / 2, n - 1) * result["sd"].to_numpy() / np.sqrt(n)
    return centre - half, centre + half


def _bca(found: Groups, confidence: float, resamples: int, seed: int) -> tuple[Floats, Floats]:
    low, high = np.full((2, len(found.starts)), np.nan)
    for group, (start, count) in enumerate(zip(found.starts, found.counts, strict=True)):
        scores = found.scores[start : start + count]
        if count < 2:
            continue
        if scores[0] == scores[-1]:  # nothing to resample: every mean is the same
            low[group] = high[group] = scores[0]
            continue
        ends = stats.bootstrap(
            (scores,),
            np.mean,
            n_resamples=resamples,
            batch=max(1, _CHUNK // int(count)),
            vectorized=True,
            confidence_level=confidence,
            method="BCa",
            rng=np.random.default_rng(seed),
        ).confidence_interval
        low[group], high[group] = ends.low, ends.high
    return low, high


def _bimodality(found: Groups, deviation: Floats) -> Floats:
    """b = (skewness² + 1) / (excess kurtosis + 3 (n - 1)² / ((n - 2)(n - 3))), both moments corrected for bias."""
    n = found.counts.astype(float)
    n[n < 4] = np.nan
    m2, m3, m4 = (found.total(deviation**power) / n for power in (2, 3, 4))
    with np.errstate(invalid="ignore", divide="ignore"):
        skewness = np.sqrt(n * (n - 1)) / (n - 2) * m3 / m2**1.5
        excess = (n - 1) / ((n - 2) * (n - 3)) * ((n + 1) * (m4 / m2**2 - 3) + 6)
        return np.asarray((skewness**2 + 1) / (excess + 3 * (n - 1) ** 2 / ((n - 2) * (n - 3))))
