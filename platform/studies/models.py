"""Listening tests: their design, the listeners' sessions, and every rating ever received."""

import secrets
import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from jobs.models import Job
from library.models import Recording, Stimulus


def new_link() -> str:
    return secrets.token_urlsafe(9)


def new_token() -> str:
    return secrets.token_urlsafe(18)


def new_code() -> str:
    """A listener's name in tables and on screen: short, without letters that look alike."""
    return "".join(secrets.choice("ABCDEFGHJKLMNPQRSTUVWXYZ23456789") for _ in range(8))


def new_seed() -> int:
    return secrets.randbelow(2**31)


class Study(models.Model):
    """One MUSHRA listening test."""

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        OPEN = "open", _("Open")
        CLOSED = "closed", _("Closed")

    title = models.CharField(_("title"), max_length=200)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, related_name="studies", on_delete=models.PROTECT)
    link = models.CharField(max_length=32, unique=True, default=new_link, editable=False)
    seed = models.PositiveIntegerField(default=new_seed)
    state = models.CharField(_("state"), max_length=16, choices=State, default=State.DRAFT)
    introduction = models.TextField(_("introduction"), blank=True)
    consent = models.TextField(_("consent text"), blank=True)
    contact = models.CharField(_("contact"), max_length=200, blank=True)
    policy = models.CharField(_("screening policy"), max_length=64, default="bs1534-3")
    conditions = models.JSONField(default=list, help_text="Systems under test: name, codec, bitrate, cutoff.")
    options = models.JSONField(default=dict, blank=True, help_text="What `studies.options` reads.")
    job = models.OneToOneField(Job, null=True, blank=True, on_delete=models.SET_NULL, help_text="Makes the stimuli.")
    is_demo = models.BooleanField(default=False, help_text="Carries simulated listeners.")
    created_at = models.DateTimeField(default=timezone.now)
    opened_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]
        verbose_name_plural = "studies"

    def __str__(self) -> str:
        return self.title


class Page(models.Model):
    """One page of a study: all conditions of one recording, rated side by side against the reference."""

    study = models.ForeignKey(Study, related_name="pages", on_delete=models.CASCADE)
    position = models.PositiveSmallIntegerField()
    recording = models.ForeignKey(Recording, on_delete=models.PROTECT)
    stimuli = models.ManyToManyField(Stimulus, help_text="The hidden reference and the anchors are among them.")
    is_training = models.BooleanField(default=False, help_text="Comes first; its grades are discarded.")
    repeats = models.PositiveSmallIntegerField(default=0, help_text="How often it is presented once more.")

    class Meta:
        ordering = ["study", "position"]
        constraints = [models.UniqueConstraint(fields=["study", "position"], name="one_page_a_position")]

    def __str__(self) -> str:
        return f"{self.study} · {self.recording}"


class Listener(models.Model):
    """Somebody who followed a study's link, or a simulated listener that the demo made."""

    study = models.ForeignKey(Study, related_name="listeners", on_delete=models.CASCADE)
    code = models.CharField(max_length=16, default=new_code)
    is_simulated = models.BooleanField(default=False)
    simulated_as = models.CharField(max_length=64, blank=True, help_text="What kind of listener was simulated.")
    headphones = models.BooleanField(null=True, blank=True, help_text="As the listener said at the end.")
    passed_headphone_check = models.BooleanField(null=True, blank=True)
    arrived_with = models.JSONField(default=dict, blank=True, help_text="Parameters of the link, such as PROLIFIC_PID.")
    withdrawn_at = models.DateTimeField(null=True, blank=True, help_text="When the listener had all data deleted.")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["study", "created_at", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["study", "code"], name="one_listener_a_code"),
            models.CheckConstraint(
                condition=models.Q(is_simulated=True) | models.Q(simulated_as=""),
                name="only_simulated_are_simulated_as",
            ),
        ]

    def __str__(self) -> str:
        return self.code


class Session(models.Model):
    """One listener's way through the study. Its token, in the address, is what it is resumed by."""

    class Step(models.TextChoices):
        CONSENT = "consent", _("Consent")
        BEFORE = "before", _("Questions before")
        HEADPHONE_CHECK = "headphone_check", _("Headphone check")
        REFUSED = "refused", _("Headphone check failed")
        INSTRUCTIONS = "instructions", _("Instructions")
        VOLUME = "volume", _("Volume")
        PAGES = "pages", _("Pages")
        AFTER = "after", _("Questions after")
        HEADPHONES = "headphones", _("Headphones")
        DONE = "done", _("Done")

    listener = models.OneToOneField(Listener, related_name="session", on_delete=models.CASCADE)
    token = models.CharField(max_length=32, unique=True, default=new_token)
    seed = models.PositiveIntegerField(default=new_seed)
    step = models.CharField(max_length=16, choices=Step, default=Step.CONSENT)
    language = models.CharField(max_length=8, blank=True)
    user_agent = models.CharField(max_length=300, blank=True)
    volume = models.FloatField(null=True, blank=True, help_text="Linear gain, 0 to 1, as set on the volume page.")
    audio = models.JSONField(default=dict, blank=True, help_text="Rate and latency that the browser's audio gave.")
    breaks_taken = models.PositiveSmallIntegerField(default=0)
    started_at = models.DateTimeField(default=timezone.now)
    consented_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.listener} · {self.step}"


class SessionPage(models.Model):
    """One presentation of a page in a session, in the session's own order."""

    session = models.ForeignKey(Session, related_name="pages", on_delete=models.CASCADE)
    number = models.PositiveSmallIntegerField(help_text="From 1, training included.")
    page = models.ForeignKey(Page, on_delete=models.PROTECT)
    repeat = models.PositiveSmallIntegerField(default=0, help_text="0 at the first presentation.")
    is_training = models.BooleanField(default=False)
    comment = models.TextField(blank=True)
    comment_revision = models.PositiveBigIntegerField(default=0)
    shown_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["session", "number"]
        constraints = [models.UniqueConstraint(fields=["session", "number"], name="one_presentation_a_number")]

    def __str__(self) -> str:
        return f"{self.session} · {self.number}"


class Slot(models.Model):
    """A stimulus at its place on a presented page, under a token that tells nothing about it."""

    presentation = models.ForeignKey(SessionPage, related_name="slots", on_delete=models.CASCADE)
    position = models.PositiveSmallIntegerField(help_text="From 1; 0 is the open reference, which is not rated.")
    stimulus = models.ForeignKey(Stimulus, on_delete=models.PROTECT)
    token = models.CharField(max_length=32, unique=True, default=new_token)

    class Meta:
        ordering = ["presentation", "position"]
        constraints = [models.UniqueConstraint(fields=["presentation", "position"], name="one_slot_a_position")]

    def __str__(self) -> str:
        return f"{self.presentation} · {self.position}"


class Rating(models.Model):
    """The newest score of a slot. Every earlier one is kept in `RatingRevision`."""

    slot = models.OneToOneField(Slot, related_name="rating", on_delete=models.CASCADE)
    score = models.FloatField()
    revision = models.PositiveBigIntegerField()
    plays = models.PositiveIntegerField(default=0)
    seconds = models.FloatField(help_text="From the page being shown to this score.")
    saved_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(score__gte=0, score__lte=100), name="score_from_0_to_100")
        ]

    def __str__(self) -> str:
        return f"{self.slot}: {self.score:g}"


class RatingRevision(models.Model):
    """The audit trail: every score a browser ever sent, once each, never changed."""

    key = models.UUIDField(primary_key=True, default=uuid.uuid4, help_text="The browser's idempotency key.")
    slot = models.ForeignKey(Slot, related_name="revisions", on_delete=models.CASCADE)
    score = models.FloatField()
    revision = models.PositiveBigIntegerField()
    plays = models.PositiveIntegerField(default=0)
    seconds = models.FloatField()
    received_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["slot", "received_at"]

    def __str__(self) -> str:
        return f"{self.slot} r{self.revision}: {self.score:g}"


class EventBatch(models.Model):
    """What a listener did on a page (play, pause, switch, loop, seek, rate, blur, focus, audio), as it was sent."""

    key = models.UUIDField(primary_key=True, help_text="The browser's idempotency key.")
    presentation = models.ForeignKey(SessionPage, related_name="event_batches", on_delete=models.CASCADE)
    events = models.JSONField(help_text="Rows of [milliseconds since the page was shown, kind, slot position, detail].")
    received_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["presentation", "received_at"]
        verbose_name_plural = "event batches"

    def __str__(self) -> str:
        return f"{self.presentation}: {len(self.events)}"


class Answer(models.Model):
    """What a listener answered to one of the study's own questions."""

    class Stage(models.TextChoices):
        BEFORE = "before", _("Before the pages")
        AFTER = "after", _("After the pages")

    session = models.ForeignKey(Session, related_name="answers", on_delete=models.CASCADE)
    stage = models.CharField(max_length=8, choices=Stage)
    name = models.CharField(max_length=100)
    value = models.JSONField(null=True, help_text="Null: an optional question that was left out.")
    saved_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["session", "stage", "pk"]
        constraints = [models.UniqueConstraint(fields=["session", "stage", "name"], name="one_answer_a_question")]

    def __str__(self) -> str:
        return f"{self.session} · {self.name}"


class HeadphoneTrial(models.Model):
    """One trial of a headphone check: which of three sounds is right, and what the listener said."""

    session = models.ForeignKey(Session, related_name="headphone_trials", on_delete=models.CASCADE)
    attempt = models.PositiveSmallIntegerField(default=1)
    number = models.PositiveSmallIntegerField(help_text="From 1, within the attempt.")
    token = models.CharField(max_length=32, unique=True, default=new_token)
    seed = models.PositiveIntegerField(default=new_seed)
    correct = models.PositiveSmallIntegerField(help_text="1 to 3; never sent to the browser.")
    answer = models.PositiveSmallIntegerField(null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["session", "attempt", "number"]
        constraints = [models.UniqueConstraint(fields=["session", "attempt", "number"], name="one_trial_a_number")]

    def __str__(self) -> str:
        return f"{self.session} · {self.attempt}.{self.number}"


class WrongCode(models.Model):
    """A listener's code that nobody has, just tried. Counts for a minute, so that codes can't be guessed; then goes."""

    address = models.CharField(max_length=64, db_index=True, help_text="A keyed hash of the network address.")
    tried_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.address[:8]} · {self.tried_at:%H:%M:%S}"
