"""The scores as the statistics need them: one number a listener and cell, in an order that no row order can change."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from mushra.table import TableError, checked

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]
STIMULUS = ("recording", "condition")


@dataclass(frozen=True)
class Groups:
    """Every group's scores, one a listener, ascending within the group; `starts` and `counts` cut them into groups."""

    keys: pd.DataFrame
    scores: Floats
    listeners: npt.NDArray[np.object_]
    starts: Ints
    counts: Ints

    def total(self, values: Floats) -> Floats:
        """Sum `values`, which stand beside the scores, over each group."""
        return np.add.reduceat(values, self.starts) if len(self.starts) else np.zeros(0)

    def spread(self, values: Floats) -> Floats:
        """Repeat a value of each group for each of its scores."""
        return np.repeat(values, self.counts)


def scored(table: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """The checked table's rows that have a score; all of `columns` must be there and filled.

    Raises
    ------
    TableError
        As `mushra.table.checked`, or a column of `columns` is missing or has gaps.
    """
    rows = checked(table).dropna(subset=["score"])
    missing = [name for name in columns if name not in rows.columns]
    if missing:
        raise TableError(f"the table lacks {', '.join(missing)}; it has {', '.join(map(str, rows.columns))}")
    for name in columns:
        gaps = int(rows[name].isna().sum())
        if gaps:
            raise TableError(f"{gaps} scored rows have no {name}: fill it in or leave those rows out")
    return rows


def groups(table: pd.DataFrame, by: Sequence[str]) -> Groups:
    """One score a listener and group, a listener's repeated presentations averaged (TableError as `scored`)."""
    keys = list(by)
    if not keys:
        raise TableError("name at least one column to group by")
    rows = scored(table, keys).reset_index(drop=True)
    code = rows.groupby(keys, sort=True, observed=True).ngroup().to_numpy()
    listener, names = pd.factorize(rows["listener"], sort=True)
    score = rows["score"].to_numpy(dtype=float)
    order = np.lexsort((score, listener, code))
    code, listener, score = code[order], listener[order], score[order]
    first = _changes(code, listener)
    mean = _means(score, first)
    code, listener = code[first], listener[first]
    again = np.lexsort((mean, code))
    code, listener, mean = code[again], listener[again], mean[again]
    starts = _changes(code)
    found = rows[keys].iloc[order[first][again][starts]].reset_index(drop=True)
    counts = np.diff(np.append(starts, len(mean)))
    return Groups(found, mean, np.asarray(names, dtype=object)[listener], starts, counts)


def _changes(*codes: npt.NDArray[np.generic]) -> Ints:
    """Where a run of equal codes begins."""
    if not len(codes[0]):
        return np.zeros(0, dtype=np.intp)
    new = np.zeros(len(codes[0]), dtype=bool)
    new[0] = True
    for one in codes:
        new[1:] |= one[1:] != one[:-1]
    return np.flatnonzero(new)


def _means(ascending: Floats, starts: Ints) -> Floats:
    """The mean of each run, held between the run's ends: rounding must not carry it over 100 or off a constant."""
    if not len(starts):
        return np.zeros(0)
    ends = np.append(starts[1:], len(ascending))
    mean = np.add.reduceat(ascending, starts) / (ends - starts)
    return np.clip(mean, ascending[starts], ascending[ends - 1])


def means(found: Groups) -> Floats:
    """The mean of each group."""
    return _means(found.scores, found.starts)


def by_listener(table: pd.DataFrame) -> pd.DataFrame:
    """Listeners in rows, (recording, condition) in columns, both sorted; a cell nobody scored is NaN.

    Raises
    ------
    TableError
        As `scored`, or no row has a score.
    """
    found = groups(table, ("listener", *STIMULUS))
    if not len(found.scores):
        raise TableError("no row has a score")
    rows = found.keys.assign(score=found.scores)
    wide = rows.pivot(index="listener", columns=list(STIMULUS), values="score")
    return wide.sort_index(axis=0).sort_index(axis=1)


def incomplete_listeners(table: pd.DataFrame) -> list[str]:
    """Name the listeners that lack a score for some stimulus another listener scored, sorted (ours).

    `rm_anova`, `icc` and `kendall_w` refuse a table that has any; leave them out by
    `table[~table["listener"].isin(incomplete_listeners(table))]`.
    """
    wide = by_listener(table)
    return [str(name) for name in wide.index[wide.isna().any(axis=1)]]


def complete(table: pd.DataFrame, purpose: str, *, crossed: bool = False) -> pd.DataFrame:
    """`by_listener` without gaps.

    Parameters
    ----------
    table : DataFrame
        The tidy table.
    purpose : str
        What needs it, for the error.
    crossed : bool
        Also ask for every condition with every recording.

    Raises
    ------
    TableError
        A listener lacks a stimulus, fewer than two listeners or stimuli, or recordings and conditions are not crossed.
    """
    wide = by_listener(table)
    gaps = wide.isna()
    if gaps.to_numpy().any():
        names = wide.index[gaps.any(axis=1)]
        recording, condition = gaps.columns[gaps.loc[names[0]].to_numpy()][0]
        raise TableError(
            f"{purpose} needs every listener to have scored every stimulus; {len(names)} of {len(wide)} did not, "
            f"first {names[0]} for {recording} {condition}: leave them out (see incomplete_listeners)"
        )
    if min(wide.shape) < 2:
        raise TableError(
            f"{purpose} needs two listeners and two stimuli; there are {wide.shape[0]} and {wide.shape[1]}"
        )
    if crossed:
        recordings, conditions = (wide.columns.get_level_values(name).unique() for name in STIMULUS)
        for pair in ((one, other) for one in recordings for other in conditions):
            if pair not in wide.columns:
                raise TableError(f"{purpose} needs every condition with every recording; {pair[0]} has no {pair[1]}")
    return wide
