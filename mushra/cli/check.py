"""`check CONFIG`: what a webMUSHRA config has wrong."""

import dataclasses
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from mushra.cli.common import BadInput, JsonOption, print_json
from mushra.exchange import ExchangeError, read_config
from mushra.exchange.config_check import ERROR, check_config
from mushra.exchange.recognise import contents

HAS_ERRORS = 1


def check(
    config: Annotated[Path, typer.Argument(metavar="CONFIG", help="A webMUSHRA config (YAML).")],
    audio: Annotated[
        Path | None, typer.Option(help="The folder that its paths are relative to: look at the sounds too.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Look a config over by its own rules and BS.1534-3's; exit code 1 if there are errors."""
    try:
        found = read_config(contents(config))
    except ExchangeError as error:
        raise BadInput(f"{config}: {error}") from error
    if audio is not None and not audio.is_dir():
        raise BadInput(f"{audio}: there is no such folder")
    findings = check_config(found, audio)
    if as_json:
        pages = [{"type": page.type, "id": page.id, "runs": page.runs} for page in found.pages]
        said = [dataclasses.asdict(finding) for finding in findings]
        print_json({"name": found.name, "id": found.id, "pages": pages, "findings": said})
    else:
        console = Console(highlight=False, soft_wrap=True)
        console.print(escape(f"{found.name or found.id}: {len(found.pages)} pages, {len(found.trials)} of them items"))
        for one in findings:
            colour = "red" if one.level == ERROR else "yellow"
            where = f"{escape(one.page)}: " if one.page else ""
            console.print(f"[{colour}]{one.level}[/{colour}]  {where}{escape(one.text)}")
        if not findings:
            console.print("nothing to object to")
    if any(finding.level == ERROR for finding in findings):
        raise typer.Exit(HAS_ERRORS)
