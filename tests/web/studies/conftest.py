"""An open study with real sound in its stimuli, and a listener's visitor to take it with."""

import io
import json
import uuid

import numpy as np
import pytest
from django.core.files.base import ContentFile
from django.test import Client
from django.urls import reverse

from library.models import Recording, Stimulus
from modelzoo.audio import write_flac
from mushra.design.anchors import anchor35, anchor70
from studies.models import Page, Session, Study

RATE = 48_000


@pytest.fixture(autouse=True)
def no_broker(monkeypatch):
    """Jobs are rows here; their way through a broker is tried in tests/e2e."""
    monkeypatch.setattr("jobs.services.current_app.send_task", lambda *args, **options: None)


def flac(samples: np.ndarray) -> bytes:
    out = io.BytesIO()
    write_flac(out, samples, RATE)
    return out.getvalue()


@pytest.fixture
def recording(media) -> Recording:
    """A second of a soft chord: tonal sound, whose size depends most on how FLAC encodes it."""
    time = np.arange(RATE)[:, None] / RATE
    sound = 0.05 * sum(np.sin(2 * np.pi * 220 * k * time) / k for k in range(1, 25))
    sounds = {
        Stimulus.Kind.REFERENCE: sound,
        Stimulus.Kind.ANCHOR35: anchor35(sound, RATE),
        Stimulus.Kind.ANCHOR70: anchor70(sound, RATE),
        Stimulus.Kind.SYSTEM: sound + 0.002 * np.random.default_rng(1).standard_normal(sound.shape),
    }
    facts = {"rate": RATE, "channels": 1, "samples": RATE, "loudness": -23}
    found = Recording.objects.create(title="Chord", sha256="0", file="none.flac", **facts)
    for kind, samples in sounds.items():
        name = "mp3 48" if kind == Stimulus.Kind.SYSTEM else kind.value
        stimulus = Stimulus(recording=found, kind=kind, condition=name, sha256=f"{kind.value:0>64}", **facts)
        stimulus.file.save("stimulus.flac", ContentFile(flac(samples)))
    return found


@pytest.fixture
def study(recording, researcher) -> Study:
    """A practice page and a rated one, of the same recording."""
    study = Study.objects.create(
        title="Chords", owner=researcher, state=Study.State.OPEN, conditions=[{"name": "mp3 48"}]
    )
    for position, training in ((0, True), (1, False)):
        page = Page.objects.create(study=study, position=position, recording=recording, is_training=training)
        page.stimuli.set(recording.stimuli.all())
    return study


class Visitor:
    """A listener's visitor without scripts: every request is one that the pages' scripts make too."""

    def __init__(self, study: Study) -> None:
        self.client = Client()
        self.study = study
        self.post(reverse("listen:start", args=[study.link]))
        self.session = Session.objects.get(token=self.client.cookies[f"listener-{study.link}"].value)

    def address(self, name: str, *arguments: object) -> str:
        return reverse(f"listen:{name}", args=[self.session.token, *arguments])

    def post(self, address: str, **data: str):
        return self.client.post(address, data)

    def page(self) -> str:
        return self.client.get(self.address("session")).content.decode()

    def step(self) -> str:
        self.session.refresh_from_db()
        return self.session.step

    def to_the_pages(self) -> None:
        self.post(self.address("consent"), agree="yes")
        self.post(self.address("instructions"))
        self.post(self.address("volume"), volume="0.5", audio="{}")
        assert self.step() == Session.Step.PAGES

    def slots(self, number: int = 1) -> list:
        return list(self.session.pages.get(number=number).slots.filter(position__gt=0))

    def rating(self, slot, **changes: object) -> dict[str, object]:
        whole = {"token": slot.token, "score": 50, "revision": 1, "plays": 1, "seconds": 2.5, "key": str(uuid.uuid4())}
        return {**whole, **changes}

    def send(self, *ratings: object, **other: object):
        body = json.dumps({"ratings": ratings, **other})
        return self.client.post(self.address("ratings"), body, content_type="application/json")

    def rate_all(self, number: int) -> None:
        for index, slot in enumerate(self.slots(number)):
            assert self.send(self.rating(slot, score=100 if index == 0 else 40)).status_code == 200


@pytest.fixture
def visitor(study) -> Visitor:
    return Visitor(study)
