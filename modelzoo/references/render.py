"""Rendering a corpus: FluidSynth for each recording, a manifest for all, resumed where it was left."""

import csv
import hashlib
import io
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from modelzoo.errors import AudioError, ModelzooError
from modelzoo.references.compose import Arrangement, compose
from modelzoo.references.master import master
from modelzoo.references.midi import midi_bytes

SOUNDFONT = Path("/usr/share/sounds/sf2/FluidR3_GM.sf2")
RATE = 48_000
SECONDS = 10.0
SKIP_SECONDS = 1.0
FADE_SECONDS = 0.02
PEAK = 0.95
# FluidSynth's own gain can clip where many voices meet.
GAIN = 0.2
# Goes up when the same seed would give other samples.
VERSION = 2
LICENCE = "CC0-1.0"
SOURCE = "composed by modelzoo.references, rendered with FluidSynth and FluidR3_GM (MIT)"
COLUMNS = (
    "file", "title", "licence", "source", "sha256", "seed", "piece", "instruments", "ensemble", "tempo", "density",
    "drums", "room", "reverberation", "shelf", "corner", "ratio", "drive", "noise",
)  # fmt: skip


def find_tools(soundfont: Path = SOUNDFONT) -> str:
    """Find FluidSynth and the soundfont.

    Parameters
    ----------
    soundfont : Path
        The soundfont's file.

    Returns
    -------
    str
        The path of the `fluidsynth` command.

    Raises
    ------
    ModelzooError
        If either is missing; the sentence says what to install.
    """
    command = shutil.which("fluidsynth")
    if command is None:
        raise ModelzooError("FluidSynth is missing: apt-get install fluidsynth")
    if not soundfont.is_file():
        raise ModelzooError(f"the soundfont {soundfont} is missing: apt-get install fluid-soundfont-gm")
    return command


def render(arrangement: Arrangement, command: str, soundfont: Path = SOUNDFONT) -> NDArray[np.float64]:
    """Render 10 s of an arrangement, mastered.

    Parameters
    ----------
    arrangement : Arrangement
        What is played.
    command : str
        The `fluidsynth` command.
    soundfont : Path
        The soundfont's file.

    Returns
    -------
    numpy.ndarray
        (480000,) mono at 48 kHz, -23 LUFS or as near as the peak allows.

    Raises
    ------
    AudioError
        If FluidSynth fails or gives too little sound.
    """
    import soundfile

    from modelzoo.audio import normalise_loudness

    with tempfile.TemporaryDirectory() as folder:
        score, sound = Path(folder) / "score.mid", Path(folder) / "sound.wav"
        score.write_bytes(midi_bytes(arrangement.parts, arrangement.tempo))
        room = [
            "-o",
            f"synth.reverb.room-size={arrangement.room}",
            "-o",
            f"synth.reverb.level={arrangement.reverberation}",
        ]
        options = ["-ni", "-q", "-g", str(GAIN), "-r", str(RATE), "-O", "s24", "-T", "wav", *room]
        try:
            subprocess.run(
                [command, *options, "-F", str(sound), str(soundfont), str(score)],
                check=True, capture_output=True, timeout=300,
            )  # fmt: skip
            stereo, _ = soundfile.read(sound, always_2d=True)
        except (subprocess.SubprocessError, soundfile.LibsndfileError) as error:
            raise AudioError(f"FluidSynth could not render {arrangement.title}") from error
    first, length = int(SKIP_SECONDS * RATE), int(SECONDS * RATE)
    mono = stereo.mean(axis=1)[first : first + length]
    if len(mono) < length:
        raise AudioError(f"{arrangement.title} is too short")
    mono = master(mono, RATE, arrangement.mastering)
    fade = 0.5 - 0.5 * np.cos(np.pi * np.arange(int(FADE_SECONDS * RATE)) / int(FADE_SECONDS * RATE))
    mono[: len(fade)] *= fade
    mono[-len(fade) :] *= fade[::-1]
    levelled: NDArray[np.float64] = normalise_loudness(mono, RATE)
    return levelled * min(1.0, PEAK / float(np.abs(levelled).max()))


def render_corpus(
    folder: Path, count: int = 250, seed: int = 0, *, soundfont: Path = SOUNDFONT,
    progress: Callable[[int, int], None] = lambda done, count: None,
) -> Path:  # fmt: skip
    """Render a corpus of 10 s recordings, or what is missing of it.

    Parameters
    ----------
    folder : Path
        Where FLAC files, `manifest.csv` and `corpus.json` go.
    count : int
        How many recordings.
    seed : int
        The same seed gives the same samples (with the same FluidSynth and soundfont).
    soundfont : Path
        The soundfont's file.
    progress : callable
        Told how many are done, and of how many, after each.

    Returns
    -------
    Path
        The manifest.

    Raises
    ------
    ModelzooError
        If a tool is missing, or the folder holds a corpus of another seed, soundfont, FluidSynth or version.
    """
    if count < 1 or seed < 0:
        raise ModelzooError("count must be at least 1, and seed at least 0")
    command = find_tools(soundfont)
    folder.mkdir(parents=True, exist_ok=True)
    _same_corpus(folder, _identity(seed, command, soundfont))
    rows = []
    for number in range(count):
        arrangement = compose(seed, number)
        file = folder / f"{number:04d}.flac"
        if not file.is_file():
            _write(file, render(arrangement, command, soundfont))
        rows.append(_row(file, arrangement, seed))
        progress(number + 1, count)
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return _replace(folder / "manifest.csv", text.getvalue())


def _identity(seed: int, command: str, soundfont: Path) -> dict[str, object]:
    with soundfont.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    said = subprocess.run([command, "--version"], capture_output=True, text=True, timeout=60).stdout
    version = next((line.split()[-1] for line in said.splitlines() if "runtime version" in line), "unknown")
    return {
        "version": VERSION, "seed": seed, "soundfont_sha256": digest, "fluidsynth": version, "rate": RATE,
        "seconds": SECONDS,
    }  # fmt: skip


def _same_corpus(folder: Path, identity: dict[str, object]) -> None:
    kept = folder / "corpus.json"
    if not kept.is_file():
        _replace(kept, json.dumps(identity, indent=2) + "\n")
        return
    try:
        same = json.loads(kept.read_text()) == identity
    except ValueError:
        same = False
    if not same:
        raise ModelzooError(
            f"{folder} holds a corpus of another seed, soundfont, FluidSynth or version: choose another folder"
        )


def _write(file: Path, samples: NDArray[np.float64]) -> None:
    from modelzoo.audio import write_flac

    # A killed run leaves at most a file of another name, which the next one writes over.
    part = file.with_name(f".part-{file.name}")
    write_flac(part, samples, RATE)
    os.replace(part, file)


def _replace(file: Path, text: str) -> Path:
    part = file.with_name(f".part-{file.name}")
    part.write_text(text, encoding="utf-8")
    os.replace(part, file)
    return file


def _row(file: Path, arrangement: Arrangement, seed: int) -> dict[str, object]:
    how = arrangement.mastering
    return {
        "file": file.name, "title": arrangement.title, "licence": LICENCE, "source": SOURCE,
        "sha256": hashlib.sha256(file.read_bytes()).hexdigest(), "seed": seed, "piece": arrangement.piece,
        "instruments": " ".join(map(str, arrangement.programs)), "ensemble": arrangement.ensemble,
        "tempo": arrangement.tempo, "density": arrangement.density, "drums": arrangement.drums,
        "room": arrangement.room, "reverberation": arrangement.reverberation, "shelf": how.shelf, "corner": how.corner,
        "ratio": how.ratio, "drive": how.drive, "noise": "" if how.noise is None else how.noise,
    }  # fmt: skip
