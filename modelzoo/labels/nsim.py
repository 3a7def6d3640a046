"""NSIM, the neurogram similarity of two patches of 30 frames, and the search for the best place of every patch.

Means, variances and covariance are taken in a 3 x 3 Gaussian window with edges repeated (Hines et al., ViSQOL, 2015).
"""

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float64]

PATCH = 30
CORNER, EDGE, MIDDLE = 0.0113033910173052, 0.0838251475442633, 0.619485845753726
INTENSITY = 1e-4
STRUCTURE = 0.03**2 / 2.0
LOWEST = -1e308


def band_similarity(reference: Floats, degraded: Floats) -> Floats:
    """NSIM of two patches (frames, bands), averaged over frames: one value a band."""
    mean_r, mean_d = _smooth(reference), _smooth(degraded)
    var_r = _smooth(reference * reference) - mean_r**2
    var_d = _smooth(degraded * degraded) - mean_d**2
    covariance = _smooth(reference * degraded) - mean_r * mean_d
    intensity = (2 * mean_r * mean_d + INTENSITY) / (mean_r**2 + mean_d**2 + INTENSITY)
    structure = (covariance + STRUCTURE) / (np.sqrt(np.maximum(var_r * var_d, 0)) + STRUCTURE)
    similarity: Floats = (intensity * structure).mean(axis=0)
    return similarity


def _smooth(patch: Floats) -> Floats:
    p = np.pad(patch, 1, mode="edge")
    edges = p[1:-1, :-2] + p[1:-1, 2:] + p[:-2, 1:-1] + p[2:, 1:-1]
    corners = p[:-2, :-2] + p[:-2, 2:] + p[2:, :-2] + p[2:, 2:]
    return MIDDLE * p[1:-1, 1:-1] + EDGE * edges + CORNER * corners


@njit(cache=True, nogil=True)
def _pad_bands(frames):  # type: ignore[no-untyped-def]
    count, bands = frames.shape
    padded = np.empty((count, bands + 2))
    for t in range(count):
        for b in range(bands):
            padded[t, b + 1] = frames[t, b]
        padded[t, 0] = frames[t, 0]
        padded[t, bands + 1] = frames[t, bands - 1]
    return padded


@njit(cache=True, nogil=True)
def _smooth_frame(before, frame, after, out):  # type: ignore[no-untyped-def]
    for b in range(out.shape[0]):
        edges = frame[b] + frame[b + 2] + before[b + 1] + after[b + 1]
        corners = before[b] + before[b + 2] + after[b] + after[b + 2]
        out[b] = MIDDLE * frame[b + 1] + EDGE * edges + CORNER * corners


@njit(cache=True, nogil=True)
def _statistics(padded):  # type: ignore[no-untyped-def]
    """Mean and signed deviation of every frame: inside a patch (0), as its first (1) and as its last frame (2)."""
    count = padded.shape[0]
    bands = padded.shape[1] - 2
    mean = np.empty((3, count, bands))
    deviation = np.empty((3, count, bands))
    squares = padded * padded
    second = np.empty(bands)
    for t in range(count):
        for place in range(3):
            before = t if place == 1 else max(t - 1, 0)
            after = t if place == 2 else min(t + 1, count - 1)
            _smooth_frame(padded[before], padded[t], padded[after], mean[place, t])
            _smooth_frame(squares[before], squares[t], squares[after], second)
            for b in range(bands):
                variance = second[b] - mean[place, t, b] * mean[place, t, b]
                deviation[place, t, b] = math.sqrt(variance) if variance >= 0 else -math.sqrt(-variance)
    return mean, deviation


@njit(cache=True, nogil=True, error_model="numpy")
def _patch_score(product, padded_r, mean_r, dev_r, padded_d, mean_d, dev_d, offset, smooth, total):  # type: ignore[no-untyped-def]
    frames = product.shape[0]
    bands = total.shape[0]
    for t in range(frames):
        for b in range(bands + 2):
            product[t, b] = padded_r[t, b] * padded_d[offset + t, b]
    total[:] = 0.0
    for t in range(frames):
        place = 1 if t == 0 else (2 if t == frames - 1 else 0)
        before = product[t - 1 if t > 0 else 0]
        after = product[t + 1 if t < frames - 1 else frames - 1]
        _smooth_frame(before, product[t], after, smooth)
        for b in range(bands):
            mr = mean_r[place, t, b]
            md = mean_d[place, offset + t, b]
            spread = dev_r[place, t, b] * dev_d[place, offset + t, b]
            denominator = (spread if spread > 0.0 else 0.0) + STRUCTURE
            both = mr * md
            total[b] += ((2 * both + INTENSITY) * (smooth[b] - both + STRUCTURE)) / (
                (mr * mr + md * md + INTENSITY) * denominator
            )
    score = 0.0
    for b in range(bands):
        score += total[b]
    return score / (frames * bands)


@njit(cache=True, nogil=True, error_model="numpy")
def best_offsets(reference, starts, degraded, patches, reach):  # type: ignore[no-untyped-def]
    """Where each reference patch lies best in the degraded spectrogram, all in order: dynamic programming over NSIM.

    Returns the offsets, and for each patch whether it was found to be lost.
    """
    frames, bands = degraded.shape
    longer = np.zeros((frames + PATCH, bands))
    longer[:frames] = degraded
    padded_d = _pad_bands(longer)
    mean_d, dev_d = _statistics(padded_d)
    best = np.zeros((len(starts), frames))
    came_from = np.full((len(starts), frames), -1, np.int64)
    previous_best = np.empty(frames)
    previous_at = np.empty(frames, np.int64)
    product = np.empty((PATCH, bands + 2))
    smooth = np.empty(bands)
    total = np.empty(bands)
    for p in range(patches):
        padded_r = _pad_bands(reference[starts[p] : starts[p] + PATCH])
        mean_r, dev_r = _statistics(padded_r)
        low = max(0, starts[p] - reach)
        high = min(frames - 1, starts[p] + reach)
        if p > 0:
            highest = LOWEST
            at = -1
            for o in range(max(0, starts[p - 1] - reach), high + 1):
                previous_best[o] = highest
                previous_at[o] = at
                if best[p - 1, o] >= highest:
                    highest = best[p - 1, o]
                    at = o
        for o in range(low, high + 1):
            score = _patch_score(product, padded_r, mean_r, dev_r, padded_d, mean_d, dev_d, o, smooth, total)
            past = -1
            if p > 0:
                score += previous_best[o]
                past = previous_at[o]
                if best[p - 1, o] > score:
                    score = best[p - 1, o]
                    past = o
            best[p, o] = score
            came_from[p, o] = past
    last = patches - 1
    offset = max(0, starts[last] - reach)
    highest = LOWEST
    for o in range(offset, min(frames - 1, starts[last] + reach) + 1):
        if best[last, o] > highest:
            highest = best[last, o]
            offset = o
    offsets = np.empty(patches, np.int64)
    lost = np.zeros(patches, np.bool_)
    for p in range(last, -1, -1):
        offsets[p] = offset
        lost[p] = offset == came_from[p, offset]
        offset = came_from[p, offset]
    return offsets, lost
