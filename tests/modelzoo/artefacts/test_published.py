"""Keras 2 `.h5` weights, which expect time reversed."""

import h5py
import numpy as np
import pytest

from modelzoo.artefacts import import_h5, load
from modelzoo.errors import ModelzooError
from modelzoo.nets import build


def test_published_weights_score_reversed_features(tmp_path):
    import keras

    keras.utils.set_random_seed(7)
    theirs = build("conv1d")
    kernel, bias = theirs.layers[-1].get_weights()
    theirs.layers[-1].set_weights([kernel * 0.1, bias + 0.5])
    theirs.save(tmp_path / "conv1d.h5")
    import_h5(tmp_path / "conv1d.h5", tmp_path / "model")
    features = np.random.default_rng(0).integers(0, 256, (2, 1876, 256), dtype=np.uint8)
    features[:, :900] //= 3
    # The authors' input: mel by time, turned by 90 degrees.
    turned = np.stack([np.rot90(clip.T) for clip in features])
    expected = 100 * np.clip(theirs.predict_on_batch(turned).ravel(), 0, 1)
    found = load(tmp_path / "model").score_features(features)
    np.testing.assert_allclose(found, expected, atol=1e-3)
    unturned = 100 * np.clip(theirs.predict_on_batch(features).ravel(), 0, 1)
    assert np.abs(found - unturned).max() > 0.1
    with pytest.raises(ModelzooError, match="does not hold the weights of ours"):
        import_h5(tmp_path / "conv1d.h5", tmp_path / "other", network="ours")


def test_what_is_no_weights_file_is_refused(tmp_path):
    (tmp_path / "text.h5").write_text("no HDF5")
    with pytest.raises(ModelzooError, match="no HDF5 file"):
        import_h5(tmp_path / "text.h5", tmp_path / "model")
    with h5py.File(tmp_path / "linked.h5", "w") as file:
        file["model_weights"] = h5py.ExternalLink("other.h5", "/")
    with pytest.raises(ModelzooError, match="points elsewhere"):
        import_h5(tmp_path / "linked.h5", tmp_path / "model")
    with pytest.raises(ModelzooError, match="not named like"):
        import_h5(tmp_path / "conv1d.keras", tmp_path / "model")
