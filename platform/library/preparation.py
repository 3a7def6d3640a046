"""Stimuli made from a recording: hidden reference, anchors, codecs; equal in length, in time and in loudness."""

import hashlib
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from django.core.files.base import ContentFile
from django.db import transaction
from numpy.typing import NDArray

from library.models import Recording, Stimulus
from modelzoo.audio import Degraded, Process, decode, degrade, loudness, resample, write_flac
from modelzoo.errors import AudioError
from modelzoo.labels import ReferenceScorer
from mushra.design.anchors import anchor35, anchor70
from mushra.design.loudness import TARGET_LUFS

Samples = NDArray[np.float64]
RATE = 48_000
HEADROOM = 0.98


@dataclass(frozen=True)
class Condition:
    """A system under test: how it is called, and the process that makes it."""

    name: str
    process: Process


DEFAULT_CONDITIONS = (
    Condition("mp3 48", Process("mp3", bitrate=48)),
    Condition("aac 64", Process("aac", bitrate=64)),
    Condition("opus 32", Process("opus", bitrate=32)),
)
FIXED = (Stimulus.Kind.REFERENCE, Stimulus.Kind.ANCHOR35, Stimulus.Kind.ANCHOR70)


@dataclass(frozen=True)
class _Made:
    """A stimulus before its level is set."""

    kind: Stimulus.Kind
    condition: str
    samples: Samples
    degraded: Degraded | None = None
    codec: str = ""


def prepare_stimuli(
    recording: Recording,
    conditions: Sequence[Condition] = DEFAULT_CONDITIONS,
    *,
    progress: Callable[[str], None] = lambda name: None,
) -> list[Stimulus]:
    """Make what is missing of the recording's reference, anchors and systems, with their ViSQOL scores.

    All stimuli of the recording are made together and stored in one transaction, so that they always fit together:
    -23 LUFS each (lower by the same amount for all, if the highest peak would clip), the reference's length, no delay.

    Raises
    ------
    modelzoo.errors.AudioError
        An encoder refuses this recording.
    """
    wanted = {kind.value for kind in FIXED} | {condition.name for condition in conditions}
    present = {stimulus.condition: stimulus for stimulus in recording.stimuli.all()}
    if wanted <= set(present):
        return [present[name] for name in sorted(wanted)]
    made = _make(_reference(recording), conditions, progress)
    earlier = present.get(Stimulus.Kind.REFERENCE)
    # Stimuli made earlier keep their rows, as a study may hold them: new ones get the level that those have.
    levelled = _levelled(made) if earlier is None else _at_level(made, earlier.loudness)
    stored = []
    with transaction.atomic():
        scorer = ReferenceScorer(levelled[0])
        for one, samples in zip(made, levelled, strict=True):
            stimulus = present.get(one.condition) or _store(recording, one, samples, scorer)
            stored.append(stimulus)
    return stored


def _reference(recording: Recording) -> Samples:
    """The recording at 48 kHz and the target loudness, as it goes into the encoders."""
    with recording.file.open("rb") as file:
        audio = decode(file.read())
    samples = resample(audio.samples, audio.rate, RATE)
    gain = 10 ** ((TARGET_LUFS - loudness(samples, RATE)) / 20)
    return samples * min(gain, HEADROOM / float(np.abs(samples).max()))


def _make(reference: Samples, conditions: Sequence[Condition], progress: Callable[[str], None]) -> list[_Made]:
    made = [
        _Made(Stimulus.Kind.REFERENCE, Stimulus.Kind.REFERENCE.value, reference),
        _Made(Stimulus.Kind.ANCHOR35, Stimulus.Kind.ANCHOR35.value, anchor35(reference, RATE), codec="low-pass"),
        _Made(Stimulus.Kind.ANCHOR70, Stimulus.Kind.ANCHOR70.value, anchor70(reference, RATE), codec="low-pass"),
    ]
    for condition in conditions:
        progress(condition.name)
        degraded = degrade(reference, RATE, condition.process, "aligned")
        made.append(_Made(Stimulus.Kind.SYSTEM, condition.name, degraded.samples, degraded, condition.process.codec))
    return made


def _levelled(made: Sequence[_Made]) -> list[Samples]:
    """Each at -23 LUFS, or all lower by what the highest peak needs."""
    scaled = [_scaled(one.samples, TARGET_LUFS) for one in made]
    peak = max(float(np.abs(samples).max()) for samples in scaled)
    return [samples * min(1.0, HEADROOM / peak) for samples in scaled]


def _at_level(made: Sequence[_Made], level: float) -> list[Samples]:
    scaled = [_scaled(one.samples, level) for one in made]
    for one, samples in zip(made, scaled, strict=True):
        if np.abs(samples).max() > 1:
            raise AudioError(
                f"{one.condition} would clip at the {level:g} LUFS that this recording's other stimuli have. Add the "
                "recording to the library once more, and use that one for the new study."
            )
    return scaled


def _scaled(samples: Samples, level: float) -> Samples:
    return samples * 10 ** ((level - loudness(samples, RATE)) / 20)


def _store(recording: Recording, made: _Made, samples: Samples, scorer: ReferenceScorer) -> Stimulus:
    flac = io.BytesIO()
    write_flac(flac, samples, RATE)
    stimulus = Stimulus(
        recording=recording,
        condition=made.condition,
        kind=made.kind,
        codec=made.codec,
        sha256=hashlib.sha256(flac.getvalue()).hexdigest(),
        rate=RATE,
        channels=samples.shape[1],
        samples=len(samples),
        loudness=round(loudness(samples, RATE), 2),
    )
    if made.degraded is not None:
        stimulus.encoder = f"{made.degraded.encoder} ({made.degraded.encoder_version})"
        stimulus.requested_bitrate = made.degraded.requested_bitrate
        stimulus.effective_bitrate = made.degraded.effective_bitrate
    score = scorer.score(samples)
    stimulus.visqol, stimulus.visqol_version = score.moslqo, f"{score.implementation} {score.version}"
    stimulus.file.save("stimulus.flac", ContentFile(flac.getvalue()), save=False)
    stimulus.save()
    return stimulus
