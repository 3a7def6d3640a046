"""`mos FILE --policy NAME`: what the listeners who were kept said of each stimulus."""

import csv
import sys
from typing import Annotated, Any, Literal, cast

import pandas as pd
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from mushra import stats
from mushra.cli.common import (
    WIDE,
    BadInput,
    ColumnsOption,
    Files,
    HeadphonesOption,
    JsonOption,
    LowOption,
    MidOption,
    PolicyOption,
    ReferenceOption,
    bad_input,
    names_of,
    plain,
    print_json,
    read_ratings,
    warn,
)
from mushra.cli.policies import find_policy, screened
from mushra.exchange import neutralise

INTERVALS = ("t", "bca")


def mos(
    files: Files,
    policy: PolicyOption,
    headphones: HeadphonesOption = None,
    columns: ColumnsOption = None,
    reference: ReferenceOption = None,
    anchor_low: LowOption = None,
    anchor_mid: MidOption = None,
    interval: Annotated[
        str, typer.Option(help="t: Student's; bca: bootstrap, where scores are far from normal (BS.1534-3 p 15).")
    ] = "t",
    as_json: JsonOption = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV on stdout.")] = False,
) -> None:
    """MOS of each stimulus over the listeners that a policy keeps, with 95 % intervals, median and IQR."""
    if as_json and as_csv:
        raise BadInput("choose --json or --csv")
    if interval not in INTERVALS:
        raise BadInput(f"unknown interval {interval!r}: there are {', '.join(INTERVALS)}")
    rules = find_policy(policy)
    names = names_of(columns, reference, anchor_low, anchor_mid)
    imported = read_ratings(files, names)
    result = screened(imported.table, rules, headphones, names)
    with bad_input():
        kept = imported.table[imported.table["listener"].isin(result.kept)]
        # Where nobody is kept there are no stimuli, but the columns are the same.
        summary = stats.mos(imported.table if kept.empty else kept, interval=cast(Literal["t", "bca"], interval))
        summary = summary[:0] if kept.empty else summary
    nobody = [] if result.kept else [f"{rules.name} excludes all {len(result.listeners)} listeners"]
    warn(imported.warnings + result.warnings + nobody)
    if as_json:
        print_json({"policy": rules.name, "stimuli": stimuli(summary), "thresholds": rules.to_dict()})
    elif as_csv:
        _print_csv(summary)
    else:
        _show(summary, len(result.kept), len(result.listeners), rules.name)


def stimuli(summary: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows of the summary as the JSON has them: `item`, and `ci95` as a pair."""
    rows: list[dict[str, Any]] = []
    for row in summary.to_dict("records"):
        low, high = row.pop("ci_low"), row.pop("ci_high")
        first: dict[str, Any] = {name: row.pop(name) for name in ("condition", "kind", "n", "mos", "sd")}
        rows.append(
            {"item": row.pop("recording"), **first, "ci95": [low, high]}
            | {str(key): value for key, value in row.items()}
        )
    return rows


def _print_csv(summary: pd.DataFrame) -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    table = summary.rename(columns={"recording": "item"})
    writer.writerow(table.columns)
    for row in table.to_dict("records"):
        cells = [plain(value) for value in row.values()]
        writer.writerow(["" if cell is None else neutralise(cell) if isinstance(cell, str) else cell for cell in cells])


def _show(summary: pd.DataFrame, kept: int, total: int, policy: str) -> None:
    table = Table(title=escape(f"{policy}: {kept} of {total} listeners"), title_justify="left")
    for name in ("item", "condition", "kind"):
        table.add_column(name, overflow="fold")
    for name in ("n", "MOS", "SD", "95 % CI", "median", "IQR"):
        table.add_column(name, justify="right")
    for row in summary.to_dict("records"):
        figures = [_figure(row[name]) for name in ("mos", "sd", "ci_low", "ci_high", "median", "iqr")]
        average, sd, low, high, median, iqr = figures
        interval = f"{low} to {high}" if low != "-" else "-"
        names = [escape(str(row[name])) for name in ("recording", "condition", "kind")]
        table.add_row(*names, str(row["n"]), average, sd, interval, median, iqr)
    Console(width=None if sys.stdout.isatty() else WIDE).print(table)


def _figure(value: float) -> str:
    return "-" if pd.isna(value) else f"{value:.1f}"
