"""`score FILE… --model DIR`: the quality of sound files, 0-100."""

import csv
import dataclasses
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from modelzoo.cli.lines import BAD_INPUT
from modelzoo.errors import ModelzooError

LONGEST_SECONDS = 3 * 3600.0


def score(
    files: Annotated[list[Path], typer.Argument(help="Sound files, or folders of them.")],
    model: Annotated[Path, typer.Option("--model", "-m", help="The model's folder.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON list, with each window's score.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
    hop: Annotated[float, typer.Option(help="Seconds between the starts of windows of 10 s.")] = 10.0,
) -> None:
    """Score files; one that can't be scored is named with the reason, and the others are scored all the same."""
    from modelzoo import artefacts

    if as_json and as_csv:
        raise typer.BadParameter("choose --json or --csv")
    loaded = artefacts.load(model)
    rows, failed = [], False
    for file in _files(files):
        try:
            rows.append(_one(loaded, file, hop))
        except (ModelzooError, OSError) as error:
            failed = True
            typer.echo(f"{file}: {error}", err=True)
    _print(rows, as_json, as_csv)
    if failed or not rows:
        raise typer.Exit(BAD_INPUT)


def _files(paths: list[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from sorted(file for file in path.iterdir() if file.is_file() and not file.name.startswith("."))
        else:
            yield path


def _one(model: Any, file: Path, hop: float) -> dict[str, Any]:
    from modelzoo.audio import decode

    audio = decode(file, max_seconds=LONGEST_SECONDS)
    scored = model.score_sound(audio.samples, audio.rate, hop=hop)
    return {
        "file": str(file),
        "score": round(scored.score, 2),
        # No model measures its own uncertainty yet.
        "interval": None,
        "timeline": [dataclasses.asdict(window) for window in scored.timeline],
        "model": model.name,
        "flags": scored.flags,
    }


def _print(rows: list[dict[str, Any]], as_json: bool, as_csv: bool) -> None:
    if as_json:
        typer.echo(json.dumps(rows, indent=2))
    elif as_csv:
        from mushra.exchange import neutralise

        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(["file", "score", "model", "flags"])
        for row in rows:
            # A file's name is somebody else's text: a spreadsheet must not take it for a formula.
            writer.writerow([neutralise(row["file"]), row["score"], neutralise(row["model"]), " ".join(row["flags"])])
    else:
        for row in rows:
            typer.echo(
                f"{row['score']:6.1f}  {row['file']}" + (f"  ({', '.join(row['flags'])})" if row["flags"] else "")
            )
