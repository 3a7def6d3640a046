"""`train`, `evaluate` and `score`, one after the other, on a tiny store and real files."""

import csv
import io
import json

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from modelzoo.artefacts import load
from modelzoo.audio import decode, write_flac
from modelzoo.cli import app
from modelzoo.datasets.store import MANIFEST_COLUMNS

RATE = 48_000


def call(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def write_store(folder):
    """Eight clips in the store's format: the target is how high the spectrum reaches."""
    folder.mkdir()
    rng = np.random.default_rng(0)
    targets = np.linspace(0.1, 0.9, 8)
    features = rng.integers(0, 60, (8, 1876, 256), dtype=np.uint8)
    for clip, target in zip(features, targets, strict=True):
        clip[:, : int(256 * target)] += 120
    np.save(folder / "features.npy", features)
    rows = {name: [""] * 8 for name in MANIFEST_COLUMNS}
    rows |= {
        "excerpt": [f"{i:02d}_01" for i in range(8)],
        "reference": [f"{i:02d}" for i in range(8)],
        "processes": [[1]] * 8,
        "requested_bitrates": [[32]] * 8,
        "target": targets,
        "split": ["train", "validation"] * 4,
    }
    pd.DataFrame(rows).to_parquet(folder / "manifest.parquet")
    (folder / "dataset.json").write_text(json.dumps({"hash": "tiny"}))


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    write_store(folder / "store")
    (folder / "run.toml").write_text('preset = "ours"\nstore = "store"\nrepetitions = 2\nepochs = 1\nbatch = 4\n')
    return folder, call("train", folder / "run.toml", "-o", folder / "out")


def test_train_makes_a_folder_for_each_repetition(trained):
    folder, said = trained
    assert said.exit_code == 0, said.output
    assert "ours-1: epoch 1 of 1: loss" in said.output
    for seed in (1, 2):
        run = folder / "out" / f"ours-{seed}"
        assert sorted(file.name for file in run.iterdir()) == ["model", "predictions.csv", "run.json"]
        assert len(pd.read_csv(run / "predictions.csv")) == 4
    assert "Targets are ViSQOL v3 scores" in (folder / "out" / "ours-1" / "model" / "card.md").read_text()
    again = call("train", folder / "run.toml", "-o", folder / "out")
    assert again.exit_code == 0 and again.output.count("finished before") == 2


def test_evaluate_prints_the_table_and_writes_it_with_the_figure(trained, tmp_path):
    folder, _ = trained
    runs = [folder / "out" / "ours-1", folder / "out" / "ours-2"]
    said = call("evaluate", *runs, "-o", tmp_path / "report")
    assert said.exit_code == 0, said.output
    lines = {line.split()[0]: line for line in said.output.splitlines() if line.strip()}
    assert lines["ours"].split()[1] == "2" and "(" in lines["ours"]
    assert "undefined" in lines["mean"], "a constant has no correlation"
    assert float(lines["spectral"].split()[2]) > 0.95
    assert sorted(file.name for file in (tmp_path / "report").iterdir()) == [
        *["by-bitrates.csv", "by-processes.csv", "by-reference.csv"],
        *["scatter.csv", "scatter.svg", "table.csv", "tests.csv"],
    ]
    assert pd.read_csv(tmp_path / "report" / "table.csv")["repetitions"].tolist() == [2]


def test_score_takes_files_and_folders_and_goes_on_after_a_bad_one(trained, tmp_path):
    model = trained[0] / "out" / "ours-1" / "model"
    sound = 0.2 * np.random.default_rng(0).normal(size=12 * RATE)
    write_flac(tmp_path / "long.flac", np.clip(sound, -1, 1), RATE)
    (tmp_path / "text.mp3").write_text("no sound")
    said = call("score", tmp_path, "--model", model, "--json")
    assert said.exit_code == 2
    assert "text.mp3" in said.stderr
    (row,) = json.loads(said.stdout)
    assert set(row) == {"file", "score", "interval", "timeline", "model", "flags"}
    assert 0 <= row["score"] <= 100 and len(row["timeline"]) == 2 and row["flags"] == []
    table = call("score", tmp_path / "long.flac", "--model", model, "--csv")
    assert table.exit_code == 0
    assert [r["score"] for r in csv.DictReader(io.StringIO(table.stdout))] == [str(row["score"])]


def test_evaluate_against_listeners_scores_the_files_of_the_mos_table(trained, tmp_path):
    runs = [trained[0] / "out" / f"ours-{seed}" for seed in (1, 2)]
    rng = np.random.default_rng(0)
    for name in ("a", "b", "c"):
        write_flac(tmp_path / f"{name}.flac", np.clip(0.1 * rng.normal(size=3 * RATE), -1, 1), RATE)
    table = tmp_path / "mos.csv"
    table.write_text("file,mos,recording\na.flac,20,one\nb.flac,55.5,one\nc.flac,90,two\n")
    said = call("evaluate", *runs, "--mos", table, "-o", tmp_path / "report")
    assert said.exit_code == 0, said.output
    points = pd.read_csv(tmp_path / "report" / "scatter.csv")
    assert points["observed"].tolist() == [20, 55.5, 90] and points["reference"].tolist() == ["one", "one", "two"]
    sound = decode(tmp_path / "b.flac")
    assert points["predicted"][1] == pytest.approx(load(runs[0] / "model").score(sound.samples, sound.rate))
    assert pd.read_csv(tmp_path / "report" / "table.csv")["repetitions"].tolist() == [2]


@pytest.mark.parametrize(
    ("text", "said"),
    [("file,score\na.flac,3\n", "lacks the column mos"), ("file,mos\na.flac,101\n", "from 0 to 100"), ("", "CSV")],
)
def test_a_mos_table_that_is_none_is_said(trained, tmp_path, text, said):
    (tmp_path / "mos.csv").write_text(text)
    done = call("evaluate", trained[0] / "out" / "ours-1", "--mos", tmp_path / "mos.csv")
    assert done.exit_code == 2 and said in done.stderr


def test_export_needs_enough_held_out_excerpts(trained, tmp_path):
    done = call("export", trained[0] / "out" / "ours-1", "-o", tmp_path / "model")
    assert done.exit_code == 2 and "Intervals need 20" in done.stderr
    assert not (tmp_path / "model").exists()


@pytest.mark.parametrize(
    "command", [("train", "none.toml", "-o", "out"), ("evaluate", "none"), ("score", "a", "-m", "b")]
)
def test_what_is_missing_is_said_without_a_traceback(tmp_path, monkeypatch, command):
    monkeypatch.chdir(tmp_path)
    said = call(*command)
    assert said.exit_code == 2
    assert said.stderr.strip() and "Traceback" not in said.output
