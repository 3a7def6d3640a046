"""The listener's pages around the rated ones: questions, breaks, a code from another device, the end, withdrawal."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from studies import arrival, breaks, questions, withdrawal
from studies.arrival import CodeError, TooManyCodes
from studies.models import Session, Study
from studies.options import parse
from studies.own_results import own_results

QUESTIONS = "studies/listen/questions.html"


def page_of(session: Session) -> tuple[str, dict[str, Any]] | None:
    """The template and its context where this module shows the session's step."""
    step = Session.Step(session.step)
    if step in questions.STAGES:
        return QUESTIONS, {"form": questions.form_of(session, step)}
    if step == Session.Step.DONE:
        return "studies/listen/done.html", _end(session)
    if breaks.is_due(session):
        rated = session.pages.filter(is_training=False)
        done = rated.filter(finished_at__isnull=False).count()
        return "studies/listen/break.html", {"done": done, "all": rated.count()}
    return None


def _end(session: Session) -> dict[str, Any]:
    options = parse(session.listener.study.options)
    return {
        "completion_code": options.completion_code,
        "return_address": arrival.return_address(options, session.listener.arrived_with),
        "results": own_results(session) if options.show_results else None,
    }


def _session(token: str) -> Session:
    return get_object_or_404(Session.objects.select_related("listener__study"), token=token)


@require_POST
def answer(request: HttpRequest, token: str, stage: str) -> HttpResponseBase:
    """Takes the answers; on an error the page comes again with everything that was filled in."""
    session = _session(token)
    if stage not in questions.STAGES:
        raise Http404
    step = Session.Step(stage)
    if session.step == step:
        form = questions.form_of(session, step, request.POST)
        if not form.is_valid():
            context = {"session": session, "study": session.listener.study, "form": form}
            return render(request, QUESTIONS, context, status=400)
        questions.save(session, step, form)
    return redirect("listen:session", token)


@require_POST
def after_break(request: HttpRequest, token: str) -> HttpResponseBase:
    breaks.take(_session(token))
    return redirect("listen:session", token)


@never_cache
@require_POST
def resume(request: HttpRequest, link: str) -> HttpResponseBase:
    """From a listener's code to the session, on whatever device."""
    study = get_object_or_404(Study, link=link)
    code = request.POST.get("code", "")
    try:
        session = arrival.session_of_code(study, code, arrival.network_address(request))
    except CodeError as error:
        context = {"study": study, "code": code[:40], "code_error": str(error)}
        page = "start" if study.state == Study.State.OPEN else "closed"
        status = 429 if isinstance(error, TooManyCodes) else 400
        return render(request, f"studies/listen/{page}.html", context, status=status)
    response = redirect("listen:session", session.token)
    arrival.remember(response, session)
    return response


@never_cache
@require_http_methods(["GET", "POST"])
def withdraw(request: HttpRequest, token: str) -> HttpResponseBase:
    """Asks once more, then deletes. Asked again for a session that is gone, it says so."""
    session = Session.objects.select_related("listener__study").filter(token=token).first()
    if session is None:
        return render(request, "studies/listen/withdrawn.html", status=410)
    study = session.listener.study
    if request.method != "POST":
        return render(request, "studies/listen/withdraw.html", {"session": session, "study": study})
    if request.POST.get("sure") != "yes":
        messages.error(request, _("Tick the box if you want everything deleted."), extra_tags="wrong")
        return redirect("listen:withdraw", token)
    withdrawal.withdraw(session)
    response = redirect("listen:withdrawn", study.link)
    arrival.forget(response, study)
    return response


@require_GET
def withdrawn(request: HttpRequest, link: str) -> HttpResponse:
    return render(request, "studies/listen/withdrawn.html", {"study": get_object_or_404(Study, link=link)})
