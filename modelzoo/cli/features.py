"""`features IN -o OUT.npy`: the networks' input tensor of a sound."""

import json
from pathlib import Path
from typing import Annotated

import typer

from modelzoo.cli.lines import checked_output, sound_at
from modelzoo.errors import ModelzooError


def features(
    source: Annotated[Path, typer.Argument(metavar="IN", help="A sound file.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="A .npy file: float32, time by mel band, 0-1.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Log-mel spectrogram (paper, section 3) of a whole file, channels averaged; 10 s give 1876 by 256."""
    import numpy as np

    from modelzoo.features import RATE, log_mel

    checked_output(output, [source], (".npy",))
    samples = sound_at(source, RATE)
    try:
        tensor = log_mel(samples.mean(axis=1), RATE)
    except ModelzooError as error:
        raise ModelzooError(f"{source}: {error}") from error
    partial = output.with_name(f".{output.name}.part")
    with partial.open("wb") as file:
        np.save(file, tensor)
    partial.replace(output)
    frames, bands = tensor.shape
    if as_json:
        typer.echo(json.dumps({"input": str(source), "output": str(output), "frames": frames, "bands": bands}))
    else:
        typer.echo(f"{output}: {frames} by {bands}")
