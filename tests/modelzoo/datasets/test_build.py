"""A build by several processes, killed for real, gives the same bytes as one that was left alone."""

import contextlib
import hashlib
import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pytest
import soundfile
from scipy.signal import butter, sosfilt
from typer.testing import CliRunner

from modelzoo.cli import app
from modelzoo.datasets.store import open_store
from modelzoo.features import log_mel, to_bytes

CONFIG = """
references = "{references}"
seed = 4
processes = [9, 28, 42]
population = 18
draw = 13
depths = [2, 3]
validation = 1
"""


def call(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def command(config, out, *more):
    return [sys.executable, "-m", "modelzoo", "build", str(config), "-o", str(out), "--json", *map(str, more)]


def hashes(folder):
    """Every file of a store; the lock is empty."""
    return {
        str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


@pytest.fixture(scope="module")
def config(references_folder, tmp_path_factory):
    file = tmp_path_factory.mktemp("config") / "data.toml"
    file.write_text(CONFIG.format(references=references_folder))
    return file


@pytest.fixture(scope="module")
def built(config, tmp_path_factory):
    folder = tmp_path_factory.mktemp("built") / "store"
    done = subprocess.run(command(config, folder, "--workers", 1), capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return folder, done


def test_the_store_holds_what_the_plan_says(built):
    folder, done = built
    summary = json.loads(done.stdout)
    assert "Plan: 3 references, 9 single processes and 9 cascades, 18 excerpts" in done.stderr
    assert (summary["excerpts"], summary["references"], summary["failures"]) == (13, 3, {})
    store = open_store(folder)
    assert len(store.manifest) == 13 and store.manifest.groupby("reference")["split"].nunique().max() == 1
    everything = pd.read_parquet(folder / "population.parquet")
    assert len(everything) == 18 and everything["drawn"].sum() == 13
    assert set(everything["processes"].map(len)) == {1, 2, 3}
    assert sorted(file.stem for file in (folder / "audio").iterdir()) == store.manifest["excerpt"].tolist()
    assert not (folder / "parts").exists()
    versions = store.info["versions"]
    assert len(versions["code_sha256"]) == 64 and versions["libavcodec"]
    assert versions["labels"].startswith("earwitness-visqol 1") and versions["labels"].endswith("audio mode")
    assert sum(store.info["distribution"]["after"]) == 13


def test_the_card_says_what_is_in_it(built):
    store = open_store(built[0])
    text = (built[0] / "card.md").read_text()
    assert "13 excerpts of 10 s" in text and "of 3 recordings" in text and store.info["hash"] in text
    assert f"{store.manifest['moslqo'].min():.2f} to {store.manifest['moslqo'].max():.2f}" in text
    cascades = int((store.manifest["processes"].map(len) == 3).sum())
    assert f"| 3, a cascade | {cascades} |" in text
    assert "| not known | 3 | 100% |" in text and store.info["licences"] == {"not known": 3}
    low_passed = sum(any(process >= 42 for process in chain) for chain in store.manifest["processes"])
    assert f"| lowpass | {low_passed} |" in text


def test_tensors_are_those_of_the_flac_masters(built):
    store = open_store(built[0])
    assert isinstance(store.features, np.memmap)
    for row in (0, 7, 12):
        excerpt = store.manifest.iloc[row]
        samples, rate = soundfile.read(store.folder / "audio" / f"{excerpt['excerpt']}.flac")
        assert rate == 48_000 and samples.shape == (480_000,)
        assert np.array_equal(store.features[row], to_bytes(log_mel(samples)))
        assert hashlib.sha256(store.features[row].tobytes()).hexdigest() == excerpt["features_sha256"]


def test_what_the_encoder_did_is_kept_with_every_excerpt(built):
    manifest = open_store(built[0]).manifest
    for row in manifest.to_dict("records"):
        assert len(row["encoders"]) == len(row["processes"]) == len(row["effective_bitrates"])
        for process, encoder, asked, got in zip(
            row["processes"], row["encoders"], row["requested_bitrates"], row["effective_bitrates"], strict=True
        ):
            assert "(" in encoder
            assert np.isnan(asked) == np.isnan(got) == (process >= 42)


def wait_for(condition, process, seconds=120):
    end = time.monotonic() + seconds
    while not condition():
        assert process.poll() is None, "the build ended before it could be killed"
        assert time.monotonic() < end, "the build made no progress"
        time.sleep(0.005)


def gone(pid):
    """Whether a process has ended; a zombie that nobody collects has."""
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rsplit(")", 1)[1].split()[0] == "Z"
    except FileNotFoundError:
        return True


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children") as file:
        return [int(child) for child in file.read().split()]


@pytest.mark.kill
def test_killed_again_and_again_it_ends_with_the_same_bytes(built, config, tmp_path):
    folder = tmp_path / "store"
    parts, journal = folder / "parts", folder / ".features.jsonl"

    def count():
        return len(list(parts.glob("*.json")))

    def journalled():
        with contextlib.suppress(FileNotFoundError):
            return journal.read_text().count("\n") > 2
        return False

    made = []
    for condition in (lambda: count() >= 2, lambda: count() >= 9, journalled):
        started = {file.name: file.stat().st_mtime_ns for file in parts.glob("*.json")}
        process = subprocess.Popen(command(config, folder, "--workers", 2), stderr=subprocess.DEVNULL)
        wait_for(condition, process)
        workers = children(process.pid)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        end = time.monotonic() + 30
        while not all(gone(worker) for worker in workers):
            assert time.monotonic() < end, "workers outlive a killed build"
            time.sleep(0.01)
        assert not (folder / "dataset.json").exists()
        after = {file.name: file.stat().st_mtime_ns for file in parts.glob("*.json")}
        assert started.items() <= after.items(), "nothing that was finished is made again"
        made.append(len(after))
    assert made == sorted(made)
    done = subprocess.run(command(config, folder, "--workers", 2), capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert "were done before" in done.stderr
    assert hashes(folder) == hashes(built[0])


@pytest.mark.kill
def test_a_killed_worker_ends_the_build_with_a_sentence(config, tmp_path):
    folder = tmp_path / "store"
    process = subprocess.Popen(command(config, folder, "--workers", 1), stderr=subprocess.PIPE, text=True)
    wait_for(lambda: len(list((folder / "parts").glob("*.json"))) >= 1, process)
    for child in children(process.pid):
        with open(f"/proc/{child}/cmdline") as line:
            if "resource_tracker" not in line.read():
                os.kill(child, signal.SIGKILL)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "worker process was killed" in said and "Traceback" not in said


def test_a_finished_store_is_left_as_it_is(built, config):
    folder, done = built
    before = hashes(folder)
    again = call("build", config, "-o", folder, "--json")
    assert again.exit_code == 0 and json.loads(again.stdout) == json.loads(done.stdout)
    assert hashes(folder) == before


def test_a_plan_alone_makes_nothing(config, tmp_path):
    said = call("build", config, "-o", tmp_path / "store", "--plan", "--json")
    plan = json.loads(said.stdout)["plan"]
    assert (plan["single"], plan["cascades"], plan["drawn"]) == (9, 9, 13)
    assert not (tmp_path / "store").exists()


def test_bad_references_are_listed_and_not_fatal(references_folder, tmp_path):
    folder = tmp_path / "music"
    folder.mkdir()
    for file in references_folder.iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    (folder / "text.wav").write_text("no sound")
    soundfile.write(folder / "silent.wav", np.zeros(96_000), 48_000)
    config = tmp_path / "data.toml"
    config.write_text('references = "music"\nprocesses = [42, 45]\n')
    said = call("build", config, "-o", tmp_path / "store", "--json", "--limit", 8)
    assert said.exit_code == 0, said.output
    result = json.loads(said.stdout)
    assert list(result["left_out"]) == ["text.wav"]
    assert set(result["failures"]) == {"silent_42", "silent_45"}
    assert result["excerpts"] == 6
    assert "silent_42 could not be made" in said.stderr


def test_references_without_treble_are_left_out_if_asked(references_folder, music, tmp_path):
    folder = tmp_path / "music"
    folder.mkdir()
    for file in references_folder.iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    lows = butter(12, 8_000, fs=48_000, output="sos")
    soundfile.write(folder / "dark.flac", sosfilt(lows, music(9)), 48_000, subtype="PCM_24")
    for line, left_out in (("", []), ("lowest_treble = -74\n", ["dark.flac"])):
        (tmp_path / "data.toml").write_text(f'references = "music"\nprocesses = [42]\n{line}')
        said = call("build", tmp_path / "data.toml", "-o", tmp_path / "store", "--plan", "--json")
        assert list(json.loads(said.stdout)["left_out"]) == left_out
    assert "dark.flac is left out: it has no treble: -7" in said.stderr


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ('references = "."\nlowest_treble = 3', "dB below the loudest"),
        ('references = "none"', "no folder of references"),
        ('references = "."', "no reference"),
        ('references = "changed"', "no reference"),
        ('references = "two"', "two references would be named"),
        ('references = "two"\ngroup = "piece"', "manifest"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(references_folder, tmp_path, text, match):
    song = (references_folder / "song_0.flac").read_bytes()
    for name, files in {"changed": ["a.flac"], "two": ["a b.flac", "a_b.flac"]}.items():
        (tmp_path / name).mkdir()
        for file in files:
            (tmp_path / name / file).write_bytes(song)
    (tmp_path / "changed" / "manifest.csv").write_text("file,sha256\na.flac,00\n")
    (tmp_path / "data.toml").write_text(text)
    said = call("build", tmp_path / "data.toml", "-o", tmp_path / "store")
    assert said.exit_code == 2 and said.stdout == ""
    assert match in said.stderr and len(said.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "store").exists()


def test_a_folder_of_another_plan_is_refused(built, config, tmp_path):
    other = tmp_path / "data.toml"
    other.write_text(config.read_text().replace("seed = 4", "seed = 5"))
    before = hashes(built[0])
    said = call("build", other, "-o", built[0])
    assert said.exit_code == 2 and "another recipe" in said.stderr
    assert hashes(built[0]) == before
