"""Recordings coming in: decoded, checked, and kept as FLAC."""

import hashlib
import io
from typing import IO

from django.core.files.base import ContentFile
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from library.models import Recording
from modelzoo.audio import decode, loudness, write_flac
from modelzoo.errors import AudioError

MAX_SECONDS = 60
MAX_BYTES = 100 * 2**20
BITS = 24


class UploadError(ValueError):
    """The file can't become a recording; the text says why, for the person who sent it."""


def add_recording(
    upload: IO[bytes],
    *,
    title: str,
    owner: User | None,
    composer: str = "",
    description: str = "",
    source: str = "",
    licence: str = "",
) -> Recording:
    """Keep an uploaded sound file as a recording. Nothing is kept if it can't be used.

    Raises
    ------
    UploadError
        Not a sound file, too long, silent, beyond full scale, or added before.
    """
    data = upload.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise UploadError(_("The file is larger than %(size)d MB.") % {"size": MAX_BYTES // 2**20})
    try:
        audio = decode(data, max_seconds=MAX_SECONDS)
        level = loudness(audio.samples, audio.rate)
        flac = io.BytesIO()
        write_flac(flac, audio.samples, audio.rate, BITS)
    except AudioError as error:
        raise UploadError(str(error)) from error
    digest = hashlib.sha256(data).hexdigest()
    same = Recording.objects.filter(sha256=digest).first()
    if same:
        raise UploadError(_("This file is in the library already, as “%(title)s”.") % {"title": same.title})
    recording = Recording(
        title=title,
        composer=composer,
        description=description,
        source=source,
        licence=licence,
        owner=owner,
        sha256=digest,
        rate=audio.rate,
        channels=audio.samples.shape[1],
        samples=len(audio.samples),
        loudness=round(level, 2),
    )
    with transaction.atomic():
        recording.file.save("recording.flac", ContentFile(flac.getvalue()), save=False)
        recording.save()
    return recording
