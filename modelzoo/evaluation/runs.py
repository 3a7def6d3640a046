"""A finished run on disk: `run.json` and `predictions.csv`."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from modelzoo.datasets.store import Store
from modelzoo.errors import ModelzooError
from modelzoo.files import replace_text
from mushra.stats import Agreement, agreement

RUN, PREDICTIONS = "run.json", "predictions.csv"
COLUMNS = ("excerpt", "reference", "processes", "bitrates", "observed", "predicted")


@dataclass(frozen=True)
class Run:
    """One repetition: `predictions` has a row an excerpt of its test rows, with scores on 0-100."""

    network: str
    seed: int
    dataset: str
    predictions: pd.DataFrame
    info: dict[str, Any]


def predict(model: Any, store: Store, rows: NDArray[np.int64], batch: int = 16) -> NDArray[np.float64]:
    """A model's scores, 0-100, of some rows of a store, read a batch at a time."""
    parts = [model.score_features(store.clips(rows[first : first + batch])) for first in range(0, len(rows), batch)]
    return np.concatenate(parts)


def predictions_table(store: Store, rows: NDArray[np.int64], predicted: NDArray[np.float64]) -> pd.DataFrame:
    """Columns `COLUMNS`; observed is ViSQOL's score on 0-100, processes and bitrates are joined by underscores."""
    manifest = store.manifest.iloc[rows]

    def joined(name: str) -> list[str]:
        if name not in manifest:
            return [""] * len(rows)
        return ["_".join("-" if pd.isna(one) else f"{one:g}" for one in many) for many in manifest[name]]

    return pd.DataFrame(
        {
            "excerpt": manifest["excerpt"].to_numpy(),
            "reference": manifest["reference"].to_numpy(),
            "processes": joined("processes"),
            "bitrates": joined("requested_bitrates"),
            "observed": 100 * manifest["target"].to_numpy(dtype=float),
            "predicted": predicted,
        }
    )


def write_run(folder: Path, info: dict[str, Any], predictions: pd.DataFrame) -> None:
    """Write a run; `run.json` comes last: without it the run is not finished. `info` names network, seed, dataset."""
    replace_text(folder / PREDICTIONS, predictions.to_csv(index=False))
    replace_text(folder / RUN, json.dumps(info, indent=2))


def agreement_of(predictions: pd.DataFrame) -> Agreement:
    """Predicted against observed scores."""
    return agreement(predictions["predicted"].to_list(), predictions["observed"].to_list())


def read_run(folder: Path) -> Run:
    """Read a finished run.

    Raises
    ------
    ModelzooError
        There is none, or its files are damaged.
    """
    texts = {name: str for name in ("excerpt", "reference", "processes", "bitrates")}
    try:
        info = json.loads((folder / RUN).read_text())
        predictions = pd.read_csv(folder / PREDICTIONS, dtype=texts, keep_default_na=False)
        run = Run(info["network"], info["seed"], info["dataset"], predictions, info)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelzooError(f"{folder} holds no finished run ({error}).") from error
    if missing := set(COLUMNS) - set(predictions.columns):
        raise ModelzooError(f"{folder / PREDICTIONS} lacks {', '.join(sorted(missing))}.")
    scores = predictions[["observed", "predicted"]].apply(pd.to_numeric, errors="coerce").to_numpy(dtype=float)
    if not len(predictions) or not np.isfinite(scores).all():
        raise ModelzooError(f"{folder / PREDICTIONS} is empty, or a score in it is no number.")
    return run
