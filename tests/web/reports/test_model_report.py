"""A model beside the listeners and ViSQOL, on numbers small enough to check by hand."""

import csv
import io
import math

import pytest
from django.urls import reverse
from django.utils import timezone

from library.models import Recording, Stimulus
from reports.model_report import ModelReport, model_report, visqol_percent
from studies.models import Listener, Page, Rating, Session, SessionPage, Slot, Study
from training.models import Dataset, Prediction, TrainingRun

pytestmark = pytest.mark.django_db

# condition: kind, ViSQOL (MOS-LQO), the model's score, the three listeners' scores
STIMULI = {
    "reference": ("reference", 5.0, 90.0, (100, 100, 100)),
    "anchor35": ("anchor35", 1.0, 30.0, (10, 20, 30)),
    "anchor70": ("anchor70", 2.0, 40.0, (30, 40, 50)),
    "mp3 48": ("system", 3.0, 60.0, (60, 70, 80)),
}
MOS = (100, 20, 40, 70)
VISQOL = (100, 0, 25, 50)
MODEL = (90, 30, 40, 60)


def pearson(x, y):
    """By the definition, independent of what the product uses."""
    mx, my = sum(x) / len(x), sum(y) / len(y)
    top = sum((a - mx) * (b - my) for a, b in zip(x, y, strict=True))
    return top / math.sqrt(sum((a - mx) ** 2 for a in x) * sum((b - my) ** 2 for b in y))


@pytest.fixture
def study(researcher) -> Study:
    sound = {"sha256": "0", "rate": 48_000, "channels": 1, "samples": 480_000, "loudness": -23, "file": "none.flac"}
    study = Study.objects.create(title="Codecs", owner=researcher, policy="bs1534-3")
    recording = Recording.objects.create(title="=Brass", **sound)
    page = Page.objects.create(study=study, position=1, recording=recording)
    for condition, (kind, visqol, *_rest) in STIMULI.items():
        page.stimuli.add(recording.stimuli.create(condition=condition, kind=kind, visqol=visqol, **sound))
    for number in range(3):
        listen(study, page, number)
    return study


def listen(study, page, number, *, simulated=False):
    listener = Listener.objects.create(study=study, code=f"L{number}", is_simulated=simulated, headphones=True)
    session = Session.objects.create(listener=listener, finished_at=timezone.now())
    shown = SessionPage.objects.create(session=session, number=1, page=page)
    for position, stimulus in enumerate(page.stimuli.order_by("pk"), start=1):
        slot = Slot.objects.create(presentation=shown, position=position, stimulus=stimulus)
        Rating.objects.create(slot=slot, score=STIMULI[stimulus.condition][3][number], revision=1, seconds=5, plays=1)


@pytest.fixture
def run(study, lab_admin) -> TrainingRun:
    dataset = Dataset.objects.create(name="Small", recipe={"recordings": []}, summary={"references": 9})
    run = TrainingRun.objects.create(
        dataset=dataset,
        history=[{"epoch": 1, "loss": 0.1, "val_loss": 0.1, "rate": 0.001}] * 7,
        result={"r": 0.5, "rmse": 20.0, "train_excerpts": 64},
        finished_at=timezone.now(),
    )
    for stimulus in Stimulus.objects.all():
        Prediction.objects.create(run=run, stimulus=stimulus, score=STIMULI[stimulus.condition][2])
    return run


def url(name: str, study: Study, run: TrainingRun | None = None, *more: str) -> str:
    return reverse(f"reports:{name}", args=[study.pk, *([run.pk] if run else []), *more])


def test_moslqo_on_the_scale_of_the_reports():
    assert [visqol_percent(score) for score in (1, 3, 5)] == [0, 50, 100]
    assert visqol_percent(None) is None


def test_against_the_listeners(study, run):
    one = model_report(study, run).agreement("mos")
    assert one.n == 4
    # Off by 10, 10, 0 and 10 points.
    assert one.rmse == pytest.approx(math.sqrt(300 / 4))
    assert one.r == pytest.approx(pearson(MODEL, MOS))


def test_against_visqol(study, run):
    one = model_report(study, run).agreement("visqol")
    assert one.rmse == pytest.approx(math.sqrt((10**2 + 30**2 + 15**2 + 10**2) / 4))
    assert one.r == pytest.approx(pearson(MODEL, VISQOL))


def test_intervals_are_over_the_listeners(study, run):
    points = model_report(study, run).points.set_index("condition")
    # Scores 60, 70, 80: sd 10, t of 0.975 with 2 degrees of freedom 4.303.
    half = 4.302653 * 10 / math.sqrt(3)
    assert points.loc["mp3 48", ["mos", "ci_low", "ci_high", "n"]].tolist() == pytest.approx(
        [70, 70 - half, 70 + half, 3]
    )


def test_a_listener_who_is_screened_out_does_not_count(study, run):
    Listener.objects.filter(code="L2").update(headphones=False)
    report: ModelReport = model_report(study, run, "paper-test-1")
    assert report.found.kept == ["L0", "L1"]
    assert report.points.set_index("condition")["mos"]["mp3 48"] == 65


def test_a_stimulus_without_a_prediction_is_not_a_point(study, run):
    run.predictions.filter(stimulus__kind="reference").delete()
    assert model_report(study, run).agreement("mos").n == 3


def test_with_no_listeners_there_is_no_agreement_with_them_but_with_visqol(study, run, as_researcher):
    Rating.objects.all().delete()
    report = model_report(study, run)
    assert report.agreement("mos") is None and report.agreement("visqol").n == 4
    page = as_researcher.get(url("model", study, run)).content.decode()
    assert "nothing to set beside the listeners yet" in page


def test_a_model_that_gives_one_score_to_all_has_no_r(study, run, as_researcher):
    run.predictions.update(score=50)
    page = as_researcher.get(url("model", study, run)).content.decode()
    assert "The model gives every stimulus the same score" in page and "r = nan" not in page


def test_the_page_says_what_was_found_and_on_what_it_stands(study, run, as_researcher):
    page = as_researcher.get(url("model", study, run)).content.decode()
    assert f"The model lies 9 points (RMSE) from the listeners, r = {pearson(MODEL, MOS):.2f}" in page
    assert f"The model lies 18 points (RMSE) from ViSQOL, r = {pearson(MODEL, VISQOL):.2f}" in page
    assert "trained on 64 excerpts of a data set of 9 recordings, for 7 epochs" in page
    assert "So little training makes no good model" in page
    assert "3 listeners kept by policy bs1534-3" in page
    assert "4 stimuli of 1 recordings. 1 hidden references and 2 anchors are among them." in page
    assert "The furthest is =Brass, anchor35: model 30, 0 given." in page
    assert page.count('role="img"') == 2 and "n = 4" in page
    assert "tag simulated" not in page and "in that data set too" not in page


def test_music_the_model_met_in_training_is_owned_up_to(study, run, as_researcher):
    Dataset.objects.update(recipe={"recordings": [Recording.objects.get().pk]})
    assert (
        "1 of the 1 recordings are in that data set too" in as_researcher.get(url("model", study, run)).content.decode()
    )


def test_simulated_listeners_are_tagged_and_counted(study, run, as_researcher):
    Listener.objects.filter(code__in=["L0", "L1"]).update(is_simulated=True)
    page = as_researcher.get(url("model", study, run)).content.decode()
    assert '<span class="tag simulated">2 simulated listeners</span>' in page
    assert "2 of them are simulated, programs and no people" in page


def test_without_references_and_anchors_the_page_says_so(study, run, as_researcher):
    run.predictions.exclude(stimulus__kind="system").delete()
    page = as_researcher.get(url("model", study, run)).content.decode()
    assert "Neither hidden references nor anchors are among them" in page


def test_another_policy_is_chosen_in_the_address(study, run, as_researcher):
    page = as_researcher.get(url("model", study, run), {"policy": "paper-test-2"}).content.decode()
    assert "kept by policy paper-test-2" in page
    assert as_researcher.get(url("model", study, run), {"policy": "none"}).status_code == 404


def test_points_as_csv(study, run, as_researcher):
    Listener.objects.filter(code="L0").update(is_simulated=True)
    answer = as_researcher.get(url("points_csv", study, run))
    rows = {row["condition"]: row for row in csv.DictReader(io.StringIO(answer.content.decode()))}
    assert len(rows) == 4
    row = rows["mp3 48"]
    assert (float(row["predicted"]), float(row["mos"]), float(row["visqol"])) == (60, 70, 50)
    assert (row["simulated"], row["policy"]) == ("1", "bs1534-3")
    assert not row["recording"].startswith("=")


@pytest.mark.parametrize(("form", "start"), [("svg", b"<?xml"), ("png", b"\x89PNG")])
def test_pictures(study, run, as_researcher, form, start):
    for against in ("mos", "visqol"):
        answer = as_researcher.get(url("model_picture", study, run, against, form))
        assert answer.status_code == 200 and answer.content.startswith(start)
        assert f"{against}.{form}" in answer.headers["Content-Disposition"]


def test_the_list_holds_the_runs_that_scored_this_study(study, run, as_researcher):
    other = TrainingRun.objects.create(dataset=run.dataset, finished_at=timezone.now())
    page = as_researcher.get(url("models", study)).content.decode()
    assert url("model", study, run) in page and url("model", study, other) not in page


def test_the_list_says_when_there_are_none(study, as_researcher):
    assert "No trained model has scored these stimuli yet" in as_researcher.get(url("models", study)).content.decode()


def test_a_report_of_somebody_elses_study_or_an_unfinished_run_is_not_found(study, run, as_researcher, lab_admin):
    TrainingRun.objects.update(finished_at=None)
    assert as_researcher.get(url("model", study, run)).status_code == 404
    TrainingRun.objects.update(finished_at=timezone.now())
    Study.objects.update(owner=lab_admin)
    for name in ("model", "points_csv"):
        assert as_researcher.get(url(name, study, run)).status_code == 404
    assert as_researcher.get(url("models", study)).status_code == 404
