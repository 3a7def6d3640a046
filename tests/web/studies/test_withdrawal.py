"""A listener has everything deleted: nothing is left, nothing comes back, nothing counts."""

import pytest
from django.apps import apps
from django.urls import reverse

from reports.models import Decision
from studies.models import EventBatch, HeadphoneTrial, Listener, Rating, RatingRevision, Session, SessionPage, Slot
from studies.options import Question, StudyOptions
from studies.questions import form_of, save
from studies.table import results_table

pytestmark = pytest.mark.django_db
BATCH = {"page": 1, "key": "7e57ab1e-0000-4000-8000-000000000001", "rows": [[12, "play", 1, None]]}
# Kept of nobody who withdrew.
OF_A_LISTENER = ("session", "sessionpage", "slot", "rating", "ratingrevision", "eventbatch", "answer", "headphonetrial")


@pytest.fixture
def rich(study, visitor):
    """A finished listener with something in every table."""
    study.options = StudyOptions(before=(Question("age", "Age?", "number"),)).to_dict()
    study.save()
    visitor.post(visitor.address("consent"), agree="yes")
    session = Session.objects.get(pk=visitor.session.pk)
    form = form_of(session, Session.Step.BEFORE, {"q-age": "40"})
    assert form.is_valid() and save(session, Session.Step.BEFORE, form)
    visitor.post(visitor.address("instructions"))
    visitor.post(visitor.address("volume"), volume="0.5", audio="{}")
    for number in (1, 2):
        visitor.rate_all(number)
        visitor.post(visitor.address("finish_page", number))
    visitor.send(events=[BATCH])
    visitor.post(visitor.address("headphones"), headphones="yes")
    assert visitor.step() == Session.Step.DONE
    HeadphoneTrial.objects.create(session=session, number=1, correct=2)
    listener = Listener.objects.get()
    Listener.objects.update(arrived_with={"PROLIFIC_PID": "5f0"}, passed_headphone_check=True)
    Decision.objects.create(listener=listener, policy="bs1534-3", policy_version="1", included=True)
    return visitor


def rows() -> dict[str, int]:
    return {name: apps.get_model("studies", name).objects.count() for name in OF_A_LISTENER}


def withdraw(visitor, **data):
    return visitor.client.post(visitor.address("withdraw"), {"sure": "yes", **data}, follow=True)


def test_everything_is_deleted_but_the_code_and_the_time(study, rich):
    code = rich.session.listener.code
    assert 0 not in rows().values() and len(results_table(study)) == 4
    answer = withdraw(rich)
    assert "Your data is deleted" in answer.content.decode()
    assert set(rows().values()) == {0} and not Decision.objects.exists()
    left = Listener.objects.values().get()
    assert left.pop("withdrawn_at") == left.pop("created_at")
    assert left.pop("code") == code and left.pop("study_id") == study.pk and left.pop("id")
    assert left == {
        "is_simulated": False,
        "simulated_as": "",
        "headphones": None,
        "passed_headphone_check": None,
        "arrived_with": {},
    }
    assert len(results_table(study)) == 0


def test_no_table_about_listeners_is_forgotten():
    """Whatever points to a listener or a session, now or later, is either on the list above or goes with it."""
    pointing = {relation.related_model._meta.model_name for relation in Session._meta.related_objects}
    pointing |= {relation.related_model._meta.model_name for relation in SessionPage._meta.related_objects}
    pointing |= {relation.related_model._meta.model_name for relation in Slot._meta.related_objects}
    assert pointing <= set(OF_A_LISTENER)


def test_other_listeners_keep_theirs(study, rich):
    other = type(rich)(study)
    other.post(other.address("consent"), agree="yes")
    before = Session.objects.count(), SessionPage.objects.filter(session=other.session).count()
    withdraw(rich)
    assert (Session.objects.count() + 1, SessionPage.objects.count()) == before
    assert Listener.objects.filter(withdrawn_at=None).get().code == other.session.listener.code


def test_it_is_asked_once_more(rich):
    before = rows()
    page = rich.client.get(rich.address("withdraw")).content.decode()
    assert "This can't be undone" in page and rich.session.listener.code in page
    answer = rich.client.post(rich.address("withdraw"), follow=True)
    assert "Tick the box if you want everything deleted" in answer.content.decode()
    assert rows() == before


def test_the_link_to_it_is_on_every_page(study, visitor):
    for step in Session.Step:
        Session.objects.update(step=step)
        if step != Session.Step.HEADPHONE_CHECK and step != Session.Step.BEFORE and step != Session.Step.AFTER:
            assert visitor.address("withdraw") in visitor.page(), step


def test_what_a_browser_still_kept_does_not_come_back(visitor):
    visitor.to_the_pages()
    slot = visitor.slots()[0]
    withdraw(visitor)
    for message in ({"events": [BATCH]}, {}):
        answer = visitor.send(visitor.rating(slot), **message)
        assert answer.status_code == 410
        assert answer.json()["gone"] is True and "deleted" in answer.json()["error"]
    assert not Rating.objects.exists() and not RatingRevision.objects.exists() and not EventBatch.objects.exists()


def test_asked_twice_it_says_again_that_all_is_deleted(visitor):
    withdraw(visitor)
    answer = withdraw(visitor)
    assert answer.status_code == 410 and "Your data is deleted" in answer.content.decode()
    assert Listener.objects.count() == 1


def test_the_browser_is_forgotten(study, visitor):
    withdraw(visitor)
    start = visitor.client.get(reverse("listen:start", args=[study.link]))
    assert start.status_code == 200 and "Begin" in start.content.decode()
    answer = visitor.client.post(reverse("listen:resume", args=[study.link]), {"code": visitor.session.listener.code})
    assert answer.status_code == 400


def test_the_researcher_sees_how_many_withdrew_and_counts_nobody_twice(study, rich, as_researcher):
    withdraw(rich)
    page = as_researcher.get(reverse("studies:detail", args=[study.pk])).content.decode()
    assert "1 withdrew" in page and "0 started" in page
    index = as_researcher.get(reverse("studies:index")).context["studies"].get(pk=study.pk)
    assert (index.started, index.finished) == (0, 0)
