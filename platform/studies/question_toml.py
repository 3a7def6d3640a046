"""Questions as a researcher writes them: TOML with a [[question]] table for each."""

import json
import math
import re
import tomllib
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from django.utils.translation import gettext as _

from studies.options import NUMBER, SCALE, OptionsError, Question, parse

TABLE = "question"
LONGEST_NAME = 60
MOST_QUESTIONS = 50

EXAMPLE = """\
[[question]]
name = "age"
label = "How old are you?"
type = "number"
low = 18
high = 99

[[question]]
name = "training"
label = "Have you learned to listen for coding artefacts?"
type = "choice"
choices = ["Yes", "A little", "No"]

[[question]]
name = "tired"
label = "How tired are you?"
type = "scale"
low_label = "wide awake"
high_label = "nearly asleep"

[[question]]
name = "remarks"
label = "Is there anything we should know?"
type = "text"
optional = true
"""


def from_toml(text: str) -> tuple[Question, ...]:
    """The questions of a text; none of an empty one.

    Raises
    ------
    OptionsError
        The text is no TOML (with the line), or a question can't be asked (with its number).
    """
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise OptionsError(_reason(str(error), text)) from error
    unknown = sorted(set(data) - {TABLE})
    if unknown:
        raise OptionsError(_("“%(name)s” stands outside a [[question]] table.") % {"name": unknown[0]})
    try:
        questions = parse({"before": data.get(TABLE, [])}).before
    except OptionsError as error:
        # It names the list in which the options keep them: here it is the table's number that a reader can count.
        raise OptionsError(re.sub(r"\bbefore(?:\[(\d+)\])?", _name_place, str(error))) from error
    if len(questions) > MOST_QUESTIONS:
        raise OptionsError(_("%(count)d questions are the most.") % {"count": MOST_QUESTIONS})
    for number, question in enumerate(questions, start=1):
        _check(question, number)
    return questions


def _reason(said: str, text: str) -> str:
    line = re.search(r"at line (\d+)", said)
    number = int(line[1]) if line else len(text.splitlines())
    what = re.sub(r" \(at .*\)$", "", said)
    return _("Line %(line)d can't be read: %(reason)s.") % {"line": number, "reason": what}


def _name_place(match: re.Match[str]) -> str:
    return f"question {match[1]}" if match[1] else TABLE


def _check(question: Question, number: int) -> None:
    where = {"where": f"question {number} ({question.name})"}
    if len(question.name) > LONGEST_NAME:
        raise OptionsError(_("%(where)s: a name has %(count)d letters at most.") % {**where, "count": LONGEST_NAME})
    bounds = [bound for bound in (question.low, question.high) if bound is not None]
    if bounds and question.type != NUMBER:
        raise OptionsError(_("%(where)s: only a number has low and high.") % where)
    if not all(math.isfinite(bound) for bound in bounds) or bounds != sorted(bounds):
        raise OptionsError(_("%(where)s: low must be a number below high.") % where)
    if (question.low_label or question.high_label) and question.type != SCALE:
        raise OptionsError(_("%(where)s: only a scale has low_label and high_label.") % where)


def to_toml(questions: Sequence[Question]) -> str:
    """The text that `from_toml` reads as these questions; only what differs from the usual is written."""
    return "\n".join(_table(question) for question in questions)


def _table(question: Question) -> str:
    usual = asdict(Question("", ""))
    given = {name: value for name, value in asdict(question).items() if name == "type" or value != usual[name]}
    return "\n".join([f"[[{TABLE}]]", *(f"{name} = {_value(value)}" for name, value in given.items()), ""])


def _value(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_value(one) for one in value) + "]"
    # JSON's texts, numbers and truth values are TOML's too, but for one control character that TOML escapes.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
