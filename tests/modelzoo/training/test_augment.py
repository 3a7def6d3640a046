"""Parts of clips, the equaliser and the louder peak: repeatable, and nothing that changes a clip's quality."""

from dataclasses import replace

import numpy as np

from modelzoo.training import PRESETS, RunConfig
from modelzoo.training.augment import LEVELS_A_DB, augmented

CONFIG = PRESETS["ours"]


def clips(count=3, edge=150):
    """Falling spectra that end at a band, as a codec leaves them."""
    noise = np.random.default_rng(0).normal(0, 10, (count, 1876, 256))
    found = np.clip(200 - 0.3 * np.arange(256) + noise, 1, 255).astype(np.uint8)
    found[:, :, edge:] = 0
    return found


def test_without_settings_clips_stay_as_they_are():
    features = clips()
    assert augmented(features, RunConfig(), 1, 1) is features


def test_the_same_numbers_give_the_same_parts_and_others_do_not():
    features = clips()
    first = augmented(features, CONFIG, 2, 3)
    np.testing.assert_array_equal(first, augmented(features, CONFIG, 2, 3))
    for other in ((replace(CONFIG, seed=9), 2, 3), (CONFIG, 3, 3), (CONFIG, 2, 4)):
        again = augmented(features, *other)
        assert again.shape != first.shape or (again != first).any()


def test_parts_have_whole_seconds_within_the_limits():
    frames = {augmented(clips(1), CONFIG, 1, batch).shape[1] for batch in range(40)}
    assert frames == {1 + seconds * 48_000 // 256 for seconds in range(CONFIG.crop_from, CONFIG.crop_to + 1)}


def test_an_edge_stays_where_it_is_and_what_is_empty_stays_empty():
    for batch in range(10):
        changed = augmented(clips(), CONFIG, 1, batch)
        assert changed.dtype == np.uint8
        assert (changed[:, :, 150:] == 0).all()
        assert (changed[:, :, 149].mean(axis=1) > 60).all()


def test_the_equaliser_is_smooth_and_about_as_strong_as_asked():
    config = RunConfig(network="ours", equaliser=4.0)
    flat = np.full((400, 20, 256), 128, dtype=np.uint8)
    moved = augmented(flat, config, 1, 1).astype(float)
    assert np.abs(np.diff(moved, axis=2)).max() < 1.5 * LEVELS_A_DB, "neighbours move together"
    spread = moved.std(axis=0).mean() / LEVELS_A_DB
    assert 2 < spread < 6


def test_a_part_is_scaled_to_its_loudest_value_or_lower():
    peaks = augmented(clips(8), CONFIG, 1, 1).max(axis=(1, 2))
    lowest = 255 - LEVELS_A_DB * CONFIG.louder_peak - 1
    assert ((peaks >= lowest) & (peaks <= 255)).all() and len(set(peaks.tolist())) > 1
