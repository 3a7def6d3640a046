"""Breaks: offered when earned, gone on from once, and never before the first page or after the last."""

import pytest
from django.utils import timezone

from studies.models import Page, Session
from studies.options import StudyOptions

pytestmark = pytest.mark.django_db
REST = "Take a rest"


@pytest.fixture
def resting(study, recording):
    """Practice, five rated pages, a break after every two."""
    for position in range(2, 6):
        page = Page.objects.create(study=study, position=position, recording=recording)
        page.stimuli.set(recording.stimuli.all())
    study.options = StudyOptions(break_every=2).to_dict()
    study.save()


@pytest.fixture
def listener(resting, visitor):
    visitor.to_the_pages()
    return visitor


def finish(listener, number: int) -> None:
    listener.rate_all(number)
    listener.post(listener.address("finish_page", number))


def breaks_taken(listener) -> int:
    return Session.objects.get(pk=listener.session.pk).breaks_taken


def test_a_break_comes_after_every_second_rated_page_and_not_at_the_end(listener):
    rests = []
    for number in range(1, 7):
        assert f"Page {number} of 6" in listener.page()
        finish(listener, number)
        if REST in listener.page():
            rests.append(number)
            assert f"You have rated {number - 1} of 5 pages. Your ratings are saved." in listener.page()
            # A reload changes nothing.
            assert REST in listener.page()
            listener.post(listener.address("after_break"))
    # Practice is page 1: two rated pages are done after page 3.
    assert rests == [3, 5]
    assert breaks_taken(listener) == 2
    assert listener.step() == Session.Step.HEADPHONES


def test_going_on_twice_skips_no_later_break(listener):
    for number in (1, 2, 3):
        finish(listener, number)
    for _ in range(3):
        listener.post(listener.address("after_break"))
    assert breaks_taken(listener) == 1
    for number in (4, 5):
        finish(listener, number)
    assert REST in listener.page()


def test_a_break_is_taken_only_when_it_is_due(listener):
    listener.post(listener.address("after_break"))
    assert breaks_taken(listener) == 0 and "Page 1 of 6" in listener.page()


def test_no_break_comes_after_the_last_page_when_the_numbers_meet(listener):
    listener.study.options = StudyOptions(break_every=5).to_dict()
    listener.study.save()
    listener.session.pages.exclude(number=6).update(finished_at=timezone.now())
    finish(listener, 6)
    assert listener.step() == Session.Step.HEADPHONES and REST not in listener.page()


def test_a_study_without_breaks_has_none(study, visitor):
    visitor.to_the_pages()
    finish(visitor, 1)
    assert "Page 2 of 2" in visitor.page()
