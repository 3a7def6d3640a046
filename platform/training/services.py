"""Data sets and training runs: made here, done by a worker."""

from collections.abc import Sequence

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from jobs.models import Job
from jobs.services import enqueue
from library.models import Recording
from modelzoo.audio import PROCESSES
from training.models import Dataset, TrainingRun

MAX_EPOCHS, MAX_BATCH = 1000, 512
MIN_RECORDINGS = 2  # one to train on, one to validate with


class TrainingError(ValueError):
    """It can't be built or trained like that; the text says why."""


def create_dataset(
    name: str, recordings: Sequence[Recording], processes: Sequence[int], seed: int, created_by: User | None
) -> Dataset:
    """A data set of every recording put through every process, built by a job.

    Raises
    ------
    TrainingError
        Fewer than two recordings, no processes, an unknown one, or a name that is taken.
    """
    if len(recordings) < MIN_RECORDINGS:
        raise TrainingError(_("Choose two recordings at least: one to train on, one to validate with."))
    unknown = sorted(set(processes) - set(PROCESSES))
    if not processes or unknown:
        raise TrainingError(_("Choose processes from 1 to 45."))
    if Dataset.objects.filter(name=name).exists():
        raise TrainingError(_("There is a data set of that name."))
    recipe = {"recordings": sorted(r.pk for r in recordings), "processes": sorted(set(processes)), "seed": seed}
    with transaction.atomic():
        dataset = Dataset.objects.create(name=name, recipe=recipe, created_by=created_by)
        dataset.folder = f"datasets/{dataset.pk}"
        dataset.job = enqueue("build_dataset", Job.Queue.CPU, {"dataset": dataset.pk}, created_by)
        dataset.save(update_fields=["folder", "job"])
    return dataset


def start_run(
    dataset: Dataset, network: str, epochs: int, batch: int, seed: int, queue: str, created_by: User | None
) -> TrainingRun:
    """Train a network by a job on the `cpu` or the `gpu` queue.

    Raises
    ------
    TrainingError
        The data set is not built, or a number is out of range.
    """
    if dataset.built_at is None:
        raise TrainingError(_("This data set is not built yet."))
    if network not in TrainingRun.Network.values or queue not in Job.Queue.values:
        raise TrainingError(_("There is no such network or queue."))
    if not 1 <= epochs <= MAX_EPOCHS or not 1 <= batch <= MAX_BATCH:
        raise TrainingError(
            _("Epochs go from 1 to %(epochs)d, batches from 1 to %(batch)d.")
            % {"epochs": MAX_EPOCHS, "batch": MAX_BATCH}
        )
    with transaction.atomic():
        run = TrainingRun.objects.create(
            dataset=dataset, network=network, epochs=epochs, batch=batch, seed=seed, created_by=created_by
        )
        run.folder = f"runs/{run.pk}"
        run.job = enqueue("train", queue, {"run": run.pk}, created_by)
        run.save(update_fields=["folder", "job"])
    return run
