"""A study's ratings as the tidy table that everything else works on."""

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pandas as pd

from mushra.table import COLUMNS
from studies.models import EventBatch, Listener, Rating, Slot, Study

EXTRA = ("simulated", "finished")
EVENT_COLUMNS = ("listener", "page", "repeat", "practice", "recording", "seconds", "event", "condition", "detail")
OPEN_REFERENCE = "open reference"


def results_table(study: Study) -> pd.DataFrame:
    """The newest score of every slot, one row each, training left out.

    Columns: the tidy table's, and `simulated` and `finished` (the listener's session was gone through to the end).
    `recording` is its title; where two recordings of the study share one, each is followed by its number.
    """
    names = recording_names(study)
    ratings = (
        Rating.objects.filter(slot__presentation__session__listener__study=study, slot__presentation__is_training=False)
        .order_by("slot__presentation__session__listener__code", "slot__presentation__number", "slot__position")
        .values_list(
            "slot__presentation__session__listener__code",
            "slot__presentation__session_id",
            "slot__presentation__number",
            "slot__presentation__repeat",
            "slot__stimulus__recording_id",
            "slot__stimulus__condition",
            "slot__stimulus__kind",
            "score",
            "seconds",
            "plays",
            "slot__presentation__session__listener__is_simulated",
            "slot__presentation__session__finished_at",
        )
    )
    rows = [(study.title, *row[:4], names[row[4]], *row[5:-1], row[-1] is not None) for row in ratings]
    return pd.DataFrame(rows, columns=[*COLUMNS, *EXTRA])


def events_table(study: Study) -> pd.DataFrame:
    """What listeners did on the pages, one row for each event, in its order.

    Columns: `seconds` since the page was shown (again from 0 after a reload), `event` (play, pause, switch, seek, loop,
    restart, rate, sort, blur, focus, audio), `condition` that was playing or was rated, and `detail`: the score, the
    place in samples, or what else belongs to the event, as JSON.
    """
    return pd.DataFrame(_events(study), columns=list(EVENT_COLUMNS))


def _events(study: Study) -> Iterator[tuple[Any, ...]]:
    names = recording_names(study)
    slots = Slot.objects.filter(presentation__session__listener__study=study)
    conditions = {
        (page, position): condition if position else OPEN_REFERENCE
        for page, position, condition in slots.values_list("presentation_id", "position", "stimulus__condition")
    }
    batches = (
        EventBatch.objects.filter(presentation__session__listener__study=study)
        .select_related("presentation__session__listener", "presentation__page")
        .order_by("presentation__session__listener__code", "presentation__number", "received_at")
    )
    for batch in batches.iterator(chunk_size=500):
        shown = batch.presentation
        recording = names[shown.page.recording_id]
        page = (shown.session.listener.code, shown.number, shown.repeat, shown.is_training, recording)
        for milliseconds, kind, *rest in batch.events:
            index, detail = [*rest, None, None][:2]
            said = "" if detail is None else json.dumps(detail)
            yield *page, _seconds(milliseconds), str(kind), conditions.get((shown.pk, _index(index)), ""), said


def _seconds(milliseconds: Any) -> float | None:
    """Browsers send these figures: whatever else came in their place is no figure."""
    return milliseconds / 1000 if isinstance(milliseconds, int | float) else None


def _index(value: Any) -> int:
    """The slot's position; -1, which no slot has, for anything else."""
    return value if isinstance(value, int) else -1


def recording_names(study: Study) -> dict[int, str]:
    """A name for each recording of the study that no other recording of it has."""
    titles = dict(study.pages.values_list("recording_id", "recording__title"))
    often = Counter(titles.values())
    return {pk: f"{title} #{pk}" if often[title] > 1 else title for pk, title in titles.items()}


def headphones(study: Study) -> dict[str, bool | None]:
    """What each listener said at the end; None: nothing yet."""
    return dict(study.listeners.values_list("code", "headphones"))


def simulated(study: Study) -> dict[str, str]:
    """The simulated listeners among the study's, and what each simulates."""
    return dict(Listener.objects.filter(study=study, is_simulated=True).values_list("code", "simulated_as"))
