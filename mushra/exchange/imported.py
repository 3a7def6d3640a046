"""What a reader gives back, and how it says no."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd


class ExchangeError(ValueError):
    """A file can't be read or written; the text says what is wrong, where, and what to do."""


@dataclass(frozen=True)
class Names:
    """What the columns and the special conditions of a file are called, where they have no usual names.

    Attributes
    ----------
    columns : mapping
        Our column name (`listener`, `recording` or `item`, `condition`, `score`, …) to the file's.
    reference, anchor_low, anchor_mid : str or None
        The file's name of the hidden reference, the 3.5 kHz anchor and the 7 kHz anchor.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    reference: str | None = None
    anchor_low: str | None = None
    anchor_mid: str | None = None


@dataclass(frozen=True)
class Imported:
    """A file's ratings as the tidy table.

    Attributes
    ----------
    table : DataFrame
        All columns of `mushra.table.COLUMNS`, then what else the file had.
    format : str
        What the file was recognised as.
    warnings : list of str
        What was assumed, left out, or looks wrong.
    """

    table: pd.DataFrame
    format: str
    warnings: list[str] = field(default_factory=list)
