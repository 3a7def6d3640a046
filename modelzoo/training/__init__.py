"""The paper's training protocol: see `modelzoo.training.train`."""

from modelzoo.training.config import PRESETS, Experiment, Progress, RunConfig, RunResult, preset_of, read_experiment
from modelzoo.training.protocol import train

__all__ = ["PRESETS", "Experiment", "Progress", "RunConfig", "RunResult", "preset_of", "read_experiment", "train"]
