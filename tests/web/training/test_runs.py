"""Starting a run, watching it learn, stopping it."""

import pytest
from django.urls import reverse
from django.utils import timezone

from jobs.models import Job
from training.loss_plot import description
from training.models import TrainingRun

NEW = reverse("training:new_run")
HISTORY = [
    {"epoch": 1, "loss": 0.09, "val_loss": 0.16, "rate": 0.001},
    {"epoch": 2, "loss": 0.04, "val_loss": 0.0625, "rate": 0.001},
    {"epoch": 3, "loss": 0.01, "val_loss": 0.09, "rate": 0.0005},
]
pytestmark = pytest.mark.django_db


def post(client, dataset, /, **changes):
    data = {"network": "conv1d", "dataset": dataset.pk, "epochs": 2, "batch": 4, "seed": 1, "queue": "gpu", **changes}
    return client.post(NEW, data)


def address(name: str, run: TrainingRun) -> str:
    return reverse(f"training:{name}", args=[run.pk])


def set_job(run, **values):
    Job.objects.filter(pk=run.job_id).update(**values)


def test_without_a_data_set_it_says_what_comes_first(as_admin):
    page = as_admin.get(NEW).content.decode()
    assert "none is built yet" in page and "Start training" not in page


def test_the_form_takes_settings_from_the_address(as_admin, dataset):
    form = as_admin.get(NEW, {"dataset": dataset.pk, "epochs": 77}).context["form"]
    assert form["dataset"].value() == str(dataset.pk) and form["epochs"].value() == "77"


def test_it_is_started_on_the_queue_that_was_chosen(as_admin, dataset):
    answer = post(as_admin, dataset)
    run = TrainingRun.objects.get()
    assert answer.headers["Location"] == address("run", run)
    assert (run.epochs, run.batch, run.job.queue, run.created_by.username) == (2, 4, "gpu", "admin")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"epochs": "0"}, "greater than or equal to 1"),
        ({"batch": "many"}, "Enter a whole number"),
        ({"network": "resnet"}, "resnet is not one of the available choices"),
        ({"dataset": "99"}, "not one of the available choices"),
    ],
)
def test_bad_input_is_told_and_nothing_is_started(as_admin, dataset, changes, words):
    answer = post(as_admin, dataset, **changes)
    assert answer.status_code == 400 and words in answer.content.decode()
    assert not TrainingRun.objects.exists()


def test_the_page_of_a_run_before_its_first_epoch(as_admin, run):
    page = as_admin.get(address("run", run)).content.decode()
    assert "The curve begins with the first epoch" in page
    assert f'data-fragment="{address("curve", run)}"' in page and address("cancel_run", run) in page


def test_the_curve_is_drawn_anew_after_each_epoch(as_admin, run):
    TrainingRun.objects.update(history=HISTORY[:1])
    assert (
        "Best validation error so far: 40.0 points, in epoch 1" in as_admin.get(address("curve", run)).content.decode()
    )
    TrainingRun.objects.update(history=HISTORY)
    curve = as_admin.get(address("curve", run)).content.decode()
    assert "Best validation error so far: 25.0 points, in epoch 2" in curve
    assert curve.count("<tr>") == 4 and "0.06250" in curve and "<html" not in curve


def test_the_text_of_the_curve_says_where_it_stands():
    assert "After 3 epochs: training 10.0, validation 30.0 points." in description(HISTORY)


def test_the_page_of_a_finished_run_says_how_little_it_was_trained_on(as_admin, run):
    set_job(run, state=Job.State.FINISHED, log="Epoch 1\n")
    result = {"r": 0.714, "rmse": 18.83, "train_excerpts": 4, "best_epoch": 2}
    TrainingRun.objects.update(history=HISTORY, result=result, finished_at=timezone.now())
    page = as_admin.get(address("run", run)).content.decode()
    assert "0.71" in page and "18.8" in page and "Trained on only 4 excerpts" in page and "Epoch 1" in page
    assert "data-job" not in page


def test_a_failed_run_says_why_and_offers_to_start_again(as_admin, run):
    set_job(run, state=Job.State.FAILED, error="The disk is full.")
    page = as_admin.get(address("run", run)).content.decode()
    assert "The disk is full." in page and "Start again with the same settings" in page


def test_stopping_asks_first_and_then_stops(as_admin, run):
    set_job(run, state=Job.State.RUNNING, done=3, total=8)
    page = as_admin.get(address("cancel_run", run)).content.decode()
    assert "Stop the job" in page and "no model comes of it" in page and "3 of 8" in page
    assert not Job.objects.get(pk=run.job_id).cancel_requested
    assert as_admin.post(address("cancel_run", run)).headers["Location"] == address("run", run)
    assert Job.objects.get(pk=run.job_id).cancel_requested


def test_a_researcher_neither_sees_nor_stops_a_run(as_researcher, run):
    for name in ("run", "curve", "cancel_run"):
        assert as_researcher.get(address(name, run)).status_code == 403
    assert as_researcher.post(address("cancel_run", run)).status_code == 403
    assert not Job.objects.get(pk=run.job_id).cancel_requested


def test_an_unknown_run_is_not_found(as_admin):
    assert as_admin.get(reverse("training:run", args=[99])).status_code == 404
