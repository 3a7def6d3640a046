"""`train CONFIG -o DIR`: the runs of a config file, one after the other; started again, it goes on."""

import dataclasses
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from modelzoo.errors import ModelzooError

if TYPE_CHECKING:
    from modelzoo.datasets.store import Store
    from modelzoo.training import Progress, RunConfig, RunResult

MODEL = "model"


def train(
    config: Annotated[Path, typer.Argument(help="A TOML file: store, preset, repetitions, and what differs.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Where the runs go: a folder for each seed.")],
) -> None:
    """Train a network as often as the config says; `evaluate` then compares the runs."""
    from modelzoo.datasets.store import open_store
    from modelzoo.training import read_experiment

    try:
        experiment = read_experiment(config)
        store = open_store(experiment.store)
        for number in range(experiment.repetitions):
            run = experiment.repetition(number)
            _one(run, store, output / f"{run.network}-{run.seed}")
    except KeyboardInterrupt as interrupt:
        typer.echo("Stopped. The same command goes on after the last finished epoch.", err=True)
        raise typer.Exit(130) from interrupt


def _one(config: "RunConfig", store: "Store", folder: Path) -> None:
    from modelzoo import artefacts
    from modelzoo.datasets.store import VALIDATION
    from modelzoo.evaluation.runs import RUN, agreement_of, predict, predictions_table, read_run, write_run
    from modelzoo.training import train as run

    if (folder / RUN).exists():
        if read_run(folder).info["config"] != config.to_dict():
            raise ModelzooError(f"{folder} holds a run of another config: take another folder.")
        typer.echo(f"{folder}: finished before")
        return
    result = run(config, store, folder, progress=_Line(folder.name))
    info = {"network": config.network, "dataset": store.info.get("hash", ""), "training": config.to_dict()}
    artefacts.save(folder / MODEL, folder / "checkpoint" / "best.weights.h5", info, _card(config, result, store))
    rows = store.rows(VALIDATION)
    model = artefacts.load(folder / MODEL)
    predictions = predictions_table(store, rows, predict(model, store, rows))
    kept: dict[str, Any] = {
        **{"network": config.network, "seed": config.seed, "dataset": info["dataset"]},
        **{"store": str(store.folder.resolve()), "config": config.to_dict()},
        **dataclasses.asdict(result),
    }
    write_run(folder, kept, predictions)
    shutil.rmtree(folder / "checkpoint")
    one = agreement_of(predictions)
    typer.echo(f"{folder}: r {one.r:.3f}, RMSE {one.rmse:.2f} on {one.n} excerpts; best epoch {result.best_epoch}")
    for note in result.notes:
        typer.echo(f"Note: {note}")


class _Line:
    """A line an epoch, and on a terminal a running count of batches."""

    def __init__(self, name: str) -> None:
        self.name, self.told = name, 0

    def __call__(self, progress: "Progress") -> None:
        for row in progress.history[self.told :]:
            losses = f"loss {row['loss']:.5f}, validation {row['val_loss']:.5f}, rate {row['rate']:g}"
            typer.echo(f"{self.name}: epoch {row['epoch']:g} of {progress.epochs}: {losses}")
        self.told = len(progress.history)
        if progress.batches and sys.stderr.isatty():
            typer.echo(f"\r{self.name}: batch {progress.batch} of {progress.batches} ", err=True, nl=False)


def _card(config: "RunConfig", result: "RunResult", store: "Store") -> str:
    from modelzoo.datasets.store import VALIDATION

    info = store.info
    lines = [
        f"# {config.network}, seed {config.seed}",
        "",
        f"Trained on {len(store.rows('train'))} excerpts of the data set {info.get('hash', '')[:12]}, validated with "
        f"{len(store.rows(VALIDATION))} of other recordings. The weights are epoch {result.best_epoch}'s, chosen by "
        "the validation loss: scores on the validation excerpts are a little better than on unseen ones.",
        "Targets are ViSQOL v3 scores, not listeners'.",
        *result.notes,
        "",
    ]
    return "\n".join(lines)
