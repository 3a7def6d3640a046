"""Results of pymushra, BeaqleJS and GoListen."""

import json
import re
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Any

import pandas as pd

from mushra.exchange.cells import frame
from mushra.exchange.imported import ExchangeError, Imported, Names
from mushra.exchange.tidy import finish
from mushra.exchange.webmushra import ANSWER

Rows = Sequence[tuple[int, Sequence[str]]]
_RATING = " rating"
_TIME = "Time (s)"


def is_pymushra(header: Sequence[str]) -> bool:
    return {"responses_stimulus", "responses_score", "wm_id"} <= set(header)


def read_pymushra(rows: Rows, names: Names) -> Imported:
    """pymushra's CSV download: one row per response, columns in any order.

    Rows of other pages than MUSHRA ones are left out and counted.

    Raises
    ------
    ExchangeError
        No MUSHRA rows, no listener's column, or what `tidy` raises.
    """
    raw = frame(rows)
    listener = names.columns.get("listener", "questionaire_uuid")
    if listener not in raw:
        raise ExchangeError(f"there is no column {listener}: name the listener's with --columns listener=…")
    warnings = ["responses_time is the whole page's, in ms, on each of its rows: `seconds` is the page's time"]
    if "wm_type" in raw:
        other = raw["wm_type"] != "mushra"
        if other.all():
            raise ExchangeError(f"no MUSHRA pages: the pages are {', '.join(sorted(set(raw['wm_type'])))}")
        if other.any():
            types = ", ".join(sorted(set(raw["wm_type"][other])))
            warnings.append(f"{int(other.sum())} rows of other pages ({types}) were left out")
        raw = raw[~other]
    table = pd.DataFrame({"listener": raw[listener], "session": raw[listener], "page": raw["wm_id"]})
    table["study"] = raw.get("wm_testId", "")
    table["recording"], table["condition"] = raw["wm_id"], raw["responses_stimulus"]
    table["score"] = raw["responses_score"]
    if "responses_time" in raw:
        table["seconds"] = raw["responses_time"].map(_in_seconds)
    for name in raw.columns:
        if name.startswith("questionaire_") and name not in (listener, "questionaire_uuid"):
            table[ANSWER + name.removeprefix("questionaire_")] = raw[name]
    table["comment"] = raw.get("responses_comment", "")
    if "wm_date" in raw:
        table["date"] = raw["wm_date"]
    return finish(table, names, "pymushra CSV", warnings)


def _in_seconds(cell: object) -> str:
    try:
        return repr(float(str(cell)) / 1000)
    except ValueError:
        return str(cell)


def read_beaqlejs(text: str, names: Names) -> Imported:
    """BeaqleJS's results: one JSON file for each listener, who is its `UserName`.

    Assumed: grades on 0-100 (BeaqleJS can be set otherwise), and that `Anchor` is the 3.5 kHz one.

    Raises
    ------
    ExchangeError
        The JSON is broken or not a MUSHRA result of BeaqleJS.
    """
    try:
        found = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        raise ExchangeError(f"the JSON is broken: {error}") from error
    if not isinstance(found, list) or not any(isinstance(part, dict) and "TestID" in part for part in found):
        raise ExchangeError("the JSON is not a result of BeaqleJS: expected a list of tests, each with a TestID")
    user = next((part for part in found if isinstance(part, dict) and "UserName" in part), {})
    listener = str(user.get("UserName") or "").strip()
    if not listener:
        raise ExchangeError("the result has no UserName: without it nobody knows whose grades these are")
    rows, skipped = [], []
    for place, test in enumerate(found, 1):
        if test is user or not isinstance(test, dict):
            continue
        if isinstance(test.get("rating"), dict):
            rows += _beaqle_rows(test, place)
        else:
            skipped.append(str(test.get("TestID") or place))
    if not rows:
        raise ExchangeError("no test has a rating: ABX and preference tests have no scores")
    table = pd.DataFrame(rows).set_index("place").rename_axis("test")
    table["listener"], table["session"], table["comment"] = listener, listener, str(user.get("UserComment") or "")
    warnings = [f"tests without ratings: {', '.join(skipped)}"] if skipped else []
    return finish(table, names, "BeaqleJS JSON", warnings)


def _beaqle_rows(test: dict[str, Any], place: int) -> list[dict[str, Any]]:
    files = test.get("filename") if isinstance(test.get("filename"), dict) else {}
    runtime = test.get("Runtime")
    timed = isinstance(runtime, int | float) and not isinstance(runtime, bool)
    item = str(test.get("TestID") or "")
    return [
        {
            **{"place": place, "recording": item, "page": item, "condition": str(name)},
            "score": "" if score is None else str(score),
            "seconds": repr(float(runtime) / 1000) if timed else "",  # type: ignore[arg-type]
            "file": str((files or {}).get(name, "")),
        }
        for name, score in test["rating"].items()
    ]


def is_golisten(rows: Rows) -> bool:
    return len(rows) > 1 and rows[0][1][0] == "Tags" and list(rows[1][1][:2]) == ["Name", "Date"]


def read_golisten(rows: Rows, names: Names) -> Imported:
    """GoListen's CSV of a MUSHRA test: three lines of header (tags, titles, file names), then one for each listener.

    Assumed, after its published source: a title ends on " rating" and spans the columns of its sounds; `Name` is the
    listener, with the date where a name comes twice; a condition is a file's name without extension and without what
    all file names of the item begin with.

    Raises
    ------
    ExchangeError
        No line of file names (its ACR and A/B tests have none), or what `tidy` raises.
    """
    if len(rows) < 4 or any(rows[2][1][:2]):
        raise ExchangeError("a GoListen file without file names below the titles, or without answers: no MUSHRA test")
    titles, files = list(rows[1][1]), list(rows[2][1])
    width = max(len(titles), len(files))
    titles, files = (cells + [""] * (width - len(cells)) for cells in (titles, files))
    columns = _golisten_columns(titles, files)
    found: list[dict[str, Any]] = []
    warnings: list[str] = []
    listeners = _golisten_listeners(rows[3:], warnings)
    for listener, (number, row) in zip(listeners, rows[3:], strict=True):
        if len(row) != width:
            raise ExchangeError(f"line {number} has {len(row)} fields, the header {width}")
        answers = {
            ANSWER + title: row[place]
            for place, title in enumerate(titles)
            if place > 1 and title and title != _TIME and not title.endswith(_RATING)
        }
        for place, (item, condition, time) in columns.items():
            cells = {"recording": item, "condition": condition, "score": row[place], "file": files[place]}
            seconds = row[time] if time else ""
            found.append({"line": number, "listener": listener, "seconds": seconds, **cells, **answers})
    if not found:
        raise ExchangeError("a GoListen file without sounds that were rated")
    return finish(pd.DataFrame(found).set_index("line"), names, "GoListen CSV", warnings)


def _golisten_columns(titles: Sequence[str], files: Sequence[str]) -> dict[int, tuple[str, str, int]]:
    """Column number of each sound to item, condition and the column of its time (0: none)."""
    spans: list[tuple[str, list[int]]] = []
    for place in range(2, len(titles)):
        if titles[place].endswith(_RATING) and files[place]:
            spans.append((titles[place].removesuffix(_RATING), [place]))
        elif not titles[place] and files[place] and spans:
            spans[-1][1].append(place)
    columns = {}
    for item, places in spans:
        after = places[-1] + 1
        time = after if after < len(titles) and titles[after] == _TIME else 0
        for place, condition in zip(places, _without_start([files[place] for place in places]), strict=True):
            columns[place] = (item, condition, time)
    return columns


def _without_start(files: Sequence[str]) -> list[str]:
    """Names without extension, and without the words that all of them begin with."""
    stems = [PurePosixPath(name.replace("\\", "/")).stem for name in files]
    if len(stems) < 2:
        return stems
    words = [re.split(r"(?<=[ _.-])", stem) for stem in stems]
    same = 0
    while all(len(one) > same + 1 and one[same] == words[0][same] for one in words):
        same += 1
    return ["".join(one[same:]) for one in words]


def _golisten_listeners(rows: Rows, warnings: list[str]) -> list[str]:
    listeners = [row[0].strip() for _, row in rows]
    unclear = {name for name in listeners if not name or listeners.count(name) > 1}
    if unclear:
        warnings.append(
            "listeners without a name of their own have the date added, and their line if that is not enough"
        )
    full = [
        f"{name} {row[1]}".strip() if name in unclear else name for name, (_, row) in zip(listeners, rows, strict=True)
    ]
    return [f"{name} #{n}" if full.count(name) > 1 else name for name, (n, _) in zip(full, rows, strict=True)]
