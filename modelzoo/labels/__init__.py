"""Quality labels: ViSQOL v3 in audio mode."""

from modelzoo.labels.visqol import ReferenceScorer, Score, visqol

__all__ = ["ReferenceScorer", "Score", "visqol"]
