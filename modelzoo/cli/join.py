"""`join STORE… -o DIR`: a training store out of others."""

import json
from pathlib import Path
from typing import Annotated

import typer


def join(
    stores: Annotated[list[Path], typer.Argument(help="Folders of complete stores, as `build` makes them.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The new store's folder.")],
    without: Annotated[
        Path | None, typer.Option("--without", help="A text file of references to leave out, one a line.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Put stores together; every excerpt stays in the split that it is in, and gets its store's name in front."""
    from modelzoo.datasets.join import join as join_stores

    left_out = frozenset(without.read_text().split()) if without else frozenset()
    summary = join_stores(stores, output, left_out)
    if as_json:
        typer.echo(json.dumps({"store": str(output), **summary}))
        return
    typer.echo(
        f"{output}: {summary['excerpts']:,} excerpts of {summary['references']} references, {summary['train']:,} to "
        f"train on and {summary['validation']:,} to validate with. Hash {summary['hash']}"
    )
