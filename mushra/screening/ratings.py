"""The scored rows of a table as arrays of codes, so that a rule is a few sums over all listeners at once."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mushra.table import KINDS, TableError

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Ratings:
    """Rows that have a score, coded.

    Attributes
    ----------
    table : DataFrame
        The scored rows of the checked table, in its order.
    names : list of str
        All listeners, sorted; `listener` are positions in it, one a row.
    page, page_listener : int arrays
        A listener's presentation of an item (recording and repeat): one code a row, then whose it is.
    stimulus, stimulus_listener : int arrays
        A listener's stimulus (recording and condition) over its presentations: one code a row, and whose it is.
    sound : int array
        The stimulus, whoever rates it: one code a row; there are `sounds` of them.
    """

    table: pd.DataFrame
    names: list[str]
    listener: Ints
    kind: Ints
    score: Floats
    page: Ints
    page_listener: Ints
    stimulus: Ints
    stimulus_listener: Ints
    sound: Ints
    sounds: int

    @classmethod
    def of(cls, checked: pd.DataFrame) -> "Ratings":
        """Code a table that `mushra.table.checked` gave back."""
        scored = checked["score"].notna().to_numpy()
        names, everyone = _places(checked["listener"])
        table, listener = checked[scored], everyone[scored]
        kinds, kind = _places(table["kind"])
        recording = _codes(table["recording"])
        item = _joined(recording, _codes(table["repeat"]))
        sound = _joined(recording, _codes(table["condition"]))
        page, page_listener = _paired(listener, item)
        stimulus, stimulus_listener = _paired(listener, sound)
        return cls(
            table=table,
            names=names,
            listener=listener,
            kind=np.array([KINDS.index(name) for name in kinds], dtype=np.int64)[kind],
            score=table["score"].to_numpy(dtype=np.float64),
            page=page,
            page_listener=page_listener,
            stimulus=stimulus,
            stimulus_listener=stimulus_listener,
            sound=sound,
            sounds=int(sound.max(initial=-1)) + 1,
        )

    @property
    def count(self) -> int:
        return len(self.names)

    @property
    def pages(self) -> int:
        return len(self.page_listener)

    def is_kind(self, kind: str) -> Flags:
        return np.asarray(self.kind == KINDS.index(kind))

    @cached_property
    def presentations(self) -> Ints:
        """How often each listener's stimulus has a score."""
        return np.bincount(self.stimulus, minlength=len(self.stimulus_listener))

    def numbers(self, column: str) -> Floats | None:
        """A column of numbers beside the score, NaN where nothing is known; None where there is no such column.

        Raises
        ------
        TableError
            It holds something else than numbers, or a negative one.
        """
        if column not in self.table:
            return None
        try:
            values = pd.to_numeric(self.table[column]).to_numpy(dtype=np.float64, na_value=np.nan)
        except (ValueError, TypeError) as error:
            raise TableError(f"{column} holds something that is not a number: {error}") from error
        if (values < 0).any():
            row = self.table.loc[values < 0].iloc[0]
            raise TableError(f"{column} is negative, first {row[column]:g} by {row['listener']} for {row['recording']}")
        return values


def sums(codes: Ints, values: NDArray[np.number] | Flags, count: int) -> Floats:
    """The sum of `values` for each of `count` codes."""
    total = np.bincount(codes, weights=values.astype(np.float64), minlength=count).astype(np.float64, copy=False)
    return total


def means(codes: Ints, values: NDArray[np.number] | Flags, count: int) -> Floats:
    """The mean of `values` for each of `count` codes; NaN where there are none."""
    total = np.bincount(codes, minlength=count)
    with np.errstate(invalid="ignore"):
        result: Floats = sums(codes, values, count) / total
    return result


def extremes(codes: Ints, values: Floats, count: int) -> tuple[Floats, Floats]:
    """Lowest and highest of `values` for each of `count` codes; NaN where there are none."""
    low, high = np.full(count, np.nan), np.full(count, np.nan)
    np.fmin.at(low, codes, values)
    np.fmax.at(high, codes, values)
    return low, high


def _places(column: pd.Series) -> tuple[list[str], Ints]:
    """The texts that occur, sorted, and each row's place among them."""
    codes, names = pd.factorize(column.astype(str), sort=True)
    return [str(name) for name in names], np.asarray(codes, dtype=np.int64)


def _codes(column: pd.Series) -> Ints:
    codes, _ = pd.factorize(column, use_na_sentinel=False)
    return np.asarray(codes, dtype=np.int64)


def _joined(first: Ints, second: Ints) -> Ints:
    codes, _ = pd.factorize(first * (second.max(initial=0) + 1) + second)
    return np.asarray(codes, dtype=np.int64)


def _paired(listener: Ints, other: Ints) -> tuple[Ints, Ints]:
    """A code for each pair that occurs, and the listener behind it."""
    width = int(other.max(initial=0)) + 1
    codes, pairs = pd.factorize(listener * width + other)
    return np.asarray(codes, dtype=np.int64), np.asarray(pairs, dtype=np.int64) // width
