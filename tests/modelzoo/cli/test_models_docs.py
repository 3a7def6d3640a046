"""The commands of the guide to models run, on a store of a few clips."""

import json
import re
import shlex
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from modelzoo.audio import write_flac
from modelzoo.cli import app
from modelzoo.datasets.store import MANIFEST_COLUMNS

pytestmark = pytest.mark.docs

PAGE = Path(__file__).resolve().parents[3] / "docs" / "library" / "modelzoo-models.md"
CLIPS = 48


def block(language):
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)


def given(folder):
    """What the page takes as given: a store, two pieces of music, and what listeners said."""
    store = folder / "data" / "small"
    store.mkdir(parents=True)
    rng = np.random.default_rng(0)
    features = rng.integers(0, 60, (CLIPS, 1876, 256), dtype=np.uint8)
    targets = np.linspace(0.1, 0.9, CLIPS)
    for clip, target in zip(features, targets, strict=True):
        clip[:, : int(256 * target)] += 120
    np.save(store / "features.npy", features)
    rows = {name: [""] * CLIPS for name in MANIFEST_COLUMNS}
    rows |= {
        "excerpt": [f"{i:02d}_01" for i in range(CLIPS)],
        "reference": [f"{i // 4:02d}" for i in range(CLIPS)],
        "processes": [[1]] * CLIPS,
        "requested_bitrates": [[32]] * CLIPS,
        "target": targets,
        "split": [("train", "validation")[i // 4 % 2] for i in range(CLIPS)],
    }
    pd.DataFrame(rows).to_parquet(store / "manifest.parquet")
    (store / "dataset.json").write_text(json.dumps({"hash": "tiny"}))
    (folder / "music").mkdir()
    for name in ("low", "high"):
        write_flac(folder / "music" / f"{name}.flac", np.clip(rng.normal(0, 0.1, 3 * 48_000), -1, 1), 48_000)
    (folder / "mos.csv").write_text("file,mos\nmusic/low.flac,30\nmusic/high.flac,70\n")
    (toml,) = block("toml")
    (folder / "run.toml").write_text(toml)


def test_the_pages_commands_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    given(tmp_path)
    commands = [shlex.split(line) for text in block("bash") for line in text.splitlines()]
    # The page begins with what most readers want; the model that it scores with is made further down.
    commands.sort(key=lambda words: ("train", "evaluate", "export", "score").index(words[3]))
    assert [words[3] for words in commands] == ["train", "evaluate", "evaluate", "export", "score", "score"]
    for words in commands:
        assert words[:3] == ["python", "-m", "modelzoo"]
        done = CliRunner().invoke(app, words[3:])
        assert done.exit_code == 0, f"{words}: {done.output}"
    assert [row["file"] for row in json.loads(done.stdout)] == ["music/high.flac", "music/low.flac"]
    assert {row["model"] for row in json.loads(done.stdout)} == {"mine"}
    names: dict = {}
    exec(block("python")[0], names)
    assert names["scored"].score == pytest.approx(json.loads(done.stdout)[1]["score"], abs=0.01)
