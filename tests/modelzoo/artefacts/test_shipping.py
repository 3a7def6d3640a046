"""A finished run becomes a folder that scores without Keras: equal output, intervals, card, hashes."""

import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from modelzoo.artefacts import export, load, save
from modelzoo.artefacts import network as networks
from modelzoo.errors import ModelzooError
from modelzoo.evaluation.runs import write_run
from modelzoo.nets import build

RATE = 48_000


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run of an untrained network, with predictions that are off by 4 points on average."""
    import keras

    keras.utils.set_random_seed(4)
    folder = tmp_path_factory.mktemp("run")
    network = build("ours")
    kernel, bias = network.layers[-1].get_weights()
    network.layers[-1].set_weights([kernel * 0.2, bias + 0.5])
    network.save_weights(folder / "w.weights.h5")
    save(folder / "model", folder / "w.weights.h5", {"network": "ours", "dataset": "abc", "training": {}}, "")
    rng = np.random.default_rng(0)
    observed = rng.uniform(0, 100, 200)
    predictions = pd.DataFrame(
        {
            "excerpt": [f"e{i}" for i in range(200)],
            "reference": [f"r{i % 10}" for i in range(200)],
            "processes": "1",
            "bitrates": "32",
            "observed": observed,
            "predicted": np.clip(observed + rng.normal(0, 5, 200), 0, 100),
        }
    )
    write_run(folder, {"network": "ours", "seed": 3, "dataset": "abc", "best_epoch": 7, "notes": []}, predictions)
    return folder


@pytest.fixture(scope="module")
def exported(run, tmp_path_factory):
    folder = tmp_path_factory.mktemp("models") / "mine"
    return folder, export(run, folder, data="Rendered music.", licence="CC0-1.0")


def sound(seconds=10.0):
    rng = np.random.default_rng(2)
    time = np.arange(round(seconds * RATE)) / RATE
    return 0.1 * np.sin(2 * np.pi * 440 * time) * (1 + np.sin(4 * np.pi * time)) + rng.normal(0, 0.02, len(time))


def test_onnx_and_keras_give_the_same(exported):
    folder, config = exported
    assert config["onnx_difference"] <= 2e-5
    light, keras_model = load(folder), load(folder, keras=True)
    assert "keras" not in type(light.network).__module__
    rng = np.random.default_rng(1)
    for frames in (188, 1000, 1876):
        features = rng.integers(0, 256, (2, frames, 256), dtype=np.uint8)
        np.testing.assert_allclose(light.score_features(features), keras_model.score_features(features), atol=2e-3)
    assert light.score(sound(), RATE) == pytest.approx(keras_model.score(sound(), RATE), abs=2e-3)


def test_a_score_comes_with_an_interval_unless_the_sound_is_unlike_the_data(exported):
    model = load(exported[0])
    scored = model.score_sound(sound(), RATE)
    low, high = scored.interval
    assert 0 <= low < scored.score < high <= 100
    assert model.score_sound(sound()[::6], 8000).interval is None


def test_the_folder_says_what_it_holds(exported):
    folder, config = exported
    assert sorted(file.name for file in folder.iterdir()) == [
        *["card.md", "config.json", "hashes.json", "model.onnx", "model.weights.h5"]
    ]
    assert json.loads((folder / "config.json").read_text())["held_out"] == config["held_out"]
    assert config["held_out"]["excerpts"] == 200 and config["held_out"]["recordings"] == 10
    card = (folder / "card.md").read_text()
    for said in ("Rendered music.", "CC0-1.0", f"RMSE = {config['held_out']['rmse']:.2f}", "## Limits", "ViSQOL"):
        assert said in card
    assert sum(file.stat().st_size for file in folder.iterdir()) < 8e6


def test_scoring_imports_neither_keras_nor_what_is_slow(exported):
    code = (
        "import sys, numpy, modelzoo\n"
        f"model = modelzoo.load({str(exported[0])!r})\n"
        "model.score(numpy.random.default_rng(0).normal(0, 0.1, 96_000), 48_000)\n"
        "print([name for name in ('keras', 'tensorflow', 'pandas', 'librosa', 'numba') if name in sys.modules])"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.strip() == "[]"


def test_a_changed_onnx_file_is_refused(exported, tmp_path):
    for file in exported[0].iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    with (tmp_path / "model.onnx").open("ab") as file:
        file.write(b"x")
    with pytest.raises(ModelzooError, match=r"model\.onnx was changed"):
        load(tmp_path)


def test_a_conversion_that_gives_something_else_is_not_kept(run, tmp_path, monkeypatch):
    monkeypatch.setattr(networks, "LARGEST_DIFFERENCE", -1.0)
    with pytest.raises(ModelzooError, match="off Keras'"):
        networks.write_onnx(load(run / "model").network, "ours", tmp_path / "m.onnx")
    assert list(tmp_path.iterdir()) == []


def test_what_can_not_be_exported_is_said(run, tmp_path):
    with pytest.raises(ModelzooError, match="no finished run"):
        export(tmp_path, tmp_path / "out")
    (tmp_path / "letter.txt").write_text("mine")
    with pytest.raises(ModelzooError, match="holds something else"):
        export(run, tmp_path)


def test_a_name_that_is_not_known_is_said():
    with pytest.raises(ModelzooError, match="no model 'theirs'"):
        load("theirs")
