"""Predicted scores of stimuli, one column for each model."""

from pathlib import Path

import pandas as pd

from mushra.exchange import cells
from mushra.exchange.imported import ExchangeError, Names
from mushra.exchange.recognise import contents
from mushra.exchange.tidy import all_numbers, numbers_of

PREFIX = "predicted "


def read_predictions(path: Path, low: float = 0.0, high: float = 100.0, names: Names | None = None) -> pd.DataFrame:
    """Read a CSV of predictions.

    Parameters
    ----------
    path : Path
        Columns item (or recording), condition, and one or more columns of numbers, each a model's.
    low, high : float
        The predictions' scale, mapped to 0-100 along a line.
    names : Names, optional
        What the ratings call item and condition: so may the predictions.

    Returns
    -------
    DataFrame
        recording, condition, then `predicted NAME` for each model.

    Raises
    ------
    ExchangeError
        Columns are missing, a stimulus comes twice, or a prediction is outside the scale.
    """
    raw = _stimuli(path, names or Names())
    models = [name for name in raw.columns if name not in ("recording", "condition", "kind") and all_numbers(raw[name])]
    if not models:
        raise ExchangeError("there is no column of numbers: each model needs one")
    table = raw[["recording", "condition"]].copy()
    for name in models:
        values, _ = numbers_of(raw[name], name)
        outside = values.notna() & ~values.between(low, high)
        if outside.any():
            raise ExchangeError(
                f"line {raw.index[outside][0]}: {name} predicts {values[outside].iloc[0]:g}, outside {low:g}-{high:g}; "
                "--scale names another scale"
            )
        table[f"{PREFIX}{name}"] = (values - low) / (high - low) * 100
    return table


def _stimuli(path: Path, names: Names) -> pd.DataFrame:
    """The file's cells, with columns recording and condition, and no stimulus twice."""
    text, _ = cells.decode(contents(path))
    raw = cells.frame(cells.rows_of(text))
    there = ", ".join(map(str, raw.columns))
    raw = raw.rename(
        columns={name: name.lower() for name in raw.columns if name.lower() in ("item", "recording", "condition")}
    )
    raw = raw.rename(columns={"item": "recording"})
    asked = {("recording" if ours == "item" else ours): theirs for ours, theirs in names.columns.items()}
    for name in ("recording", "condition"):
        if name not in raw and asked.get(name) in raw:
            raw = raw.rename(columns={asked[name]: name})
    missing = [ours for ours, name in (("item", "recording"), ("condition", "condition")) if name not in raw]
    if missing:
        raise ExchangeError(f"the predictions lack {', '.join(missing)}; there are {there}")
    if raw.columns.duplicated().any():
        raise ExchangeError("there are two columns of items: item and recording")
    twice = raw.duplicated(["recording", "condition"])
    if twice.any():
        row = raw[twice].iloc[0]
        raise ExchangeError(f"line {raw.index[twice][0]}: {row['recording']} {row['condition']} comes twice")
    return raw
