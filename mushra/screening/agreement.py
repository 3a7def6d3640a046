"""Figures about each listener that decide nothing: agreement with the others, and with oneself.

The two of the analysis of variance answer the questions of ITU-R BS.2300 (eGauge): is a listener reliable, and does a
listener hear differences? The Report's own normalisation is not used; what is computed is said below.
"""

import numpy as np
import pandas as pd
from scipy import stats

from mushra.screening.ratings import Floats, Ratings, means, sums

FIGURES = ("spearman", "stimuli", "repeated", "repeat_sd", "reliability", "discrimination", "discrimination_floor")
# Listeners ranked at a time: bounds memory for long tests.
BLOCK = 2000


def figures(ratings: Ratings) -> pd.DataFrame:
    """Agreement of every listener with the others, and with oneself (after ITU-R BS.2300; see the module's text).

    Returns
    -------
    DataFrame, index listener
        spearman: rank correlation of the listener's mean score per stimulus with the mean of the other listeners',
        over `stimuli` stimuli that somebody else has rated too; NaN for fewer than two, or constant ones.
        repeated: how many stimuli have more than one presentation. From a one-way analysis of variance over those:
        repeat_sd: pooled standard deviation between presentations, points.
        reliability: the panel's pooled standard deviation over the listener's; above 1 is better than the panel.
        discrimination: mean square between stimuli over mean square between presentations (F).
        discrimination_floor: what a listener who guesses stays below in 95 of 100 cases.
        Without repeats the last four are NaN.
    """
    result = pd.DataFrame(index=pd.Index(ratings.names, name="listener"))
    result["spearman"], result["stimuli"] = _spearman(ratings)
    for name, values in _repeats(ratings).items():
        result[name] = values
    return result[list(FIGURES)]


def _spearman(ratings: Ratings) -> tuple[Floats, Floats]:
    groups = len(ratings.stimulus_listener)
    own = means(ratings.stimulus, ratings.score, groups)
    sound = np.zeros(groups, dtype=np.int64)
    sound[ratings.stimulus] = ratings.sound
    others = np.bincount(sound, minlength=ratings.sounds)[sound] - 1
    with np.errstate(invalid="ignore", divide="ignore"):
        rest = (sums(sound, own, ratings.sounds)[sound] - own) / others
    known = others > 0
    correlations = np.full(ratings.count, np.nan)
    order = np.argsort(ratings.stimulus_listener, kind="stable")
    order = order[known[order]]
    for first in range(0, ratings.count, BLOCK):
        listener = ratings.stimulus_listener[order]
        part = order[(listener >= first) & (listener < first + BLOCK)]
        size = min(BLOCK, ratings.count - first)
        at = ratings.stimulus_listener[part] - first, sound[part]
        correlations[first : first + size] = _row_spearman(
            *(_matrix(at, values[part], (size, ratings.sounds)) for values in (own, rest))
        )
    return correlations, np.bincount(ratings.stimulus_listener[known], minlength=ratings.count).astype(np.float64)


def _matrix(at: tuple[np.ndarray, np.ndarray], values: Floats, shape: tuple[int, int]) -> Floats:
    matrix = np.full(shape, np.nan)
    # A mean over others is the same for the same scores only up to rounding: without this, ties break by chance.
    matrix[at] = np.round(values, 9)
    return matrix


def _row_spearman(first: Floats, second: Floats) -> Floats:
    """Rank correlation row by row; both are NaN in the same places."""
    ranks = [pd.DataFrame(values).rank(axis=1).to_numpy() for values in (first, second)]
    count = np.sum(~np.isnan(ranks[0]), axis=1)
    x, y = (np.nan_to_num(rank - (count[:, None] + 1) / 2) for rank in ranks)
    with np.errstate(invalid="ignore", divide="ignore"):
        result: Floats = (x * y).sum(axis=1) / np.sqrt((x**2).sum(axis=1) * (y**2).sum(axis=1))
    return result


def _repeats(ratings: Ratings) -> dict[str, Floats]:
    groups, count = len(ratings.stimulus_listener), ratings.count
    twice = ratings.presentations > 1
    rows = twice[ratings.stimulus]
    listener, score = ratings.listener[rows], ratings.score[rows]
    group_mean = means(ratings.stimulus, ratings.score, groups)[ratings.stimulus[rows]]
    within = sums(listener, (score - group_mean) ** 2, count)
    between = sums(listener, (group_mean - means(listener, score, count)[listener]) ** 2, count)
    repeated = np.bincount(ratings.stimulus_listener[twice], minlength=count).astype(np.float64)
    free_within, free_between = np.bincount(listener, minlength=count) - repeated, repeated - 1
    with np.errstate(invalid="ignore", divide="ignore"):
        own = np.sqrt(within / free_within)
        panel = np.sqrt(within.sum() / free_within.sum())
        discrimination = np.where(repeated > 1, between / free_between / own**2, np.nan)
    floor = np.full(count, np.nan)
    several = repeated > 1
    floor[several] = stats.f.ppf(0.95, free_between[several], free_within[several])
    with np.errstate(invalid="ignore", divide="ignore"):
        reliability = panel / own
    return {
        "repeated": repeated,
        "repeat_sd": own,
        "reliability": reliability,
        "discrimination": discrimination,
        "discrimination_floor": floor,
    }
