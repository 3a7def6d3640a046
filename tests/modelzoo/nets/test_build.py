"""The networks' shapes and sizes against the paper's (section 4)."""

import hashlib

import numpy as np
import pytest

from modelzoo.errors import ModelzooError
from modelzoo.nets import ANY_LENGTH, build, notes


def sizes(model) -> tuple[int, int]:
    return model.count_params(), sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)


def test_conv1d_is_the_papers_layer_by_layer():
    model = build("conv1d")
    shapes = [
        layer.output.shape[1:] for layer in model.layers if layer.__class__.__name__ not in ("InputLayer", "Rescaling")
    ]
    assert shapes == [
        *[(1866, 64), (933, 64), (933, 64), (927, 128), (463, 128), (463, 128), (461, 256), (230, 256)],
        *[(58_880,), (256,), (256,), (128,), (1,)],
    ]
    assert model.input_shape == (None, 1876, 256)
    assert sizes(model) == (15_442_881, 15_442_881)
    rates = [layer.rate for layer in model.layers if layer.__class__.__name__ == "Dropout"]
    assert rates == [0.01, 0.01, 0.01]
    assert [layer.activation.__name__ for layer in model.layers if layer.__class__.__name__ == "Dense"] == [
        "linear"
    ] * 3


def momenta(classifier):
    return {layer.momentum for layer in classifier.layers if layer.__class__.__name__ == "BatchNormalization"}


@pytest.mark.parametrize(("name", "total"), [("inception", 24_141_431), ("vgg19", 143_956_887)])
def test_networks_behind_a_classifier_train_only_their_own_layers_when_it_is_frozen(name, total, tmp_path):
    model = build(name)
    own = [layer.output.shape[1:] for layer in model.layers[2:]]
    assert own == [(1876, 256, 1), (1866, 246, 3), (224, 224, 3), (1000,), (256,), (128,), (1,)]
    assert model.count_params() == total
    classifier = next(layer for layer in model.layers if layer.name in ("inception_v3", "vgg19"))
    assert classifier.trainable, "a random backbone must be trained"
    assert momenta(classifier) == ({0.9} if name == "inception" else set())
    if name == "vgg19":
        return  # its weights file of 575 MB would only slow the suite
    file = tmp_path / "backbone.weights.h5"
    classifier.save_weights(file)
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    frozen = build(name, backbone=str(file), backbone_sha256=digest)
    assert sizes(frozen) == (total, 289_647)
    assert momenta(frozen.get_layer(classifier.name)) == {0.99}
    restored = next(layer for layer in frozen.layers if layer.name == classifier.name)
    for mine, theirs in zip(classifier.get_weights(), restored.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, theirs)
    with pytest.raises(ModelzooError, match="hash"):
        build(name, backbone=str(file), backbone_sha256="0" * 64)


@pytest.mark.parametrize("name", ["inception", "vgg19"])
def test_a_frozen_random_backbone_is_refused_with_the_reason(name):
    with pytest.raises(ModelzooError, match=r"frozen backbone .* random weights"):
        build(name, backbone="none", frozen=True)


def test_a_weights_file_that_is_not_there_or_not_one_is_refused(tmp_path):
    with pytest.raises(ModelzooError, match="no weights file"):
        build("inception", backbone=str(tmp_path / "missing.h5"))
    wrong = tmp_path / "wrong.weights.h5"
    wrong.write_bytes(b"no HDF5")
    with pytest.raises(ModelzooError, match="can't be used"):
        build("inception", backbone=str(wrong))


def test_unknown_networks_and_options_are_refused():
    with pytest.raises(ModelzooError, match=r"conv1d, inception, vgg19, ours"):
        build("resnet")
    with pytest.raises(ModelzooError, match="takes no option backbone"):
        build("conv1d", backbone="imagenet")


def test_a_random_backbone_is_told_of():
    assert "random weights" in notes("vgg19", "none")[0]
    assert notes("vgg19", "imagenet") == notes("conv1d", "none") == []


def test_ours_is_small_and_takes_any_length_from_a_second():
    model = build("ours")
    assert 300_000 <= model.count_params() <= 1_500_000
    rng = np.random.default_rng(1)
    for frames in (188, 1876, 2500):
        out = model.predict_on_batch(rng.integers(0, 256, (2, frames, 256), dtype=np.uint8))
        assert out.shape == (2, 1)
        assert np.isfinite(out).all()
        assert out[0] != out[1]


@pytest.mark.parametrize(("name", "rate", "steps"), [("conv1d", 1e-4, 60), ("ours", 1e-3, 250)])
def test_one_batch_can_be_overfitted(name, rate, steps):
    """Targets spread over 0.8 that no single number fits: a network that learns nothing stays 0.29 off on average."""
    import keras

    keras.utils.set_random_seed(3)
    model = build(name)
    targets = np.array([0.6, 0.1, 0.9, 0.4], dtype=np.float32)
    frames = 300 if name in ANY_LENGTH else 1876
    features = np.random.default_rng(2).integers(0, 100, (4, frames, 256), dtype=np.uint8)
    for clip, edge in zip(features, (40, 100, 160, 220), strict=True):
        clip[:, :edge] += 120
    model.compile(keras.optimizers.Adam(rate), "mse", jit_compile=False)
    for step in range(steps):
        if step == steps * 3 // 4:
            model.optimizer.learning_rate.assign(rate / 5)
        model.train_on_batch(features, targets)
    assert np.abs(model.predict_on_batch(features).ravel() - targets).mean() < 0.05


def test_a_half_of_ours_can_be_left_out_to_see_what_it_helps():
    features = np.random.default_rng(1).integers(0, 256, (2, 376, 256), dtype=np.uint8)
    for network in (build("ours-convolutions"), build("ours-statistics")):
        assert network.count_params() < build("ours").count_params()
        assert network.predict_on_batch(features).shape == (2, 1)
