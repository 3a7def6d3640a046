"""Tasks of the `gpu` queue, whose workers run one at a time."""

from celery import shared_task

from jobs import runner
from workers import training


@shared_task(name="workers.gpu.train")
def train(job_id: str) -> None:
    runner.run(job_id, training.train)
