"""How well a model's scores agree with listeners' or with ViSQOL's (paper, Tables V and VI)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from mushra.stats._cells import Floats


@dataclass(frozen=True)
class Agreement:
    """Pearson's r, Spearman's rho, Kendall's tau, RMSE in points, and the number of pairs."""

    r: float
    rho: float
    tau: float
    rmse: float
    n: int


def paired(predicted: Sequence[float] | Floats, observed: Sequence[float] | Floats) -> tuple[Floats, Floats]:
    """Both as arrays of one shape (n,), n at least 1, all finite; ValueError where they are not."""
    x, y = np.asarray(predicted, dtype=float), np.asarray(observed, dtype=float)
    if x.shape != y.shape or x.ndim != 1 or not len(x):
        raise ValueError(f"expected two equally long lists of scores, got shapes {x.shape} and {y.shape}")
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise ValueError("a score is NaN or infinite")
    return x, y


def agreement(predicted: Sequence[float], observed: Sequence[float]) -> Agreement:
    """Compare two sets of scores of the same stimuli, both on 0-100 (paper, Tables V and VI).

    r, rho and tau are NaN where they are not defined: fewer than two pairs, or one side constant.

    Raises
    ------
    ValueError
        Unequal lengths, no pairs, or values that are not finite.
    """
    x, y = paired(predicted, observed)
    rmse = float(np.sqrt(np.mean((x - y) ** 2)))
    if len(x) < 2 or np.ptp(x) == 0 or np.ptp(y) == 0:
        return Agreement(np.nan, np.nan, np.nan, rmse, len(x))
    return Agreement(
        r=float(stats.pearsonr(x, y).statistic),
        rho=float(stats.spearmanr(x, y).statistic),
        tau=float(stats.kendalltau(x, y).statistic),
        rmse=rmse,
        n=len(x),
    )
