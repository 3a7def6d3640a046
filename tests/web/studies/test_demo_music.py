"""The demo study's recordings are what their list says, and can be rendered again."""

import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from modelzoo.audio import loudness

ROOT = Path(__file__).resolve().parents[3]
MUSIC = ROOT / "platform" / "studies" / "demo" / "music"
SCRIPT = ROOT / "scripts" / "render_demo_music.py"
ENTRIES = json.loads((MUSIC / "recordings.json").read_text())
SOUNDFONT = Path("/usr/share/sounds/sf2/FluidR3_GM.sf2")


def test_five_recordings_within_six_megabytes() -> None:
    files = sorted(MUSIC.glob("*.flac"))
    assert sorted(entry["file"] for entry in ENTRIES) == [file.name for file in files]
    assert len(files) == 5 and sum(file.stat().st_size for file in files) < 6e6
    provenance = (MUSIC / "PROVENANCE.md").read_text()
    assert all(f"`{file.name}`" in provenance for file in files)


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry["file"])
def test_a_recording_is_clean_loud_enough_and_wide(entry: dict[str, str]) -> None:
    file = MUSIC / entry["file"]
    assert hashlib.sha256(file.read_bytes()).hexdigest() == entry["sha256"]
    samples, rate = soundfile.read(file, always_2d=True)
    assert rate == 48_000 and 8 <= len(samples) / rate <= 10 and soundfile.info(file).subtype == "PCM_16"
    assert np.abs(samples).max() < 0.96
    assert loudness(samples, rate) == pytest.approx(-23, abs=1)
    blocks = samples[: len(samples) // 4800 * 4800].reshape(-1, 4800 * samples.shape[1])
    assert (np.sqrt((blocks**2).mean(axis=1)) > 1e-3).mean() > 0.9
    assert np.abs(samples[-8:]).max() < 0.01


@pytest.mark.skipif(
    shutil.which("fluidsynth") is None or not SOUNDFONT.is_file(), reason="needs fluidsynth and fluid-soundfont-gm"
)
def test_rendering_again_gives_the_same_samples() -> None:
    version = subprocess.run(["fluidsynth", "--version"], capture_output=True, text=True, timeout=60).stdout
    if "2.3.1" not in version:
        pytest.skip("the recordings were made with FluidSynth 2.3.1")
    done = subprocess.run([sys.executable, str(SCRIPT), "--check"], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("the same samples") == 5
