"""`references DIR -o OUT`: 10 s references out of somebody's own music, checked, with a manifest that `build` reads."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from modelzoo.references.collect import Collected


def references(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Recordings; its manifest.csv may say more of them.")],
    out: Annotated[Path, typer.Option("--output", "-o", help="The folder to fill.")],
    start: Annotated[
        list[float] | None, typer.Option(min=0, help="Second to begin at, repeatable; without it: by loudness.")
    ] = None,
    excerpts: Annotated[int, typer.Option(min=1, max=1000, help="How many of each recording, at most.")] = 1,
    accept: Annotated[
        list[str] | None, typer.Option(help="Put up with: silent, clipped, lossy, duplicate; repeatable.")
    ] = None,
    licence: Annotated[str, typer.Option(help="Of recordings that name none.")] = "",
    source: Annotated[str, typer.Option(help="Where recordings that do not say it come from.")] = "",
    workers: Annotated[int, typer.Option(min=1, help="Processes; one for each core is best.")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Cut 10 s, mono, 48 kHz, 16 bit out of every recording and check them; started again, it goes on."""
    from modelzoo.references.collect import Wishes, collect

    wishes = Wishes(tuple(start or ()), excerpts, frozenset(accept or ()), licence, source)
    try:
        here = workers == 1
        collected = collect(folder, out, wishes, workers=0 if here else workers, progress=_tell_progress)
    except KeyboardInterrupt as interrupt:
        typer.echo("Stopped. The same command goes on where it was.", err=True)
        raise typer.Exit(130) from interrupt
    if as_json:
        result = {"folder": str(out), "manifest": str(collected.manifest)}
        typer.echo(json.dumps({**result, "excerpts": collected.rows, "left_out": collected.left_out}))
    else:
        _tell(collected)


def _tell_progress(done: int, total: int, file: str) -> None:
    if sys.stderr.isatty():
        typer.echo(f"\r{done} of {total}: {file:<80.80}", err=True, nl=done == total)
    elif done % 25 == 0 or done == total:
        typer.echo(f"{done} of {total}", err=True)


def _tell(collected: "Collected") -> None:
    from modelzoo.references.collect import UNKNOWN

    for one in collected.left_out:
        typer.echo(f"{one['file']} is left out: {one['reason']}", err=True)
    nameless = sum(row["licence"] == UNKNOWN for row in collected.rows)
    if nameless:
        typer.echo(f"{nameless} excerpts name no licence: say it by --licence or in a manifest.csv.", err=True)
    typer.echo(f"{collected.manifest}: {len(collected.rows)} excerpts, {len(collected.left_out)} left out")
