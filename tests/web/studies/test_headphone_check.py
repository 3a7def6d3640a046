"""The headphone check without a browser's scripts: its trials, its sounds, its answers, and what they decide."""

import io
import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import soundfile
from django.db import IntegrityError
from django.test import Client
from django.urls import reverse
from scipy.stats import binom

from studies import headphone_check, sessions
from studies.demo.seed import take
from studies.demo.simulated import PANEL
from studies.forms import OptionsForm
from studies.models import HeadphoneTrial, Session, Study
from studies.options import FLAG, MILNE, PUBLISHED, REFUSE, TRIALS, WOODS, parse
from studies.sessions import SessionError, steps_of

pytestmark = pytest.mark.django_db

KINDS = (WOODS, MILNE)


class Checked:
    """A listener who has agreed and stands before the check."""

    def __init__(self, study: Study) -> None:
        self.client = Client()
        self.session = sessions.start(study)
        self.post("consent", agree="yes")

    def address(self, name: str, *arguments: object) -> str:
        return reverse(f"listen:{name}", args=[self.session.token, *arguments])

    def post(self, name: str, *arguments: object, **data: str):
        return self.client.post(self.address(name, *arguments), data)

    def page(self) -> str:
        return self.client.get(self.address("session")).content.decode()

    def step(self) -> str:
        self.session.refresh_from_db()
        return self.session.step

    def trials(self, attempt: int = 1) -> list[HeadphoneTrial]:
        return list(self.session.headphone_trials.filter(attempt=attempt))

    def begin(self) -> list[HeadphoneTrial]:
        self.post("headphone_begin")
        return self.trials(headphone_check.attempts_begun(self.session))

    def answer(self, trial: HeadphoneTrial, given: object):
        return self.post("headphone_answer", trial.token, answer=str(given))

    def attempt(self, right: int) -> None:
        """One whole attempt with so many right answers, the wrong ones first."""
        for number, trial in enumerate(self.begin(), start=1):
            self.answer(trial, trial.correct if number > TRIALS - right else wrong(trial))

    def passed(self) -> bool | None:
        self.session.listener.refresh_from_db()
        return self.session.listener.passed_headphone_check

    def sound(self, trial: HeadphoneTrial):
        return self.client.get(self.address("headphone_sound", trial.token))


def wrong(trial: HeadphoneTrial) -> int:
    return trial.correct % 3 + 1


def ask(study: Study, kind: str, **changes: object) -> Study:
    study.options = {"headphone_check": {"kind": kind, **changes}}
    parse(study.options)
    study.save()
    return study


@pytest.fixture(params=KINDS)
def listener(request, study) -> Checked:
    return Checked(ask(study, request.param))


@pytest.fixture
def woods(study) -> Checked:
    return Checked(ask(study, WOODS))


# --- Where it comes, and for whom ---------------------------------------------------------------------------------


def test_it_comes_after_consent_and_before_the_instructions(listener):
    assert listener.step() == Session.Step.HEADPHONE_CHECK
    steps = steps_of(listener.session.listener.study)
    place = steps.index(Session.Step.HEADPHONE_CHECK)
    assert (steps[place - 1], steps[place + 1]) == (Session.Step.CONSENT, Session.Step.INSTRUCTIONS)


def test_a_study_without_it_has_no_page_sound_or_trial_of_it(study):
    visitor = Checked(study)
    assert visitor.step() == Session.Step.INSTRUCTIONS
    assert visitor.post("headphone_begin").status_code == 404
    assert visitor.client.get(visitor.address("headphone_level")).status_code == 404
    assert not HeadphoneTrial.objects.exists()
    assert headphone_check.result(visitor.session) is None
    with pytest.raises(SessionError, match="no headphone check"):
        headphone_check.begin(visitor.session)


def test_simulated_listeners_skip_it(study):
    ask(study, WOODS, on_failure=REFUSE)
    take(study, PANEL[0], np.random.default_rng(0))
    session = Session.objects.get(listener__is_simulated=True)
    assert session.step == Session.Step.DONE
    assert session.listener.passed_headphone_check is None and not session.headphone_trials.exists()


def test_before_an_attempt_the_page_offers_the_noise_and_shows_no_trial(listener):
    text = listener.page()
    assert "Set the volume" in text and "Begin the check" in text and 'name="answer"' not in text
    has_example = listener.address("headphone_example") in text
    is_pitch = headphone_check.check_of(listener.session).kind == MILNE
    assert has_example == is_pitch
    assert listener.client.get(listener.address("headphone_example")).status_code == (200 if is_pitch else 404)
    assert not HeadphoneTrial.objects.exists()


# --- Laying out ---------------------------------------------------------------------------------------------------


def test_an_attempt_has_six_trials_and_beginning_twice_lays_out_one(listener):
    trials = listener.begin()
    assert [trial.number for trial in trials] == list(range(1, TRIALS + 1))
    assert {trial.correct for trial in trials} <= {1, 2, 3}
    listener.post("headphone_begin")
    assert list(listener.session.headphone_trials.all()) == trials


def test_beginning_elsewhere_lays_out_nothing(study):
    session = sessions.start(ask(study, WOODS))
    headphone_check.begin(session)
    assert session.step == Session.Step.CONSENT and not HeadphoneTrial.objects.exists()


def test_places_are_seeded_by_the_session_and_equally_likely(study):
    ask(study, MILNE)
    drawn: list[tuple[int, ...]] = []
    for number in range(60):
        session = sessions.start(study)
        session.step, session.seed, session.token = Session.Step.HEADPHONE_CHECK, number, f"session {number}"
        session.save()
        headphone_check.begin(session)
        drawn.append(tuple(trial.correct for trial in session.headphone_trials.all()))
        session.headphone_trials.all().delete()
        headphone_check.begin(session)
        assert tuple(trial.correct for trial in session.headphone_trials.all()) == drawn[-1]
    assert len(set(drawn)) > 50
    counts = Counter(place for places in drawn for place in places)
    # 360 draws of three: four standard deviations are 36.
    assert all(abs(counts[place] - 120) < 36 for place in (1, 2, 3))


def test_another_attempt_has_other_places(study):
    ask(study, MILNE, attempts=9)
    layouts = set()
    visitor = Checked(study)
    for _ in range(9):
        layouts.add(tuple(trial.correct for trial in visitor.begin()))
        HeadphoneTrial.objects.update(answer=0)
    assert len(layouts) > 6


# --- Sounds -------------------------------------------------------------------------------------------------------


def heard_on_headphones(samples: np.ndarray, kind: str) -> int:
    """The answer that the sound itself gives to two ears."""
    step, length = (1.5, 1.0) if kind == WOODS else (2.0, 1.0)
    parts = [samples[round(n * step * 44_100) :][: round(length * 44_100)] for n in range(3)]
    if kind == WOODS:
        return int(np.argmin([np.mean(np.square(part[:, 0])) for part in parts])) + 1
    return int(np.argmax([np.mean(np.square(part[:, 0] - part[:, 1])) for part in parts])) + 1


def test_the_right_answer_is_what_the_sound_says(listener):
    kind = headphone_check.check_of(listener.session).kind
    for trial in listener.begin():
        samples, rate = soundfile.read(io.BytesIO(listener.sound(trial).content))
        assert rate == 44_100 and samples.shape[1] == 2
        assert heard_on_headphones(samples, kind) == trial.correct


def test_all_sounds_have_the_same_size_and_headers_that_tell_nothing(listener):
    answers = [listener.sound(trial) for trial in listener.begin()]
    assert len({len(answer.content) for answer in answers}) == 1
    assert len({answer.content for answer in answers}) > 1
    assert len({tuple(sorted(answer.headers.items())) for answer in answers}) == 1
    assert not {"ETag", "Last-Modified", "Content-Disposition"} & set(answers[0].headers)
    assert answers[0].headers["Content-Type"] == "audio/wav"
    assert answers[0].headers["Cache-Control"] == "private, no-store"
    assert len({answer.content[:44] for answer in answers}) == 1


def test_a_sound_asked_for_twice_has_the_same_bytes(listener):
    trial = listener.begin()[0]
    assert listener.sound(trial).content == listener.sound(trial).content


def test_the_page_tells_only_the_current_trials_token_and_never_the_answer(listener):
    trials = listener.begin()
    first = [listener.page()]
    assert trials[0].token in first[0]
    assert not any(trial.token in first[0] for trial in trials[1:])
    HeadphoneTrial.objects.filter(pk=trials[0].pk).update(correct=wrong(trials[0]))
    assert without_csrf(listener.page()) == without_csrf(first[0])


def without_csrf(page: str) -> list[str]:
    return [line for line in page.splitlines() if "csrfmiddlewaretoken" not in line]


def test_noise_and_example_can_be_heard(listener):
    level, rate = soundfile.read(io.BytesIO(listener.client.get(listener.address("headphone_level")).content))
    assert len(level) == 5 * rate
    np.testing.assert_array_equal(level[:, 0], level[:, 1])
    if headphone_check.check_of(listener.session).kind == MILNE:
        answer = listener.client.get(listener.address("headphone_example"))
        assert heard_on_headphones(soundfile.read(io.BytesIO(answer.content))[0], MILNE) == 2


# --- Answers ------------------------------------------------------------------------------------------------------


def test_an_answer_leads_to_the_next_sound_and_a_reload_changes_nothing(listener):
    trials = listener.begin()
    assert "Sound 1 of 6" in listener.page()
    listener.answer(trials[0], 1)
    for _ in range(2):
        page = listener.page()
        assert "Sound 2 of 6" in page and trials[1].token in page


def test_a_double_submit_counts_once_and_says_nothing(woods):
    trials = woods.begin()
    for _ in range(2):
        woods.answer(trials[0], 2)
    assert [trial.answer for trial in woods.trials()] == [2, *[None] * 5]
    assert "answered already" not in woods.page()


def test_an_answer_cannot_be_changed(woods):
    trials = woods.begin()
    woods.answer(trials[0], 2)
    answered_at = woods.trials()[0].answered_at
    woods.answer(trials[0], 3)
    assert "answered already. The first answer stays" in woods.page()
    again = woods.trials()[0]
    assert (again.answer, again.answered_at) == (2, answered_at)


@pytest.mark.parametrize("given", ["", "0", "4", "-1", "1.5", "one", "１", " 1", "null", "9" * 5000])
def test_a_bad_answer_gets_a_sentence_and_counts_for_nothing(woods, given):
    trial = woods.begin()[0]
    woods.answer(trial, given)
    assert "Answer with 1, 2 or 3." in woods.page()
    assert all(trial.answer is None for trial in woods.trials())


def test_no_answer_at_all_is_a_bad_answer(woods):
    trial = woods.begin()[0]
    woods.post("headphone_answer", trial.token)
    assert "Answer with 1, 2 or 3." in woods.page()


def test_another_sessions_trial_is_not_there(woods, study):
    other = Checked(study)
    trial = other.begin()[0]
    woods.begin()
    assert woods.answer(trial, 1).status_code == 404
    assert woods.sound(trial).status_code == 404
    assert woods.post("headphone_answer", "nonsense", answer="1").status_code == 404
    assert other.trials()[0].answer is None


def test_a_later_trial_waits_for_the_earlier_ones(woods):
    trials = woods.begin()
    woods.answer(trials[3], 1)
    assert "Another sound comes first." in woods.page()
    assert woods.trials()[3].answer is None


def test_answers_and_sounds_come_by_the_right_method_only(woods):
    trial = woods.begin()[0]
    assert woods.client.get(woods.address("headphone_answer", trial.token)).status_code == 405
    assert woods.client.get(woods.address("headphone_begin")).status_code == 405
    assert woods.client.post(woods.address("headphone_sound", trial.token)).status_code == 405


def test_an_answer_that_comes_after_the_end_changes_nothing(woods):
    woods.attempt(right=TRIALS)
    trial = woods.trials()[0]
    woods.answer(trial, wrong(trial))
    assert woods.trials()[0].answer == trial.correct
    assert woods.passed() is True and woods.step() == Session.Step.INSTRUCTIONS


def test_one_trial_a_number_whoever_lays_out_at_the_same_time(woods):
    woods.begin()
    with pytest.raises(IntegrityError):
        HeadphoneTrial.objects.create(session=woods.session, attempt=1, number=1, correct=1)


# --- What they decide ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("right", "passed"), [(6, True), (5, True), (4, False), (0, False)])
def test_woods_passes_with_five_of_six_at_the_first_attempt(study, right, passed):
    visitor = Checked(ask(study, WOODS, on_failure=FLAG))
    visitor.attempt(right)
    assert visitor.passed() is passed
    assert visitor.step() == Session.Step.INSTRUCTIONS


def test_milne_passes_with_six_of_six_at_either_of_two_attempts(study):
    visitor = Checked(ask(study, MILNE, on_failure=REFUSE))
    visitor.attempt(5)
    assert visitor.passed() is None and visitor.step() == Session.Step.HEADPHONE_CHECK
    page = visitor.page()
    assert "too few right answers" in page and "Try again" in page
    visitor.attempt(6)
    assert visitor.passed() is True and visitor.step() == Session.Step.INSTRUCTIONS
    assert headphone_check.result(visitor.session) == headphone_check.CheckResult(
        passed=True, right=(5, 6), pass_mark=6, answered=12
    )


def test_milne_fails_after_two_attempts(study):
    visitor = Checked(ask(study, MILNE, on_failure=REFUSE))
    visitor.attempt(5)
    visitor.attempt(5)
    assert visitor.passed() is False and visitor.step() == Session.Step.REFUSED


def test_who_is_refused_reads_why_and_gets_no_further(study):
    study.contact = "lab@example.org"
    visitor = Checked(ask(study, WOODS, on_failure=REFUSE))
    visitor.attempt(4)
    page = visitor.page()
    assert "This test needs headphones" in page
    assert visitor.session.listener.code in page and "lab@example.org" in page
    visitor.post("headphone_begin")
    visitor.post("instructions")
    assert visitor.step() == Session.Step.REFUSED and len(visitor.trials(2)) == 0
    assert visitor.session.finished_at is None


@pytest.mark.parametrize(("mark", "right", "passed"), [(3, 3, True), (3, 2, False), (6, 5, False)])
def test_the_studys_own_pass_mark_counts(study, mark, right, passed):
    visitor = Checked(ask(study, WOODS, pass_mark=mark))
    visitor.attempt(right)
    assert visitor.passed() is passed


def test_a_flagged_listener_goes_on_to_the_end(study):
    visitor = Checked(ask(study, WOODS, on_failure=FLAG, attempts=3))
    for _ in range(3):
        assert visitor.step() == Session.Step.HEADPHONE_CHECK
        visitor.attempt(1)
    assert visitor.step() == Session.Step.INSTRUCTIONS
    found = headphone_check.result(visitor.session)
    assert found is not None and (found.passed, found.right, found.attempts, found.answered) == (False, (1,) * 3, 3, 18)


def test_the_result_of_an_attempt_under_way(woods):
    assert headphone_check.result(woods.session) is None
    trials = woods.begin()
    woods.answer(trials[0], trials[0].correct)
    woods.answer(trials[1], wrong(trials[1]))
    found = headphone_check.result(woods.session)
    assert found is not None and (found.passed, found.right, found.answered, found.trials) == (None, (1,), 2, 6)


# --- The guide ----------------------------------------------------------------------------------------------------

GUIDE = Path(__file__).parents[3] / "docs" / "researcher" / "headphone-check.md"


def test_the_guides_fields_are_the_forms():
    rows = re.findall(r"^\| \*\*(.+?)\*\* \|", GUIDE.read_text(), re.MULTILINE)
    labels = {str(field.label) for field in OptionsForm.base_fields.values()}
    assert len(rows) == 4 and set(rows) <= labels


def test_the_guides_python_runs(capsys):
    found = re.search(r"```python\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    assert found is not None
    exec(compile(found[1], str(GUIDE), "exec"), {})
    assert capsys.readouterr().out == "(220500, 2) (176400, 2) (220500, 2)\n"


def test_the_guides_figures(listener):
    kind = headphone_check.check_of(listener.session).kind
    megabytes = len(listener.sound(listener.begin()[0]).content) / 1e6
    guide = GUIDE.read_text()
    assert f"{megabytes:.1f} MB (`{kind}`)" in guide
    guesses = binom.sf(PUBLISHED[kind]["pass_mark"] - 1, TRIALS, 1 / 3) * 3**TRIALS
    assert f"`{kind}` in {guesses:.0f}" in " ".join(guide.split())
