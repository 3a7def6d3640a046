"""Making, preparing, opening and closing studies."""

from collections.abc import Callable, Sequence

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from jobs.models import Job
from jobs.services import enqueue
from library.models import Recording
from library.preparation import DEFAULT_CONDITIONS, FIXED, Condition, prepare_stimuli
from modelzoo.audio import Process
from modelzoo.errors import ModelzooError
from studies.models import Page, Study
from studies.options import StudyOptions


class StudyError(ValueError):
    """The study can't go that way; the text says what is missing and what to do."""


def create_study(
    owner: User,
    title: str,
    recordings: Sequence[Recording],
    *,
    training_recording: Recording | None = None,
    conditions: Sequence[Condition] = DEFAULT_CONDITIONS,
    repeated_pages: int = 1,
    introduction: str = "",
    consent: str = "",
    contact: str = "",
    policy: str = "bs1534-3",
    options: StudyOptions | None = None,
) -> Study:
    """A draft with a training page and a page for each recording; its stimuli are made by `prepare`.

    Raises
    ------
    StudyError
        No recordings, one twice, no conditions, more repeats than pages, or options that these pages can't have.
    """
    if len({recording.pk for recording in recordings}) != len(recordings) or not recordings:
        raise StudyError(_("Choose one recording at least, each only once."))
    if not 1 <= len(conditions) <= 9:
        raise StudyError(_("Choose one to nine conditions: with both anchors and the reference a page holds 12."))
    if not 0 <= repeated_pages <= len(recordings) or (len(recordings) == 1 and repeated_pages):
        raise StudyError(_("A repeated page needs another page between: there are too few recordings."))
    options = options or StudyOptions()
    _check_pages(options, len(recordings), repeated_pages)
    with transaction.atomic():
        study = Study.objects.create(
            owner=owner,
            title=title,
            introduction=introduction,
            consent=consent,
            contact=contact,
            policy=policy,
            conditions=[_as_json(condition) for condition in conditions],
            options=options.to_dict(),
        )
        # Without one of its own, training uses the first recording: its grades are discarded.
        Page.objects.create(study=study, position=0, recording=training_recording or recordings[0], is_training=True)
        for position, recording in enumerate(recordings, start=1):
            repeats = int(position <= repeated_pages)
            Page.objects.create(study=study, position=position, recording=recording, repeats=repeats)
    return study


def _check_pages(options: StudyOptions, recordings: int, repeated: int) -> None:
    if options.pages_per_listener > recordings:
        raise StudyError(
            _("%(count)d recordings for each listener: this study rates %(all)d.")
            % {"count": options.pages_per_listener, "all": recordings}
        )
    if options.pages_per_listener == 1 and repeated:
        raise StudyError(_("A repeated page needs another page between: give each listener two recordings at least."))


def change_options(study: Study, options: StudyOptions) -> None:
    """Other options for a draft.

    Raises
    ------
    StudyError
        The study has been open: its first listeners would have taken another test than the next. Or its pages can't
        have these options.
    """
    rated = study.pages.filter(is_training=False)
    _check_pages(options, rated.count(), rated.filter(repeats__gt=0).count())
    # By a conditional UPDATE: it may have been opened in another tab meanwhile.
    draft = Study.objects.filter(pk=study.pk, state=Study.State.DRAFT)
    if not draft.update(options=options.to_dict()):
        raise StudyError(
            _(
                "This study has been open, so its options stay as they are: its listeners would otherwise have taken "
                "different tests. Make another study."
            )
        )
    study.refresh_from_db(fields=["options"])


def _as_json(condition: Condition) -> dict[str, object]:
    process = condition.process
    return {"name": condition.name, "codec": process.codec, "bitrate": process.bitrate, "cutoff": process.cutoff}


def conditions_of(study: Study) -> list[Condition]:
    return [Condition(c["name"], Process(c["codec"], c["bitrate"], c["cutoff"])) for c in study.conditions]


def start_preparing(study: Study, user: User) -> Job:
    """Send the work of making the stimuli to a worker; an unfinished job is not sent twice."""
    if study.job and not study.job.has_ended:
        return study.job
    with transaction.atomic():
        study.job = enqueue("prepare_study", Job.Queue.CPU, {"study": study.pk}, user)
        study.save(update_fields=["job"])
    return study.job


def prepare(
    study: Study,
    progress: Callable[[int, int, str], None] = lambda done, total, message: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> None:
    """Make the stimuli of every page that has none yet. Done again, it does only what is missing.

    Raises
    ------
    StudyError
        A recording can't be put through a condition.
    """
    pages = list(study.pages.select_related("recording"))
    conditions = conditions_of(study)
    names = {kind.value for kind in FIXED} | {condition.name for condition in conditions}
    for index, page in enumerate(pages):
        if cancelled():
            return
        progress(index, len(pages), page.recording.title)
        try:
            stimuli = prepare_stimuli(page.recording, conditions)
        except ModelzooError as error:
            raise StudyError(f"{page.recording.title}: {error}") from error
        page.stimuli.set([stimulus for stimulus in stimuli if stimulus.condition in names])
    progress(len(pages), len(pages), "")


def is_prepared(study: Study) -> bool:
    expected = len(FIXED) + len(study.conditions)
    pages = study.pages.prefetch_related("stimuli")
    return all(len(page.stimuli.all()) == expected for page in pages)


def open_study(study: Study) -> None:
    """Let listeners in.

    Raises
    ------
    StudyError
        The stimuli are not all made yet.
    """
    if not is_prepared(study):
        raise StudyError(_("The stimuli of this study are not made yet. Prepare it first."))
    study.state = Study.State.OPEN
    study.opened_at = study.opened_at or timezone.now()
    study.closed_at = None
    study.save(update_fields=["state", "opened_at", "closed_at"])


def close_study(study: Study) -> None:
    """Let nobody new in; whoever is in the middle may finish."""
    if study.state != Study.State.OPEN:
        raise StudyError(_("Only an open study can be closed."))
    study.state = Study.State.CLOSED
    study.closed_at = timezone.now()
    study.save(update_fields=["state", "closed_at"])
