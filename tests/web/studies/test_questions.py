"""A study's own questions: what is asked, what is refused beside the field, what is stored once."""

import re
from pathlib import Path

import pytest
from django.urls import reverse
from hypothesis import given, settings
from hypothesis import strategies as st

from studies.models import Answer, Session
from studies.options import OptionsError, Question, StudyOptions
from studies.question_toml import EXAMPLE, from_toml, to_toml
from studies.questions import QuestionsForm, answers_of, form_of, save

AGE = Question("age", "How old are you?", "number", low=18, high=99)
TRAINED = Question("trained", "Have you been trained?", "choice", choices=("Yes", "No"))
TIRED = Question("tired", "How tired are you?", "scale", low_label="wide awake", high_label="asleep")
REMARKS = Question("remarks", "Anything else?", optional=True)
ALL = {"q-age": "34", "q-trained": "No", "q-tired": "12", "q-remarks": ""}


@pytest.fixture
def asking(study):
    study.options = StudyOptions(before=(AGE, TRAINED, TIRED, REMARKS), after=(REMARKS,)).to_dict()
    study.save()


@pytest.fixture
def asked(asking, visitor):
    """A listener who has the questions before the pages on the screen."""
    visitor.post(visitor.address("consent"), agree="yes")
    assert visitor.step() == Session.Step.BEFORE
    return visitor


def stored(visitor) -> dict:
    return dict(visitor.session.answers.values_list("name", "value"))


@pytest.mark.django_db
def test_answers_are_stored_as_what_they_are(asked):
    asked.post(asked.address("answer", "before"), **ALL)
    assert asked.step() == Session.Step.INSTRUCTIONS
    assert stored(asked) == {"age": 34, "trained": "No", "tired": 12, "remarks": None}
    code = asked.session.listener.code
    assert answers_of(asked.study) == {
        code: {"before_age": 34, "before_trained": "No", "before_tired": 12, "before_remarks": None}
    }


@pytest.mark.django_db
def test_a_page_sent_twice_counts_once(asked):
    asked.post(asked.address("answer", "before"), **ALL)
    asked.post(asked.address("answer", "before"), **{**ALL, "q-age": "60"})
    assert Answer.objects.count() == 4 and stored(asked)["age"] == 34


@pytest.mark.django_db
def test_of_two_submits_at_once_the_first_counts(asked):
    """Both have found the session at its questions before either stores anything."""
    first, second = (Session.objects.get(pk=asked.session.pk) for _ in range(2))
    forms = [form_of(first, Session.Step.BEFORE, {**ALL, "q-age": age}) for age in ("34", "60")]
    assert all(form.is_valid() for form in forms)
    assert save(first, Session.Step.BEFORE, forms[0]) and not save(second, Session.Step.BEFORE, forms[1])
    assert stored(asked)["age"] == 34 and asked.step() == Session.Step.INSTRUCTIONS


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"q-age": ""}, "This question needs an answer"),
        ({"q-age": "17"}, "This must be a number. From 18 to 99."),
        ({"q-age": "100"}, "This must be a number. From 18 to 99."),
        ({"q-age": "old"}, "This must be a number"),
        ({"q-age": "nan"}, "This must be a number"),
        ({"q-trained": ""}, "This question needs an answer"),
        ({"q-trained": "Perhaps"}, "Choose one of these answers"),
        ({"q-tired": ""}, "Move the slider to where your answer lies"),
        ({"q-tired": "101"}, "Move the slider"),
        ({"q-remarks": "x" * 2001}, "at most 2000 characters"),
        ({"q-remarks": "a\x00b"}, "Null characters are not allowed"),
    ],
)
def test_what_is_wrong_stands_beside_the_field_and_the_rest_stays(asked, changes, words):
    answer = asked.post(asked.address("answer", "before"), **{**ALL, "q-remarks": "hot in here", **changes})
    page = answer.content.decode()
    assert answer.status_code == 400
    name = next(iter(changes))
    error = re.search(rf'id="id_{name}_error"[^>]*>(.*?)</ul>', page, re.DOTALL)
    assert error is not None and words in error[1]
    assert page.count('class="errorlist') == 1
    kept = {"q-age": 'value="34"', "q-tired": 'name="q-tired" value="12"', "q-remarks": "hot in here"}
    assert [text for field, text in kept.items() if field != name and text not in page] == []
    assert asked.step() == Session.Step.BEFORE and not Answer.objects.exists()


@pytest.mark.django_db
def test_a_scale_has_no_value_until_it_is_touched(asked):
    page = asked.page()
    assert '<input type="hidden" name="q-tired" value="">' in page
    assert "no answer yet" in page and "wide awake" in page and "asleep" in page
    slider = re.search(r'<input type="range"[^>]*>', page)
    # The slider itself is not sent: an untouched one would say 50.
    assert slider is not None and "name=" not in slider[0] and "required" not in slider[0]


@pytest.mark.django_db
def test_an_optional_choice_can_be_left_out():
    question = Question("hand", "Which hand?", "choice", optional=True, choices=("Left", "Right"))
    form = QuestionsForm([question], {})
    assert form.is_valid() and form.answers() == {"hand": None}
    assert "No answer" in str(QuestionsForm([question]))
    assert "No answer" not in str(QuestionsForm([TRAINED]))


@pytest.mark.django_db
def test_questions_after_the_pages(asked):
    asked.post(asked.address("answer", "before"), **ALL)
    Session.objects.update(step=Session.Step.AFTER)
    assert "A few questions at the end" in asked.page()
    asked.post(asked.address("answer", "after"), **{"q-remarks": "  good music "})
    assert asked.step() == Session.Step.HEADPHONES
    assert list(asked.session.answers.filter(stage="after").values_list("value", flat=True)) == ["good music"]


@pytest.mark.django_db
def test_other_steps_take_no_answers(asked):
    assert asked.post(asked.address("answer", "pages"), **ALL).status_code == 404
    asked.post(asked.address("answer", "after"), **ALL)
    assert asked.step() == Session.Step.BEFORE and not Answer.objects.exists()
    assert asked.client.get(asked.address("answer", "before")).status_code == 405
    assert asked.client.post(reverse("listen:answer", args=["another", "before"])).status_code == 404


# --- As researchers write them -------------------------------------------------------------------------------------


def test_the_example_can_be_asked():
    questions = from_toml(EXAMPLE)
    assert [question.type for question in questions] == ["number", "choice", "scale", "text"]


def test_the_guides_example_is_the_one_on_the_screen():
    guide = (Path(__file__).resolve().parents[3] / "docs" / "researcher" / "options.md").read_text()
    assert re.findall(r"```toml\n(.*?)```", guide, re.DOTALL) == [EXAMPLE]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[[question]]\nname = "a"\nlabel = oops\n', "Line 3 can't be read"),
        ('[[question]]\nname = "a"\nlabel = "', "Line 3 can't be read"),
        ('[question]\nname = "a"\n', "question must be a list of questions"),
        ('name = "a"\n', "“name” stands outside a [[question]] table"),
        ('[[question]]\nname = "a"\n', "question 1 has no label"),
        ('[[question]]\nname = "a b"\nlabel = "A"\n', "question 1.name is “a b”"),
        ('[[question]]\nname = "a"\nlabel = "A"\ntype = "tick"\n', "question 1.type is “tick”"),
        ('[[question]]\nname = "a"\nlabel = "A"\nhint = "?"\n', "question 1: unknown hint"),
        ('[[question]]\nname = "a"\nlabel = "A"\n' * 2, "two questions are called a"),
        ('[[question]]\nname = "a"\nlabel = "A"\ntype = "choice"\n', "question 1: a choice has two choices"),
        ('[[question]]\nname = "a"\nlabel = "A"\nlow = 1\n', "question 1 (a): only a number has low and high"),
        ('[[question]]\nname = "a"\nlabel = "A"\ntype = "number"\nlow = 9\nhigh = 1\n', "low must be a number below"),
        ('[[question]]\nname = "a"\nlabel = "A"\ntype = "number"\nlow = nan\n', "low must be a number below"),
        ('[[question]]\nname = "a"\nlabel = "A"\nlow_label = "no"\n', "only a scale has low_label"),
        (f'[[question]]\nname = "{"a" * 61}"\nlabel = "A"\n', "60 letters at most"),
        ("".join(f'[[question]]\nname = "a{n}"\nlabel = "A"\n' for n in range(51)), "50 questions are the most"),
    ],
)
def test_what_cannot_be_asked_is_named(text, words):
    with pytest.raises(OptionsError) as error:
        from_toml(text)
    assert words in str(error.value)


LETTERS = st.characters(exclude_categories=["Cs"])
WORDS = st.text(LETTERS, min_size=1, max_size=20).filter(str.strip)
NUMBERS = st.one_of(st.none(), st.integers(-(10**6), 10**6), st.floats(allow_nan=False, allow_infinity=False))


@st.composite
def any_question(draw, number: int) -> Question:
    kind = draw(st.sampled_from(["text", "number", "choice", "scale"]))
    more: dict = {}
    if kind == "number":
        low, high = draw(NUMBERS), draw(NUMBERS)
        if low is not None and high is not None:
            low, high = sorted([low, high])
        more = {"low": low, "high": high}
    elif kind == "choice":
        more = {"choices": tuple(draw(st.lists(WORDS, min_size=2, max_size=4, unique=True)))}
    elif kind == "scale":
        more = {"low_label": draw(st.text(LETTERS, max_size=9)), "high_label": draw(st.text(LETTERS, max_size=9))}
    return Question(f"q{number}", draw(WORDS), kind, draw(st.booleans()), **more)


@settings(deadline=None, max_examples=60)
@given(st.data(), st.integers(0, 4))
def test_questions_come_back_from_their_text(data, count):
    questions = tuple(data.draw(any_question(number)) for number in range(count))
    assert from_toml(to_toml(questions)) == questions
