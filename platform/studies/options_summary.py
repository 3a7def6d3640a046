"""A study's options in sentences, for who runs it."""

from collections.abc import Sequence

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from studies.options import REFUSE, WOODS, HeadphoneCheck, Question, StudyOptions


def summary(options: StudyOptions) -> list[str]:
    """What listeners of the study meet beside the pages, one sentence each."""
    said = [
        _asked(options.before, _("Before the pages:")),
        _check(options.headphone_check) if options.headphone_check else "",
        "" if options.rate_only_playing else _("Any version can be rated, also while another plays."),
        _("Listeners may comment on every page.") if options.comments else "",
        _each(options.pages_per_listener),
        _break(options.break_every),
        _asked(options.after, _("After the pages:")),
        _("At the end listeners say whether they used headphones.")
        if options.ask_headphones
        else _("Nobody is asked about headphones."),
        _("At the end listeners see their own ratings.") if options.show_results else "",
        _("Completion code: %(code)s.") % {"code": options.completion_code} if options.completion_code else "",
        _("The last page leads back to %(address)s") % {"address": options.return_url} if options.return_url else "",
    ]
    return [sentence for sentence in said if sentence]


def _asked(questions: Sequence[Question], when: str) -> str:
    if not questions:
        return ""
    count = ngettext("%(count)d question", "%(count)d questions", len(questions)) % {"count": len(questions)}
    return f"{when} {count} ({', '.join(question.name for question in questions)})."


def _check(check: HeadphoneCheck) -> str:
    kind = _("by Woods et al. 2017") if check.kind == WOODS else _("by Milne et al. 2020")
    outcome = _("who fails is turned away") if check.on_failure == REFUSE else _("who fails is marked in the results")
    return _("Headphone check %(kind)s: %(outcome)s.") % {"kind": kind, "outcome": outcome}


def _each(count: int) -> str:
    words = ngettext("Each listener rates %(count)d recording.", "Each listener rates %(count)d recordings.", count)
    return words % {"count": count} if count else ""


def _break(every: int) -> str:
    words = ngettext(
        "A break is offered after every rated page.", "A break is offered after every %(count)d rated pages.", every
    )
    return words % {"count": every} if every else ""
