"""`references`: from any recording to a checked 10 s reference that `build` reads."""

import csv
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pytest
import soundfile
from typer.testing import CliRunner

from modelzoo.audio import degrade, loudness, normalise_loudness, write_flac
from modelzoo.cli import app
from modelzoo.datasets.sources import read_references
from modelzoo.references import quality

RATE = 48_000
STIMULI = Path(__file__).resolve().parents[4] / "shared" / "data" / "paper-listening-test-1"


def music(seed, seconds=12.0, rate=RATE, channels=1):
    """Changing chords with bright noisy beats, of its own for every seed."""
    rng = np.random.default_rng(seed)
    time_ = np.arange(int(seconds * rate)) / rate
    out = np.zeros(len(time_))
    for first in range(0, len(time_), rate // 2):
        part = slice(first, first + rate // 2)
        for pitch in rng.uniform(100, 1500, 4):
            out[part] += sum(np.sin(2 * np.pi * pitch * k * time_[part]) / k for k in range(1, 6))
    beats = np.exp(-4 * (time_ % 0.25))[:, None] * rng.standard_normal((len(time_), channels))
    return 0.04 * out[:, None] + 0.04 * beats


def call(*arguments):
    return CliRunner().invoke(app, ["references", *(str(argument) for argument in arguments)])


def collected(*arguments):
    said = call(*arguments, "--json")
    assert said.exit_code == 0, said.output
    return json.loads(said.stdout)


def by_ffmpeg(file, samples, rate, *options):
    wav = file.with_suffix(".tmp.wav")
    soundfile.write(wav, samples, rate)
    run = [imageio_ffmpeg.get_ffmpeg_exe(), "-loglevel", "error", "-i", str(wav), *options, str(file)]
    subprocess.run(run, check=True)
    wav.unlink()


@pytest.fixture(scope="module")
def many_formats(tmp_path_factory):
    folder = tmp_path_factory.mktemp("formats")
    (folder / "album").mkdir()
    soundfile.write(folder / "a.wav", music(1, channels=2, rate=96_000), 96_000, subtype="PCM_24")
    soundfile.write(folder / "album" / "b.flac", music(2, rate=44_100), 44_100)
    soundfile.write(folder / "c.aiff", music(3, channels=6), RATE)
    soundfile.write(folder / "d.caf", music(4, rate=32_000), 32_000)
    soundfile.write(folder / "e.w64", music(5), RATE, subtype="FLOAT")
    # libsndfile reads these, and PyAV does not, or not as sound alone.
    soundfile.write(folder / "f.paf", music(6), RATE, format="PAF", subtype="PCM_24")
    soundfile.write(folder / "g.mat", music(7), RATE, format="MAT5", subtype="DOUBLE")
    by_ffmpeg(folder / "h.m4a", music(8), RATE, "-c:a", "alac", "-metadata", "title=Song of tags")
    by_ffmpeg(folder / "i.wv", music(9), RATE)
    (folder / "notes.txt").write_text("no sound")
    (folder / "text.wav").write_text("no sound")
    return folder


@pytest.fixture(scope="module")
def cut(many_formats, tmp_path_factory):
    """The folder that the command filled, and what it said."""
    out = tmp_path_factory.mktemp("cut") / "out"
    return out, collected(many_formats, "-o", out, "--licence", "CC0-1.0")


def test_any_format_rate_and_channels_become_10_s_of_mono_at_48_khz(cut):
    out, result = cut
    assert [row["original"] for row in result["excerpts"]] == [
        "a.wav", "album/b.flac", "c.aiff", "d.caf", "e.w64", "f.paf", "g.mat", "h.m4a", "i.wv"
    ]  # fmt: skip
    assert [one["file"] for one in result["left_out"]] == ["text.wav"]
    with (out / "manifest.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        data = (out / row["file"]).read_bytes()
        assert hashlib.sha256(data).hexdigest() == row["sha256"]
        info = soundfile.info(out / row["file"])
        assert (info.samplerate, info.frames, info.channels, info.subtype) == (RATE, 480_000, 1, "PCM_16")
        assert (row["licence"], row["recording"]) == ("CC0-1.0", row["file"].removesuffix(".flac"))
    assert rows[7]["title"] == "Song of tags" and rows[1]["source"] == "album/b.flac"
    assert not list(out.glob("*.part"))


def test_the_manifest_is_what_build_reads(cut):
    references, bad = read_references(cut[0], "recording")
    assert len(references) == 9 and not bad
    assert references[1].name == "album-b" and references[1].group == "album-b"
    assert references[1].licence == "CC0-1.0"
    assert len(references[1].load()) == 480_000


def test_a_cut_at_a_given_second_is_that_music_to_the_sample(tmp_path):
    (tmp_path / "in").mkdir()
    original = music(1, 25.0, channels=2)
    soundfile.write(tmp_path / "in" / "song.wav", original, RATE, subtype="FLOAT")
    result = collected(tmp_path / "in", "-o", tmp_path / "out", "--start", 2, "--start", 14.5)
    assert [(row["file"], row["start"]) for row in result["excerpts"]] == [("song.flac", 2.0), ("song-2.flac", 14.5)]
    for row in result["excerpts"]:
        found, _ = soundfile.read(tmp_path / "out" / row["file"])
        first = round(row["start"] * RATE)
        expected = normalise_loudness(original[first : first + 480_000].mean(axis=1), RATE)
        assert np.abs(found - expected).max() <= 0.6 / 32768
        assert loudness(found, RATE) == pytest.approx(-23, abs=0.05)


def test_resampling_leaves_no_edge_and_no_shift(tmp_path):
    (tmp_path / "in").mkdir()
    time_ = np.arange(20 * 44_100) / 44_100
    soundfile.write(tmp_path / "in" / "tone.wav", 0.1 * np.sin(2 * np.pi * 997 * time_), 44_100, subtype="FLOAT")
    collected(tmp_path / "in", "-o", tmp_path / "out", "--start", 5)
    found, _ = soundfile.read(tmp_path / "out" / "tone.flac")
    expected = np.sin(2 * np.pi * 997 * (5 + np.arange(480_000) / RATE))
    assert np.abs(found / np.abs(found).max() - expected).max() < 2e-3


def test_by_loudness_silence_is_not_chosen(tmp_path):
    (tmp_path / "in").mkdir()
    long = np.concatenate(
        [np.zeros((8 * RATE, 1)), music(3, 6), np.zeros((5 * RATE, 1)), music(4, 13), music(5, 9) / 9]
    )
    soundfile.write(tmp_path / "in" / "long.wav", long, RATE)
    result = collected(tmp_path / "in", "-o", tmp_path / "out")
    assert 19 <= result["excerpts"][0]["start"] <= 22
    more = collected(tmp_path / "in", "-o", tmp_path / "more", "--excerpts", 9, "--accept", "silent")
    starts = sorted(row["start"] for row in more["excerpts"])
    assert len(starts) == 3 and min(np.diff(starts)) >= 10


@pytest.fixture(scope="module")
def bad_music(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bad")
    good = music(20)[:, 0]
    write_flac(folder / "a-good.flac", good, RATE)
    write_flac(folder / "0-mp3-of-a.flac", np.clip(degrade(good, RATE, 12).samples, -1, 1), RATE)
    write_flac(folder / "b-clipped.flac", 0.5 * np.clip(8 * music(21)[:, 0], -1, 1), RATE)
    write_flac(folder / "c-mp3.flac", np.clip(degrade(music(22)[:, 0], RATE, 12).samples, -1, 1), RATE)
    # The same music, later, quieter and through a codec that leaves the treble.
    write_flac(folder / "d-copy.flac", 0.5 * degrade(good[RATE // 3 :], RATE, 22).samples, RATE)
    gap = music(24)
    gap[3 * RATE : 5 * RATE] = 0
    write_flac(folder / "e-gap.flac", gap, RATE)
    write_flac(folder / "f-silent.flac", np.zeros(12 * RATE), RATE)
    write_flac(folder / "g-short.flac", music(25, 4.0), RATE)
    write_flac(folder / "h-blip.flac", music(26, 0.5), RATE)
    return folder


def test_what_is_wrong_with_a_recording_is_found_and_said(bad_music, tmp_path):
    result = collected(bad_music, "-o", tmp_path / "out")
    assert [(row["original"], row["flags"]) for row in result["excerpts"]] == [
        ("a-good.flac", ""), ("g-short.flac", "repeated")
    ]  # fmt: skip
    reasons = {one["file"]: one["reason"] for one in result["left_out"]}
    for file, words in {
        "0-mp3-of-a.flac": "kHz as if it had been through a lossy codec",
        "b-clipped.flac": "peaks are cut off", "c-mp3.flac": "kHz as if it had been through a lossy codec",
        "d-copy.flac": "the same music as a-good.flac", "e-gap.flac": "2.0 s of it are silent",
        "f-silent.flac": "silent", "h-blip.flac": "0.50 s long",
    }.items():  # fmt: skip
        assert words in reasons.pop(file)
    assert not reasons


def test_what_is_put_up_with_is_taken_and_flagged(bad_music, tmp_path):
    accept = [word for problem in ("clipped", "lossy", "duplicate", "silent") for word in ("--accept", problem)]
    result = collected(bad_music, "-o", tmp_path / "out", *accept)
    flags = {row["original"]: row["flags"] for row in result["excerpts"]}
    assert flags == {
        "0-mp3-of-a.flac": "lossy",
        "a-good.flac": "duplicate", "b-clipped.flac": "clipped", "c-mp3.flac": "lossy", "d-copy.flac": "duplicate",
        "e-gap.flac": "silent", "g-short.flac": "repeated",
    }  # fmt: skip
    short, _ = soundfile.read(tmp_path / "out" / "g-short.flac")
    np.testing.assert_array_equal(short[: 2 * RATE], short[8 * RATE :])


@pytest.mark.parametrize(("process", "lossy"), [(2, True), (11, True), (19, True), (28, True), (36, True), (45, False)])
def test_the_edge_of_codecs_is_seen_and_a_gentle_filter_is_none(process, lossy):
    original = music(30, 5.0)[:, 0]
    assert not quality.looks_lossy(*quality.spectrum_edge(original, RATE))
    copy = np.rint(degrade(original, RATE, process).samples * 32768) / 32768
    assert quality.looks_lossy(*quality.spectrum_edge(copy, RATE)) == lossy


@pytest.mark.skipif(not STIMULI.exists(), reason="the paper's stimuli are not here (../shared)")
def test_of_the_papers_stimuli_the_references_alone_are_taken(tmp_path):
    (tmp_path / "in").mkdir()
    for file in [*STIMULI.glob("01*.flac"), *STIMULI.glob("05*.flac")]:
        (tmp_path / "in" / file.name).symlink_to(file)
    result = collected(tmp_path / "in", "-o", tmp_path / "out")
    assert [row["original"] for row in result["excerpts"]] == ["01.flac", "05.flac"]
    assert len(result["left_out"]) == 10


def test_low_tones_are_not_taken_for_clipping():
    time_ = np.arange(10 * RATE) / RATE
    tone = np.rint(16_000 * np.sin(2 * np.pi * 30 * time_))[:, None] / 32768
    assert quality.clipped_runs(tone) == 0
    assert quality.clipped_runs(np.clip(tone, -0.3, 0.3)) == 600


def test_the_folders_manifest_says_what_is_taken_and_from_where(tmp_path):
    (tmp_path / "in").mkdir()
    for name in ("one", "two", "three"):
        soundfile.write(tmp_path / "in" / f"{name}.wav", music(len(name), 24.0), RATE)
    (tmp_path / "in" / "manifest.csv").write_text(
        "file,title,licence,source,start\none.wav,First,CC-BY-4.0,a label,1 13\nthree.wav,Third,,,\ngone.wav,,,,\n"
    )
    result = collected(tmp_path / "in", "-o", tmp_path / "out", "--licence", "CC0-1.0", "--source", "us")
    assert [(row["title"], row["licence"], row["source"], row["start"]) for row in result["excerpts"][:2]] == [
        ("First", "CC-BY-4.0", "a label", 1.0), ("First", "CC-BY-4.0", "a label", 13.0)
    ]  # fmt: skip
    assert (result["excerpts"][2]["licence"], result["excerpts"][2]["source"]) == ("CC0-1.0", "us")
    assert [one["file"] for one in result["left_out"]] == ["gone.wav"]


@pytest.mark.kill
def test_killed_it_goes_on_and_ends_the_same(many_formats, cut, tmp_path):
    parts = tmp_path / "out" / ".parts"
    command = [sys.executable, "-m", "modelzoo", "references", str(many_formats), "-o", str(tmp_path / "out")]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL, start_new_session=True)
    end = time.monotonic() + 120
    while len(list(parts.glob("*.json"))) < 2:
        assert process.poll() is None and time.monotonic() < end
        time.sleep(0.005)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert not (tmp_path / "out" / "manifest.csv").exists()
    before = {file.name: file.stat().st_mtime_ns for file in parts.glob("*.json")}
    result = collected(many_formats, "-o", tmp_path / "out", "--licence", "CC0-1.0", "--workers", 2)
    assert before.items() <= {file.name: file.stat().st_mtime_ns for file in parts.glob("*.json")}.items()
    assert result["excerpts"] == cut[1]["excerpts"] and result["left_out"] == cut[1]["left_out"]


BAD = {
    "no folder": (lambda f: (f / "none", "-o", f / "out"), "no folder of recordings"),
    "an empty folder": (lambda f: (f / "empty", "-o", f / "out"), "holds no recording"),
    "onto itself": (lambda f: (f / "in", "-o", f / "in"), "the folder of the recordings itself"),
    "a corpus of another command": (lambda f: (f / "in", "-o", f / "other"), "another command made"),
    "nothing usable": (lambda f: (f / "in", "-o", f / "out"), "No recording can be used"),
    "no such problem": (lambda f: (f / "in", "-o", f / "out", "--accept", "bad"), "only silent, clipped"),
    "no second": (lambda f: (f / "start", "-o", f / "out"), "expected seconds"),
    "one name twice": (lambda f: (f / "twice", "-o", f / "out"), "would be named a-b"),
    "no file column": (lambda f: (f / "column", "-o", f / "out"), "lacks 'file'"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_one_line_and_exit_code_2(tmp_path, case):
    for name in ("in", "empty", "other", "start", "twice", "column"):
        (tmp_path / name).mkdir()
    (tmp_path / "in" / "text.wav").write_text("no sound")
    (tmp_path / "other" / "manifest.csv").write_text("file\nx.flac\n")
    (tmp_path / "start" / "manifest.csv").write_text("file,start\na.wav,soon\n")
    (tmp_path / "column" / "manifest.csv").write_text("name\na.wav\n")
    for name in ("a b.wav", "a_b.wav"):
        (tmp_path / "twice" / name).write_text("no sound")
    arguments, words = BAD[case]
    said = call(*arguments(tmp_path), "--json")
    assert said.exit_code == 2, said.output
    last = [line for line in said.stderr.strip().splitlines() if not line.startswith("1 of 1")]
    assert said.stdout == "" and len(last) == 1 and words in last[0]
    assert (tmp_path / "other" / "manifest.csv").read_text() == "file\nx.flac\n"
