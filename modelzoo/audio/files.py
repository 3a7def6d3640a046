"""Reading any audio file, and writing FLAC."""

import io
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from modelzoo.errors import AudioError

Samples = NDArray[np.float32]

# Containers that hold sound themselves; playlists, which name other files, are not among them.
FORMATS = frozenset(
    [
        "aac",
        "ac3",
        "aiff",
        "amr",
        "ape",
        "asf",
        "au",
        "avi",
        "caf",
        "dsf",
        "eac3",
        "flac",
        "matroska",
        "mov",
        "mp3",
        "mpeg",
        "mpegts",
        "ogg",
        "tta",
        "w64",
        "wav",
        "wv",
        "mpc",
        "mpc8",
        "tak",
        "dts",
    ]
)
BLOCK = 1 << 16
LOWEST_RATE, HIGHEST_RATE = 8_000, 192_000
MAX_CHANNELS = 8


@dataclass(frozen=True)
class Audio:
    """Decoded sound: `samples` (n, channels) with full scale 1, at `rate` samples per second."""

    samples: Samples
    rate: int

    @property
    def seconds(self) -> float:
        return len(self.samples) / self.rate


Source = str | os.PathLike[str] | bytes | IO[bytes]


def decode(source: Source, *, max_seconds: float | None = None) -> Audio:
    """Decode a sound file of any common format.

    Parameters
    ----------
    source : path, bytes or binary file
    max_seconds : float, optional
        A longer file is refused as soon as that much has been decoded: a small FLAC can hold ten hours.

    Returns
    -------
    Audio
        float32 samples shaped (n, channels) at the file's own rate.

    Raises
    ------
    AudioError
        Not a sound file, damaged, empty, too long, or of an unusual rate or channel count.
    """
    parts = []
    total = 0
    for block in stream(source):
        parts.append(block.samples)
        total += len(block.samples)
        if max_seconds is not None and total > max_seconds * block.rate:
            raise AudioError(f"{_name(source)} is longer than {max_seconds:g} s.")
    return Audio(np.concatenate(parts), block.rate)


def stream(source: Source) -> Iterator[Audio]:
    """Decode a sound file block by block, for what is too long to be held in memory.

    PyAV reads it, or else libsndfile, which knows some rarer formats.

    Parameters
    ----------
    source : path, bytes or binary file

    Yields
    ------
    Audio
        One block at least; all have the same rate and channels.

    Raises
    ------
    AudioError
        As `decode`.
    """
    if isinstance(source, (str, os.PathLike)) and not Path(source).is_file():
        raise AudioError(f"There is no file {source}.")
    seen = False
    try:
        for block in _by_pyav(source):
            seen = True
            yield block
    except AudioError:
        found = None if seen else _sndfile(source)
        if found is None:
            raise
        yield from _by_sndfile(found, _name(source))


def _name(source: Source) -> str:
    return Path(source).name if isinstance(source, (str, os.PathLike)) else "this"


def _by_pyav(source: Source) -> Iterator[Audio]:
    import av

    name = _name(source)
    opened: object = io.BytesIO(source) if isinstance(source, bytes) else source
    if isinstance(source, (str, os.PathLike)):
        opened = os.fspath(source)
    empty = True
    try:
        with av.open(opened, mode="r", metadata_errors="replace") as container:
            if not FORMATS & set(container.format.name.split(",")):
                raise AudioError(f"{name} is no sound file that can be used (it looks like {container.format.name}).")
            if not container.streams.audio:
                raise AudioError(f"{name} holds no sound.")
            found = container.streams.audio[0]
            rate, channels = _checked(int(found.rate), int(found.channels), name)
            for frame in container.decode(found):
                yield _block(_frame_samples(frame, channels), rate, name)
                empty = False
    except av.FFmpegError as error:
        raise AudioError(f"{name} is no sound file, or it is damaged ({error.strerror or error}).") from error
    if empty:
        raise AudioError(f"{name} holds no sound.")


def _sndfile(source: Source) -> Any:
    """The file as libsndfile opens it; None if it does not."""
    import soundfile

    if isinstance(source, bytes):
        source = io.BytesIO(source)
    elif not isinstance(source, (str, os.PathLike)):
        source.seek(0)
    try:
        file = soundfile.SoundFile(source)
    # libsndfile's complaint of what it does not know, and soundfile's of headerless files.
    except (soundfile.LibsndfileError, TypeError):
        return None
    return file if file.frames else None


def _by_sndfile(file: Any, name: str) -> Iterator[Audio]:
    with file:
        rate, _ = _checked(file.samplerate, file.channels, name)
        for samples in file.blocks(BLOCK, dtype="float32", always_2d=True):
            yield _block(samples, rate, name)


def _checked(rate: int, channels: int, name: str) -> tuple[int, int]:
    if not LOWEST_RATE <= rate <= HIGHEST_RATE:
        raise AudioError(f"{name} has {rate} samples a second; {LOWEST_RATE} to {HIGHEST_RATE} can be used.")
    if not 1 <= channels <= MAX_CHANNELS:
        raise AudioError(f"{name} has {channels} channels; 1 to {MAX_CHANNELS} can be used.")
    return rate, channels


def _block(samples: Samples, rate: int, name: str) -> Audio:
    if not np.isfinite(samples).all():
        raise AudioError(f"{name} holds samples that are no numbers (NaN or infinity).")
    return Audio(samples, rate)


def tags(file: Path) -> dict[str, str]:
    """What a sound file says of itself (title, artist, licence, …), names in lower case; empty if nothing."""
    import av

    try:
        with av.open(os.fspath(file), mode="r", metadata_errors="replace") as container:
            return {name.lower(): value.strip() for name, value in container.metadata.items() if value.strip()}
    except av.FFmpegError:
        return {}


def _frame_samples(frame: object, channels: int) -> Samples:
    """One decoded frame as (n, channels), full scale 1, whatever its sample format."""
    values: NDArray[Any] = frame.to_ndarray()  # type: ignore[attr-defined]
    values = values.T if frame.format.is_planar else values.reshape(-1, channels)  # type: ignore[attr-defined]
    if values.dtype.kind == "f":
        scaled = values
    elif values.dtype == np.uint8:
        scaled = (values.astype(np.float32) - 128) / 128
    else:
        scaled = values / -float(np.iinfo(values.dtype).min)
    samples: Samples = scaled.astype(np.float32)
    return samples


def write_flac(
    path: str | os.PathLike[str] | IO[bytes], samples: NDArray[np.floating], rate: int, bits: int = 16
) -> None:
    """Write samples, (n,) or (n, channels), as FLAC with rounding to `bits` (16 or 24).

    A path is written under another name first and then renamed, so that no half-written file is ever seen.

    Raises
    ------
    AudioError
        Samples beyond full scale, which FLAC would clip, or not finite.
    """
    import soundfile

    if not np.isfinite(samples).all():
        raise AudioError("The samples hold NaN or infinity.")
    highest = 2 ** (bits - 1)
    whole = np.rint(np.asarray(samples, dtype=np.float64) * highest)
    if whole.max(initial=0) > highest or whole.min(initial=0) < -highest:
        raise AudioError(f"The samples reach {np.abs(samples).max():.3f} of full scale: FLAC would clip them.")
    # Positive full scale itself is one step beyond what 16 or 24 bits hold.
    whole = np.minimum(whole, highest - 1).astype(np.int32) << (32 - bits)
    subtype = f"PCM_{bits}"
    if not isinstance(path, (str, os.PathLike)):
        soundfile.write(path, whole, rate, format="FLAC", subtype=subtype)
        return
    target = Path(path)
    partial = target.with_name(f".{target.name}.part")
    soundfile.write(partial, whole, rate, format="FLAC", subtype=subtype)
    partial.replace(target)


def write_wav(path: str | os.PathLike[str], samples: NDArray[np.floating], rate: int) -> None:
    """Write samples, (n,) or (n, channels), as 32-bit float WAV: beyond full scale nothing is clipped.

    It is written under another name first and then renamed.

    Raises
    ------
    AudioError
        Samples that are not finite.
    """
    import soundfile

    if not np.isfinite(samples).all():
        raise AudioError("The samples hold NaN or infinity.")
    target = Path(path)
    partial = target.with_name(f".{target.name}.part")
    soundfile.write(partial, np.asarray(samples, dtype=np.float32), rate, format="WAV", subtype="FLOAT")
    partial.replace(target)
