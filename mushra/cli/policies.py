"""Policies by name or from a TOML file, and what listeners said about headphones."""

from pathlib import Path

from mushra.cli.common import BadInput, bad_input
from mushra.exchange import ExchangeError, cells
from mushra.exchange.recognise import contents
from mushra.screening import POLICIES, Policy, read_policy

YES = {"yes", "y", "true", "1", "headphones"}
NO = {"no", "n", "false", "0"}


def find_policy(name: str) -> Policy:
    """A policy by its name, or from a TOML file (see `mushra.screening.read_policy`)."""
    if name in POLICIES:
        return POLICIES[name]
    path = Path(name)
    if path.suffix.lower() != ".toml" and not path.is_file():
        raise BadInput(f"unknown policy {name!r}: there are {', '.join(sorted(POLICIES))}, or name a TOML file")
    with bad_input():
        return read_policy(path)


def read_headphones(path: Path | None) -> dict[str, bool | None] | None:
    """What each listener said, from a CSV with the columns listener and headphones."""
    if path is None:
        return None
    try:
        text, _ = cells.decode(contents(path))
        table = cells.frame(cells.rows_of(text))
    except ExchangeError as error:
        raise BadInput(f"{path}: {error}") from error
    table = table.rename(columns={name: str(name).lower() for name in table.columns})
    if not {"listener", "headphones"} <= set(table.columns):
        raise BadInput(f"{path}: expected the columns listener and headphones; there are {', '.join(table.columns)}")
    said: dict[str, bool | None] = {}
    for line, listener, answer in zip(table.index, table["listener"], table["headphones"], strict=True):
        word = answer.strip().lower()
        if word not in YES | NO | {""}:
            raise BadInput(f"{path}: line {line}: headphones is {answer!r}: expected yes or no")
        if listener in said:
            raise BadInput(f"{path}: line {line}: listener {listener} comes twice")
        said[listener] = None if not word else word in YES
    return said
