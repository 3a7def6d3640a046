"""One recording in, its 10 s excerpts out: where to cut, how it sounds, and what is wrong with it."""

import base64
import hashlib
import json
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelzoo.audio import loudness, resample, stream, tags, write_flac
from modelzoo.errors import AudioError, ModelzooError
from modelzoo.files import replace_text, sha256
from modelzoo.references import quality
from mushra.design.loudness import TARGET_LUFS

Samples = NDArray[np.floating]

VERSION = 1
RATE, SECONDS = 48_000, 10
SHORTEST_SECONDS = 1.0
LEVEL_SECONDS = 0.5
HIGHEST_PEAK = 0.999
LONGEST_SILENCE = 1.0
# One cut-off peak a second is no accident.
MOST_CLIPPED = 10
PARTS = ".parts"
TAGS = ("title", "artist", "license", "licence", "copyright")


@dataclass(frozen=True)
class Task:
    """A recording to cut: `file` in `folder`, into `out`; seconds to begin at, or none: by loudness."""

    folder: Path
    file: str
    out: Path
    name: str
    starts: tuple[float, ...]
    excerpts: int


def cut(task: Task) -> Iterator[dict[str, Any]]:
    """Cut one recording and write down what was found in `.parts/<name>.json`, last; or take that from before."""
    part = task.out / PARTS / f"{task.name}.json"
    try:
        key = _key(task)
    except OSError as error:
        yield {"file": task.file, "name": task.name, "excerpts": [], "error": f"It can't be read: {error.strerror}."}
        return
    found = _found(part, key)
    if found is None:
        found = {"key": key, "excerpts": [], "tags": {}, "error": ""}
        try:
            found["excerpts"] = _cut(task)
            said = tags(task.folder / task.file)
            found["tags"] = {name: said[name] for name in TAGS if name in said}
        except AudioError as error:
            found["error"] = str(error)
        replace_text(part, json.dumps(found))
    yield {"file": task.file, "name": task.name, **found}


def _key(task: Task) -> str:
    """What the result depends on: the recording, where it is cut, and this code."""
    with (task.folder / task.file).open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return f"{digest} {','.join(f'{start:g}' for start in task.starts)} {task.excerpts} {VERSION}"


def _found(part: Path, key: str) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = json.loads(part.read_text())
    except (OSError, ValueError):
        return None
    whole = all((part.parents[1] / excerpt["file"]).is_file() for excerpt in found.get("excerpts", []))
    return found if found.get("key") == key and whole else None


def _cut(task: Task) -> list[dict[str, Any]]:
    # All channels on disk, not in memory: a recording may be hours long.
    with tempfile.TemporaryFile(dir=task.out) as store:
        levels: _Levels | None = None
        for block in stream(task.folder / task.file):
            levels = levels or _Levels(block.rate, block.samples.shape[1])
            levels.feed(block.samples)
            store.write(block.samples.tobytes())
        assert levels is not None
        store.flush()
        samples: NDArray[np.float32] = np.memmap(store, np.float32, "r").reshape(-1, levels.channels)
        if len(samples) < SHORTEST_SECONDS * levels.rate:
            raise AudioError(f"It is {len(samples) / levels.rate:.2f} s long: {SHORTEST_SECONDS:g} s at least.")
        starts = task.starts or loudest(np.array(levels.powers), task.excerpts)
        names = [task.name if not number else f"{task.name}-{number + 1}" for number in range(len(starts))]
        return [
            _excerpt(samples, levels.rate, start, task.out / f"{name}.flac")
            for name, start in zip(names, starts, strict=True)
        ]


class _Levels:
    """K-weighted power (BS.1770) of the mean of all channels, in blocks of half a second."""

    def __init__(self, rate: int, channels: int) -> None:
        from pyloudnorm import IIRfilter

        self.rate, self.channels = rate, channels
        self.powers: list[float] = []
        shelf, high_pass = (
            IIRfilter(4.0, 1 / np.sqrt(2), 1500.0, rate, "high_shelf"),
            IIRfilter(0.0, 0.5, 38.0, rate, "high_pass"),
        )
        self._filters = [(f.b, f.a) for f in (shelf, high_pass)]
        self._states = [np.zeros(2), np.zeros(2)]
        self._rest = np.empty(0)

    def feed(self, samples: Samples) -> None:
        from scipy.signal import lfilter

        mono = samples.mean(axis=1, dtype=np.float64)
        for number, (b, a) in enumerate(self._filters):
            mono, self._states[number] = lfilter(b, a, mono, zi=self._states[number])
        size = round(LEVEL_SECONDS * self.rate)
        squares = np.concatenate([self._rest, mono**2])
        whole = len(squares) // size * size
        self.powers += squares[:whole].reshape(-1, size).mean(axis=1).tolist()
        self._rest = squares[whole:]


def loudest(powers: NDArray[np.float64], excerpts: int) -> tuple[float, ...]:
    """Where to begin, in seconds: the 10 s whose quietest half second is loudest, then the next that do not overlap.

    Parameters
    ----------
    powers : array, shape (n,)
        Of each half second.
    excerpts : int
        How many at most.
    """
    length = round(SECONDS / LEVEL_SECONDS)
    if len(powers) <= length:
        return (0.0,)
    quietest = np.lib.stride_tricks.sliding_window_view(powers, length).min(axis=1)
    starts: list[float] = []
    while len(starts) < excerpts and np.isfinite(quietest).any():
        best = int(np.nanargmax(quietest))
        starts.append(best * LEVEL_SECONDS)
        quietest[max(0, best - length + 1) : best + length] = np.nan
    return tuple(starts)


def _excerpt(samples: NDArray[np.float32], rate: int, start: float, file: Path) -> dict[str, Any]:
    first, length = round(start * rate), SECONDS * rate
    if first >= len(samples):
        raise AudioError(f"It is {len(samples) / rate:.1f} s long: nothing begins at {start:g} s.")
    span = samples[first : first + length]
    # A second before and after, where there is one, so that the resampler's filter sees no edge.
    before = rate if first >= rate else 0
    near = samples[first - before : first + length + rate].mean(axis=1, dtype=np.float64)
    mono = resample(near, rate, RATE)[before * RATE // rate :][: SECONDS * RATE]
    level = loudness(mono, RATE)
    edge, fall = quality.spectrum_edge(span.mean(axis=1), rate)
    repeated = len(mono) < SECONDS * RATE
    whole = np.resize(mono, SECONDS * RATE)
    gain = min(10 ** ((TARGET_LUFS - level) / 20), HIGHEST_PEAK / float(np.abs(whole).max()))
    write_flac(file, whole * gain, RATE)
    return {
        "file": file.name,
        "sha256": sha256(file.read_bytes()),
        "start": start,
        "loudness": round(level, 1),
        "edge": round(edge),
        "repeated": repeated,
        "problems": _problems(span, rate, edge, fall),
        "fingerprint": base64.b64encode(quality.fingerprint(mono * gain, RATE).tobytes()).decode(),
    }


def _problems(span: NDArray[np.float32], rate: int, edge: float, fall: float) -> dict[str, str]:
    found = {}
    if (silent := quality.silent_seconds(span, rate)) >= LONGEST_SILENCE:
        found["silent"] = f"{silent:.1f} s of it are silent"
    if (clipped := quality.clipped_runs(span)) >= MOST_CLIPPED:
        found["clipped"] = f"{clipped} of its peaks are cut off"
    if quality.looks_lossy(edge, fall):
        found["lossy"] = f"its spectrum ends at {edge / 1000:.1f} kHz as if it had been through a lossy codec"
    return found


def fingerprint_of(excerpt: dict[str, Any]) -> quality.Words:
    """The fingerprint as `cut` kept it."""
    return np.frombuffer(base64.b64decode(excerpt["fingerprint"]), np.uint32)


def parsed_starts(text: str, where: str) -> tuple[float, ...]:
    """Seconds, parted by spaces.

    Raises
    ------
    ModelzooError
        Anything else, or a negative number.
    """
    try:
        starts = tuple(float(word) for word in text.split())
    except ValueError:
        starts = (-1.0,)
    if not all(0 <= start < float("inf") for start in starts):
        raise ModelzooError(f"{where}: start is {text!r}: expected seconds, such as 30 or 30 95.5.")
    return starts


def sources(folder: Path, out: Path) -> Sequence[str]:
    """Every file below a folder that may be sound, sorted; hidden ones and those below `out` left aside."""
    from modelzoo.datasets.sources import NOT_SOUND

    below = (file for file in sorted(folder.rglob("*")) if file.is_file() and out not in file.parents)
    paths = [file.relative_to(folder) for file in below]
    return [
        path.as_posix()
        for path in paths
        if path.suffix.lower() not in NOT_SOUND and not any(part.startswith(".") for part in path.parts)
    ]
