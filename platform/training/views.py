"""The admin's pages: data sets and training runs."""

import pandas as pd
from django.db.models import F
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.access import admin_page, signed_in
from jobs.views import confirm_cancel
from library.models import Recording
from modelzoo.audio import PROCESSES
from training import services
from training.forms import DatasetForm, RunForm
from training.loss_plot import description, finding, loss_figure
from training.models import Dataset, TrainingRun
from training.services import TrainingError
from web import charts, downloads


@admin_page
def index(request: HttpRequest) -> HttpResponse:
    context = {
        "datasets": Dataset.objects.select_related("job"),
        "runs": TrainingRun.objects.select_related("job", "dataset"),
    }
    return render(request, "training/index.html", context)


@admin_page
def new_dataset(request: HttpRequest) -> HttpResponseBase:
    form = DatasetForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            dataset = services.create_dataset(
                data["name"], list(data["recordings"]), data["processes"], data["seed"], signed_in(request)
            )
        except TrainingError as error:
            form.add_error(None, str(error))
        else:
            return redirect("training:dataset", dataset.pk)
    context = {"form": form, "possible": Recording.objects.count() >= services.MIN_RECORDINGS}
    return render(request, "training/new_dataset.html", context, status=400 if form.errors else 200)


@admin_page
def dataset(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(Dataset.objects.select_related("job"), pk=pk)
    titles = Recording.objects.filter(pk__in=found.recipe.get("recordings", [])).values_list("title", flat=True)
    processes = [PROCESSES[number].name for number in found.recipe.get("processes", [])]
    context = {"dataset": found, "titles": titles, "processes": processes, "runs": found.runs.select_related("job")}
    return render(request, "training/dataset.html", context)


@admin_page
def new_run(request: HttpRequest) -> HttpResponseBase:
    given = {name: request.GET[name] for name in RunForm.base_fields if name in request.GET}
    form = RunForm(request.POST or None, initial=given)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            run = services.start_run(**data, created_by=signed_in(request))
        except TrainingError as error:
            form.add_error(None, str(error))
        else:
            return redirect("training:run", run.pk)
    context = {"form": form, "possible": Dataset.objects.filter(built_at__isnull=False).exists()}
    return render(request, "training/new_run.html", context, status=400 if form.errors else 200)


def _run(pk: int) -> TrainingRun:
    return get_object_or_404(TrainingRun.objects.select_related("job", "dataset"), pk=pk)


@admin_page
def run(request: HttpRequest, pk: int) -> HttpResponse:
    found = _run(pk)
    # Studies are a sibling of training: reached by relation, never imported.
    scored = found.predictions.filter(stimulus__page__study__isnull=False)
    studies = scored.values(study=F("stimulus__page__study"), title=F("stimulus__page__study__title")).distinct()
    return render(request, "training/run.html", {"run": found, "studies": studies, **_plot(found)})


@require_http_methods(["GET", "POST"])
@admin_page
def cancel_run(request: HttpRequest, pk: int) -> HttpResponseBase:
    found = _run(pk)
    back = reverse("training:run", args=[pk])
    if found.job is None:
        return redirect(back)
    return confirm_cancel(request, found.job, back, _("The curve so far stays; no model comes of it."))


@admin_page
def curve(request: HttpRequest, pk: int) -> HttpResponse:
    """The loss curve alone, for the page to put in while the run goes on."""
    found = _run(pk)
    return render(request, "training/curve.html", {"run": found, **_plot(found)})


def _plot(found: TrainingRun) -> dict[str, str]:
    if not found.history:
        return {}
    title = finding(found.history)
    plot = charts.svg(loss_figure(found.history), title=title, description=description(found.history))
    return {"plot": plot, "finding": title}


@admin_page
def curve_file(request: HttpRequest, pk: int, form: str) -> HttpResponse:
    """The loss curve to download: its figure, or its data as CSV."""
    history = _run(int(pk)).history
    if not history:
        raise Http404
    if form == "csv":
        return downloads.as_csv(pd.DataFrame(history), f"run-{pk}-loss")
    return downloads.as_picture(loss_figure(history), form, f"run-{pk}-loss")
