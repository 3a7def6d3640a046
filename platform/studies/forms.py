"""What a researcher fills in to make a study."""

from dataclasses import asdict
from typing import Any

from django import forms
from django.core.validators import URLValidator
from django.utils.translation import gettext_lazy as _

from library.models import Recording
from library.preparation import Condition
from modelzoo.audio import Process
from mushra.screening import POLICIES
from studies.options import (
    FLAG,
    MILNE,
    PUBLISHED,
    REFUSE,
    TRIALS,
    WOODS,
    HeadphoneCheck,
    OptionsError,
    Question,
    StudyOptions,
    parse,
)
from studies.question_toml import EXAMPLE, from_toml, to_toml

# Systems to choose from; the hidden reference and both anchors are always there.
SYSTEMS = {
    condition.name: condition
    for condition in (
        *(Condition(f"mp3 {rate}", Process("mp3", bitrate=rate)) for rate in (32, 48, 64, 96, 128, 192)),
        *(Condition(f"aac {rate}", Process("aac", bitrate=rate)) for rate in (32, 48, 64, 96, 128, 192)),
        *(Condition(f"opus {rate}", Process("opus", bitrate=rate)) for rate in (24, 32, 48, 64, 96, 128)),
        *(Condition(f"vorbis {rate}", Process("vorbis", bitrate=rate)) for rate in (64, 96, 128)),
        *(Condition(f"mp2 {rate}", Process("mp2", bitrate=rate)) for rate in (64, 96, 128, 192)),
    )
}


class OptionsForm(forms.Form):
    """What a study asks beside the ratings. `cleaned_data["options"]` is the `StudyOptions` that it came to."""

    comments = forms.BooleanField(label=_("Listeners may write a comment on every page"), required=False)
    rate_only_playing = forms.BooleanField(
        label=_("Only the version that plays can be rated"),
        required=False,
        initial=True,
        help_text=_("As ITU-R BS.1534-3 has it."),
    )
    pages_per_listener = forms.IntegerField(
        label=_("Recordings for each listener"),
        initial=0,
        min_value=0,
        max_value=1000,
        required=False,
        help_text=_("A choice of that many, each recording for about as many listeners. 0: all."),
    )
    break_every = forms.IntegerField(
        label=_("Rated pages between breaks"),
        initial=0,
        min_value=0,
        max_value=1000,
        required=False,
        help_text=_("After so many a rest is offered. 0: none."),
    )
    before = forms.CharField(label=_("Questions before the pages"), required=False, strip=False)
    after = forms.CharField(label=_("Questions after the pages"), required=False, strip=False)
    ask_headphones = forms.BooleanField(
        label=_("Ask at the end whether headphones were used"),
        required=False,
        initial=True,
        help_text=_("Two screening policies need the answer."),
    )
    headphone_check = forms.ChoiceField(
        label=_("Check of the headphones before the pages"),
        required=False,
        choices=[
            ("", _("No check")),
            (WOODS, _("Which tone is quietest (Woods et al. 2017)")),
            (MILNE, _("Which noise holds a tone (Milne et al. 2020)")),
        ],
    )
    pass_mark = forms.IntegerField(
        label=_("Right answers of six that pass"),
        required=False,
        min_value=1,
        max_value=TRIALS,
        help_text=_("Empty: as published, 5 by Woods et al. and 6 by Milne et al."),
    )
    attempts = forms.IntegerField(
        label=_("Attempts"),
        required=False,
        min_value=1,
        max_value=9,
        help_text=_("Empty: as published, 1 by Woods et al. and 2 by Milne et al."),
    )
    on_failure = forms.ChoiceField(
        label=_("Who fails the check"),
        required=False,
        choices=[(FLAG, _("goes on, and is marked in the results")), (REFUSE, _("is turned away"))],
    )
    show_results = forms.BooleanField(
        label=_("Show listeners their own ratings at the end, with the systems named"),
        required=False,
        help_text=_("Who has seen them could tell the next listener what to expect."),
    )
    completion_code = forms.CharField(
        label=_("Completion code"),
        required=False,
        max_length=100,
        help_text=_("Shown at the end, to hand in where the listener came from."),
    )
    return_url = forms.CharField(
        label=_("Address to go back to at the end"),
        required=False,
        max_length=500,
        validators=[URLValidator(schemes=["http", "https"])],
        help_text=_(
            "{code}, {PROLIFIC_PID} and {SESSION_ID} in it are filled in; without these, ?cc= and the code are added."
        ),
    )

    GROUPS = (
        (_("On the pages"), ("comments", "rate_only_playing", "pages_per_listener", "break_every")),
        (_("Questions"), ("before", "after", "ask_headphones")),
        (_("Headphones"), ("headphone_check", "pass_mark", "attempts", "on_failure")),
        (_("At the end"), ("show_results", "completion_code", "return_url")),
    )
    example = EXAMPLE

    def __init__(self, *args: Any, options: StudyOptions | None = None, **more: Any) -> None:
        """`options` are those to begin with."""
        self.earlier = options or StudyOptions()
        super().__init__(*args, **{"initial": _initial(self.earlier), **more})
        for name in ("before", "after"):
            # Wide enough for a question a line; what is typed is no language to check.
            self.fields[name].widget = forms.Textarea({"rows": 8, "class": "toml", "spellcheck": "false"})
            self.fields[name].widget.is_required = False

    @property
    def groups(self) -> list[tuple[str, list[forms.BoundField]]]:
        """The fields under their headings."""
        return [(str(title), [self[name] for name in names]) for title, names in self.GROUPS]

    @property
    def options_wrong(self) -> bool:
        """Whether one of these fields is wrong: a folded heading then opens."""
        return any(name in self.errors for name in OptionsForm.base_fields)

    def clean_before(self) -> tuple[Question, ...]:
        return self._questions("before")

    def clean_after(self) -> tuple[Question, ...]:
        return self._questions("after")

    def _questions(self, name: str) -> tuple[Question, ...]:
        try:
            return from_toml(self.cleaned_data[name].replace("\r\n", "\n"))
        except OptionsError as error:
            raise forms.ValidationError(str(error)) from error

    def clean(self) -> dict[str, Any]:
        data = dict(super().clean() or self.cleaned_data)
        if self.options_wrong:
            return data
        given = {name: data.pop(name) for name in OptionsForm.base_fields}
        check = {name: given.pop(name) for name in ("pass_mark", "attempts", "on_failure")}
        kind = given["headphone_check"]
        given["headphone_check"] = {"kind": kind, **{k: v for k, v in check.items() if v}} if kind else None
        given |= {name: given[name] or 0 for name in ("break_every", "pages_per_listener")}
        given |= {name: [asdict(question) for question in given[name]] for name in ("before", "after")}
        try:
            data["options"] = parse(given)
        except OptionsError as error:
            self.add_error(None, str(error))
        return data


def _initial(options: StudyOptions) -> dict[str, Any]:
    check = options.headphone_check
    return {
        **options.to_dict(),
        "before": to_toml(options.before),
        "after": to_toml(options.after),
        "headphone_check": check.kind if check else "",
        **_own_marks(check),
        "on_failure": check.on_failure if check else FLAG,
    }


def _own_marks(check: HeadphoneCheck | None) -> dict[str, int]:
    """What differs from the publication: the rest stays empty, so that another check brings its own."""
    if check is None:
        return {}
    usual = PUBLISHED[check.kind]
    return {name: getattr(check, name) for name in usual if getattr(check, name) != usual[name]}


class StudyForm(OptionsForm):
    title = forms.CharField(label=_("Title"), max_length=200, help_text=_("Listeners see it."))
    recordings = forms.ModelMultipleChoiceField(
        Recording.objects.all(),
        label=_("Recordings to rate"),
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Each becomes a page. The hidden reference and the 3.5 and 7 kHz anchors are added for you."),
    )
    training_recording = forms.ModelChoiceField(
        Recording.objects.all(),
        label=_("Recording to practise with"),
        required=False,
        help_text=_("Empty: the first of those to rate. Practice ratings are not used."),
    )
    conditions = forms.MultipleChoiceField(
        label=_("Systems"),
        choices=[(name, name.replace(" ", " · ") + " kb/s") for name in SYSTEMS],
        initial=["mp3 48", "aac 64", "opus 32"],
        widget=forms.CheckboxSelectMultiple,
    )
    repeated_pages = forms.IntegerField(
        label=_("Pages presented twice"),
        initial=1,
        min_value=0,
        max_value=50,
        help_text=_("To measure how repeatable a listener is."),
    )
    policy = forms.ChoiceField(label=_("Screening policy"), choices=[(name, name) for name in POLICIES])
    introduction = forms.CharField(label=_("Introduction"), widget=forms.Textarea({"rows": 3}), required=False)
    consent = forms.CharField(label=_("Consent text"), widget=forms.Textarea({"rows": 4}), required=False)
    contact = forms.CharField(label=_("Contact"), max_length=200, required=False)

    @property
    def main_fields(self) -> list[forms.BoundField]:
        """The fields that are not options."""
        return [self[name] for name in self.fields if name not in OptionsForm.base_fields]
