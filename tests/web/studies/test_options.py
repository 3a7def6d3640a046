"""Researchers set a study's options: in the form of a new study, and on a page of its own while it is a draft."""

import pytest
from django.test import Client
from django.urls import reverse

from library.models import Recording
from studies import services, sessions
from studies.forms import OptionsForm
from studies.models import Page, Session, SessionPage, Study
from studies.options import HeadphoneCheck, Question, StudyOptions, parse
from studies.services import StudyError

NEW = reverse("studies:new")
pytestmark = pytest.mark.django_db
WHOLE = {
    "comments": "on",
    "pages_per_listener": "2",
    "break_every": "5",
    "before": '[[question]]\r\nname = "age"\r\nlabel = "Age?"\r\ntype = "number"\r\n',
    "headphone_check": "milne2020",
    "on_failure": "refuse",
    "show_results": "on",
    "completion_code": " C1 ",
    "return_url": "https://a.example/{PROLIFIC_PID}",
}
EXPECTED = StudyOptions(
    before=(Question("age", "Age?", "number"),),
    headphone_check=HeadphoneCheck("milne2020", 6, 2, "refuse"),
    ask_headphones=False,
    comments=True,
    rate_only_playing=False,
    break_every=5,
    pages_per_listener=2,
    show_results=True,
    completion_code="C1",
    return_url="https://a.example/{PROLIFIC_PID}",
)


@pytest.fixture
def recordings(db) -> list[Recording]:
    facts = {"file": "none.flac", "rate": 48_000, "channels": 1, "samples": 480_000, "loudness": -23}
    return [Recording.objects.create(title=title, sha256=title, **facts) for title in ("Brass", "Organ", "Strings")]


@pytest.fixture
def draft(researcher, recordings) -> Study:
    return services.create_study(researcher, "Codecs", recordings)


def post(client: Client, recordings: list[Recording], **changes: str):
    study = {
        **{"title": "Codecs", "recordings": [one.pk for one in recordings], "conditions": ["mp3 48"]},
        **{"repeated_pages": 1, "policy": "paper-test-1"},
    }
    return client.post(NEW, {**study, **changes})


def test_a_new_study_has_the_options_of_its_form(as_researcher, recordings):
    assert post(as_researcher, recordings, **WHOLE).status_code == 302
    assert parse(Study.objects.get().options) == EXPECTED


def test_the_forms_own_values_are_the_usual_options(as_researcher):
    """Who never opens the options gets the paper's study."""
    form = OptionsForm()
    values = {name: form[name].value() for name in form.fields}
    bound = OptionsForm({name: value for name, value in values.items() if value is not False and value is not None})
    assert bound.is_valid() and bound.cleaned_data["options"] == StudyOptions()
    assert '<details class="options">' in as_researcher.get(NEW).content.decode()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"before": '[[question]]\nname = "a"\nlabel = \n'}, "Line 3 can&#x27;t be read"),
        ({"after": '[[question]]\nname = "a"\n'}, "question 1 has no label"),
        ({"break_every": "-1"}, "greater than or equal to 0"),
        ({"pages_per_listener": "many"}, "Enter a whole number"),
        ({"headphone_check": "guess"}, "guess is not one of the available choices"),
        ({"return_url": "javascript:alert(1)"}, "Enter a valid URL"),
        ({"return_url": "example.org"}, "Enter a valid URL"),
        ({"completion_code": "x" * 101}, "at most 100 characters"),
    ],
)
def test_what_is_wrong_opens_the_options_and_loses_nothing(as_researcher, recordings, changes, words):
    answer = post(as_researcher, recordings, **{**WHOLE, **changes})
    page = answer.content.decode()
    assert answer.status_code == 400 and words in page
    assert '<details class="options" open>' in page
    assert next(iter(changes.values())).split("\n")[-2 if "\n" in str(changes) else 0] in page
    assert not Study.objects.exists()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"pages_per_listener": "4"}, "4 recordings for each listener: this study rates 3"),
        ({"pages_per_listener": "1"}, "give each listener two recordings at least"),
    ],
)
def test_pages_that_the_study_does_not_have(as_researcher, recordings, changes, words):
    answer = post(as_researcher, recordings, **changes)
    assert answer.status_code == 400 and words in answer.content.decode()
    assert not Study.objects.exists()


def test_each_listener_gets_as_many_pages_as_the_study_says(study, recording):
    for position in range(2, 6):
        page = Page.objects.create(study=study, position=position, recording=recording)
        page.stimuli.set(recording.stimuli.all())
    study.options = StudyOptions(pages_per_listener=2).to_dict()
    study.save()
    for _ in range(5):
        session = sessions.start(study)
        assert list(session.pages.values_list("is_training", flat=True)) == [True, False, False]
    rated = SessionPage.objects.filter(is_training=False)
    counts = {page.pk: rated.filter(page=page).count() for page in study.pages.filter(is_training=False)}
    # Five listeners with two of five pages each: every page twice.
    assert set(counts.values()) == {2}


# --- The page of a draft -------------------------------------------------------------------------------------------


def test_a_drafts_options_are_shown_and_changed(as_researcher, draft):
    services.change_options(draft, EXPECTED)
    address = reverse("studies:edit", args=[draft.pk])
    page = as_researcher.get(address).content.decode()
    assert "name = &quot;age&quot;" in page and 'value="C1"' in page
    form = as_researcher.get(address).context["form"]
    shown = {name: form[name].value() for name in form.fields}
    again = {name: value for name, value in shown.items() if value is not False and value is not None}
    answer = as_researcher.post(address, {**again, "break_every": "3"}, follow=True)
    assert "The options are saved" in answer.content.decode()
    draft.refresh_from_db()
    assert parse(draft.options) == StudyOptions(**{**vars(EXPECTED), "break_every": 3})


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"headphone_check": "woods2017"}, HeadphoneCheck("woods2017", 5, 1, "flag")),
        ({"headphone_check": "milne2020", "on_failure": "refuse"}, HeadphoneCheck("milne2020", 6, 2, "refuse")),
        ({"headphone_check": "woods2017", "pass_mark": 4, "attempts": 3}, HeadphoneCheck("woods2017", 4, 3, "flag")),
        ({"headphone_check": "", "pass_mark": 4}, None),
    ],
)
def test_marks_are_the_publications_unless_given(as_researcher, draft, given, expected):
    address = reverse("studies:edit", args=[draft.pk])
    as_researcher.post(address, given)
    draft.refresh_from_db()
    assert parse(draft.options).headphone_check == expected
    form = as_researcher.get(address).context["form"]
    shown = {name: form[name].value() for name in ("headphone_check", "pass_mark", "attempts", "on_failure")}
    as_researcher.post(address, {name: value for name, value in shown.items() if value is not None})
    draft.refresh_from_db()
    assert parse(draft.options).headphone_check == expected


@pytest.mark.parametrize("marks", [{"pass_mark": 7}, {"pass_mark": 0}, {"attempts": 10}])
def test_marks_that_cannot_be_are_refused(as_researcher, draft, marks):
    answer = as_researcher.post(reverse("studies:edit", args=[draft.pk]), {"headphone_check": "woods2017", **marks})
    assert answer.status_code == 400 and set(answer.context["form"].errors) == set(marks)


@pytest.mark.parametrize("state", [Study.State.OPEN, Study.State.CLOSED])
def test_a_study_that_was_open_keeps_its_options(as_researcher, draft, state):
    Study.objects.update(state=state)
    address = reverse("studies:edit", args=[draft.pk])
    assert "This study has been open, so its options stay" in as_researcher.get(address).content.decode()
    answer = as_researcher.post(address, {"comments": "on"})
    assert answer.status_code == 400 and "This study has been open" in answer.content.decode()
    with pytest.raises(StudyError, match="has been open"):
        services.change_options(draft, StudyOptions(comments=True))
    draft.refresh_from_db()
    assert not parse(draft.options).comments
    detail = as_researcher.get(reverse("studies:detail", args=[draft.pk])).content.decode()
    assert address not in detail


def test_the_studys_page_says_its_options(as_researcher, draft):
    services.change_options(draft, EXPECTED)
    page = as_researcher.get(reverse("studies:detail", args=[draft.pk])).content.decode()
    for words in (
        *("Before the pages: 1 question (age).", "Headphone check by Milne et al. 2020: who fails is turned away."),
        *(
            "Listeners may comment on every page.",
            "Each listener rates 2 recordings.",
            "Nobody is asked about headphones",
        ),
        *("A break is offered after every 5 rated pages.", "Completion code: C1.", "At the end listeners see"),
    ):
        assert words in page


def test_options_belong_to_who_made_the_study(draft, client, django_user_model):
    client.force_login(django_user_model.objects.create_user("other"))
    assert client.get(reverse("studies:edit", args=[draft.pk])).status_code == 404
    assert client.post(reverse("studies:edit", args=[draft.pk]), {"comments": "on"}).status_code == 404


def test_a_listener_of_a_study_without_options_goes_the_papers_way(visitor):
    visitor.to_the_pages()
    assert visitor.step() == Session.Step.PAGES
