"""The paper flavour against ffmpeg's command line: the static one of imageio-ffmpeg, and Debian's.

Encoders differ between builds. So a codec is held to the sample where its encoder is deterministic over builds, and
else to be no further from a command than two commands are from each other, with the same ViSQOL score.
"""

import itertools
import re
import subprocess
import sys
from pathlib import Path

import av
import imageio_ffmpeg
import numpy as np
import pytest
from av.codec.context import Flags

from modelzoo.audio import PROCESSES, decode, degrade, write_flac
from modelzoo.labels import ReferenceScorer

# The package has a function of the module's name.
module = sys.modules["modelzoo.audio.degrade"]
RATE = 48_000
STATIC, DEBIAN = imageio_ffmpeg.get_ffmpeg_exe(), "/usr/bin/ffmpeg"
COMMANDS = [command for command in (STATIC, DEBIAN) if Path(command).exists()]
ENCODERS = {
    "mp2": ("mp2", "mp2"),
    "mp3": ("libmp3lame", "mp3"),
    "aac": ("aac", "aac"),
    "vorbis": ("libvorbis", "ogg"),
    "opus": ("libopus", "opus"),
}
EXACT = 60.0
STIMULI = Path(__file__).resolve().parents[4] / "shared" / "data" / "paper-listening-test-1"
# LAME's builds differ among themselves (22 dB at 32 kb/s); PyAV's is like Debian's.
EXACT_CODECS = {STATIC: ("mp2", "vorbis"), DEBIAN: ("mp2", "mp3", "vorbis")}


def music(seconds=3.0):
    rng = np.random.default_rng(11)
    time = np.arange(int(seconds * RATE)) / RATE
    tones = sum(np.sin(2 * np.pi * 196 * k * time + k) / k for k in range(1, 30))
    beats = np.exp(-8 * (time % 0.5)) * rng.standard_normal(len(time))
    # Of 16 bits, as a FLAC of it is.
    return np.rint((0.08 * tones + 0.1 * beats) * 32768) / 32768


def by_command(command, folder, samples, number, *options):
    """Through files, as a person would: encode with the command, decode with the command."""
    process = PROCESSES[number]
    encoder, container = ENCODERS[process.codec]
    run = [command, "-loglevel", "error", "-y"]
    source, encoded, decoded = folder / "in.flac", folder / f"x.{container}", folder / "out.wav"
    write_flac(source, samples, RATE)
    subprocess.run([*run, "-i", source, "-c:a", encoder, "-b:a", f"{process.bitrate}k", *options, encoded], check=True)
    subprocess.run([*run, "-i", encoded, "-c:a", "pcm_f32le", decoded], check=True)
    return decode(decoded).samples[:, 0]


def snr(found, expected):
    error = found - expected
    return 10 * np.log10(np.mean(expected**2) / max(np.mean(error**2), 1e-30))


def avcodec_major(command):
    said = subprocess.run([command, "-version"], capture_output=True, text=True).stdout
    return int(re.search(r"libavcodec\s+(\d+)", said).group(1))


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("number", [1, 4, 8, 9, 12, 16, 28, 30, 32])
def test_the_same_samples_where_the_encoder_is_the_same(tmp_path, command, number):
    codec = PROCESSES[number].codec
    if codec not in EXACT_CODECS[command] and avcodec_major(command) != av.library_versions["libavcodec"][0]:
        pytest.skip(f"{command} has another build of {ENCODERS[codec][0]} than PyAV")
    original = music()
    ours = degrade(original, RATE, number, "paper").samples
    theirs = by_command(command, tmp_path, original, number)
    assert len(ours) == len(theirs)
    assert snr(ours, theirs) > EXACT


@pytest.mark.parametrize("number", [17, 20, 22, 24, 27])
def test_aac_gives_the_same_samples_once_neither_writes_its_versions_name(tmp_path, monkeypatch, number):
    """The static command is of another major version than PyAV's libraries: its encoder is the same nevertheless."""
    monkeypatch.setattr(module, "_CODEC_FLAGS", Flags.bitexact)
    original = music()
    ours = degrade(original, RATE, number, "paper").samples
    theirs = by_command(STATIC, tmp_path, original, number, "-flags:a", "+bitexact")
    assert len(ours) == len(theirs)
    assert snr(ours, theirs) > EXACT


@pytest.mark.parametrize("number", [9, 17, 20, 22, 33, 36, 38])
def test_the_same_length_place_and_quality_where_encoders_differ(tmp_path, number):
    original = music()
    ours = degrade(original, RATE, number, "paper").samples
    theirs = [by_command(command, tmp_path, original, number) for command in COMMANDS]
    scorer = ReferenceScorer(original)
    score = scorer.score(ours[: len(original)]).moslqo
    for other in theirs:
        assert len(ours) == len(other)
        assert scorer.score(other[: len(original)]).moslqo == pytest.approx(score, abs=0.1)
    if len(theirs) > 1:
        apart = [snr(a, b) for a, b in itertools.pairwise(theirs)]
        assert max(snr(ours, other) for other in theirs) > min(apart) - 3


@pytest.fixture
def reference():
    return decode(STIMULI / "05.flac").samples[:, 0].astype(np.float64)


@pytest.mark.skipif(not STIMULI.exists(), reason="the paper's stimuli are not here (../shared)")
class TestThePapersMusic:
    @pytest.mark.parametrize("number", [2, 8, 18, 22, 28, 31])
    def test_the_same_samples_as_the_static_command(self, tmp_path, monkeypatch, reference, number):
        monkeypatch.setattr(module, "_CODEC_FLAGS", Flags.bitexact)
        ours = degrade(reference, RATE, number, "paper").samples
        theirs = by_command(STATIC, tmp_path, reference, number, "-flags:a", "+bitexact")
        assert len(ours) == len(theirs) and snr(ours, theirs) > EXACT

    @pytest.mark.skipif(DEBIAN not in COMMANDS, reason="needs Debian's ffmpeg")
    @pytest.mark.parametrize("number", [2, 9, 11, 14, 29])
    def test_the_same_samples_as_debians_command(self, tmp_path, reference, number):
        ours = degrade(reference, RATE, number, "paper").samples
        theirs = by_command(DEBIAN, tmp_path, reference, number)
        assert len(ours) == len(theirs) and snr(ours, theirs) > EXACT

    def test_the_authors_01_14_repeats(self):
        """Only to 44 dB: at which level they encoded is not known."""
        reference, theirs = (
            decode(STIMULI / f"{name}.flac").samples[:, 0].astype(np.float64) for name in ("01", "01_14")
        )
        ours = degrade(reference, RATE, 14, "paper").samples
        assert len(ours) == len(theirs)
        assert snr(ours * (ours @ theirs) / (ours @ ours), theirs) > 43
