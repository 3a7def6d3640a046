"""A listener's way through a study: started from its link, resumed from its token, one step after the other."""

from collections.abc import Mapping

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from library.models import Stimulus
from mushra.design.order import PageSpec, session_order
from studies.models import Listener, Page, Session, SessionPage, Slot, Study
from studies.options import parse
from studies.ratings import missing_on


class SessionError(ValueError):
    """The session can't go that way; the text says why, for the listener."""


def start(
    study: Study,
    *,
    language: str = "",
    user_agent: str = "",
    simulated_as: str = "",
    arrived_with: Mapping[str, str] | None = None,
) -> Session:
    """A new listener with a session, its pages in this session's own order.

    `arrived_with` are the parameters of the link, such as PROLIFIC_PID.

    Raises
    ------
    SessionError
        The study is not open.
    """
    if study.state != Study.State.OPEN:
        raise SessionError(_("This listening test is not open."))
    with transaction.atomic():
        listener = Listener.objects.create(
            study=study,
            is_simulated=bool(simulated_as),
            simulated_as=simulated_as,
            arrived_with=dict(arrived_with or {}),
        )
        session = Session.objects.create(listener=listener, language=language, user_agent=user_agent[:300])
        _lay_out(session, study)
    return session


def _lay_out(session: Session, study: Study) -> None:
    pages = {str(page.pk): page for page in study.pages.prefetch_related("stimuli")}
    plans = session_order(
        [_spec(page) for page in pages.values()],
        study=study.link,
        session=session.token,
        seed=study.seed,
        # Its place in the study balances the pages' places over listeners.
        number=study.listeners.count() - 1,
        subset=parse(study.options).pages_per_listener or None,
    )
    slots = []
    for number, plan in enumerate(plans, start=1):
        page = pages[plan.page]
        presentation = SessionPage.objects.create(
            session=session, number=number, page=page, repeat=plan.repeat, is_training=plan.training
        )
        reference = next(s for s in page.stimuli.all() if s.kind == Stimulus.Kind.REFERENCE)
        slots.append(Slot(presentation=presentation, position=0, stimulus=reference))
        slots += [
            Slot(presentation=presentation, position=position, stimulus_id=int(stimulus))
            for position, stimulus in enumerate(plan.stimuli, start=1)
        ]
    Slot.objects.bulk_create(slots)


def _spec(page: Page) -> PageSpec:
    stimuli = tuple(sorted(str(stimulus.pk) for stimulus in page.stimuli.all()))
    return PageSpec(str(page.pk), stimuli, page.is_training, page.repeats)


def steps_of(study: Study) -> list[Session.Step]:
    """The steps that the study has, in their order."""
    options = parse(study.options)
    step = Session.Step
    optional = {
        step.BEFORE: bool(options.before),
        step.HEADPHONE_CHECK: options.headphone_check is not None,
        step.AFTER: bool(options.after),
        step.HEADPHONES: options.ask_headphones,
    }
    every = [
        *(step.CONSENT, step.BEFORE, step.HEADPHONE_CHECK, step.INSTRUCTIONS, step.VOLUME),
        *(step.PAGES, step.AFTER, step.HEADPHONES, step.DONE),
    ]
    return [one for one in every if optional.get(one, True)]


def consent(session: Session) -> None:
    move_on(session, Session.Step.CONSENT, consented_at=timezone.now())


def read_instructions(session: Session) -> None:
    move_on(session, Session.Step.INSTRUCTIONS)


def set_volume(session: Session, volume: float, audio: dict[str, object]) -> None:
    """Raises `SessionError` for a volume outside 0-1."""
    if not 0 <= volume <= 1:
        raise SessionError(_("The volume must lie between 0 and 1."))
    move_on(session, Session.Step.VOLUME, volume=volume, audio=audio)


def current_page(session: Session) -> SessionPage | None:
    """The first page that is not finished."""
    return session.pages.filter(finished_at=None).select_related("page").first()


def show(presentation: SessionPage) -> None:
    """Note when the page was first shown: ratings' times count from there."""
    SessionPage.objects.filter(pk=presentation.pk, shown_at=None).update(shown_at=timezone.now())


def finish_page(session: Session, number: int) -> None:
    """Go on from a page. Asking again for a page that is finished changes nothing.

    Raises
    ------
    SessionError
        Another page comes first, or this one is not rated to the end.
    """
    presentation = session.pages.filter(number=number).first()
    if presentation is None:
        raise SessionError(_("There is no such page in this session."))
    if presentation.finished_at:
        return
    current = current_page(session)
    if session.step != Session.Step.PAGES or current is None or current.pk != presentation.pk:
        raise SessionError(_("Another page comes first."))
    missing = missing_on(presentation)
    if missing:
        raise SessionError(" ".join(missing))
    SessionPage.objects.filter(pk=presentation.pk).update(finished_at=timezone.now())
    if current_page(session) is None:
        move_on(session, Session.Step.PAGES)


def answer_headphones(session: Session, used: bool) -> None:
    with transaction.atomic():
        if move_on(session, Session.Step.HEADPHONES):
            Listener.objects.filter(pk=session.listener_id).update(headphones=used)


def finish(session: Session, *, headphones: bool | None) -> None:
    """End a simulated listener's session at once: every page done."""
    now = timezone.now()
    session.pages.filter(finished_at=None).update(shown_at=now, finished_at=now)
    Listener.objects.filter(pk=session.listener_id).update(headphones=headphones)
    session.step, session.finished_at = Session.Step.DONE, now
    session.save(update_fields=["step", "finished_at"])


def move_on(session: Session, step: Session.Step, **values: object) -> bool:
    """From `step` to the next that the study has; false, and nothing done, if the session is not at `step`.

    By a conditional UPDATE: a double click or a second tab does nothing more.
    """
    steps = steps_of(session.listener.study)
    following = steps[steps.index(step) + 1]
    if following == Session.Step.DONE:
        values["finished_at"] = timezone.now()
    moved = Session.objects.filter(pk=session.pk, step=step).update(step=following, **values)
    session.refresh_from_db()
    return bool(moved)
