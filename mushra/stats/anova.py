"""Repeated-measures analysis of variance (BS.1534-3, attachment 4, p 28)."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import linalg, stats

from mushra.stats._cells import Floats, complete

# BS.1534-3 p 28: the univariate test with Huynh and Feldt's correction where epsilon is above the one and there are
# fewer listeners than the levels plus the other. Algina and Keselman (1997) have the multivariate test otherwise.
UNIVARIATE_EPSILON = 0.85
UNIVARIATE_LISTENERS = 30
HUYNH_FELDT, MULTIVARIATE, GREENHOUSE_GEISSER = "Huynh-Feldt", "multivariate", "Greenhouse-Geisser"
_ROUNDING = 1e-9  # points; equal scores must not leave a difference to test
_FACTORS = (("condition",), ("condition", "recording"))


def rm_anova(table: pd.DataFrame, *, within: Sequence[str] = ("condition",)) -> pd.DataFrame:
    """Analyse scores by condition, or by condition, recording and their interaction, all within listeners.

    Parameters
    ----------
    table : DataFrame
        The tidy table of the listeners that were kept: every listener must have scored every recording in every
        condition. A listener's repeats are averaged.
    within : ("condition",) or ("condition", "recording")
        The factors. With condition alone a listener's scores are averaged over recordings.

    Returns
    -------
    DataFrame
        One row an effect: effect, df1, df2, f, p, partial_eta2, epsilon_gg, p_gg, epsilon_hf (at most 1), p_hf (both
        with df1 and df2 times epsilon), f_multivariate, df2_multivariate, p_multivariate (Hotelling's T²; NaN with
        no more listeners than df1), correction (which of the three BS.1534-3 p 28 leads to: Huynh-Feldt where its
        epsilon is above 0.85 and there are fewer listeners than levels + 30, else the multivariate test, or
        Greenhouse-Geisser where that can't be had) and p_corrected, by that correction. The epsilons and corrected p
        are NaN where all listeners show the same differences, and f and p too where there are none.

    Raises
    ------
    TableError
        A listener lacks a score, conditions and recordings are not crossed, there are fewer than three listeners, or
        a factor has one level.
    ValueError
        `within` is neither of the two.
    """
    factors = tuple(within)
    if factors not in _FACTORS:
        raise ValueError(f"within is {factors}: expected ('condition',) or ('condition', 'recording')")
    wide = complete(table, "an analysis of variance", crossed=True)
    recordings, conditions = (wide.columns.get_level_values(i).nunique() for i in (0, 1))
    if len(wide) < 3:
        raise ValueError(f"an analysis of variance needs three listeners; there are {len(wide)}")
    for name, levels in (("condition", conditions), ("recording", recordings)):
        if name in factors and levels < 2:
            raise ValueError(f"an analysis of variance needs two levels of {name}; there is one")
    scores = wide.to_numpy(dtype=float)
    contrasts = {"condition": np.kron(_mean(recordings), linalg.helmert(conditions))}
    if len(factors) == 2:
        contrasts["recording"] = np.kron(linalg.helmert(recordings), _mean(conditions))
        contrasts["condition × recording"] = np.kron(linalg.helmert(recordings), linalg.helmert(conditions))
    return pd.DataFrame([{"effect": name, **_effect(scores @ rows.T)} for name, rows in contrasts.items()])


def _mean(levels: int) -> Floats:
    """The contrast that averages, of length 1 like the others."""
    return np.full((1, levels), 1 / np.sqrt(levels))


def _effect(contrasts: Floats) -> dict[str, float | str]:
    """Test that listeners' orthonormal contrasts (listeners × df1) have a mean of zero."""
    n, df1 = contrasts.shape
    df2 = df1 * (n - 1)
    mean = contrasts.mean(axis=0)
    deviations = _without_rounding(contrasts - mean)
    mean, covariance = _without_rounding(mean), deviations.T @ deviations / (n - 1)
    between, within = n * float(mean @ mean), (n - 1) * float(np.trace(covariance))
    gg, hf = _epsilons(covariance, n)
    with np.errstate(divide="ignore", invalid="ignore"):
        f = float(np.float64(between / df1) / np.float64(within / df2))
        share = float(np.float64(between) / np.float64(between + within))
    found: dict[str, float | str] = {
        **{"df1": df1, "df2": df2, "f": f, "p": _p(f, df1, df2), "partial_eta2": share},
        **{"epsilon_gg": gg, "p_gg": _p(f, df1 * gg, df2 * gg)},
        **{"epsilon_hf": hf, "p_hf": _p(f, df1 * hf, df2 * hf)},
        **_hotelling(mean, covariance, n),
    }
    column = {HUYNH_FELDT: "p_hf", MULTIVARIATE: "p_multivariate", GREENHOUSE_GEISSER: "p_gg"}
    correction = _correction(hf, n, df1 + 1, multivariate=bool(np.isfinite(float(found["p_multivariate"]))))
    return {**found, "correction": correction, "p_corrected": found[column[correction]]}


def _without_rounding(values: Floats) -> Floats:
    return np.where(np.abs(values) < _ROUNDING, 0, values)


def _p(f: float, df1: float, df2: float) -> float:
    return float(stats.f.sf(f, df1, df2))


def _epsilons(covariance: Floats, n: int) -> tuple[float, float]:
    """Greenhouse and Geisser's epsilon, and Huynh and Feldt's, held between the former and 1."""
    df1 = len(covariance)
    squares = float(np.sum(covariance**2))
    if squares == 0:  # every listener has the same differences: nothing to estimate
        return np.nan, np.nan
    gg = float(np.trace(covariance)) ** 2 / (df1 * squares)
    room = n - 1 - df1 * gg
    hf = (n * df1 * gg - 2) / (df1 * room) if room > 1e-12 else 1.0
    return gg, min(1.0, max(gg, hf))


def _hotelling(mean: Floats, covariance: Floats, n: int) -> dict[str, float]:
    df1 = len(mean)
    if n <= df1 or np.linalg.matrix_rank(covariance) < df1:
        return {"f_multivariate": np.nan, "df2_multivariate": np.nan, "p_multivariate": np.nan}
    f = float(n * mean @ np.linalg.solve(covariance, mean)) * (n - df1) / (df1 * (n - 1))
    return {"f_multivariate": f, "df2_multivariate": n - df1, "p_multivariate": _p(f, df1, n - df1)}


def _correction(epsilon: float, listeners: int, levels: int, *, multivariate: bool) -> str:
    if epsilon > UNIVARIATE_EPSILON and listeners < levels + UNIVARIATE_LISTENERS:
        return HUYNH_FELDT
    return MULTIVARIATE if multivariate else GREENHOUSE_GEISSER
