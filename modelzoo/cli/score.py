"""`score FILE|DIR|GLOB…`: the quality of sound, 0-100."""

import csv
import dataclasses
import glob
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from modelzoo.cli.lines import BAD_INPUT
from modelzoo.errors import ModelzooError

if TYPE_CHECKING:
    from modelzoo.artefacts import Model, Scored


def score(
    files: Annotated[
        list[str], typer.Argument(help="Sound files, folders of them, or patterns such as 'music/*.mp3'.")
    ],
    model: Annotated[str, typer.Option("--model", "-m", help="A shipped model's name, or a model's folder.")] = "ours",
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON list, with each window's score.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
    hop: Annotated[float, typer.Option(help="Seconds between the starts of windows of 10 s.")] = 10.0,
    watch: Annotated[bool, typer.Option("--watch", help="Follow one growing file or http(s) stream.")] = False,
    patience: Annotated[float, typer.Option(min=0.1, help="Seconds without sound that end --watch.")] = 10.0,
) -> None:
    """Score files; one that can't be scored is named with the reason, and the others are scored all the same."""
    from modelzoo import artefacts

    if as_json and as_csv:
        raise typer.BadParameter("choose --json or --csv")
    if watch and (as_csv or len(files) != 1):
        raise typer.BadParameter("--watch follows one file or address, and prints text or JSON")
    loaded = artefacts.load(model)
    if watch:
        _watch(loaded, files[0], hop, patience, as_json)
        return
    rows, failed = [], False
    found = list(_files(files))
    for number, file in enumerate(found):
        if len(found) > 1 and sys.stderr.isatty():
            typer.echo(f"\r{number} of {len(found)} ", err=True, nl=False)
        try:
            rows.append(_row(loaded, str(file), _score(loaded, file, hop)))
        except (ModelzooError, OSError) as error:
            failed = True
            typer.echo(_with_name(file, error), err=True)
    _print(rows, as_json, as_csv)
    if failed or not rows:
        raise typer.Exit(BAD_INPUT)


def _files(given: list[str]) -> Iterator[Path]:
    for name in given:
        path = Path(name)
        if path.is_dir():
            yield from sorted(file for file in path.iterdir() if file.is_file() and not file.name.startswith("."))
        elif not path.exists() and glob.has_magic(name):
            matches = sorted(Path(match) for match in glob.glob(name, recursive=True) if Path(match).is_file())
            # Nothing found: the pattern itself is named as missing.
            yield from matches or [path]
        else:
            yield path


def _score(model: "Model", file: Path, hop: float) -> "Scored":
    from modelzoo.artefacts import Scorer
    from modelzoo.audio.stream import blocks

    with blocks(file) as (rate, sound):
        scorer = Scorer(model, rate, hop)
        for block in sound:
            scorer.feed(block)
        return scorer.finish()


def _with_name(file: Path, error: Exception) -> str:
    text = " ".join(str(error).split())
    return text if str(file) in text else f"{file}: {text}"


def _row(model: "Model", file: str, scored: "Scored") -> dict[str, Any]:
    return {
        "file": file,
        "score": round(scored.score, 2),
        "interval": None if scored.interval is None else [round(end, 2) for end in scored.interval],
        "timeline": [_rounded(window) for window in scored.timeline],
        "model": model.name,
        "flags": scored.flags,
    }


def _rounded(window: Any) -> dict[str, float]:
    return {name: round(value, 3) for name, value in dataclasses.asdict(window).items()}


def _watch(model: "Model", source: str, hop: float, patience: float, as_json: bool) -> None:
    """A line a window: where it is, its score, and the mean so far; at the end, the whole as for a file."""
    from modelzoo.artefacts import Scorer
    from modelzoo.audio.stream import blocks

    with blocks(source, patience=patience) as (rate, sound):
        scorer = Scorer(model, rate, hop)
        try:
            for block in sound:
                for window in scorer.feed(block):
                    running = sum(one.score for one in scorer.timeline) / len(scorer.timeline)
                    _tell_window(window, running, as_json)
        except KeyboardInterrupt:
            typer.echo("Stopped.", err=True)
        row = _row(model, source, scorer.finish())
    if as_json:
        typer.echo(json.dumps(row))
    else:
        _print([row], False, False)


def _tell_window(window: Any, running: float, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps({**_rounded(window), "running": round(running, 2)}))
    else:
        typer.echo(f"{window.start:8.1f} to {window.end:8.1f} s: {window.score:5.1f}, mean so far {running:5.1f}")
    sys.stdout.flush()


def _print(rows: list[dict[str, Any]], as_json: bool, as_csv: bool) -> None:
    if as_json:
        typer.echo(json.dumps(rows, indent=2))
    elif as_csv:
        from mushra.exchange import neutralise

        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(["file", "score", "low", "high", "model", "flags"])
        for row in rows:
            # A file's name is somebody else's text: a spreadsheet must not take it for a formula.
            texts = [neutralise(row["file"]), neutralise(row["model"])]
            low, high = row["interval"] or ("", "")
            writer.writerow([texts[0], row["score"], low, high, texts[1], " ".join(row["flags"])])
    else:
        for row in rows:
            beside = [f"{row['interval'][0]:.1f} to {row['interval'][1]:.1f}"] if row["interval"] else []
            said = "; ".join([*beside, *row["flags"]])
            typer.echo(f"{row['score']:6.1f}  {row['file']}" + (f"  ({said})" if said else ""))
