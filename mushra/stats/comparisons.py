"""Pairs of conditions compared without asking for normal scores (BS.1534-3 pp 20, 24)."""

from collections.abc import Sequence
from itertools import combinations
from typing import Literal

import numpy as np
import pandas as pd
from scipy import stats

from mushra.stats._cells import Floats, by_listener
from mushra.table import TableError

Unit = Literal["rating", "listener"]
DRAWS = 10_000  # BS.1534-3 p 24
_CHUNK = 4_000_000  # shuffled values held at once: 32 MB
_DECIMALS = 9  # differences that only rounding tells apart are ties


def permutation_test(
    table: pd.DataFrame,
    *,
    conditions: Sequence[str] | None = None,
    unit: Unit = "rating",
    draws: int = DRAWS,
    seed: int = 0,
) -> pd.DataFrame:
    """Test the difference of two conditions' medians, for every pair of conditions (BS.1534-3 p 24).

    Under the null hypothesis a listener could have given a recording's two scores the other way round, so each draw
    swaps them at random within listener and recording. With few ratings every swap is tried instead, which is exact.

    Parameters
    ----------
    table : DataFrame
        The tidy table of the listeners that were kept. A listener's repeats are averaged.
    conditions : sequence of str, optional
        Which to compare; all by default, the hidden reference and the anchors among them.
    unit : {"rating", "listener"}
        What makes a pair: a listener's scores of a recording, or a listener's means over the recordings rated in both
        conditions.
    draws, seed : int
        The result depends on the seed and on the scores, not on the order of rows, listeners' names, or other pairs.

    Returns
    -------
    DataFrame
        One row a pair: first, second, n (pairs of scores), median_first, median_second, difference (points), p
        (two-sided, twice the smaller tail), p_holm. p is NaN where nobody rated both.

    Raises
    ------
    TableError
        The table is not the tidy one, a condition isn't in it, or there are fewer than two.
    ValueError
        `draws` or `unit` makes no sense.
    """
    if draws < 1:
        raise ValueError(f"draws is {draws}: expected at least 1, 10,000 in the Recommendation")
    rows = []
    for first, second, pairs in _pairs(table, conditions, unit):
        row = {"first": first, "second": second, "n": len(pairs)}
        if len(pairs):
            test = stats.permutation_test(
                (pairs[:, 0], pairs[:, 1]),
                _difference_of_medians,
                permutation_type="samples",
                vectorized=True,
                n_resamples=draws,
                batch=max(1, _CHUNK // len(pairs)),
                rng=np.random.default_rng(seed),
            )
            medians = np.median(pairs, axis=0)
            row |= {"median_first": medians[0], "median_second": medians[1], "p": float(test.pvalue)}
        rows.append(row)
    result = pd.DataFrame(rows, columns=["first", "second", "n", "median_first", "median_second", "p"])
    result.insert(5, "difference", result["median_first"] - result["median_second"])
    return result.assign(p_holm=holm(result["p"].to_numpy()))


def wilcoxon_test(
    table: pd.DataFrame, *, conditions: Sequence[str] | None = None, unit: Unit = "listener"
) -> pd.DataFrame:
    """Wilcoxon's (1945) signed-rank test for every pair of conditions, p adjusted by Holm's method.

    The test takes the pairs as independent. Ratings of one listener are not, hence the default unit: one pair a
    listener. Equal scores are left out, as Wilcoxon did; p is exact up to 50 pairs without ties.

    Parameters
    ----------
    table, conditions, unit
        As `permutation_test`.

    Returns
    -------
    DataFrame
        One row a pair: first, second, n, equal (pairs left out), w_plus and w_minus (sums of the ranks where the
        first or the second scored higher), effect (matched-pairs rank-biserial correlation, -1 to 1, above 0 where
        the first scored higher), p (two-sided), p_holm. p is NaN where nobody rated both, and 1 where all are equal.

    Raises
    ------
    TableError, ValueError
        As `permutation_test`.
    """
    rows = []
    for first, second, pairs in _pairs(table, conditions, unit):
        difference = np.round(pairs[:, 0] - pairs[:, 1], _DECIMALS)
        unequal = difference[difference != 0]
        ranks = stats.rankdata(np.abs(unequal))
        plus, total = float(ranks[unequal > 0].sum()), float(ranks.sum())
        p = float(stats.wilcoxon(unequal).pvalue) if len(unequal) else 1.0
        rows.append(
            {
                **{"first": first, "second": second, "n": len(pairs), "equal": len(pairs) - len(unequal)},
                **{"w_plus": plus, "w_minus": total - plus, "effect": (2 * plus - total) / total if total else 0.0},
                "p": p if len(pairs) else np.nan,
            }
        )
    result = pd.DataFrame(rows)
    return result.assign(p_holm=holm(result["p"].to_numpy()))


def holm(p: Sequence[float] | Floats) -> Floats:
    """Adjust p-values for their number by Holm's (1979) step-down method; NaN stays NaN and doesn't count.

    Raises
    ------
    ValueError
        A p-value is outside 0-1.
    """
    # Imported here: statsmodels takes a second to load, and the web process never adjusts a p-value.
    from statsmodels.stats.multitest import multipletests

    values = np.asarray(p, dtype=float)
    known = ~np.isnan(values)
    if ((values[known] < 0) | (values[known] > 1)).any():
        raise ValueError("a p-value is outside 0-1")
    adjusted = np.full(values.shape, np.nan)
    if known.any():
        adjusted[known] = multipletests(values[known], method="holm")[1]
    return adjusted


def _difference_of_medians(first: Floats, second: Floats, axis: int = -1) -> Floats:
    return np.asarray(np.median(first, axis=axis) - np.median(second, axis=axis))


def _pairs(table: pd.DataFrame, conditions: Sequence[str] | None, unit: Unit) -> list[tuple[str, str, Floats]]:
    """Each two conditions and their paired scores, n × 2, ordered by score so that only scores decide the draws."""
    if unit not in ("rating", "listener"):
        raise ValueError(f"unknown unit {unit!r}: expected 'rating' or 'listener'")
    wide = by_listener(table)
    known = sorted(wide.columns.get_level_values("condition").unique())
    chosen = known if conditions is None else list(dict.fromkeys(conditions))
    unknown = [name for name in chosen if name not in known]
    if unknown:
        raise TableError(f"nobody scored {', '.join(map(str, unknown))}; there are {', '.join(map(str, known))}")
    if len(chosen) < 2:
        raise TableError(f"a comparison needs two conditions; there is {', '.join(map(str, chosen)) or 'none'}")
    ratings = wide.stack("recording", future_stack=True)
    found = []
    for first, second in combinations(chosen, 2):
        both = ratings[[first, second]].dropna()
        if unit == "listener":
            both = both.groupby(level="listener").mean()
        pairs = both.to_numpy(dtype=float)
        found.append((first, second, pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]))
    return found
