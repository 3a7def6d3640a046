"""Agreement of models with the MOS, as `compare` prints it."""

import dataclasses
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from mushra import stats
from mushra.exchange.predictions import PREFIX
from mushra.table import SYSTEM

STIMULUS = ["recording", "condition"]
LEAST_TO_COMPARE = 4


def agreements(joined: pd.DataFrame, table: pd.DataFrame, column: str, draws: int) -> list[dict[str, Any]]:
    """A model's agreement over all stimuli, then over the systems alone.

    Anchors and references are easy to tell apart: over all stimuli even a poor model looks good.

    Parameters
    ----------
    joined : DataFrame
        The MOS (`mushra.stats.mos`) beside the predictions.
    table : DataFrame
        The kept listeners' ratings, which the intervals resample.
    column : str
        The model's column of `joined`.
    draws : int
        Of the bootstrap; none for 0.
    """
    rows = []
    for over, chosen in (("all", joined), ("systems", joined[joined["kind"] == SYSTEM])):
        chosen = chosen[chosen[column].notna()]
        if chosen.empty:
            continue
        one = stats.agreement(chosen[column].to_list(), chosen["mos"].to_list())
        row = {"model": column.removeprefix(PREFIX), "over": over, **dataclasses.asdict(one)}
        rows.append({**row, **_intervals(chosen, table, column, draws), **_p1401(chosen, column)})
    return rows


def _intervals(chosen: pd.DataFrame, table: pd.DataFrame, column: str, draws: int) -> dict[str, Any]:
    """95 % intervals of r and RMSE over listeners drawn again; None where one listener is all there is."""
    predicted = chosen[STIMULUS].assign(predicted=chosen[column])
    heard = table.dropna(subset=["score"]).merge(chosen[STIMULUS], on=STIMULUS)
    if not draws or heard["listener"].nunique() < 2:
        return {"r_ci95": None, "rmse_ci95": None}
    drawn = stats.bootstrap_agreement(table, predicted, draws=draws).set_index("figure")
    return {f"{name}_ci95": [drawn.loc[name, "ci_low"], drawn.loc[name, "ci_high"]] for name in ("r", "rmse")}


def _p1401(chosen: pd.DataFrame, column: str) -> dict[str, float]:
    """RMSE* and outlier ratio of P.1401: errors beyond the MOS's own interval, where two listeners make one."""
    wide = chosen.assign(half=stats.half_widths(chosen))
    wide = wide[np.isfinite(wide["half"])]
    if wide.empty:
        return {"rmse_star": np.nan, "outlier_ratio": np.nan}
    found = stats.p1401(wide[column].to_list(), wide["mos"].to_list(), wide["half"].to_list())
    return {"rmse_star": found.rmse_star, "outlier_ratio": found.outlier_ratio}


def differences(joined: pd.DataFrame, columns: list[str], draws: int) -> list[dict[str, Any]]:
    """Every two models on the stimuli that both predict: Williams's test of r, and the difference of RMSE."""
    rows = []
    for first, second in combinations(columns, 2):
        both = joined.dropna(subset=[first, second])
        if len(both) < LEAST_TO_COMPARE or not draws:
            continue
        one = stats.compare_models(both[first].to_list(), both[second].to_list(), both["mos"].to_list(), draws=draws)
        names = {"first": first.removeprefix(PREFIX), "second": second.removeprefix(PREFIX)}
        rows.append({**names, **dataclasses.asdict(one)})
    return rows
