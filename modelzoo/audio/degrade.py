"""Applying a degradation process: encode, decode, and say what the encoder really did."""

import io
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelzoo.audio import effects
from modelzoo.audio.files import decode
from modelzoo.audio.processes import (
    AAC,
    AC3,
    ALL_PROCESSES,
    CLIPPING,
    IDS,
    LC3,
    LOWPASS,
    MP2,
    MP3,
    NOISE,
    OPUS,
    REVERBERATION,
    VORBIS,
    Process,
)
from modelzoo.errors import AudioError
from mushra.design.loudness import align

Samples = NDArray[np.floating]

FLAVOURS = ("aligned", "paper")
# Encoder and container: the authors' choices by way of pydub and ffmpeg.
_PYAV = {MP2: ("mp2", "mp2"), MP3: ("libmp3lame", "mp3"), AAC: ("aac", "adts"), OPUS: ("libopus", "ogg"),
         AC3: ("ac3", "ac3")}  # fmt: skip
# libavcodec's AAC writes its version's name into the first frame, and those bits shift what all later frames get: tests
# that compare versions ask for "bitexact" here, which leaves the name out.
_CODEC_FLAGS = 0
_EFFECTS = {
    LOWPASS: effects.low_pass,
    NOISE: effects.add_noise,
    CLIPPING: effects.clip,
    REVERBERATION: effects.reverberate,
}


@dataclass(frozen=True)
class Degraded:
    """A degraded copy, and what made it. Bitrates are in kb/s, None for filters."""

    samples: NDArray[np.float64]
    encoder: str
    encoder_version: str
    requested_bitrate: int | None
    effective_bitrate: float | None


def degrade(samples: Samples, rate: int, process: int | Process, flavour: str = "aligned") -> Degraded:
    """Put sound through one process of the paper's table (section 2), or any `Process`.

    Parameters
    ----------
    samples : array, shape (n,) or (n, channels)
        Full scale 1. Encoders get 16-bit samples, as the authors' did: beyond full scale they are refused.
    rate : int
        48,000 for Opus; what the encoder takes for the others.
    process : int or Process
        An id of `ALL_PROCESSES`, 1 to 45 for the paper's, or a process.
    flavour : {"aligned", "paper"}
        "aligned": the codec's delay is taken away to the sample and the length kept, as listening tests need.
        "paper": what the decoder gives, with its delay and its length.

    Returns
    -------
    Degraded
        `samples` shaped as the input, but for the paper flavour's length.

    Raises
    ------
    AudioError
        The sound can't be encoded, or the encoder refuses these settings.
    """
    if flavour not in FLAVOURS:
        raise ValueError(f"flavour is {flavour!r}: expected 'aligned' or 'paper'")
    if isinstance(process, int):
        if process not in ALL_PROCESSES:
            raise ValueError(f"there is no process {process}: ids are {IDS}")
        process = ALL_PROCESSES[process]
    if not len(samples):
        raise AudioError("The sound to encode is empty.")
    columns = np.asarray(samples, dtype=np.float64).reshape(len(samples), -1)
    if not np.isfinite(columns).all() or np.abs(columns).max() > 1.0:
        raise AudioError("The sound to encode goes beyond full scale, or holds NaN.")
    degraded = _run(columns, rate, process)
    result = degraded.samples
    if flavour == "aligned":
        result = align(result, columns, rate)
    shaped = result.reshape(-1) if np.ndim(samples) == 1 else result
    return Degraded(
        shaped, degraded.encoder, degraded.encoder_version, degraded.requested_bitrate, degraded.effective_bitrate
    )


def cascade(
    samples: Samples, rate: int, processes: Sequence[int | Process], flavour: str = "aligned"
) -> tuple[NDArray[np.float64], list[Degraded]]:
    """Put sound through processes one after the other (paper, section 2, step 3).

    What a decoder gives beyond full scale is clipped before the next encoder, as 16-bit files between them would.

    Parameters
    ----------
    samples, rate, flavour
        As `degrade`.
    processes : sequence of int or Process
        One at least.

    Returns
    -------
    array
        The last process's samples.
    list of Degraded
        What each process did.

    Raises
    ------
    AudioError
        As `degrade`, or no process is given.
    """
    if not processes:
        raise AudioError("There is no process to apply: give one at least.")
    steps: list[Degraded] = []
    current: Samples = samples
    for process in processes:
        steps.append(degrade(np.clip(current, -1, 1) if steps else current, rate, process, flavour))
        current = steps[-1].samples
    return steps[-1].samples, steps


def _run(columns: NDArray[np.float64], rate: int, process: Process) -> Degraded:
    if process.codec in _EFFECTS:
        return _by_effect(columns, rate, process)
    encode: Callable[[NDArray[np.int16], int, Process], tuple[bytes, str, str]]
    encode = {VORBIS: _encode_vorbis, LC3: _encode_lc3}.get(process.codec, _encode_pyav)
    whole = np.clip(np.rint(columns * 32768), -32768, 32767).astype(np.int16)
    encoded, encoder, version = encode(whole, rate, process)
    decoded = decode(_decode_lc3(encoded) if process.codec == LC3 else encoded)
    return Degraded(
        decoded.samples.astype(np.float64),
        encoder,
        version,
        process.bitrate,
        round(8 * len(encoded) / (len(columns) / rate) / 1000, 1),
    )


def _by_effect(columns: NDArray[np.float64], rate: int, process: Process) -> Degraded:
    import scipy

    amount = float(process.cutoff or process.amount or 0)
    name = "butterworth" if process.codec == LOWPASS else process.codec
    return Degraded(_EFFECTS[process.codec](columns, rate, amount), name, f"scipy {scipy.__version__}", None, None)


def _encode_pyav(whole: NDArray[np.int16], rate: int, process: Process) -> tuple[bytes, str, str]:
    """Encode in this process. BytesIO can be rewound, so MP3 gets the header that tells the decoder its delay."""
    import av

    encoder, container_format = _PYAV[process.codec]
    layout = {1: "mono", 2: "stereo"}.get(whole.shape[1])
    if layout is None:
        raise AudioError(f"The sound has {whole.shape[1]} channels: codecs take one or two here.")
    file = io.BytesIO()
    try:
        with av.open(file, mode="w", format=container_format) as container:
            stream: Any = container.add_stream(encoder, rate=rate, layout=layout)
            stream.bit_rate = 1000 * (process.bitrate or 0)
            stream.codec_context.flags |= _CODEC_FLAGS
            frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(whole.reshape(1, -1)), format="s16", layout=layout)
            frame.sample_rate = rate
            for packet in [*stream.encode(frame), *stream.encode(None)]:
                container.mux(packet)
    except (av.FFmpegError, ValueError) as error:
        raise AudioError(f"{encoder} refuses {process.name} at {rate} Hz, {layout} ({error}).") from error
    major, minor, micro = av.library_versions["libavcodec"]
    return file.getvalue(), encoder, f"libavcodec {major}.{minor}.{micro}"


def _encode_vorbis(whole: NDArray[np.int16], rate: int, process: Process) -> tuple[bytes, str, str]:
    """Encode by the static ffmpeg of imageio-ffmpeg: PyAV's wheel holds no libvorbis."""
    import imageio_ffmpeg

    channels = whole.shape[1]
    raw = ["-f", "s16le", "-ar", str(rate), "-ac", str(channels), "-i", "pipe:0"]
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-hide_banner", "-loglevel", "error", *raw]
    command += ["-c:a", "libvorbis", "-b:a", f"{process.bitrate}k", "-f", "ogg", "pipe:1"]
    done = subprocess.run(command, input=whole.tobytes(), capture_output=True, timeout=300)
    if done.returncode or not done.stdout:
        reason = done.stderr.decode(errors="replace").strip().splitlines()
        raise AudioError(
            f"libvorbis refuses {process.name} at {rate} Hz ({reason[0] if reason else 'no reason given'})."
        )
    return done.stdout, "libvorbis", f"ffmpeg {imageio_ffmpeg.get_ffmpeg_version()}"


def _encode_lc3(whole: NDArray[np.int16], rate: int, process: Process) -> tuple[bytes, str, str]:
    """Encode by Debian's `elc3` (liblc3-tools): no wheel holds an LC3 encoder."""
    import soundfile

    wav = io.BytesIO()
    soundfile.write(wav, whole, rate, format="WAV", subtype="PCM_16")
    encoded = _lc3_tool("elc3", ["-b", str(1000 * (process.bitrate or 0))], wav.getvalue(), process.name)
    return encoded, "liblc3", "elc3, which tells no version"


def _decode_lc3(encoded: bytes) -> bytes:
    return _lc3_tool("dlc3", [], encoded, "what elc3 made")


def _lc3_tool(tool: str, options: list[str], data: bytes, what: str) -> bytes:
    """Run one of the two commands on a file, and give what it wrote."""
    if shutil.which(tool) is None:
        raise AudioError(f"LC3 needs the command {tool}: apt-get install liblc3-tools.")
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "in", Path(folder) / "out"
        source.write_bytes(data)
        done = subprocess.run([tool, *options, str(source), str(target)], capture_output=True, timeout=300)
        if done.returncode or not target.is_file() or not target.stat().st_size:
            raise AudioError(f"{tool} refuses {what}.")
        return target.read_bytes()
