"""The listener's whole path in a real browser, and what happens when it is cut short."""

import os
import signal
from contextlib import suppress
from pathlib import Path

import pytest
from playwright.sync_api import Page, Playwright, expect

pytestmark = pytest.mark.e2e

CHROMIUM = "/usr/bin/chromium"
PAGES = 4  # one of practice, two rated, one of them again
STIMULI = 4  # reference, two anchors, one codec


def begin(page: Page, lab) -> str:
    """From the link to the first rating page; the session's token."""
    page.goto(lab.start)
    page.get_by_role("button", name="Begin").click()
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("button", name="Play the music").click()
    page.get_by_role("slider", name="Volume").fill("0.3")
    page.get_by_role("button", name="This is comfortable, go on").click()
    loaded(page)
    return page.url.rstrip("/").split("/")[-1]


def loaded(page: Page) -> None:
    expect(page.locator("#reference")).to_be_enabled(timeout=20_000)
    expect(page.locator("#loading")).to_be_hidden(timeout=20_000)


def rate(page: Page, number: int, score: int) -> None:
    """Play stimulus `number` by pointer and give it a score."""
    card = page.locator(".rate-card").nth(number - 1)
    card.locator(".listen").click()
    expect(card.locator(".score")).to_be_enabled()
    card.locator(".score").fill(str(score))
    expect(card.locator("output")).to_have_text(str(score))


def scores_of(page_number: int) -> list[int]:
    """Different on every page, with one at 100."""
    return [10 * page_number + 1, 100, 10 * page_number + 3, 10 * page_number + 4]


def rate_page(page: Page, number: int) -> dict[str, float]:
    scores = scores_of(number)
    for position, score in enumerate(scores, start=1):
        rate(page, position, score)
    return {f"{number}.{position}": float(score) for position, score in enumerate(scores, start=1)}


def go_on(page: Page, number: int) -> None:
    page.get_by_role("button", name="Next").click()
    if number < PAGES:
        expect(page.get_by_role("heading", name=f"Page {number + 1} of {PAGES}")).to_be_attached()
        loaded(page)


def saved(page: Page) -> None:
    expect(page.locator("#saved")).to_have_text("All saved")


def test_the_whole_path_by_pointer(page, lab):
    token = begin(page, lab)
    expected = {}
    for number in range(1, PAGES + 1):
        expected |= rate_page(page, number)
        go_on(page, number)
    page.get_by_role("radio", name="Yes").check()
    page.get_by_role("button", name="Finish").click()
    expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
    assert lab.ratings(token) == expected
    said = lab.installation.ask(
        "from studies.models import *\n"
        f"session = Session.objects.get(token={token!r})\n"
        "batches = EventBatch.objects.filter(presentation__session=session)\n"
        "events = [event[1] for batch in batches for event in batch.events]\n"
        "answer = [session.listener.headphones, session.audio.get('rate'), sorted(set(events)), session.volume]"
    )
    assert said == [True, 48000, ["audio", "play", "rate", "switch"], 0.3]


def test_the_whole_path_by_keyboard(page, lab):
    """No pointer at all: Tab, Space, Enter, arrows, and the page's own keys."""
    page.goto(lab.start)

    def press_until(name: str, role: str = "button") -> None:
        target = page.get_by_role(role, name=name)
        for _ in range(40):
            page.keyboard.press("Tab")
            if target.evaluate("element => element === document.activeElement"):
                return
        raise AssertionError(f"Tab never reached {name}")

    press_until("Begin")
    page.keyboard.press("Enter")
    press_until("I have read this", "checkbox")
    page.keyboard.press("Space")
    press_until("Go on")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="What to do")).to_be_visible()
    press_until("Go on")
    page.keyboard.press("Enter")
    press_until("Play the music")
    page.keyboard.press("Space")
    press_until("This is comfortable, go on")
    page.keyboard.press("Enter")
    for number in range(1, PAGES + 1):
        loaded(page)
        for position, score in ((1, 53), (2, 100), (3, 40), (4, 20)):
            page.keyboard.press(str(position))
            slider = page.locator(".rate-card .score").nth(position - 1)
            expect(slider).to_be_focused()
            if score == 100:
                page.keyboard.press("End")
            else:
                page.keyboard.press("Home")
                for _ in range(score // 10):
                    page.keyboard.press("PageUp")
                for _ in range(score % 10):
                    page.keyboard.press("ArrowUp")
            expect(page.locator(".rate-card output").nth(position - 1)).to_have_text(str(score))
        press_until("Next")
        page.keyboard.press("Enter")
        if number < PAGES:
            expect(page.get_by_role("heading", name=f"Page {number + 1} of {PAGES}")).to_be_attached()
    expect(page.get_by_role("heading", name="One last question")).to_be_visible()
    token = page.url.rstrip("/").split("/")[-1]
    found = lab.ratings(token)
    assert [found[f"{PAGES}.{position}"] for position in range(1, 5)] == [53, 100, 40, 20]
    assert len(found) == PAGES * STIMULI


def test_next_waits_until_all_is_played_and_rated_and_one_is_at_100(page, lab):
    begin(page, lab)
    missing, following = page.locator("#missing"), page.get_by_role("button", name="Next")
    expect(missing).to_contain_text("Not played yet: A, B, C, D.")
    expect(following).to_be_disabled()
    for position in range(1, STIMULI + 1):
        rate(page, position, 50)
    expect(missing).to_have_text("Give 100 to the one that sounds like the reference: it is among them.")
    expect(following).to_be_disabled()
    rate(page, 3, 100)
    expect(following).to_be_enabled()


def test_only_the_playing_stimulus_can_be_rated(page, lab):
    begin(page, lab)
    sliders = page.locator(".rate-card .score")
    for position in range(STIMULI):
        expect(sliders.nth(position)).to_be_disabled()
    page.locator(".rate-card .listen").nth(1).click()
    for position in range(STIMULI):
        (
            expect(sliders.nth(position)).to_be_enabled
            if position == 1
            else expect(sliders.nth(position)).to_be_disabled
        )()
    page.locator("#reference").click()
    expect(sliders.nth(1)).to_be_disabled()


def test_a_reload_in_the_middle_of_a_page_loses_nothing(page, lab):
    token = begin(page, lab)
    first = rate_page(page, 1)
    go_on(page, 1)
    rate(page, 2, 77)
    saved(page)
    page.reload()
    loaded(page)
    expect(page.locator(".rate-card output").nth(1)).to_have_text("77")
    expect(page.locator(".rate-card output").nth(0)).to_have_text("–")
    assert lab.ratings(token) == {**first, "2.2": 77.0}


def test_the_link_leads_back_to_the_page_that_was_reached(page, lab):
    begin(page, lab)
    rate_page(page, 1)
    go_on(page, 1)
    address = page.url
    page.goto("about:blank")
    page.goto(lab.start)
    loaded(page)
    assert page.url == address
    expect(page.get_by_role("heading", name=f"Page 2 of {PAGES}")).to_be_attached()


def test_ratings_made_offline_are_sent_when_the_connection_is_back(page, context, lab):
    token = begin(page, lab)
    rate(page, 1, 31)
    saved(page)
    context.set_offline(True)
    rate(page, 2, 42)
    expect(page.locator("#saved")).to_contain_text("Not saved yet")
    assert lab.ratings(token) == {"1.1": 31.0}
    context.set_offline(False)
    saved(page)
    assert lab.ratings(token) == {"1.1": 31.0, "1.2": 42.0}


def test_two_tabs_do_not_lose_or_double_a_rating(page, context, lab):
    token = begin(page, lab)
    rate(page, 1, 20)
    saved(page)
    other = context.new_page()
    other.goto(page.url)
    loaded(other)
    rate(other, 1, 66)
    saved(other)
    rate(page, 2, 55)
    saved(page)
    assert lab.ratings(token) == {"1.1": 66.0, "1.2": 55.0}
    assert revisions_of(lab, token) == 3


def revisions_of(lab, token: str) -> int:
    return lab.installation.ask(
        "from studies.models import RatingRevision\n"
        f"answer = RatingRevision.objects.filter(slot__presentation__session__token={token!r}).count()"
    )


def test_of_two_tabs_the_last_change_counts_and_the_other_tab_says_so(page, context, lab):
    token = begin(page, lab)
    other = context.new_page()
    other.goto(page.url)
    loaded(other)
    for score in (20, 30, 40):
        rate(page, 1, score)
    saved(page)
    rate(other, 1, 66)
    saved(other)
    assert lab.ratings(token) == {"1.1": 66.0}
    rate(page, 1, 70)
    saved(page)
    assert lab.ratings(token) == {"1.1": 70.0}
    assert revisions_of(lab, token) == 5


def test_a_clock_that_is_set_back_does_not_make_ratings_old(page, lab):
    token = begin(page, lab)
    rate(page, 1, 20)
    saved(page)
    page.clock.install(time="2001-01-01")
    page.reload()
    loaded(page)
    rate(page, 1, 77)
    page.clock.run_for(3000)
    saved(page)
    assert lab.ratings(token) == {"1.1": 77.0}


def test_another_device_with_a_clock_ahead_counts_and_is_shown(page, browser, lab):
    token = begin(page, lab)
    device = browser.new_context(locale="en-GB")
    ahead = device.new_page()
    ahead.clock.install(time="2060-01-01")
    ahead.clock.resume()
    ahead.goto(page.url)
    loaded(ahead)
    rate(ahead, 1, 90)
    saved(ahead)
    # This device can't know of that rating yet: its own change comes with an earlier time, and the answer may have
    # put 90 in its place before anyone could look.
    card = page.locator(".rate-card").first
    card.locator(".listen").click()
    expect(card.locator(".score")).to_be_enabled()
    card.locator(".score").fill("15")
    saved(page)
    expect(page.locator("#newer")).to_contain_text("that rating counts")
    expect(card.locator("output")).to_have_text("90")
    assert lab.ratings(token) == {"1.1": 90.0}
    # Now it knows, and its next change counts.
    rate(page, 1, 16)
    saved(page)
    assert lab.ratings(token) == {"1.1": 16.0}
    device.close()


def test_hundreds_of_changes_made_offline_all_arrive(page, context, lab):
    token = begin(page, lab)
    card = page.locator(".rate-card").first
    card.locator(".listen").click()
    expect(card.locator(".score")).to_be_enabled()
    context.set_offline(True)
    drag = """slider => {
      for (let i = 0; i < 450; i++) {
        slider.value = i % 101;
        slider.dispatchEvent(new Event("input", { bubbles: true }));
      }
    }"""
    card.locator(".score").evaluate(drag)
    expect(page.locator("#saved")).to_contain_text("Not saved yet")
    context.set_offline(False)
    expect(page.locator("#saved")).to_have_text("All saved", timeout=60_000)
    assert lab.ratings(token) == {"1.1": float(449 % 101)}
    assert revisions_of(lab, token) == 450


def test_sorting_moves_cards_and_changes_nothing(page, lab):
    token = begin(page, lab)
    expected = rate_page(page, 1)
    saved(page)
    letters = page.locator(".rate-card .listen")
    assert [text[0] for text in letters.all_inner_texts()] == ["A", "B", "C", "D"]
    page.get_by_role("button", name="Sort by rating").click()
    assert [text[0] for text in letters.all_inner_texts()] == ["B", "D", "C", "A"]
    page.keyboard.press("1")
    expect(page.locator(".rate-card.playing .listen")).to_contain_text("A")
    page.get_by_role("button", name="Back to A, B, C").click()
    assert [text[0] for text in letters.all_inner_texts()] == ["A", "B", "C", "D"]
    assert lab.ratings(token) == expected


@pytest.mark.kill
def test_a_killed_browser_keeps_every_rating_even_one_that_was_never_sent(playwright: Playwright, lab, tmp_path: Path):
    """SIGKILL to the browser while the server can't be reached: the outbox on the disk has the rating."""

    def open_browser():
        context = playwright.chromium.launch_persistent_context(
            str(tmp_path / "profile"), executable_path=CHROMIUM, args=["--no-sandbox", "--no-first-run"], locale="en-GB"
        )
        return context, context.pages[0]

    context, page = open_browser()
    token = begin(page, lab)
    rate(page, 1, 11)
    saved(page)
    context.set_offline(True)
    rate(page, 2, 88)
    expect(page.locator("#saved")).to_contain_text("Not saved yet")
    # Chromium writes its cookie jar with a delay; the session's own address needs none.
    for process in Path("/proc").iterdir():
        if process.name.isdigit() and str(tmp_path / "profile").encode() in command_line(process):
            kill(int(process.name))
    assert lab.ratings(token) == {"1.1": 11.0}
    context, page = open_browser()
    page.goto(f"{lab.url}/t/s/{token}/")
    loaded(page)
    saved(page)
    expect(page.locator(".rate-card output").nth(1)).to_have_text("88")
    assert lab.ratings(token) == {"1.1": 11.0, "1.2": 88.0}
    context.close()


def command_line(process: Path) -> bytes:
    try:
        return (process / "cmdline").read_bytes()
    except OSError:
        return b""


def kill(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
