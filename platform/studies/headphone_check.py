"""The headphone check: its trials laid out, their sounds, and what the listener's answers come to.

An attempt is laid out when the listener begins it, so an attempt without an unanswered trial is over. Between attempts
(and before the first) the listener sets the volume. Which answer is right never leaves the server.
"""

import io
from dataclasses import dataclass
from functools import cache

import soundfile
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from mushra.design.headphones import INTERVALS, RATE, Stereo, antiphase_trial, huggins_trial, level_noise
from mushra.design.rng import session_rng
from studies.models import HeadphoneTrial, Listener, Session
from studies.options import MILNE, REFUSE, TRIALS, HeadphoneCheck, parse
from studies.sessions import SessionError, move_on

LEVEL_SECONDS = 5.0
EXAMPLE = 2


@dataclass(frozen=True)
class CheckResult:
    """What a listener's check came to.

    Attributes
    ----------
    passed : bool or None
        None: not decided yet.
    right : tuple of int
        Right answers in each attempt begun, the first attempt first.
    pass_mark : int
        Right answers that pass an attempt.
    answered : int
        Trials answered in all attempts.
    """

    passed: bool | None
    right: tuple[int, ...]
    pass_mark: int
    answered: int

    @property
    def attempts(self) -> int:
        return len(self.right)

    @property
    def trials(self) -> int:
        """In each attempt."""
        return TRIALS


def check_of(session: Session) -> HeadphoneCheck:
    """The study's check.

    Raises
    ------
    SessionError
        The study has none.
    """
    check = parse(session.listener.study.options).headphone_check
    if check is None:
        raise SessionError(_("This listening test has no headphone check."))
    return check


def result(session: Session) -> CheckResult | None:
    """What the session's check came to; None if its study has none, or the session never came to it."""
    check = parse(session.listener.study.options).headphone_check
    trials = list(session.headphone_trials.all())
    if check is None or not trials:
        return None
    return CheckResult(
        passed=session.listener.passed_headphone_check,
        right=tuple(_right(trials, attempt) for attempt in sorted({trial.attempt for trial in trials})),
        pass_mark=check.pass_mark,
        answered=sum(trial.answer is not None for trial in trials),
    )


def _right(trials: list[HeadphoneTrial], attempt: int) -> int:
    return sum(trial.answer == trial.correct for trial in trials if trial.attempt == attempt)


def attempts_begun(session: Session) -> int:
    latest = session.headphone_trials.order_by("attempt").last()
    return latest.attempt if latest else 0


def current_trial(session: Session) -> HeadphoneTrial | None:
    """The first trial without an answer; None before an attempt is begun."""
    return session.headphone_trials.filter(answer=None).order_by("attempt", "number").first()


def begin(session: Session) -> None:
    """Lay out the next attempt's trials. While one is under way, or the session is elsewhere, nothing happens."""
    check = check_of(session)
    with transaction.atomic():
        if not _hold(session) or current_trial(session):
            return
        attempt = attempts_begun(session) + 1
        if attempt > check.attempts:
            return
        places = _places(session, attempt)
        HeadphoneTrial.objects.bulk_create(
            HeadphoneTrial(session=session, attempt=attempt, number=number, correct=correct)
            for number, correct in enumerate(places, start=1)
        )


def _hold(session: Session) -> bool:
    """Hold the session's row until the transaction ends; whether it still stands at the check."""
    held = Session.objects.select_for_update().filter(pk=session.pk, step=Session.Step.HEADPHONE_CHECK)
    return held.first() is not None


def _places(session: Session, attempt: int) -> list[int]:
    """Where the right answer lies in each trial: drawn independently, so that no trial tells about another."""
    rng = session_rng(f"headphone check {attempt}", session.token, session.seed)
    return [int(place) for place in rng.integers(1, INTERVALS + 1, TRIALS)]


def answer(session: Session, token: str, given: str) -> None:
    """Take a trial's answer, once; after the last of an attempt, decide.

    The same answer again, as a double click sends it, changes nothing.

    Raises
    ------
    HeadphoneTrial.DoesNotExist
        The session has no such trial.
    SessionError
        The answer is none of the three, the trial has another answer already, or an earlier trial waits.
    """
    with transaction.atomic():
        trial = session.headphone_trials.get(token=token)
        if given not in {str(place) for place in range(1, INTERVALS + 1)}:
            raise SessionError(_("Answer with 1, 2 or 3."))
        if trial.answer is None and _hold(session):
            trial = _take(session, trial, int(given))
        if trial.answer != int(given):
            raise SessionError(_("That sound is answered already. The first answer stays."))


def _take(session: Session, trial: HeadphoneTrial, given: int) -> HeadphoneTrial:
    waiting = current_trial(session)
    if waiting is not None and (waiting.attempt, waiting.number) < (trial.attempt, trial.number):
        raise SessionError(_("Another sound comes first."))
    # Conditional: of two requests at the same time, one counts.
    unanswered = HeadphoneTrial.objects.filter(pk=trial.pk, answer=None)
    if unanswered.update(answer=given, answered_at=timezone.now()) and current_trial(session) is None:
        _decide(session, trial.attempt)
    trial.refresh_from_db()
    return trial


def _decide(session: Session, attempt: int) -> None:
    """Pass or fail the attempt that is over; with attempts left, a failed one decides nothing."""
    check = check_of(session)
    passed = _right(list(session.headphone_trials.all()), attempt) >= check.pass_mark
    if not passed and attempt < check.attempts:
        return
    Listener.objects.filter(pk=session.listener_id).update(passed_headphone_check=passed)
    if passed or check.on_failure != REFUSE:
        move_on(session, Session.Step.HEADPHONE_CHECK)
    else:
        Session.objects.filter(pk=session.pk, step=Session.Step.HEADPHONE_CHECK).update(step=Session.Step.REFUSED)
        session.refresh_from_db()


def trial_sound(trial: HeadphoneTrial) -> bytes:
    """The trial's sound; all of a check have the same number of bytes, the same ones at every call."""
    make = huggins_trial if check_of(trial.session).kind == MILNE else antiphase_trial
    return _wav(make(trial.correct, seed=trial.seed))


@cache
def level_sound(kind: str) -> bytes:
    """Noise to set the volume by, to be looped."""
    return _wav(level_noise(LEVEL_SECONDS, seed=0, colour="white" if kind == MILNE else "pink"))


@cache
def example_sound() -> bytes:
    """A Huggins pitch in the noise that `EXAMPLE` says (Milne et al. 2020 let listeners hear one beforehand)."""
    return _wav(huggins_trial(EXAMPLE, seed=0))


def _wav(samples: Stereo) -> bytes:
    """16-bit WAV: its size depends on the number of samples alone, where FLAC's would tell a tone from a noise."""
    out = io.BytesIO()
    soundfile.write(out, samples, RATE, format="WAV", subtype="PCM_16")
    return out.getvalue()
