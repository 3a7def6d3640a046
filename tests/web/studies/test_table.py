"""The tidy table of a study: what counts, under which names."""

import pytest

from library.models import Recording
from mushra.table import COLUMNS, checked
from studies.models import Page
from studies.table import recording_names, results_table

pytestmark = pytest.mark.django_db


def test_practice_is_left_out_and_the_newest_score_counts(visitor, study):
    visitor.to_the_pages()
    visitor.rate_all(1)
    slot = visitor.slots(2)[0]
    visitor.send(visitor.rating(slot, score=10, revision=1), visitor.rating(slot, score=90, revision=2, plays=3))
    table = results_table(study)
    assert list(table.columns[: len(COLUMNS)]) == list(COLUMNS)
    (row,) = table.to_dict("records")
    assert (row["listener"], row["page"], row["recording"], row["score"], row["plays"]) == (
        visitor.session.listener.code,
        2,
        "Chord",
        90,
        3,
    )
    assert row["kind"] == slot.stimulus.kind and not row["simulated"] and not row["finished"]


def test_recordings_of_one_title_are_told_apart(visitor, study, recording):
    twin = Recording.objects.create(
        title="Chord", sha256="1", file="none.flac", rate=48_000, channels=1, samples=48_000, loudness=-23
    )
    Page.objects.create(study=study, position=2, recording=twin)
    assert recording_names(study) == {recording.pk: f"Chord #{recording.pk}", twin.pk: f"Chord #{twin.pk}"}
    visitor.to_the_pages()
    visitor.rate_all(2)
    assert set(checked(results_table(study))["recording"]) == {f"Chord #{recording.pk}"}


def test_a_study_without_ratings_has_an_empty_table_with_all_columns(study):
    table = results_table(study)
    assert table.empty and set(COLUMNS) <= set(table.columns)
