"""Which presentation of a stimulus a row is, where the file does not say."""

import pandas as pd

STIMULUS = ["listener", "recording", "condition"]


def presentations(table: pd.DataFrame) -> tuple[pd.Series, list[str]]:
    """Number a listener's ratings of the same stimulus from 0: by their pages, or as they stand in the file.

    Where every second rating is a copy of the first in all columns, more likely a file was pasted together twice than
    was everything graded the same again: those rows all stay 0, to be refused.

    Parameters
    ----------
    table : DataFrame
        With listener, recording and condition as text; its index are line numbers.

    Returns
    -------
    Series of int
        The number of each row's presentation.
    list of str
        A warning where anything was assumed.
    """
    number = pd.Series(0, index=table.index, dtype="int64")
    again = table.duplicated(STIMULUS).to_numpy()
    if not again.any() or table.duplicated().to_numpy()[again].all():
        return number, []
    number[:] = table.groupby(STIMULUS, sort=False).cumcount().to_numpy()
    how = "in the order of the file"
    if "page" in table:
        page = _by_page(table)
        if page.max() == number.max() and not table.assign(repeat=page).duplicated([*STIMULUS, "repeat"]).any():
            number, how = page, "by their pages"
    row = table[again].iloc[0]
    return number, [
        f"{int(again.sum())} rows grade a stimulus again (first on line {table.index[again][0]}: listener "
        f"{row['listener']}, {row['recording']} {row['condition']}): taken for repeated presentations, {how}; a column "
        "`repeat` would say"
    ]


def _by_page(table: pd.DataFrame) -> pd.Series:
    """The place of each row's page among the pages on which the listener met the recording."""
    pages = table[["listener", "recording", "page"]]
    first = pages.drop_duplicates()
    place = first.assign(place=first.groupby(["listener", "recording"], sort=False).cumcount())
    return pd.Series(pages.merge(place, how="left")["place"].to_numpy(), index=table.index, dtype="int64")
