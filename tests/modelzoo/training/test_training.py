"""From music to a store to a trained model: resumable, exact, and cancelled between two batches."""

import json

import numpy as np
import pytest

from modelzoo import artefacts
from modelzoo.datasets.build import Recipe, Reference, build, splits
from modelzoo.datasets.store import open_store
from modelzoo.errors import AudioError, ModelzooError, StoreError
from modelzoo.nets import build as build_network
from modelzoo.training import RunConfig, train

RATE = 48_000
RECIPE = Recipe(chains=((42,), (9,), (9, 43)), seed=3)
CONFIG = RunConfig(epochs=3, batch=3, seed=5)


def music(seed, seconds=2.0):
    rng = np.random.default_rng(seed)
    time = np.arange(int(seconds * RATE)) / RATE
    tones = sum(np.sin(2 * np.pi * (150 + 40 * seed) * k * time + k) / k for k in range(1, 30))
    return 0.05 * tones + 0.03 * rng.standard_normal(len(time))


def references(count=3):
    return [Reference(f"r{i}", lambda i=i: music(i)) for i in range(count)]


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    folder = tmp_path_factory.mktemp("store")
    build(references(), RECIPE, folder)
    return open_store(folder)


def test_a_store_holds_every_excerpt_with_its_score(store):
    assert len(store.manifest) == 9
    assert store.manifest["moslqo"].between(1, 5).all()
    assert np.allclose(store.manifest["target"], (store.manifest["moslqo"] - 1) / 4)
    assert set(store.manifest["split"]) == {"train", "validation"}
    assert store.manifest.groupby("reference")["split"].nunique().max() == 1
    assert (store.folder / "audio" / "r0_09_43.flac").exists()


def test_the_same_inputs_give_the_same_hash_even_after_a_cancelled_build(store, tmp_path):
    calls = 0

    def cancelled():
        nonlocal calls
        calls += 1
        return calls > 4

    assert build(references(), RECIPE, tmp_path, cancelled=cancelled) is None
    assert len(list((tmp_path / "parts").glob("*.json"))) == 4
    with pytest.raises(StoreError, match="no complete training store"):
        open_store(tmp_path)
    assert build(references(), RECIPE, tmp_path).summary["hash"] == store.info["hash"]


def test_a_recording_is_in_one_split_only_and_both_have_some():
    for count in (2, 5, 40):
        found = splits(references(count), RECIPE)
        assert set(found.values()) == {"train", "validation"}
    with pytest.raises(StoreError, match="two references"):
        splits(references(1), RECIPE)


def test_a_folder_of_another_recipe_is_left_alone(store):
    with pytest.raises(StoreError, match="another recipe"):
        build(references(), Recipe(chains=((33,),)), store.folder)


def test_a_silent_reference_is_listed_and_not_fatal(tmp_path):
    silent = Reference("silent", lambda: np.zeros(2 * RATE))
    built = build([*references(2), silent], Recipe(chains=((42,),)), tmp_path)
    assert built.excerpts == 2
    assert list(built.failures) == ["silent_42"]


def test_conv1d_is_the_papers():
    network = build_network("conv1d")
    assert network.count_params() == 15_442_881
    shapes = [layer.output.shape[1:] for layer in network.layers if "conv1d" in layer.name or "pooling" in layer.name]
    assert shapes == [(1866, 64), (933, 64), (927, 128), (463, 128), (461, 256), (230, 256)]
    with pytest.raises(ModelzooError, match="no network"):
        build_network("resnet")


@pytest.fixture(scope="module")
def whole(store, tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    return folder, train(CONFIG, store, folder)


def test_a_cancelled_run_goes_on_to_the_same_curve(store, whole, tmp_path):
    calls = 0

    def cancelled():
        nonlocal calls
        calls += 1
        return calls > 3

    cut = train(CONFIG, store, tmp_path, cancelled=cancelled)
    assert not cut.finished
    assert len(cut.history) == 1
    resumed = train(CONFIG, store, tmp_path)
    assert resumed.finished
    assert resumed.history == whole[1].history
    assert resumed.best_epoch == whole[1].best_epoch


def test_a_crash_between_the_two_renames_of_a_checkpoint_loses_nothing(store, whole, tmp_path):
    def cancelled_after_two_epochs():
        return len(list(tmp_path.glob("checkpoint/state.json"))) and epochs_done() >= 2

    def epochs_done():
        return json.loads((tmp_path / "checkpoint" / "state.json").read_text())["epoch"]

    train(CONFIG, store, tmp_path, cancelled=cancelled_after_two_epochs)
    (tmp_path / "checkpoint").rename(tmp_path / "checkpoint.old")
    assert train(CONFIG, store, tmp_path).history == whole[1].history


def test_another_config_does_not_take_up_a_run(store, whole):
    with pytest.raises(ModelzooError, match="another config"):
        train(RunConfig(epochs=3, batch=3, seed=6), store, whole[0])


def test_it_can_learn(store, tmp_path):
    """The loss of a few excerpts falls by far more than chance."""
    history = train(RunConfig(epochs=8, batch=3, seed=1, learning_rate=0.0001), store, tmp_path).history
    assert min(row["loss"] for row in history) < 0.2 * history[0]["loss"]


@pytest.fixture(scope="module")
def model_folder(whole, tmp_path_factory):
    folder = tmp_path_factory.mktemp("model")
    artefacts.save(folder, whole[0] / "checkpoint" / "best.weights.h5", {"network": "conv1d"}, "# Card")
    return folder


def test_a_saved_model_scores_from_0_to_100_and_the_same_again(model_folder):
    model = artefacts.load(model_folder)
    for seconds, channels in ((2, 1), (12, 2)):
        sound = np.repeat(music(1, seconds)[:, None], channels, axis=1)
        score = model.score(sound, RATE)
        assert 0 <= score <= 100
        assert score == artefacts.load(model_folder).score(sound, RATE)


def test_predictions_beyond_the_scale_are_cut(model_folder, store):
    class Wild:
        def predict_on_batch(self, features):
            return np.linspace(-1, 2, len(features))[:, None]

    scores = artefacts.Model("wild", Wild(), {}).score_features(store.features[:4])
    assert scores.tolist() == [0.0, 0.0, 100.0, 100.0]


@pytest.mark.parametrize(
    ("sound", "message"),
    [(np.zeros(3 * RATE), "silent"), (music(1, 0.2), "0.20 s"), (np.full(RATE, np.nan), "NaN|silent")],
)
def test_what_can_not_be_scored_is_refused(model_folder, sound, message):
    with pytest.raises(AudioError, match=message):
        artefacts.load(model_folder).score(sound, RATE)


def test_a_changed_model_is_refused(model_folder, tmp_path):
    for file in model_folder.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "config.json").write_text('{"network": "conv1d", "x": 1}')
    with pytest.raises(ModelzooError, match="changed"):
        artefacts.load(tmp_path)
    with pytest.raises(ModelzooError, match="no whole model"):
        artefacts.load(tmp_path / "nothing")
