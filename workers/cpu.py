"""Tasks of the `cpu` queue."""

from celery import shared_task

from jobs import runner
from workers import datasets, studies, training


@shared_task(name="workers.cpu.prepare_study")
def prepare_study(job_id: str) -> None:
    runner.run(job_id, studies.prepare)


@shared_task(name="workers.cpu.build_dataset")
def build_dataset(job_id: str) -> None:
    runner.run(job_id, datasets.build)


@shared_task(name=datasets.CHUNK_TASK)
def build_chunk(job_id: str, number: int) -> int | None:
    """No job of its own: a part of the one whose row says how far it is, and whether it is still wanted."""
    return datasets.build_chunk(job_id, number)


@shared_task(name="workers.cpu.train")
def train(job_id: str) -> None:
    runner.run(job_id, training.train)
