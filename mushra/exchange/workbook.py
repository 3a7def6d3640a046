"""Excel files, in and out."""

import datetime
import io
import zipfile
from typing import Any

import openpyxl
import pandas as pd
from openpyxl.utils.exceptions import IllegalCharacterError

from mushra.exchange.imported import ExchangeError
from mushra.exchange.text import neutralise
from mushra.exchange.tidy import text_of

SHEET = "ratings"
MOST_BYTES = 1 << 30


def workbook_rows(data: bytes) -> tuple[list[tuple[int, list[str]]], list[str]]:
    """Cells of the first sheet that has any, as text with row numbers.

    Raises
    ------
    ExchangeError
        The file is damaged, or unpacks to more than a gigabyte.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if sum(info.file_size for info in archive.infolist()) > MOST_BYTES:
                raise ExchangeError("the Excel file unpacks to more than a gigabyte")
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        sheets = {sheet.title: _sheet(sheet) for sheet in book.worksheets}
    except ExchangeError:
        raise
    except Exception as error:  # a damaged workbook makes openpyxl, zipfile, zlib or the XML parser raise
        raise ExchangeError("the Excel file is damaged") from error
    filled = {title: rows for title, rows in sheets.items() if rows}
    if not filled:
        raise ExchangeError("the Excel file is empty")
    first, *others = filled
    return filled[first], [f"only the sheet {first!r} was read; there are {', '.join(others)} too"] if others else []


def _sheet(sheet: Any) -> list[tuple[int, list[str]]]:
    rows = []
    for number, row in enumerate(sheet.iter_rows(values_only=True), 1):
        cells = [_cell(value) for value in row]
        while cells and not cells[-1]:
            cells.pop()
        if cells:
            rows.append((number, cells))
    # An empty cell at the end of a row is a cell all the same.
    width = len(rows[0][1]) if rows else 0
    return [(number, cells + [""] * (width - len(cells))) for number, cells in rows]


def _cell(value: object) -> str:
    if isinstance(value, datetime.datetime | datetime.date | datetime.time):
        return value.isoformat()
    return text_of(value)


def to_workbook(table: pd.DataFrame) -> bytes:
    """The table as an Excel file; text that looks like a formula is made harmless.

    Raises
    ------
    ExchangeError
        A text holds a control character, which Excel's format has no place for.
    """
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet(SHEET)
    try:
        sheet.append([neutralise(str(name)) for name in table.columns])
        for row in table.itertuples(index=False, name=None):
            sheet.append([_excel(value) for value in row])
    except IllegalCharacterError as error:
        raise ExchangeError("a text holds a control character, which Excel can't store: choose CSV") from error
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _excel(value: Any) -> Any:
    if isinstance(value, str):
        return neutralise(value) or None
    return None if pd.isna(value) else value
