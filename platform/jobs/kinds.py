"""What each kind of job is called, and the page of what it works on."""

from typing import NamedTuple

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from jobs.models import Job


class Kind(NamedTuple):
    """`page` is the name of an address that takes the job's `argument`."""

    name: Promise
    page: str
    argument: str


KINDS = {
    "train": Kind(_("Train a network"), "training:run", "run"),
    "build_dataset": Kind(_("Build a data set"), "training:dataset", "dataset"),
    "prepare_study": Kind(_("Prepare a study"), "studies:detail", "study"),
}


def name_of(job: Job) -> str:
    kind = KINDS.get(job.kind)
    return str(kind.name) if kind else job.kind


def page_of(job: Job) -> str:
    """The address of what the job works on; empty if it has none."""
    kind = KINDS.get(job.kind)
    return reverse(kind.page, args=[job.arguments[kind.argument]]) if kind and kind.argument in job.arguments else ""
