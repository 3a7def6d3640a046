"""Building a data set from recordings of the library: one worker owns the job, and all of its queue lend a hand."""

import logging
from functools import lru_cache, partial
from pathlib import Path

import numpy as np
from celery import current_app
from django.conf import settings
from django.utils import timezone
from numpy.typing import NDArray

from jobs.models import Job
from jobs.runner import Handle, JobError
from library.models import Recording
from modelzoo.audio import decode, resample
from modelzoo.datasets.build import Recipe, Reference
from modelzoo.datasets.build import build as build_store
from modelzoo.datasets.make import Chunk
from modelzoo.datasets.together import chunks_of, make_chunk
from modelzoo.errors import ModelzooError
from modelzoo.features import RATE
from training.models import Dataset

logger = logging.getLogger(__name__)
CHUNK_TASK = "workers.cpu.build_chunk"


def _mono(recording: Recording) -> NDArray[np.float64]:
    with recording.file.open("rb") as file:
        audio = decode(file.read())
    return resample(audio.samples.mean(axis=1), audio.rate, RATE)


def _references(dataset: Dataset) -> list[Reference]:
    recordings = Recording.objects.filter(pk__in=dataset.recipe["recordings"]).order_by("pk")
    return [Reference(f"r{recording.pk:04d}", partial(_mono, recording)) for recording in recordings]


def _recipe(dataset: Dataset) -> Recipe:
    return Recipe(tuple((process,) for process in dataset.recipe["processes"]), dataset.recipe["seed"])


def _folder(dataset: Dataset) -> Path:
    return Path(settings.MEDIA_ROOT) / dataset.folder


def build(handle: Handle) -> None:
    """The owner's part: it offers chunks to the queue, makes what nobody takes, and puts the store together."""
    dataset = Dataset.objects.get(pk=handle.arguments["dataset"])
    try:
        built = build_store(
            _references(dataset),
            _recipe(dataset),
            _folder(dataset),
            offer=partial(_offer, handle.job),
            progress=handle.progress,
            cancelled=handle.cancelled,
        )
    except ModelzooError as error:
        raise JobError(str(error)) from error
    handle.check()
    if built is None:
        return
    for name, reason in built.failures.items():
        handle.log(f"{name} was left out: {reason}")
    Dataset.objects.filter(pk=dataset.pk).update(summary=built.summary, built_at=timezone.now())


def _offer(job: Job, number: int) -> None:
    """A message that is lost costs nothing but help: the owner makes what nobody makes."""
    try:
        current_app.send_task(CHUNK_TASK, args=[str(job.pk), number], queue=job.queue, retry=False)
    except Exception:
        logger.exception("The broker did not take chunk %d of job %s", number, job.pk)


def build_chunk(job_id: str, number: int) -> int | None:
    """A helper's part: one chunk, if the job still runs. How many excerpts were made; None if it was not needed."""
    wanted = Job.objects.filter(pk=job_id, state=Job.State.RUNNING, cancel_requested=False)
    job = wanted.first()
    if job is None:
        return None
    chunks = _chunks(job.arguments["dataset"])
    return make_chunk(chunks, number, cancelled=lambda: not wanted.exists()) if number < len(chunks) else None


@lru_cache(maxsize=1)
def _chunks(pk: int) -> list[Chunk]:
    """The same list that the owner has: of the recipe, which never changes."""
    dataset = Dataset.objects.get(pk=pk)
    references = {reference.name: reference for reference in _references(dataset)}
    return chunks_of(references, _recipe(dataset).plan(list(references)), _folder(dataset))
