"""Making a data set, and its page."""

import pytest
from django.urls import reverse

from jobs.models import Job
from training.models import Dataset

NEW = reverse("training:new_dataset")
pytestmark = pytest.mark.django_db


def post(client, recordings, /, **changes):
    data = {"name": "First", "recordings": [r.pk for r in recordings], "processes": [1, 42], "seed": 3, **changes}
    return client.post(NEW, data)


def test_without_recordings_it_says_what_is_needed(as_admin):
    page = as_admin.get(NEW).content.decode()
    assert "needs two recordings at least" in page and reverse("library:upload") in page
    assert "Build the data set" not in page


def test_it_is_made_and_its_job_sent(as_admin, recordings):
    answer = post(as_admin, recordings)
    made = Dataset.objects.get()
    assert answer.headers["Location"] == reverse("training:dataset", args=[made.pk])
    assert made.name == "First" and made.recipe["processes"] == [1, 42] and made.created_by.username == "admin"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"recordings": []}, "This field is required"),
        ({"processes": ["99"]}, "99 is not one of the available choices"),
        ({"seed": "-1"}, "greater than or equal to 0"),
        ({"recordings": ["12345"]}, "12345 is not one of the available choices"),
    ],
)
def test_bad_input_is_told_and_nothing_is_made(as_admin, recordings, changes, words):
    answer = post(as_admin, recordings, **changes)
    assert answer.status_code == 400 and words in answer.content.decode()
    assert not Dataset.objects.exists()


def test_one_recording_is_too_few(as_admin, recordings):
    answer = post(as_admin, recordings[:1])
    assert answer.status_code == 400 and "Choose two recordings at least" in answer.content.decode()


def test_a_page_of_one_being_built_follows_its_job(as_admin, recordings):
    post(as_admin, recordings)
    made = Dataset.objects.get()
    page = as_admin.get(reverse("training:dataset", args=[made.pk])).content.decode()
    assert reverse("jobs:status", args=[made.job.pk]) in page
    assert "Train a network on it" not in page


def test_a_page_of_a_built_one_says_what_is_in_it(as_admin, dataset):
    Job.objects.update(state=Job.State.FINISHED)
    page = as_admin.get(reverse("training:dataset", args=[dataset.pk])).content.decode()
    assert "4 / 2" in page and "abc123" in page and "Train a network on it" in page
    assert "Brass, Organ, Strings" in page and "mp2 32 kb/s, low-pass 3500 Hz" in page
    assert "data-job" not in page


def test_an_unknown_one_is_not_found(as_admin):
    assert as_admin.get(reverse("training:dataset", args=[99])).status_code == 404
