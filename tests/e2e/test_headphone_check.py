"""The headphone check in a real browser: heard and answered, passed and failed, cut short, and without scripts."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

pytestmark = pytest.mark.e2e

# The lab's study again, with a check of each kind.
MAKE_STUDIES = """
from studies.models import Study
lab = Study.objects.get(pk={study})
answer = {{}}
for kind in ("woods2017", "milne2020"):
    for on_failure in ("refuse", "flag"):
        check = {{"kind": kind, "on_failure": on_failure}}
        study = Study.objects.create(
            title="Chords", owner=lab.owner, state="open", options={{"headphone_check": check}}
        )
        for page in lab.pages.all():
            copy = study.pages.create(position=page.position, recording=page.recording, is_training=page.is_training)
            copy.stimuli.set(page.stimuli.all())
        answer[f"{{kind}} {{on_failure}}"] = study.link
"""

TRIALS = """
from studies.models import HeadphoneTrial, Session
session = Session.objects.get(token={token!r})
answer = {{
    "step": session.step,
    "passed": session.listener.passed_headphone_check,
    "trials": list(session.headphone_trials.values_list("attempt", "correct", "answer")),
}}
"""


@pytest.fixture(scope="module")
def links(lab) -> dict[str, str]:
    return lab.installation.ask(MAKE_STUDIES.format(study=lab.study))


@pytest.fixture
def scriptless(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(java_script_enabled=False, locale="en-GB")
    yield context.new_page()
    context.close()


@pytest.fixture
def stored(lab) -> Callable[[Page], dict[str, Any]]:
    """Step, result and trials of the session that the page shows."""
    return lambda page: lab.installation.ask(TRIALS.format(token=page.url.rstrip("/").split("/")[-1]))


def begin(page: Page, lab, link: str) -> None:
    page.goto(f"{lab.url}/t/{link}/")
    page.get_by_role("button", name="Begin").click()
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("heading", name="Headphone check")).to_be_visible()


def start_attempt(page: Page, name: str = "Begin the check") -> None:
    page.get_by_role("button", name=name).click()
    expect(page.get_by_text("Sound 1 of 6")).to_be_visible()


def answers(page: Page):
    return page.locator(".answers button")


def hear(page: Page) -> None:
    """Play the sound to its end."""
    page.get_by_role("button", name="Play the sound").click()
    expect(answers(page).first).to_be_enabled(timeout=20_000)


def answer_all(page: Page, given: list[int]) -> None:
    """Without scripts: the buttons are an ordinary form's."""
    for number, one in enumerate(given, start=1):
        expect(page.get_by_text(f"Sound {number} of 6")).to_be_visible()
        answers(page).nth(one - 1).click()


def right_answers(found: dict[str, Any], attempt: int = 1) -> list[int]:
    return [correct for of, correct, _given in found["trials"] if of == attempt]


def test_the_whole_check_heard_and_passed(page, lab, links, stored):
    """Three trials by pointer, three by keyboard, every sound played to its end."""
    begin(page, lab, links["woods2017 refuse"])
    start_attempt(page)
    for number, correct in enumerate(right_answers(stored(page)), start=1):
        expect(page.get_by_text(f"Sound {number} of 6")).to_be_visible()
        expect(answers(page).first).to_be_disabled()
        if number <= 3:
            hear(page)
            answers(page).nth(correct - 1).click()
        else:
            page.keyboard.press(str(correct))
            expect(page.locator("#check-state")).to_have_text("Play the sound, then answer.")
            expect(page.get_by_role("button", name="Play the sound")).to_be_focused()
            page.keyboard.press("Space")
            expect(answers(page).first).to_be_enabled(timeout=20_000)
            page.keyboard.press(str(correct))
    expect(page.get_by_role("heading", name="What to do")).to_be_visible()
    found = stored(page)
    assert found["passed"] is True and found["step"] == "instructions"
    assert all(correct == given for _attempt, correct, given in found["trials"]) and len(found["trials"]) == 6


def test_a_sound_plays_once_and_shows_which_of_the_three_sounds(page, lab, links):
    begin(page, lab, links["woods2017 flag"])
    start_attempt(page)
    heard = page.evaluate(
        """() => {
          const seen = [];
          new MutationObserver(() => {
            const now = [...document.querySelectorAll(".answers button")].findIndex((b) => b.matches(".sounding"));
            if (now >= 0 && seen.at(-1) !== now + 1) seen.push(now + 1);
          }).observe(document.querySelector(".answers"), { attributes: true, subtree: true });
          window.seen = seen;
          window.starts = 0;
          const start = AudioBufferSourceNode.prototype.start;
          AudioBufferSourceNode.prototype.start = function (...when) { window.starts += 1; start.apply(this, when); };
        }"""
    )
    assert heard is None
    hear(page)
    assert page.evaluate("window.seen") == [1, 2, 3]
    page.get_by_role("button", name="Played").click(force=True)
    page.keyboard.press("Space")
    assert page.evaluate("window.starts") == 1
    expect(page.locator("#check-state")).to_have_text("Now answer: 1, 2 or 3.")


def test_the_noise_loops_until_it_is_stopped_and_the_example_stops_it(page, lab, links):
    begin(page, lab, links["milne2020 flag"])
    page.get_by_role("button", name="Play the noise").click()
    stop = page.get_by_role("button", name="Stop the noise")
    expect(stop).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="Play the example").click()
    noise = page.get_by_role("button", name="Play the noise")
    expect(noise).to_have_attribute("aria-pressed", "false")
    expect(page.locator("section .state").nth(1)).to_have_text("Playing")
    noise.click()
    expect(page.locator("section .state").nth(1)).to_have_text("")
    stop.click()
    expect(page.locator("section .state").nth(0)).to_have_text("")


def test_a_reload_in_the_middle_resumes_at_the_same_sound(page, lab, links, stored):
    begin(page, lab, links["woods2017 flag"])
    start_attempt(page)
    hear(page)
    answers(page).nth(1).click()
    expect(page.get_by_text("Sound 2 of 6")).to_be_visible()
    sound = page.locator("#trial").get_attribute("data-sound")
    page.get_by_role("button", name="Play the sound").click()
    page.reload()
    expect(page.get_by_text("Sound 2 of 6")).to_be_visible()
    assert page.locator("#trial").get_attribute("data-sound") == sound
    page.goto("about:blank")
    page.goto(f"{lab.url}/t/{links['woods2017 flag']}/")
    assert page.locator("#trial").get_attribute("data-sound") == sound
    hear(page)
    answers(page).nth(0).click()
    expect(page.get_by_text("Sound 3 of 6")).to_be_visible()
    assert [given for _attempt, _correct, given in stored(page)["trials"]] == [2, 1, *[None] * 4]


def test_going_back_does_not_change_an_answer(page, lab, links, stored):
    begin(page, lab, links["woods2017 flag"])
    start_attempt(page)
    hear(page)
    answers(page).nth(1).dblclick()
    expect(page.get_by_text("Sound 2 of 6")).to_be_visible()
    assert [given for _attempt, _correct, given in stored(page)["trials"]] == [2, *[None] * 5]
    page.go_back()
    expect(page.get_by_text("Sound 2 of 6")).to_be_visible()


def test_a_sound_that_cannot_be_loaded_is_said_and_can_be_tried_again(page, lab, links):
    begin(page, lab, links["woods2017 flag"])
    page.route("**/headphone-check/*/sound", lambda route: route.abort())
    start_attempt(page)
    page.get_by_role("button", name="Play the sound").click()
    expect(page.locator("#check-state")).to_contain_text("could not be loaded")
    expect(answers(page).first).to_be_disabled()
    page.unroute("**/headphone-check/*/sound")
    hear(page)
    expect(answers(page).first).to_be_enabled()


def test_who_fails_is_refused_without_any_script(scriptless, lab, links, stored):
    begin(scriptless, lab, links["woods2017 refuse"])
    start_attempt(scriptless)
    expect(scriptless.locator("noscript audio")).to_be_visible()
    right = right_answers(stored(scriptless))
    answer_all(scriptless, [one % 3 + 1 for one in right[:2]] + right[2:])
    expect(scriptless.get_by_role("heading", name="This test needs headphones")).to_be_visible()
    found = stored(scriptless)
    assert (found["step"], found["passed"]) == ("refused", False)
    scriptless.goto(f"{lab.url}/t/{links['woods2017 refuse']}/")
    expect(scriptless.get_by_role("heading", name="This test needs headphones")).to_be_visible()


def test_who_fails_twice_is_flagged_and_goes_on(scriptless, lab, links, stored):
    begin(scriptless, lab, links["milne2020 flag"])
    start_attempt(scriptless)
    right = right_answers(stored(scriptless))
    answer_all(scriptless, [right[0] % 3 + 1, *right[1:]])
    expect(scriptless.get_by_role("heading", name="Once more")).to_be_visible()
    start_attempt(scriptless, "Try again")
    expect(scriptless.get_by_text("Attempt 2 of 2")).to_be_visible()
    right = right_answers(stored(scriptless), attempt=2)
    answer_all(scriptless, [*right[:5], right[5] % 3 + 1])
    expect(scriptless.get_by_role("heading", name="What to do")).to_be_visible()
    found = stored(scriptless)
    assert (found["step"], found["passed"], len(found["trials"])) == ("instructions", False, 12)


def test_axe_finds_nothing_on_its_pages(page, lab, links, inspect, stored):
    begin(page, lab, links["milne2020 refuse"])
    inspect(page)
    start_attempt(page)
    inspect(page)
    hear(page)
    inspect(page)
    token = page.url.rstrip("/").split("/")[-1]
    change = f"session = Session.objects.get(token={token!r}); session.headphone_trials.update(answer=0)"
    lab.installation.ask(f"from studies.models import Session\n{change}; answer = 0")
    page.reload()
    expect(page.get_by_role("heading", name="Once more")).to_be_visible()
    inspect(page)
    lab.installation.ask(
        f"from studies.models import Session\nanswer = Session.objects.filter(token={token!r}).update(step='refused')"
    )
    page.reload()
    expect(page.get_by_role("heading", name="This test needs headphones")).to_be_visible()
    inspect(page)
