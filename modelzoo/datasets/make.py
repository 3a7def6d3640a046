"""Making one excerpt: degrade, to -23 LUFS, ViSQOL, FLAC; and later its tensor (paper, sections 2 and 3)."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelzoo.audio import Degraded, decode, degrade, loudness, write_flac
from modelzoo.datasets.plan import Chain, excerpt_name
from modelzoo.errors import ModelzooError, StoreError
from modelzoo.features import CLIP_SAMPLES, RATE, log_mel, to_bytes
from modelzoo.files import replace_text, sha256
from modelzoo.labels import ReferenceScorer
from mushra.design.loudness import TARGET_LUFS

Mono = NDArray[np.float64]
AUDIO, PARTS, CHUNKS, FEATURES_PART = "audio", "parts", ".chunks", ".features.npy.part"
MADE, FAILED = ".json", ".failed"
HIGHEST_PEAK = 0.999


@dataclass(frozen=True)
class Reference:
    """One uncompressed recording.

    `name` has no underscores, `load` gives mono samples at 48 kHz (and can be pickled, if other processes call it).
    `sha256` is the file's, where there is one. Recordings of one `group` are never split; empty: akin to no other.
    `licence` is for the data set's card.
    """

    name: str
    load: Callable[[], Mono]
    sha256: str = ""
    group: str = ""
    licence: str = ""


@dataclass(frozen=True)
class Chunk:
    """Some excerpts of one reference, for one worker."""

    folder: Path
    reference: Reference
    chains: tuple[Chain, ...]
    flavour: str


@dataclass(frozen=True)
class Made:
    """An excerpt that was made, or why it was not."""

    name: str
    error: str | None = None


@dataclass(frozen=True)
class FeatureChunk:
    """Tensors to be written: rows of the store with their excerpts."""

    folder: Path
    rows: tuple[tuple[int, str], ...]


# The last reference, ready for scoring: a worker's next chunk is mostly of the same one.
_ready: dict[tuple[Path, str], tuple[Mono, ReferenceScorer]] = {}


def forget() -> None:
    """Before a build: a reference of the same name in another build is another sound."""
    _ready.clear()


def make(chunk: Chunk) -> Iterator[Made]:
    """Make a chunk's excerpts. Each is finished by the rename of its `parts/<excerpt>.json`, or `.failed`."""
    first: tuple[int, Degraded] | None = None
    for chain in chunk.chains:
        name = excerpt_name(chunk.reference.name, chain)
        try:
            clip, scorer = _prepared(chunk)
            if first is None or first[0] != chain[0]:
                first = (chain[0], degrade(clip, RATE, chain[0], chunk.flavour))
            steps = [first[1]]
            for process in chain[1:]:
                steps.append(degrade(np.clip(steps[-1].samples, -1, 1), RATE, process, chunk.flavour))
            _write(chunk, name, chain, steps, scorer)
        except ModelzooError as error:
            replace_text(chunk.folder / PARTS / f"{name}{FAILED}", str(error))
            yield Made(name, str(error))
        else:
            yield Made(name)


def ten_seconds(samples: Mono) -> Mono:
    """Cut to 10 s; a shorter recording is looped, as the paper's listening items were."""
    if not len(samples):
        raise StoreError("a reference is empty.")
    return np.resize(samples, CLIP_SAMPLES)


def _prepared(chunk: Chunk) -> tuple[Mono, ReferenceScorer]:
    key = (chunk.folder, chunk.reference.name)
    if key not in _ready:
        _ready.clear()
        clip, _ = _to_target(ten_seconds(chunk.reference.load()))
        _ready[key] = (clip, ReferenceScorer(clip))
    return _ready[key]


def _to_target(clip: Mono) -> tuple[Mono, float]:
    """-23 LUFS, or as near as leaves the peak within full scale; and the loudness that it has then."""
    level = loudness(clip, RATE)
    gain = min(10 ** ((TARGET_LUFS - level) / 20), HIGHEST_PEAK / float(np.abs(clip).max()))
    return clip * gain, level + 20 * float(np.log10(gain))


def _write(chunk: Chunk, name: str, chain: Chain, steps: Sequence[Degraded], scorer: ReferenceScorer) -> None:
    excerpt, level = _to_target(ten_seconds(steps[-1].samples))
    moslqo = scorer.score(excerpt).moslqo
    audio = chunk.folder / AUDIO / f"{name}.flac"
    write_flac(audio, excerpt, RATE)
    row: dict[str, Any] = {
        "excerpt": name,
        "reference": chunk.reference.name,
        "processes": list(chain),
        "encoders": [f"{step.encoder} ({step.encoder_version})" for step in steps],
        "requested_bitrates": [step.requested_bitrate for step in steps],
        "effective_bitrates": [step.effective_bitrate for step in steps],
        "loudness": round(level, 2),
        "moslqo": moslqo,
        # Paper, section 2, step 7.
        "target": (moslqo - 1) / 4,
        "audio_sha256": sha256(audio.read_bytes()),
    }
    replace_text(chunk.folder / PARTS / f"{name}{MADE}", json.dumps(row))


def make_features(chunk: FeatureChunk) -> Iterator[tuple[int, str]]:
    """Write tensors of the FLAC masters into the store's rows; gives each row and its tensor's SHA-256."""
    store = np.load(chunk.folder / FEATURES_PART, mmap_mode="r+")
    for row, excerpt in chunk.rows:
        samples = decode(chunk.folder / AUDIO / f"{excerpt}.flac").samples[:, 0]
        store[row] = to_bytes(log_mel(samples))
        yield row, sha256(store[row].tobytes())
    store.flush()
