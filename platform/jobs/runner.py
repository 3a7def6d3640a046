"""Runs one job: this is the one place that owns a job's state, lease, cancelling and errors."""

import logging
import threading
import traceback
from collections.abc import Callable

from django.conf import settings
from django.db import close_old_connections, connection

from jobs import services
from jobs.models import Job

logger = logging.getLogger(__name__)


class Cancelled(Exception):
    """Somebody asked for the job to stop."""


class LostLease(Exception):
    """The row is another attempt's now: stop, and record nothing."""


class JobError(Exception):
    """The job can't be done; its text is a sentence for the person who started it."""


class Handle:
    """What the work sees of its job: arguments in; progress, log lines and the wish to stop out."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self._lost = threading.Event()

    @property
    def arguments(self) -> dict[str, str]:
        arguments: dict[str, str] = self.job.arguments
        return arguments

    def cancelled(self) -> bool:
        """True when the work should stop between two batches."""
        return self._lost.is_set() or services.is_cancel_requested(self.job)

    def check(self) -> None:
        if self._lost.is_set():
            raise LostLease
        if services.is_cancel_requested(self.job):
            raise Cancelled

    def progress(self, done: int, total: int, message: str = "") -> None:
        if not services.report(self.job, done, total, message):
            self._lost.set()

    def log(self, line: str) -> None:
        services.append_log(self.job, line)

    def keep_lease(self, stop: threading.Event) -> None:
        """Renew the lease from a thread, so that a long step without progress does not look like a death."""
        while not stop.wait(settings.JOB_LEASE_SECONDS / 4):
            try:
                if not services.renew(self.job):
                    self._lost.set()
                    break
            except Exception:
                logger.exception("Could not renew the lease of job %s; trying again", self.job.pk)
                close_old_connections()
        connection.close()


def run(job_id: str, work: Callable[[Handle], None]) -> None:
    """Claim the row, do the work, and record how it ended. Nothing happens if the row can't be claimed."""
    job = services.claim(job_id)
    if job is None:
        logger.info("Job %s is another's or has ended: nothing to do", job_id)
        return
    handle = Handle(job)
    stop = threading.Event()
    keeper = threading.Thread(target=handle.keep_lease, args=[stop], daemon=True)
    keeper.start()
    try:
        handle.log(f"Attempt {job.attempts} started")
        _record_end(handle, work)
    finally:
        stop.set()
        keeper.join()


def _record_end(handle: Handle, work: Callable[[Handle], None]) -> None:
    job = handle.job
    try:
        work(handle)
    except LostLease:
        logger.warning("Job %s was taken over by another worker", job.pk)
    except Cancelled:
        handle.log("Cancelled")
        services.end(job, Job.State.CANCELLED)
    except JobError as error:
        handle.log(f"Failed: {error}")
        services.end(job, Job.State.FAILED, str(error))
    except Exception as error:
        logger.exception("Job %s failed", job.pk)
        handle.log(traceback.format_exc())
        services.end(job, Job.State.FAILED, f"{type(error).__name__}: {error}")
    else:
        handle.log("Finished")
        services.end(job, Job.State.FINISHED)
