"""Policies by name or from a TOML file, and what listeners said about headphones."""

from dataclasses import replace
from pathlib import Path

import pandas as pd

from mushra.cli.common import BadInput, bad_input
from mushra.exchange import ExchangeError, Names, cells
from mushra.exchange.recognise import contents
from mushra.screening import POLICIES, Policy, Screening, read_policy, screen

YES = {"yes", "y", "true", "t", "1", "headphones", "earphones"}
NO = {"no", "n", "false", "f", "0", "none", "loudspeakers", "loudspeaker", "speakers", "speaker"}
ANSWER = "headphones"


def find_policy(name: str) -> Policy:
    """A policy by its name, or from a TOML file (see `mushra.screening.read_policy`)."""
    if name in POLICIES:
        return POLICIES[name]
    path = Path(name)
    if path.suffix.lower() != ".toml" and not path.is_file():
        raise BadInput(f"unknown policy {name!r}: there are {', '.join(sorted(POLICIES))}, or name a TOML file")
    with bad_input():
        return read_policy(path)


def screened(table: pd.DataFrame, policy: Policy, headphones: Path | None, names: Names) -> Screening:
    """Screen a table; what the file of headphones says of nobody, or to no effect, is among the warnings."""
    said = read_headphones(headphones, names) if headphones is not None else {}
    with bad_input():
        result = screen(table, policy, said)
    warnings = list(result.warnings)
    if said and not policy.headphones_required:
        warnings.append(f"{policy.name} does not ask about headphones: {headphones} decides nothing")
    elif strangers := sorted(set(said) - set(result.listeners)):
        warnings.append(f"{headphones} names listeners without ratings: {', '.join(strangers)}")
    return replace(result, warnings=warnings)


def read_headphones(path: Path, names: Names) -> dict[str, bool | None]:
    """What each listener said, from a CSV with the columns listener (or what it is called) and headphones.

    A listener may stand on several lines, as in a table of ratings, if they say the same.
    """
    try:
        text, _ = cells.decode(contents(path))
        table = cells.frame(cells.rows_of(text))
    except ExchangeError as error:
        raise BadInput(f"{path}: {error}") from error
    listener, answer = _columns_of(table, names, path)
    said: dict[str, bool | None] = {}
    for line, name, word in zip(table.index, table[listener], table[answer], strict=True):
        plain = word.strip().lower()
        if plain not in YES | NO | {""}:
            raise BadInput(f"{path}: line {line}: {answer} is {word!r}: expected yes or no")
        means = None if not plain else plain in YES
        if said.setdefault(name, means) != means:
            raise BadInput(f"{path}: line {line}: listener {name} comes twice, with another answer")
    return said


def _columns_of(table: pd.DataFrame, names: Names, path: Path) -> tuple[str, str]:
    """The columns of the listener and of the answer; of two columns, the other one."""
    there = {str(name).lower(): str(name) for name in table.columns}
    listener = there.get("listener", there.get(names.columns.get("listener", "listener").lower()))
    others = [name for name in there.values() if name != listener]
    answer = there.get(ANSWER, others[0] if len(others) == 1 else None)
    if listener is None or answer is None:
        raise BadInput(f"{path}: expected the columns listener and headphones; there are {', '.join(there.values())}")
    return listener, answer
