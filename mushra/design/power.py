"""How many listeners a study needs: to find a difference, or to know a mean so well."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from mushra.table import REFERENCE, checked

MOST_LISTENERS = 1_000_000


@dataclass(frozen=True)
class ObservedSpread:
    """Standard deviations in a table, points of the scale, the hidden reference left out.

    Attributes
    ----------
    listeners
        Between listeners' scores of the same stimulus, pooled over stimuli: for the interval of one stimulus's mean.
    differences
        Between listeners' differences of two conditions, each averaged over the recordings both were rated on, pooled
        over all pairs of conditions: for a paired comparison.
    """

    listeners: float
    differences: float


def power(listeners: int, difference: float, sd: float, *, alpha: float = 0.05) -> float:
    """The chance that a two-sided paired t-test over `listeners` listeners finds a difference (Cohen 1988).

    Parameters
    ----------
    listeners : int
        2 at least.
    difference : float
        Of the two conditions' means, points.
    sd : float
        Standard deviation of the listeners' own differences, points.
    alpha : float
        Significance level.

    Raises
    ------
    ValueError
        A number is out of range.
    """
    _positive(difference=difference, sd=sd)
    _share(alpha=alpha)
    if listeners < 2:
        raise ValueError(f"{listeners} listeners: a t-test needs 2 at least")
    return _power(listeners, difference / sd, alpha)


def listeners_for_difference(difference: float, sd: float, *, power: float = 0.8, alpha: float = 0.05) -> int:
    """The fewest listeners with whom a two-sided paired t-test finds a difference of means with the chance `power`.

    BS.1534-3 p 6 has 20 as often enough.

    Parameters
    ----------
    difference, sd, alpha : float
        As in `power`. From the spread `s` of scores and the correlation `r` between a listener's scores of the two
        conditions, `sd` is `s * sqrt(2 * (1 - r))`.
    power : float
        0-1.

    Raises
    ------
    ValueError
        A number is out of range, or more than a million listeners would be needed.
    """
    _positive(difference=difference, sd=sd)
    _share(power=power, alpha=alpha)
    effect = difference / sd
    return _fewest(lambda count: _power(count, effect, alpha) >= power, f"a difference of {difference:g} points")


def listeners_for_interval(half_width: float, sd: float, *, confidence: float = 0.95) -> int:
    """The fewest listeners with whom the interval of a stimulus's mean is expected to be mean ± `half_width` or less.

    The interval is that of BS.1534-3 p 15, by Student's t.

    Parameters
    ----------
    half_width : float
        Points.
    sd : float
        Standard deviation of the listeners' scores, points.
    confidence : float
        0-1, by Student's t.

    Raises
    ------
    ValueError
        A number is out of range, or more than a million listeners would be needed.
    """
    _positive(half_width=half_width, sd=sd)
    _share(confidence=confidence)
    quantile = (1 + confidence) / 2
    return _fewest(
        lambda count: float(stats.t.ppf(quantile, count - 1)) * sd / np.sqrt(count) <= half_width,
        f"an interval of ± {half_width:g} points",
    )


def observed_spread(table: pd.DataFrame) -> ObservedSpread:
    """Standard deviations to plan with, pooled over a table of earlier results (ours).

    A listener's repeated presentations of a stimulus are averaged first.

    Parameters
    ----------
    table : DataFrame
        The tidy table of the listeners that were kept.

    Raises
    ------
    ValueError
        No stimulus was rated by two listeners, or no two conditions by the same two listeners.
    mushra.table.TableError
        The table can't be used.
    """
    scored = checked(table).dropna(subset=["score"])
    scored = scored[scored["kind"] != REFERENCE]
    once = scored.groupby(["recording", "condition", "kind", "listener"])["score"].mean().reset_index()
    groups = once.groupby(["recording", "condition"])["score"]
    free = groups.size() - 1
    if free.sum() < 1:
        raise ValueError("no stimulus was rated by two listeners: there is no spread to plan with")
    listeners = float(np.sqrt((groups.var(ddof=1).fillna(0) * free).sum() / free.sum()))
    return ObservedSpread(listeners, _spread_of_differences(once))


def _spread_of_differences(once: pd.DataFrame) -> float:
    scores = once.pivot(index=["listener", "recording"], columns="condition", values="score")
    total, free = 0.0, 0
    for at, first in enumerate(scores.columns):
        for second in scores.columns[at + 1 :]:
            differences = (scores[first] - scores[second]).groupby("listener").mean().dropna()
            if len(differences) > 1:
                total += float(differences.var(ddof=1)) * (len(differences) - 1)
                free += len(differences) - 1
    if not free:
        raise ValueError(
            "no two conditions were rated by the same two listeners: there are no differences to plan with"
        )
    return float(np.sqrt(total / free))


def _power(listeners: int, effect: float, alpha: float) -> float:
    # A two-sided t-test is an F-test of t². SciPy's noncentral t (and statsmodels with it) gives NaN for large effects,
    # its noncentral F doesn't.
    critical = float(stats.t.ppf(1 - alpha / 2, listeners - 1))
    return float(stats.ncf.sf(critical**2, 1, listeners - 1, listeners * effect**2))


def _fewest(enough: Callable[[int], bool], what: str) -> int:
    """The smallest number from 2 that is enough, where more are never less: doubled until enough, then halved in."""
    high = 2
    while not enough(high):
        high *= 2
        if high > MOST_LISTENERS:
            raise ValueError(f"{what} would need more than {MOST_LISTENERS:,} listeners")
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def _positive(**values: float) -> None:
    for name, value in values.items():
        if not (np.isfinite(value) and value > 0):
            raise ValueError(f"{name} is {value:g}: expected points of the scale, more than 0")


def _share(**values: float) -> None:
    for name, value in values.items():
        if not 0 < value < 1:
            raise ValueError(f"{name} is {value:g}: expected more than 0 and less than 1")
