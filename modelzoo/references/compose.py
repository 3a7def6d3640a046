"""Pieces composed by seed: a piece has its key, chords and tune; an arrangement its players, tempo, room, mastering."""

from dataclasses import dataclass

import numpy as np

from modelzoo.references.master import Mastering, draw_mastering
from modelzoo.references.midi import DRUMS, Note, Part

PIECES = 50
"""How many pieces a corpus has; recordings beyond that are further arrangements of the same pieces."""

SECONDS = 14.0
BEATS_A_BAR = 4
SCALES = {"major": (0, 2, 4, 5, 7, 9, 11), "minor": (0, 2, 3, 5, 7, 8, 10), "dorian": (0, 2, 3, 5, 7, 9, 10)}
PROGRESSIONS = (
    (0, 3, 4, 0), (0, 5, 3, 4), (0, 4, 5, 3), (1, 4, 0, 5), (0, 2, 3, 4), (5, 3, 0, 4), (0, 6, 5, 4), (0, 3, 1, 4),
)  # fmt: skip
# General MIDI programs (tune, chords, bass), grouped so that players suit each other.
ENSEMBLES: dict[str, tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]] = {
    "piano": ((0, 1), (0, 1), (0, 1)),
    "strings": ((40, 41, 48), (48, 49, 45), (42, 43)),
    "brass": ((56, 57), (60, 61), (58,)),
    "winds": ((68, 71, 73), (71, 60), (70,)),
    "choir": ((52, 53), (52, 48), (43,)),
    "organ": ((19, 16), (19, 20), (19,)),
    "plucked": ((24, 25, 46), (24, 46, 6), (32,)),
    "mallets": ((11, 12, 9), (12, 11), (32,)),
    "rock": ((29, 30, 80), (27, 29), (33, 34)),
    "jazz": ((65, 66, 59), (26, 4, 0), (32,)),
    "synth": ((81, 82, 98), (88, 89, 90), (38, 39)),
    "accordion": ((21, 22, 40), (21, 24), (32,)),
}
ALWAYS_DRUMS = ("rock",)
NEVER_DRUMS = ("strings", "choir", "organ")


@dataclass(frozen=True)
class Arrangement:
    """One recording to be: what is played, how fast, and in which room (room size and reverberation level, 0-1)."""

    piece: int
    variant: int
    title: str
    ensemble: str
    tempo: float
    density: int
    room: float
    reverberation: float
    parts: tuple[Part, ...]
    mastering: Mastering

    @property
    def programs(self) -> tuple[int, ...]:
        """General MIDI programs of the parts, drums left out."""
        return tuple(sorted({part.program for part in self.parts if part.channel != DRUMS}))

    @property
    def drums(self) -> bool:
        """Whether a drum kit plays."""
        return any(part.channel == DRUMS for part in self.parts)


@dataclass(frozen=True)
class _Piece:
    tonic: int
    scale: tuple[int, ...]
    mode: str
    chords: tuple[int, ...]
    steps: tuple[int, ...]

    def key(self, degree: int) -> int:
        return self.tonic + 12 * (degree // 7) + self.scale[degree % 7]


def _piece(seed: int, number: int) -> _Piece:
    random = np.random.default_rng([seed, number])
    mode = str(random.choice(list(SCALES)))
    first, second = random.integers(len(PROGRESSIONS), size=2)
    steps = random.choice([-2, -1, -1, 0, 1, 1, 2, 3], size=128)
    return _Piece(
        int(random.integers(55, 67)), SCALES[mode], mode, PROGRESSIONS[first] + PROGRESSIONS[second],
        tuple(int(step) for step in steps),
    )  # fmt: skip


def compose(seed: int, number: int) -> Arrangement:
    """Compose recording `number` of the corpus of `seed`.

    Parameters
    ----------
    seed : int
        The corpus.
    number : int
        The recording, from 0. Recordings `PIECES` apart are arrangements of the same piece.

    Returns
    -------
    Arrangement
        Always the same for the same arguments.
    """
    index, variant = number % PIECES, number // PIECES
    piece = _piece(seed, index)
    random = np.random.default_rng([seed, index, variant, 1])
    ensembles = list(ENSEMBLES)
    # Neighbouring pieces and arrangements of one piece are given to different players.
    ensemble = ensembles[(index + 5 * variant) % len(ensembles)]
    tempo = round(float(random.uniform(58, 176)), 1)
    density = int(random.choice([1, 2, 4]))
    beats = int(np.ceil(SECONDS * tempo / 60))
    tune, chords, bass = (int(random.choice(programs)) for programs in ENSEMBLES[ensemble])
    parts = [
        Part(tune, 0, _tune(piece, beats, density, random)),
        Part(chords, 1, _chords(piece, beats, density, random), 82),
        Part(bass, 2, _bass(piece, beats, random), 96),
    ]
    if ensemble in ALWAYS_DRUMS or (ensemble not in NEVER_DRUMS and random.random() < 0.5):
        parts.append(Part(0, DRUMS, _drums(beats, density, random), 92))
    room, level = round(float(random.uniform(0.1, 0.9)), 2), round(float(random.choice([0.0, 0.2, 0.5, 0.9])), 2)
    title = f"Piece {index + 1} in {piece.mode}, arrangement {variant + 1}"
    mastering = draw_mastering(np.random.default_rng([seed, index, variant, 2]))
    return Arrangement(index, variant, title, ensemble, tempo, density, room, level, tuple(parts), mastering)


def _chord_at(piece: _Piece, beat: float) -> int:
    return piece.chords[int(beat // BEATS_A_BAR) % len(piece.chords)]


def _loud(random: np.random.Generator, middle: int) -> int:
    return int(np.clip(middle + random.integers(-10, 11), 1, 127))


def _tune(piece: _Piece, beats: int, density: int, random: np.random.Generator) -> tuple[Note, ...]:
    notes, at, degree, index = [], 0.0, 7, 0
    while at < beats:
        length = float(random.choice([0.5, 1.0, 1.0, 2.0])) * 2 / density
        strong = at % BEATS_A_BAR == 0
        degree = _chord_at(piece, at) + 7 if strong else degree + piece.steps[index % len(piece.steps)]
        degree = int(np.clip(degree, 4, 15))
        if strong or random.random() > 0.08:
            notes.append(Note(at, length * 0.93, piece.key(degree), _loud(random, 98)))
        at, index = at + length, index + 1
    return tuple(notes)


def _chords(piece: _Piece, beats: int, density: int, random: np.random.Generator) -> tuple[Note, ...]:
    broken = random.random() < 0.4
    notes = []
    for start in range(0, beats, 2):
        keys = [piece.key(_chord_at(piece, start) + step) for step in (0, 2, 4)]
        if broken:
            pieces = 2 * density
            for part in range(pieces):
                at = start + 2 * part / pieces
                notes.append(Note(at, 2 / pieces, keys[part % 3], _loud(random, 78)))
        else:
            notes += [Note(start, 1.9, key, _loud(random, 74)) for key in keys]
    return tuple(notes)


def _bass(piece: _Piece, beats: int, random: np.random.Generator) -> tuple[Note, ...]:
    walking = random.random() < 0.5
    notes = []
    for beat in range(0, beats, 1 if walking else 2):
        step = (0, 2, 4, 2)[beat % 4] if walking else 0
        notes.append(
            Note(beat, 0.9 if walking else 1.8, piece.key(_chord_at(piece, beat) + step) - 24, _loud(random, 92))
        )
    return tuple(notes)


def _drums(beats: int, density: int, random: np.random.Generator) -> tuple[Note, ...]:
    cymbal = int(random.choice([42, 46, 51]))
    notes = []
    for beat in range(beats):
        notes.append(Note(beat, 0.2, 36 if beat % 2 == 0 else 38, _loud(random, 102)))
        notes += [Note(beat + part / density, 0.1, cymbal, _loud(random, 74)) for part in range(density)]
        if beat % 16 == 0:
            notes.append(Note(beat, 1.0, 49, _loud(random, 90)))
    return tuple(notes)
