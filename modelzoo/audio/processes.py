"""Degradation processes as data: the paper's 45 (paper, section 2), further ones that are off by default, any other."""

from dataclasses import dataclass

MP2, MP3, AAC, VORBIS, OPUS, AC3, LC3, LOWPASS = "mp2", "mp3", "aac", "vorbis", "opus", "ac3", "lc3", "lowpass"
NOISE, CLIPPING, REVERBERATION = "noise", "clipping", "reverberation"
BITRATE, CUTOFF, AMOUNT = "bitrate", "cutoff", "amount"
# Which of its three numbers a process has, and how its name says it.
KINDS = {
    **dict.fromkeys((MP2, MP3, AAC, VORBIS, OPUS, AC3, LC3), (BITRATE, "{codec} {value} kb/s")),
    LOWPASS: (CUTOFF, "low-pass {value} Hz"),
    NOISE: (AMOUNT, "noise {value:g} dB below"),
    CLIPPING: (AMOUNT, "clipping by {value:g} dB"),
    REVERBERATION: (AMOUNT, "reverberation {value:g} s"),
}


@dataclass(frozen=True)
class Process:
    """One degradation. `id` is the authors', above 100 for ours, 0 for others.

    Codecs have a `bitrate` in kb/s, a low-pass its `cutoff` in Hz, the others an `amount`: noise its distance below the
    music in dB, clipping by how many dB peaks are cut, reverberation the time in s in which it falls by 60 dB.
    """

    codec: str
    bitrate: int | None = None
    cutoff: int | None = None
    id: int = 0
    amount: float | None = None

    def __post_init__(self) -> None:
        if self.codec not in KINDS:
            raise ValueError(f"unknown codec {self.codec!r}: expected one of {', '.join(KINDS)}")
        needed, _ = KINDS[self.codec]
        values = {BITRATE: self.bitrate, CUTOFF: self.cutoff, AMOUNT: self.amount}
        value = values.pop(needed)
        if value is None or value <= 0 or any(other is not None for other in values.values()):
            raise ValueError(f"{self.codec} has a {needed} above 0, and no {' or '.join(values)}")

    @property
    def name(self) -> str:
        """Such as "mp3 48 kb/s" or "low-pass 3500 Hz"."""
        needed, text = KINDS[self.codec]
        return text.format(codec=self.codec, value=getattr(self, needed))


def _numbered(*families: tuple[int, str, tuple[float, ...]]) -> dict[int, Process]:
    return {
        first + index: Process(codec, id=first + index, **{KINDS[codec][0]: value})  # type: ignore[arg-type]
        for first, codec, values in families
        for index, value in enumerate(values)
    }


PROCESSES: dict[int, Process] = _numbered(
    (1, MP2, (32, 48, 64, 96, 128, 192, 256, 320)),
    (9, MP3, (32, 48, 64, 96, 128, 192, 256, 320)),
    (17, AAC, (24, 32, 48, 64, 96, 128, 192, 256, 320, 512, 700)),
    (28, VORBIS, (48, 64, 96, 128, 192)),
    (33, OPUS, (24, 32, 48, 64, 96, 128, 160, 192, 256)),
    (42, LOWPASS, (3500, 5000, 7500, 9000)),
)
"""The paper's."""

EXTRA_PROCESSES: dict[int, Process] = _numbered(
    (101, NOISE, (40, 30, 20)),
    (111, CLIPPING, (3, 6, 12)),
    (121, REVERBERATION, (0.3, 0.8, 2.0)),
    (131, AC3, (64, 96, 192)),
    (141, LC3, (32, 64, 96)),
)
"""Not the paper's: used only where they are named."""

ALL_PROCESSES = PROCESSES | EXTRA_PROCESSES
IDS = "1 to 45 (the paper's), " + ", ".join(str(number) for number in EXTRA_PROCESSES)
