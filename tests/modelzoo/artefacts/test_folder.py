"""Artefacts: saved, checked, loaded into a network that code builds; scoring sound of any length."""

import json
import subprocess
import sys

import numpy as np
import pytest

import modelzoo
from modelzoo.artefacts import Model, Scorer, load, save
from modelzoo.audio import normalise_loudness, resample
from modelzoo.errors import AudioError, ModelzooError
from modelzoo.features import log_mel, to_bytes
from modelzoo.nets import build

RATE = 48_000


@pytest.fixture(scope="module")
def artefact(tmp_path_factory):
    """A folder of an untrained network of ours, and the network; its bias puts scores into the middle."""
    import keras

    keras.utils.set_random_seed(4)
    folder = tmp_path_factory.mktemp("artefact")
    network = build("ours")
    kernel, bias = network.layers[-1].get_weights()
    network.layers[-1].set_weights([kernel * 0.2, bias + 0.5])
    network.save_weights(folder / "trained.weights.h5")
    config = {"network": "ours", "training": {"crop_from": 3}}
    save(folder / "model", folder / "trained.weights.h5", config, "# A card\n")
    return folder / "model", network


def music(seconds, rate=RATE, channels=None, seed=0):
    rng = np.random.default_rng(seed)
    time = np.arange(round(seconds * rate)) / rate
    mono = 0.1 * np.sin(2 * np.pi * 440 * time) * (1 + np.sin(2 * np.pi * 2 * time)) + rng.normal(0, 0.02, len(time))
    return mono if channels is None else np.stack([mono * (1 + 0.1 * c) for c in range(channels)], axis=1)


def test_a_loaded_model_predicts_what_the_saved_one_did(artefact):
    folder, network = artefact
    assert sorted(file.name for file in folder.iterdir()) == [
        "card.md",
        "config.json",
        "hashes.json",
        "model.weights.h5",
    ]
    features = np.random.default_rng(0).integers(0, 256, (3, 1876, 256), dtype=np.uint8)
    expected = 100 * np.clip(network.predict_on_batch(features).ravel(), 0, 1)
    np.testing.assert_allclose(load(folder).score_features(features), expected, atol=1e-4)


def test_the_weights_are_saved_without_the_optimisers_state(artefact):
    folder, network = artefact
    assert (folder / "model.weights.h5").stat().st_size < 1.2 * 4 * network.count_params()


@pytest.mark.parametrize("name", ["model.weights.h5", "config.json"])
def test_a_changed_file_is_refused(artefact, tmp_path, name):
    folder = tmp_path / "copy"
    _copy(artefact[0], folder)
    data = bytearray((folder / name).read_bytes())
    data[len(data) // 2] ^= 1
    (folder / name).write_bytes(data)
    with pytest.raises(ModelzooError, match=rf"{name} was changed"):
        load(folder)


@pytest.mark.parametrize("name", ["model.weights.h5", "config.json", "hashes.json"])
def test_a_missing_file_is_refused(artefact, tmp_path, name):
    folder = tmp_path / "copy"
    _copy(artefact[0], folder)
    (folder / name).unlink()
    with pytest.raises(ModelzooError, match="no whole model"):
        load(folder)


@pytest.mark.parametrize(("network", "said"), [("conv1d", "do not fit"), ("resnet", "no network")])
def test_weights_of_another_network_are_refused(artefact, tmp_path, network, said):
    save(tmp_path / "m", artefact[0] / "model.weights.h5", {"network": network}, "")
    with pytest.raises(ModelzooError, match=said):
        load(tmp_path / "m")


def test_hashes_that_leave_a_file_out_are_refused(artefact, tmp_path):
    folder = tmp_path / "copy"
    _copy(artefact[0], folder)
    hashes = json.loads((folder / "hashes.json").read_text())
    (folder / "hashes.json").write_text(json.dumps({"config.json": hashes["config.json"]}))
    with pytest.raises(ModelzooError, match="changed"):
        load(folder)


class Constant:
    """A network that predicts one number."""

    def __init__(self, value):
        self.value = value

    def predict_on_batch(self, features):
        return np.full((len(features), 1), self.value, dtype=np.float32)


@pytest.mark.parametrize(("raw", "score"), [(1.3, 100), (1.0, 100), (0.25, 25), (-0.2, 0)])
def test_predictions_are_cut_and_scaled(raw, score):
    model = Model("constant", Constant(raw), {})
    assert model.score_features(np.zeros((2, 4, 256), dtype=np.uint8)).tolist() == [score, score]


class Recorder:
    """A network that keeps what it is given, and predicts how many clips there were before."""

    def __init__(self):
        self.seen = []

    def predict_on_batch(self, features):
        self.seen += list(features)
        return np.full((len(features), 1), (len(self.seen) - 1) / 10, dtype=np.float32)


@pytest.mark.parametrize(
    ("seconds", "hop", "starts"),
    [
        (1.0, 10, [0]),
        (9.99, 10, [0]),
        (10, 10, [0]),
        (20, 10, [0, 10]),
        (23, 10, [0, 10, 13]),
        (12, 1, [0, 1, 2]),
        (20, 5, [0, 5, 10]),
    ],
)
@pytest.mark.parametrize("block", [0.03, 4.0, 100.0])
def test_windows_cover_the_sound_whatever_the_blocks(seconds, hop, starts, block):
    sound = music(seconds)
    scorer = Scorer(Model("recorder", Recorder(), {"network": "conv1d"}), RATE, hop)
    size = round(block * RATE)
    for first in range(0, len(sound), size):
        scorer.feed(sound[first : first + size])
    scored = scorer.finish()
    assert [window.start for window in scored.timeline] == starts
    assert {len(clip) for clip in scorer.model.network.seen} == {1876}
    whole = Model("recorder", Recorder(), {"network": "conv1d"})
    whole.score_sound(sound, RATE, hop=hop)
    np.testing.assert_array_equal(scorer.model.network.seen, whole.network.seen)


def test_windows_are_made_like_the_training_data():
    stereo = music(6.0, rate=44_100, channels=2)
    model = Model("recorder", Recorder(), {"network": "conv1d"})
    model.score_sound(stereo, 44_100)
    mono = resample(stereo.mean(axis=1), 44_100, RATE)
    looped = np.resize(normalise_loudness(mono, RATE), 10 * RATE)
    np.testing.assert_array_equal(model.network.seen[0], to_bytes(log_mel(looped)), err_msg="6 s are looped")
    ours = Model("recorder", Recorder(), {"network": "ours"})
    ours.score_sound(stereo, 44_100)
    np.testing.assert_array_equal(ours.network.seen[0], to_bytes(log_mel(normalise_loudness(mono, RATE))))


def test_a_silent_part_is_left_out_and_said(artefact):
    sound = np.concatenate([music(10), np.zeros(10 * RATE), music(10)])
    scored = load(artefact[0]).score_sound(sound, RATE)
    assert [window.start for window in scored.timeline] == [0, 20]
    assert scored.flags == ["silent-parts"]


def test_level_does_not_matter_and_the_timeline_ends_with_the_sound(artefact):
    model = load(artefact[0])
    sound = music(12.5)
    loud = model.score_sound(sound, RATE)
    assert model.score(sound * 0.05, RATE) == pytest.approx(loud.score, abs=0.05)
    assert [(w.start, w.end) for w in loud.timeline] == [(0, 10), (2.5, 12.5)]
    assert loud.score == pytest.approx(np.mean([w.score for w in loud.timeline]))
    assert 0 < loud.score < 100
    assert loud.flags == []
    assert modelzoo.load(artefact[0]).score(sound, RATE) == loud.score


def test_what_makes_a_score_unsure_is_flagged(artefact):
    model = load(artefact[0])
    assert model.score_sound(music(2, rate=8000), 8000).flags == ["short", "low-rate"]
    assert model.score_sound(music(4), RATE).flags == []
    paper = Model("recorder", Recorder(), {"network": "conv1d"})
    assert paper.score_sound(music(4), RATE).flags == ["looped"]
    assert model.score_sound(np.clip(20 * music(10), -1, 1), RATE).flags == ["clipped"]


@pytest.mark.parametrize(
    ("sound", "said"),
    [
        (np.zeros(RATE * 3), "silent|quiet"),
        (music(0.2), "0.20 s long"),
        (np.full(RATE * 2, np.nan), "no numbers"),
        (np.zeros((0, 2)), "0.00 s"),
    ],
)
def test_what_is_no_music_is_refused(artefact, sound, said):
    with pytest.raises(AudioError, match=said):
        load(artefact[0]).score(sound, RATE)


def test_the_package_is_imported_without_tensorflow():
    code = "import sys, modelzoo.artefacts, modelzoo.training, modelzoo.nets; print('keras' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.strip() == "False"


def _copy(source, target):
    target.mkdir()
    for file in source.iterdir():
        (target / file.name).write_bytes(file.read_bytes())
