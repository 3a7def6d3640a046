"""A trained model as a folder, and scoring with it."""

from modelzoo.artefacts.folder import DEFAULT, load, save, shipped
from modelzoo.artefacts.intervals import Calibration, calibrate, coverage
from modelzoo.artefacts.model import Model
from modelzoo.artefacts.published import import_h5
from modelzoo.artefacts.scorer import Scored, Scorer, Window
from modelzoo.artefacts.shipping import export

__all__ = [
    "DEFAULT",
    "Calibration",
    "Model",
    "Scored",
    "Scorer",
    "Window",
    "calibrate",
    "coverage",
    "export",
    "import_h5",
    "load",
    "save",
    "shipped",
]
