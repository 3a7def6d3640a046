"""`compare FILE --predictions FILE`: how well models hear what the listeners heard."""

import math
import re
import sys
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from mushra import stats
from mushra.cli.agreements import STIMULUS, agreements, differences
from mushra.cli.common import (
    WIDE,
    BadInput,
    ColumnsOption,
    Files,
    HeadphonesOption,
    JsonOption,
    LowOption,
    MidOption,
    ReferenceOption,
    bad_input,
    names_of,
    print_json,
    read_ratings,
    warn,
)
from mushra.cli.policies import find_policy, screened
from mushra.exchange import ExchangeError
from mushra.exchange.predictions import PREFIX, read_predictions


def compare(
    files: Files,
    predictions: Annotated[
        Path, typer.Option(help="CSV with item, condition and a column of scores for each model.", show_default=False)
    ],
    policy: Annotated[str | None, typer.Option("--policy", "-p", help="Who counts; everybody by default.")] = None,
    scale: Annotated[str, typer.Option(help="The predictions' scale, as in 1-5 for ViSQOL's MOS-LQO.")] = "0-100",
    draws: Annotated[int, typer.Option(min=0, help="Of the bootstrap; 0 leaves intervals and tests out.")] = 10_000,
    headphones: HeadphonesOption = None,
    columns: ColumnsOption = None,
    reference: ReferenceOption = None,
    anchor_low: LowOption = None,
    anchor_mid: MidOption = None,
    as_json: JsonOption = False,
) -> None:
    """Agreement of predictions with the MOS: over all stimuli, and over the systems alone."""
    if headphones is not None and policy is None:
        raise BadInput("--headphones goes with --policy")
    low, high = _scale(scale)
    rules = find_policy(policy) if policy is not None else None
    names = names_of(columns, reference, anchor_low, anchor_mid)
    imported = read_ratings(files, names)
    warnings, table = list(imported.warnings), imported.table
    with bad_input():
        if rules is not None:
            found = screened(table, rules, headphones, names)
            table = table[table["listener"].isin(found.kept)]
            warnings += found.warnings
        if table.empty:
            raise BadInput("no listener is left: there is nothing to compare with")
        observed = stats.mos(table)
        try:
            predicted = read_predictions(predictions, low, high, names)
        except ExchangeError as error:
            raise BadInput(f"{predictions}: {error}") from error
    joined, said = _joined(observed, predicted)
    models = [str(name) for name in predicted.columns if str(name).startswith(PREFIX)]
    result: dict[str, Any] = {
        "policy": rules.name if rules else None,
        "listeners": int(table["listener"].nunique()),
        "models": [row for name in models for row in agreements(joined, table, name, draws)],
        "differences": differences(joined, models, draws),
        "warnings": warnings + said,
    }
    if as_json:
        print_json(result)
        return
    warn(result["warnings"])
    _show(result)


def _scale(text: str) -> tuple[float, float]:
    match = re.fullmatch(r"(-?\d+(?:\.\d+)?)-(-?\d+(?:\.\d+)?)", text)
    if match is None or float(match[1]) >= float(match[2]):
        raise BadInput(f"--scale is {text!r}: expected lowest-highest, as in 1-5")
    return float(match[1]), float(match[2])


def _joined(observed: pd.DataFrame, predicted: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Stimuli that have both; how many have one alone."""
    both = observed.merge(predicted, on=STIMULUS, how="outer", indicator=True)
    counts = both["_merge"].value_counts()
    if not counts["both"]:
        raise BadInput("no stimulus is in both files: item and condition must be called the same")
    warnings = []
    if counts["left_only"]:
        warnings.append(f"{counts['left_only']} of {len(observed)} stimuli have no prediction: left out")
    if counts["right_only"]:
        warnings.append(f"{counts['right_only']} of {len(predicted)} predictions are of stimuli that nobody rated")
    return both[both["_merge"] == "both"], warnings


def _show(result: dict[str, Any]) -> None:
    policy = result["policy"] or "everybody counts"
    table = Table(title=escape(f"{policy}: MOS of {result['listeners']} listeners"), title_justify="left")
    for name in ("model", "over"):
        table.add_column(name)
    for name in ("r", "95 % CI", "rho", "tau", "RMSE", "95 % CI", "RMSE*", "outliers", "n"):
        table.add_column(name, justify="right")
    for row in result["models"]:
        r, rho, tau = (_figure(row[name]) for name in ("r", "rho", "tau"))
        rmse, star = (_figure(row[name], 2) for name in ("rmse", "rmse_star"))
        spans = [_span(row["r_ci95"], 3), _span(row["rmse_ci95"], 2)]
        share = "-" if math.isnan(row["outlier_ratio"]) else f"{row['outlier_ratio']:.0%}"
        table.add_row(
            escape(row["model"]), row["over"], r, spans[0], rho, tau, rmse, spans[1], star, share, str(row["n"])
        )
    console = Console(width=None if sys.stdout.isatty() else WIDE, highlight=False)
    console.print(table)
    for row in result["differences"]:
        tested = f"r differs by {row['r_first'] - row['r_second']:+.3f} (Williams p = {row['williams_p']:.2g})"
        span = _span([row["ci_low"], row["ci_high"]], 2)
        rmse = f"RMSE by {row['rmse_difference']:+.2f} (95 % CI {span}, p = {row['rmse_p']:.2g})"
        console.print(escape(f"{row['first']} against {row['second']}: {tested}, {rmse}; {row['n']} stimuli"))


def _figure(value: float, digits: int = 3) -> str:
    return "-" if math.isnan(value) else f"{value:.{digits}f}"


def _span(pair: list[float] | None, digits: int) -> str:
    return "-" if pair is None or math.isnan(pair[0]) else f"{pair[0]:.{digits}f} to {pair[1]:.{digits}f}"
