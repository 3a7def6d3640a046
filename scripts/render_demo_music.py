"""Renders the demo study's five recordings from public-domain music with FluidSynth and the FluidR3 soundfont.

Needs Debian's packages fluidsynth and fluid-soundfont-gm, and the development requirements. The scores below are
written out for Earwitness from melodies and basses in the public domain. With --check nothing is written: the
recordings are rendered again and compared with those in the repository.
"""

import argparse
import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import mido
import numpy as np
import soundfile

from modelzoo.audio import normalise_loudness, write_flac

MUSIC = Path(__file__).resolve().parents[1] / "platform" / "studies" / "demo" / "music"
SOUNDFONT = Path("/usr/share/sounds/sf2/FluidR3_GM.sf2")
RATE = 48_000
SECONDS = 9.0
FADE_SECONDS = 0.15
PEAK = 0.95
TICKS = 480
DRUMS = 9
# A quieter synthesis than FluidSynth's own leaves room for the peaks of many voices.
GAIN = 0.25
NAMES = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}

Note = tuple[float, float, int, int]  # start and length in beats, MIDI key, velocity


@dataclass(frozen=True)
class Part:
    """Notes for one General MIDI program; channel 9 is the drum kit."""

    program: int
    notes: list[Note]
    channel: int = 0
    pan: int = 64


@dataclass(frozen=True)
class Piece:
    file: str
    title: str
    composer: str
    description: str
    tempo: int
    parts: list[Part]


def key(name: str) -> int:
    """ "C4" is 60, "F#3" 54, "Bb2" 46."""
    letter, accidental, octave = name[0], name[1:-1], int(name[-1])
    return 12 * (octave + 1) + NAMES[letter] + accidental.count("#") - accidental.count("b")


def line(text: str, velocity: int = 90, held: float = 0.95) -> list[Note]:
    """Notes from words such as "D5:2" (two beats), "A3+E4:1" (a chord), "-:1" (a rest)."""
    notes, at = [], 0.0
    for word in text.split():
        names, _, beats = word.partition(":")
        length = float(beats or 1)
        if names != "-":
            for index, name in enumerate(names.split("+")):
                # Players are never quite together, nor equally loud.
                loud = velocity + (7 * len(notes) + 5 * index) % 11 - 5
                notes.append((at + 0.012 * index, length * held, key(name), loud))
        at += length
    return notes


def prelude() -> Piece:
    bars = ["C4 E4 G4 C5 E5", "C4 D4 A4 D5 F5", "B3 D4 G4 D5 F5", "C4 E4 G4 C5 E5", "C4 E4 A4 E5 A5"]
    notes: list[Note] = []
    for bar, chord in enumerate(bars):
        keys = [key(name) for name in chord.split()]
        for half in range(2):
            start = 4 * bar + 2 * half
            for step, index in enumerate([0, 1, 2, 3, 4, 2, 3, 4]):
                length = (2.0, 1.75)[step] if step < 2 else 0.27
                notes.append((start + step / 4, length, keys[index], 66 + 4 * (step == 0) + (3 * step) % 7))
    return Piece("piano.flac", "Prelude in C major, BWV 846", "J. S. Bach", "Piano alone", 112, [Part(0, notes)])


def canon() -> Piece:
    bass = "D3:2 A2:2 B2:2 F#2:2 G2:2 D2:2 G2:2 A2:2"
    top = "F#5:2 E5:2 D5:2 C#5:2 B4:2 A4:2 B4:2 C#5:2"
    second = "D5:1 F#4:1 A4:1 E4:1 D4:1 F#4:1 A4:1 C#4:1 B3:1 D4:1 F#4:1 A4:1 B4:1 G4:1 A4:1 E4:1"
    inner = "A4+D4:2 A4+C#4:2 F#4+B3:2 F#4+A3:2 D4+G3:2 D4+F#3:2 D4+G3:2 E4+A3:2"
    parts = [
        Part(48, line(top, 92, 1.05), 0, 40),
        Part(40, line(second, 80, 1.0), 1, 84),
        Part(48, line(inner, 72, 1.05), 2, 64),
        Part(43, line(bass, 84, 1.0), 3, 70),
    ]
    return Piece("strings.flac", "Canon in D", "J. Pachelbel", "Strings", 104, parts)


def saints() -> Piece:
    tune = "-:1 C5:1 E5:1 F5:1 G5:4 -:1 C5:1 E5:1 F5:1 G5:4 -:1 C5:1 E5:1 F5:1 G5:2 E5:2 C5:2 E5:2 D5:4"
    chords = "C4+E4+G4:2 " * 14 + "G3+B3+D4:4"
    bass = "C2:1 G2:1 " * 14 + "G2:1 D2:1 G2:1 B2:1"
    drums: list[Note] = []
    for beat in range(32):
        drums.append((beat, 0.2, 36 if beat % 2 == 0 else 38, 100))
        drums += [(beat + part, 0.2, 42, 84 - 20 * index) for index, part in enumerate((0.0, 0.5))]
        if beat % 8 == 0:
            drums.append((beat, 1.0, 49, 92))
        if beat % 8 == 7:
            drums += [(beat + third / 3, 0.2, 45 - third, 90) for third in range(3)]
    parts = [
        Part(66, line(tune, 104, 0.9), 0, 50),
        Part(26, line(chords, 78, 0.5), 1, 90),
        Part(33, line(bass, 96, 0.85), 2, 64),
        Part(0, drums, DRUMS),
    ]
    return Piece("band.flac", "When the Saints Go Marching In", "Traditional", "Band with drums", 208, parts)


def ode() -> Piece:
    tune = "F#4:1 F#4:1 G4:1 A4:1 A4:1 G4:1 F#4:1 E4:1 D4:1 D4:1 E4:1 F#4:1 F#4:1.5 E4:0.5 E4:2 F#4:1 F#4:1"
    second = "D4:1 D4:1 E4:1 F#4:1 F#4:1 E4:1 D4:1 C#4:1 D4:1 D4:1 C#4:1 D4:1 D4:1.5 C#4:0.5 C#4:2 D4:1 D4:1"
    third = "A3:2 A3:2 A3:2 A3:2 B3:1 B3:1 A3:2 A3:2 A3:2 A3:1 A3:1"
    bass = "D3:1 A2:1 D3:1 D3:1 D3:1 A2:1 D3:1 A2:1 B2:1 G2:1 A2:1 D3:1 A2:2 A2:1 G2:1 D3:1 D3:1"
    parts = [
        Part(56, line(tune, 100, 0.9), 0, 44),
        Part(56, line(second, 88, 0.9), 1, 78),
        Part(57, line(third, 88, 0.95), 2, 56),
        Part(58, line(bass, 92, 0.9), 3, 70),
    ]
    return Piece("brass.flac", "Ode to Joy, Symphony No. 9", "L. van Beethoven", "Brass", 108, parts)


def hundredth() -> Piece:
    soprano = "G4:2 G4:1 F#4:1 E4:1 D4:1 G4:1 A4:1 B4:3 B4:1 B4:1 B4:1 A4:1 G4:1 C5:1 B4:1 A4:2"
    alto = "D4:2 D4:1 D4:1 B3:1 B3:1 D4:1 F#4:1 G4:3 G4:1 G4:1 G4:1 F#4:1 G4:1 G4:1 G4:1 F#4:2"
    tenor = "B3:2 B3:1 A3:1 G3:1 G3:1 B3:1 D4:1 D4:3 D4:1 D4:1 D4:1 D4:1 D4:1 E4:1 D4:1 D4:2"
    bass = "G3:2 G3:1 D3:1 E3:1 G3:1 G3:1 D3:1 G2:3 G3:1 G3:1 G3:1 D3:1 B2:1 C3:1 G2:1 D3:2"
    voices = [
        Part(52, line(text, 96, 1.0), i, pan)
        for i, (text, pan) in enumerate([(soprano, 50), (alto, 78), (tenor, 56), (bass, 72)])
    ]
    organ = [note for text in (soprano, alto, tenor, bass) for note in line(text, 62, 0.98)]
    voices.append(Part(19, organ, 4))
    return Piece("choir.flac", "Old Hundredth", "L. Bourgeois", "Choir and organ", 116, voices)


PIECES = (prelude, canon, saints, ode, hundredth)


def midi(piece: Piece) -> mido.MidiFile:
    file = mido.MidiFile(ticks_per_beat=TICKS)
    head = mido.MidiTrack([mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(piece.tempo))])
    file.tracks.append(head)
    for part in piece.parts:
        events = []
        for start, length, pitch, velocity in part.notes:
            on, off = round(start * TICKS), round((start + length) * TICKS)
            events.append((on, 1, mido.Message("note_on", channel=part.channel, note=pitch, velocity=velocity)))
            events.append((off, 0, mido.Message("note_off", channel=part.channel, note=pitch)))
        track = mido.MidiTrack()
        track.append(mido.Message("program_change", channel=part.channel, program=part.program))
        track.append(mido.Message("control_change", channel=part.channel, control=10, value=part.pan))
        now = 0
        for at, _, message in sorted(events, key=lambda event: event[:2]):
            track.append(message.copy(time=at - now))
            now = at
        file.tracks.append(track)
    return file


def render(piece: Piece) -> np.ndarray:
    """Nine seconds at 48 kHz, stereo, -23 LUFS or as near as the peak allows, with short fades at both ends."""
    with tempfile.TemporaryDirectory() as folder:
        score, sound = Path(folder) / "score.mid", Path(folder) / "sound.wav"
        midi(piece).save(score)
        command = ["fluidsynth", "-ni", "-q", "-g", str(GAIN), "-r", str(RATE), "-O", "s24", "-T", "wav"]
        subprocess.run(
            [*command, "-F", str(sound), str(SOUNDFONT), str(score)], check=True, capture_output=True, timeout=120
        )
        samples, _ = soundfile.read(sound, always_2d=True)
    length = int(SECONDS * RATE)
    if len(samples) < length:
        raise SystemExit(f"{piece.title} is only {len(samples) / RATE:.1f} s long")
    samples = samples[:length].copy()
    fade = int(FADE_SECONDS * RATE)
    ramp = 0.5 - 0.5 * np.cos(np.pi * np.arange(fade) / fade)
    samples[-fade:] *= ramp[::-1, None]
    levelled = normalise_loudness(samples, RATE)
    return levelled * min(1.0, PEAK / float(np.abs(levelled).max()))


def check(pieces: list[Piece]) -> None:
    for piece in pieces:
        kept, _ = soundfile.read(MUSIC / piece.file, dtype="int16", always_2d=True)
        again = np.rint(render(piece) * 32768).astype(np.int16)
        same = np.array_equal(kept, again)
        print(f"{piece.file}: {'the same samples' if same else 'different samples'}")
        if not same:
            raise SystemExit(1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="compare with the recordings in the repository")
    arguments = parser.parse_args()
    if not shutil.which("fluidsynth") or not SOUNDFONT.is_file():
        sys.exit("FluidSynth or its soundfont is missing: apt-get install fluidsynth fluid-soundfont-gm")
    pieces = [make() for make in PIECES]
    if arguments.check:
        return check(pieces)
    entries = []
    for piece in pieces:
        write_flac(MUSIC / piece.file, render(piece), RATE)
        digest = hashlib.sha256((MUSIC / piece.file).read_bytes()).hexdigest()
        entries.append(
            {
                "file": piece.file,
                "title": piece.title,
                "composer": piece.composer,
                "description": piece.description,
                "sha256": digest,
            }
        )
        print(f"{piece.file}: {(MUSIC / piece.file).stat().st_size / 2**20:.2f} MB")
    (MUSIC / "recordings.json").write_text(json.dumps(entries, indent=2) + "\n")


if __name__ == "__main__":
    main()
