"""One data set by several workers: none is needed, each helps, and what comes out is a single process's."""

import io
import re
from functools import partial

import numpy as np
import pandas as pd
import pytest

from modelzoo.audio import decode, write_flac
from modelzoo.datasets.build import Recipe, Reference, build
from modelzoo.datasets.store import open_store

RATE = 48_000
PROCESSES = (9, 12, 28, 33, 42, 43, 44, 45)
WORKERS = ("worker-1", "worker-2", "worker-3")
MAKE = """
import io
from pathlib import Path
from accounts.models import User
from library.services import add_recording
from training.services import create_dataset
admin = User.objects.create_user("admin", password="a long enough phrase", role="admin")
recordings = [add_recording(io.BytesIO(file.read_bytes()), title=file.stem, owner=admin)
              for file in sorted(Path({folder!r}).iterdir())]
dataset = create_dataset("Together", recordings, {processes!r}, 1, admin)
answer = dict(job=str(dataset.job_id), dataset=dataset.pk, recordings=[recording.pk for recording in recordings])
"""
ROW = """
from jobs.models import Job
from training.models import Dataset
job, dataset = Job.objects.get(pk={job!r}), Dataset.objects.get(pk={dataset})
answer = dict(state=job.state, done=job.done, total=job.total, summary=dataset.summary, folder=dataset.folder)
"""


def music(seed):
    rng = np.random.default_rng(seed)
    time = np.arange(2 * RATE) / RATE
    tones = sum(np.sin(2 * np.pi * (150 + 40 * seed) * k * time + k) / k for k in range(1, 30))
    flac = io.BytesIO()
    write_flac(flac, 0.05 * tones + 0.03 * rng.standard_normal(len(time)), RATE)
    return flac.getvalue()


def helped(installation, worker):
    """How many excerpts a worker made as a helper, by its log."""
    return sum(map(int, re.findall(r"build_chunk\[.*succeeded in .*: (\d+)$", installation.log(worker), re.MULTILINE)))


def owner(installation):
    return next((name for name in WORKERS if "build_dataset[" in installation.log(name)), None)


@pytest.mark.kill
def test_several_workers_one_of_them_killed_make_what_one_process_makes(installation, wait_for, tmp_path):
    (tmp_path / "music").mkdir()
    for seed in range(3):
        (tmp_path / "music" / f"{seed}.flac").write_bytes(music(seed))
    for name in WORKERS:
        installation.start_worker(name)
    for name in WORKERS:
        wait_for("a worker", lambda name=name: "ready." in installation.log(name), 120)
    made = installation.ask(MAKE.format(folder=str(tmp_path / "music"), processes=PROCESSES))

    def row():
        return installation.ask(ROW.format(**made))

    # One that has helped already: whether the other gets to it in time, nobody can promise.
    killed = wait_for(
        "a helper that has made some",
        lambda: next((name for name in WORKERS if name != owner(installation) and helped(installation, name)), None),
        120,
    )
    installation.kill(killed)
    ended = wait_for("the end", lambda: found if (found := row())["state"] not in ("queued", "running") else None, 240)
    assert ended["state"] == "finished" and ended["done"] == ended["total"] == 48
    assert any(helped(installation, name) for name in WORKERS if name != owner(installation))

    references = [
        Reference(f"r{pk:04d}", partial(lambda data: decode(data).samples[:, 0].astype(np.float64), music(seed)))
        for seed, pk in enumerate(made["recordings"])
    ]
    recipe = Recipe(tuple((process,) for process in PROCESSES), 1)
    alone = build(references, recipe, tmp_path / "alone")
    assert alone is not None and ended["summary"] == alone.summary
    found, expected = (
        open_store(folder) for folder in (installation.folder / "media" / ended["folder"], tmp_path / "alone")
    )
    assert np.array_equal(found.features, expected.features)
    pd.testing.assert_frame_equal(found.manifest, expected.manifest, rtol=1e-9)
    assert not (found.folder / ".chunks").exists() and not (found.folder / "parts").exists()


@pytest.mark.django_db
def test_a_chunk_of_a_job_that_does_not_run_is_not_made():
    from jobs.models import Job
    from workers.datasets import build_chunk

    for values in ({"state": Job.State.FINISHED}, {"state": Job.State.RUNNING, "cancel_requested": True}):
        job = Job.objects.create(kind="build_dataset", queue="cpu", arguments={"dataset": 1}, **values)
        assert build_chunk(str(job.pk), 0) is None
