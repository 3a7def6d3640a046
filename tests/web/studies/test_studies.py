"""Making a study, opening and closing it."""

import pytest
from django.urls import reverse

from library.models import Recording
from studies import services
from studies.models import Study
from studies.services import StudyError

NEW = reverse("studies:new")
pytestmark = pytest.mark.django_db


@pytest.fixture
def recordings(db) -> list[Recording]:
    facts = {"file": "none.flac", "rate": 48_000, "channels": 1, "samples": 480_000, "loudness": -23}
    return [Recording.objects.create(title=title, sha256=title, **facts) for title in ("Brass", "Organ", "Strings")]


def post(client, recordings, /, **changes):
    whole = {
        **{"title": "Codecs", "recordings": [one.pk for one in recordings], "conditions": ["mp3 48", "opus 32"]},
        **{"repeated_pages": 1, "policy": "paper-test-1", **changes},
    }
    return client.post(NEW, whole)


def test_a_study_has_a_practice_page_and_a_page_for_each_recording(as_researcher, recordings, researcher):
    answer = post(as_researcher, recordings, training_recording=recordings[2].pk)
    study = Study.objects.get()
    assert answer.headers["Location"] == reverse("studies:detail", args=[study.pk])
    pages = study.pages.values_list("recording__title", "is_training", "repeats")
    assert list(pages) == [("Strings", True, 0), ("Brass", False, 1), ("Organ", False, 0), ("Strings", False, 0)]
    assert (study.owner, study.state, study.job.kind, study.policy) == (
        researcher,
        Study.State.DRAFT,
        "prepare_study",
        "paper-test-1",
    )
    assert [condition["name"] for condition in study.conditions] == ["mp3 48", "opus 32"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"title": ""}, "This field is required"),
        ({"recordings": []}, "This field is required"),
        ({"recordings": [4711]}, "4711 is not one of the available choices"),
        ({"conditions": []}, "This field is required"),
        ({"conditions": ["mp3 47"]}, "mp3 47 is not one of the available choices"),
        ({"repeated_pages": "4"}, "A repeated page needs another page between"),
        ({"repeated_pages": "-1"}, "greater than or equal to 0"),
        ({"policy": "lenient"}, "lenient is not one of the available choices"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_made(as_researcher, recordings, changes, words):
    answer = post(as_researcher, recordings, **changes)
    assert answer.status_code == 400 and words in answer.content.decode()
    assert not Study.objects.exists()


def test_more_than_nine_systems_are_too_many_for_a_page(as_researcher, recordings):
    many = [f"{codec} {rate}" for codec in ("mp3", "aac") for rate in (32, 48, 64, 96, 128)]
    assert "Choose one to nine conditions" in post(as_researcher, recordings, conditions=many).content.decode()


def test_a_study_opens_only_when_its_stimuli_are_made(as_researcher, recordings):
    post(as_researcher, recordings)
    study = Study.objects.get()
    answer = as_researcher.post(reverse("studies:open", args=[study.pk]), follow=True)
    assert "The stimuli of this study are not made yet" in answer.content.decode()
    with pytest.raises(StudyError, match="Only an open study"):
        services.close_study(study)


def test_closing_and_opening_again(as_researcher, study):
    as_researcher.post(reverse("studies:close", args=[study.pk]))
    study.refresh_from_db()
    assert study.state == Study.State.CLOSED and study.closed_at
    as_researcher.post(reverse("studies:open", args=[study.pk]))
    study.refresh_from_db()
    assert study.state == Study.State.OPEN and study.closed_at is None


def test_the_page_of_a_study_gives_its_link(as_researcher, study):
    assert f"http://testserver/t/{study.link}/" in as_researcher.get(f"/studies/{study.pk}/").content.decode()


def test_studies_belong_to_who_made_them(study, as_admin, client, django_user_model):
    client.force_login(django_user_model.objects.create_user("other"))
    assert client.get(f"/studies/{study.pk}/").status_code == 404
    assert client.post(f"/studies/{study.pk}/close").status_code == 404
    assert study.title not in client.get("/studies/").content.decode()
    assert as_admin.get(f"/studies/{study.pk}/").status_code == 200


def test_changes_come_by_post_only(as_researcher, study):
    assert as_researcher.get(reverse("studies:close", args=[study.pk])).status_code == 405
