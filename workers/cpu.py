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


@shared_task(name="workers.cpu.train")
def train(job_id: str) -> None:
    runner.run(job_id, training.train)
