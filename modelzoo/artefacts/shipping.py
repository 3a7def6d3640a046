"""From a finished training run to a folder that scores without Keras, with what was measured written into it."""

import tempfile
from pathlib import Path
from typing import Any

import modelzoo
from modelzoo.artefacts.domain import limits
from modelzoo.artefacts.folder import CARD, CONFIG, HASHES, WEIGHTS, load, save
from modelzoo.artefacts.intervals import Calibration, calibrate
from modelzoo.artefacts.network import ONNX, write_onnx
from modelzoo.errors import ModelzooError

MOST_CLIPS = 1500
"""Training clips from which the ranges of the domain are taken."""


def export(run: Path, folder: Path, *, data: str = "", licence: str = "Apache-2.0") -> dict[str, Any]:
    """Make a model's folder from a finished run: weights, ONNX, calibration, scores, card, hashes.

    The calibration and the scores are of the run's held-out recordings.

    Parameters
    ----------
    run : Path
        A folder that `train` made.
    folder : Path
        A new or empty folder; its name is the model's.
    data : str
        What the training data were, for the card.
    licence : str
        The weights' licence, for the card.

    Returns
    -------
    dict
        The model's config.

    Raises
    ------
    ModelzooError
        No finished run, too few held-out excerpts, a folder that holds something else, or a conversion that fails.
    """
    from modelzoo.evaluation.runs import agreement_of, read_run

    finished = read_run(run)
    _check_target(folder)
    model = load(run / "model", keras=True)
    calibration = calibrate(finished.predictions)
    one = agreement_of(finished.predictions)
    scores = {"r": round(one.r, 4), "rho": round(one.rho, 4), "rmse": round(one.rmse, 3), "excerpts": one.n}
    config = {
        **model.config,
        "version": modelzoo.__version__,
        "parameters": int(model.network.count_params()),
        "seed": finished.seed,
        "best_epoch": finished.info.get("best_epoch"),
        "held_out": {**scores, "recordings": calibration.recordings},
        "calibration": vars(calibration),
        **_domain(finished.info),
    }
    with tempfile.TemporaryDirectory() as scratch:
        onnx = Path(scratch) / ONNX
        config["onnx_difference"] = write_onnx(model.network, model.config["network"], onnx)
        card = _card(folder.name, config, calibration, data, licence, finished.info.get("notes", []))
        save(folder, run / "model" / WEIGHTS, config, card, onnx)
    return config


def _domain(info: dict[str, Any]) -> dict[str, Any]:
    """The ranges of the training data's properties, if the store that the run learnt from is still there."""
    from modelzoo.datasets.store import TRAIN, open_store

    try:
        store = open_store(Path(info["store"]))
    except (KeyError, ModelzooError):
        return {}
    if store.info.get("hash", "") != info.get("dataset"):
        return {}
    rows = store.rows(TRAIN)
    some = rows[:: max(1, len(rows) // MOST_CLIPS)]
    return {"domain": limits(store.clips(some[[place]])[0] for place in range(len(some)))}


def _check_target(folder: Path) -> None:
    ours = {WEIGHTS, ONNX, CONFIG, CARD, HASHES}
    if folder.exists() and (not folder.is_dir() or {file.name for file in folder.iterdir()} - ours):
        raise ModelzooError(f"{folder} holds something else: name a new folder for the model.")


def _card(
    name: str, config: dict[str, Any], calibration: Calibration, data: str, licence: str, notes: list[str]
) -> str:
    held_out, training = config["held_out"], config.get("training", {})
    lines = [
        f"# {name}",
        "",
        f"Network `{config['network']}`, {config['parameters']:,} parameters, seed {config['seed']}, epoch "
        f"{config['best_epoch']} of {training.get('epochs')}. modelzoo {config['version']}.",
        "",
        "## Data",
        "",
        data or "Not described.",
        "",
        f"Data set hash `{config.get('dataset', '')}`. Targets are ViSQOL v3 scores in audio mode, not listeners'.",
        "",
        "## Licence",
        "",
        licence,
        "",
        "## Scores",
        "",
        f"On {held_out['excerpts']} excerpts of {held_out['recordings']} recordings that were not trained on, against "
        f"ViSQOL, 0–100: r = {held_out['r']:.3f}, rho = {held_out['rho']:.3f}, RMSE = {held_out['rmse']:.2f}. These "
        "recordings also chose the epoch: others score a little worse.",
        "",
        f"Prediction intervals claim {100 * calibration.level:g} %. Calibrated without each recording in turn, they "
        f"held {100 * calibration.coverage:.1f} % of that recording's excerpts.",
        "",
        "## Limits",
        "",
        "- Music alone: speech, tones and noise have no meaningful score. Sound outside the training data in one of "
        "a few simple properties is flagged `unlike-training`; not all speech is.",
        "- It has learnt the codecs and low-pass filters of the data set. Other faults (clipping, noise, wow, reverb) "
        "are unknown to it.",
        "- Music that was made with little treble looks like music that lost it.",
        *(f"- {note}" for note in notes),
        "",
    ]
    return "\n".join(lines)
