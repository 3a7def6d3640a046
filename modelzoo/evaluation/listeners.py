"""Table VI (paper, section 7): networks against listeners, on sounds that have a MOS."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from modelzoo.errors import ModelzooError
from modelzoo.evaluation.runs import Run


def read_mos(file: Path) -> pd.DataFrame:
    """Read a CSV with columns file (from the CSV's folder) and mos (0-100), and perhaps recording.

    Returns
    -------
    DataFrame
        file (Path), recording, mos.

    Raises
    ------
    ModelzooError
        No such table, or a MOS that is none.
    """
    try:
        table = pd.read_csv(file, dtype={"file": str, "recording": str})
    except (OSError, ValueError) as error:
        raise ModelzooError(f"{file} can't be read as CSV: {error}") from error
    if missing := {"file", "mos"} - set(table.columns):
        raise ModelzooError(f"{file} lacks the column{'s' if len(missing) > 1 else ''} {', '.join(sorted(missing))}.")
    mos = pd.to_numeric(table["mos"], errors="coerce")
    if table.empty or table["file"].isna().any() or table["file"].duplicated().any() or not mos.between(0, 100).all():
        raise ModelzooError(f"{file}: each row needs a file of its own and a MOS from 0 to 100.")
    recording = table["recording"] if "recording" in table else pd.Series("", index=table.index)
    return pd.DataFrame({"file": [file.parent / name for name in table["file"]], "recording": recording, "mos": mos})


def against_mos(runs: Sequence[tuple[Path, Run]], mos: pd.DataFrame, name: str) -> list[Run]:
    """Each run's model scores the sounds; the same tables as against ViSQOL can then be made.

    Parameters
    ----------
    runs : sequence of (folder, Run)
        Their models lie in the folders.
    mos : DataFrame
        From `read_mos`.
    name : str
        What the table is, for the runs' `dataset`.

    Raises
    ------
    ModelzooError
        A sound or a model can't be used.
    """
    from modelzoo.artefacts import load
    from modelzoo.audio import decode

    sounds = [decode(file) for file in mos["file"]]
    found = []
    for folder, run in runs:
        model = load(folder / "model")
        predictions = pd.DataFrame(
            {
                "excerpt": [file.stem for file in mos["file"]],
                "reference": mos["recording"].to_numpy(),
                "processes": "",
                "bitrates": "",
                "observed": mos["mos"].to_numpy(dtype=float),
                "predicted": [model.score(sound.samples, sound.rate) for sound in sounds],
            }
        )
        found.append(Run(run.network, run.seed, name, predictions, {**run.info, "store": ""}))
    return found
