"""The networks, as functions from a name to an untrained Keras model."""

from modelzoo.nets.build import NETWORKS, WITH_BACKBONE, build, notes

__all__ = ["NETWORKS", "WITH_BACKBONE", "build", "notes"]
