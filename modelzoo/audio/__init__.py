"""Sound in and out: decoding, resampling, loudness, FLAC, and the degradation processes."""

from modelzoo.audio.degrade import Degraded, cascade, degrade
from modelzoo.audio.files import Audio, decode, stream, tags, write_flac, write_wav
from modelzoo.audio.levels import loudness, normalise_loudness, resample
from modelzoo.audio.processes import ALL_PROCESSES, EXTRA_PROCESSES, PROCESSES, Process

__all__ = [
    "ALL_PROCESSES",
    "EXTRA_PROCESSES",
    "PROCESSES",
    "Audio",
    "Degraded",
    "Process",
    "cascade",
    "decode",
    "degrade",
    "loudness",
    "normalise_loudness",
    "resample",
    "stream",
    "tags",
    "write_flac",
    "write_wav",
]
