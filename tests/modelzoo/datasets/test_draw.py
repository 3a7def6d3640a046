"""The draw: as uniform as the excerpts allow, recordings and codecs represented, decided by the seed."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelzoo.datasets.draw import BINS, bins_of, distribution, draw, quotas
from modelzoo.datasets.figure import draw_distribution

CODECS = ["mp2", "mp3", "aac", "vorbis", "opus", "lowpass"]


def population(size=6000, recordings=50, seed=0):
    """Heaped at the top of the scale, as music through these codecs is."""
    rng = np.random.default_rng(seed)
    scores = 1 + 3.7 * rng.beta(2.5, 1.0, size)
    references = [f"r{i:03d}" for i in rng.integers(recordings, size=size)]
    codecs = [list(rng.choice(CODECS, 2, p=[0.18, 0.18, 0.24, 0.11, 0.2, 0.09])) for _ in range(size)]
    return references, codecs, scores


def test_the_draw_is_near_uniform_where_the_population_is_not():
    references, codecs, scores = population()
    chosen = draw(references, codecs, scores, 1300, seed=1)
    assert len(set(chosen.tolist())) == 1300 and (np.diff(chosen) > 0).all()
    spread = distribution(scores, chosen)
    before, after = spread.unevenness
    assert before > 0.2 and after < 0.35 * before
    counts, available = np.array(spread.after), np.array(spread.before)
    full = counts[counts < available]
    assert full.max() - full.min() <= 1, "bins with more than enough give the same number"
    assert sum(spread.before) == 6000 and sum(spread.after) == 1300


def test_recordings_and_codecs_are_drawn_more_evenly_than_by_chance():
    references, codecs, scores = population()
    chosen = draw(references, codecs, scores, 1300, seed=1)
    bins = bins_of(scores)
    wanted = quotas(np.bincount(bins, minlength=BINS), 1300)
    rng = np.random.default_rng(5)
    chance = np.concatenate([rng.choice(np.flatnonzero(bins == b), wanted[b], replace=False) for b in range(BINS)])
    ours, theirs = (Counter(references[i] for i in rows) for rows in (chosen, chance))
    assert max(ours.values()) - min(ours.values()) <= 2
    assert max(theirs.values()) - min(theirs.values()) > 8
    ours, theirs = (Counter(codec for i in rows for codec in set(codecs[i])) for rows in (chosen, chance))
    assert max(ours.values()) / min(ours.values()) < max(theirs.values()) / min(theirs.values())
    assert set(ours) == set(CODECS)


def test_the_seed_decides():
    references, codecs, scores = population(1500)
    assert np.array_equal(draw(references, codecs, scores, 300, 1), draw(references, codecs, scores, 300, 1))
    assert not np.array_equal(draw(references, codecs, scores, 300, 1), draw(references, codecs, scores, 300, 2))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 300), min_size=1, max_size=40), st.data())
def test_quotas_are_level_water(counts, data):
    counts = np.array(counts)
    total = data.draw(st.integers(0, int(counts.sum())))
    taken = quotas(counts, total)
    assert taken.sum() == total and (taken <= counts).all() and (taken >= 0).all()
    level = taken.max(initial=0)
    assert ((taken == counts) | (taken >= level - 1)).all()


def test_more_than_there_is_can_not_be_drawn():
    with pytest.raises(ValueError, match="can't be drawn"):
        quotas(np.array([1, 2]), 4)


def test_the_ends_of_the_scale_have_a_bin():
    assert bins_of(np.array([1.0, 1.05, 4.95, 5.0])).tolist() == [0, 0, 39, 39]


def test_the_figure_is_the_same_bytes_each_time(tmp_path):
    _, _, scores = population(500)
    spread = distribution(scores, np.arange(100))
    for name in ("a.svg", "b.svg"):
        draw_distribution(spread, tmp_path / name)
    text = (tmp_path / "a.svg").read_text()
    assert text == (tmp_path / "b.svg").read_text() and "<svg" in text
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a.svg", "b.svg"]
