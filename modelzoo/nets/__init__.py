"""The networks, as functions from a name to an untrained Keras model."""

from modelzoo.nets.build import ANY_LENGTH, NETWORKS, WITH_BACKBONE, build, notes

__all__ = ["ANY_LENGTH", "NETWORKS", "WITH_BACKBONE", "build", "notes"]
