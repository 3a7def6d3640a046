"""`export RUN -o DIR`: a finished run's model, ready to be passed on: without Keras, with intervals and a card."""

import json
from pathlib import Path
from typing import Annotated

import typer


def export(
    run: Annotated[Path, typer.Argument(help="The folder of a finished run, as `train` makes it.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The model's folder; its name is the model's.")],
    data: Annotated[str, typer.Option(help="What the training data were, for the card.")] = "",
    licence: Annotated[str, typer.Option(help="The weights' licence, for the card.")] = "Apache-2.0",
    as_json: Annotated[bool, typer.Option("--json", help="Print the model's config as JSON.")] = False,
) -> None:
    """Make a folder that scores without Keras: weights, ONNX file, prediction intervals, scores, card, hashes."""
    from modelzoo import artefacts

    config = artefacts.export(run, output, data=data, licence=licence)
    if as_json:
        typer.echo(json.dumps(config))
        return
    size = sum(file.stat().st_size for file in output.iterdir()) / 1e6
    calibration = config["calibration"]
    typer.echo(
        f"{output}: {size:.1f} MB; ONNX at most {config['onnx_difference']:.1e} off Keras; "
        f"{100 * calibration['level']:g} % intervals held {100 * calibration['coverage']:.1f} % of "
        f"{calibration['excerpts']} excerpts of recordings left out of the calibration"
    )
