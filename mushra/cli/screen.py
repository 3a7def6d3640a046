"""`screen FILE --policy NAME`: who is excluded, by which rules, on what evidence."""

import dataclasses

from rich.console import Console
from rich.markup import escape

from mushra import screening
from mushra.cli.common import (
    ColumnsOption,
    Files,
    HeadphonesOption,
    JsonOption,
    LowOption,
    MidOption,
    PolicyOption,
    ReferenceOption,
    names_of,
    print_json,
    read_ratings,
    warn,
)
from mushra.cli.policies import find_policy, screened

SHOWN = 5


def screen(
    files: Files,
    policy: PolicyOption,
    headphones: HeadphonesOption = None,
    columns: ColumnsOption = None,
    reference: ReferenceOption = None,
    anchor_low: LowOption = None,
    anchor_mid: MidOption = None,
    as_json: JsonOption = False,
) -> None:
    """Screen the listeners of a test; nobody is removed from the file."""
    rules = find_policy(policy)
    names = names_of(columns, reference, anchor_low, anchor_mid)
    imported = read_ratings(files, names)
    result = screened(imported.table, rules, headphones, names)
    result = dataclasses.replace(result, warnings=imported.warnings + result.warnings)
    if as_json:
        print_json(result.to_dict())
        return
    warn(result.warnings)
    _show(result)


def _over(rule: screening.Fired) -> str:
    # All rules fire above their threshold but this one, which fires at it.
    return "at least" if rule.rule == "all_top" else "over"


def _show(result: screening.Screening) -> None:
    console = Console(highlight=False, soft_wrap=True)
    total = len(result.listeners)
    console.print(f"{escape(result.policy.name)}: {len(result.excluded)} of {total} listeners excluded")
    for exclusion in result.excluded:
        console.print(f"\n[bold]{escape(exclusion.listener)}[/bold]")
        for rule in exclusion.rules:
            console.print(f"  {rule.rule}: {rule.measured:.4g}, {_over(rule)} {rule.threshold:.4g}")
            for row in rule.evidence[:SHOWN]:
                if "score" in row:
                    console.print(escape(f"    {row['recording']} {row['condition']}: {row['score']:g}"))
            if len(rule.evidence) > SHOWN:
                console.print(f"    and {len(rule.evidence) - SHOWN} more (all of them with --json)")
