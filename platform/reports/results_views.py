"""A study's results: whom to trust, and what they said."""

from typing import Any

import pandas as pd
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from accounts.access import researcher_page, signed_in
from mushra.screening import POLICIES
from mushra.stats import mos
from reports import exports, screening
from reports.mos_plot import in_order, mark_simulated, mos_figure
from reports.rules import RULE_NAMES, measured_in_words
from reports.screening import Results
from studies import headphone_check
from studies.access import studies_of
from web import charts, downloads


def _results(request: HttpRequest, pk: int) -> Results:
    study = get_object_or_404(studies_of(signed_in(request)), pk=pk)
    name = request.GET.get("policy", "")
    if name and name not in POLICIES:
        raise Http404
    return screening.results(study, name)


def _listener_row(found: Results, code: str) -> dict[str, Any]:
    exclusion = found.exclusions.get(code)
    rules = [
        {
            "name": RULE_NAMES[rule.rule],
            "measured": measured_in_words(rule.rule, rule.measured, rule.threshold),
            "evidence": rule.evidence,
        }
        for rule in (exclusion.rules if exclusion else [])
    ]
    return {
        "code": code,
        "kept": code in found.kept,
        "rules": rules,
        "simulated_as": found.simulated.get(code, ""),
        "decision": found.decisions.get(code),
    }


@researcher_page
def results(request: HttpRequest, pk: int) -> HttpResponse:
    found = _results(request, pk)
    screening.record(found)
    context: dict[str, Any] = {
        "study": found.study,
        "found": found,
        "policies": list(POLICIES),
        "listeners": [_listener_row(found, code) for code in found.screening.listeners],
        "kept_count": len(found.kept),
        "simulated_count": sum(code in found.simulated for code in found.screening.listeners),
        "unfinished": found.study.listeners.filter(session__isnull=False, session__finished_at=None).count(),
    }
    if found.kept:
        summary = in_order(mos(found.kept_table))
        context["rows"] = summary.to_dict("records")
        context["finding"] = _finding(summary)
        context["plot"] = charts.svg(
            mos_figure(found.kept_table, summary), title=str(context["finding"]), description=_description(summary)
        )
    return render(request, "reports/results.html", context)


def _finding(summary: pd.DataFrame) -> str:
    systems = summary[summary["kind"] == "system"].groupby("condition")["mos"].mean().sort_values()
    if systems.empty:
        return _("There are no systems to compare.")
    best, worst = systems.index[-1], systems.index[0]
    return _("%(best)s was rated best, MOS %(high).0f on average; %(worst)s worst, %(low).0f") % {
        "best": best,
        "high": systems.iloc[-1],
        "worst": worst,
        "low": systems.iloc[0],
    }


def _description(summary: pd.DataFrame) -> str:
    means = summary.groupby("condition", sort=False)["mos"].mean()
    return _("Mean over recordings:") + " " + ", ".join(f"{name} {value:.0f}" for name, value in means.items()) + "."


@researcher_page
def listener(request: HttpRequest, pk: int, code: str) -> HttpResponseBase:
    """Why one listener is in or out; a person may decide otherwise, with a reason."""
    found = _results(request, pk)
    if code not in found.screening.listeners:
        raise Http404
    who = found.study.listeners.get(code=code)
    if request.method == "POST":
        try:
            included = request.POST.get("included") == "yes"
            reason = request.POST.get("reason", "")
            screening.decide(who, included=included, reason=reason, user=signed_in(request), policy=found.policy)
        except ValueError:
            messages.error(request, _("Write down the reason: it is kept with the decision."), extra_tags="wrong")
        return redirect(f"{request.path}?policy={found.policy.name}")
    context = {
        "study": found.study,
        "found": found,
        "row": _listener_row(found, code),
        "ratings": found.table[found.table["listener"] == code].to_dict("records"),
        "check": headphone_check.result(who.session),
        "decisions": who.decisions.select_related("decided_by"),
    }
    return render(request, "reports/listener.html", context)


@researcher_page
def ratings_csv(request: HttpRequest, pk: int) -> HttpResponse:
    return downloads.as_csv(exports.ratings_table(_results(request, pk)), f"study-{pk}-ratings")


@researcher_page
def mos_csv(request: HttpRequest, pk: int) -> HttpResponse:
    found = _results(request, pk)
    if not found.kept:
        raise Http404
    return downloads.as_csv(exports.mos_table(found), f"study-{pk}-mos")


@researcher_page
def mos_picture(request: HttpRequest, pk: int, form: str) -> HttpResponse:
    found = _results(request, pk)
    if not found.kept:
        raise Http404
    figure = mos_figure(found.kept_table, mos(found.kept_table))
    mark_simulated(figure, found.simulated_kept)
    return downloads.as_picture(figure, form, f"study-{pk}-mos")
