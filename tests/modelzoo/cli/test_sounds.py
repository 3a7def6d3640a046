"""`degrade`, `score-pair` and `features` as a user calls them, and what they say to bad input."""

import json
import subprocess
import sys

import numpy as np
import pytest
import soundfile
from typer.testing import CliRunner

from modelzoo.audio import PROCESSES, degrade
from modelzoo.cli import app
from modelzoo.features import log_mel
from modelzoo.labels import visqol

RATE = 48_000


def call(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def music(seconds=3.0, channels=1, rate=RATE):
    rng = np.random.default_rng(2)
    time = np.arange(int(seconds * rate)) / rate
    tones = sum(np.sin(2 * np.pi * 170 * k * time + k) / k for k in range(1, 40))
    return 0.06 * tones[:, None] + 0.04 * rng.standard_normal((len(time), channels))


@pytest.fixture
def reference(tmp_path):
    file = tmp_path / "reference.wav"
    soundfile.write(file, music(), RATE, subtype="PCM_16")
    return file


@pytest.fixture
def text(tmp_path):
    file = tmp_path / "text.wav"
    file.write_text("no sound")
    return file


@pytest.mark.parametrize("flavour", ["paper", "aligned"])
def test_degrade_writes_what_the_library_gives_and_reports_the_encoder(reference, tmp_path, flavour):
    out = tmp_path / "out.wav"
    said = call("degrade", reference, "--process", 17, "--process", 42, "--flavour", flavour, "-o", out, "--json")
    assert said.exit_code == 0, said.output
    original, _ = soundfile.read(reference)
    first = degrade(original, RATE, 17, flavour)
    expected = degrade(first.samples, RATE, 42, flavour).samples
    found, rate = soundfile.read(out)
    assert rate == RATE and np.abs(found - expected).max() < 1e-6
    assert (len(found) == len(original)) == (flavour == "aligned")
    steps = json.loads(said.stdout)["steps"]
    assert [step["process"] for step in steps] == [17, 42]
    assert steps[0]["encoder"] == "aac" and steps[0]["effective_bitrate"] == first.effective_bitrate
    assert steps[1]["requested_bitrate"] is None


def test_degrade_keeps_stereo_and_resamples_with_a_line_that_says_so(tmp_path):
    source = tmp_path / "cd.wav"
    soundfile.write(source, music(channels=2, rate=44_100), 44_100)
    said = call("degrade", source, "-p", 36, "-o", tmp_path / "out.flac")
    assert said.exit_code == 0 and "44100" in said.stderr
    assert soundfile.read(tmp_path / "out.flac")[0].shape == (3 * RATE, 2)


def test_score_pair_averages_channels_and_prints_json_alone(reference, tmp_path):
    original, _ = soundfile.read(reference)
    copy = degrade(original, RATE, 42).samples
    soundfile.write(tmp_path / "stereo.wav", np.stack([copy + 0.1 * original, copy - 0.1 * original], 1), RATE, "FLOAT")
    said = call("score-pair", reference, tmp_path / "stereo.wav", "--json")
    assert said.exit_code == 0, said.output
    found = json.loads(said.stdout)
    assert set(found) == {"moslqo", "reference", "degraded", "implementation", "version"}
    assert found["moslqo"] == pytest.approx(visqol(original, copy).moslqo, abs=1e-3)
    assert call("score-pair", reference, tmp_path / "stereo.wav").stdout.startswith(f"{found['moslqo']:.4f}")


def test_features_are_the_librarys(reference, tmp_path):
    said = call("features", reference, "-o", tmp_path / "out.npy", "--json")
    assert said.exit_code == 0, said.output
    told = json.loads(said.stdout)
    assert (told["frames"], told["bands"], told["output"]) == (563, 256, str(tmp_path / "out.npy"))
    found = np.load(tmp_path / "out.npy")
    assert found.dtype == np.float32
    assert np.abs(found - log_mel(soundfile.read(reference)[0])).max() < 1e-3


BAD = {
    "no command": lambda r, t: ("compose",),
    "no file": lambda r, t: ("score-pair", r, "none.wav"),
    "no sound": lambda r, t: ("score-pair", r, t),
    "unlike lengths": lambda r, t: ("score-pair", r, _short(r)),
    "silent": lambda r, t: ("features", _silent(r), "-o", "out.npy"),
    "features of text": lambda r, t: ("features", t, "-o", "out.npy"),
    "another ending": lambda r, t: ("features", r, "-o", "out.csv"),
    "no such process": lambda r, t: ("degrade", r, "-p", 46, "-o", "out.wav"),
    "no number": lambda r, t: ("degrade", r, "-p", "mp3", "-o", "out.wav"),
    "no process": lambda r, t: ("degrade", r, "-o", "out.wav"),
    "another flavour": lambda r, t: ("degrade", r, "-p", 1, "--flavour", "sweet", "-o", "out.wav"),
    "no folder": lambda r, t: ("degrade", r, "-p", 1, "-o", "none/out.wav"),
    "onto itself": lambda r, t: ("degrade", r, "-p", 1, "-o", r),
    "no model": lambda r, t: ("score", r, "-m", "none"),
    "nothing to train": lambda r, t: ("train", "none.toml", "-o", "out"),
    "no run": lambda r, t: ("evaluate", "none"),
}


def _short(reference):
    soundfile.write(reference.with_name("short.wav"), music(1.5), RATE)
    return reference.with_name("short.wav")


def _silent(reference):
    soundfile.write(reference.with_name("silent.wav"), np.zeros(RATE), RATE)
    return reference.with_name("silent.wav")


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_one_line_and_exit_code_2(reference, text, tmp_path, monkeypatch, case):
    monkeypatch.chdir(tmp_path)
    before = reference.read_bytes()
    said = call(*BAD[case](reference, text))
    assert said.exit_code == 2, said.output
    assert said.stdout == "" and len(said.stderr.strip().splitlines()) == 1 and said.stderr.strip()
    assert "Traceback" not in said.stderr
    assert reference.read_bytes() == before
    assert not list(tmp_path.glob("out*")), "nothing is written"


def test_the_module_is_the_command_and_loads_no_network_library_for_its_help():
    code = "import sys; import modelzoo.cli; print({'numpy', 'pandas', 'keras', 'tensorflow'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "set()\n"
    said = subprocess.run([sys.executable, "-m", "modelzoo", "--help"], capture_output=True, text=True)
    assert said.returncode == 0
    listed = {line.split()[0] for line in said.stdout.splitlines() if line.startswith("  ") and line.strip()}
    assert {"degrade", "score-pair", "features", "train", "evaluate", "score", "render-references"} <= listed
    wrong = subprocess.run([sys.executable, "-m", "modelzoo", "score-pair", "a", "b"], capture_output=True, text=True)
    assert wrong.returncode == 2 and wrong.stderr == "There is no file a.\n"


def test_every_process_of_the_table_has_a_name():
    assert len({process.name for process in PROCESSES.values()}) == 45
