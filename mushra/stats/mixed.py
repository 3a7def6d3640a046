"""A linear mixed model of the scores: conditions fixed, listeners and recordings random and crossed."""

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from mushra.stats._cells import Floats, by_listener
from mushra.table import TableError

RANDOM = ("listener", "recording")


@dataclass(frozen=True)
class MixedModel:
    """A fitted model.

    `fixed` has one row a condition: condition, estimate (points; the baseline's is its mean, another's the difference
    from it), se, z, p, ci_low, ci_high (Wald). `variances` are of listener, recording and residual, in points squared;
    a factor with one level has none. `wald`, `df` and `p` test that all conditions are alike. `warnings` is what the
    fit complained of: a variance at zero is ordinary, a fit that did not converge is not to be used.
    """

    fixed: pd.DataFrame
    variances: dict[str, float]
    wald: float
    df: int
    p: float
    log_likelihood: float
    observations: int
    converged: bool
    warnings: tuple[str, ...]


def mixed_model(table: pd.DataFrame, *, baseline: str | None = None, confidence: float = 0.95) -> MixedModel:
    """Fit score = condition + listener + recording + rest by restricted maximum likelihood (Patterson, Thompson 1971).

    Unlike the analysis of variance it takes a table with gaps. Meant for up to a few thousand ratings: the time grows
    with the square of the number of listeners and recordings.

    Parameters
    ----------
    table : DataFrame
        The tidy table of the listeners that were kept. A listener's repeats are averaged.
    baseline : str, optional
        The condition the others are compared with; the first in alphabetical order by default.
    confidence : float
        Of the Wald intervals.

    Raises
    ------
    TableError
        The table is not the tidy one, there are fewer than two conditions or listeners, or nobody scored `baseline`.
    ValueError
        `confidence` is not between 0 and 1, or the model has no solution for these scores.
    """
    if not 0 < confidence < 1:
        raise ValueError(f"confidence is {confidence}: expected a number between 0 and 1, such as 0.95")
    rows = _long(table)
    conditions = sorted(rows["condition"].unique())
    baseline = conditions[0] if baseline is None else baseline
    if baseline not in conditions:
        raise TableError(f"nobody scored {baseline}; there are {', '.join(map(str, conditions))}")
    if len(conditions) < 2 or rows["listener"].nunique() < 2:
        raise TableError(
            f"a mixed model needs two conditions and two listeners; there are {len(conditions)} and "
            f"{rows['listener'].nunique()}"
        )
    if rows["score"].nunique() < 2:
        raise ValueError("the mixed model has no solution for these scores: they are all equal")
    ordered = [baseline, *(name for name in conditions if name != baseline)]
    return _fit(rows, ordered, confidence)


def _long(table: pd.DataFrame) -> pd.DataFrame:
    wide = by_listener(table)
    rows = wide.reset_index().melt(id_vars=[("listener", "")], value_name="score").dropna()
    rows = rows.rename(columns={("listener", ""): "listener"})
    # By score within condition, so that neither the order of rows nor the names decide how the sums round.
    return rows.sort_values(["recording", "condition", "score"], kind="stable", ignore_index=True)


def _fit(rows: pd.DataFrame, conditions: list[str], confidence: float) -> MixedModel:
    # Imported here: statsmodels takes a second to load, and the web process fits no models.
    from statsmodels.regression.mixed_linear_model import MixedLM, VCSpec

    random = [name for name in RANDOM if rows[name].nunique() > 1]
    designs = [pd.get_dummies(rows[name], dtype=float) for name in random]
    fixed = pd.get_dummies(pd.Categorical(rows["condition"], categories=conditions), dtype=float)
    fixed[conditions[0]] = 1.0
    spec = VCSpec(random, [[list(d.columns)] for d in designs], [[d.to_numpy()] for d in designs])
    model = MixedLM(
        rows["score"].to_numpy(dtype=float), fixed.to_numpy(), groups=np.zeros(len(rows)), exog_vc=spec, exog_re=None
    )
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            fit = _optimum(model)
        except (np.linalg.LinAlgError, ValueError) as error:
            raise ValueError(f"the mixed model has no solution for these scores: {error}") from error
    variances = dict(zip(random, map(float, fit.vcomp), strict=True)) | {"residual": float(fit.scale)}
    k = len(conditions)
    estimate, covariance = np.asarray(fit.fe_params), np.asarray(fit.cov_params())[:k, :k]
    wald = float(estimate[1:] @ np.linalg.solve(covariance[1:, 1:], estimate[1:]))
    return MixedModel(
        fixed=_fixed(conditions, estimate, covariance, confidence),
        variances=variances,
        wald=wald,
        df=k - 1,
        p=float(stats.chi2.sf(wald, k - 1)),
        log_likelihood=float(fit.llf),
        observations=len(rows),
        converged=bool(fit.converged),
        warnings=_complaints(caught, converged=bool(fit.converged)),
    )


def _optimum(model: Any) -> Any:
    """Powell's search finds variances at zero too, where gradients mislead; away from zero BFGS then sharpens it."""
    rough = model.fit(reml=True, method="powell", maxiter=1000, ftol=1e-14)
    if not rough.converged or min(rough.vcomp) < 1e-6 * rough.scale:
        return rough
    sharp = model.fit(reml=True, start_params=rough.params_object, method="bfgs", maxiter=200, gtol=1e-9)
    return sharp if sharp.converged and sharp.llf >= rough.llf - 1e-9 else rough


def _complaints(caught: list[warnings.WarningMessage], *, converged: bool) -> tuple[str, ...]:
    """What still holds of the fit: that the second optimiser stopped early does not matter where the first did not."""
    texts = dict.fromkeys(str(one.message) for one in caught)
    passing = ("failed to converge", "optimization failed")
    return tuple(text for text in texts if not (converged and any(words in text for words in passing)))


def _fixed(conditions: list[str], estimate: Floats, covariance: Floats, confidence: float) -> pd.DataFrame:
    se = np.sqrt(np.diag(covariance))
    half = stats.norm.ppf((1 + confidence) / 2) * se
    z = estimate / se
    return pd.DataFrame(
        {
            **{"condition": conditions, "estimate": estimate, "se": se, "z": z, "p": 2 * stats.norm.sf(np.abs(z))},
            **{"ci_low": estimate - half, "ci_high": estimate + half},
        }
    )
