"""The tidy table of a study: what counts, under which names."""

import pytest

from library.models import Recording
from mushra.table import COLUMNS, checked
from studies.models import Page
from studies.table import EVENT_COLUMNS, events_table, recording_names, results_table

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


def test_what_listeners_did_comes_as_a_table(visitor, study, client, django_user_model):
    visitor.to_the_pages()
    rows = [
        [12, "play", 0, None],
        [500, "switch", 2, 2],
        [2500, "rate", 2, 61],
        [9000, "loop", 2, [10, 99]],
        ["x", "?"],
    ]
    visitor.send(events=[{"page": 2, "key": "7e57ab1e-0000-4000-8000-000000000021", "rows": rows}])
    condition = visitor.slots(2)[1].stimulus.condition
    table = events_table(study)
    code = visitor.session.listener.code
    assert table[["listener", "page", "practice"]].drop_duplicates().to_numpy().tolist() == [[code, 2, False]]
    assert table["event"].tolist() == ["play", "switch", "rate", "loop", "?"]
    assert table["condition"].tolist() == ["open reference", condition, condition, condition, ""]
    assert table["seconds"].tolist()[:4] == [0.012, 0.5, 2.5, 9.0] and table["seconds"].isna().tolist()[4]
    assert table["detail"].tolist() == ["", "2", "61", "[10, 99]", ""]
    address = f"/studies/{study.pk}/events.csv"
    client.force_login(study.owner)
    assert "What listeners did on the pages" in client.get(f"/studies/{study.pk}/").content.decode()
    assert client.get(address).content.decode().splitlines()[3].endswith(f"2.5,rate,{condition},61")
    client.force_login(django_user_model.objects.create_user("other", role="researcher"))
    assert client.get(address).status_code == 404


def test_a_study_without_events_has_an_empty_table_with_all_columns(study):
    assert list(events_table(study).columns) == list(EVENT_COLUMNS)
