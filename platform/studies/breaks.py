"""Breaks between rated pages, offered as often as the study says."""

from studies.models import Session
from studies.options import parse


def offered(session: Session) -> int:
    """How many breaks the pages finished so far have earned; practice does not count."""
    every = parse(session.listener.study.options).break_every
    finished = session.pages.filter(is_training=False, finished_at__isnull=False).count()
    return finished // every if every else 0


def is_due(session: Session) -> bool:
    """Whether a break comes before the next page. After the last page the pages' step is over: there is none."""
    return session.step == Session.Step.PAGES and offered(session) > session.breaks_taken


def take(session: Session) -> None:
    """Go on from the break. A second click changes nothing."""
    count = offered(session)
    Session.objects.filter(pk=session.pk, breaks_taken__lt=count).update(breaks_taken=count)
