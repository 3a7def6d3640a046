"""The pages of jobs: who may see them, what they tell while a job runs, and stopping one."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from jobs.models import Job

pytestmark = pytest.mark.django_db


def make(**values) -> Job:
    return Job.objects.create(**{"kind": "train", "queue": "cpu", "arguments": {"run": 7}, **values})


def url(name: str, job: Job) -> str:
    return reverse(f"jobs:{name}", args=[job.pk])


def test_the_index_says_when_there_are_no_jobs(as_admin):
    assert "Nothing was asked of the workers yet" in as_admin.get(reverse("jobs:index")).content.decode()


def test_the_index_lists_jobs_by_their_names(as_admin):
    make(state=Job.State.FAILED, done=3, total=8)
    make(kind="prepare_study", arguments={})
    page = as_admin.get(reverse("jobs:index")).content.decode()
    assert "Train a network" in page and "Prepare a study" in page
    assert "3 / 8" in page and "Failed" in page


def test_the_index_is_for_admins(as_researcher, client):
    assert as_researcher.get(reverse("jobs:index")).status_code == 403
    assert client.get(reverse("jobs:index")).status_code == 302


def test_a_job_page_shows_attempts_log_error_and_what_it_works_on(as_admin):
    job = make(state=Job.State.FAILED, attempts=2, log="line one\n", error="No <sound> in it.")
    page = as_admin.get(url("detail", job)).content.decode()
    assert "line one" in page and "No &lt;sound&gt; in it." in page and "in 2 attempts" in page
    assert reverse("training:run", args=[7]) in page
    assert "data-job" not in page


def test_a_running_job_page_is_followed(as_admin):
    job = make(state=Job.State.RUNNING, done=2, total=4, message="r1")
    page = as_admin.get(url("detail", job)).content.decode()
    assert f'data-job="{url("status", job)}"' in page and 'aria-live="polite"' in page and "2 / 4 r1" in page


def test_an_unknown_job_is_not_found(as_admin):
    unknown = "00000000-0000-4000-8000-000000000000"
    for name in ("detail", "status", "cancel"):
        assert as_admin.get(reverse(f"jobs:{name}", args=[unknown])).status_code == 404


def test_status_tells_how_far_and_how_long_still(as_admin):
    begun = timezone.now() - timedelta(seconds=30)
    job = make(state=Job.State.RUNNING, started_at=begun, done=3, total=9, message="epoch 4")
    answer = as_admin.get(url("status", job)).json()
    assert (answer["state"], answer["label"], answer["ended"]) == ("running", "Running", False)
    assert (answer["done"], answer["total"], answer["message"]) == (3, 9, "epoch 4")
    assert 59 <= answer["left"] <= 62


def test_status_has_no_estimate_before_the_first_step(as_admin):
    assert as_admin.get(url("status", make(state=Job.State.RUNNING, total=9))).json()["left"] is None


def test_status_of_a_failed_job_says_why(as_admin):
    answer = as_admin.get(url("status", make(state=Job.State.FAILED, error="Too short."))).json()
    assert answer["ended"] is True and answer["error"] == "Too short."


def test_a_researcher_sees_and_stops_only_their_own_job(as_researcher, researcher):
    other = User.objects.create_user("other", password="a long enough phrase", role=User.Role.RESEARCHER)
    mine, theirs = make(created_by=researcher), make(created_by=other)
    for name in ("detail", "status", "cancel"):
        assert as_researcher.get(url(name, mine)).status_code == 200
        assert as_researcher.get(url(name, theirs)).status_code == 403
    assert as_researcher.post(url("cancel", theirs)).status_code == 403
    theirs.refresh_from_db()
    assert theirs.state == Job.State.QUEUED


def test_cancelling_asks_first(as_admin):
    job = make(state=Job.State.RUNNING, done=1, total=5)
    page = as_admin.get(url("cancel", job)).content.decode()
    assert "Stop the job" in page and "Let it go on" in page and "1 of 5" in page
    job.refresh_from_db()
    assert not job.cancel_requested


def test_a_queued_job_ends_at_once_when_cancelled(as_admin):
    job = make()
    assert as_admin.post(url("cancel", job)).headers["Location"] == url("detail", job)
    job.refresh_from_db()
    assert job.state == Job.State.CANCELLED


def test_a_running_job_is_asked_to_stop(as_admin):
    job = make(state=Job.State.RUNNING)
    page = as_admin.post(url("cancel", job), follow=True).content.decode()
    job.refresh_from_db()
    assert job.state == Job.State.RUNNING and job.cancel_requested
    assert "Stopping" in page
    assert as_admin.get(url("status", job)).json()["stopping"] is True


def test_an_ended_job_is_left_as_it_is(as_admin):
    job = make(state=Job.State.FINISHED)
    page = as_admin.post(url("cancel", job), follow=True).content.decode()
    job.refresh_from_db()
    assert job.state == Job.State.FINISHED and not job.cancel_requested
    assert "had ended before" in page
