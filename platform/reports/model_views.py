"""Pages that set a model's predictions beside what people heard."""

from typing import Any

import pandas as pd
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _

from accounts.access import researcher_page, signed_in
from mushra.screening import POLICIES
from mushra.stats import Agreement
from mushra.table import ANCHOR35, ANCHOR70, REFERENCE
from reports.model_report import AGAINST, ModelReport, model_report, scatter
from reports.mos_plot import mark_simulated
from studies.access import studies_of
from studies.models import Study
from training.models import TrainingRun
from web import charts, downloads


def _study(request: HttpRequest, pk: int) -> Study:
    return get_object_or_404(studies_of(signed_in(request)), pk=pk)


def _report(request: HttpRequest, pk: int, run: int) -> ModelReport:
    study = _study(request, pk)
    name = request.GET.get("policy", "")
    if name and name not in POLICIES:
        raise Http404
    trained = TrainingRun.objects.select_related("dataset").filter(finished_at__isnull=False)
    return model_report(study, get_object_or_404(trained, pk=run), name)


@researcher_page
def models(request: HttpRequest, pk: int) -> HttpResponse:
    """The finished runs with predictions for the study's stimuli."""
    study = _study(request, pk)
    runs = TrainingRun.objects.filter(predictions__stimulus__page__study=study, finished_at__isnull=False)
    return render(request, "reports/models.html", {"study": study, "runs": runs.select_related("dataset").distinct()})


@researcher_page
def model(request: HttpRequest, pk: int, run: int) -> HttpResponse:
    report = _report(request, pk, run)
    panels = []
    for against in AGAINST:
        one = report.agreement(against)
        title = _finding(against, one)
        plot = charts.svg(scatter(report, against), title=title, description=_description(report, against))
        panels.append({"against": against, "agreement": one, "title": title, "plot": plot})
    found = report.found
    context: dict[str, Any] = {
        "study": report.study,
        "run": report.run,
        "found": found,
        "policies": list(POLICIES),
        "panels": panels,
        "stimuli": len(scored := report.points.dropna(subset=["predicted"])),
        "kinds": _kinds(scored["kind"]),
        "rows": report.points.astype(object).where(report.points.notna(), None).to_dict("records"),
        "simulated_count": found.simulated_kept,
        "recordings": scored["recording"].nunique(),
        "known": report.known_recordings(),
        "trained_recordings": report.run.dataset.summary.get("references"),
    }
    return render(request, "reports/model.html", context)


def _finding(against: str, one: Agreement | None) -> str:
    other = _("the listeners") if against == "mos" else "ViSQOL"
    if one is None:
        return _("There is nothing to set beside %(other)s yet") % {"other": other}
    values = {"other": other, "rmse": one.rmse, "r": one.r}
    if one.r != one.r:
        return _("The model gives every stimulus the same score: it lies %(rmse).0f points from %(other)s") % values
    return _("The model lies %(rmse).0f points (RMSE) from %(other)s, r = %(r).2f") % values


def _kinds(kinds: "pd.Series[str]") -> str:
    """Whether hidden references and anchors are among the points: both make r look better than systems alone would."""
    references, anchors = int((kinds == REFERENCE).sum()), int(kinds.isin([ANCHOR35, ANCHOR70]).sum())
    if not references and not anchors:
        return _("Neither hidden references nor anchors are among them.")
    return _("%(references)d hidden references and %(anchors)d anchors are among them.") % {
        "references": references,
        "anchors": anchors,
    }


def _description(report: ModelReport, against: str) -> str:
    """What somebody who can't see the plot should know of it."""
    pairs = report.points.dropna(subset=["predicted", against])
    if not len(pairs):
        return _("No stimulus has both scores.")
    gap = pairs["predicted"] - pairs[against]
    worst = pairs.iloc[int(gap.abs().to_numpy().argmax())]
    return _(
        "Scatter of %(count)d stimuli, both axes from 0 to 100, model vertical. %(inside)d lie within 10 points of the "
        "diagonal. The furthest is %(recording)s, %(condition)s: model %(predicted).0f, %(observed).0f given. "
        "The table below holds every point."
    ) % {
        "count": len(pairs),
        "inside": int((gap.abs() <= 10).sum()),
        "recording": worst["recording"],
        "condition": worst["condition"],
        "predicted": worst["predicted"],
        "observed": worst[against],
    }


@researcher_page
def points_csv(request: HttpRequest, pk: int, run: int) -> HttpResponse:
    report = _report(request, pk, run)
    table = report.points.assign(policy=report.found.policy.name, simulated=report.found.simulated_kept)
    return downloads.as_csv(table, f"study-{pk}-model-{run}")


@researcher_page
def picture(request: HttpRequest, pk: int, run: int, against: str, form: str) -> HttpResponse:
    report = _report(request, pk, int(run))
    figure = scatter(report, against)
    if against == "mos":
        mark_simulated(figure, report.found.simulated_kept)
    return downloads.as_picture(figure, form, f"study-{pk}-model-{run}-{against}")
