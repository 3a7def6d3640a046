"""What a listener rated, with the conditions named: shown at the end if the study says so."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from library.models import Stimulus
from library.preparation import FIXED
from studies.models import Rating, Session, Slot, Study


@dataclass(frozen=True)
class OwnScore:
    """`letter` is the version's on the page; `score` is None where none was given."""

    letter: str
    score: float | None


@dataclass(frozen=True)
class OwnPage:
    """One presented page: its number among the rated ones, and a score for each of the table's columns."""

    number: int
    recording: str
    scores: tuple[OwnScore | None, ...]
    reference: str


@dataclass(frozen=True)
class OwnResults:
    columns: tuple[str, ...]
    pages: tuple[OwnPage, ...]


def own_results(session: Session) -> OwnResults:
    """The session's scores by page and condition, without practice; reference first, then anchors, then systems."""
    study = session.listener.study
    presentations = list(
        session.pages.filter(is_training=False)
        .select_related("page__recording")
        .prefetch_related("slots__stimulus", "slots__rating")
    )
    names = _columns(study)
    pages = []
    for number, presentation in enumerate(presentations, start=1):
        rated = {slot.stimulus.condition: slot for slot in presentation.slots.all() if slot.position}
        scores = tuple(_score(rated[name]) if name in rated else None for name in names)
        letters = [_letter(slot) for slot in rated.values() if slot.stimulus.kind == Stimulus.Kind.REFERENCE]
        pages.append(OwnPage(number, presentation.page.recording.title, scores, ", ".join(letters)))
    return OwnResults(tuple(names.values()), tuple(pages))


def _columns(study: Study) -> dict[str, str]:
    """The study's conditions, and what a listener reads of each."""
    fixed = {kind.value: str(kind.label) for kind in FIXED}
    return fixed | {condition["name"]: _system(condition) for condition in study.conditions}


def _system(condition: Mapping[str, Any]) -> str:
    return f"{condition['name']} kb/s" if condition.get("bitrate") else str(condition["name"])


def _letter(slot: Slot) -> str:
    return chr(ord("A") + slot.position - 1)


def _score(slot: Slot) -> OwnScore:
    rating: Rating | None = getattr(slot, "rating", None)
    return OwnScore(_letter(slot), None if rating is None else rating.score)
