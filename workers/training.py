"""Training a network, and letting it score the validation split and every study's stimuli."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from jobs.runner import Handle, JobError
from library.models import Stimulus
from modelzoo.errors import ModelzooError
from mushra.stats import agreement
from training.models import Prediction, TrainingRun


def train(handle: Handle) -> None:
    run = TrainingRun.objects.select_related("dataset").get(pk=handle.arguments["run"])
    try:
        _train(handle, run)
    except ModelzooError as error:
        raise JobError(str(error)) from error


def _train(handle: Handle, run: TrainingRun) -> None:
    # TensorFlow takes seconds and half a gigabyte: it is imported by these, and only where something is trained.
    from modelzoo import artefacts
    from modelzoo.datasets.store import open_store
    from modelzoo.training import Progress, preset_of, train

    store = open_store(Path(settings.MEDIA_ROOT) / run.dataset.folder)
    folder = Path(settings.MEDIA_ROOT) / run.folder
    config = preset_of(run.network, epochs=run.epochs, batch=run.batch, seed=run.seed)
    epochs_seen = 0

    def report(progress: Progress) -> None:
        nonlocal epochs_seen
        if len(progress.history) != epochs_seen:
            epochs_seen = len(progress.history)
            TrainingRun.objects.filter(pk=run.pk).update(history=progress.history)
            last = progress.history[-1]
            handle.log(f"Epoch {last['epoch']}: loss {last['loss']:.5f}, validation {last['val_loss']:.5f}")
        handle.progress(progress.epoch, progress.epochs, f"· epoch {progress.epoch + 1}, batch {progress.batch}")

    result = train(config, store, folder, progress=report, cancelled=handle.cancelled)
    if not result.finished:
        handle.check()
        return
    card = _card(run, result.best_epoch, store.info)
    artefacts.save(
        folder / "model",
        folder / "checkpoint" / "best.weights.h5",
        {"network": run.network, "dataset": store.info["hash"], "training": config.to_dict()},
        card,
    )
    model = artefacts.load(folder / "model")
    handle.log("Scoring the validation split and the stimuli of all studies")
    outcome = _outcome(model, store)
    scores = _score_stimuli(handle, model)
    handle.check()
    with transaction.atomic():
        run.predictions.all().delete()
        Prediction.objects.bulk_create(Prediction(run=run, stimulus_id=pk, score=score) for pk, score in scores.items())
        TrainingRun.objects.filter(pk=run.pk).update(
            history=result.history,
            result={**outcome, "best_epoch": result.best_epoch, "parameters": result.parameters},
            finished_at=timezone.now(),
        )


def _outcome(model: Any, store: Any) -> dict[str, Any]:
    """How well the model hears what it was not trained on, against ViSQOL, on 0-100."""
    from modelzoo.evaluation.runs import predict

    rows = store.rows("validation")
    manifest = store.manifest.iloc[rows]
    predicted = predict(model, store, rows)
    visqol = 100 * manifest["target"].to_numpy()
    one = agreement(predicted.tolist(), visqol.tolist())
    return {
        "r": None if one.r != one.r else one.r,
        "rmse": one.rmse,
        "train_excerpts": len(store.rows("train")),
        "validation_excerpts": len(rows),
        "validation": [
            {"excerpt": excerpt, "reference": reference, "visqol": float(heard), "predicted": float(score)}
            for excerpt, reference, heard, score in zip(
                manifest["excerpt"], manifest["reference"], visqol, predicted, strict=True
            )
        ],
    }


def _score_stimuli(handle: Handle, model: Any) -> dict[int, float]:
    from modelzoo.audio import decode

    scores = {}
    for stimulus in Stimulus.objects.filter(page__isnull=False).distinct():
        handle.check()
        with stimulus.file.open("rb") as file:
            audio = decode(file.read())
        scores[stimulus.pk] = model.score(audio.samples, audio.rate)
    return scores


def _card(run: TrainingRun, best_epoch: int, info: dict[str, Any]) -> str:
    return (
        f"# {run}\n\n"
        f"Network {run.network}, trained from seed {run.seed} on the data set “{run.dataset.name}” "
        f"({info['train']} excerpts to train on, {info['validation']} to validate with, of {info['references']} "
        f"recordings). The weights are epoch {best_epoch}'s. Targets are ViSQOL v3 scores, not listeners'.\n"
    )
