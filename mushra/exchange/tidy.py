"""The tidy table from plain tables, long (a row per score) or wide (a column per condition)."""

import math
import re
from collections.abc import Hashable, Iterable

import pandas as pd

from mushra.exchange.imported import ExchangeError, Imported, Names
from mushra.exchange.kinds import kinds, named
from mushra.exchange.presentations import presentations
from mushra.table import COLUMNS, KINDS, NEEDED

TEXT = ("study", "listener", "session", "page", "recording", "condition", "kind")
NUMBERS = ("repeat", "score", "seconds", "plays")
MISSING = {"", "na", "n/a", "nan", "null", "none", "-", "<na>"}
NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?", re.ASCII)
DECIMAL_COMMA = re.compile(r"[-+]?\d+,\d+", re.ASCII)
# What a column `repeat` may say instead of a number.
TRUTH = {"true": "1", "yes": "1", "false": "0", "no": "0"}
SHOWN = 12
# Where no grade is above this, it was most likely given on a scale of 1-5 or 0-1.
ANOTHER_SCALE = 5.0
_NAMED = ("listener", "recording", "condition")


def tidy(raw: pd.DataFrame, names: Names | None = None) -> Imported:
    """Make the tidy table from a long or wide one.

    Parameters
    ----------
    raw : DataFrame
        One row per score with listener, item (or recording), condition and score; or one row per listener and item
        with a column per condition. Its index are the line numbers that errors name.
    names : Names, optional
        Other names of columns and special conditions.

    Returns
    -------
    Imported

    Raises
    ------
    ExchangeError
        Columns are missing, a cell is empty or no number, a score is outside 0-100 or comes twice.
    """
    names = names or Names()
    there = _list(raw.columns)
    raw = _named(raw, names)
    if "condition" in raw or "score" in raw:
        _need(raw, there)
        return finish(raw, names, "long table")
    raw, conditions = _long(raw, there)
    said = f"read as a wide table, a column for each condition: {_list(conditions)}"
    return finish(raw, names, "wide table", [said])


def finish(raw: pd.DataFrame, names: Names, form: str, warnings: list[str] | None = None) -> Imported:
    """Types, kinds and checks that every reader shares; `raw` has our names of columns.

    Raises
    ------
    ExchangeError
        As for `tidy`.
    """
    table, warnings = raw.copy(), list(warnings or [])
    for name in TEXT:
        if name in table:
            table[name] = _as_text(table[name])
    if "repeat" in table:
        table["repeat"] = _as_text(table["repeat"]).map(lambda cell: TRUTH.get(cell.strip().lower(), cell))
    for name in _NAMED:
        empty = table.index[table[name].str.strip() == ""]
        if len(empty):
            raise ExchangeError(f"{_at(empty[0])}: {name} is empty")
    for name in NUMBERS:
        if name in table:
            table[name], said = numbers_of(table[name], name)
            warnings += said
    _check_scores(table)
    if table["score"].max() <= ANOTHER_SCALE:
        warnings.append(f"no score is above {ANOTHER_SCALE:g}: scores are expected on 0-100")
    if "kind" in table:
        _check_kinds(table)
        for name, kind in named(table["condition"], names).items():
            table.loc[table["condition"] == name, "kind"] = kind
    else:
        found, said = kinds(table["condition"], names)
        table["kind"] = table["condition"].map(found).astype(str)
        warnings += said
    if "repeat" not in table or table["repeat"].isna().all():
        table["repeat"], said = presentations(table)
        warnings += said
    table = _complete(table)
    _check_once(table)
    return Imported(table.reset_index(drop=True), form, warnings)


def _named(raw: pd.DataFrame, names: Names) -> pd.DataFrame:
    """Our names for columns, whatever their case; `item` is `recording`."""
    asked = {("recording" if ours == "item" else ours): theirs for ours, theirs in names.columns.items()}
    unknown = sorted(set(asked) - set(COLUMNS))
    if unknown:
        raise ExchangeError(f"--columns maps {', '.join(unknown)}: the columns are item, {', '.join(COLUMNS)}")
    absent = sorted(theirs for theirs in asked.values() if theirs not in raw.columns)
    if absent:
        raise ExchangeError(f"no column is called {', '.join(absent)}; there are {_list(raw.columns)}")
    rename: dict[Hashable, str] = {theirs: ours for ours, theirs in asked.items()}
    for column in raw.columns:
        ours = str(column).strip().lower()
        ours = "recording" if ours == "item" else ours
        if column not in rename and ours in COLUMNS:
            if ours not in rename.values():
                rename[column] = ours
            elif ours in asked:
                # A column that was mapped wins; the one it displaces is kept under another name.
                rename[column] = f"{column} (unused)"
            else:
                first = next(theirs for theirs, name in rename.items() if name == ours)
                raise ExchangeError(f"the columns {first} and {column} are the same to us: map one with --columns")
    return raw.rename(columns=rename)


def _need(raw: pd.DataFrame, there: str) -> None:
    missing = [name for name in NEEDED if name not in raw and name != "kind"]
    if missing:
        ours = ", ".join("item" if name == "recording" else name for name in missing)
        raise ExchangeError(f"the table lacks {ours}; it has {there}. Map columns with --columns")


def _long(raw: pd.DataFrame, there: str) -> tuple[pd.DataFrame, list[str]]:
    """One row per score from one column per condition, and which those are."""
    missing = [name for name in ("listener", "item") if {"item": "recording"}.get(name, name) not in raw]
    if missing or "kind" in raw:
        raise _lacking(missing, there)
    conditions, others = _conditions(raw, there)
    # Without a column of repeats a second row is none: it may come from a long table whose columns have other names.
    raw = raw if "repeat" in raw else raw.assign(repeat=0)
    line = raw.index.name or "row"
    keys = [line, *(name for name in raw.columns if name in COLUMNS), *others]
    melted = raw.reset_index(names=line).melt(keys, conditions, var_name="condition", value_name="score")
    return melted.set_index(line).sort_index(kind="stable"), conditions


def _conditions(raw: pd.DataFrame, there: str) -> tuple[list[str], list[str]]:
    """Columns of grades, and of text to keep beside them.

    Text is kept unless the table looks like a long one whose columns have other names: with a single column of numbers,
    or several rows for a listener and item. Where text stands among numbers, a grade may be mistyped.
    """
    free = [name for name in raw.columns if name not in COLUMNS]
    conditions = [name for name in free if all_numbers(raw[name])]
    others = [name for name in free if name not in conditions]
    again = raw.duplicated([name for name in ("listener", "recording", "repeat") if name in raw]).any()
    mixed = [name for name in others if _are_numbers(raw[name]).any()]
    if mixed and not again:
        cells = raw.loc[~_are_numbers(raw[mixed[0]]), mixed[0]].items()
        line, cell = next((line, cell) for line, cell in cells if text_of(cell).strip().lower() not in MISSING)
        raise ExchangeError(
            f"{_at(line)}: {mixed[0]} is {text_of(cell)[:40]!r}, not a number; without columns condition and score the "
            "table was read as a wide one, a column for each condition"
        )
    if not conditions or (others and (again or len(conditions) < 2)):
        raise _lacking([], there)
    return conditions, others


def _lacking(missing: list[str], there: str) -> ExchangeError:
    needs = ", ".join([*missing, "condition", "score"])
    return ExchangeError(f"the table lacks {needs}; it has {there}. Map columns with --columns")


def _as_text(column: pd.Series) -> pd.Series:
    """Cells as text: whole numbers without a point, missing ones empty."""
    if isinstance(column.dtype, pd.StringDtype):
        return column.fillna("").astype(str)
    return column.map(text_of).astype(str)


def text_of(value: object) -> str:
    """A cell as text."""
    if value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def numbers_of(column: pd.Series, name: str) -> tuple[pd.Series, list[str]]:
    """Cells as numbers: empty ones are missing, anything else is an error that names the line."""
    if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
        column = column.astype(float)
    text, commas = _as_text(column).str.strip(), 0
    numbers = []
    for line, cell in zip(column.index, text, strict=True):
        if DECIMAL_COMMA.fullmatch(cell):
            cell, commas = cell.replace(",", "."), commas + 1
        if cell.lower() in MISSING:
            numbers.append(math.nan)
        elif NUMBER.fullmatch(cell) and math.isfinite(float(cell)):
            numbers.append(float(cell))
        else:
            raise ExchangeError(f"{_at(line)}: {name} is {cell[:40]!r}, not a number")
    said = [f"{name}: a comma was read as the decimal point in {commas} cells"] if commas else []
    return pd.Series(numbers, index=column.index, dtype=float), said


def all_numbers(column: pd.Series) -> bool:
    """Whether every cell is a number or missing."""
    return bool((_as_text(column).str.strip().str.lower().isin(MISSING) | _are_numbers(column)).all())


def _are_numbers(column: pd.Series) -> pd.Series:
    text = _as_text(column).str.strip()
    found: pd.Series = text.str.fullmatch(NUMBER.pattern) | text.str.fullmatch(DECIMAL_COMMA.pattern)
    return found


def _check_scores(table: pd.DataFrame) -> None:
    outside = table["score"].notna() & ~table["score"].between(0, 100)
    if outside.any():
        first = table[outside].iloc[0]
        raise ExchangeError(
            f"{_at(table.index[outside][0])}: the score {first['score']:g} of listener {first['listener']} is outside "
            f"0-100 ({int(outside.sum())} in all)"
        )
    if table["score"].isna().all():
        raise ExchangeError("no row has a score")


def _check_kinds(table: pd.DataFrame) -> None:
    wrong = ~table["kind"].isin(KINDS)
    if wrong.any():
        first = table["kind"][wrong].iloc[0]
        raise ExchangeError(f"{_at(table.index[wrong][0])}: kind is {first!r}, not one of {', '.join(KINDS)}")


def _complete(table: pd.DataFrame) -> pd.DataFrame:
    """All columns of the tidy table, then what else there was."""
    table["repeat"] = table["repeat"].fillna(0)
    broken = (table["repeat"] < 0) | (table["repeat"] % 1 != 0)
    if broken.any():
        raise ExchangeError(f"{_at(table.index[broken][0])}: repeat must be 0, 1, 2, …")
    table["repeat"] = table["repeat"].astype("int64")
    for name in TEXT:
        if name not in table:
            table[name] = pd.Series("", index=table.index, dtype=str)
    for name in NUMBERS:
        if name not in table:
            table[name] = math.nan
    return table[[*COLUMNS, *(name for name in table.columns if name not in COLUMNS)]]


def _check_once(table: pd.DataFrame) -> None:
    """A listener grades a presentation once; the error names both lines."""
    key = ["listener", "recording", "condition", "repeat"]
    twice = table.duplicated(key)
    if twice.any():
        row = table[twice].iloc[0]
        same = (table[key] == row[key]).all(axis=1)
        raise ExchangeError(
            f"{_at(table.index[twice][0])}: listener {row['listener']} rates {row['recording']} {row['condition']} a "
            f"second time (first on {_at(table.index[same][0])}; {int(twice.sum())} rows in all). A column `repeat` "
            "tells presentations apart"
        )


def _at(line: Hashable) -> str:
    return f"line {line}"


def _list(names: Iterable[object]) -> str:
    """Names for an error: whatever was read, it stays one readable line."""
    short = [str(name)[:40] for name in names]
    return ", ".join(short[:SHOWN]) + (f" and {len(short) - SHOWN} more" if len(short) > SHOWN else "")
