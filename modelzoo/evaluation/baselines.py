"""What a network must beat: a constant, and a line through how high the spectrum reaches."""

import numpy as np
from numpy.typing import NDArray

from modelzoo.datasets.store import TRAIN, Store

# The highest band that is, on average over time, above this share of the 80 dB range counts as the spectrum's edge.
EDGE_ABOVE = 0.15
CHUNK = 64


def mean_predictor(store: Store, rows: NDArray[np.int64]) -> NDArray[np.float64]:
    """The training targets' mean for every row, 0-100."""
    targets = store.manifest["target"].to_numpy(dtype=float)
    return np.full(len(rows), 100 * targets[store.rows(TRAIN)].mean())


def spectral_edge_predictor(store: Store, rows: NDArray[np.int64]) -> NDArray[np.float64]:
    """A second-degree polynomial of the spectrum's edge, fitted on the training split; 0-100, cut to it."""
    train = store.rows(TRAIN)
    targets = store.manifest["target"].to_numpy(dtype=float)[train]
    powers = np.vander(spectral_edges(store.features, train), 3)
    # Least squares of smallest norm: it stands even if all clips have the same edge.
    coefficients = np.linalg.lstsq(powers, targets, rcond=None)[0]
    predicted: NDArray[np.float64] = np.vander(spectral_edges(store.features, rows), 3) @ coefficients
    return 100 * np.clip(predicted, 0, 1)


def spectral_edges(features: NDArray[np.uint8], rows: NDArray[np.int64]) -> NDArray[np.float64]:
    """The edge of each row's spectrum as a share of the bands, 0 (nothing) to 1 (all of them sound)."""
    edges = np.empty(len(rows))
    for first in range(0, len(rows), CHUNK):
        means = features[rows[first : first + CHUNK]].mean(axis=1) / 255
        above = means > EDGE_ABOVE
        last = above.shape[1] - np.argmax(above[:, ::-1], axis=1)
        edges[first : first + CHUNK] = np.where(above.any(axis=1), last, 0) / above.shape[1]
    return edges
