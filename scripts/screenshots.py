"""Takes the pictures of the docs from a running demo: `make demo` in one terminal, then `make screenshots`.

The demo must have a finished training run for the report's picture; the script starts one if there is none.
"""

import argparse
import sys
from pathlib import Path

from playwright.sync_api import Browser, Page, expect, sync_playwright

PICTURES = Path(__file__).resolve().parents[1] / "docs" / "pictures"
# What the guides show; --all takes every page at both widths, to look at after a change.
SHOWN = {"rating-1280", "rating-390", "results-1280", "report-1280"}
SIZES = {"1280": (1280, 800), "390": (390, 844)}
FLAGS = ["--no-sandbox", "--no-first-run", "--disable-background-networking", "--disable-component-update"]
TRAINING_LIMIT = 15 * 60_000
TAKE_ALL = False


def sign_in(page: Page, url: str, name: str) -> None:
    page.goto(f"{url}/account/sign-in/")
    page.get_by_label("Username").fill(name)
    page.get_by_label("Password").fill(f"demo-{name}")
    page.get_by_role("button", name="Sign in").click()


def shoot(page: Page, folder: Path, name: str, *, whole: bool = False) -> None:
    for label, (width, height) in SIZES.items():
        if f"{name}-{label}" not in SHOWN and not TAKE_ALL:
            continue
        page.set_viewport_size({"width": width, "height": height})
        page.wait_for_timeout(300)
        page.screenshot(path=folder / f"{name}-{label}.png", full_page=whole)


def listen(browser: Browser, url: str, link: str, folder: Path) -> None:
    page = browser.new_page()
    page.goto(f"{url}{link}")
    shoot(page, folder, "start")
    page.get_by_role("button", name="Begin").click()
    shoot(page, folder, "consent")
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Go on").click()
    shoot(page, folder, "instructions")
    page.get_by_role("button", name="Go on").click()
    shoot(page, folder, "volume")
    page.get_by_role("button", name="This is comfortable").click()
    expect(page.locator("#reference")).to_be_enabled(timeout=30_000)
    for position, score in enumerate((38, 100, 61, 17), start=1):
        card = page.locator(".rate-card").nth(position - 1)
        card.locator(".listen").click()
        card.locator(".score").fill(str(score))
    page.wait_for_timeout(1500)
    shoot(page, folder, "rating")
    page.close()


def trained_run(page: Page, url: str) -> None:
    """Wait for a finished run; start one if there is none."""
    page.goto(f"{url}/training/")
    if not page.get_by_role("link", name="Conv1D").count():
        # A demo that was just started is still building its data set.
        for _ in range(60):
            page.goto(f"{url}/training/runs/new/")
            if page.get_by_label("Data set").count():
                break
            page.wait_for_timeout(5000)
        page.get_by_label("Data set").select_option(index=1)
        page.get_by_role("button", name="Start training").click()
        page.get_by_text("r against ViSQOL").wait_for(timeout=TRAINING_LIMIT)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", default="http://127.0.0.1:8000", help="the running demo")
    parser.add_argument("--folder", type=Path, default=PICTURES)
    parser.add_argument("--all", action="store_true", help="every page, not only what the guides show")
    arguments = parser.parse_args()
    global TAKE_ALL
    TAKE_ALL = arguments.all
    arguments.folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        page = browser.new_page()
        try:
            sign_in(page, arguments.url, "admin")
        except Exception as error:
            sys.exit(f"No demo answers at {arguments.url} ({type(error).__name__}): start it with make demo.")
        trained_run(page, arguments.url)
        page.goto(f"{arguments.url}/studies/")
        page.get_by_role("link", name="Demo: music codecs", exact=True).click()
        study = page.url.rstrip("/").split("/")[-1]
        link = page.locator("a[href*='/t/']").get_attribute("href") or ""
        shoot(page, arguments.folder, "study", whole=True)
        page.goto(f"{arguments.url}/reports/{study}/")
        shoot(page, arguments.folder, "results", whole=True)
        page.goto(f"{arguments.url}/reports/{study}/models/")
        page.locator("main li a").first.click()
        shoot(page, arguments.folder, "report", whole=True)
        page.goto(f"{arguments.url}/training/")
        shoot(page, arguments.folder, "training", whole=True)
        page.get_by_role("link", name="Conv1D").first.click()
        shoot(page, arguments.folder, "run", whole=True)
        listen(browser, arguments.url, link.removeprefix(arguments.url), arguments.folder)
        browser.close()


if __name__ == "__main__":
    main()
