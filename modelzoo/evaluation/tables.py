"""Tables V and VI (paper, sections 6 and 7): r and RMSE of each network over its repetitions."""

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import pandas as pd

from modelzoo.errors import ModelzooError
from modelzoo.evaluation.runs import Run, agreement_of
from mushra.stats import Summary, student_t, summarise

FIGURES = ("r", "rmse")


def _by_network(runs: Sequence[Run]) -> dict[str, list[Run]]:
    if not runs:
        raise ModelzooError("There are no runs to compare.")
    tested = {tuple(sorted(run.predictions["excerpt"])) for run in runs}
    if len({run.dataset for run in runs}) > 1 or len(tested) > 1:
        raise ModelzooError("The runs were not tested on the same excerpts of one data set: they can't be compared.")
    groups: dict[str, list[Run]] = {}
    for run in runs:
        groups.setdefault(run.network, []).append(run)
    for network, group in groups.items():
        if len({run.seed for run in group}) < len(group):
            raise ModelzooError(f"Two runs of {network} have the same seed: they are no repetitions of each other.")
    return groups


def _summary(values: Sequence[float]) -> Summary:
    """As `summarise`; NaN where a run has no correlation, because its network predicts one score throughout."""
    return summarise(values) if np.isfinite(values).all() else Summary(np.nan, np.nan, len(values))


def summaries(runs: Sequence[Run]) -> dict[str, dict[str, Summary]]:
    """Each network's r and RMSE over its runs.

    Raises
    ------
    ModelzooError
        No runs, runs of different data sets or excerpts, or a seed twice.
    """
    result = {}
    for network, group in _by_network(runs).items():
        agreements = [agreement_of(run.predictions) for run in group]
        result[network] = {figure: _summary([getattr(one, figure) for one in agreements]) for figure in FIGURES}
    return result


def table(runs: Sequence[Run]) -> pd.DataFrame:
    """One row a network: repetitions, r and RMSE with their SDs, and bias (predicted - observed), points of 0-100."""
    groups = _by_network(runs)
    rows = []
    for network, figures in summaries(runs).items():
        bias = [float((run.predictions["predicted"] - run.predictions["observed"]).mean()) for run in groups[network]]
        row: dict[str, object] = {"network": network, "repetitions": len(groups[network])}
        for name, summary in figures.items():
            row |= {name: summary.mean, f"{name}_sd": summary.sd}
        rows.append({**row, "bias": float(np.mean(bias))})
    return pd.DataFrame(rows)


def comparisons(runs: Sequence[Run]) -> pd.DataFrame:
    """One row a pair of networks and figure: the p-value of Student's t-test; NaN where a network ran only once."""
    rows = [
        {"figure": figure, "first": one, "second": other, "p": student_t(first[figure], second[figure]).p}
        for (one, first), (other, second) in combinations(summaries(runs).items(), 2)
        for figure in FIGURES
    ]
    return pd.DataFrame(rows, columns=["figure", "first", "second", "p"])


def breakdown(runs: Sequence[Run], by: str) -> pd.DataFrame:
    """Agreement per network and value of `by`: "reference", "processes" or "bitrates"; repetitions are pooled.

    r is NaN where a group has one excerpt, or the same score throughout.
    """
    rows = []
    for network, group in _by_network(runs).items():
        pooled = pd.concat([run.predictions for run in group])
        for value, part in pooled.groupby(by, sort=True):
            one = agreement_of(part)
            bias = float((part["predicted"] - part["observed"]).mean())
            rows.append({"network": network, by: value, "n": one.n, "r": one.r, "rmse": one.rmse, "bias": bias})
    return pd.DataFrame(rows)
