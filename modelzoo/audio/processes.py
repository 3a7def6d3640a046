"""The paper's 45 degradation processes as data (paper, section 2), and any other of the same kinds."""

from dataclasses import dataclass

MP2, MP3, AAC, VORBIS, OPUS, LOWPASS = "mp2", "mp3", "aac", "vorbis", "opus", "lowpass"
CODECS = (MP2, MP3, AAC, VORBIS, OPUS, LOWPASS)


@dataclass(frozen=True)
class Process:
    """A codec with its bitrate in kb/s, or a low-pass with its cut-off in Hz. `id` is the authors', 0 for others."""

    codec: str
    bitrate: int | None = None
    cutoff: int | None = None
    id: int = 0

    def __post_init__(self) -> None:
        if self.codec not in CODECS:
            raise ValueError(f"unknown codec {self.codec!r}: expected one of {', '.join(CODECS)}")
        if self.codec == LOWPASS:
            if self.cutoff is None or self.bitrate is not None or self.cutoff <= 0:
                raise ValueError("a low-pass has a cut-off in Hz and no bitrate")
        elif self.bitrate is None or self.cutoff is not None or self.bitrate <= 0:
            raise ValueError(f"{self.codec} has a bitrate in kb/s and no cut-off")

    @property
    def name(self) -> str:
        """Such as "mp3 48 kb/s" or "low-pass 3500 Hz"."""
        return f"low-pass {self.cutoff} Hz" if self.codec == LOWPASS else f"{self.codec} {self.bitrate} kb/s"


_BITRATES = (
    (1, MP2, (32, 48, 64, 96, 128, 192, 256, 320)),
    (9, MP3, (32, 48, 64, 96, 128, 192, 256, 320)),
    (17, AAC, (24, 32, 48, 64, 96, 128, 192, 256, 320, 512, 700)),
    (28, VORBIS, (48, 64, 96, 128, 192)),
    (33, OPUS, (24, 32, 48, 64, 96, 128, 160, 192, 256)),
)
_CUTOFFS = (42, (3500, 5000, 7500, 9000))

PROCESSES: dict[int, Process] = {
    first + index: Process(codec, bitrate=bitrate, id=first + index)
    for first, codec, bitrates in _BITRATES
    for index, bitrate in enumerate(bitrates)
} | {
    _CUTOFFS[0] + index: Process(LOWPASS, cutoff=cutoff, id=_CUTOFFS[0] + index)
    for index, cutoff in enumerate(_CUTOFFS[1])
}
