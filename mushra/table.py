"""The tidy table: one row for each score, the same everywhere in the product."""

import pandas as pd

REFERENCE, ANCHOR35, ANCHOR70, SYSTEM = "reference", "anchor35", "anchor70", "system"
KINDS = (REFERENCE, ANCHOR35, ANCHOR70, SYSTEM)
COLUMNS = (
    *("study", "listener", "session", "page", "repeat", "recording"),
    *("condition", "kind", "score", "seconds", "plays"),
)
NEEDED = ("listener", "recording", "condition", "kind", "score")


class TableError(ValueError):
    """The table can't be used; the text says which column or rows, and why."""


def checked(table: pd.DataFrame) -> pd.DataFrame:
    """A copy with `listener` as text, `repeat` filled in, and every value checked.

    Raises
    ------
    TableError
        A column is missing, a kind is unknown, a score is outside 0-100, or a listener has two scores for the same
        presentation of a stimulus.
    """
    missing = [name for name in NEEDED if name not in table.columns]
    if missing:
        raise TableError(f"the table lacks {', '.join(missing)}; it has {', '.join(map(str, table.columns))}")
    table = table.reset_index(drop=True).copy()
    table["listener"] = table["listener"].astype(str)
    if "repeat" not in table:
        table["repeat"] = 0
    unknown = sorted(set(map(str, table["kind"].unique())) - set(KINDS))
    if unknown:
        raise TableError(f"unknown kinds {', '.join(unknown)}: expected {', '.join(KINDS)}")
    try:
        table["score"] = pd.to_numeric(table["score"])
    except (ValueError, TypeError) as error:
        raise TableError(f"a score is not a number: {error}") from error
    outside = table["score"].notna() & ~table["score"].between(0, 100)
    if outside.any():
        row = table.loc[outside].iloc[0]
        raise TableError(
            f"{int(outside.sum())} scores are outside 0-100, first {row['score']:g} by {row['listener']} "
            f"for {row['recording']} {row['condition']}"
        )
    twice = table.duplicated(["listener", "recording", "condition", "repeat"])
    if twice.any():
        row = table.loc[twice].iloc[0]
        raise TableError(
            f"{int(twice.sum())} scores come twice, first {row['listener']} for {row['recording']} {row['condition']} "
            f"(repeat {row['repeat']})"
        )
    return table
