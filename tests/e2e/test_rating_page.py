"""The rating and volume pages in the hands of people who double-click, hold keys, enlarge, lose the connection."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.e2e

TALL_PHONE = {"width": 390, "height": 844}
# A window of 1280 by 800 enlarged to 200 %, and to 400 %: what WCAG 1.4.4 and 1.4.10 ask for.
ENLARGED = ({"width": 640, "height": 400}, {"width": 320, "height": 256})


def to_the_volume(page: Page, lab: Any) -> str:
    page.goto(lab.start)
    page.get_by_role("button", name="Begin").click()
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("heading", name="Set the volume")).to_be_visible()
    return page.url.rstrip("/").split("/")[-1]


def loaded(page: Page) -> None:
    expect(page.locator("#reference")).to_be_enabled(timeout=20_000)
    expect(page.locator("#loading")).to_be_hidden(timeout=20_000)


def begin(page: Page, lab: Any) -> str:
    """To the practice page, without having played anything; the session's token."""
    token = to_the_volume(page, lab)
    page.get_by_role("button", name="This is comfortable, go on").click()
    loaded(page)
    return token


def rate_all(page: Page) -> None:
    for card, score in zip(page.locator(".rate-card").all(), (40, 100, 20, 60), strict=True):
        card.locator(".listen").click()
        card.locator(".score").fill(str(score))


def saved(page: Page) -> None:
    expect(page.locator("#saved")).to_have_text("All saved")


def session_of(lab: Any, token: str, answer: str) -> Any:
    code = f"from studies.models import *\nsession = Session.objects.get(token={token!r})\nanswer = {answer}"
    return lab.installation.ask(code)


# --- Rating ------------------------------------------------------------------------------------------------------


def test_fifty_can_be_given_though_the_slider_stands_there_already(page, lab):
    begin(page, lab)
    first, second = page.locator(".rate-card").all()[:2]
    first.locator(".listen").click()
    expect(first.locator("output")).to_have_text("–")
    first.locator(".score").click()
    expect(first.locator("output")).to_have_text("50")
    page.keyboard.press("2")
    expect(second.locator("output")).to_have_text("–")
    page.keyboard.press("Enter")
    expect(second.locator("output")).to_have_text("50")


def test_a_screen_reader_hears_the_label_with_the_score(page, lab):
    begin(page, lab)
    card = page.locator(".rate-card").first
    card.locator(".listen").click()
    slider = page.get_by_role("slider", name="Rating of A, 0 to 100")
    expect(slider).to_have_attribute("aria-valuetext", "not rated yet")
    for score, label in ((100, "Excellent"), (81, "Excellent"), (61, "Good"), (50, "Fair"), (19, "Bad"), (0, "Bad")):
        slider.fill(str(score))
        expect(slider).to_have_attribute("aria-valuetext", f"{score}, {label}")


def test_arrows_are_fine_and_with_shift_coarse(page, lab):
    begin(page, lab)
    page.keyboard.press("1")
    said = page.locator(".rate-card output").first
    for keys, score in (("ArrowUp", "51"), ("Shift+ArrowUp", "61"), ("Shift+ArrowDown", "51"), ("ArrowDown", "50")):
        page.keyboard.press(keys)
        expect(said).to_have_text(score)


def test_a_key_held_down_is_one_press(page, lab):
    token = begin(page, lab)
    for _ in range(5):
        page.keyboard.down("1")
    page.keyboard.up("1")
    page.keyboard.press("ArrowUp")
    saved(page)
    plays = "list(Rating.objects.filter(slot__presentation__session=session).values_list('plays', flat=True))"
    assert session_of(lab, token, plays) == [1]


def test_two_clicks_on_next_turn_one_page(page, lab):
    token = begin(page, lab)
    rate_all(page)
    page.get_by_role("button", name="Next").dblclick()
    expect(page.get_by_role("heading", name="Page 2 of 4")).to_be_attached()
    loaded(page)
    assert page.locator(".notice.wrong:visible").count() == 0
    assert session_of(lab, token, "session.pages.filter(finished_at__isnull=False).count()") == 1
    page.go_back()
    expect(page.locator("body")).to_be_visible()
    page.goto(lab.start)
    expect(page.get_by_role("heading", name="Page 2 of 4")).to_be_attached()


def test_next_waits_for_the_connection_and_ten_minutes_without_one_lose_nothing(page, context, lab):
    page.clock.install()
    token = begin(page, lab)
    context.set_offline(True)
    rate_all(page)
    page.clock.run_for("05:00")
    page.locator(".rate-card .listen").first.click()
    page.locator(".rate-card .score").first.fill("33")
    page.get_by_role("button", name="Next").click()
    page.clock.run_for("05:00")
    expect(page.locator("#saved")).to_contain_text("Not saved yet")
    expect(page.get_by_role("heading", name="Page 1 of 4")).to_be_attached()
    assert lab.ratings(token) == {}
    context.set_offline(False)
    page.clock.run_for(2000)
    expect(page.get_by_role("heading", name="Page 2 of 4")).to_be_attached()
    assert lab.ratings(token) == {"1.1": 33, "1.2": 100, "1.3": 20, "1.4": 60}
    count = "RatingRevision.objects.filter(slot__presentation__session=session).count()"
    assert session_of(lab, token, count) == 5


# More than the server takes in one message: 90 batches of 1500 events each.
MANY_EVENTS = """async ({ session, save, page }) => {
  const { Outbox } = await import("/static/studies/outbox.js");
  const outbox = await Outbox.open(session, save, document.querySelector("[name=csrfmiddlewaretoken]").value);
  outbox.flush = async () => "offline";
  const rows = Array.from({ length: 1500 }, (_, i) => [i * 100000, "rate", 1, i % 101]);
  for (let i = 0; i < 90; i++) await outbox.put("events", { page, rows });
}"""


def test_a_long_time_offline_makes_no_message_that_is_too_large(page, lab):
    token = begin(page, lab)
    data = page.evaluate("JSON.parse(document.querySelector('#page-data').textContent)")
    page.evaluate(MANY_EVENTS, {name: data[name] for name in ("session", "save", "page")})
    page.reload()
    loaded(page)
    expect(page.locator("#saved")).to_have_text("All saved", timeout=30_000)
    batches = "EventBatch.objects.filter(presentation__session=session).count()"
    assert session_of(lab, token, batches) == 90


# --- Sound -------------------------------------------------------------------------------------------------------


def test_what_the_audio_gave_is_kept_though_the_volume_was_never_heard(page, lab):
    token = begin(page, lab)
    assert session_of(lab, token, "session.audio") == {}
    rate_all(page)
    page.get_by_role("button", name="Next").click()
    expect(page.get_by_role("heading", name="Page 2 of 4")).to_be_attached()
    audio = session_of(lab, token, "session.audio")
    assert (audio["asked"], audio["rate"], audio["state"]) == (48000, 48000, "running")
    assert {"baseLatency", "outputLatency", "output"} <= set(audio)


CONTEXTS = """
window.contexts = [];
window.AudioContext = class extends AudioContext {
  constructor(options) { super(options); contexts.push(this); }
};
"""


def test_an_interruption_from_outside_pauses_the_page_too(page, lab):
    page.add_init_script(CONTEXTS)
    begin(page, lab)
    page.locator(".rate-card .listen").first.click()
    toggle = page.locator("#toggle")
    expect(toggle).to_have_text("Pause")
    page.evaluate("contexts.at(-1).suspend()")
    expect(toggle).to_have_text("Play")
    expect(page.locator(".rate-card .score").first).to_be_disabled()
    toggle.click()
    expect(toggle).to_have_text("Pause")
    assert page.evaluate("contexts.at(-1).state") == "running"


def test_a_browser_without_any_sound_output_is_said_in_words(page, lab):
    token = to_the_volume(page, lab)
    page.add_init_script("AudioContext.prototype.resume = () => new Promise(() => {});")
    page.reload()
    page.get_by_role("button", name="Play the music").click()
    expect(page.get_by_text("No sound output was found.")).to_be_visible()
    page.get_by_role("button", name="This is comfortable, go on").click()
    loaded(page)
    page.locator(".rate-card .listen").first.click()
    expect(page.locator("#trouble")).to_contain_text("No sound output was found.")
    expect(page.locator("#toggle")).to_have_text("Play")
    expect(page.locator(".rate-card .score").first).to_be_disabled()
    assert lab.ratings(token) == {}


def test_the_volume_page_says_what_it_does_and_what_fails(page, context, lab):
    context.route("**/sound/**", lambda route: route.fulfill(status=404))
    to_the_volume(page, lab)
    page.get_by_role("button", name="Play the music").click()
    expect(page.get_by_text("The music could not be loaded.")).to_be_visible()
    context.unroute("**/sound/**")
    page.get_by_role("button", name="Play the music").dblclick()
    pause = page.get_by_role("button", name="Pause")
    expect(pause).to_be_visible()
    page.get_by_role("slider", name="Volume").fill("0.25")
    expect(page.get_by_role("slider", name="Volume")).to_have_attribute("aria-valuetext", "25 %")
    pause.click()
    expect(page.get_by_role("button", name="Play the music")).to_be_visible()


def test_loading_shows_how_far_each_file_is(page, lab, wait_for):
    to_the_volume(page, lab)
    page.evaluate("caches.delete('earwitness-ahead')")
    line = page.context.new_cdp_session(page)
    speed = {"offline": False, "latency": 0, "downloadThroughput": 300_000, "uploadThroughput": -1}
    line.send("Network.enable")
    line.send("Network.emulateNetworkConditions", speed)
    page.get_by_role("button", name="This is comfortable, go on").click()
    wait_for("a part of a file", lambda: page.evaluate("document.querySelector('#loaded')?.value % 1 > 0"))
    line.send("Network.emulateNetworkConditions", {**speed, "downloadThroughput": -1})
    loaded(page)


def test_both_handles_of_the_loop_can_be_taken_even_side_by_side(page, lab, wait_for):
    begin(page, lab)
    wave = page.locator("#wave").bounding_box()
    upper, lower = wave["y"] + 12, wave["y"] + wave["height"] - 12

    def drag(height: float, begin: float, end: float) -> None:
        page.mouse.move(wave["x"] + begin * wave["width"], height)
        page.mouse.down()
        page.mouse.move(wave["x"] + end * wave["width"], height, steps=4)
        page.mouse.up()

    def loop() -> list[float]:
        return [float(page.locator(f"#loop-{end}").input_value()) / 1000 for end in ("start", "end")]

    drag(upper, 0, 0.4)
    drag(lower, 1, 0.1)
    start, end = loop()
    assert start == pytest.approx(0.4, abs=0.02)
    assert end - start == pytest.approx(0.5 / 3, abs=0.02), "half a second of three"
    drag(upper, start, 0.2)
    drag(lower, end, 0.9)
    assert loop() == pytest.approx([0.2, 0.9], abs=0.02)
    # A click between them is no handle's: it goes to that place. All places that are shown are kept.
    page.evaluate(
        """() => {
            const shown = document.querySelector("#position");
            window.places = [];
            const keep = () => window.places.push(shown.textContent);
            new MutationObserver(keep).observe(shown, {childList: true, characterData: true, subtree: true});
        }"""
    )
    page.mouse.click(wave["x"] + 0.5 * wave["width"], wave["y"] + wave["height"] / 2)
    page.locator("#reference").click()
    there = {"1.5 s", "1.6 s"}
    wait_for("the place that was clicked", lambda: there & set(page.evaluate("window.places")))
    # An earlier place may still be told, but nothing is played on the way to the new one.
    places = page.evaluate("window.places")
    arrived = min(places.index(place) for place in there if place in places)
    assert not {"1.3 s", "1.4 s"} & set(places[:arrived]), places
    page.get_by_role("slider", name="Loop from").press("ArrowRight")
    assert loop()[0] > 0.2


# --- Looks -------------------------------------------------------------------------------------------------------

MORE_CARDS = """() => {
  const row = document.querySelector("#cards");
  while (row.children.length < 12) row.append(row.children[0].cloneNode(true));
}"""
OVERFLOW = "element => element.scrollWidth - element.clientWidth"


@pytest.mark.parametrize("locale", ["en-GB", "pl-PL"])
def test_twelve_stimuli_and_next_are_in_sight_at_1280_by_800(browser, lab, locale):
    context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-GB")
    page = context.new_page()
    begin(page, lab)
    if locale == "pl-PL":
        page.get_by_role("button", name="Polski").click()
        loaded(page)
        expect(page.get_by_role("button", name="English")).to_be_visible()
    page.evaluate(MORE_CARDS)
    assert page.locator("#cards").evaluate(OVERFLOW) <= 0
    bottom = page.locator("#next").bounding_box()
    assert bottom["y"] + bottom["height"] <= 800
    context.close()


def test_another_language_in_the_middle_of_a_page_loses_nothing_and_is_recorded(page, lab):
    token = begin(page, lab)
    page.locator(".rate-card .listen").first.click()
    page.locator(".rate-card .score").first.fill("77")
    page.get_by_role("button", name="Polski").click()
    loaded(page)
    expect(page.locator("html")).to_have_attribute("lang", "pl")
    expect(page.locator(".rate-card output").first).to_have_text("77")
    expect(page.locator("#saved")).to_have_text("Wszystko zapisane")
    assert session_of(lab, token, "session.language") == "pl"


COVERED = """() => {
  const box = document.activeElement.getBoundingClientRect();
  const found = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
  return found && !document.activeElement.contains(found) && found.closest(".transport") !== null
    && document.activeElement.closest(".transport") === null;
}"""


def test_nothing_that_has_the_focus_lies_behind_the_transport(page, lab):
    """On a phone it is fixed at the bottom (WCAG 2.4.11)."""
    begin(page, lab)
    page.set_viewport_size(TALL_PHONE)
    page.locator(".rate-card .listen").first.click()
    reached = set()
    for _ in range(30):
        page.keyboard.press("Tab")
        name = page.evaluate("document.activeElement.textContent.trim() || document.activeElement.ariaLabel || ''")
        assert not page.evaluate(COVERED), f"{name} is covered"
        reached.add(name)
    assert {"Sort by rating", "Polski", "Loop from", "Loop to"} <= reached


def test_enlarged_and_without_motion(page, lab, inspect: Callable[[Page], None]):
    page.emulate_media(reduced_motion="reduce")
    begin(page, lab)
    for size in ENLARGED:
        page.set_viewport_size(size)
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, size
        position = page.locator(".transport").evaluate("element => getComputedStyle(element).position")
        assert position == "static", "it would cover most of so low a window"
        page.locator("#sort").click()
        page.locator(".rate-card .listen").last.click()
        expect(page.locator(".rate-card .listen").last).to_be_in_viewport()
    assert page.evaluate("document.getAnimations().length") == 0
    inspect(page)


def test_all_of_the_way_fits_a_phone_in_polish(browser, lab):
    """Its words are longer."""
    context = browser.new_context(viewport=TALL_PHONE, locale="pl-PL", has_touch=True, is_mobile=True)
    page = context.new_page()
    page.goto(lab.start)
    seen = []
    for step in ("start", "consent", "instructions", "volume", "pages"):
        expect(page.locator("html")).to_have_attribute("lang", "pl")
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, step
        seen.append(page.locator("h1").first.inner_text())
        if step == "consent":
            page.get_by_role("checkbox").check()
        if step != "pages":
            page.locator("main button.primary").click()
            expect(page.locator("h1").first).not_to_have_text(seen[-1])
    loaded(page)
    # By touch: a part of the next card shows that there is more, and the keys, which a phone lacks, are not named.
    card = page.locator(".rate-card").nth(1)
    card.locator(".listen").tap()
    expect(card.locator(".score")).to_be_enabled()
    card.locator(".score").tap()
    expect(card.locator("output")).to_have_text("50")
    assert page.locator("#cards").evaluate("row => row.clientWidth") > 3 * 76 + 2 * 8
    expect(card.locator("kbd")).to_be_hidden()
    assert card.locator(".score").bounding_box()["height"] >= 240
    context.close()


# --- The server dies ----------------------------------------------------------------------------------------------


def test_a_server_killed_and_started_again_in_the_middle_of_a_page_loses_and_doubles_nothing(page, lab):
    token = begin(page, lab)
    first, second, third, fourth = page.locator(".rate-card").all()
    first.locator(".listen").click()
    first.locator(".score").fill("11")
    saved(page)
    lab.installation.kill("web")
    try:
        second.locator(".listen").click()
        second.locator(".score").fill("22")
        expect(page.locator("#saved")).to_contain_text("Not saved yet")
        third.locator(".listen").click()
        third.locator(".score").fill("100")
    finally:
        lab.installation.start_web()
    fourth.locator(".listen").click()
    fourth.locator(".score").fill("44")
    expect(page.locator("#saved")).to_have_text("All saved", timeout=20_000)
    page.get_by_role("button", name="Next").click()
    expect(page.get_by_role("heading", name="Page 2 of 4")).to_be_attached()
    assert lab.ratings(token) == {"1.1": 11, "1.2": 22, "1.3": 100, "1.4": 44}
    count = "RatingRevision.objects.filter(slot__presentation__session=session).count()"
    assert session_of(lab, token, count) == 4
