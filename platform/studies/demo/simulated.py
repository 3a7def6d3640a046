"""Twelve simulated listeners, seven careful and five with a known fault, who take a study.

They are no people: every row of theirs is marked `is_simulated`, and `simulated_as` says what was simulated. They go
through the same services as real listeners. A careful one hears each kind at the quality below, systems rising with
their bitrate, with a bias of their own and some points of noise: invented figures, good only to show the product.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from django.utils.translation import gettext_noop

from library.models import Stimulus
from studies.models import Slot, Study

ANCHOR_QUALITY = {Stimulus.Kind.ANCHOR35: 18.0, Stimulus.Kind.ANCHOR70: 42.0}
LOWEST_SYSTEM, HIGHEST_SYSTEM = 35.0, 88.0
LISTENER_BIAS_SD, STIMULUS_SD, REPEAT_SD = 4.0, 5.0, 3.0


@dataclass(frozen=True)
class Heard:
    """One presentation of a stimulus as a careful listener would grade it."""

    kind: str
    grade: float
    is_repeat: bool


Fault = Callable[[Heard, np.random.Generator], float]


def careful(heard: Heard, rng: np.random.Generator) -> float:
    return heard.grade


def everything_at_100(heard: Heard, rng: np.random.Generator) -> float:
    return 100.0


def anchor_at_the_top(heard: Heard, rng: np.random.Generator) -> float:
    return 100.0 if heard.kind == Stimulus.Kind.ANCHOR35 else heard.grade


def reference_in_the_middle(heard: Heard, rng: np.random.Generator) -> float:
    return float(rng.uniform(45, 55)) if heard.kind == Stimulus.Kind.REFERENCE else heard.grade


def not_repeatable(heard: Heard, rng: np.random.Generator) -> float:
    """The second time the page comes, all but the reference is graded upside down."""
    upside_down = heard.is_repeat and heard.kind != Stimulus.Kind.REFERENCE
    return 100.0 - heard.grade if upside_down else heard.grade


@dataclass(frozen=True)
class SimulatedListener:
    name: str
    fault: Fault = careful
    headphones: bool = True


PANEL = (
    *(SimulatedListener(gettext_noop("careful")) for _ in range(7)),
    SimulatedListener(gettext_noop("no headphones"), headphones=False),
    SimulatedListener(gettext_noop("everything at 100"), everything_at_100),
    SimulatedListener(gettext_noop("3.5 kHz anchor at the top"), anchor_at_the_top),
    SimulatedListener(gettext_noop("hidden reference in the middle"), reference_in_the_middle),
    SimulatedListener(gettext_noop("not repeatable"), not_repeatable),
)


def qualities(study: Study, rng: np.random.Generator) -> dict[int, float]:
    """What one simulated listener hears in each stimulus of the study (by its id), the same at every presentation."""
    bias = rng.normal(0, LISTENER_BIAS_SD)
    heard: dict[int, float] = {}
    for page in study.pages.all():
        stimuli = sorted(page.stimuli.all(), key=lambda stimulus: stimulus.effective_bitrate or 0)
        systems = [stimulus for stimulus in stimuli if stimulus.kind == Stimulus.Kind.SYSTEM]
        levels = dict(zip(systems, np.linspace(LOWEST_SYSTEM, HIGHEST_SYSTEM, len(systems)), strict=True))
        for stimulus in stimuli:
            if stimulus.kind == Stimulus.Kind.REFERENCE:
                heard[stimulus.pk] = 100.0
                continue
            level = levels.get(stimulus) or ANCHOR_QUALITY[Stimulus.Kind(stimulus.kind)]
            heard[stimulus.pk] = level + bias + rng.normal(0, STIMULUS_SD)
    return heard


def score(listener: SimulatedListener, slot: Slot, quality: float, rng: np.random.Generator) -> float:
    """The whole-number score that the listener gives the slot."""
    kind = slot.stimulus.kind
    if kind == Stimulus.Kind.REFERENCE:
        grade = 100.0 if rng.random() < 0.7 else float(rng.uniform(92, 99))
    else:
        grade = float(np.clip(quality + rng.normal(0, REPEAT_SD), 1, 97))
    heard = Heard(kind, grade, is_repeat=slot.presentation.repeat > 0)
    return float(round(listener.fault(heard, rng)))
