"""Everything that changes a job's row.

Each change of state is one conditional UPDATE, so that two workers never both win.
"""

import logging
import uuid
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from celery import current_app
from django.conf import settings
from django.db import transaction
from django.db.models import F, Value
from django.db.models.functions import Concat
from django.utils import timezone

from accounts.models import User
from jobs.models import Job

logger = logging.getLogger(__name__)


def enqueue(kind: str, queue: str, arguments: Mapping[str, Any], created_by: User | None = None) -> Job:
    """Make the row now and send its id once the transaction has committed."""
    job = Job.objects.create(kind=kind, queue=queue, arguments=dict(arguments), created_by=created_by)
    transaction.on_commit(lambda: publish(job))
    return job


def publish(job: Job) -> None:
    """Tell the queue about a queued row. If the broker is away the row stays queued and the reconciler sends it."""
    try:
        current_app.send_task(f"workers.{job.queue}.{job.kind}", args=[str(job.id)], queue=job.queue, retry=False)
    except Exception:
        logger.exception("The broker did not take job %s; the reconciler will send it again", job.id)
        return
    Job.objects.filter(pk=job.pk, state=Job.State.QUEUED).update(published_at=timezone.now())


def lease_end() -> Any:
    return timezone.now() + timedelta(seconds=settings.JOB_LEASE_SECONDS)


def claim(job_id: str) -> Job | None:
    """Take a queued row for this attempt. None: it is another's, has ended, or was asked to be cancelled."""
    now = timezone.now()
    owner = uuid.uuid4().hex
    won = Job.objects.filter(pk=job_id, state=Job.State.QUEUED, cancel_requested=False).update(
        state=Job.State.RUNNING,
        owner=owner,
        lease_until=lease_end(),
        attempts=F("attempts") + 1,
        started_at=now,
    )
    return Job.objects.get(pk=job_id) if won else None


def renew(job: Job) -> bool:
    """Lengthen the lease. False: the row is no longer this attempt's, and it must stop without recording anything."""
    return bool(_mine(job).update(lease_until=lease_end()))


def report(job: Job, done: int, total: int, message: str = "") -> bool:
    """Record progress. False: the row is no longer this attempt's."""
    return bool(_mine(job).update(done=done, total=total, message=message[:300], lease_until=lease_end()))


def append_log(job: Job, line: str) -> None:
    stamp = timezone.now().strftime("%Y-%m-%d %H:%M:%S")
    Job.objects.filter(pk=job.pk).update(log=Concat(F("log"), Value(f"{stamp} {line}\n")))


def is_cancel_requested(job: Job) -> bool:
    return Job.objects.filter(pk=job.pk, cancel_requested=True).exists()


def end(job: Job, state: Job.State, error: str = "") -> bool:
    """Finish, fail or cancel the row, if it is still this attempt's."""
    return bool(_mine(job).update(state=state, error=error, ended_at=timezone.now(), lease_until=None))


def cancel(job: Job) -> None:
    """A queued job ends at once; a running one is asked to, and ends between two batches."""
    Job.objects.filter(pk=job.pk).exclude(state__in=Job.ENDED).update(cancel_requested=True)
    Job.objects.filter(pk=job.pk, state=Job.State.QUEUED).update(state=Job.State.CANCELLED, ended_at=timezone.now())


def reconcile() -> int:
    """Put abandoned rows back, end those that used up their attempts, send queued rows again. How many were sent."""
    abandoned = Job.objects.abandoned()
    now = timezone.now()
    abandoned.filter(cancel_requested=True).update(state=Job.State.CANCELLED, ended_at=now, lease_until=None)
    abandoned.filter(attempts__gte=Job.MAX_ATTEMPTS).update(
        state=Job.State.FAILED,
        ended_at=now,
        lease_until=None,
        error=f"The worker doing this job died {Job.MAX_ATTEMPTS} times, so it is not tried again.",
    )
    abandoned.update(state=Job.State.QUEUED, owner="", lease_until=None, published_at=None)
    patience = now - timedelta(seconds=2 * settings.RECONCILE_SECONDS)
    waiting = Job.objects.filter(state=Job.State.QUEUED).exclude(published_at__gt=patience)
    for job in waiting:
        publish(job)
    return len(waiting)


def _mine(job: Job) -> Any:
    return Job.objects.filter(pk=job.pk, state=Job.State.RUNNING, owner=job.owner)


def seconds_left(job: Job) -> int | None:
    """An estimate from the speed of this attempt so far; None while there is nothing to go by."""
    if job.state != Job.State.RUNNING or not job.done or not job.started_at or job.done >= job.total:
        return None
    elapsed = (timezone.now() - job.started_at).total_seconds()
    return round(elapsed / job.done * (job.total - job.done))
