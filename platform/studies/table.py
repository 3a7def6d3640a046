"""A study's ratings as the tidy table that everything else works on."""

from collections import Counter

import pandas as pd

from mushra.table import COLUMNS
from studies.models import Listener, Rating, Study

EXTRA = ("simulated", "finished")


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
