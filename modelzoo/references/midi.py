"""The few bytes of a Standard MIDI File that a rendering needs."""

import struct
from dataclasses import dataclass

TICKS = 480
DRUMS = 9


@dataclass(frozen=True)
class Note:
    """One note: start and length in beats, MIDI key and velocity."""

    start: float
    length: float
    key: int
    velocity: int


@dataclass(frozen=True)
class Part:
    """Notes for one General MIDI program (0-127) on one channel; channel 9 is the drum kit."""

    program: int
    channel: int
    notes: tuple[Note, ...]
    volume: int = 100


def _variable(number: int) -> bytes:
    out = [number & 0x7F]
    while number := number >> 7:
        out.append(0x80 | (number & 0x7F))
    return bytes(reversed(out))


def _track(body: bytes) -> bytes:
    body += b"\x00\xff\x2f\x00"
    return b"MTrk" + struct.pack(">I", len(body)) + body


def _part(part: Part) -> bytes:
    events: list[tuple[int, int, bytes]] = []
    for note in part.notes:
        on = round(note.start * TICKS)
        off = max(on + 1, round((note.start + note.length) * TICKS))
        # An end sorts before a beginning on the same tick, else a repeated note would be cut at once.
        events.append((on, 1, bytes([0x90 | part.channel, note.key, note.velocity])))
        events.append((off, 0, bytes([0x80 | part.channel, note.key, 0])))
    body = bytes([0, 0xC0 | part.channel, part.program, 0, 0xB0 | part.channel, 7, part.volume])
    now = 0
    for at, _, message in sorted(events):
        body += _variable(at - now) + message
        now = at
    return _track(body)


def midi_bytes(parts: tuple[Part, ...], tempo: float) -> bytes:
    """Write parts as a MIDI file of format 1.

    Parameters
    ----------
    parts : tuple of Part
        What is played.
    tempo : float
        Beats a minute.

    Returns
    -------
    bytes
        The file.
    """
    beat = round(60_000_000 / tempo)
    head = b"MThd" + struct.pack(">IHHH", 6, 1, len(parts) + 1, TICKS)
    return head + _track(b"\x00\xff\x51\x03" + beat.to_bytes(3, "big")) + b"".join(map(_part, parts))
