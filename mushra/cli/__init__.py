"""The command line: `python -m mushra COMMAND`."""

import os
import sys
from collections.abc import Sequence
from typing import NoReturn

import typer

from mushra.cli.anchors import anchors
from mushra.cli.check import check
from mushra.cli.common import BadInput
from mushra.cli.compare import compare
from mushra.cli.convert import convert
from mushra.cli.mos import mos
from mushra.cli.power import power
from mushra.cli.screen import screen

BAD_INPUT = 2
# What every error of usage is; typer gives no public name to it.
_USAGE: type[Exception] = typer.BadParameter.__mro__[1]

app = typer.Typer(
    name="mushra",
    help="MUSHRA listening tests: screen the listeners, summarise what they heard, move tables between formats.",
    add_completion=False,
    pretty_exceptions_enable=False,
)
for command in (screen, mos, compare, convert, anchors, check, power):
    app.command()(command)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command. Bad input ends it with exit code 2 and one line on stderr."""
    try:
        code = app(list(arguments) if arguments is not None else None, standalone_mode=False, prog_name="mushra")
    except BadInput as error:
        _end(str(error))
    except _USAGE as error:
        # Usage is one command away; the reason must not drown in it.
        _end(getattr(error, "format_message", error.__str__)() or "name a command; --help lists them")
    except typer.Abort:
        sys.exit(130)
    except BrokenPipeError:
        # Whoever read the output has read enough; Python must not try to flush the rest.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    sys.exit(code if isinstance(code, int) else 0)


def _end(message: str) -> NoReturn:
    typer.echo(f"mushra: {' '.join(message.split())}", err=True)
    sys.exit(BAD_INPUT)
