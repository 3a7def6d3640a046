"""Prediction intervals: what they claim holds on recordings that had no part in them."""

import numpy as np
import pandas as pd
import pytest

from modelzoo.artefacts import Calibration, calibrate, coverage
from modelzoo.errors import ModelzooError


def predictions(seed, recordings=40, each=20, bias=0.0):
    """Errors grow from the ends of the scale to its middle, as real ones do."""
    rng = np.random.default_rng(seed)
    observed = rng.uniform(0, 100, recordings * each)
    spread = 2 + 10 * np.sin(np.pi * observed / 100)
    names = np.repeat([f"r{i}" for i in range(recordings)], each)
    predicted = np.clip(observed + bias + spread * rng.standard_normal(len(observed)), 0, 100)
    return pd.DataFrame({"reference": names, "observed": observed, "predicted": predicted})


def test_intervals_cover_what_they_claim_on_other_recordings():
    calibration = calibrate(predictions(0))
    assert (calibration.excerpts, calibration.recordings, calibration.level) == (800, 40, 0.9)
    assert 0.87 < calibration.coverage < 0.93
    others = predictions(1, recordings=200)
    assert 0.87 < coverage(calibration, others["predicted"], others["observed"]) < 0.93


def test_coverage_falls_where_errors_are_of_another_kind():
    """A figure that can't fail would say nothing."""
    biased = predictions(1, recordings=200, bias=15.0)
    assert coverage(calibrate(predictions(0)), biased["predicted"], biased["observed"]) < 0.8


def test_recordings_with_errors_of_their_own_are_not_covered_by_the_others():
    table = predictions(0, recordings=4, each=50)
    table.loc[table["reference"] == "r0", "predicted"] = 100 - table["observed"]
    assert calibrate(table).coverage < 0.85


def test_intervals_are_wider_in_the_middle_and_stay_on_the_scale():
    calibration = calibrate(predictions(0))
    widths = [np.subtract(*calibration.interval(score)[::-1]) for score in (3.0, 50.0, 97.0)]
    assert widths[1] > 1.5 * max(widths[0], widths[2])
    for score in (0.0, 1.0, 99.5, 100.0):
        low, high = calibration.interval(score)
        assert 0 <= low <= score <= high <= 100


def test_a_calibration_goes_through_json_and_a_damaged_one_is_refused():
    calibration = calibrate(predictions(0))
    values = {**vars(calibration), "edges": list(calibration.edges), "half_widths": list(calibration.half_widths)}
    assert Calibration.from_dict(values) == calibration
    with pytest.raises(ModelzooError, match="can't be read"):
        Calibration.from_dict({**values, "edges": [0, 100]})
    with pytest.raises(ModelzooError, match="can't be read"):
        Calibration.from_dict({"level": 0.9})


@pytest.mark.parametrize("table", [predictions(0, 1, 100), predictions(0, 2, 5)])
def test_too_little_to_calibrate_with_is_refused(table):
    with pytest.raises(ModelzooError, match="Intervals need 20"):
        calibrate(table)
