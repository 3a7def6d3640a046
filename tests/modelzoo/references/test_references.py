import csv
import dataclasses
import hashlib
import io
import json
import shutil
from pathlib import Path

import mido
import numpy as np
import pytest
import soundfile
from typer.testing import CliRunner

from modelzoo.cli import app
from modelzoo.errors import ModelzooError
from modelzoo.references import PIECES, SOUNDFONT, compose, render_corpus
from modelzoo.references.master import Mastering, master
from modelzoo.references.midi import midi_bytes

needs_fluidsynth = pytest.mark.skipif(
    shutil.which("fluidsynth") is None or not SOUNDFONT.is_file(),
    reason="needs Debian's fluidsynth and fluid-soundfont-gm",
)


def test_a_corpus_of_250_is_varied() -> None:
    corpus = [compose(0, number) for number in range(250)]
    assert len({item.piece for item in corpus}) == PIECES >= 40
    assert len({(item.parts, item.tempo) for item in corpus}) == 250
    assert len({program for item in corpus for program in item.programs}) >= 40
    assert min(item.tempo for item in corpus) < 70 and max(item.tempo for item in corpus) > 160
    assert 50 < sum(item.drums for item in corpus) < 200
    assert {item.density for item in corpus} == {1, 2, 4}
    assert {item.reverberation for item in corpus} == {0.0, 0.2, 0.5, 0.9}
    assert 60 < sum(item.mastering.noise is not None for item in corpus) < 110
    assert max(item.mastering.shelf for item in corpus) <= 12 and len({item.mastering for item in corpus}) == 250


def test_the_seed_decides() -> None:
    assert compose(3, 77) == compose(3, 77)
    assert compose(3, 77).parts != compose(4, 77).parts


PLAIN = Mastering(0.0, 1000.0, 1.0, 0.0, None, 0)


def _level(samples: np.ndarray, hz: float) -> float:
    """RMS, in dB, of the component at `hz` in a second at 48 kHz."""
    return float(20 * np.log10(2 * np.abs(np.fft.rfft(samples)[round(hz)]) / len(samples)))


def test_mastering_brightens_bends_and_adds_noise_as_it_says() -> None:
    time = np.arange(48_000) / 48_000
    tones = 0.5 * np.sin(2 * np.pi * 50 * time) + 0.05 * np.sin(2 * np.pi * 12_000 * time)
    plain = master(tones, 48_000, PLAIN)
    np.testing.assert_allclose(plain, tones / np.abs(tones).max())
    bright = master(tones, 48_000, dataclasses.replace(PLAIN, shelf=12.0))
    assert _level(bright, 12_000) - _level(bright, 50) == pytest.approx(-20 + 12, abs=0.2)
    bent = master(tones, 48_000, dataclasses.replace(PLAIN, drive=10.0))
    assert _level(bent, 150) > _level(plain, 150) + 100
    noisy = master(tones, 48_000, dataclasses.replace(PLAIN, noise=-50.0))
    rest = noisy / noisy.std() - tones / tones.std()
    assert 20 * np.log10(rest.std()) == pytest.approx(-50, abs=0.2)
    np.testing.assert_array_equal(noisy, master(tones, 48_000, dataclasses.replace(PLAIN, noise=-50.0)))


def test_compression_brings_loud_and_quiet_nearer() -> None:
    time = np.arange(96_000) / 48_000
    steps = np.sin(2 * np.pi * 440 * time) * np.where(time < 1, 0.1, 1.0)
    squeezed = master(steps, 48_000, dataclasses.replace(PLAIN, ratio=2.0))
    quiet, loud = squeezed[24_000:48_000].std(), squeezed[72_000:].std()
    # The loud half lies 3 dB above the RMS of the whole, of which a ratio of 2 takes half.
    assert 20 * np.log10(loud / quiet) == pytest.approx(20 - 1.5, abs=0.1)


def test_another_reader_finds_the_notes() -> None:
    for number in (0, 8, 120):
        item = compose(1, number)
        file = mido.MidiFile(file=io.BytesIO(midi_bytes(item.parts, item.tempo)))
        found = sorted((m.channel, m.note, m.velocity) for track in file.tracks for m in track if m.type == "note_on")
        assert found == sorted((p.channel, n.key, n.velocity) for p in item.parts for n in p.notes)
        assert file.length >= 13


def test_missing_fluidsynth_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    result = CliRunner().invoke(app, ["render-references", "-o", str(tmp_path / "out")])
    assert result.exit_code == 2
    assert "apt-get install fluidsynth" in result.stderr and result.stderr.count("\n") == 1


@pytest.mark.skipif(shutil.which("fluidsynth") is None, reason="needs Debian's fluidsynth")
def test_missing_soundfont_says_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(ModelzooError, match="apt-get install fluid-soundfont-gm"):
        render_corpus(tmp_path, 1, soundfont=tmp_path / "none.sf2")


def test_a_count_of_nothing_is_refused(tmp_path: Path) -> None:
    assert CliRunner().invoke(app, ["render-references", "-o", str(tmp_path), "--count", "0"]).exit_code == 2


@needs_fluidsynth
def test_rendered_resumed_and_the_same_again(tmp_path: Path) -> None:
    manifest = render_corpus(tmp_path / "a", 2, seed=5)
    first = manifest.read_text()
    for row in csv.DictReader(io.StringIO(first)):
        file = tmp_path / "a" / row["file"]
        samples, rate = soundfile.read(file)
        assert (rate, samples.shape, soundfile.info(file).subtype) == (48_000, (480_000,), "PCM_16")
        assert hashlib.sha256(file.read_bytes()).hexdigest() == row["sha256"]
        assert 0.02 < np.abs(samples).max() <= 0.951
    (tmp_path / "a" / "0001.flac").unlink()
    untouched = (tmp_path / "a" / "0000.flac").stat().st_mtime_ns
    said = CliRunner().invoke(
        app, ["render-references", "-o", str(tmp_path / "a"), "--count", "2", "--seed", "5", "--json"]
    )
    assert json.loads(said.stdout)["recordings"] == 2 and manifest.read_text() == first
    assert (tmp_path / "a" / "0000.flac").stat().st_mtime_ns == untouched
    with pytest.raises(ModelzooError, match="another seed"):
        render_corpus(tmp_path / "a", 2, seed=6)
