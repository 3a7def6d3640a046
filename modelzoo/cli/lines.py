"""How commands speak: errors as one line with exit code 2, results as text or JSON."""

import errno
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperGroup

from modelzoo.errors import ModelzooError

BAD_INPUT = 2
LONGEST_SECONDS = 3600.0
"""Longer sound than this is refused by commands that hold it in memory whole."""


class OneLineGroup(TyperGroup):
    """A group of commands that answers bad input, its own or a command's, with one line and exit code 2."""

    def main(self, args: Sequence[str] | None = None, *rest: Any, standalone_mode: bool = True, **extra: Any) -> Any:
        """Run a command; in standalone mode this ends the process."""
        try:
            code = super().main(args, *rest, **{**extra, "standalone_mode": False})
        except Exception as error:
            message = _sentence(error)
            if message is None:
                raise
            if message:
                typer.echo(message, err=True)
            code = BAD_INPUT
        if standalone_mode:
            sys.exit(code if isinstance(code, int) else 0)
        return code


def _sentence(error: Exception) -> str | None:
    """What to tell somebody about an error of theirs; None for one of ours."""
    usage = getattr(error, "format_message", None)
    if usage is not None:
        text = str(usage())
        # Without arguments the message is the help itself.
        return text if text.startswith("Usage:") else f"{' '.join(text.split())} (--help shows what can be given)"
    if isinstance(error, OSError):
        if error.errno == errno.EPIPE:
            # Whoever read our output has gone: nothing is left to say, nor to flush.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return ""
        where = f"{error.filename}: " if error.filename else ""
        return f"{where}{error.strerror or error}"
    if isinstance(error, ModelzooError):
        return " ".join(str(error).split())
    return None


def checked_output(output: Path, inputs: list[Path], suffixes: tuple[str, ...]) -> Path:
    """A file that may be written: in a folder that exists, of a known kind, and none of the inputs.

    Raises
    ------
    ModelzooError
        It may not be.
    """
    if output.suffix.lower() not in suffixes:
        raise ModelzooError(f"{output}: the output's name must end in {' or '.join(suffixes)}.")
    if output.is_dir() or not output.parent.is_dir():
        raise ModelzooError(f"{output} can't be written: {output.parent} is no folder, or the name is a folder's.")
    if any(output.resolve() == file.resolve() for file in inputs):
        raise ModelzooError(f"{output} is the input itself: give another name.")
    return output


def sound_at(file: Path, rate: int) -> Any:
    """A file's samples, (n, channels), resampled to `rate` with a line on stderr that says so."""
    from modelzoo.audio import decode, resample

    audio = decode(file, max_seconds=LONGEST_SECONDS)
    if audio.rate != rate:
        typer.echo(f"{file}: resampled from {audio.rate} to {rate} Hz", err=True)
    return resample(audio.samples, audio.rate, rate)
