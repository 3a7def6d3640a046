"""How sure a model's agreement with listeners is, and whether one model agrees better than another."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from scipy import stats

from mushra.stats._cells import STIMULUS, Floats, Ints, by_listener
from mushra.stats.agreement import paired
from mushra.table import TableError

Over = Literal["listeners", "recordings", "both"]
DRAWS = 10_000
_SAME = 1e-9  # predictions correlated more closely than this with one another differ by rounding only
_CHUNK = 2_000_000  # numbers held at once while resampling: 16 MB


@dataclass(frozen=True)
class ModelComparison:
    """Two models against the same scores of the same n stimuli.

    Their correlations with the scores and with one another; Williams's t (n - 3 degrees of freedom) and Steiger's z for
    the difference of the first two; their RMSE in points, and the first's less the second's with its percentile
    bootstrap interval and two-sided p.
    """

    n: int
    r_first: float
    r_second: float
    r_between: float
    williams_t: float
    williams_p: float
    steiger_z: float
    steiger_p: float
    rmse_first: float
    rmse_second: float
    rmse_difference: float
    ci_low: float
    ci_high: float
    rmse_p: float


def bootstrap_agreement(
    table: pd.DataFrame,
    predicted: pd.DataFrame,
    *,
    over: Over = "listeners",
    draws: int = DRAWS,
    confidence: float = 0.95,
    seed: int = 0,
) -> pd.DataFrame:
    """Give the intervals of r and RMSE between a model and the MOS, by resampling listeners, recordings or both.

    Over listeners tells what another panel would have said of these stimuli; over recordings, what this panel would
    have said of other music: a recording is drawn with all its stimuli, which are alike.

    Parameters
    ----------
    table : DataFrame
        The tidy table of the listeners that were kept. A listener's repeats are averaged.
    predicted : DataFrame
        recording, condition, predicted (0-100): one row a stimulus. Stimuli without a prediction are left out.
    over : {"listeners", "recordings", "both"}
        What to draw again.
    draws, confidence, seed
        Of the percentile bootstrap. The seed fixes the result whatever the order of rows or the listeners' names.

    Returns
    -------
    DataFrame
        Rows r and rmse (points, divided by n as in the paper): figure, value, ci_low, ci_high, se, bias, stimuli,
        draws (in which the figure was defined; r is not where all MOS or predictions are equal). se is the draws'
        standard deviation and bias their mean less the value. Panels drawn again add noise to the MOS, so over
        listeners r comes out lower and RMSE higher; where the bias is large beside se, the interval leans that way
        and may even leave the value out: the panel is then too small to say how well the model does.

    Raises
    ------
    TableError
        The table is not the tidy one, `predicted` lacks a column, has a stimulus twice or a gap, or no stimulus of
        the table is in it.
    ValueError
        `over`, `draws` or `confidence` makes no sense, or there are fewer than two of what is drawn.
    """
    _check(draws, confidence)
    if over not in ("listeners", "recordings", "both"):
        raise ValueError(f"unknown over {over!r}: expected 'listeners', 'recordings' or 'both'")
    scores, x, recordings = _matched(table, predicted)
    for name, levels in (("listeners", len(scores)), ("recordings", int(recordings.max()) + 1)):
        if over in (name, "both") and levels < 2:
            raise ValueError(f"resampling {name} needs two of them; there is one")
    rng = np.random.default_rng(seed)
    parts, size = [], max(1, _CHUNK // max(scores.shape))
    for first in range(0, draws, size):
        times = _times(rng, min(size, draws - first), scores, recordings, over)
        parts.append(_figures(scores, x, *times))
    drawn = np.concatenate(parts)
    value = _figures(scores, x, np.ones((1, len(scores))), np.ones((1, len(x))))[0]
    rows = []
    for figure, one, resampled in zip(("r", "rmse"), value, drawn.T, strict=True):
        known = resampled[np.isfinite(resampled)]
        low, high = _percentiles(known, confidence) if len(known) else (np.nan, np.nan)
        se = float(known.std(ddof=1)) if len(known) > 1 else np.nan
        bias = float(known.mean() - one) if len(known) else np.nan
        row = {"figure": figure, "value": float(one), "ci_low": low, "ci_high": high, "se": se, "bias": bias}
        rows.append(row | {"stimuli": len(x), "draws": len(known)})
    return pd.DataFrame(rows)


def williams(r_first: float, r_second: float, r_between: float, n: int) -> tuple[float, float]:
    """Test two correlations that share a variable by Williams's (1959) t, as Steiger (1980) recommends.

    Parameters
    ----------
    r_first, r_second, r_between : float
        Of the first and of the second with what they share, and of the two with one another.
    n : int
        Pairs the correlations are of.

    Returns
    -------
    t, p : float
        t has n - 3 degrees of freedom, p is two-sided. NaN where the two rise and fall together (r_between is 1).

    Raises
    ------
    ValueError
        n is under 4, or no three variables can have these correlations.
    """
    determinant = _determinant(r_first, r_second, r_between, n)
    mean = (r_first + r_second) / 2
    spread = 2 * (n - 1) / (n - 3) * determinant + mean**2 * (1 - r_between) ** 3
    if spread <= 0 or r_between > 1 - _SAME:
        return np.nan, np.nan
    t = float((r_first - r_second) * np.sqrt((n - 1) * (1 + r_between) / spread))
    return t, float(2 * stats.t.sf(abs(t), n - 3))


def steiger(r_first: float, r_second: float, r_between: float, n: int) -> tuple[float, float]:
    """Test two correlations that share a variable by Steiger's (1980) z, with their mean in the covariance.

    Parameters and errors as `williams`.

    Returns
    -------
    z, p : float
        p is two-sided. NaN where r_between is 1, or one of the others 1 or -1.
    """
    _determinant(r_first, r_second, r_between, n)
    if r_between > 1 - _SAME or max(map(abs, (r_first, r_second))) >= 1:
        return np.nan, np.nan
    square = ((r_first + r_second) / 2) ** 2
    covariance = r_between * (1 - 2 * square) - square * (1 - 2 * square - r_between**2) / 2
    shared = covariance / (1 - square) ** 2
    z = float((np.arctanh(r_first) - np.arctanh(r_second)) * np.sqrt((n - 3) / (2 - 2 * shared)))
    return z, float(2 * stats.norm.sf(abs(z)))


def compare_models(
    first: Sequence[float],
    second: Sequence[float],
    observed: Sequence[float],
    *,
    recordings: Sequence[str] | None = None,
    draws: int = DRAWS,
    confidence: float = 0.95,
    seed: int = 0,
) -> ModelComparison:
    """Compare two models' agreement with the same scores, pairing them stimulus by stimulus.

    By Williams's (1959) and Steiger's (1980) tests of r, and a paired bootstrap of the RMSE's difference.

    Parameters
    ----------
    first, second, observed : sequence of float, shape (n,)
        Each model's scores and the listeners' or ViSQOL's of the same stimuli, 0-100.
    recordings : sequence of str, optional
        Each stimulus's recording, to draw whole recordings rather than stimuli.
    draws, confidence, seed
        Of the bootstrap of the RMSE's difference.

    Raises
    ------
    ValueError
        Unequal lengths, fewer than four stimuli, values that are not finite, one recording only, or options that make
        no sense.
    """
    _check(draws, confidence)
    one, y = paired(first, observed)
    two, _ = paired(second, observed)
    if len(y) < 4:
        raise ValueError(f"comparing models needs four stimuli; there are {len(y)}")
    names = np.arange(len(y)) if recordings is None else np.asarray(recordings)
    if names.shape != y.shape:
        raise ValueError(f"expected {len(y)} recordings, one for each stimulus, got shape {names.shape}")
    varied = all(np.ptp(values) > 0 for values in (one, two, y))
    r = np.corrcoef([one, two, y]) if varied else np.full((3, 3), np.nan)
    correlations = (float(r[0, 2]), float(r[1, 2]), float(r[0, 1]))
    williams_t, williams_p = williams(*correlations, len(y)) if varied else (np.nan, np.nan)
    steiger_z, steiger_p = steiger(*correlations, len(y)) if varied else (np.nan, np.nan)
    squares = np.stack([(one - y) ** 2, (two - y) ** 2])
    rmse_first, rmse_second = np.sqrt(squares.mean(axis=1))
    drawn = _rmse_differences(squares, pd.factorize(names)[0], draws, seed)
    low, high = _percentiles(drawn, confidence)
    # One is added to each tail, for the scores themselves are a draw too: no finite number of draws shows p = 0.
    tail = min(int((drawn <= 0).sum()), int((drawn >= 0).sum())) + 1
    return ModelComparison(
        *(len(y), *correlations, williams_t, williams_p, steiger_z, steiger_p),
        *(float(rmse_first), float(rmse_second), float(rmse_first - rmse_second)),
        *(low, high, min(1.0, 2 * tail / (draws + 1))),
    )


def _check(draws: int, confidence: float) -> None:
    if draws < 1:
        raise ValueError(f"draws is {draws}: expected at least 1")
    if not 0 < confidence < 1:
        raise ValueError(f"confidence is {confidence}: expected a number between 0 and 1, such as 0.95")


def _percentiles(values: Floats, confidence: float) -> tuple[float, float]:
    low, high = np.quantile(values, [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(low), float(high)


def _determinant(r_first: float, r_second: float, r_between: float, n: int) -> float:
    """Of the correlation matrix of the three variables; it can't be negative."""
    if n < 4:
        raise ValueError(f"comparing correlations needs n of 4 or more, not {n}")
    found = 1 - r_first**2 - r_second**2 - r_between**2 + 2 * r_first * r_second * r_between
    if not found >= -1e-9 or max(map(abs, (r_first, r_second, r_between))) > 1 + 1e-12:
        raise ValueError(f"no three variables have the correlations {r_first:g}, {r_second:g} and {r_between:g}")
    return max(found, 0.0)


def _matched(table: pd.DataFrame, predicted: pd.DataFrame) -> tuple[Floats, Floats, Ints]:
    """Scores (listeners × stimuli, NaN in gaps), predictions and recordings' numbers, in an order free of names."""
    missing = [name for name in (*STIMULUS, "predicted") if name not in predicted.columns]
    if missing:
        raise TableError(
            f"the predictions lack {', '.join(missing)}; they have {', '.join(map(str, predicted.columns))}"
        )
    twice = predicted[predicted.duplicated(list(STIMULUS))]
    if len(twice):
        raise TableError(f"{twice.iloc[0]['recording']} {twice.iloc[0]['condition']} is predicted twice")
    values = predicted.set_index(list(STIMULUS))["predicted"].astype(float)
    if not np.isfinite(values).all():
        raise TableError("a prediction is NaN or infinite")
    wide = by_listener(table)
    wide = wide.loc[:, wide.columns.isin(values.index)].dropna(how="all")
    if wide.empty:
        raise TableError("none of the table's stimuli is predicted: compare their recordings' and conditions' names")
    scores: Floats = wide.to_numpy(dtype=float)
    scores = scores[np.lexsort(scores.T[::-1])]
    recordings = pd.factorize(wide.columns.get_level_values("recording"))[0]
    x = np.asarray(values.reindex(wide.columns), dtype=np.float64)
    return scores, x, recordings


def _times(rng: np.random.Generator, draws: int, scores: Floats, recordings: Ints, over: Over) -> tuple[Floats, Floats]:
    """How often each draw takes each listener and each stimulus."""
    listeners, stimuli = scores.shape
    one, other = np.ones((draws, listeners)), np.ones((draws, stimuli))
    if over != "recordings":
        one = rng.multinomial(listeners, np.full(listeners, 1 / listeners), draws).astype(float)
    if over != "listeners":
        levels = int(recordings.max()) + 1
        other = rng.multinomial(levels, np.full(levels, 1 / levels), draws)[:, recordings].astype(float)
    return one, other


def _figures(scores: Floats, x: Floats, listeners: Floats, stimuli: Floats) -> Floats:
    """r and RMSE of each draw, draws × 2. A stimulus that no drawn listener scored counts for nothing."""
    known = ~np.isnan(scores)
    heard = listeners @ known
    with np.errstate(divide="ignore", invalid="ignore"):
        mos = np.where(heard > 0, listeners @ np.where(known, scores, 0) / heard, 0)
        weight = np.where(heard > 0, stimuli, 0)
        total = weight.sum(axis=1, keepdims=True)
        dx = x - (weight * x).sum(axis=1, keepdims=True) / total
        dy = mos - (weight * mos).sum(axis=1, keepdims=True) / total
        xx, yy, xy = (np.sum(weight * product, axis=1) for product in (dx**2, dy**2, dx * dy))
        flat = (xx <= 1e-18 * total[:, 0]) | (yy <= 1e-18 * total[:, 0])
        r = np.where(flat, np.nan, np.clip(xy / np.sqrt(xx * yy), -1, 1))
        rmse = np.sqrt((weight * (x - mos) ** 2).sum(axis=1) / total[:, 0])
    return np.stack([r, rmse], axis=1)


def _rmse_differences(squares: Floats, recordings: Ints, draws: int, seed: int) -> Floats:
    levels = int(recordings.max()) + 1
    if levels < 2:
        raise ValueError("resampling recordings needs two of them; there is one")
    sums = np.stack([np.bincount(recordings, row, levels) for row in squares], axis=1)
    counts = np.bincount(recordings, minlength=levels)
    order = np.lexsort((counts, sums[:, 1], sums[:, 0]))  # so that no order of stimuli decides the draws
    rng, parts, size = np.random.default_rng(seed), [], max(1, _CHUNK // levels)
    for first in range(0, draws, size):
        times = rng.multinomial(levels, np.full(levels, 1 / levels), min(size, draws - first))
        rmse = np.sqrt(times @ sums[order] / (times @ counts[order])[:, None])
        parts.append(rmse[:, 0] - rmse[:, 1])
    return np.concatenate(parts)
