"""The row is the truth: who may claim it, keep it, end it, and what happens when its owner dies."""

from datetime import timedelta

import pytest
from django.utils import timezone

from jobs import services
from jobs.models import Job

pytestmark = pytest.mark.django_db


@pytest.fixture
def sent(monkeypatch):
    """What reached the broker. The broker itself is tried for real in tests/workers."""
    messages = []
    monkeypatch.setattr(
        services.current_app, "send_task", lambda name, args, queue, retry: messages.append((name, *args))
    )
    return messages


@pytest.fixture
def job(sent) -> Job:
    return Job.objects.create(kind="train", queue="cpu", arguments={"run": 1})


def silent_for_too_long(job):
    Job.objects.filter(pk=job.pk).update(lease_until=timezone.now() - timedelta(seconds=1))


def test_a_job_is_sent_only_after_commit(sent, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        job = services.enqueue("train", "gpu", {"run": 1})
        assert sent == []
    assert sent == [("workers.gpu.train", str(job.id))]


def test_a_broker_that_is_away_loses_nothing(monkeypatch, job):
    def away(*args, **kwargs):
        raise ConnectionError("no broker")

    monkeypatch.setattr(services.current_app, "send_task", away)
    services.publish(job)
    job.refresh_from_db()
    assert (job.state, job.published_at) == (Job.State.QUEUED, None)


def test_only_one_worker_claims_a_row(job):
    first = services.claim(str(job.id))
    assert first is not None
    assert first.attempts == 1
    assert services.claim(str(job.id)) is None


def test_a_lost_owner_can_neither_renew_nor_report_nor_end(job):
    lost = services.claim(str(job.id))
    silent_for_too_long(job)
    services.reconcile()
    second = services.claim(str(job.id))
    assert second.attempts == 2
    assert not services.renew(lost)
    assert not services.report(lost, 5, 10)
    assert not services.end(lost, Job.State.FINISHED)
    job.refresh_from_db()
    assert (job.state, job.done) == (Job.State.RUNNING, 0)
    assert services.end(second, Job.State.FINISHED)


def test_reconcile_leaves_a_living_owner_alone(job, sent):
    services.claim(str(job.id))
    assert services.reconcile() == 0
    job.refresh_from_db()
    assert job.state == Job.State.RUNNING
    assert sent == []


def test_a_poisoned_job_ends_after_its_attempts(job):
    for _ in range(Job.MAX_ATTEMPTS):
        assert services.claim(str(job.id)) is not None
        silent_for_too_long(job)
        services.reconcile()
    job.refresh_from_db()
    assert job.state == Job.State.FAILED
    assert "3 times" in job.error
    assert services.claim(str(job.id)) is None


def test_a_queued_row_is_sent_again_when_the_broker_lost_it(job, sent):
    assert services.reconcile() == 1
    assert services.reconcile() == 0, "sent a moment ago: it is given time"
    Job.objects.update(published_at=timezone.now() - timedelta(hours=1))
    assert services.reconcile() == 1
    assert len(sent) == 2


def test_cancelling_a_queued_job_ends_it_at_once(job):
    services.cancel(job)
    job.refresh_from_db()
    assert job.state == Job.State.CANCELLED
    assert services.claim(str(job.id)) is None


def test_cancelling_a_running_job_asks_it_to_stop(job):
    claimed = services.claim(str(job.id))
    services.cancel(job)
    job.refresh_from_db()
    assert job.state == Job.State.RUNNING
    assert services.is_cancel_requested(claimed)


def test_a_job_that_was_asked_to_stop_and_then_died_is_cancelled(job):
    services.claim(str(job.id))
    services.cancel(job)
    silent_for_too_long(job)
    services.reconcile()
    job.refresh_from_db()
    assert job.state == Job.State.CANCELLED


def test_cancelling_an_ended_job_changes_nothing(job):
    services.end(services.claim(str(job.id)), Job.State.FINISHED)
    services.cancel(job)
    job.refresh_from_db()
    assert (job.state, job.cancel_requested) == (Job.State.FINISHED, False)
