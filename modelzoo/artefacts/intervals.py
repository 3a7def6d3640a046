"""Prediction intervals by split conformal prediction (Vovk, Gammerman and Shafer 2005; Lei and others 2018).

Half widths are quantiles of the errors on recordings that the network was not trained on, taken apart by the predicted
score (Mondrian conformal), because errors in the middle of the scale are larger than at its ends.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from modelzoo.errors import ModelzooError

if TYPE_CHECKING:
    import pandas as pd

LEVEL = 0.9
GROUPS = 4
FEWEST = 20
"""Errors that each group needs: with fewer, a 90 % quantile says little."""


@dataclass(frozen=True)
class Calibration:
    """`half_widths[i]` holds for predictions from `edges[i]` to `edges[i + 1]`, 0-100; `coverage` was measured."""

    level: float
    edges: tuple[float, ...]
    half_widths: tuple[float, ...]
    excerpts: int
    recordings: int
    coverage: float

    def interval(self, score: float) -> tuple[float, float]:
        """The interval of a predicted score, cut to 0-100."""
        half = self.half_widths[_group(np.array(self.edges), np.array([score]))[0]]
        return max(0.0, score - half), min(100.0, score + half)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "Calibration":
        """From a model's config.

        Raises
        ------
        ModelzooError
            The values are no calibration.
        """
        try:
            lists = {name: tuple(values[name]) for name in ("edges", "half_widths")}
            made = cls(**{**values, **lists})
        except (KeyError, TypeError) as error:
            raise ModelzooError(f"The model's calibration can't be read ({error}).") from error
        if len(made.edges) != len(made.half_widths) + 1:
            raise ModelzooError("The model's calibration can't be read (edges and widths do not fit).")
        return made


def calibrate(predictions: "pd.DataFrame", level: float = LEVEL) -> Calibration:
    """Calibrate on held-out predictions, and measure the coverage on recordings left out of the calibration in turn.

    Parameters
    ----------
    predictions : DataFrame
        Columns `reference`, `observed` and `predicted`, scores on 0-100, of recordings not trained on.
    level : float
        The share of excerpts whose observed score the interval must hold.

    Raises
    ------
    ModelzooError
        Fewer than two recordings, or too few excerpts.
    """
    predicted = predictions["predicted"].to_numpy(dtype=float)
    errors = np.abs(predicted - predictions["observed"].to_numpy(dtype=float))
    recordings = predictions["reference"].to_numpy()
    groups = min(GROUPS, len(predictions) // FEWEST)
    if groups < 1 or len(set(recordings)) < 2:
        raise ModelzooError(f"Intervals need {FEWEST} held-out excerpts of two recordings at least.")
    inner = np.quantile(predicted, np.linspace(0, 1, groups + 1)[1:-1])
    edges = np.concatenate([[0.0], inner, [100.0]])
    covered = np.zeros(len(predicted), dtype=bool)
    for name in set(recordings):
        out = recordings == name
        widths = np.array(_half_widths(edges, predicted[~out], errors[~out], level))
        covered[out] = errors[out] <= widths[_group(edges, predicted[out])]
    return Calibration(
        level,
        tuple(round(float(edge), 3) for edge in edges),
        tuple(round(width, 3) for width in _half_widths(edges, predicted, errors, level)),
        len(predicted),
        len(set(recordings)),
        round(float(covered.mean()), 4),
    )


def coverage(calibration: Calibration, predicted: Sequence[float], observed: Sequence[float]) -> float:
    """The share of observed scores that lie in their prediction's interval."""
    intervals = [calibration.interval(score) for score in predicted]
    return float(np.mean([low <= seen <= high for (low, high), seen in zip(intervals, observed, strict=True)]))


def _group(edges: NDArray[np.float64], predicted: NDArray[np.float64]) -> NDArray[np.int64]:
    return np.searchsorted(edges[1:-1], predicted, side="right")


def _half_widths(
    edges: NDArray[np.float64], predicted: NDArray[np.float64], errors: NDArray[np.float64], level: float
) -> list[float]:
    """The ceil((n + 1) level)-th smallest error of each group; of all, where a group is too small for that."""
    groups = _group(edges, predicted)
    widths = []
    for group in range(len(edges) - 1):
        own = np.sort(errors[groups == group])
        rank = int(np.ceil((len(own) + 1) * level))
        if rank > len(own):
            own = np.sort(errors)
            rank = min(len(own), int(np.ceil((len(own) + 1) * level)))
        widths.append(float(own[rank - 1]))
    return widths
