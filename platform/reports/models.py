"""Decisions about listeners. Nothing is deleted: a decision is a row, and the newest one counts."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from studies.models import Listener


class Decision(models.Model):
    """Whether a listener counts, by which policy and version, on what evidence, by a rule or by a person."""

    listener = models.ForeignKey(Listener, related_name="decisions", on_delete=models.CASCADE)
    policy = models.CharField(max_length=64)
    policy_version = models.CharField(max_length=32)
    included = models.BooleanField()
    rules = models.JSONField(default=list, help_text="Each rule that fired: rule, measured, threshold, evidence rows.")
    reason = models.TextField(blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        help_text="Empty: the policy's rules.",
    )
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["listener", "-created_at"]

    def __str__(self) -> str:
        return f"{self.listener}: {'in' if self.included else 'out'} by {self.policy}"
