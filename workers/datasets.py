"""Building a data set from recordings of the library."""

from functools import partial
from pathlib import Path

import numpy as np
from django.conf import settings
from django.utils import timezone
from numpy.typing import NDArray

from jobs.runner import Handle, JobError
from library.models import Recording
from modelzoo.audio import decode, resample
from modelzoo.datasets.build import Recipe, Reference
from modelzoo.datasets.build import build as build_store
from modelzoo.errors import ModelzooError
from modelzoo.features import RATE
from training.models import Dataset


def _mono(recording: Recording) -> NDArray[np.float64]:
    with recording.file.open("rb") as file:
        audio = decode(file.read())
    return resample(audio.samples.mean(axis=1), audio.rate, RATE)


def build(handle: Handle) -> None:
    dataset = Dataset.objects.get(pk=handle.arguments["dataset"])
    recordings = Recording.objects.filter(pk__in=dataset.recipe["recordings"]).order_by("pk")
    references = [Reference(f"r{recording.pk:04d}", partial(_mono, recording)) for recording in recordings]
    recipe = Recipe(tuple((process,) for process in dataset.recipe["processes"]), dataset.recipe["seed"])
    folder = Path(settings.MEDIA_ROOT) / dataset.folder
    try:
        built = build_store(references, recipe, folder, progress=handle.progress, cancelled=handle.cancelled)
    except ModelzooError as error:
        raise JobError(str(error)) from error
    handle.check()
    if built is None:
        return
    for name, reason in built.failures.items():
        handle.log(f"{name} was left out: {reason}")
    Dataset.objects.filter(pk=dataset.pk).update(summary=built.summary, built_at=timezone.now())
