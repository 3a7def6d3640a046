"""A model against listeners as ITU-T P.1401 has it: errors beyond the listeners' own uncertainty, and a mapping."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.polynomial import Polynomial
from scipy import optimize, stats

from mushra.stats._cells import Floats
from mushra.stats.agreement import paired

Mapping = Literal["none", "cubic"]
# P.1401, 7.5.1: what the mapping takes from the number of stimuli in the denominator of the RMSE.
DEGREES: dict[str, int] = {"none": 1, "cubic": 4}
_CUTS = 100
_FLAT = 1e-9  # a slope this far below zero, of a curve scaled to 0-1 over its domain, is rounding


@dataclass(frozen=True)
class P1401:
    """Agreement by ITU-T P.1401.

    r, rmse and rmse_star (points), outlier_ratio (0-1), n stimuli, and the mapping applied to the predictions (None
    without). rmse and rmse_star divide by n - d, d = 1 without mapping and 4 with, so that they differ from
    `Agreement.rmse`, which divides by n as the paper does; NaN where n is not above d.
    """

    r: float
    rmse: float
    rmse_star: float
    outlier_ratio: float
    n: int
    mapping: Polynomial | None


def p1401(
    predicted: Sequence[float],
    observed: Sequence[float],
    half_width: Sequence[float],
    *,
    mapping: Mapping = "none",
) -> P1401:
    """Compare predictions with MOS, both on 0-100, given how sure each MOS is.

    RMSE* counts of each error only what exceeds the MOS's 95 % confidence interval; the outlier ratio is the share of
    errors that do (P.1401, 7.5.2.2 and 7.7).

    Parameters
    ----------
    predicted, observed : sequence of float, shape (n,)
        Scores and MOS of the same stimuli.
    half_width : sequence of float, shape (n,)
        Half of each MOS's 95 % confidence interval, in points: see `half_widths`.
    mapping : {"none", "cubic"}
        Whether predictions go through `cubic_mapping` first, which takes out offset and bend, as P.1401 allows for.

    Raises
    ------
    ValueError
        Unequal lengths, no stimuli, values that are not finite, a negative half width, an unknown mapping, or too few
        predictions for it.
    """
    x, y = paired(predicted, observed)
    width = np.asarray(half_width, dtype=float)
    if width.shape != x.shape:
        raise ValueError(f"expected {len(x)} half widths, one for each stimulus, got shape {width.shape}")
    if not (np.isfinite(width) & (width >= 0)).all():
        raise ValueError("a half width is negative, NaN or infinite: a MOS of one listener has none")
    if mapping not in DEGREES:
        raise ValueError(f"unknown mapping {mapping!r}: expected {' or '.join(DEGREES)}")
    curve = cubic_mapping(x, y) if mapping == "cubic" else None
    mapped = x if curve is None else curve(x)
    error, n = np.abs(mapped - y), len(x)
    defined = n > 1 and np.ptp(mapped) > 0 and np.ptp(y) > 0
    return P1401(
        r=float(stats.pearsonr(mapped, y).statistic) if defined else np.nan,
        rmse=_rms(error, DEGREES[mapping]),
        rmse_star=_rms(np.maximum(error - width, 0), DEGREES[mapping]),
        outlier_ratio=float(np.mean(error > width)),
        n=n,
        mapping=curve,
    )


def half_widths(summary: pd.DataFrame, *, confidence: float = 0.95) -> Floats:
    """Half of the interval of each MOS (BS.1534-3 p 15), by Student's t, from the n and sd that `mos` returns.

    NaN for a MOS of one listener.

    Raises
    ------
    ValueError
        `summary` has no n or sd, or `confidence` is not between 0 and 1.
    """
    missing = [name for name in ("n", "sd") if name not in summary.columns]
    if missing:
        raise ValueError(f"the summary lacks {', '.join(missing)}: expected what mos returns")
    if not 0 < confidence < 1:
        raise ValueError(f"confidence is {confidence}: expected a number between 0 and 1, such as 0.95")
    n, sd = summary["n"].to_numpy(dtype=float), summary["sd"].to_numpy(dtype=float)
    with np.errstate(invalid="ignore"):
        return np.asarray(stats.t.ppf((1 + confidence) / 2, n - 1) * sd / np.sqrt(n))


def cubic_mapping(predicted: Sequence[float] | Floats, observed: Sequence[float] | Floats) -> Polynomial:
    """Fit the third-order polynomial from predictions to MOS, by least squares, that never falls (P.1401, 7.3.2).

    It is monotonic from the lowest to the highest prediction; beyond them it means nothing.

    Returns
    -------
    Polynomial
        Call it on predictions; `.convert().coef` are the coefficients on the scale of 0-100, lowest order first. Its
        values may pass 0 and 100.

    Raises
    ------
    ValueError
        As `agreement`, or there are fewer than four different predictions.
    """
    x, y = paired(predicted, observed)
    if len(np.unique(x)) < 4:
        raise ValueError(f"a cubic mapping needs four different predictions; there are {len(np.unique(x))}")
    domain = [float(x.min()), float(x.max())]
    t = 2 * (x - domain[0]) / (domain[1] - domain[0]) - 1
    scale = float(np.ptp(y)) or 1.0
    powers = np.vander(t, 4, increasing=True)
    at = [-1.0, 1.0]  # where the slope is held at zero or above: its ends first, then wherever it dips deepest
    for _ in range(_CUTS):
        slopes = np.array([[0, 1, 2 * u, 3 * u**2] for u in at])
        coefficients = _least_squares(powers, y / scale, slopes)
        _, b, c, d = coefficients
        deepest = -c / (3 * d) if d > 0 else -1.0
        if abs(deepest) >= 1 or b + 2 * c * deepest + 3 * d * deepest**2 >= -_FLAT:
            break
        at.append(deepest)
    return Polynomial(coefficients * scale, domain=domain, window=[-1, 1])


def _least_squares(design: Floats, target: Floats, above: Floats) -> Floats:
    """Minimise |design a - target| with above a >= 0, as Lawson and Hanson (1974, chapter 23) turn it into NNLS."""
    q, r = np.linalg.qr(design)
    free = np.linalg.solve(r, q.T @ target)
    rows = np.linalg.solve(r.T, above.T).T  # the constraints on z = r (a - free), to be as short as can be
    bound = -above @ free
    if (bound <= 0).all():
        return free
    dual = np.vstack([rows.T, bound])
    weights, _ = optimize.nnls(dual, np.append(np.zeros(len(free)), 1.0))
    residual = dual @ weights - np.append(np.zeros(len(free)), 1.0)
    return free + np.linalg.solve(r, -residual[:-1] / residual[-1])


def _rms(error: Floats, degrees: int) -> float:
    return float(np.sqrt(np.sum(error**2) / (len(error) - degrees))) if len(error) > degrees else np.nan
