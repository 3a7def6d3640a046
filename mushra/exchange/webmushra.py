"""webMUSHRA's results CSV, in and out."""

import math
import re
from collections.abc import Sequence

import pandas as pd

from mushra.exchange.imported import ExchangeError, Imported, Names
from mushra.exchange.text import neutralise, restore
from mushra.exchange.tidy import finish
from mushra.exchange.webmushra_config import Config, Page
from mushra.table import ANCHOR35, ANCHOR70, REFERENCE

FORMAT = "webMUSHRA CSV"
FIRST, LISTENER, COMMENT = "session_test_id", "session_uuid", "rating_comment"
RATING = ("trial_id", "rating_stimulus", "rating_score", "rating_time", COMMENT)
OURS = {FIRST: "study", "trial_id": "recording", "rating_stimulus": "condition", "rating_score": "score"}
ANSWER = "answer."
GENERATED = {REFERENCE: "reference", ANCHOR35: "anchor35", ANCHOR70: "anchor70"}
_REPEAT = re.compile(r"(?P<trial>.*) \(repeat (?P<number>[1-9]\d*)\)", re.DOTALL)
# What PHP's fputcsv, which webMUSHRA writes with, puts in quotes.
_QUOTED = re.compile(r'[,"\\ \t\r\n]')
_PLACES = ("study", "listener", "recording", "repeat", "condition", "kind", "score", "seconds", "comment")

Rows = Sequence[tuple[int, Sequence[str]]]


def is_webmushra(header: Sequence[str]) -> bool:
    return {"trial_id", "rating_stimulus", "rating_score"} <= set(header)


def read_webmushra(rows: Rows, names: Names, config: Config | None = None) -> Imported:
    """The tidy table of a results CSV.

    Columns of the questionnaire become `answer.NAME`. `seconds` is the time of the whole page, which webMUSHRA writes
    in ms on each of its rows.

    Parameters
    ----------
    rows : sequence of (line number, cells)
    names : Names
        `columns["listener"]` names a column where there is no `session_uuid`.
    config : Config, optional
        Gives back every `+` that became a space on the way, and tells what is missing.

    Raises
    ------
    ExchangeError
        A row can't be matched with the header, or what `tidy` raises.
    """
    raw, warnings = _frame(rows)
    listener = names.columns.get("listener", LISTENER)
    if listener not in raw:
        raise ExchangeError(f"there is no column {listener}: name the listener's with --columns listener=…")
    table = pd.DataFrame({"listener": raw[listener], "session": raw[listener]})
    for theirs, ours in OURS.items():
        table[ours] = raw.get(theirs, "")
    repeats = table["recording"].map(_REPEAT.fullmatch)
    table["repeat"] = repeats.map(lambda match: match["number"] if match else "0")
    trials = [match["trial"] if match else name for name, match in zip(raw["trial_id"], repeats, strict=True)]
    table["page"], table["recording"] = trials, trials
    if "rating_time" in raw:
        table["seconds"] = raw["rating_time"].map(_seconds)
        warnings.append("rating_time is the whole page's, in ms, on each of its rows: `seconds` is the page's time")
    for name in raw.columns:
        if name not in (*OURS, listener, LISTENER, "rating_time", COMMENT):
            table[f"{ANSWER}{name}"] = raw[name]
    table["comment"] = raw.get(COMMENT, "")
    warnings += _spaces(table) if config is None else compared(table, config)
    return finish(table, names, FORMAT, warnings)


def _frame(rows: Rows) -> tuple[pd.DataFrame, list[str]]:
    """Rows by the header, which is the first session's: later ones may have other questionnaire fields."""
    header = [cell.strip() for cell in rows[0][1]]
    tail = len(header) - header.index("trial_id") + (LISTENER in header)
    kept, lines, odd, again = [], [], [], []
    for number, row in rows[1:]:
        cells = [restore(cell) for cell in row]
        if [cell.strip() for cell in row] == header:
            again.append(str(number))
        elif len(cells) == len(header):
            kept.append(cells)
            lines.append(number)
        elif len(cells) > tail:
            # The rating's columns are the last ones whatever the questionnaire was; its answers can't be told apart.
            kept.append([cells[0], *[""] * (len(header) - tail - 1), *cells[-tail:]])
            lines.append(number)
            odd.append(str(number))
        else:
            raise ExchangeError(f"line {number} has {len(cells)} fields, the header {len(header)}")
    if not kept:
        raise ExchangeError("the table has a header and no rows")
    warnings = []
    if odd:
        warnings.append(
            f"{len(odd)} rows (first on line {odd[0]}) have other questionnaire fields than the header, which is the "
            "first session's: their answers were left out, their ratings are in"
        )
    if again:
        warnings.append(f"the header comes again on line {', '.join(again)}: left out")
    return pd.DataFrame(kept, columns=header, index=pd.Index(lines, name="line"), dtype=str), warnings


def _seconds(cell: str) -> str:
    try:
        return repr(float(cell) / 1000)
    except ValueError:
        return cell


def _spaces(table: pd.DataFrame) -> list[str]:
    spaced = [name for name in pd.unique(table["recording"]) if " " in name]
    if not spaced:
        return []
    few = ", ".join(map(repr, spaced[:3])) + (", …" if len(spaced) > 3 else "")
    return [f"webMUSHRA turns + into a space: {few} may be such; give the config too, and they are told apart"]


def compared(table: pd.DataFrame, config: Config) -> list[str]:
    """Give back the `+` of the config to trials and conditions, in place; warnings of what else differs."""
    pages = {page.id: page for page in config.trials}
    warnings = _plus(table, "recording", list(pages), "trial ids")
    warnings += _plus(table, "condition", [name for page in pages.values() for name in page.conditions], "conditions")
    there = set(table["recording"])
    if unknown := sorted(there - set(pages)):
        warnings.append(f"the config has no MUSHRA page {', '.join(unknown)}")
    if unrated := [name for name in pages if name not in there]:
        warnings.append(f"nobody rated {', '.join(unrated)}")
    for name, page in pages.items():
        warnings += _conditions(table, name, page)
    answers = [name.removeprefix(ANSWER) for name in table.columns if str(name).startswith(ANSWER)]
    if answers != config.questions:
        warnings.append(f"the results have answers {', '.join(answers)}; the config asks {', '.join(config.questions)}")
    if studies := sorted(set(table["study"]) - {config.id}):
        warnings.append(f"results of {', '.join(studies)}, but the config is of {config.id}")
    return warnings + config.warnings


def _plus(table: pd.DataFrame, column: str, known: Sequence[str], what: str) -> list[str]:
    lost: dict[str, set[str]] = {}
    for name in known:
        lost.setdefault(name.replace("+", " "), set()).add(name)
    back, warnings = {}, []
    for name in pd.unique(table[column]):
        candidates = lost.get(name, set())
        if name in known or not candidates:
            continue
        if len(candidates) > 1:
            warnings.append(f"{name!r} may have been any of {', '.join(sorted(candidates))}: left as it is")
        else:
            back[name] = next(iter(candidates))
    if back:
        table[column] = table[column].replace(back)
        warnings.append(f"{what} lost their + on the way; given back from the config: {', '.join(back.values())}")
    return warnings


def _conditions(table: pd.DataFrame, name: str, page: Page) -> list[str]:
    rated = set(table.loc[table["recording"] == name, "condition"])
    if not rated or rated == set(page.conditions):
        return []
    less, more = sorted(set(page.conditions) - rated), sorted(rated - set(page.conditions))
    parts = [f"lack {', '.join(less)}"] * bool(less) + [f"have {', '.join(more)} too"] * bool(more)
    return [f"the results of {name} {' and '.join(parts)}"]


def to_webmushra(table: pd.DataFrame) -> tuple[str, list[str]]:
    """The tidy table as webMUSHRA would have written it, and warnings of what its format has no place for.

    Raises
    ------
    ExchangeError
        A system is called like one of webMUSHRA's own signals, or a recording like a repeat.
    """
    _check_names(table)
    answers = [name for name in table.columns if str(name).startswith(ANSWER)]
    comments = table["comment"] if "comment" in table else pd.Series("", index=table.index)
    repeats = [f" (repeat {number})" if number else "" for number in table["repeat"]]
    columns = {
        FIRST: table["study"],
        **{str(name).removeprefix(ANSWER): table[name] for name in answers},
        LISTENER: table["listener"],
        "trial_id": table["recording"] + pd.Series(repeats, index=table.index, dtype=str),
        "rating_stimulus": table["kind"].map(GENERATED).fillna(table["condition"]),
        "rating_score": table["score"].map(number),
        "rating_time": (table["seconds"] * 1000).map(lambda ms: number(round(ms, 6))),
        COMMENT: comments.fillna(""),
    }
    lines = [",".join(_cell(name) for name in columns)]
    lines += [",".join(_cell(str(cell)) for cell in row) for row in zip(*columns.values(), strict=True)]
    return "\n".join(lines) + "\n", _left_out(table, answers)


def _check_names(table: pd.DataFrame) -> None:
    systems = table.loc[~table["kind"].isin(list(GENERATED)), "condition"]
    taken = sorted(set(systems) & set(GENERATED.values()))
    if taken:
        raise ExchangeError(f"a system is called {', '.join(taken)}: in webMUSHRA that is a signal of its own")
    repeats = sorted({name for name in table["recording"] if _REPEAT.fullmatch(name)})
    if repeats:
        raise ExchangeError(f"the item {', '.join(repeats)} would be read as a repeat: give it another name")


def _left_out(table: pd.DataFrame, answers: Sequence[str]) -> list[str]:
    def says_something(name: str) -> bool:
        column = table[name]
        if name == "session":
            return bool(((column != table["listener"]) & (column != "")).any())
        if name == "page":
            # A page that is called like its recording, but for a lost +, says nothing of its own.
            return bool(
                ((column.str.replace("+", " ") != table["recording"].str.replace("+", " ")) & (column != "")).any()
            )
        return bool((column.notna() & (column.astype(str) != "")).any())

    others = [str(name) for name in table.columns if name not in (*_PLACES, *answers)]
    left = [name for name in others if says_something(name)]
    return [f"webMUSHRA's CSV has no place for {', '.join(left)}: left out"] if left else []


def number(value: float) -> str:
    """The shortest text of a number: whole ones without a point, nothing for a missing one."""
    if math.isnan(value):
        return ""
    return str(int(value)) if float(value).is_integer() else repr(float(value))


def _cell(text: str) -> str:
    text = neutralise(text)
    return '"' + text.replace('"', '""') + '"' if _QUOTED.search(text) else text
