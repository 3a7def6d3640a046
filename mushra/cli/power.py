"""`power`: how many listeners a study needs, or what so many can find."""

from pathlib import Path
from typing import Annotated, Any

import typer

from mushra import screening
from mushra.cli.common import (
    BadInput,
    ColumnsOption,
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
from mushra.cli.policies import find_policy
from mushra.design import power as planning


def power(
    files: Annotated[
        list[Path] | None, typer.Argument(metavar="FILE", help="Earlier ratings, to take the spread from.")
    ] = None,
    difference: Annotated[
        float | None, typer.Option(help="A difference of two conditions' means to find, points.", show_default=False)
    ] = None,
    interval: Annotated[
        float | None, typer.Option(help="Half the 95 % interval that a MOS may have, points.", show_default=False)
    ] = None,
    listeners: Annotated[
        int | None, typer.Option(help="So many listeners: the chance to find the difference.", show_default=False)
    ] = None,
    sd: Annotated[
        float | None,
        typer.Option(help="Without FILE: of listeners' differences, or of their scores for --interval, points."),
    ] = None,
    chance: Annotated[float, typer.Option("--power", help="The chance wanted to find the difference.")] = 0.8,
    alpha: Annotated[float, typer.Option(help="The level of significance.")] = 0.05,
    policy: Annotated[str | None, typer.Option("--policy", "-p", help="Whose ratings count; everybody's.")] = None,
    columns: ColumnsOption = None,
    reference: ReferenceOption = None,
    anchor_low: LowOption = None,
    anchor_mid: MidOption = None,
    as_json: JsonOption = False,
) -> None:
    """Listeners needed to find a difference (--difference) or to know a MOS so well (--interval)."""
    if (difference is None) == (interval is None):
        raise BadInput("name one of --difference and --interval")
    if bool(files) == (sd is not None):
        raise BadInput("give earlier ratings (FILE) or --sd, one of them")
    if listeners is not None and difference is None:
        raise BadInput("--listeners goes with --difference")
    rules = find_policy(policy) if policy is not None else None
    try:
        spread = {"listeners": sd, "differences": sd}
        if files:
            spread = _spread(files, names_of(columns, reference, anchor_low, anchor_mid), rules)
        result = _planned(difference, interval, listeners, spread, chance, alpha)
    except ValueError as error:
        raise BadInput(str(error)) from error
    if as_json:
        print_json(result)
    else:
        typer.echo(_sentence(result))


def _spread(files: list[Path], names: Any, rules: screening.Policy | None) -> dict[str, float | None]:
    imported = read_ratings(files, names)
    table, warnings = imported.table, list(imported.warnings)
    with bad_input():
        if rules is not None:
            screened = screening.screen(table, rules)
            table = table[table["listener"].isin(screened.kept)]
            warnings += screened.warnings
        found = planning.observed_spread(table)
    warn(warnings)
    return {"listeners": found.listeners, "differences": found.differences}


def _planned(
    difference: float | None,
    interval: float | None,
    listeners: int | None,
    spread: dict[str, float | None],
    chance: float,
    alpha: float,
) -> dict[str, Any]:
    if interval is not None:
        sd = spread["listeners"] or 0.0
        needed = planning.listeners_for_interval(interval, sd)
        return {"interval": interval, "sd": sd, "listeners": needed}
    sd, difference = spread["differences"] or 0.0, difference or 0.0
    if listeners is None:
        listeners = planning.listeners_for_difference(difference, sd, power=chance, alpha=alpha)
    found = planning.power(listeners, difference, sd, alpha=alpha)
    return {"difference": difference, "sd": sd, "alpha": alpha, "listeners": listeners, "power": found}


def _sentence(result: dict[str, Any]) -> str:
    if "interval" in result:
        what = f"make a MOS certain to ± {result['interval']:g} points (95 %)"
        return f"{result['listeners']} listeners {what}, where scores spread by {result['sd']:.1f}"
    found = f"{result['listeners']} listeners find a difference of {result['difference']:g} points"
    test = f"with a chance of {result['power']:.0%} (paired t-test, alpha {result['alpha']:g})"
    return f"{found} {test}, where differences spread by {result['sd']:.1f}"
