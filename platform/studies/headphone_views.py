"""The listener's side of the headphone check: setting the volume, one sound after the other, an answer for each."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from mushra.design import headphones as sounds
from studies import headphone_check as check
from studies.models import HeadphoneTrial, Session
from studies.options import MILNE, TRIALS
from studies.sessions import SessionError


def context(session: Session) -> dict[str, Any]:
    """What the page needs: a trial to answer, or the words and sounds before an attempt."""
    options = check.check_of(session)
    trial = check.current_trial(session)
    begun = check.attempts_begun(session)
    is_pitch = options.kind == MILNE
    found: dict[str, Any] = {
        "trial": trial,
        "is_pitch": is_pitch,
        "trials": TRIALS,
        "attempts": options.attempts,
        "attempt": begun if trial else begun + 1,
        "failed": bool(begun) and trial is None,
        "places": range(1, sounds.INTERVALS + 1),
    }
    data: dict[str, Any] = {"words": _words()}
    if trial:
        duration, gap = (
            (sounds.NOISE_SECONDS, sounds.NOISE_GAP_SECONDS)
            if is_pitch
            else (sounds.TONE_SECONDS, sounds.TONE_GAP_SECONDS)
        )
        data |= {"step": duration + gap, "duration": duration}
        found["sound"] = reverse("listen:headphone_sound", args=[session.token, trial.token])
    return {**found, "check_data": data}


def _words() -> dict[str, str]:
    """What the page's script says."""
    return {
        "failed": _("The sound could not be loaded. Check the connection, then press the button again."),
        "loading": _("Loading the sound"),
        "playing": _("Playing"),
        "first": _("Play the sound, then answer."),
        "listen": _("Listen to all three."),
        "answer": _("Now answer: 1, 2 or 3."),
        "stop": _("Stop the noise"),
        "played": _("Played"),
    }


def _session(token: str) -> Session:
    return get_object_or_404(Session.objects.select_related("listener__study"), token=token)


@require_POST
def begin(request: HttpRequest, token: str) -> HttpResponseBase:
    session = _session(token)
    try:
        check.begin(session)
    except SessionError as error:
        raise Http404 from error
    return redirect("listen:session", token)


@require_POST
def answer(request: HttpRequest, token: str, trial: str) -> HttpResponseBase:
    session = _session(token)
    try:
        check.answer(session, trial, request.POST.get("answer", ""))
    except HeadphoneTrial.DoesNotExist as error:
        raise Http404 from error
    except SessionError as error:
        messages.error(request, str(error), extra_tags="wrong")
    return redirect("listen:session", token)


@require_GET
def sound(request: HttpRequest, token: str, trial: str) -> HttpResponse:
    """A trial's sound: no header or size tells one trial from another."""
    found = get_object_or_404(
        HeadphoneTrial.objects.select_related("session__listener__study"), token=trial, session__token=token
    )
    return _sound(check.trial_sound(found))


@require_GET
def level(request: HttpRequest, token: str) -> HttpResponse:
    """The noise to set the volume by."""
    return _sound(check.level_sound(_kind(token)))


@require_GET
def example(request: HttpRequest, token: str) -> HttpResponse:
    """A noise with a tone whose place the page tells."""
    if _kind(token) != MILNE:
        raise Http404
    return _sound(check.example_sound())


def _kind(token: str) -> str:
    try:
        return check.check_of(_session(token)).kind
    except SessionError as error:
        raise Http404 from error


def _sound(data: bytes) -> HttpResponse:
    return HttpResponse(data, content_type="audio/wav", headers={"Cache-Control": "private, no-store"})
