"""What a listener's browser has to load beside the music."""

import gzip

import pytest
from playwright.sync_api import Response, expect

pytestmark = pytest.mark.e2e

LARGEST = 60_000


def test_all_code_of_the_listeners_way_and_its_largest_page_are_under_60_kilobytes_packed(page, lab):
    """So each page is, even with every style and script of all the others."""
    files: set[str] = set()
    pages: list[int] = []

    def note(answer: Response) -> None:
        if "/static/" in answer.url:
            files.add(answer.url)

    def weigh() -> None:
        pages.append(len(gzip.compress(page.content().encode())))

    page.on("response", note)
    page.goto(lab.start)
    weigh()
    page.get_by_role("button", name="Begin").click()
    weigh()
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Go on").click()
    weigh()
    page.get_by_role("button", name="Go on").click()
    weigh()
    page.get_by_role("button", name="Play the music").click()
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    page.get_by_role("button", name="This is comfortable, go on").click()
    expect(page.locator("#reference")).to_be_enabled(timeout=20_000)
    # Worklets come without telling the page.
    files.add(lab.url + str(page.locator("#player").get_attribute("data-worklet")))
    weigh()
    session = page.url.rstrip("/").split("/")[-1]
    for step in ("headphones", "done"):
        reach = f"answer = Session.objects.filter(token={session!r}).update(step={step!r})"
        lab.installation.ask(f"from studies.models import Session\n{reach}")
        page.goto(f"{lab.url}/t/s/{session}/")
        weigh()
    page.goto(f"{lab.url}/t/s/{session}/withdraw")
    weigh()
    code = {url.split("/")[-1]: len(gzip.compress(page.request.get(url).body())) for url in files}
    assert {"rating-page.js", "engine.js", "engine-worklet.js", "volume.js", "outbox.js", "base.css"} <= set(code)
    assert max(pages) + sum(code.values()) < LARGEST, (pages, code)
    print(max(pages), sum(code.values()))
