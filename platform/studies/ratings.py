"""Ratings coming in: what is acknowledged is committed, what comes twice counts once, what comes late is ignored."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from studies.models import EventBatch, Rating, RatingRevision, Session, SessionPage, Slot

TOP = 100.0
MAX_REVISIONS = 500
MAX_EVENTS = 2000
LONGEST_COMMENT = 2000


class RatingError(ValueError):
    """A rating can't be taken; `key` names it."""

    def __init__(self, message: str, key: str = "") -> None:
        super().__init__(message)
        self.key = key


@dataclass(frozen=True)
class Revision:
    """One score as the browser sent it: `key` is its idempotency key, `revision` rises with each change."""

    key: UUID
    token: str
    score: float
    revision: int
    plays: int
    seconds: float

    @classmethod
    def parse(cls, data: Any) -> "Revision":
        """From JSON, or a `RatingError` that says which field is wrong."""
        if not isinstance(data, Mapping):
            raise RatingError(_("A rating must be an object."))
        key = str(data.get("key", ""))
        try:
            uuid = UUID(key)
        except ValueError as error:
            raise RatingError(_("A rating's key must be a UUID."), key) from error
        score, seconds = (_number(data.get(name), name, key) for name in ("score", "seconds"))
        revision, plays = (_whole(data.get(name), name, key) for name in ("revision", "plays"))
        if not 0 <= score <= TOP:
            raise RatingError(_("The score %(score)g is outside 0-100.") % {"score": score}, key)
        return cls(uuid, str(data.get("token", "")), score, revision, plays, max(0.0, seconds))


def _number(value: Any, name: str, key: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise RatingError(_("A rating's %(name)s must be a number.") % {"name": name}, key)
    return float(value)


def _whole(value: Any, name: str, key: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**53:
        raise RatingError(_("A rating's %(name)s must be a whole number.") % {"name": name}, key)
    return value


@dataclass(frozen=True)
class Accepted:
    """`keys` to acknowledge, old and repeated ones among them; `newer`: what counts instead of a late revision."""

    keys: list[UUID]
    newer: list[Rating]


def accept(session: Session, revisions: Sequence[Revision]) -> Accepted:
    """Store revisions in one transaction.

    Raises
    ------
    RatingError
        A token is not of this session. Nothing of the call is stored then.
    """
    if len(revisions) > MAX_REVISIONS:
        raise RatingError(_("Too many ratings in one message."))
    slots = {
        slot.token: slot
        for slot in Slot.objects.filter(
            presentation__session=session, position__gt=0, token__in=[one.token for one in revisions]
        )
    }
    for one in revisions:
        if one.token not in slots:
            raise RatingError(_("This rating is not of this session."), str(one.key))
    with transaction.atomic():
        # One session's messages wait for each other: two tabs can't both believe to be newer.
        Session.objects.select_for_update().get(pk=session.pk)
        counting = [_store(slots[one.token], one) for one in sorted(revisions, key=lambda one: one.revision)]
    sent = {one.token: max(r.revision for r in revisions if r.token == one.token) for one in revisions}
    newer = {rating.slot.token: rating for rating in counting if rating.revision > sent[rating.slot.token]}
    return Accepted([one.key for one in revisions], list(newer.values()))


def _store(slot: Slot, one: Revision) -> Rating:
    """Keep the revision; the rating that counts for the slot afterwards."""
    values = {"score": one.score, "revision": one.revision, "plays": one.plays, "seconds": one.seconds}
    _revision, is_new = RatingRevision.objects.get_or_create(key=one.key, defaults={"slot": slot, **values})
    rating, created = Rating.objects.get_or_create(slot=slot, defaults=values)
    if is_new and not created and one.revision > rating.revision:
        Rating.objects.filter(pk=rating.pk).update(**values, saved_at=_revision.received_at)
        rating.revision = one.revision
    return rating


def accept_events(session: Session, number: int, key: UUID, events: Any) -> None:
    """Store what a listener did on a page, once."""
    presentation = session.pages.filter(number=number).first()
    if presentation is None or not isinstance(events, list) or len(events) > MAX_EVENTS:
        raise RatingError(_("These events are not of this session, or too many."), str(key))
    if not all(isinstance(event, list) and 2 <= len(event) <= 4 for event in events):
        raise RatingError(_("An event must be a list of time, kind, stimulus and detail."), str(key))
    EventBatch.objects.get_or_create(key=key, defaults={"presentation": presentation, "events": events})
    _note_audio(session, events)


def _note_audio(session: Session, events: list[list[Any]]) -> None:
    """What the browser's audio gave, from the first page where it played: not all play on the volume page."""
    given = next((row[3] for row in events if row[1] == "audio" and len(row) == 4), None)
    if isinstance(given, dict) and not session.audio:
        session.audio = given
        session.save(update_fields=["audio"])


def accept_comment(session: Session, number: int, key: UUID, text: Any, revision: Any) -> None:
    """Store a comment on a page unless a newer one is there.

    Raises
    ------
    RatingError
        No such page, no text or too long a one.
    """
    if not isinstance(text, str) or len(text) > LONGEST_COMMENT:
        raise RatingError(_("A comment is a text of %(count)d letters at most.") % {"count": LONGEST_COMMENT}, str(key))
    revision = _whole(revision, "revision", str(key))
    if not session.pages.filter(number=number).exists():
        raise RatingError(_("There is no such page in this session."), str(key))
    session.pages.filter(number=number, comment_revision__lt=revision).update(comment=text, comment_revision=revision)


def missing_on(presentation: SessionPage) -> list[str]:
    """What a listener still has to do on the page, in sentences."""
    slots = presentation.slots.filter(position__gt=0).select_related("rating")
    ratings = [getattr(slot, "rating", None) for slot in slots]
    missing = []
    unrated = sum(rating is None for rating in ratings)
    if unrated:
        words = ngettext("%(count)d stimulus is not rated yet.", "%(count)d stimuli are not rated yet.", unrated)
        missing.append(words % {"count": unrated})
    if sum(rating is not None and rating.plays == 0 for rating in ratings):
        missing.append(_("Some stimuli have not been played."))
    if not unrated and not any(rating is not None and rating.score == TOP for rating in ratings):
        missing.append(_("Give 100 to the one that sounds like the reference: it is among them."))
    return missing
