"""Recordings, a built data set and a run, without any sound being touched."""

import pytest
from django.utils import timezone

from library.models import Recording
from training import services
from training.models import Dataset, TrainingRun


@pytest.fixture(autouse=True)
def no_broker(monkeypatch):
    """Jobs are rows here; their way through a broker is tried in tests/workers."""
    monkeypatch.setattr("jobs.services.current_app.send_task", lambda *args, **options: None)


@pytest.fixture
def recordings(db) -> list[Recording]:
    music = {"file": "none.flac", "sha256": "0", "rate": 48_000, "channels": 1, "samples": 480_000, "loudness": -23}
    return [Recording.objects.create(title=title, **music) for title in ("Brass", "Organ", "Strings")]


@pytest.fixture
def dataset(recordings, lab_admin) -> Dataset:
    made = services.create_dataset("Small", recordings, [1, 42], 5, lab_admin)
    made.summary = {"excerpts": 6, "references": 3, "train": 4, "validation": 2, "hash": "abc123"}
    made.built_at = timezone.now()
    made.save()
    return made


@pytest.fixture
def run(dataset, lab_admin) -> TrainingRun:
    return services.start_run(dataset, "conv1d", 8, 4, 1, "cpu", lab_admin)
