"""A file's cells as text: encodings, separators, line numbers. Nothing is understood here."""

import codecs
import csv
import io
import re
from collections.abc import Sequence

import pandas as pd

from mushra.exchange.imported import ExchangeError
from mushra.exchange.text import restore

SEPARATORS = (",", ";", "\t", "|")
_BOMS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
_BREAKS = {9, 10, 13}


def decode(data: bytes) -> tuple[str, list[str]]:
    """Text of a file, UTF-8 unless it says otherwise; Windows-1252 with a warning if it is not UTF-8.

    Raises
    ------
    ExchangeError
        The bytes are no text.
    """
    encoding = next((name for bom, name in _BOMS.items() if data.startswith(bom)), "utf-8")
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        if encoding != "utf-8" or any(byte < 32 and byte not in _BREAKS for byte in data):
            raise ExchangeError("the file is binary, not a table") from error
        try:
            return data.decode("cp1252"), ["the file is not UTF-8: it was read as Windows-1252"]
        except UnicodeDecodeError as second:
            raise ExchangeError("the file is neither UTF-8 nor Windows-1252: save it as UTF-8") from second
    if "\0" in text:
        raise ExchangeError("the file is binary, not a table")
    return text, []


def lines(text: str, separator: str) -> list[tuple[int, list[str]]]:
    """Rows with the number of the line each ends on; empty lines are left out.

    Raises
    ------
    ExchangeError
        A quote that never closes, or a field longer than 131,072 characters.
    """
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter=separator, strict=True, skipinitialspace=_spaced(text, separator)
    )
    rows = []
    try:
        for row in reader:
            if row and row != [""]:
                rows.append((reader.line_num, row))
    except csv.Error as error:
        raise ExchangeError(f"line {reader.line_num}: {error}") from error
    return rows


def _spaced(text: str, separator: str) -> bool:
    """Whether every separator of the first line has a blank after it: those are for the eye, on all other lines too."""
    names = text.partition("\n")[0].split(separator)[1:]
    return bool(names) and all(name.startswith(" ") for name in names)


def rows_of(text: str) -> list[tuple[int, list[str]]]:
    """Rows of a CSV, by the separator that cuts its first line into most columns, or that it names (`sep=;`).

    Raises
    ------
    ExchangeError
        As `lines`.
    """
    named = re.match(r"sep=([,;\t|])\r?\n", text)
    if named is None:
        return lines(text, separator(text))
    # The line keeps its place, so that errors count lines as an editor does.
    return lines(text, named[1])[1:]


def separator(text: str) -> str:
    """The separator that cuts the first line into most columns."""
    head = next((line for line in text.splitlines() if line.strip()), "")
    return max(SEPARATORS, key=head.count)


def frame(rows: Sequence[tuple[int, Sequence[str]]]) -> pd.DataFrame:
    """Header and rows as a table of text whose index are line numbers.

    Raises
    ------
    ExchangeError
        No rows, a header that repeats or lacks a name, or a row that is longer or shorter than the header.
    """
    if not rows:
        raise ExchangeError("the file is empty")
    header = [restore(name).strip() for name in rows[0][1]]
    twice = sorted({name for name in header if name and header.count(name) > 1})
    if twice:
        raise ExchangeError(f"line {rows[0][0]}: the column {', '.join(twice)} comes twice")
    if len(rows) == 1:
        raise ExchangeError("the table has a header and no rows")
    for number, row in rows[1:]:
        if len(row) != len(header):
            raise ExchangeError(f"line {number} has {len(row)} fields, the header {len(header)}")
    cells = [[restore(cell) for cell in row] for _, row in rows[1:]]
    # A nameless first column is what pandas writes for its index.
    names = [name or f"column {place}" for place, name in enumerate(header, 1)]
    index = pd.Index([number for number, _ in rows[1:]], name="line")
    table = pd.DataFrame(cells, columns=names, index=index, dtype=str)
    return table.drop(columns="column 1") if not header[0] and len(header) > 1 else table
