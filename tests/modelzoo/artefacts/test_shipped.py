"""The models that come with the package: whole, small, measured, and the same in Keras."""

import numpy as np
import pytest

import modelzoo
from modelzoo.artefacts import load, shipped
from modelzoo.artefacts.folder import SHIPPED
from modelzoo.artefacts.network import LARGEST_DIFFERENCE


@pytest.mark.parametrize("name", shipped())
def test_a_shipped_model_is_whole_small_and_measured(name):
    assert sum(file.stat().st_size for file in (SHIPPED / name).iterdir()) < 8e6
    model = modelzoo.load(name)
    assert model.name == name
    assert model.config["held_out"]["recordings"] >= 10
    assert abs(model.calibration.coverage - model.calibration.level) < 0.05
    assert model.config["domain"] and model.config["version"]
    card = (SHIPPED / name / "card.md").read_text()
    assert f"RMSE = {model.config['held_out']['rmse']:.2f}" in card and "Not described" not in card
    rng = np.random.default_rng(0)
    features = np.clip(200 - 0.5 * np.arange(256) + rng.normal(0, 20, (3, 1876, 256)), 0, 255).astype(np.uint8)
    ours, keras_model = model.network, load(name, keras=True).network
    difference = np.abs(ours.predict_on_batch(features) - np.asarray(keras_model.predict_on_batch(features)))
    assert difference.max() <= LARGEST_DIFFERENCE
