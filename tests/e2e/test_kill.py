"""Processes killed for real: acknowledged ratings stay, jobs end, whatever dies."""

import json
import uuid
from http.cookiejar import CookieJar
from typing import Any
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, Request, build_opener

import pytest

pytestmark = pytest.mark.kill

MAKE = """
import numpy as np, io
from accounts.models import User
from library.services import add_recording
from modelzoo.audio import write_flac
from training.services import create_dataset
admin = User.objects.create_user("admin", password="a long enough phrase", role="admin")
recordings = []
for index in range(3):
    sound = 0.1 * np.random.default_rng(index).standard_normal(2 * 48000)
    flac = io.BytesIO()
    write_flac(flac, np.clip(sound, -1, 1), 48000)
    flac.seek(0)
    recordings.append(add_recording(flac, title=f"Noise {index}", owner=admin))
dataset = create_dataset("Noise", recordings, [9, 17, 33, 42, 43], 1, admin)
answer = [dataset.pk, str(dataset.job_id)]
"""
JOB = "from jobs.models import Job\njob = Job.objects.get(pk={job!r})\n"


def job_row(installation: Any, job: str) -> dict[str, Any]:
    code = JOB.format(job=job) + "answer = dict(state=job.state, attempts=job.attempts, done=job.done, error=job.error)"
    return installation.ask(code)


def wait_until(installation: Any, wait_for: Any, job: str, ready: Any, what: str) -> dict[str, Any]:
    return wait_for(what, lambda: row if ready(row := job_row(installation, job)) else None, 240)


def test_a_job_whose_worker_is_killed_finishes_at_the_second_attempt(installation, wait_for):
    installation.start_worker()
    dataset, job = installation.ask(MAKE)
    wait_until(installation, wait_for, job, lambda row: row["done"] >= 1, "the first excerpt")
    installation.kill("worker")
    assert job_row(installation, job)["state"] == "running"
    installation.start_worker()
    row = wait_until(installation, wait_for, job, lambda row: row["state"] not in ("queued", "running"), "the end")
    assert (row["state"], row["attempts"]) == ("finished", 2), installation.log("worker")
    summary = installation.ask(
        f"from training.models import Dataset\nanswer = Dataset.objects.get(pk={dataset}).summary"
    )
    assert summary["excerpts"] == 15


def test_a_job_survives_everything_being_killed_and_the_broker_being_wiped(installation, wait_for):
    installation.start_web()
    installation.start_worker()
    _, job = installation.ask(MAKE)
    wait_until(installation, wait_for, job, lambda row: row["done"] >= 1, "the first excerpt")
    installation.stop()
    installation.wipe_broker()
    installation.start_web()
    installation.start_worker()
    row = wait_until(installation, wait_for, job, lambda row: row["state"] not in ("queued", "running"), "the end")
    assert (row["state"], row["attempts"]) == ("finished", 2), installation.log("worker")


class Browser:
    """A listener's browser as far as HTTP goes: cookies, CSRF token, forms and ratings."""

    def __init__(self, url: str) -> None:
        self.url, self.jar = url, CookieJar()
        self.opener = build_opener(HTTPCookieProcessor(self.jar))

    def get(self, path: str) -> str:
        with self.opener.open(self.url + path, timeout=20) as response:
            return response.read().decode()

    def post(self, path: str, body: bytes, kind: str) -> bytes:
        token = next(cookie.value for cookie in self.jar if cookie.name == "csrftoken")
        headers = {"Content-Type": kind, "X-CSRFToken": token, "Referer": self.url}
        with self.opener.open(Request(self.url + path, body, headers), timeout=20) as response:
            return response.read()

    def form(self, path: str, **fields: str) -> None:
        self.post(path, urlencode(fields).encode(), "application/x-www-form-urlencoded")


def page_tokens(installation: Any, session: str) -> list[str]:
    return installation.ask(
        "from studies.models import Slot\n"
        f"answer = list(Slot.objects.filter(presentation__session__token={session!r}, position__gt=0)"
        ".values_list('token', flat=True))"
    )


def test_every_acknowledged_rating_is_in_the_database_when_the_web_process_is_killed(own_lab, wait_for):
    installation = own_lab.installation
    browser = Browser(own_lab.url)
    browser.get(f"/t/{own_lab.link}/")
    browser.form(f"/t/{own_lab.link}/")
    session = installation.ask("from studies.models import Session\nanswer = Session.objects.get().token")
    tokens = page_tokens(installation, session)
    acknowledged: dict[str, float] = {}
    for revision in range(1, 41):
        if revision in (12, 27):
            installation.kill("web")
        token, score = tokens[revision % len(tokens)], float(revision)
        rating = dict(key=str(uuid.uuid4()), token=token, score=score, revision=revision, plays=1, seconds=1.0)
        body = json.dumps({"ratings": [rating]}).encode()
        try:
            answer = json.loads(browser.post(f"/t/s/{session}/ratings", body, "application/json"))
        except (URLError, OSError):
            installation.start_web()
            continue
        assert answer["saved"] == [rating["key"]]
        acknowledged[token] = score
    stored = installation.ask(
        "from studies.models import Rating\nanswer = dict(Rating.objects.values_list('slot__token', 'score'))"
    )
    assert len(acknowledged) == len(tokens)
    assert stored == acknowledged
