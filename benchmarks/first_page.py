"""What a listener waits for: bytes and seconds until the first rating page can be used; the renderer's memory.

Needs a running demo (`make demo`); the line is slowed down to 20 Mb/s. Then goes through all pages to the end and takes
the renderer's memory on each, with all sounds loaded, played and rated.

    .venv/bin/python benchmarks/first_page.py --link http://127.0.0.1:8000/t/…/
"""

import argparse
import re
import sys
import tempfile
import time
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from playwright.sync_api import Page, expect, sync_playwright

FLAGS = ["--no-sandbox", "--no-first-run", "--disable-background-networking", "--disable-component-update"]
MEGA = 1e6


def to_the_instructions(page: Page, link: str) -> None:
    page.goto(link)
    page.get_by_role("button", name="Begin").click()
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Go on").click()


def renderer_megabytes(profile: str) -> tuple[float, float]:
    """Resident and private memory of the browser's largest renderer; shared libraries are in the first only."""
    sizes = [(0.0, 0.0)]
    for process in Path("/proc").iterdir():
        try:
            command = (process / "cmdline").read_bytes().decode(errors="replace")
            if "--type=renderer" not in command or profile not in command:
                continue
            rollup = (process / "smaps_rollup").read_text()
        except OSError:
            continue
        found = {name: int(size) * 1024 / MEGA for name, size in re.findall(r"(\w+): +(\d+) kB", rollup)}
        sizes.append((found["Rss"], found["Private_Clean"] + found["Private_Dirty"]))
    return max(sizes)


def loaded(page: Page) -> None:
    expect(page.locator("#reference")).to_be_enabled(timeout=120_000)
    expect(page.locator("#loading")).to_be_hidden(timeout=120_000)


def memory_of_all_pages(page: Page, profile: str) -> list[tuple[float, float]]:
    """The renderer's memory on each page at its end: all stimuli played and rated, the next page's sounds fetched."""
    sizes = []
    while True:
        loaded(page)
        for number, card in enumerate(page.locator(".rate-card").all()):
            card.locator(".listen").click()
            card.locator(".score").fill(str(100 if number == 0 else 50))
        page.wait_for_timeout(2000)
        sizes.append(renderer_megabytes(profile))
        heading = page.locator("h1").text_content()
        page.get_by_role("button", name="Next").click()
        expect(page.locator("h1")).not_to_have_text(str(heading))
        if page.locator(".rate-card").count() == 0:
            return sizes


def measure(link: str, megabits: float) -> None:
    with sync_playwright() as playwright, tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        chromium = {"executable_path": "/usr/bin/chromium", "args": FLAGS}
        browser = playwright.chromium.launch_persistent_context(profile, **chromium)
        page = browser.pages[0]
        page.wait_for_timeout(1000)
        blank = renderer_megabytes(profile)
        to_the_instructions(page, link)
        received = {"sounds": 0, "else": 0}
        line = page.context.new_cdp_session(page)
        line.send("Network.enable")
        speed = {"offline": False, "latency": 20, "downloadThroughput": megabits * MEGA / 8, "uploadThroughput": -1}
        line.send("Network.emulateNetworkConditions", speed)
        kinds: dict[str, str] = {}
        line.on("Network.requestWillBeSent", lambda e: kinds.update({e["requestId"]: e["request"]["url"]}))

        def count(event: dict) -> None:
            received["sounds" if "/sound/" in kinds.get(event["requestId"], "") else "else"] += event["dataLength"]

        line.on("Network.dataReceived", count)
        page.get_by_role("button", name="Go on").click()
        volume = page.get_by_role("button", name="This is comfortable, go on")
        expect(volume).to_be_visible()
        begun = time.monotonic()
        volume.click()
        expect(page.locator("#reference")).to_be_enabled(timeout=120_000)
        usable, took = dict(received), time.monotonic() - begun
        page.locator("#reference").click()
        expect(page.locator("#position")).not_to_have_text("0.0 s")
        heard = time.monotonic() - begun
        loaded(page)
        all_there = time.monotonic() - begun
        stimuli = page.locator(".rate-card").count()
        first = received["sounds"] / MEGA
        sizes = memory_of_all_pages(page, profile)
        browser.close()
    sound, other = usable["sounds"] / MEGA, usable["else"] / 1e3
    print(f"first page, {stimuli} stimuli and the open reference, {megabits:g} Mb/s, without a pause before it")
    print(f"usable after {took:.1f} s, with {sound:.2f} MB of sound and {other:.0f} kB else")
    print(f"heard after {heard:.1f} s, the reference played at once")
    print(f"all sounds there after {all_there:.1f} s, {first:.2f} MB")
    resident, private = (max(column) for column in zip(*sizes, strict=True))
    print(
        f"renderer, highest of {len(sizes)} pages at their ends: {private:.0f} MB private, {resident:.0f} MB resident"
    )
    print(f"of an empty page: {blank[1]:.0f} MB private, {blank[0]:.0f} MB resident")
    print("private on each page:", ", ".join(f"{size:.0f}" for _, size in sizes), "MB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--link", required=True, help="the listeners' link that the demo printed")
    parser.add_argument("--megabits", type=float, default=20)
    arguments = parser.parse_args()
    try:
        urlopen(arguments.link, timeout=5).close()
    except (URLError, ValueError) as error:
        sys.exit(f"Nothing answers at {arguments.link} ({error}): start the demo with make demo.")
    measure(arguments.link, arguments.megabits)


if __name__ == "__main__":
    main()
