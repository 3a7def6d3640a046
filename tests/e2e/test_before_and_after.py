"""What comes before and after the rated pages, in a real browser: questions, breaks, codes, the end, withdrawal."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

pytestmark = pytest.mark.e2e

# The lab's recordings again, so their stimuli are there already: practice and two rated pages.
MAKE_STUDY = """
from library.models import Recording
from library.preparation import Condition
from modelzoo.audio import Process
from accounts.models import User
from studies import services
from studies.options import Question, StudyOptions
recordings = list(Recording.objects.order_by("pk"))
questions = (
    Question("age", "How old are you?", "number", low=18, high=99),
    Question("trained", "Have you learned to listen for artefacts?", "choice", choices=("Yes", "A little", "No")),
    Question("tired", "How tired are you?", "scale", low_label="wide awake", high_label="nearly asleep"),
    Question("hunger", "How hungry are you?", "scale", optional=True),
    Question("remarks", "Is there anything we should know?", optional=True),
)
options = StudyOptions(before=questions, after=questions[-1:], break_every=1, ask_headphones=False, show_results=True,
                       completion_code="C0FFEE", return_url="https://recruiting.example/complete")
study = services.create_study(User.objects.get(username="researcher"), "Chords with questions", recordings[1:3],
                              training_recording=recordings[0], repeated_pages=0, options=options,
                              conditions=[Condition("mp3 48", Process("mp3", bitrate=48))], contact="a@lab.example")
services.prepare(study)
draft = services.create_study(User.objects.get(username="researcher"), "A draft", recordings[1:3], options=options,
                              repeated_pages=0)
services.open_study(study)
answer = {"link": study.link, "study": study.pk, "draft": draft.pk}
"""


@pytest.fixture(scope="module")
def asking(lab) -> dict[str, Any]:
    return dict(lab.installation.ask(MAKE_STUDY))


@pytest.fixture
def start(lab, asking) -> str:
    return f"{lab.url}/t/{asking['link']}/"


def token_of(page: Page) -> str:
    return page.url.split("/t/s/")[1].split("/")[0]


def agree(page: Page, start: str) -> str:
    """To the questions; the session's token."""
    page.goto(start)
    page.get_by_role("button", name="Begin").click()
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("heading", name="A few questions first")).to_be_visible()
    return token_of(page)


def answer(page: Page) -> None:
    page.get_by_label("How old are you?").fill("34")
    page.get_by_role("radio", name="A little").check()
    page.get_by_label("How tired are you?").fill("70")
    page.get_by_role("button", name="Go on").click()


def to_the_pages(page: Page, start: str) -> str:
    token = agree(page, start)
    answer(page)
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("button", name="This is comfortable, go on").click()
    loaded(page)
    return token


def loaded(page: Page) -> None:
    expect(page.locator("#reference")).to_be_enabled(timeout=20_000)


def rate_page(page: Page, number: int) -> None:
    expect(page.get_by_role("heading", name=f"Page {number} of 3")).to_be_attached()
    loaded(page)
    for position, score in enumerate((61, 100, 23, 14)):
        card = page.locator(".rate-card").nth(position)
        card.locator(".listen").click()
        card.locator(".score").fill(str(score))
    page.get_by_role("button", name="Next").click()


def answers(lab, token: str) -> dict[str, Any]:
    return dict(
        lab.installation.ask(
            "from studies.models import Answer\n"
            f"rows = Answer.objects.filter(session__token={token!r})\n"
            "answer = {f'{row.stage} {row.name}': row.value for row in rows}"
        )
    )


def test_the_whole_way(page, lab, start, inspect: Callable[[Page], None]):
    token = to_the_pages(page, f"{start}?PROLIFIC_PID=5f0&SESSION_ID=61b")
    inspect(page)
    rate_page(page, 1)
    rate_page(page, 2)
    expect(page.get_by_role("heading", name="Take a rest")).to_be_visible()
    page.reload()
    expect(page.get_by_text("You have rated 1 of 2 pages. Your ratings are saved.")).to_be_visible()
    inspect(page)
    page.get_by_role("button", name="Go on").click()
    rate_page(page, 3)
    expect(page.get_by_role("heading", name="A few questions at the end")).to_be_visible()
    page.get_by_label("Is there anything we should know?").fill("All was well")
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
    expect(page.get_by_text("C0FFEE")).to_be_visible()
    back = page.get_by_role("link", name="Go back and finish")
    expect(back).to_have_attribute("href", "https://recruiting.example/complete?cc=C0FFEE")
    expect(page.get_by_role("table").get_by_role("row")).to_have_count(3)
    inspect(page)
    said = lab.installation.ask(
        "from studies.models import Session\n"
        f"session = Session.objects.get(token={token!r})\n"
        "answer = [session.listener.arrived_with, session.breaks_taken]"
    )
    assert said == [{"PROLIFIC_PID": "5f0", "SESSION_ID": "61b"}, 1]
    assert answers(lab, token)["after remarks"] == "All was well"


def test_a_slider_is_no_answer_until_it_is_touched(page, lab, start, inspect):
    token = agree(page, start)
    inspect(page)
    expect(page.locator("button.clear")).to_be_hidden()
    tired = page.get_by_label("How tired are you?")
    expect(tired).to_have_attribute("aria-valuetext", "no answer yet")
    page.get_by_label("How old are you?").fill("34")
    page.get_by_role("radio", name="No", exact=True).check()
    page.get_by_label("Is there anything we should know?").fill("It is hot in here")
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_text("Move the slider to where your answer lies")).to_be_visible()
    # Nothing that was filled in is lost, and the slider still holds nothing.
    expect(page.get_by_label("How old are you?")).to_have_value("34")
    expect(page.get_by_role("radio", name="No", exact=True)).to_be_checked()
    expect(page.get_by_label("Is there anything we should know?")).to_have_value("It is hot in here")
    expect(tired).to_have_attribute("aria-valuetext", "no answer yet")
    expect(tired).to_be_focused()
    inspect(page)
    # A click in the very middle is an answer too, though it moves nothing.
    tired.click()
    expect(tired).to_have_attribute("aria-valuetext", "50")
    tired.press("ArrowRight")
    expect(tired).to_have_attribute("aria-valuetext", "51")
    # An answer that need not be given can be taken back.
    hungry = page.get_by_label("How hungry are you?")
    hungry.press("Space")
    expect(hungry).to_have_attribute("aria-valuetext", "50")
    page.get_by_role("button", name="Take the answer back").click()
    expect(hungry).to_have_attribute("aria-valuetext", "no answer yet")
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("heading", name="What to do")).to_be_visible()
    expected = {"age": 34, "trained": "No", "tired": 51, "hunger": None, "remarks": "It is hot in here"}
    assert answers(lab, token) == {f"before {name}": value for name, value in expected.items()}


def test_going_on_from_another_device(page, lab, start, browser: Browser, inspect):
    token = to_the_pages(page, start)
    code = lab.installation.ask(
        f"from studies.models import Session\nanswer = Session.objects.get(token={token!r}).listener.code"
    )
    other = browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-GB").new_page()
    other.goto(start)
    other.get_by_text("I have a code").click()
    inspect(other)
    other.get_by_label("Your code from the other device").fill("NOBODY")
    other.get_by_role("button", name="Go on from where I was").click()
    expect(other.get_by_text("Nobody in this test has that code.")).to_be_visible()
    inspect(other)
    other.get_by_label("Your code from the other device").fill(code.lower())
    other.get_by_role("button", name="Go on from where I was").click()
    loaded(other)
    assert token_of(other) == token
    other.context.close()


WAITING = """() => new Promise((resolve) => {
  const opening = indexedDB.open("earwitness-outbox", 1);
  opening.onsuccess = () => {
    const all = opening.result.transaction("waiting").objectStore("waiting").getAll();
    all.onsuccess = () => resolve(all.result.length);
  };
})"""


def test_withdrawing_leaves_nothing_on_the_server_nor_on_the_device(page, context, lab, start, inspect, wait_for):
    token = to_the_pages(page, start)
    card = page.locator(".rate-card").first
    card.locator(".listen").click()
    # The server takes nothing for a while: the rating waits on the device.
    context.route("**/ratings", lambda route: route.abort())
    card.locator(".score").fill("42")
    expect(page.locator("#saved")).to_contain_text("Not saved yet")
    page.get_by_role("link", name="Stop and delete my data").click()
    expect(page.get_by_role("heading", name="Stop and delete your data")).to_be_visible()
    inspect(page)
    assert page.evaluate(WAITING) >= 1
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Delete my data").click()
    expect(page.get_by_role("heading", name="Your data is deleted")).to_be_visible()
    wait_for("the device to forget the ratings", lambda: page.evaluate(WAITING) == 0)
    inspect(page)
    left = lab.installation.ask(
        "from studies.models import Listener, Session\n"
        f"answer = [Session.objects.filter(token={token!r}).count(),"
        " Listener.objects.filter(withdrawn_at__isnull=False).exists()]"
    )
    assert left == [0, True]
    context.unroute("**/ratings")
    sent = page.request.post(f"{lab.url}/t/s/{token}/ratings", headers=csrf(page, lab), data={"ratings": []})
    assert sent.status == 410 and sent.json()["gone"] is True


# Twenty messages under way while the data is deleted, as from tabs that were left open.
RACE = """async ({ token, csrf, slots }) => {
  const headers = { "X-CSRFToken": csrf };
  const post = async (name, body) => (await fetch(`/t/s/${token}/${name}`, { method: "POST", headers, body })).status;
  const rating = (index) => JSON.stringify({ ratings: [{ token: slots[index % slots.length], key: crypto.randomUUID(),
    score: index, revision: index, plays: 1, seconds: 1 }], events: [{ page: 1, key: crypto.randomUUID(), rows: [] }],
  });
  const sent = [...Array(20).keys()].map((index) => post("ratings", rating(index)));
  sent.splice(8, 0, post("withdraw", new URLSearchParams({ sure: "yes" })));
  return Promise.all(sent);
}"""


def test_ratings_under_way_while_the_data_is_deleted_leave_nothing(page, lab, start):
    token = to_the_pages(page, start)
    slots = lab.installation.ask(
        "from studies.models import Slot\n"
        f"slots = Slot.objects.filter(presentation__session__token={token!r}, presentation__number=1, position__gt=0)\n"
        "answer = list(slots.values_list('token', flat=True))"
    )
    arguments = {"token": token, "csrf": csrf(page, lab)["X-CSRFToken"], "slots": slots}
    statuses = page.evaluate(RACE, arguments)
    # The deletion leads on to the page that says so.
    assert statuses.pop(8) == 200 and set(statuses) <= {200, 410}
    assert page.evaluate(RACE, arguments) == [410] * 21
    left = lab.installation.ask(
        f"from studies.models import Session, Slot\nanswer = [Session.objects.filter(token={token!r}).count(),"
        f" Slot.objects.filter(token__in={slots!r}).count()]"
    )
    assert left == [0, 0]


def csrf(page: Page, lab) -> dict[str, str]:
    cookie = next(one["value"] for one in page.context.cookies() if one["name"] == "csrftoken")
    return {"X-CSRFToken": cookie, "Referer": lab.url}


def test_the_researchers_pages(page, lab, asking, sign_in, inspect):
    sign_in(page, "researcher")
    page.goto(f"{lab.url}/studies/new/")
    page.get_by_text("More options").click()
    page.get_by_text("An example to copy from").click()
    inspect(page)
    page.get_by_label("Title").fill("Wrong questions")
    page.get_by_label("Chord 1").first.check()
    page.get_by_label("Pages presented twice").fill("0")
    page.get_by_label("Questions after the pages").fill('[[question]]\nname = "a"\nlabel = oops')
    page.get_by_role("button", name="Make the study").click()
    expect(page.get_by_text("Line 3 can't be read")).to_be_visible()
    inspect(page)
    page.goto(f"{lab.url}/studies/{asking['draft']}/")
    expect(page.get_by_text("Before the pages: 5 questions (age, trained, tired, hunger, remarks).")).to_be_visible()
    inspect(page)
    page.get_by_role("link", name="Change the options").click()
    inspect(page)
    page.get_by_label("Listeners may write a comment on every page").check()
    page.get_by_role("button", name="Save the options").click()
    expect(page.get_by_text("Listeners may comment on every page.")).to_be_visible()
    page.goto(f"{lab.url}/studies/{asking['study']}/options")
    expect(page.get_by_text("This study has been open, so its options stay as they are")).to_be_visible()
    inspect(page)
