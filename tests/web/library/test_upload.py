"""Recordings coming in: what can't be used is refused with the reason, and nothing of it is kept."""

import io
from pathlib import Path

import numpy as np
import pytest
import soundfile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from library.models import Recording

UPLOAD = reverse("library:upload")
RATE = 48_000
pytestmark = pytest.mark.django_db


def wav(seconds: float = 1.0, rate: int = RATE, channels: int = 1, level: float = 0.1) -> bytes:
    noise = level * np.random.default_rng(0).uniform(-1, 1, (round(seconds * rate), channels))
    out = io.BytesIO()
    soundfile.write(out, noise, rate, format="WAV", subtype="PCM_24")
    return out.getvalue()


def post(client, content: bytes, **data: str):
    whole = {"title": "Noise", "file": SimpleUploadedFile("noise.wav", content), **data}
    return client.post(UPLOAD, whole)


def test_a_recording_is_kept_as_flac_with_its_facts(as_researcher, researcher):
    answer = post(as_researcher, wav(1.5, 44_100, 2), composer="Nobody", licence="CC0-1.0")
    found = Recording.objects.get()
    assert answer.headers["Location"] == reverse("library:recording", args=[found.pk])
    assert (found.rate, found.channels, found.samples, found.owner) == (44_100, 2, 66_150, researcher)
    samples, rate = soundfile.read(found.file.path)
    assert rate == 44_100 and samples.shape == (66_150, 2)
    assert found.licence == "CC0-1.0" and -60 < found.loudness < -10


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"This is a letter and no music. " * 100, "no sound file, or it is damaged"),
        (wav()[:60], ""),
        (wav(level=0.0), "silent"),
        (wav(61.0, 8000), "60"),
        (b"#EXTM3U\nfile:///etc/passwd\n", ""),
    ],
    ids=["empty", "text", "cut short", "silent", "too long", "playlist"],
)
def test_what_cannot_be_used_is_refused(as_researcher, content, words, media):
    answer = post(as_researcher, content)
    assert answer.status_code == 400
    errors = answer.context["form"].errors["file"]
    assert errors and words.lower() in str(errors).lower(), errors
    assert not Recording.objects.exists()
    assert not [path for path in Path(media).rglob("*") if path.is_file()]


def test_the_same_file_twice_is_refused_by_the_name_it_has(as_researcher):
    post(as_researcher, wav())
    answer = post(as_researcher, wav(), title="The same again")
    assert answer.status_code == 400 and "already, as “Noise”" in answer.content.decode()
    assert Recording.objects.count() == 1


def test_a_title_is_needed(as_researcher):
    assert "title" in post(as_researcher, wav(), title=" ").context["form"].errors


def test_strangers_sign_in_first(client):
    assert client.get(UPLOAD).headers["Location"].startswith(reverse("accounts:login"))
