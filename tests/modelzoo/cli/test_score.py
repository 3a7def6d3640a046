"""`score` on files, folders, patterns, a growing file and a stream; and what is no music."""

import functools
import http.server
import json
import threading
import time

import numpy as np
import pytest
import soundfile
from typer.testing import CliRunner

from modelzoo import artefacts
from modelzoo.cli import app

RATE = 48_000


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *arguments):
        pass


class Level:
    """A network that hears how much of the spectrum is above half of the range."""

    def predict_on_batch(self, features):
        return np.clip((features > 127).mean(axis=(1, 2)) + 0.2, 0, 1)[:, None].astype(np.float32)


@pytest.fixture(autouse=True)
def model(monkeypatch):
    calibration = artefacts.Calibration(0.9, (0.0, 100.0), (10.0,), 100, 10, 0.9)
    found = artefacts.Model("level", Level(), {"network": "ours", "training": {"crop_from": 3}}, calibration)
    monkeypatch.setattr(artefacts, "load", lambda name: found)
    return found


def call(*arguments):
    return CliRunner().invoke(app, ["score", *map(str, arguments)])


def music(seconds, rate=RATE):
    time_axis = np.arange(round(seconds * rate)) / rate
    tones = 0.1 * np.sin(2 * np.pi * 440 * time_axis) * (1 + np.sin(6 * np.pi * time_axis))
    return tones + np.random.default_rng(0).normal(0, 0.02, len(time_axis))


def test_files_folders_and_patterns_are_scored_alike(tmp_path):
    for name in ("a.wav", "b.flac", "c.ogg"):
        soundfile.write(tmp_path / name, music(5), RATE)
    rows = json.loads(call(tmp_path, "--json").stdout)
    assert [row["file"] for row in rows] == [str(tmp_path / name) for name in ("a.wav", "b.flac", "c.ogg")]
    assert json.loads(call(tmp_path / "*.[wf]*", "--json").stdout) == rows[:2]
    row = rows[0]
    assert set(row) == {"file", "score", "interval", "timeline", "model", "flags"}
    assert row["interval"][0] < row["score"] < row["interval"][1] and row["flags"] == [] and row["model"] == "level"
    text = call(tmp_path / "a.wav").stdout
    assert f"{row['score']:.1f}" in text and f"{row['interval'][0]:.1f} to {row['interval'][1]:.1f}" in text


def test_a_long_file_has_a_timeline(tmp_path, model):
    soundfile.write(tmp_path / "long.flac", music(25), RATE)
    (row,) = json.loads(call(tmp_path / "long.flac", "--json", "--hop", "5").stdout)
    assert [window["start"] for window in row["timeline"]] == [0, 5, 10, 15]
    samples, rate = soundfile.read(tmp_path / "long.flac")
    assert row["score"] == pytest.approx(model.score_sound(samples, rate, hop=5).score, abs=0.01)


@pytest.mark.parametrize(
    ("name", "sound", "rate", "said"),
    [
        ("silence.wav", np.zeros(3 * RATE), RATE, "silent"),
        ("short.wav", music(0.2), RATE, "0.20 s long"),
        ("text.mp3", None, 0, "no sound, or it is damaged"),
        ("nothing.wav", "missing", 0, "no file"),
    ],
)
def test_what_can_not_be_scored_is_one_line_and_code_2(tmp_path, name, sound, rate, said):
    if sound is None:
        (tmp_path / name).write_text("no sound" * 1000)
    elif not isinstance(sound, str):
        soundfile.write(tmp_path / name, sound, rate)
    done = call(tmp_path / name, "--json")
    assert done.exit_code == 2 and json.loads(done.stdout) == []
    assert said in done.stderr and done.stderr.count("\n") == 1 and "Traceback" not in done.output


def test_a_low_rate_is_said_and_has_no_interval(tmp_path):
    soundfile.write(tmp_path / "phone.wav", music(5, 8000), 8000)
    (row,) = json.loads(call(tmp_path, "--json").stdout)
    assert row["flags"] == ["low-rate"] and row["interval"] is None
    assert "low-rate" in call(tmp_path).stdout and "low-rate" in call(tmp_path, "--csv").stdout


def test_watch_follows_a_file_that_grows(tmp_path):
    soundfile.write(tmp_path / "whole.mp3", music(26), RATE, format="MP3")
    data = (tmp_path / "whole.mp3").read_bytes()
    growing = tmp_path / "growing.mp3"
    growing.write_bytes(data[: len(data) // 3])

    def write():
        for part in (data[len(data) // 3 : len(data) // 2], data[len(data) // 2 :]):
            time.sleep(0.7)
            with growing.open("ab") as file:
                file.write(part)

    writer = threading.Thread(target=write)
    writer.start()
    done = call(growing, "--watch", "--json", "--patience", "2")
    writer.join()
    assert done.exit_code == 0, done.output
    *windows, whole = [json.loads(line) for line in done.stdout.splitlines()]
    assert [window["start"] for window in windows] == [0, 10]
    assert windows[1]["running"] == pytest.approx(np.mean([window["score"] for window in windows]), abs=0.01)
    (row,) = json.loads(call(tmp_path / "whole.mp3", "--json").stdout)
    assert whole["score"] == pytest.approx(row["score"], abs=0.01) and len(whole["timeline"]) == 3


def test_watch_follows_a_stream(tmp_path):
    soundfile.write(tmp_path / "radio.mp3", music(12), RATE, format="MP3")
    handler = functools.partial(Quiet, directory=str(tmp_path))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        done = call(f"http://127.0.0.1:{server.server_address[1]}/radio.mp3", "--watch")
        missing = call(f"http://127.0.0.1:{server.server_address[1]}/none.mp3", "--watch")
        server.shutdown()
    assert done.exit_code == 0, done.output
    assert "0.0 to     10.0 s" in done.stdout and "mean so far" in done.stdout
    assert missing.exit_code == 2 and missing.stderr.count("\n") == 1


@pytest.mark.parametrize("arguments", [("a", "b", "--watch"), ("a", "--json", "--csv"), ("a", "--hop", "0")])
def test_options_that_make_no_sense_are_said(tmp_path, monkeypatch, arguments):
    monkeypatch.chdir(tmp_path)
    soundfile.write("a", music(2), RATE, format="WAV")
    done = call(*arguments)
    assert done.exit_code == 2 and "Traceback" not in done.output and done.stderr.strip()
