"""`build CONFIG -o DIR`: a training store from references; started again, it goes on."""

import json
import shutil
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from modelzoo.errors import ModelzooError

if TYPE_CHECKING:
    from modelzoo.datasets.build import Built

SECONDS_BETWEEN_LINES = 30.0
GB = 1e9


def build(
    config: Annotated[Path, typer.Argument(help="A TOML file: references, processes, population, draw, split.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The store's folder.")],
    workers: Annotated[int, typer.Option(min=1, help="Processes; one for each core is best.")] = 1,
    limit: Annotated[int | None, typer.Option(min=2, help="Make only so many excerpts, for a trial.")] = None,
    plan_only: Annotated[bool, typer.Option("--plan", help="Print the plan and make nothing.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Degrade, score and draw excerpts and store their tensors; the same command goes on after any interruption."""
    from modelzoo.datasets.build import build_plan
    from modelzoo.datasets.config import read_config
    from modelzoo.datasets.sources import read_references

    settings = read_config(config)
    references, bad = read_references(settings.references, settings.group, settings.lowest_treble)
    plan = settings.plan({reference.name: reference.group for reference in references}, limit)
    estimate = plan.estimate(workers)
    for file, reason in bad.items():
        typer.echo(f"{file} is left out: {reason}", err=True)
    _tell_plan(estimate, workers)
    if plan_only:
        typer.echo(json.dumps({"plan": estimate, "left_out": bad}) if as_json else "Nothing was made.")
        return
    _enough_room(output, estimate)
    try:
        built = build_plan(references, plan, output, workers=workers, progress=_Line())
    except KeyboardInterrupt as interrupt:
        typer.echo("\nStopped. The same command goes on where it was.", err=True)
        raise typer.Exit(130) from interrupt
    if built is not None:
        _tell(output, built, bad, as_json)


def _tell_plan(estimate: dict[str, float], workers: int) -> None:
    typer.echo(
        f"Plan: {estimate['references']:g} references, {estimate['single']:,} single processes and "
        f"{estimate['cascades']:,} cascades, {estimate['excerpts']:,} excerpts in all, of which {estimate['drawn']:,} "
        f"are kept. About {estimate['bytes'] / GB:.2g} GB ({estimate['bytes_while_building'] / GB:.2g} GB on the way), "
        f"about {_duration(estimate['seconds'])} with {workers} worker{'s' if workers > 1 else ''}.",
        err=True,
    )


def _enough_room(folder: Path, estimate: dict[str, float]) -> None:
    there = folder
    while not there.exists():
        there = there.parent
    if not there.is_dir():
        raise ModelzooError(f"{there} is no folder.")
    used = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) if folder.exists() else 0
    missing = estimate["bytes_while_building"] - used - shutil.disk_usage(there).free
    if missing > 0:
        raise ModelzooError(f"{missing / GB:.2g} GB more are needed on the disk of {there}.")


class _Line:
    """A line with rate and time left: rewritten on a terminal, else one every half minute."""

    def __init__(self) -> None:
        self.terminal = sys.stderr.isatty()
        self.begun = self.told = time.monotonic()
        self.first = 0

    def __call__(self, done: int, total: int, message: str) -> None:
        if message == "made before":
            self.first = done
            typer.echo(f"{done:,} of {total:,} steps were done before.", err=True)
            return
        now = time.monotonic()
        if now - self.told < (0.2 if self.terminal else SECONDS_BETWEEN_LINES) and done < total:
            return
        self.told = now
        rate = (done - self.first) / max(now - self.begun, 1e-9)
        line = f"{done:,} of {total:,}, {rate:.2f} a second, {_duration((total - done) / rate)} left; {message}"
        # The rest of a longer line before it is blanked.
        typer.echo(f"\r{line:<100}" if self.terminal else line, err=True, nl=not self.terminal or done == total)


def _tell(output: Path, built: "Built", bad: dict[str, str], as_json: bool) -> None:
    for name, reason in built.failures.items():
        typer.echo(f"{name} could not be made: {reason}", err=True)
    summary: dict[str, Any] = {"store": str(output), **built.summary}
    if as_json:
        typer.echo(json.dumps({**summary, "failures": built.failures, "left_out": bad}))
        return
    typer.echo(
        f"{output}: {summary['excerpts']:,} excerpts of {summary['references']} references, {summary['train']:,} to "
        f"train on and {summary['validation']:,} to validate with; {len(built.failures)} failed. Hash {summary['hash']}"
    )


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
