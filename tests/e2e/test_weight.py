"""What a listener's browser has to load beside the music."""

import gzip

import pytest
from playwright.sync_api import Response, expect

pytestmark = pytest.mark.e2e

LARGEST = 60_000


def test_the_rating_pages_own_code_is_under_60_kilobytes_packed(page, lab):
    page.goto(lab.start)
    page.get_by_role("button", name="Begin").click()
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("button", name="This is comfortable, go on").click()
    expect(page.locator("#reference")).to_be_enabled(timeout=20_000)
    answers: list[Response] = []
    page.on("response", lambda answer: answers.append(answer))
    page.reload()
    expect(page.locator("#reference")).to_be_enabled(timeout=20_000)
    code = [answer for answer in answers if "/sound/" not in answer.url and answer.status == 200]
    sizes = {answer.url.split("/")[-1] or "page": len(gzip.compress(answer.body())) for answer in code}
    assert {"page", "rating-page.js", "engine.js", "outbox.js", "base.css"} <= set(sizes)
    assert sum(sizes.values()) < LARGEST, sizes
    print(sum(sizes.values()), sizes)
