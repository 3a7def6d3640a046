"""axe finds nothing wrong on any page, in light and dark, wide and narrow; and no page scrolls sideways."""

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.e2e


def test_the_listeners_pages(page, lab, inspect):
    page.goto(f"{lab.url}/t/nothing/")
    inspect(page)
    page.goto(lab.start)
    inspect(page)
    page.get_by_role("button", name="Begin").click()
    inspect(page)
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Go on").click()
    inspect(page)
    page.get_by_role("button", name="Go on").click()
    inspect(page)
    page.get_by_role("button", name="This is comfortable, go on").click()
    expect(page.locator("#reference")).to_be_enabled(timeout=20_000)
    inspect(page)
    state = "from studies.models import Study\nanswer = Study.objects.filter(pk={}).update(state={!r})"
    lab.installation.ask(state.format(lab.study, "closed"))
    visitor = page.context.browser.new_page()
    visitor.goto(lab.start)
    expect(visitor.get_by_role("heading", name="This listening test is closed")).to_be_visible()
    inspect(visitor)
    visitor.context.close()
    lab.installation.ask(state.format(lab.study, "open"))
    page.locator(".rate-card .listen").first.click()
    page.locator(".rate-card .score").first.fill("40")
    inspect(page)
    session = page.url.rstrip("/").split("/")[-1]
    for step in ("headphones", "done"):
        reach = f"answer = Session.objects.filter(token={session!r}).update(step={step!r})"
        lab.installation.ask(f"from studies.models import Session\n{reach}")
        page.goto(f"{lab.url}/t/s/{session}/")
        inspect(page)


def test_the_researchers_pages(page, lab, panel, sign_in, inspect):
    page.goto(f"{lab.url}/")
    inspect(page)
    page.goto(f"{lab.url}/account/sign-in/")
    inspect(page)
    sign_in(page, "researcher")
    out = panel["no headphones"]
    for path in (
        *("/studies/", "/studies/new/", f"/studies/{lab.study}/", "/library/", "/library/upload/"),
        *(f"/reports/{lab.study}/", f"/reports/{lab.study}/?policy=bs1534-3", f"/reports/{lab.study}/models/"),
        *(f"/reports/{lab.study}/listeners/{out}/?policy=paper-test-1", "/training/"),
    ):
        page.goto(f"{lab.url}{path}")
        inspect(page)
    page.goto(f"{lab.url}/library/")
    page.locator("main td a").first.click()
    inspect(page)


def test_the_admins_pages(page, lab, sign_in, inspect):
    sign_in(page, "admin")
    for path in ("/training/", "/training/datasets/new/", "/training/runs/new/", "/jobs/"):
        page.goto(f"{lab.url}{path}")
        inspect(page)
