"""What is refused, and what rows a data set and a run begin with."""

import pytest

from jobs.models import Job
from training import services
from training.models import Dataset, TrainingRun
from training.services import TrainingError


def test_a_data_set_begins_as_a_recipe_and_a_job(recordings, lab_admin):
    made = services.create_dataset("Small", recordings[:2], [42, 1, 42], 9, lab_admin)
    assert made.recipe == {"recordings": sorted(r.pk for r in recordings[:2]), "processes": [1, 42], "seed": 9}
    assert made.built_at is None
    assert (made.job.kind, made.job.queue, made.job.arguments) == ("build_dataset", "cpu", {"dataset": made.pk})


@pytest.mark.parametrize(
    ("count", "processes", "words"),
    [(1, [1], "two recordings"), (2, [], "processes from 1 to 45"), (2, [46], "processes from 1 to 45")],
)
def test_a_data_set_that_cannot_be_built_is_refused(recordings, count, processes, words):
    with pytest.raises(TrainingError, match=words):
        services.create_dataset("Small", recordings[:count], processes, 1, None)
    assert not Dataset.objects.exists() and not Job.objects.exists()


def test_two_data_sets_never_share_a_name(dataset, recordings):
    with pytest.raises(TrainingError, match="of that name"):
        services.create_dataset(dataset.name, recordings, [1], 1, None)


def test_a_run_begins_with_a_job_on_its_queue(dataset, lab_admin):
    run = services.start_run(dataset, "conv1d", 3, 16, 2, "gpu", lab_admin)
    assert (run.job.kind, run.job.queue, run.job.arguments) == ("train", "gpu", {"run": run.pk})
    assert (run.epochs, run.batch, run.seed, run.history, run.finished_at) == (3, 16, 2, [], None)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"network": "resnet"}, "no such network"),
        ({"queue": "tpu"}, "no such network or queue"),
        ({"epochs": 0}, "Epochs go from 1"),
        ({"epochs": 1001}, "Epochs go from 1"),
        ({"batch": 513}, "batches from 1"),
    ],
)
def test_a_run_that_makes_no_sense_is_refused(dataset, change, words):
    settings = {"network": "conv1d", "epochs": 3, "batch": 16, "seed": 2, "queue": "cpu", "created_by": None}
    with pytest.raises(TrainingError, match=words):
        services.start_run(dataset, **{**settings, **change})
    assert not TrainingRun.objects.exists()


def test_a_data_set_must_be_built_before_anything_is_trained_on_it(recordings):
    unbuilt = services.create_dataset("New", recordings, [1], 1, None)
    with pytest.raises(TrainingError, match="not built yet"):
        services.start_run(unbuilt, "conv1d", 3, 16, 2, "cpu", None)
