"""`convert FILE… --to FORMAT -o OUT`: one table from any files, in the format that is asked for."""

import dataclasses
from pathlib import Path
from typing import Annotated

import typer

from mushra import exchange
from mushra.cli.common import (
    BadInput,
    ColumnsOption,
    Files,
    HeadphonesOption,
    LowOption,
    MidOption,
    ReferenceOption,
    bad_input,
    names_of,
    warn,
)
from mushra.cli.policies import find_policy, screened
from mushra.exchange.write import write_bytes

PACKAGE = "package"
FORMATS = (*exchange.FORMATS, PACKAGE)


def convert(
    files: Files,
    to: Annotated[str, typer.Option("--to", help=f"One of {', '.join(FORMATS)}.", show_default=False)],
    out: Annotated[Path, typer.Option("--out", "-o", help="The file to write.", show_default=False)],
    policy: Annotated[
        str | None, typer.Option("--policy", "-p", help="For a package: screen by it and keep the decisions.")
    ] = None,
    headphones: HeadphonesOption = None,
    columns: ColumnsOption = None,
    reference: ReferenceOption = None,
    anchor_low: LowOption = None,
    anchor_mid: MidOption = None,
) -> None:
    """Read ratings and write them as tidy CSV, Parquet, Excel, webMUSHRA CSV or a study package."""
    if to not in FORMATS:
        raise BadInput(f"unknown format {to!r}: there are {', '.join(FORMATS)}")
    if policy is not None and to != PACKAGE:
        raise BadInput(f"--policy is for packages: a {to} file holds no decisions")
    if headphones is not None and policy is None:
        raise BadInput("--headphones goes with --policy")
    with bad_input():
        names = names_of(columns, reference, anchor_low, anchor_mid)
        imported, config = exchange.read_all(files, names)
        warnings = list(imported.warnings)
        if to == PACKAGE:
            package = exchange.Package(imported.table, config.text if config else None)
            if policy is not None:
                rules = find_policy(policy)
                result = screened(imported.table, rules, headphones, names)
                package = dataclasses.replace(package, policy=rules, decisions=result.to_dict())
                warnings += result.warnings
            write_bytes(out, exchange.pack(package))
        else:
            warnings += exchange.write(imported.table, out, to)
    warn(warnings)
    listeners = imported.table["listener"].nunique()
    typer.echo(f"{imported.format}: {len(imported.table)} ratings of {listeners} listeners, written to {out}", err=True)
