"""What a study asks of its listeners beside the ratings, read from JSON that says where it is wrong.

A study without options is the paper's: consent, instructions, volume, pages, and the question about headphones.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from django.utils.translation import gettext as _

TEXT, NUMBER, CHOICE, SCALE = "text", "number", "choice", "scale"
QUESTION_TYPES = (TEXT, NUMBER, CHOICE, SCALE)
WOODS, MILNE = "woods2017", "milne2020"
REFUSE, FLAG = "refuse", "flag"
LONGEST_TEXT = 2000


class OptionsError(ValueError):
    """The options can't be used; the text says which one and why."""


@dataclass(frozen=True)
class Question:
    """One question. `low` and `high` bound a number; on a scale they are the words at its ends (0 and 100)."""

    name: str
    label: str
    type: str = TEXT
    optional: bool = False
    choices: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    low_label: str = ""
    high_label: str = ""


@dataclass(frozen=True)
class HeadphoneCheck:
    """Listening tasks that only headphones make easy. None of the figures means the publication's own.

    Attributes
    ----------
    kind : "woods2017" or "milne2020"
        Which tone is quietest (Woods et al. 2017), or which noise holds a tone (Milne et al. 2020).
    pass_mark : int
        Right answers of six that pass: 5 by Woods et al., 6 by Milne et al.
    attempts : int
        1 by Woods et al., 2 by Milne et al.
    on_failure : "refuse" or "flag"
        Whether who fails is turned away, or goes on and is marked in the results.
    """

    kind: str
    pass_mark: int
    attempts: int
    on_failure: str = FLAG


PUBLISHED = {WOODS: {"pass_mark": 5, "attempts": 1}, MILNE: {"pass_mark": 6, "attempts": 2}}
TRIALS = 6


@dataclass(frozen=True)
class StudyOptions:
    """`break_every`: pages between offers of a break, 0 for none. `pages_per_listener`: 0 for all."""

    before: tuple[Question, ...] = ()
    after: tuple[Question, ...] = ()
    headphone_check: HeadphoneCheck | None = None
    ask_headphones: bool = True
    comments: bool = False
    rate_only_playing: bool = True
    break_every: int = 0
    pages_per_listener: int = 0
    show_results: bool = False
    completion_code: str = ""
    return_url: str = ""

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def parse(data: Any) -> StudyOptions:
    """Options from JSON.

    Raises
    ------
    OptionsError
        Something is unknown, missing or of the wrong kind; nothing is guessed.
    """
    given = _mapping(data, _("The options"), StudyOptions)
    values: dict[str, Any] = {}
    for name in ("before", "after"):
        values[name] = _questions(given.get(name, []), name)
    if given.get("headphone_check") is not None:
        values["headphone_check"] = _headphone_check(given["headphone_check"])
    for name in ("ask_headphones", "comments", "rate_only_playing", "show_results"):
        values[name] = _of(bool, given.get(name, getattr(StudyOptions, name)), name)
    for name in ("break_every", "pages_per_listener"):
        values[name] = _whole(given.get(name, 0), name)
    for name in ("completion_code", "return_url"):
        values[name] = _of(str, given.get(name, ""), name).strip()
    if values["return_url"] and not values["return_url"].startswith(("https://", "http://")):
        raise OptionsError(_("return_url must begin with https:// or http://."))
    return StudyOptions(**values)


def _mapping(data: Any, where: str, kind: type) -> Mapping[str, Any]:
    if not isinstance(data, Mapping):
        raise OptionsError(_("%(where)s must be a table of names and values.") % {"where": where})
    known = [field.name for field in fields(kind)]
    unknown = sorted(set(map(str, data)) - set(known))
    if unknown:
        raise OptionsError(
            _("%(where)s: unknown %(unknown)s; known are %(known)s.")
            % {"where": where, "unknown": ", ".join(unknown), "known": ", ".join(known)}
        )
    return data


def _questions(data: Any, name: str) -> tuple[Question, ...]:
    if not isinstance(data, (list, tuple)):
        raise OptionsError(_("%(where)s must be a list of questions.") % {"where": name})
    questions = tuple(_question(one, f"{name}[{index}]") for index, one in enumerate(data, start=1))
    names = [question.name for question in questions]
    twice = sorted({one for one in names if names.count(one) > 1})
    if twice:
        raise OptionsError(_("%(where)s: two questions are called %(name)s.") % {"where": name, "name": twice[0]})
    return questions


def _question(data: Any, where: str) -> Question:
    given = dict(_mapping(data, where, Question))
    for name in ("name", "label"):
        if not _of(str, given.get(name, ""), f"{where}.{name}").strip():
            raise OptionsError(_("%(where)s has no %(name)s.") % {"where": where, "name": name})
    if not given["name"].isidentifier():
        raise OptionsError(
            _("%(where)s.name is “%(name)s”: it heads a column, so letters, digits and _ only.")
            % {"where": where, "name": given["name"]}
        )
    kind = given.get("type", TEXT)
    if kind not in QUESTION_TYPES:
        raise OptionsError(
            _("%(where)s.type is “%(type)s”: expected %(types)s.")
            % {"where": where, "type": kind, "types": ", ".join(QUESTION_TYPES)}
        )
    choices = given.get("choices", ())
    if not isinstance(choices, (list, tuple)) or not all(isinstance(one, str) and one.strip() for one in choices):
        raise OptionsError(_("%(where)s.choices must be a list of texts.") % {"where": where})
    if (kind == CHOICE) != bool(choices) or (choices and len(set(choices)) < 2):
        raise OptionsError(_("%(where)s: a choice has two choices at least, other questions none.") % {"where": where})
    for name in ("low", "high"):
        if given.get(name) is not None and (isinstance(given[name], bool) or not isinstance(given[name], (int, float))):
            raise OptionsError(_("%(where)s.%(name)s must be a number.") % {"where": where, "name": name})
    for name in ("low_label", "high_label"):
        _of(str, given.get(name, ""), f"{where}.{name}")
    _of(bool, given.get("optional", False), f"{where}.optional")
    return Question(**{**given, "choices": tuple(choices)})


def _headphone_check(data: Any) -> HeadphoneCheck:
    given = _mapping(data, "headphone_check", HeadphoneCheck)
    kind, on_failure = given.get("kind"), given.get("on_failure", FLAG)
    if kind not in PUBLISHED:
        raise OptionsError(
            _("headphone_check.kind must be %(kinds)s.") % {"kinds": _("or").join((f"{WOODS} ", f" {MILNE}"))}
        )
    if on_failure not in (REFUSE, FLAG):
        raise OptionsError(_("headphone_check.on_failure must be refuse or flag."))
    values = {
        name: _whole(given.get(name, usual), f"headphone_check.{name}") for name, usual in PUBLISHED[kind].items()
    }
    if not 1 <= values["pass_mark"] <= TRIALS or not 1 <= values["attempts"] <= 9:
        raise OptionsError(_("headphone_check: pass_mark is 1 to %(trials)d, attempts 1 to 9.") % {"trials": TRIALS})
    return HeadphoneCheck(kind, on_failure=on_failure, **values)


def _of(kind: type, value: Any, where: str) -> Any:
    if not isinstance(value, kind):
        words = {bool: _("true or false"), str: _("a text")}
        raise OptionsError(_("%(where)s must be %(kind)s.") % {"where": where, "kind": words[kind]})
    return value


def _whole(value: Any, where: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 1000:
        raise OptionsError(_("%(where)s must be a whole number from 0 to 1000.") % {"where": where})
    return value
