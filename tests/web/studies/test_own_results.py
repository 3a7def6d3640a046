"""What listeners see of their own ratings at the end, if the study shows it."""

import pytest

from studies.models import Session
from studies.options import StudyOptions
from studies.own_results import own_results

pytestmark = pytest.mark.django_db


@pytest.fixture
def finished(study, visitor):
    study.options = StudyOptions(show_results=True).to_dict()
    study.conditions = [{"name": "mp3 48", "codec": "mp3", "bitrate": 48, "cutoff": None}]
    study.save()
    visitor.to_the_pages()
    for number in (1, 2):
        for index, slot in enumerate(visitor.slots(number)):
            visitor.send(visitor.rating(slot, score=(100, 71, 42, 13)[index] if number == 2 else 100))
        visitor.post(visitor.address("finish_page", number))
    visitor.post(visitor.address("headphones"), headphones="yes")
    return visitor


def test_every_score_stands_under_its_condition(finished):
    session = Session.objects.get(pk=finished.session.pk)
    found = own_results(session)
    assert found.columns == ("Reference", "3.5 kHz anchor", "7 kHz anchor", "mp3 48 kb/s")
    # Practice is not among them.
    [page] = found.pages
    assert (page.number, page.recording) == (1, "Chord")
    slots = {slot.stimulus.condition: slot for slot in finished.slots(2)}
    order = ("reference", "anchor35", "anchor70", "mp3 48")
    assert [score.score for score in page.scores] == [slots[name].rating.score for name in order]
    assert [score.letter for score in page.scores] == ["ABCD"[slots[name].position - 1] for name in order]
    assert page.reference == "ABCD"[slots["reference"].position - 1]


def test_the_last_page_shows_them(finished):
    page = finished.page()
    letter = own_results(Session.objects.get(pk=finished.session.pk)).pages[0].reference
    assert "What you rated" in page and f"the reference was {letter}" in page
    assert all(score in page for score in ("71", "42", "13"))


def test_a_version_without_a_score_is_no_zero(finished):
    finished.slots(2)[0].rating.delete()
    scores = own_results(Session.objects.get(pk=finished.session.pk)).pages[0].scores
    assert [score.score for score in scores].count(None) == 1


def test_nothing_is_named_before_the_end_or_where_the_study_does_not_show_it(study, finished):
    Session.objects.update(step=Session.Step.HEADPHONES)
    assert "What you rated" not in finished.page() and "anchor" not in finished.page()
    Session.objects.update(step=Session.Step.DONE)
    study.options = {}
    study.save()
    assert "What you rated" not in finished.page() and "anchor" not in finished.page()
