"""Jobs as people see them: how far, how it ended, and a way to stop one."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.access import admin_page, researcher_page, signed_in
from jobs import kinds, services
from jobs.models import Job

SHOWN = 200


def _job(request: HttpRequest, pk: str) -> Job:
    """An admin's are all; a researcher's are those they started."""
    job = get_object_or_404(Job, pk=pk)
    user = signed_in(request)
    if not user.is_lab_admin and job.created_by_id != user.pk:
        raise PermissionDenied(_("This job was started by somebody else."))
    return job


@admin_page
def index(request: HttpRequest) -> HttpResponse:
    jobs = Job.objects.select_related("created_by")[:SHOWN]
    rows = [{"job": job, "name": kinds.name_of(job)} for job in jobs]
    return render(request, "jobs/index.html", {"rows": rows, "shown": SHOWN})


@researcher_page
def detail(request: HttpRequest, pk: str) -> HttpResponse:
    job = _job(request, pk)
    context = {"job": job, "name": kinds.name_of(job), "page": kinds.page_of(job)}
    return render(request, "jobs/detail.html", context)


@researcher_page
def status(request: HttpRequest, pk: str) -> JsonResponse:
    """What a page that follows the job asks for every second or two."""
    job = _job(request, pk)
    return JsonResponse(
        {
            "state": job.state,
            "label": job.get_state_display(),
            "ended": job.has_ended,
            "stopping": job.cancel_requested and not job.has_ended,
            "done": job.done,
            "total": job.total,
            "message": job.message,
            "left": services.seconds_left(job),
            "error": job.error,
        }
    )


@require_http_methods(["GET", "POST"])
@researcher_page
def cancel(request: HttpRequest, pk: str) -> HttpResponseBase:
    return confirm_cancel(request, job := _job(request, pk), reverse("jobs:detail", args=[job.pk]))


def confirm_cancel(request: HttpRequest, job: Job, back: str, consequence: str = "") -> HttpResponseBase:
    """Ask first (GET), then stop the job (POST) and return to the page that `back` is the address of."""
    if request.method != "POST" and not job.has_ended:
        context = {"job": job, "name": kinds.name_of(job), "back": back, "consequence": consequence}
        return render(request, "jobs/cancel.html", context)
    if job.has_ended:
        messages.info(request, _("The job had ended before: there is nothing to stop."))
    else:
        services.cancel(job)
        messages.info(request, _("The job is stopped. If it is at work now, it ends after the step it is at."))
    return redirect(back)
