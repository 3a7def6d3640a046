"""`score-pair REF DEG`: ViSQOL of one degraded copy."""

import json
from pathlib import Path
from typing import Annotated

import typer

from modelzoo.cli.lines import sound_at
from modelzoo.errors import ModelzooError


def score_pair(
    reference: Annotated[Path, typer.Argument(metavar="REF", help="The undegraded sound.")],
    degraded: Annotated[Path, typer.Argument(metavar="DEG", help="The degraded copy.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """MOS-LQO, 1 to 5, by ViSQOL v3 in audio mode. Channels are averaged; levels are left as they are."""
    from modelzoo.features import RATE
    from modelzoo.labels import visqol

    original, copy = sound_at(reference, RATE), sound_at(degraded, RATE)
    try:
        score = visqol(original, copy, RATE)
    except ModelzooError as error:
        raise ModelzooError(f"{reference} and {degraded}: {error}") from error
    result = {
        "moslqo": score.moslqo,
        "reference": str(reference),
        "degraded": str(degraded),
        "implementation": score.implementation,
        "version": score.version,
    }
    typer.echo(json.dumps(result) if as_json else f"{score.moslqo:.4f}  {degraded}")
