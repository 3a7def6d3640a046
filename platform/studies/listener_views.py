"""The listener's pages. One address shows the step that the session has reached; posts move it on."""

import json
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from studies import arrival, headphone_views, sessions
from studies import ratings as rating_services
from studies.before_after_views import page_of
from studies.blinding import blind_file
from studies.models import Session, SessionPage, Slot, Study
from studies.options import parse
from studies.ratings import RatingError, Revision
from studies.sessions import SessionError
from studies.withdrawal import unless_gone


@never_cache
def start(request: HttpRequest, link: str) -> HttpResponseBase:
    """The front door: takes up the browser's own session, or begins one on a click."""
    study = get_object_or_404(Study, link=link)
    own = arrival.own_session(request, study)
    if own:
        return redirect("listen:session", own.token)
    if study.state != Study.State.OPEN:
        return render(request, "studies/listen/closed.html", {"study": study}, status=403)
    if request.method != "POST":
        return render(request, "studies/listen/start.html", {"study": study})
    agent = request.headers.get("User-Agent", "")
    came_with = arrival.parameters(request.GET)
    session = sessions.start(study, language=get_language() or "", user_agent=agent, arrived_with=came_with)
    response = redirect("listen:session", session.token)
    arrival.remember(response, session)
    return response


def _session(token: str) -> Session:
    return get_object_or_404(Session.objects.select_related("listener__study"), token=token)


@never_cache
@require_GET
def session_page(request: HttpRequest, token: str) -> HttpResponse:
    """Whatever step the session has reached."""
    session = _session(token)
    language = get_language() or ""
    if language != session.language:
        Session.objects.filter(pk=session.pk).update(language=language)
    context: dict[str, Any] = {"session": session, "study": session.listener.study}
    if found := page_of(session):
        template, more = found
        return render(request, template, context | more)
    if session.step == Session.Step.PAGES:
        presentation = sessions.current_page(session)
        if presentation is None:
            raise Http404
        sessions.show(presentation)
        context |= _rating_context(session, presentation)
    elif session.step == Session.Step.HEADPHONE_CHECK:
        context |= headphone_views.context(session)
    elif session.step == Session.Step.VOLUME:
        first = session.pages.earliest("number")
        reference = first.slots.select_related("stimulus").get(position=0)
        ahead = json.dumps(_sounds(session, first.number))
        context |= {"sound": _sound_url(session, reference), "rate": reference.stimulus.rate, "ahead": ahead}
    return render(request, f"studies/listen/{session.step}.html", context)


def _sound_url(session: Session, slot: Slot) -> str:
    return reverse("listen:sound", args=[session.token, slot.token])


def _rating_context(session: Session, presentation: SessionPage) -> dict[str, Any]:
    options = parse(session.listener.study.options)
    slots = list(presentation.slots.select_related("rating", "stimulus"))
    rated = [slot for slot in slots if slot.position]
    cards = [
        {
            "token": slot.token,
            "url": _sound_url(session, slot),
            "letter": chr(ord("A") + slot.position - 1),
            "key": slot.position if slot.position <= 9 else None,
            "score": slot.rating.score if hasattr(slot, "rating") else None,
            "revision": slot.rating.revision if hasattr(slot, "rating") else 0,
            "plays": slot.rating.plays if hasattr(slot, "rating") else 0,
        }
        for slot in rated
    ]
    page_data = {
        "session": session.token,
        "page": presentation.number,
        "reference": _sound_url(session, slots[0]),
        "rate": slots[0].stimulus.rate,
        "samples": slots[0].stimulus.samples,
        "gain": session.volume,
        "rateOnlyPlaying": options.rate_only_playing,
        "commentRevision": presentation.comment_revision,
        "cards": cards,
        "ahead": _sounds(session, presentation.number + 1),
        "save": reverse("listen:ratings", args=[session.token]),
        "words": _words(),
    }
    pages = list(session.pages.all())
    return {
        "asks_comment": options.comments,
        "presentation": presentation,
        "cards": cards,
        "page_data": page_data,
        "pages_done": sum(page.finished_at is not None for page in pages),
        "pages_all": len(pages),
    }


def _sounds(session: Session, number: int) -> list[str]:
    """Addresses of a page's sounds, for the browser to fetch ahead; none if there is no such page."""
    slots = Slot.objects.filter(presentation__session=session, presentation__number=number)
    return [_sound_url(session, slot) for slot in slots.order_by("position")]


def _words() -> dict[str, str]:
    """What the page's scripts say."""
    return {
        "saved": _("All saved"),
        "saving": _("Saving"),
        "offline": _("Not saved yet: kept on this device and sent when the connection is back"),
        "finished": _("This session is finished: its ratings stay as they are."),
        "gone": _("Your data were deleted."),
        "loading": _("Loading the music"),
        "failed": _("The music could not be loaded. Check the connection, then load the page again."),
        "noOutput": _("No sound output was found. Connect your headphones, then load the page again."),
        "notPlayed": _("Not played yet: {letters}."),
        "notRated": _("Not rated yet: {letters}."),
        "cardNotPlayed": _("not played"),
        "cardNotRated": _("not rated"),
        "noneAtTop": _("Give 100 to the one that sounds like the reference: it is among them."),
        "ready": _("All rated. You can go on."),
        "untouched": _("not rated yet"),
        "newer": _("Rated elsewhere meanwhile, in another tab or on another device: that rating counts."),
        "sort": _("Sort by rating"),
        "unsort": _("Back to A, B, C"),
        "play": _("Play"),
        "pause": _("Pause"),
    }


def _refused(request: HttpRequest, session: Session, error: Exception) -> HttpResponseBase:
    messages.error(request, str(error), extra_tags="wrong")
    return redirect("listen:session", session.token)


@require_POST
def consent(request: HttpRequest, token: str) -> HttpResponseBase:
    session = _session(token)
    if request.POST.get("agree") != "yes":
        return _refused(request, session, SessionError(_("Tick the box if you agree; otherwise close this page.")))
    sessions.consent(session)
    return redirect("listen:session", token)


@require_POST
def instructions(request: HttpRequest, token: str) -> HttpResponseBase:
    sessions.read_instructions(_session(token))
    return redirect("listen:session", token)


@require_POST
def volume(request: HttpRequest, token: str) -> HttpResponseBase:
    session = _session(token)
    try:
        gain = float(request.POST.get("volume", ""))
        audio = json.loads(request.POST.get("audio") or "{}")
        sessions.set_volume(session, gain, audio if isinstance(audio, dict) else {})
    except (ValueError, SessionError):
        return _refused(request, session, SessionError(_("Set the volume with the slider, then go on.")))
    return redirect("listen:session", token)


@require_POST
def finish_page(request: HttpRequest, token: str, number: int) -> HttpResponseBase:
    session = _session(token)
    try:
        sessions.finish_page(session, number)
    except SessionError as error:
        return _refused(request, session, error)
    return redirect("listen:session", token)


@require_POST
def headphones(request: HttpRequest, token: str) -> HttpResponseBase:
    session = _session(token)
    answer = request.POST.get("headphones")
    if answer not in ("yes", "no"):
        return _refused(request, session, SessionError(_("Answer the question, then go on.")))
    sessions.answer_headphones(session, answer == "yes")
    return redirect("listen:session", token)


@require_POST
@unless_gone
def ratings(request: HttpRequest, token: str) -> JsonResponse:
    """Takes ratings, events and comments; answers with the keys that are now safe to forget.

    `newer` in the answer is what counts instead of a rating that came late, from another tab or device.
    """
    session = _session(token)
    try:
        body = json.loads(request.body)
        if not isinstance(body, dict):
            raise RatingError(_("The message must be an object."))
        revisions = [Revision.parse(one) for one in body.get("ratings", [])]
        batches = [(int(one["page"]), UUID(one["key"]), one["rows"]) for one in body.get("events", [])]
        comments = [
            (int(one["page"]), UUID(one["key"]), one["text"], one["revision"]) for one in body.get("comments", [])
        ]
        if session.step == Session.Step.DONE and revisions:
            return JsonResponse({"error": _("This session is finished: its ratings stay as they are.")}, status=409)
        accepted = rating_services.accept(session, revisions)
        saved = [
            *accepted.keys,
            *(key for _page, key, _rows in batches),
            *(key for _page, key, _text, _revision in comments),
        ]
        for page, key, rows in batches:
            rating_services.accept_events(session, page, key, rows)
        for page, key, text, revision in comments:
            rating_services.accept_comment(session, page, key, text, revision)
    except RatingError as error:
        return JsonResponse({"error": str(error), "key": error.key}, status=400)
    except (ValueError, TypeError, KeyError, AttributeError):
        return JsonResponse({"error": _("The message can't be read."), "key": ""}, status=400)
    newer = [{"token": one.slot.token, "score": one.score, "revision": one.revision} for one in accepted.newer]
    return JsonResponse({"saved": [str(key) for key in saved], "newer": newer})


@require_GET
def sound(request: HttpRequest, token: str, slot: str) -> HttpResponse:
    """One stimulus: equal bytes, and no header that tells one from another."""
    found = get_object_or_404(
        Slot.objects.select_related("stimulus", "presentation__page"), token=slot, presentation__session__token=token
    )
    path = blind_file(found)
    response = HttpResponse(content_type="audio/flac", headers={"Cache-Control": "private, no-store"})
    if settings.X_ACCEL_PREFIX:
        response.headers["X-Accel-Redirect"] = f"{settings.X_ACCEL_PREFIX}blind/{path.name}"
    else:
        response.content = path.read_bytes()
    return response
