"""Stimuli as a listener's browser gets them: nothing about the bytes tells which is which.

All stimuli of a page, the open reference too, have the same number of bytes: FLAC's PADDING block takes up the rest.
The STREAMINFO block's checksum and frame sizes, which would tell, are set to "unknown". The open reference is encoded
with other block sizes than the hidden one, so that their bytes differ.
"""

import io
import secrets
from pathlib import Path

import av
import numpy as np
import soundfile
from django.conf import settings

from library.models import Stimulus
from studies.models import SessionPage, Slot

MAGIC = b"fLaC"
STREAMINFO, PADDING = 0, 1
LAST = 0x80
STREAMINFO_BYTES = 34
STEP = 16 * 1024
HEAD_BYTES = 1024
# Stimuli are written in blocks of 4096.
OTHER_BLOCK = 4608
LARGEST_PADDING = 2**24 - 1


def page_bytes(presentation: SessionPage) -> int:
    """The size that every stimulus of the page is padded to: what the largest of them needs."""
    stimuli = list(presentation.page.stimuli.all())
    opens = [_reference_again(stimulus) for stimulus in stimuli if stimulus.kind == Stimulus.Kind.REFERENCE]
    largest = max([stimulus.file.size for stimulus in stimuli] + [path.stat().st_size for path in opens])
    return -(-(largest + HEAD_BYTES) // STEP) * STEP


def blind_file(slot: Slot) -> Path:
    """The slot's sound as a file for the browser, made at the first call."""
    size = page_bytes(slot.presentation)
    is_open = slot.position == 0
    stimulus = slot.stimulus
    path = _folder() / f"{stimulus.sha256}-{'open' if is_open else 'hidden'}-{size}.flac"
    if not path.exists():
        source = _reference_again(stimulus) if is_open else Path(stimulus.file.path)
        _write(path, padded(source.read_bytes(), size))
    return path


def _reference_again(reference: Stimulus) -> Path:
    """The reference in other bytes, for the open one; made at the first call."""
    path = _folder() / f"{reference.sha256}-again.flac"
    if not path.exists():
        _write(path, reencoded(Path(reference.file.path).read_bytes()))
    return path


def _folder() -> Path:
    return Path(settings.MEDIA_ROOT) / "blind"


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    # Two requests may make the same file: each writes its own, and the last rename wins with the same bytes.
    partial = path.with_suffix(f".{secrets.token_hex(8)}.part")
    partial.write_bytes(data)
    partial.replace(path)


def reencoded(flac: bytes) -> bytes:
    """The same samples in other bytes: in blocks of another length, nothing of the encoding stays."""
    samples, rate = soundfile.read(io.BytesIO(flac), dtype="int16", always_2d=True)
    out = io.BytesIO()
    with av.open(out, "w", format="flac") as container:
        stream = container.add_stream("flac", rate, options={"frame_size": str(OTHER_BLOCK), "compression_level": "8"})
        stream.format, stream.layout = "s16", "stereo" if samples.shape[1] == 2 else "mono"
        for start in range(0, len(samples), OTHER_BLOCK):
            block = np.ascontiguousarray(samples[start : start + OTHER_BLOCK]).reshape(1, -1)
            frame = av.AudioFrame.from_ndarray(block, format="s16", layout=stream.layout.name)
            frame.sample_rate = rate
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return out.getvalue()


def padded(flac: bytes, size: int) -> bytes:
    """The FLAC with one bare STREAMINFO block and padding to exactly `size` bytes."""
    streaminfo, frames = _split(flac)
    # Minimum and maximum frame size (bytes 4-9) and the checksum of the samples (the last 16) become "unknown".
    bare = streaminfo[:4] + bytes(6) + streaminfo[10:18] + bytes(16)
    head = MAGIC + _header(STREAMINFO, STREAMINFO_BYTES) + bare
    rest = size - len(head) - 4 - len(frames)
    if not 0 <= rest <= LARGEST_PADDING:
        raise ValueError(f"{len(frames)} bytes of sound can't be padded to {size}")
    return head + _header(PADDING | LAST, rest) + bytes(rest) + frames


def _header(kind: int, length: int) -> bytes:
    return bytes([kind]) + length.to_bytes(3, "big")


def _split(flac: bytes) -> tuple[bytes, bytes]:
    """STREAMINFO's content, and the frames."""
    if flac[:4] != MAGIC:
        raise ValueError("not a FLAC file")
    position, streaminfo = 4, b""
    while True:
        kind, length = flac[position], int.from_bytes(flac[position + 1 : position + 4], "big")
        if kind & ~LAST == STREAMINFO:
            streaminfo = flac[position + 4 : position + 4 + length]
        position += 4 + length
        if kind & LAST:
            return streaminfo, flac[position:]
