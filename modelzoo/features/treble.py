"""Whether music has treble: what has none loses none, so that a network can't hear what happened to it."""

import numpy as np
from numpy.typing import NDArray

from modelzoo.features.logmel import TOP_DB, band_centres

FROM_HZ, UP_TO_HZ = 10_000.0, 14_000.0
PERCENTILE = 90
LOWEST_TREBLE = -74.0
"""The least that training needs, dB: below it there is nothing but the last steps of the features' range."""


def treble(features: NDArray[np.uint8]) -> float:
    """How much there is between 10 and 14 kHz in the louder moments, dB below the loudest of any band.

    A low-pass takes nothing from a recording that has nothing there, so that its coded versions score well against it;
    but they look like coded versions of other music that score badly.

    Parameters
    ----------
    features : array of uint8, shape (frames, 256)
        As `to_bytes(log_mel(samples))` makes them.

    Returns
    -------
    float
        The 90th percentile over frames of the mean over these bands: -80 (the end of the features' range) to 0.
    """
    hz = band_centres()
    levels = features[:, (hz > FROM_HZ) & (hz < UP_TO_HZ)].mean(axis=1) * (TOP_DB / 255) - TOP_DB
    return float(np.percentile(levels, PERCENTILE))
