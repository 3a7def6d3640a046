"""What the networks see: log-mel spectrograms."""

from modelzoo.features.logmel import BANDS, CLIP_FRAMES, CLIP_SAMPLES, HOP, RATE, band_centres, log_mel, to_bytes
from modelzoo.features.treble import LOWEST_TREBLE, treble

__all__ = [
    "BANDS",
    "CLIP_FRAMES",
    "CLIP_SAMPLES",
    "HOP",
    "LOWEST_TREBLE",
    "RATE",
    "band_centres",
    "log_mel",
    "to_bytes",
    "treble",
]
