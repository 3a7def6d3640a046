"""`render-references -o OUT`: a licence-clean corpus of references for those who have no music of their own."""

import json
from pathlib import Path
from typing import Annotated

import typer


def render_references(
    out: Annotated[Path, typer.Option("--out", "-o", help="The folder to fill.")],
    count: Annotated[int, typer.Option(help="How many recordings of 10 s.")] = 250,
    seed: Annotated[int, typer.Option(help="Another seed, other music.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Compose and render references with FluidSynth and FluidR3; started again, it goes on where it stopped."""
    from modelzoo.references import render_corpus

    manifest = render_corpus(out, count, seed, progress=_tell)
    result = {"folder": str(out), "manifest": str(manifest), "recordings": count, "seed": seed}
    typer.echo(json.dumps(result) if as_json else str(manifest))


def _tell(done: int, count: int) -> None:
    if done % 25 == 0 or done == count:
        typer.echo(f"{done} of {count}", err=True)
