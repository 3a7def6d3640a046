"""A trained model as a folder, and scoring with it."""

from modelzoo.artefacts.folder import Model, Scored, Window, load, predict, save
from modelzoo.artefacts.published import import_h5

__all__ = ["Model", "Scored", "Window", "import_h5", "load", "predict", "save"]
