"""Making a study's stimuli."""

from jobs.runner import Handle, JobError
from studies import services
from studies.models import Study


def prepare(handle: Handle) -> None:
    study = Study.objects.get(pk=handle.arguments["study"])
    try:
        services.prepare(study, handle.progress, handle.cancelled)
    except services.StudyError as error:
        raise JobError(str(error)) from error
    handle.check()
