"""Reading sound, and refusing what is none."""

import io
import subprocess

import imageio_ffmpeg
import numpy as np
import pytest
import soundfile

from modelzoo.audio import decode, loudness, normalise_loudness, resample, write_flac
from modelzoo.errors import AudioError

RATE = 48_000


def music(seconds=1.0, channels=1, rate=RATE):
    rng = np.random.default_rng(7)
    time = np.arange(int(seconds * rate)) / rate
    tones = sum(np.sin(2 * np.pi * 220 * k * time) / k for k in range(1, 10))
    return (0.1 * tones[:, None] + 0.02 * rng.standard_normal((len(time), channels))).astype(np.float64)


def wav(samples, rate, subtype):
    out = io.BytesIO()
    soundfile.write(out, samples, rate, format="WAV", subtype=subtype)
    return out.getvalue()


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE"])
@pytest.mark.parametrize("channels", [1, 2, 6])
def test_every_sample_format_is_read_as_soundfile_reads_it(subtype, channels):
    data = wav(music(channels=channels), 44_100, subtype)
    expected, _ = soundfile.read(io.BytesIO(data), dtype="float32", always_2d=True)
    found = decode(data)
    assert found.rate == 44_100
    assert found.samples.shape == expected.shape
    assert np.abs(found.samples - expected).max() <= 2**-23


@pytest.mark.parametrize("bits", [16, 24])
def test_flac_keeps_every_sample(tmp_path, bits):
    whole = np.rint(music(channels=2) * 2 ** (bits - 1)) / 2 ** (bits - 1)
    write_flac(tmp_path / "x.flac", whole, RATE, bits)
    assert np.array_equal(decode(tmp_path / "x.flac").samples, whole.astype(np.float32))
    assert [file.name for file in tmp_path.iterdir()] == ["x.flac"]


def test_flac_refuses_to_clip(tmp_path):
    with pytest.raises(AudioError, match="clip"):
        write_flac(tmp_path / "x.flac", np.array([0.5, 1.2]), RATE)
    assert list(tmp_path.iterdir()) == []


def test_full_scale_is_no_clipping(tmp_path):
    write_flac(tmp_path / "x.flac", np.array([-1.0, 1.0] * 100), RATE)
    assert decode(tmp_path / "x.flac").samples.min() == -1.0


def playlist(folder):
    secret = folder / "secret.wav"
    secret.write_bytes(wav(music(), RATE, "PCM_16"))
    return f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile://{secret}\n#EXT-X-ENDLIST\n".encode()


@pytest.mark.parametrize(
    "make",
    [
        lambda folder: b"",
        lambda folder: b"no sound at all, just words " * 100,
        lambda folder: wav(music(), RATE, "PCM_16")[:30],
        lambda folder: bytes(10_000),
        playlist,
        lambda folder: f"ffconcat version 1.0\nfile '{folder}/secret.wav'\n".encode(),
    ],
    ids=["empty", "text", "cut header", "zeros", "playlist", "concat"],
)
def test_what_is_no_sound_is_refused_in_a_sentence(make, tmp_path):
    file = tmp_path / "upload.wav"
    file.write_bytes(make(tmp_path))
    for source in (file, file.read_bytes()):
        with pytest.raises(AudioError, match=r"\.$"):
            decode(source)


def test_a_picture_in_a_video_container_is_refused(tmp_path):
    file = tmp_path / "silent.mp4"
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-loglevel", "error", "-f", "lavfi", "-i", "color=red:d=1", str(file)]
    subprocess.run(command, check=True)
    with pytest.raises(AudioError, match="no sound"):
        decode(file)


def test_a_long_file_is_refused_before_it_is_decoded_whole(tmp_path):
    write_flac(tmp_path / "long.flac", np.zeros(RATE * 120), RATE)
    with pytest.raises(AudioError, match="longer than 10 s"):
        decode(tmp_path / "long.flac", max_seconds=10)


def test_nan_is_refused():
    with pytest.raises(AudioError, match="NaN"):
        decode(wav(np.array([0.0, np.nan, 0.0]), RATE, "FLOAT"))


def test_loudness_reaches_its_target():
    assert loudness(normalise_loudness(music(2.0, 2), RATE, -23), RATE) == pytest.approx(-23, abs=0.01)
    with pytest.raises(AudioError, match="silent"):
        loudness(np.zeros((RATE, 1)), RATE)


def test_resampling_keeps_a_tone():
    time = np.arange(44_100) / 44_100
    tone = np.sin(2 * np.pi * 997 * time)
    expected = np.sin(2 * np.pi * 997 * np.arange(48_000) / 48_000)
    assert np.abs(resample(tone, 44_100, 48_000) - expected)[500:-500].max() < 2e-3
