"""However the work ends, the row says so."""

import threading

import pytest

from jobs import runner, services
from jobs.models import Job

# The lease is renewed from another thread, which sees committed rows only.
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def job() -> Job:
    return Job.objects.create(kind="train", queue="cpu", arguments={"run": 7})


def ended(job, work):
    runner.run(str(job.id), work)
    job.refresh_from_db()
    return job


def test_work_that_returns_is_finished(job):
    seen = []

    def work(handle):
        seen.append(handle.arguments)
        handle.progress(3, 4, "three of four")
        handle.log("a line")

    ended(job, work)
    assert (job.state, job.done, job.total, job.message) == (Job.State.FINISHED, 3, 4, "three of four")
    assert "a line" in job.log
    assert seen == [{"run": 7}]


def test_a_job_error_is_a_sentence_and_no_traceback(job):
    def work(handle):
        raise runner.JobError("The data set is gone.")

    ended(job, work)
    assert (job.state, job.error) == (Job.State.FAILED, "The data set is gone.")
    assert "Traceback" not in job.log


def test_any_other_error_keeps_its_traceback_in_the_log(job):
    def work(handle):
        raise KeyError("epochs")

    ended(job, work)
    assert job.state == Job.State.FAILED
    assert "KeyError" in job.error
    assert "Traceback" in job.log


def test_a_cancelled_job_stops_at_its_next_check(job):
    def work(handle):
        services.cancel(handle.job)
        handle.check()
        raise AssertionError("went on after being cancelled")

    assert ended(job, work).state == Job.State.CANCELLED


def test_a_row_that_is_not_queued_is_left_alone(job):
    services.claim(str(job.id))
    ended(job, lambda handle: pytest.fail("ran a row that was another's"))
    assert (job.state, job.attempts) == (Job.State.RUNNING, 1)


def test_the_lease_is_renewed_while_the_work_is_silent(job, settings):
    settings.JOB_LEASE_SECONDS = 2
    renewed = threading.Event()

    def work(handle):
        before = Job.objects.get(pk=job.pk).lease_until
        for _ in range(100):
            if Job.objects.get(pk=job.pk).lease_until > before:
                renewed.set()
                return
            renewed.wait(0.1)

    ended(job, work)
    assert renewed.is_set()


def test_an_attempt_that_lost_its_row_records_nothing(job):
    def work(handle):
        Job.objects.filter(pk=job.pk).update(owner="another")
        handle.progress(1, 2)
        handle.check()

    assert ended(job, work).state == Job.State.RUNNING
    assert job.owner == "another"
