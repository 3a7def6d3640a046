"""ViSQOL against Google's scores and an independent implementation, and what it refuses."""

import csv
from pathlib import Path

import numpy as np
import pytest

from modelzoo.audio import decode, degrade
from modelzoo.errors import LabelError
from modelzoo.labels import ReferenceScorer, visqol

RATE = 48_000
DATA = Path(__file__).resolve().parents[4] / "shared" / "data"
needs_data = pytest.mark.skipif(
    not DATA.exists(), reason="Google's pairs and the paper's stimuli are not here (../shared)"
)


def music(seconds=3.0):
    rng = np.random.default_rng(5)
    time = np.arange(int(seconds * RATE)) / RATE
    tones = sum(np.sin(2 * np.pi * 147 * k * time + k) / k for k in range(1, 40))
    return 0.05 * tones + 0.05 * np.exp(-6 * (time % 0.4)) * rng.standard_normal(len(time))


def rows(path):
    with path.open() as file:
        return list(csv.DictReader(file))


@needs_data
def test_googles_conformance_pairs():
    folder = DATA / "visqol-conformance"
    for row in rows(folder / "scores.csv"):
        pair = [decode(folder / f"{row[name]}.flac").samples for name in ("reference", "degraded")]
        assert visqol(*pair).moslqo == pytest.approx(float(row["moslqo"]), abs=1e-6), row


@needs_data
def test_the_papers_stimuli_as_the_cpp_program_scored_them():
    folder = DATA / "paper-listening-test-1"
    scorers = {}
    for row in rows(folder / "visqol.csv"):
        name = row["reference"]
        scorers[name] = scorers.get(name) or ReferenceScorer(decode(folder / f"{name}.flac").samples)
        found = scorers[name].score(decode(folder / f"{row['stimulus']}.flac").samples)
        assert found.moslqo == pytest.approx(float(row["moslqo"]), abs=1e-6), row


def test_an_independent_implementation_agrees(monkeypatch):
    """visqol-python, with the envelope of Google's C++ in place of its own."""
    from visqol import VisqolApi, alignment, signal_utils

    def envelope(signal):
        mean = float(np.mean(signal))
        return 2.0 * np.abs(np.asarray(signal) - mean) + mean

    for module in (alignment, signal_utils):
        assert hasattr(module, "upper_envelope")
        monkeypatch.setattr(module, "upper_envelope", envelope)
    api = VisqolApi()
    api.create(mode="audio")
    reference = music()
    for process in (9, 42):
        copy = degrade(reference, RATE, process).samples
        assert visqol(reference, copy).moslqo == pytest.approx(
            api.measure_from_arrays(reference, copy, RATE).moslqo, abs=1e-6
        )


def test_worse_codecs_score_worse_and_the_reference_best():
    reference = music()
    scorer = ReferenceScorer(reference)
    scores = [scorer.score(degrade(reference, RATE, process).samples).moslqo for process in (9, 11, 13, 15)]
    assert scores == sorted(scores)
    assert scorer.score(reference).moslqo > scores[-1]
    assert scores[0] < 3.5


def test_a_delay_does_not_change_the_score():
    reference = music()
    copy = degrade(reference, RATE, 11).samples
    late = np.concatenate([np.zeros(1105), copy])
    assert visqol(reference, late).moslqo == pytest.approx(visqol(reference, copy).moslqo, abs=0.05)


def test_channels_are_averaged():
    reference = music()
    copy = degrade(reference, RATE, 9).samples
    stereo = np.stack([copy, copy], axis=1)
    assert visqol(reference, stereo).moslqo == pytest.approx(visqol(reference, copy).moslqo, abs=1e-9)


@pytest.mark.parametrize(
    ("reference", "degraded", "rate", "message"),
    [
        (music(), np.zeros(3 * RATE), RATE, "degraded copy is silent"),
        (np.zeros(3 * RATE), music(), RATE, "reference is silent"),
        (music(), np.full(3 * RATE, np.nan), RATE, "NaN"),
        (music(0.5), music(0.5), RATE, "0.50 s long"),
        (music(3), music(1.5), RATE, "cut them"),
        (music(), music(), 44_100, "44100"),
        (np.zeros((2, 2, 2)), music(), RATE, "shape"),
    ],
)
def test_a_pair_that_can_not_be_scored_is_refused(reference, degraded, rate, message):
    with pytest.raises(LabelError, match=message):
        visqol(reference, degraded, rate)


def test_every_score_says_what_computed_it():
    score = visqol(music(), music())
    assert (score.implementation, score.mode) == ("earwitness-visqol", "audio")
    assert score.version
