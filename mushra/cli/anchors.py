"""`anchors WAV -o DIR`: the two low-pass anchors of a reference."""

import io
import warnings
from pathlib import Path
from typing import Annotated

import numpy as np
import soundfile
import typer
from numpy.typing import NDArray

from mushra.cli.common import BadInput, bad_input, warn
from mushra.design.anchors import VARIANTS, anchor35, anchor70
from mushra.exchange.write import write_bytes

MAKE = {"anchor35": anchor35, "anchor70": anchor70}


def anchors(
    sound: Annotated[Path, typer.Argument(metavar="WAV", help="The reference: WAV, FLAC or AIFF.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The folder for the anchors.", show_default=False)],
    variant: Annotated[
        str, typer.Option(help="paper: the Chebyshev filter of the paper; linear: inside the mask of BS.1534-3 p 7.")
    ] = "paper",
) -> None:
    """Make the 3.5 kHz and 7 kHz anchors of a reference, as long as it is and without delay."""
    if variant not in VARIANTS:
        raise BadInput(f"unknown variant {variant!r}: there are {', '.join(VARIANTS)}")
    with bad_input():
        if not sound.is_file():
            raise BadInput(f"{sound}: there is no such file")
        try:
            samples, rate = soundfile.read(sound)
            info = soundfile.info(sound)
            with warnings.catch_warnings():
                # Peaks beyond full scale are told below, with what was done about them.
                warnings.simplefilter("ignore", UserWarning)
                made = {name: make(samples, rate, variant) for name, make in MAKE.items()}
        except soundfile.LibsndfileError as error:
            raise BadInput(f"{sound}: this can't be decoded: {error.error_string}") from error
        except ValueError as error:
            raise BadInput(f"{sound}: {error}") from error
        out.mkdir(parents=True, exist_ok=True)
        for name, anchor in made.items():
            typer.echo(str(_write(out, f"{sound.stem}_{name}", anchor, info)))


def _write(folder: Path, stem: str, anchor: NDArray[np.float64], info: soundfile._SoundFileInfo) -> Path:
    """Write in the reference's own format, unless the anchor's peaks don't fit into it."""
    form, subtype, suffix = info.format, info.subtype, Path(info.name).suffix.lower()
    peak = float(np.abs(anchor).max())
    if peak > 1 and subtype not in ("FLOAT", "DOUBLE"):
        # Scaling would make the anchor softer than the other stimuli of the item; clipping would distort it.
        form, subtype, suffix = "WAV", "FLOAT", ".wav"
        warn([f"{stem} peaks at {peak:.3f} of full scale: written as 32-bit float; lower the whole item's level"])
    data = io.BytesIO()
    soundfile.write(data, anchor, info.samplerate, subtype=subtype, format=form)
    path = folder / f"{stem}{suffix}"
    write_bytes(path, data.getvalue())
    return path
