"""A study's own questions, before and after the pages: the form that asks them, and the answers it stores once."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.db import transaction
from django.utils.translation import gettext as _

from studies.models import Answer, Session, Study
from studies.options import CHOICE, LONGEST_TEXT, NUMBER, SCALE, Question, parse
from studies.sessions import move_on

SCALE_TOP = 100
STAGES = (Session.Step.BEFORE, Session.Step.AFTER)


class ScaleInput(forms.Widget):
    """A slider that holds no value until it is touched: what was not answered is not 50."""

    template_name = "studies/listen/scale.html"

    def __init__(self, question: Question) -> None:
        super().__init__()
        self.question = question

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        # What is not a place on the slider (by hand, or none) leaves it untouched.
        try:
            place = float(value)
        except (TypeError, ValueError):
            place = -1.0
        touched = 0 <= place <= SCALE_TOP
        attributes = context["widget"]["attrs"]
        ends = f"{attributes['id']}_ends"
        attributes["aria-describedby"] = " ".join([ends, attributes.get("aria-describedby", "")]).strip()
        # It is the hidden field that is sent, so the slider itself can't be missing.
        attributes.pop("required", None)
        return {**context, "question": self.question, "touched": touched, "place": f"{place:g}", "ends": ends}


class QuestionsForm(forms.Form):
    """A field for each question, in the order given."""

    use_required_attribute = False

    def __init__(self, questions: Sequence[Question], data: Mapping[str, Any] | None = None) -> None:
        # A prefix: a question may be called like something else that the page sends.
        super().__init__(data, prefix="q", label_suffix="")
        self.questions = questions
        for question in questions:
            self.fields[question.name] = _field(question)

    def answers(self) -> dict[str, str | float | None]:
        """A value for each question; None for an optional one that was left out."""
        values = {question.name: self.cleaned_data[question.name] for question in self.questions}
        return {name: _plain(value) for name, value in values.items()}


def _field(question: Question) -> forms.Field:
    errors = {"required": _("This question needs an answer.")}
    shared: dict[str, Any] = {"label": question.label, "required": not question.optional, "error_messages": errors}
    if question.type == NUMBER:
        errors |= dict.fromkeys(("invalid", "min_value", "max_value"), _wanted(question))
        widget = forms.NumberInput({"step": "any", "class": "short"})
        return forms.FloatField(
            widget=widget, help_text=_bounds(question), min_value=question.low, max_value=question.high, **shared
        )
    if question.type == CHOICE:
        errors["invalid_choice"] = _("Choose one of these answers.")
        choices = [(choice, choice) for choice in question.choices]
        if question.optional:
            choices.append(("", _("No answer")))
        return forms.ChoiceField(widget=forms.RadioSelect, choices=choices, **shared)
    if question.type == SCALE:
        errors |= dict.fromkeys(
            ("required", "invalid", "min_value", "max_value"),
            _("Move the slider to where your answer lies, or click where it stands."),
        )
        return forms.FloatField(widget=ScaleInput(question), min_value=0, max_value=SCALE_TOP, **shared)
    return forms.CharField(widget=forms.Textarea({"rows": 3}), max_length=LONGEST_TEXT, **shared)


def _bounds(question: Question) -> str:
    low, high = (f"{bound:g}" if bound is not None else "" for bound in (question.low, question.high))
    if low and high:
        return _("From %(low)s to %(high)s.") % {"low": low, "high": high}
    if low:
        return _("%(low)s at least.") % {"low": low}
    return _("%(high)s at most.") % {"high": high} if high else ""


def _wanted(question: Question) -> str:
    bounds = _bounds(question)
    return _("This must be a number. %(bounds)s") % {"bounds": bounds} if bounds else _("This must be a number.")


def _plain(value: Any) -> str | float | None:
    if value in (None, ""):
        return None
    return int(value) if isinstance(value, float) and value.is_integer() else value


def questions_of(study: Study, step: Session.Step) -> tuple[Question, ...]:
    options = parse(study.options)
    return options.before if step == Session.Step.BEFORE else options.after


def form_of(session: Session, step: Session.Step, data: Mapping[str, Any] | None = None) -> QuestionsForm:
    return QuestionsForm(questions_of(session.listener.study, step), data)


def save(session: Session, step: Session.Step, form: QuestionsForm) -> bool:
    """Store a valid form's answers and go on; false, and nothing stored, if the session is not at that step.

    Of two submits of the same page the first counts: only one of them moves the session on.
    """
    stage = Answer.Stage(step.value)
    with transaction.atomic():
        if not move_on(session, step):
            return False
        Answer.objects.bulk_create(
            Answer(session=session, stage=stage, name=name, value=value) for name, value in form.answers().items()
        )
    return True


def answers_of(study: Study) -> dict[str, dict[str, Any]]:
    """Each listener's answers by the listener's code, named `before_<name>` and `after_<name>`."""
    found: dict[str, dict[str, Any]] = {}
    rows = Answer.objects.filter(session__listener__study=study).order_by("session", "pk")
    for code, stage, name, value in rows.values_list("session__listener__code", "stage", "name", "value"):
        found.setdefault(code, {})[f"{stage}_{name}"] = value
    return found
