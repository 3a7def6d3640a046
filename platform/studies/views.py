"""The researcher's pages of a study: make it, watch it fill, close it."""

from typing import Any

from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.access import researcher_page, signed_in
from studies import services
from studies.access import studies_of
from studies.forms import SYSTEMS, OptionsForm, StudyForm
from studies.models import Session, Study
from studies.options import parse
from studies.options_summary import summary
from studies.services import StudyError
from studies.table import events_table
from web.downloads import as_csv


@researcher_page
def index(request: HttpRequest) -> HttpResponse:
    finished = Count("listeners", filter=Q(listeners__session__finished_at__isnull=False))
    started = Count("listeners", filter=Q(listeners__withdrawn_at=None))
    studies = studies_of(signed_in(request)).annotate(finished=finished, started=started)
    return render(request, "studies/index.html", {"studies": studies})


@researcher_page
def new(request: HttpRequest) -> HttpResponseBase:
    form = StudyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        data = dict(form.cleaned_data)
        chosen = [SYSTEMS[name] for name in data.pop("conditions")]
        user = signed_in(request)
        try:
            recordings = list(data.pop("recordings"))
            study = services.create_study(user, data.pop("title"), recordings, conditions=chosen, **data)
        except StudyError as error:
            form.add_error(None, str(error))
        else:
            services.start_preparing(study, user)
            return redirect("studies:detail", study.pk)
    return render(request, "studies/new.html", {"form": form}, status=400 if form.errors else 200)


def _study(request: HttpRequest, pk: int) -> Study:
    return get_object_or_404(studies_of(signed_in(request)).select_related("job"), pk=pk)


@researcher_page
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    study = _study(request, pk)
    sessions = Session.objects.filter(listener__study=study)
    context: dict[str, Any] = {
        "study": study,
        "link": request.build_absolute_uri(reverse("listen:start", args=[study.link])),
        "pages": study.pages.select_related("recording"),
        "prepared": services.is_prepared(study),
        "started": sessions.count(),
        "finished": sessions.filter(finished_at__isnull=False).count(),
        "withdrew": study.listeners.filter(withdrawn_at__isnull=False).count(),
        "options": summary(parse(study.options)),
        "simulated": study.listeners.filter(is_simulated=True).count(),
        "sessions": sessions.select_related("listener").order_by("-started_at")[:50],
    }
    return render(request, "studies/detail.html", context)


@researcher_page
def edit(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Other options, while the study is a draft."""
    study = _study(request, pk)
    form = OptionsForm(request.POST or None, options=parse(study.options))
    if request.method == "POST" and form.is_valid():
        try:
            services.change_options(study, form.cleaned_data["options"])
        except StudyError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("The options are saved."))
            return redirect("studies:detail", pk)
    context = {"study": study, "form": form, "is_draft": study.state == Study.State.DRAFT}
    return render(request, "studies/edit.html", context, status=400 if form.errors else 200)


@researcher_page
def events_csv(request: HttpRequest, pk: int) -> HttpResponse:
    """What listeners did on the pages."""
    study = _study(request, pk)
    return as_csv(events_table(study), f"events-{study.pk}")


def _change(request: HttpRequest, pk: int, change: Any, done: str) -> HttpResponseBase:
    study = _study(request, pk)
    try:
        change(study)
    except StudyError as error:
        messages.error(request, str(error), extra_tags="wrong")
    else:
        messages.success(request, done)
    return redirect("studies:detail", pk)


@require_POST
@researcher_page
def prepare(request: HttpRequest, pk: int) -> HttpResponseBase:
    user = signed_in(request)
    return _change(request, pk, lambda study: services.start_preparing(study, user), _("The stimuli are being made."))


@require_POST
@researcher_page
def open_study(request: HttpRequest, pk: int) -> HttpResponseBase:
    return _change(request, pk, services.open_study, _("The study is open: send its link to your listeners."))


@require_POST
@researcher_page
def close_study(request: HttpRequest, pk: int) -> HttpResponseBase:
    done = _("The study is closed. Listeners in the middle of it may finish.")
    return _change(request, pk, services.close_study, done)
