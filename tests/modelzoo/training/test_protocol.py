"""Training: the same curve again, resumed exactly, cancelled between batches, the plateau and the best epoch."""

import json
from dataclasses import replace

import numpy as np
import pytest

from modelzoo.errors import ModelzooError
from modelzoo.nets import build
from modelzoo.training import RunConfig, protocol, train
from modelzoo.training.state import State

CONFIG = RunConfig(network="ours", epochs=4, batch=4, seed=5)


def curve(result):
    return [(row["epoch"], row["loss"], row["val_loss"], row["rate"]) for row in result.history]


def weights(folder):
    with np.load(folder / "checkpoint" / "arrays.npz") as arrays:
        return {name: arrays[name] for name in arrays.files}


@pytest.fixture(scope="module")
def whole(store, tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    return folder, train(CONFIG, store, folder)


def test_it_learns_and_says_what_it_did(whole):
    _, result = whole
    assert result.finished
    assert [row["epoch"] for row in result.history] == [1, 2, 3, 4]
    assert result.history[-1]["loss"] < result.history[0]["loss"]
    assert result.best_epoch == 1 + int(np.argmin([row["val_loss"] for row in result.history]))
    assert result.parameters == build("ours").count_params()


def test_the_same_seed_gives_the_same_curve_and_another_does_not(whole, store, tmp_path):
    _, result = whole
    assert curve(train(CONFIG, store, tmp_path / "again")) == curve(result)
    other = train(replace(CONFIG, seed=6, epochs=1), store, tmp_path / "other")
    assert other.history[0]["loss"] != result.history[0]["loss"]


@pytest.mark.parametrize("stop_at", [1, 4, 7])
def test_a_run_that_was_cut_off_goes_on_to_the_same_weights(whole, store, tmp_path, stop_at):
    """Two batches an epoch: cut off before anything is kept, on an epoch's edge, and in the middle of one."""
    folder, result = whole
    asked = iter(range(1, 100))
    assert not train(CONFIG, store, tmp_path, cancelled=lambda: next(asked) > stop_at).finished
    resumed = train(CONFIG, store, tmp_path)
    assert resumed.finished
    assert curve(resumed) == curve(result)
    mine, theirs = weights(tmp_path), weights(folder)
    assert mine.keys() == theirs.keys()
    for name, array in mine.items():
        np.testing.assert_array_equal(array, theirs[name], err_msg=name)


def test_a_cancelled_run_keeps_its_last_finished_epoch(store, tmp_path):
    asked = iter(range(1, 100))
    result = train(CONFIG, store, tmp_path, cancelled=lambda: next(asked) > 3)
    assert not result.finished
    assert [row["epoch"] for row in result.history] == [1]
    assert json.loads((tmp_path / "checkpoint" / "state.json").read_text())["epoch"] == 1


def test_a_kill_while_the_checkpoint_is_exchanged_loses_nothing(whole, store, tmp_path):
    _, result = whole
    train(replace(CONFIG), store, tmp_path, cancelled=_after(4))
    # As a kill between the two renames would leave it, with half a new checkpoint beside it.
    (tmp_path / "checkpoint").rename(tmp_path / "checkpoint.old")
    (tmp_path / "checkpoint.part").mkdir()
    (tmp_path / "checkpoint.part" / "arrays.npz").write_bytes(b"half")
    assert curve(train(CONFIG, store, tmp_path)) == curve(result)


def test_a_checkpoint_of_another_run_is_refused(whole, store):
    folder, _ = whole
    with pytest.raises(ModelzooError, match="another config"):
        train(replace(CONFIG, seed=99), store, folder)


def test_the_best_epochs_weights_are_kept(store, tmp_path):
    config = replace(CONFIG, learning_rate=0.02, lowest_rate=0.02, epochs=5)
    result = train(config, store, tmp_path)
    network = build("ours")
    network.load_weights(tmp_path / "checkpoint" / "best.weights.h5")
    best = min(row["val_loss"] for row in result.history)
    assert result.history[result.best_epoch - 1]["val_loss"] == best
    features, targets = next(store.batches("validation", 4, shuffle=False))
    errors = (network.predict_on_batch(features).ravel() - targets) ** 2
    assert float(errors.mean()) == pytest.approx(best, rel=1e-4)


def test_progress_comes_for_batches_and_epochs(store, tmp_path, monkeypatch):
    monkeypatch.setattr(protocol, "SECONDS_BETWEEN_REPORTS", 0.0)
    seen = []
    train(replace(CONFIG, epochs=1), store, tmp_path, progress=seen.append)
    assert [(p.batch, p.batches, len(p.history)) for p in seen] == [(1, 2, 0), (2, 2, 0), (0, 0, 1)]


def test_the_rate_is_halved_on_a_plateau_down_to_the_lowest_and_training_stops():
    config = RunConfig(halve_after=2, patience=9, lowest_rate=3e-4)
    state = State()
    losses = [0.5, 0.49995, 0.49990, 0.4, 0.41, 0.42, 0.41, 0.41, 0.41, 0.41, 0.41, 0.41, 0.41]
    for epoch, loss in enumerate(losses, start=1):
        assert not protocol._is_over(state, config)
        protocol._after_epoch(state, config, epoch, 1.0, loss)
    # Epochs 2 and 3 gain less than 1e-4 each on 0.5 taken together: halved for epoch 4. Then again after 5 and 6.
    rates = [row["rate"] for row in state.history]
    assert rates[:3] == [1e-3] * 3
    assert rates[3:6] == [5e-4] * 3
    assert rates[6:] == [3e-4] * 7
    assert state.best_epoch == 4
    assert protocol._is_over(state, config), "nine epochs without a better loss"


def test_a_split_without_excerpts_is_refused(store, tmp_path):
    alone = replace(store, manifest=store.manifest.assign(split="train"))
    with pytest.raises(ModelzooError, match="no excerpts to validate with"):
        train(CONFIG, alone, tmp_path)


def test_a_loss_that_explodes_ends_the_run_with_advice(store, tmp_path):
    wild = replace(store, manifest=store.manifest.assign(target=np.float32(np.inf)))
    with pytest.raises(ModelzooError, match="lower learning rate"):
        train(CONFIG, wild, tmp_path)


def _after(batches):
    asked = iter(range(1, 100))
    return lambda: next(asked) > batches


def test_mixed_precision_keeps_weights_in_float32_and_is_undone(store, tmp_path):
    import keras

    result = train(replace(CONFIG, epochs=1, mixed_precision=True), store, tmp_path)
    assert np.isfinite(result.history[0]["loss"])
    assert {array.dtype for name, array in weights(tmp_path).items() if name[0] == "w"} == {np.dtype("float32")}
    assert keras.config.dtype_policy().name == "float32"


def test_several_devices_need_jax(store, tmp_path):
    with pytest.raises(ModelzooError, match="KERAS_BACKEND=jax"):
        train(replace(CONFIG, distribution="data"), store, tmp_path)


def test_the_rate_falls_along_half_a_cosine():
    config = RunConfig(schedule="cosine", epochs=11, learning_rate=1e-3, lowest_rate=1e-5)
    state = State()
    for epoch in range(1, 12):
        protocol._after_epoch(state, config, epoch, 1.0, 0.5)
    rates = [row["rate"] for row in state.history]
    assert rates[0] == 1e-3 and rates[5] == pytest.approx(5.05e-4) and rates[10] == pytest.approx(1e-5)
    assert rates == sorted(rates, reverse=True)


def test_parts_and_changes_of_clips_are_resumed_exactly(store, tmp_path):
    config = replace(CONFIG, epochs=2, crop_from=1, crop_to=2, equaliser=3.0, schedule="cosine")
    whole = train(config, store, tmp_path / "whole")
    asked = iter(range(1, 100))
    assert not train(config, store, tmp_path / "cut", cancelled=lambda: next(asked) > 3).finished
    assert curve(train(config, store, tmp_path / "cut")) == curve(whole)
    mine, theirs = weights(tmp_path / "cut"), weights(tmp_path / "whole")
    assert all((mine[name] == theirs[name]).all() for name in theirs)
