"""Models that predict how music sounds after lossy compression, and the data that they learn from.

`modelzoo.load("ours").score(samples, rate)` is the short way to a score.
"""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from modelzoo.artefacts import Model

__version__ = "0.1.0"


def load(model: str | Path = "ours") -> "Model":
    """Load a shipped model by its name, or any model from its folder: see `modelzoo.artefacts.load`."""
    from modelzoo import artefacts

    return artefacts.load(model)
