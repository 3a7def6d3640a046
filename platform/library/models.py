"""Music: recordings as they came in, and the stimuli made from them."""

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


def media_name(instance: models.Model, filename: str) -> str:
    """Opaque on disk too: no condition or title in a path."""
    unique = uuid.uuid4().hex
    return f"{instance._meta.model_name}/{unique[:2]}/{unique}.flac"


class Recording(models.Model):
    """A piece of uncompressed music, kept as FLAC at its own rate."""

    title = models.CharField(_("title"), max_length=200)
    composer = models.CharField(_("composer"), max_length=200, blank=True)
    description = models.CharField(_("description"), max_length=300, blank=True)
    source = models.CharField(_("source"), max_length=500, blank=True)
    licence = models.CharField(_("licence"), max_length=100, blank=True)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL)
    created_at = models.DateTimeField(default=timezone.now)

    file = models.FileField(upload_to=media_name)
    sha256 = models.CharField(max_length=64, db_index=True)
    rate = models.PositiveIntegerField(help_text="Samples per second.")
    channels = models.PositiveSmallIntegerField()
    samples = models.PositiveIntegerField(help_text="Per channel.")
    loudness = models.FloatField(help_text="Integrated, LUFS (BS.1770).")

    class Meta:
        ordering = ["title", "pk"]

    def __str__(self) -> str:
        return self.title

    @property
    def seconds(self) -> float:
        return self.samples / self.rate


class Stimulus(models.Model):
    """What a listener hears: a recording under one condition, equal in length to its fellows, at -23 LUFS."""

    class Kind(models.TextChoices):
        REFERENCE = "reference", _("Reference")
        ANCHOR35 = "anchor35", _("3.5 kHz anchor")
        ANCHOR70 = "anchor70", _("7 kHz anchor")
        SYSTEM = "system", _("System")

    recording = models.ForeignKey(Recording, related_name="stimuli", on_delete=models.CASCADE)
    condition = models.CharField(_("condition"), max_length=64)
    kind = models.CharField(max_length=16, choices=Kind)
    codec = models.CharField(max_length=32, blank=True)
    encoder = models.CharField(max_length=100, blank=True, help_text="Encoder and its version.")
    requested_bitrate = models.PositiveIntegerField(null=True, blank=True, help_text="kb/s")
    effective_bitrate = models.FloatField(null=True, blank=True, help_text="kb/s")

    file = models.FileField(upload_to=media_name)
    sha256 = models.CharField(max_length=64)
    rate = models.PositiveIntegerField()
    channels = models.PositiveSmallIntegerField()
    samples = models.PositiveIntegerField(help_text="Per channel.")
    loudness = models.FloatField(help_text="Integrated, LUFS.")
    visqol = models.FloatField(null=True, blank=True, help_text="MOS-LQO, 1 to 5.")
    visqol_version = models.CharField(max_length=100, blank=True)

    class Meta:
        ordering = ["recording", "kind", "condition"]
        verbose_name_plural = "stimuli"
        constraints = [models.UniqueConstraint(fields=["recording", "condition"], name="one_stimulus_a_condition")]

    def __str__(self) -> str:
        return f"{self.recording} · {self.condition}"
