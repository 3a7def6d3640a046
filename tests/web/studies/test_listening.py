"""The listener's pages and the ratings they send: what is refused says why, and loses nothing."""

import math
import re

import pytest
from django.test import Client
from django.urls import reverse

from studies.models import Listener, Rating, RatingRevision, Session, Study

pytestmark = pytest.mark.django_db


def scores(visitor) -> dict[int, float]:
    found = Rating.objects.filter(slot__presentation__session=visitor.session)
    return {rating.slot.position: rating.score for rating in found.select_related("slot")}


# --- The way through ---------------------------------------------------------------------------------------------


def test_an_unknown_link_is_said_in_words(client):
    answer = client.get("/t/nothing-here/")
    assert answer.status_code == 404 and "There is nothing at this address" in answer.content.decode()


@pytest.mark.parametrize(
    ("state", "words"),
    [(Study.State.CLOSED, "This listening test is closed"), (Study.State.DRAFT, "has not started yet")],
)
def test_a_study_that_is_not_open_takes_nobody_new(study, client, state, words):
    Study.objects.update(state=state)
    for answer in (client.get(f"/t/{study.link}/"), client.post(f"/t/{study.link}/")):
        assert answer.status_code == 403 and words in answer.content.decode()
    assert not Listener.objects.exists()


def test_a_closed_study_lets_those_inside_finish(study, visitor):
    visitor.to_the_pages()
    Study.objects.update(state=Study.State.CLOSED)
    assert visitor.client.get(f"/t/{study.link}/").headers["Location"] == visitor.address("session")
    visitor.rate_all(1)
    visitor.post(visitor.address("finish_page", 1))
    assert len(scores(visitor)) == 4
    assert "Page 2 of 2" in visitor.page()


def test_consent_is_needed(visitor):
    visitor.post(visitor.address("consent"))
    assert visitor.step() == Session.Step.CONSENT
    assert "Tick the box if you agree" in visitor.page()


@pytest.mark.parametrize("volume", ["", "loud", "-0.1", "1.5", "nan"])
def test_a_volume_that_is_none_is_refused(visitor, volume):
    visitor.post(visitor.address("consent"), agree="yes")
    visitor.post(visitor.address("instructions"))
    visitor.post(visitor.address("volume"), volume=volume)
    assert visitor.step() == Session.Step.VOLUME
    assert "Set the volume with the slider" in visitor.page()


def test_the_whole_way(visitor):
    visitor.to_the_pages()
    for number in (1, 2):
        visitor.rate_all(number)
        visitor.post(visitor.address("finish_page", number))
    visitor.post(visitor.address("headphones"), headphones="perhaps")
    assert visitor.step() == Session.Step.HEADPHONES
    visitor.post(visitor.address("headphones"), headphones="no")
    assert visitor.step() == Session.Step.DONE
    assert visitor.session.listener.headphones is False
    assert visitor.session.listener.code in visitor.page()


def test_a_step_done_twice_moves_on_once(visitor):
    visitor.to_the_pages()
    visitor.post(visitor.address("consent"), agree="yes")
    visitor.post(visitor.address("volume"), volume="0.9")
    assert visitor.step() == Session.Step.PAGES
    assert visitor.session.volume == 0.5


def test_a_page_is_not_left_before_all_is_done(visitor):
    visitor.to_the_pages()
    visitor.post(visitor.address("finish_page", 1))
    assert "4 stimuli are not rated yet" in visitor.page()
    for slot in visitor.slots():
        visitor.send(visitor.rating(slot, score=70, plays=0))
    visitor.post(visitor.address("finish_page", 1))
    page = visitor.page()
    assert "Some stimuli have not been played" in page and "Give 100 to the one" in page and "Page 1 of 2" in page


def test_pages_come_in_their_order(visitor):
    visitor.to_the_pages()
    visitor.rate_all(2)
    visitor.post(visitor.address("finish_page", 2))
    assert "Another page comes first" in visitor.page()
    visitor.post(visitor.address("finish_page", 7))
    assert "There is no such page in this session" in visitor.page()


def test_the_page_names_no_condition(visitor):
    visitor.to_the_pages()
    page = visitor.page().lower()
    assert not [word for word in ("anchor", "mp3", "3.5", "lowpass", "low-pass", "chord<") if word in page]


def test_a_language_is_called_by_its_own_name_in_every_language(visitor):
    visitor.to_the_pages()
    for language in ("en", "pl"):
        page = visitor.client.get(visitor.address("session"), headers={"Accept-Language": language}).content.decode()
        assert f'<html lang="{language}">' in page
        for code, name in (("en", "English"), ("pl", "Polski")):
            assert re.search(rf'<button[^>]*value="{code}" lang="{code}"[^>]*>{name}</button>', page)


# --- Ratings -----------------------------------------------------------------------------------------------------


def test_what_is_acknowledged_is_stored_with_its_revision(visitor):
    visitor.to_the_pages()
    first, second = visitor.slots()[:2]
    sent = [visitor.rating(first, score=33.5), visitor.rating(second, score=0)]
    answer = visitor.send(*sent)
    assert answer.json() == {"saved": [one["key"] for one in sent], "newer": []}
    assert scores(visitor) == {1: 33.5, 2: 0}


def test_the_same_message_twice_counts_once(visitor):
    visitor.to_the_pages()
    one = visitor.rating(visitor.slots()[0])
    for _ in range(2):
        assert visitor.send(one).json() == {"saved": [one["key"]], "newer": []}
    assert RatingRevision.objects.count() == 1


def test_what_comes_late_is_kept_but_does_not_count_and_the_browser_is_told(visitor):
    visitor.to_the_pages()
    slot = visitor.slots()[0]
    assert visitor.send(visitor.rating(slot, score=80, revision=5)).json()["newer"] == []
    answer = visitor.send(visitor.rating(slot, score=20, revision=4)).json()
    assert answer["newer"] == [{"token": slot.token, "score": 80, "revision": 5}]
    assert scores(visitor) == {1: 80}
    assert sorted(RatingRevision.objects.values_list("revision", "score")) == [(4, 20), (5, 80)]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"score": 100.1}, "100.1 is outside 0-100"),
        ({"score": -1}, "-1 is outside 0-100"),
        ({"score": "50"}, "score must be a number"),
        ({"score": True}, "score must be a number"),
        ({"score": None}, "score must be a number"),
        ({"score": math.nan}, "score must be a number"),
        ({"score": math.inf}, "score must be a number"),
        ({"revision": 1.5}, "revision must be a whole number"),
        ({"revision": -1}, "revision must be a whole number"),
        ({"plays": 2**60}, "plays must be a whole number"),
        ({"key": "7"}, "key must be a UUID"),
        ({"token": "nonsense"}, "not of this session"),
    ],
)
def test_a_bad_rating_is_named_and_nothing_of_its_message_is_stored(visitor, changes, words):
    visitor.to_the_pages()
    first, second = visitor.slots()[:2]
    answer = visitor.send(visitor.rating(first), visitor.rating(second, **changes))
    assert answer.status_code == 400
    assert words in answer.json()["error"]
    assert scores(visitor) == {}


def test_a_rating_for_another_session_is_refused(visitor, study):
    other = type(visitor)(study)
    other.to_the_pages()
    visitor.to_the_pages()
    answer = visitor.send(visitor.rating(other.slots()[0]))
    assert answer.status_code == 400 and "not of this session" in answer.json()["error"]
    assert scores(other) == {}


def test_the_open_reference_is_not_rated(visitor):
    visitor.to_the_pages()
    reference = visitor.session.pages.get(number=1).slots.get(position=0)
    assert visitor.send(visitor.rating(reference)).status_code == 400


@pytest.mark.parametrize("body", ["", "not json", "[]", '{"ratings": 5}', '{"ratings": [5]}', '{"events": [{}]}'])
def test_a_message_that_cannot_be_read_is_refused(visitor, body):
    visitor.to_the_pages()
    answer = visitor.client.post(visitor.address("ratings"), body, content_type="application/json")
    assert answer.status_code == 400 and answer.json()["error"]


def test_a_finished_session_takes_no_more_ratings(visitor):
    visitor.to_the_pages()
    slot = visitor.slots()[0]
    Session.objects.update(step=Session.Step.DONE)
    answer = visitor.send(visitor.rating(slot))
    assert answer.status_code == 409 and "finished" in answer.json()["error"]


def test_events_are_stored_once(visitor):
    visitor.to_the_pages()
    batch = {"page": 1, "key": "7e57ab1e-0000-4000-8000-000000000001", "rows": [[12, "play", 1, None]]}
    for _ in range(2):
        assert visitor.send(events=[batch]).json()["saved"] == [batch["key"]]
    assert list(visitor.session.pages.get(number=1).event_batches.values_list("events", flat=True)) == [batch["rows"]]


def test_what_the_audio_gave_is_taken_from_the_first_page_only_where_the_volume_page_has_none(visitor):
    visitor.to_the_pages()
    row = [900, "audio", 1, {"asked": 48000, "rate": 44100}]
    for number, rate in ((1, 44100), (2, 96000)):
        row[3]["rate"] = rate
        batch = {"page": number, "key": f"7e57ab1e-0000-4000-8000-00000000001{number}", "rows": [[5, "play", 1], row]}
        assert visitor.send(events=[batch]).status_code == 200
    assert Session.objects.get().audio == {"asked": 48000, "rate": 44100}


def test_comments_are_stored_and_a_late_one_does_not_count(visitor):
    visitor.to_the_pages()
    one = {"page": 1, "key": "7e57ab1e-0000-4000-8000-000000000002", "text": "A hiss in B", "revision": 2}
    assert visitor.send(comments=[one]).json()["saved"] == [one["key"]]
    visitor.send(comments=[{**one, "text": "old", "revision": 1}])
    assert visitor.session.pages.get(number=1).comment == "A hiss in B"


@pytest.mark.parametrize("changes", [{"text": 5}, {"text": "x" * 2001}, {"revision": "new"}, {"page": 9}])
def test_a_bad_comment_is_refused(visitor, changes):
    visitor.to_the_pages()
    one = {"page": 1, "key": "7e57ab1e-0000-4000-8000-000000000002", "text": "hiss", "revision": 2, **changes}
    answer = visitor.send(comments=[one])
    assert answer.status_code == 400 and answer.json()["error"] and answer.json()["key"] == one["key"]


def test_a_session_is_resumed_from_any_browser_by_its_token(visitor):
    stranger = Client()
    assert stranger.get(reverse("listen:session", args=["another"])).status_code == 404
    assert stranger.get(visitor.address("session")).status_code == 200
