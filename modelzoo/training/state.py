"""A run's checkpoint: everything that the next epoch depends on, replaced in one rename at the end of every epoch."""

import json
import shutil
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from modelzoo.errors import ModelzooError
from modelzoo.training.config import RunConfig


@dataclass
class State:
    """What the protocol remembers between epochs."""

    epoch: int = 0
    rate: float = 0.0
    best_loss: float = float("inf")
    best_epoch: int = 0
    plateau_best: float = float("inf")
    plateau_wait: int = 0
    history: list[dict[str, float]] = field(default_factory=list)


def save(folder: Path, model: Any, optimizer: Any, state: State, config: dict[str, Any]) -> None:
    """Write `checkpoint/`: weights, Adam's moments, state and config."""
    fresh = folder / "checkpoint.part"
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    arrays = {f"w{i}": np.asarray(weight) for i, weight in enumerate(model.get_weights())}
    arrays |= {f"o{i}": np.asarray(variable) for i, variable in enumerate(optimizer.variables)}
    np.savez(fresh / "arrays.npz", allow_pickle=False, **arrays)
    if state.best_epoch == state.epoch:
        model.save_weights(fresh / "best.weights.h5")
    else:
        shutil.copyfile(folder / "checkpoint" / "best.weights.h5", fresh / "best.weights.h5")
    (fresh / "state.json").write_text(json.dumps({"config": config, **asdict(state)}))
    # A folder can't be renamed over a full one: the old checkpoint steps aside first, and `recover` knows of it.
    old = folder / "checkpoint.old"
    shutil.rmtree(old, ignore_errors=True)
    if (folder / "checkpoint").exists():
        (folder / "checkpoint").rename(old)
    fresh.rename(folder / "checkpoint")
    shutil.rmtree(old, ignore_errors=True)


def recover(folder: Path) -> Path | None:
    """The newest whole checkpoint, if there is one."""
    newest, old = folder / "checkpoint", folder / "checkpoint.old"
    if not newest.exists() and old.exists():
        old.rename(newest)
    return newest if newest.exists() else None


def load(folder: Path, model: Any, optimizer: Any, config: dict[str, Any]) -> State:
    """Put a checkpoint back into model and optimizer; a fresh state where there is none.

    Raises
    ------
    ModelzooError
        The checkpoint belongs to another config.
    """
    checkpoint = recover(folder)
    if checkpoint is None:
        return State()
    saved = json.loads((checkpoint / "state.json").read_text())
    # A setting that did not exist when the run began had what is now its default.
    if {**RunConfig().to_dict(), **saved.pop("config")} != config:
        raise ModelzooError(f"{folder} holds a run of another config: take another folder.")
    with np.load(checkpoint / "arrays.npz") as arrays:
        model.set_weights([arrays[f"w{i}"] for i in range(len(model.get_weights()))])
        for i, variable in enumerate(optimizer.variables):
            variable.assign(arrays[f"o{i}"])
    return State(**saved)
