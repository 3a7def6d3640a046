"""What the commands share: options, reading the input, JSON, warnings on stderr."""

import json
import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from mushra.exchange import ExchangeError, Imported, Names, read_all
from mushra.screening import PolicyError
from mushra.table import TableError

Files = Annotated[
    list[Path],
    typer.Argument(
        metavar="FILE", help="Ratings in any format, told by content; a webMUSHRA config beside its results."
    ),
]
PolicyOption = Annotated[str, typer.Option("--policy", "-p", help="A policy's name, or a TOML file of thresholds.")]
ColumnsOption = Annotated[
    list[str] | None,
    typer.Option("--columns", help="Other names of columns: listener=subject,item=song", show_default=False),
]
ReferenceOption = Annotated[
    str | None, typer.Option("--reference", help="What the hidden reference is called.", show_default=False)
]
LowOption = Annotated[
    str | None, typer.Option("--anchor-low", help="What the 3.5 kHz anchor is called.", show_default=False)
]
MidOption = Annotated[
    str | None, typer.Option("--anchor-mid", help="What the 7 kHz anchor is called.", show_default=False)
]
HeadphonesOption = Annotated[
    Path | None, typer.Option(help="CSV with listener,headphones (yes or no).", show_default=False)
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON on stdout, and nothing else.")]


# Where nobody looks at a terminal, no name is folded.
WIDE = 200


class BadInput(Exception):
    """What is wrong with the input: `mushra.cli.main` makes it one line on stderr and exit code 2."""


@contextmanager
def bad_input() -> Iterator[None]:
    """What is wrong with the input, in one line and without a traceback."""
    try:
        yield
    except (ExchangeError, TableError, PolicyError) as error:
        raise BadInput(str(error)) from error
    except OSError as error:
        raise BadInput(f"{error.filename or ''}: {error.strerror or error}") from error


def names_of(columns: list[str] | None, reference: str | None, anchor_low: str | None, anchor_mid: str | None) -> Names:
    """The `Names` that the options describe."""
    pairs: dict[str, str] = {}
    for part in filter(None, (part.strip() for part in ",".join(columns or []).split(","))):
        ours, equals, theirs = part.partition("=")
        if not equals or not ours.strip() or not theirs.strip():
            raise BadInput(f"--columns has {part!r}: expected ours=theirs, as in listener=subject")
        if pairs.setdefault(ours.strip().lower(), theirs.strip()) != theirs.strip():
            raise BadInput(
                f"--columns names two columns for {ours.strip()}: {pairs[ours.strip().lower()]}, {theirs.strip()}"
            )
    return Names(pairs, reference, anchor_low, anchor_mid)


def read_ratings(files: list[Path], names: Names) -> Imported:
    """The ratings of all files as one table."""
    with bad_input():
        return read_all(files, names)[0]


def warn(warnings: list[str]) -> None:
    """Warnings on stderr, where they don't get into what is piped on."""
    console = Console(stderr=True, highlight=False)
    for warning in warnings:
        console.print(f"[yellow]warning:[/yellow] {_escape(warning)}", soft_wrap=True)


def _escape(text: str) -> str:
    return text.replace("[", "\\[")


def print_json(value: Any) -> None:
    """JSON alone on stdout; what is not a finite number becomes null."""
    typer.echo(json.dumps(plain(value), indent=2, ensure_ascii=False, allow_nan=False))


def plain(value: Any) -> Any:
    """Plain JSON types all the way down."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
