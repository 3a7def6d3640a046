"""Data sets, training runs, and what the trained models predict."""

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from jobs.models import Job
from library.models import Stimulus


class Dataset(models.Model):
    """Scored excerpts in a training store on disk."""

    name = models.CharField(_("name"), max_length=100, unique=True)
    folder = models.CharField(max_length=300, help_text="Under MEDIA_ROOT.")
    recipe = models.JSONField(default=dict, help_text="Recordings (ids), processes, seed: what the job builds.")
    summary = models.JSONField(default=dict, blank=True, help_text="Counts and hashes, once built.")
    job = models.OneToOneField(Job, null=True, blank=True, on_delete=models.SET_NULL)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL)
    created_at = models.DateTimeField(default=timezone.now)
    built_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return self.name


class TrainingRun(models.Model):
    """A network trained once on a data set from a seed."""

    class Network(models.TextChoices):
        CONV1D = "conv1d", "Conv1D"

    dataset = models.ForeignKey(Dataset, related_name="runs", on_delete=models.PROTECT)
    network = models.CharField(_("network"), max_length=32, choices=Network, default=Network.CONV1D)
    epochs = models.PositiveIntegerField(_("epochs"), default=10)
    batch = models.PositiveIntegerField(_("batch"), default=16)
    seed = models.PositiveIntegerField(_("seed"), default=1)
    folder = models.CharField(max_length=300, blank=True, help_text="Under MEDIA_ROOT.")
    history = models.JSONField(
        default=list, blank=True, help_text="One row an epoch: epoch, loss, validation loss, rate."
    )
    result = models.JSONField(default=dict, blank=True, help_text="Best epoch, r and RMSE on the validation split.")
    job = models.OneToOneField(Job, null=True, blank=True, on_delete=models.SET_NULL)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL)
    created_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.get_network_display()} #{self.pk}"


class Prediction(models.Model):
    """A trained model's score, 0 to 100, for a stimulus."""

    run = models.ForeignKey(TrainingRun, related_name="predictions", on_delete=models.CASCADE)
    stimulus = models.ForeignKey(Stimulus, related_name="predictions", on_delete=models.CASCADE)
    score = models.FloatField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "stimulus"], name="one_prediction_a_stimulus")]

    def __str__(self) -> str:
        return f"{self.run}: {self.stimulus} {self.score:.1f}"
