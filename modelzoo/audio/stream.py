"""Sound that comes block by block: long files, files that still grow, streams."""

import os
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from modelzoo.audio.files import FORMATS, HIGHEST_RATE, LOWEST_RATE, MAX_CHANNELS, Samples, _frame_samples
from modelzoo.errors import AudioError

URL_STARTS = ("http://", "https://")
# A few seconds at most are read to find out what a live stream is; FFmpeg's own limits are megabytes.
_LIVE = {"probesize": "65536", "analyzeduration": "1000000"}
SECONDS_BETWEEN_READS = 0.1


class Growing:
    """A file that is still being written: `read` waits for more, and gives up after `patience` seconds without."""

    def __init__(self, path: Path, patience: float) -> None:
        self.file, self.patience = path.open("rb"), patience

    def read(self, size: int) -> bytes:
        """Up to `size` bytes; none if nothing came for too long."""
        deadline = time.monotonic() + self.patience
        while not (data := self.file.read(size)):
            if time.monotonic() >= deadline:
                return b""
            time.sleep(SECONDS_BETWEEN_READS)
        return data

    def close(self) -> None:
        self.file.close()


@contextmanager
def blocks(source: str | os.PathLike[str], *, patience: float | None = None) -> Iterator[tuple[int, Iterator[Samples]]]:
    """Open a sound: its rate, and its blocks (n, channels) with full scale 1, as they are decoded.

    Parameters
    ----------
    source : path or str
        A file; with `patience` also an http or https address.
    patience : float, optional
        Follow a file that grows, until nothing came for so many seconds; without it, a file is read to its end. How
        long an address may be silent.

    Raises
    ------
    AudioError
        Not a sound file, damaged, or of an unusual rate or channel count. Damage may also show while blocks are read.
    """
    import av

    name = str(source)
    try:
        with _opened(name, patience) as container:
            if not FORMATS & set(container.format.name.split(",")):
                raise AudioError(f"{name} is no sound file that can be used (it looks like {container.format.name}).")
            if not container.streams.audio:
                raise AudioError(f"{name} holds no sound.")
            stream = container.streams.audio[0]
            rate, channels = int(stream.rate or 0), int(stream.channels)
            if not LOWEST_RATE <= rate <= HIGHEST_RATE:
                raise AudioError(f"{name} has {rate} samples a second; {LOWEST_RATE} to {HIGHEST_RATE} can be used.")
            if not 1 <= channels <= MAX_CHANNELS:
                raise AudioError(f"{name} has {channels} channels; 1 to {MAX_CHANNELS} can be used.")
            yield rate, (_frame_samples(frame, channels) for frame in container.decode(stream))
    except av.FFmpegError as error:
        raise AudioError(f"{name} is no sound, or it is damaged ({error.strerror or error}).") from error


@contextmanager
def _opened(name: str, patience: float | None) -> Iterator[Any]:
    import av

    if name.startswith(URL_STARTS):
        if patience is None:
            raise AudioError(f"{name} is an address: it can only be watched.")
        with av.open(name, options=_LIVE, timeout=patience, metadata_errors="replace") as container:
            yield container
        return
    if not Path(name).is_file():
        raise AudioError(f"There is no file {name}.")
    if patience is None:
        with av.open(name, metadata_errors="replace") as container:
            yield container
        return
    with (
        closing(Growing(Path(name), patience)) as file,
        av.open(file, options=_LIVE, metadata_errors="replace") as container,
    ):
        yield container
