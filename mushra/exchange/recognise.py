"""Reads any file of ratings: what it is is told by its content, never by its name."""

import io
import sys
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pandas as pd

from mushra.exchange import cells
from mushra.exchange.imported import ExchangeError, Imported, Names
from mushra.exchange.others import is_golisten, is_pymushra, read_beaqlejs, read_golisten, read_pymushra
from mushra.exchange.package import DAMAGED, MANIFEST, unpack
from mushra.exchange.tidy import tidy
from mushra.exchange.webmushra import is_webmushra, read_webmushra
from mushra.exchange.webmushra_config import Config, is_config, read_config
from mushra.exchange.workbook import workbook_rows

PARQUET, ZIP, OLD_EXCEL = b"PAR1", b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
SOUNDS = (b"RIFF", b"fLaC", b"OggS", b"ID3")


def read(path: Path | str, names: Names | None = None, config: Config | None = None) -> Imported:
    """Read a file of ratings.

    Parameters
    ----------
    path : path
        webMUSHRA CSV, pymushra CSV, BeaqleJS JSON, GoListen CSV, a study package, or a plain table, long or wide, in
        CSV, Parquet or Excel.
    names : Names, optional
        Other names of columns and special conditions.
    config : Config, optional
        The config of webMUSHRA results.

    Returns
    -------
    Imported

    Raises
    ------
    ExchangeError
        The file is not there, is of no known format, or has something wrong in it.
    """
    with _of(path):
        return _read(contents(Path(path)), names or Names(), config)


@contextmanager
def _of(path: Path | str) -> Iterator[None]:
    """Errors name the file."""
    try:
        yield
    except ExchangeError as error:
        raise ExchangeError(f"{path}: {error}") from error


def read_all(paths: Sequence[Path | str], names: Names | None = None) -> tuple[Imported, Config | None]:
    """Read several files as one table: results, and a webMUSHRA config among them; a folder stands for its files.

    Raises
    ------
    ExchangeError
        What `read` raises; two configs; no results; or a listener who rates a stimulus in two files.
    """
    files = [file for path in paths for file in _files(Path(path))]
    config, results = None, {}
    for file in files:
        with _of(file):
            data = contents(file)
            if not _is_config(data):
                results[file] = data
            elif config is not None:
                raise ExchangeError("a second config")
            else:
                config = read_config(data)
    if not results:
        raise ExchangeError(f"{files[0] if files else paths[0]}: there are no results here")
    parts = []
    for file, data in results.items():
        with _of(file):
            parts.append(_read(data, names or Names(), config))
    return _joined(parts), config


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    return sorted(file for file in path.iterdir() if file.is_file() and not file.name.startswith("."))


def contents(path: Path) -> bytes:
    """The bytes of a file; `-` is the standard input.

    Raises
    ------
    ExchangeError
        It can't be read or is empty.
    """
    try:
        data = sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()
    except FileNotFoundError as error:
        raise ExchangeError("there is no such file") from error
    except OSError as error:
        raise ExchangeError(f"the file can't be read: {error.strerror}") from error
    if not data.strip():
        raise ExchangeError("the file is empty")
    return data


def _is_config(data: bytes) -> bool:
    if data.startswith((PARQUET, ZIP, OLD_EXCEL, *SOUNDS)):
        return False
    try:
        return is_config(cells.decode(data)[0])
    except ExchangeError:
        return False


def _read(data: bytes, names: Names, config: Config | None) -> Imported:
    if data.startswith(PARQUET):
        return _parquet(data, names)
    if data.startswith(ZIP):
        return _zip(data, names, config)
    if data.startswith(OLD_EXCEL):
        raise ExchangeError("an Excel file of the old kind: save it as .xlsx or CSV")
    if data.startswith(SOUNDS):
        raise ExchangeError("a sound file, not a table")
    text, warnings = cells.decode(data)
    if text.lstrip().startswith(("[", "{")):
        found = read_beaqlejs(text, names)
    elif is_config(text):
        raise ExchangeError("a webMUSHRA config: it has no ratings; `check` looks at it")
    else:
        found = _rows(cells.rows_of(text), names, config, "CSV")
    return replace(found, warnings=warnings + found.warnings)


def _rows(rows: list[tuple[int, list[str]]], names: Names, config: Config | None, form: str) -> Imported:
    """Cells, whatever file they were in, by their header."""
    if not rows:
        raise ExchangeError("the file is empty")
    header = [cell.strip() for cell in rows[0][1]]
    if is_webmushra(header):
        return read_webmushra(rows, names, config)
    if "choice_answer" in header:
        raise ExchangeError("webMUSHRA's results of a paired comparison: there are no scores from 0 to 100 in them")
    if is_pymushra(header):
        return read_pymushra(rows, names)
    if is_golisten(rows):
        return read_golisten(rows, names)
    if len(header) < 2:
        raise ExchangeError(f"the file is not a table: its first line is {header[0][:60]!r}")
    found = tidy(cells.frame(rows), names)
    return replace(found, format=f"{found.format}, {form}")


def _parquet(data: bytes, names: Names) -> Imported:
    try:
        raw = pd.read_parquet(io.BytesIO(data))
    except Exception as error:  # pyarrow raises what it likes on a damaged file
        raise ExchangeError("the Parquet file is damaged") from error
    # What pandas keeps as an index is data where it has a name.
    named = [name for name in raw.index.names if name is not None and name not in raw.columns]
    raw = raw.reset_index(named).reset_index(drop=True).rename(columns=str)
    raw.index = pd.RangeIndex(1, len(raw) + 1, name="line")
    if raw.empty:
        raise ExchangeError("the table has a header and no rows")
    found = tidy(raw, names)
    return replace(found, format=f"{found.format}, Parquet")


def _zip(data: bytes, names: Names, config: Config | None) -> Imported:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = set(archive.namelist())
    except DAMAGED as error:
        raise ExchangeError("the file is a damaged zip") from error
    if MANIFEST in members:
        package = unpack(data)
        return Imported(package.table, "study package", package.warnings)
    if "xl/workbook.xml" in members:
        rows, warnings = workbook_rows(data)
        found = _rows(rows, names, config, "Excel")
        return replace(found, warnings=warnings + found.warnings)
    raise ExchangeError("a zip that is neither a study package nor an Excel file")


def _joined(parts: list[Imported]) -> Imported:
    if len(parts) == 1:
        return parts[0]
    table = pd.concat([part.table for part in parts], ignore_index=True)
    for name in table.columns:
        if name not in ("score", "seconds", "plays", "repeat") and table[name].isna().any():
            table[name] = table[name].astype(object).where(table[name].notna(), "").astype(str)
    twice = table.duplicated(["listener", "recording", "condition", "repeat"])
    if twice.any():
        row = table[twice].iloc[0]
        raise ExchangeError(f"listener {row['listener']} rates {row['recording']} {row['condition']} in two files")
    warnings = list(dict.fromkeys(warning for part in parts for warning in part.warnings))
    return Imported(table, ", ".join(dict.fromkeys(part.format for part in parts)), warnings)
