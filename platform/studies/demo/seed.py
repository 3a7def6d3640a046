"""Makes the demo study: five recordings shipped with the product, real codecs, and twelve simulated listeners."""

import json
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import numpy as np
from django.core.files import File
from django.db import transaction

from accounts.models import User
from library.models import Recording
from library.services import add_recording
from studies import ratings, services, sessions
from studies.demo.simulated import PANEL, SimulatedListener, qualities, score
from studies.models import Slot, Study

MUSIC = Path(__file__).parent / "music"
TITLE = "Demo: music codecs"
SEED = 20_231


def demo_study() -> Study | None:
    return Study.objects.filter(is_demo=True).first()


def seed(owner: User, say: Callable[[str], None]) -> Study:
    """The demo study, made at the first call and left as it is afterwards. A seeding cut short is taken up again."""
    study = demo_study() or _make_study(owner, say)
    if study.state == Study.State.DRAFT:
        say("Making the conditions with real codecs")
        services.prepare(study, progress=lambda done, total, message: say(f"  {done} of {total} {message}"))
        services.open_study(study)
    missing = PANEL[study.listeners.filter(is_simulated=True).count() :]
    if missing:
        say(f"Letting {len(missing)} simulated listeners take the study")
        for listener in missing:
            with transaction.atomic():
                take(study, listener, np.random.default_rng([SEED, PANEL.index(listener), study.listeners.count()]))
    return study


def _make_study(owner: User, say: Callable[[str], None]) -> Study:
    say("Adding five recordings")
    with transaction.atomic():
        recordings = _add_music(owner)
        study = services.create_study(owner, TITLE, recordings[1:], training_recording=recordings[0], repeated_pages=1)
        study.is_demo = True
        study.policy = "paper-test-1"
        study.save(update_fields=["is_demo", "policy"])
    return study


def _add_music(owner: User) -> list[Recording]:
    recordings = []
    for entry in json.loads((MUSIC / "recordings.json").read_text()):
        with (MUSIC / entry["file"]).open("rb") as music:
            recordings.append(
                add_recording(
                    File(music, name=entry["file"]),
                    owner=owner,
                    title=entry["title"],
                    composer=entry["composer"],
                    description=entry["description"],
                    source="Rendered for Earwitness; see platform/studies/demo/music/PROVENANCE.md",
                    licence="CC0-1.0",
                )
            )
    return recordings


def take(study: Study, listener: SimulatedListener, rng: np.random.Generator) -> None:
    """Let one simulated listener go all the way through the study, by the services that a real one uses."""
    session = sessions.start(study, simulated_as=listener.name)
    heard = qualities(study, rng)
    slots = Slot.objects.filter(presentation__session=session, position__gt=0)
    revisions = [
        ratings.Revision(
            key=uuid4(),
            token=slot.token,
            score=score(listener, slot, heard[slot.stimulus_id], rng),
            revision=1,
            plays=int(rng.integers(1, 5)),
            seconds=round(float(rng.uniform(20, 90)), 1),
        )
        for slot in slots.select_related("presentation", "stimulus")
    ]
    ratings.accept(session, revisions)
    sessions.finish(session, headphones=listener.headphones)
