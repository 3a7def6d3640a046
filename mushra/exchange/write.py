"""Writes tables; a file is there whole or not at all."""

import csv
import io
import os
import tempfile
from pathlib import Path
from typing import Any

import pandas as pd

from mushra.exchange.imported import ExchangeError
from mushra.exchange.text import neutralise
from mushra.exchange.webmushra import number, to_webmushra
from mushra.exchange.workbook import to_workbook

FORMATS = ("csv", "parquet", "xlsx", "webmushra")


def write(table: pd.DataFrame, path: Path | str, form: str) -> list[str]:
    """Write the tidy table.

    Parameters
    ----------
    table : DataFrame
    path : path
    form : {"csv", "parquet", "xlsx", "webmushra"}
        `csv` and `xlsx` are the tidy table with text that looks like a formula made harmless.

    Returns
    -------
    list of str
        Warnings: what the format has no place for.

    Raises
    ------
    ExchangeError
        An unknown format, or a table that the format can't hold.
    """
    warnings: list[str] = []
    if form == "csv":
        data = csv_text(table).encode()
    elif form == "parquet":
        data = parquet_bytes(table)
    elif form == "xlsx":
        data = to_workbook(table)
    elif form == "webmushra":
        text, warnings = to_webmushra(table)
        data = text.encode()
    else:
        raise ExchangeError(f"unknown format {form!r}: there are {', '.join(FORMATS)}")
    write_bytes(path, data)
    return warnings


def write_bytes(path: Path | str, data: bytes) -> None:
    """Write a file beside its place, then move it there.

    Raises
    ------
    ExchangeError
        The folder is not there or can't be written to.
    """
    path = Path(path)
    if path.is_dir():
        raise ExchangeError(f"{path} is a folder: name a file")
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            # mkstemp makes files that only their owner may read.
            os.chmod(name, 0o666 & ~_umask())
            os.replace(name, path)
        except BaseException:
            os.unlink(name)
            raise
    except OSError as error:
        raise ExchangeError(f"{path} can't be written: {error.strerror}") from error


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def csv_text(table: pd.DataFrame) -> str:
    """The table as CSV: numbers as short as they can be, text harmless in a spreadsheet."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([neutralise(str(name)) for name in table.columns])
    for row in table.itertuples(index=False, name=None):
        writer.writerow([_cell(value) for value in row])
    return out.getvalue()


def _cell(value: Any) -> str:
    if isinstance(value, str):
        return neutralise(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "" if pd.isna(value) else str(value)
    return number(float(value))


def parquet_bytes(table: pd.DataFrame) -> bytes:
    """The table as Parquet."""
    out = io.BytesIO()
    table.to_parquet(out, index=False)
    return out.getvalue()
