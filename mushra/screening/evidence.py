"""The rows that count against a listener, cut from the table only when somebody looks at them."""

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any, overload

import pandas as pd

from mushra.screening.ratings import Ints

COLUMNS = ("page", "repeat", "recording", "condition", "kind", "score")


class Evidence(Sequence[dict[str, Any]]):
    """Rows of a table as dicts, in an order that does not depend on the table's.

    Copied or pickled it becomes a plain list.
    """

    def __init__(self, table: pd.DataFrame, rows: Ints, columns: Sequence[str]) -> None:
        self._table = table
        self._positions = rows
        self._columns = columns

    @cached_property
    def _rows(self) -> list[dict[str, Any]]:
        columns = [name for name in (*COLUMNS, *self._columns) if name in self._table.columns]
        cut = self._table.iloc[self._positions][columns].sort_values(columns)
        return [{str(name): value for name, value in row.items()} for row in cut.to_dict("records")]

    @overload
    def __getitem__(self, index: int) -> dict[str, Any]: ...
    @overload
    def __getitem__(self, index: slice) -> list[dict[str, Any]]: ...
    def __getitem__(self, index: int | slice) -> dict[str, Any] | list[dict[str, Any]]:
        return self._rows[index]

    def __len__(self) -> int:
        return len(self._positions)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self._rows)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and self._rows == list(other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return repr(self._rows)

    def __reduce__(self) -> tuple[type[list[Any]], tuple[list[dict[str, Any]]]]:
        return list, (self._rows,)
