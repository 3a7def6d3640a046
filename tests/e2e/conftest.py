"""A lab for the end-to-end tests: an installation with people and a short study, and real browsers to visit it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect, sync_playwright

FLAGS = [
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=user-gesture-required",
]
CHROMIUM = {"executable_path": "/usr/bin/chromium", "args": FLAGS}
PASSWORD = "a long enough phrase"
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
SIZES = ({"width": 1280, "height": 800}, {"width": 390, "height": 844})

# Three seconds of chords and noise, different for each recording: short, but real sound for real codecs.
MAKE_LAB = f"""
import io
import numpy as np
from accounts.models import User
from library.services import add_recording
from library.preparation import Condition
from modelzoo.audio import Process, write_flac
from studies import services
people = [User.objects.create_user(name, password={PASSWORD!r}, role=name) for name in ("researcher", "admin")]
recordings = []
for index, note in enumerate((220.0, 262.0, 330.0)):
    rng = np.random.default_rng(index)
    time = np.arange(3 * 48000) / 48000
    chord = sum(np.sin(2 * np.pi * note * k * time) / k for k in range(1, 12))
    sound = 0.05 * chord * (1 + np.sin(2 * np.pi * 2 * time)) + 0.02 * rng.standard_normal(len(time))
    flac = io.BytesIO()
    write_flac(flac, sound, 48000)
    flac.seek(0)
    recordings.append(add_recording(flac, title=f"Chord {{index}}", owner=people[0]))
conditions = [Condition("mp3 48", Process("mp3", bitrate=48))]
study = services.create_study(people[0], "Chords", recordings[1:], training_recording=recordings[0],
                              conditions=conditions, repeated_pages=1)
services.prepare(study)
services.open_study(study)
answer = {{"link": study.link, "study": study.pk}}
"""

SIMULATE = """
import numpy as np
from studies.demo.seed import take
from studies.demo.simulated import PANEL
from studies.models import Study
study = Study.objects.get(pk={study})
for index, listener in enumerate(PANEL):
    if study.listeners.filter(is_simulated=True).count() < len(PANEL):
        take(study, listener, np.random.default_rng(index))
answer = dict(study.listeners.filter(is_simulated=True).values_list("simulated_as", "code"))
"""


class Lab:
    """An installation, its short study, and ways to look into its database."""

    def __init__(self, installation: Any) -> None:
        self.installation = installation
        made = installation.ask(MAKE_LAB)
        self.study: int = made["study"]
        self.link: str = made["link"]

    @property
    def url(self) -> str:
        return str(self.installation.url)

    @property
    def start(self) -> str:
        return f"{self.url}/t/{self.link}/"

    def ratings(self, token: str) -> dict[str, float]:
        """Scores in the database by page number and slot position, such as "2.1"."""
        return self.installation.ask(
            "from studies.models import Rating\n"
            f"rows = Rating.objects.filter(slot__presentation__session__token={token!r})"
            ".values_list('slot__presentation__number', 'slot__position', 'score')\n"
            "answer = {f'{page}.{position}': score for page, position, score in rows}"
        )


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory, make_installation: Callable[[Path], Iterator[Any]]) -> Iterator[Lab]:
    """One lab for all tests that leave the servers alone."""
    for installation in make_installation(tmp_path_factory.mktemp("lab")):
        installation.start_web()
        installation.start_worker()
        yield Lab(installation)


@pytest.fixture(scope="session")
def panel(lab) -> dict[str, str]:
    """Twelve simulated listeners in the lab's study: what they simulate, and their codes."""
    return lab.installation.ask(SIMULATE.format(study=lab.study))


@pytest.fixture
def sign_in(lab: Lab) -> Callable[[Page, str], None]:
    def sign_in_as(page: Page, name: str) -> None:
        page.goto(f"{lab.url}/account/sign-in/")
        page.get_by_label("Username").fill(name)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("button", name="Sign out")).to_be_visible()

    return sign_in_as


@pytest.fixture
def own_lab(installation: Any) -> Iterator[Lab]:
    """A lab of the test's own, whose processes it may kill."""
    installation.start_web()
    yield Lab(installation)


@pytest.fixture(scope="session")
def make_lab() -> type[Lab]:
    """For installations that a test sets up in its own way."""
    return Lab


# By module, not by session: while Playwright runs, its event loop runs in this thread, and Django would refuse the
# database to the tests of other files that the same process goes on with.
@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    browser = playwright.chromium.launch(**CHROMIUM)
    yield browser
    browser.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-GB")
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A page whose script errors fail the test."""
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    assert errors == []


@pytest.fixture(scope="session")
def inspect() -> Callable[[Page], None]:
    """axe finds nothing on the page, however it looks, and it does not scroll sideways."""
    return _inspect


def _inspect(page: Page) -> None:
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        for size in SIZES:
            page.set_viewport_size(size)
            found = Axe().run(page, options={"runOnly": WCAG})
            assert found.violations_count == 0, f"{page.url}, {scheme}, {size['width']} px\n{found.generate_report()}"
            wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert wide <= 0, f"{page.url} is {wide} px wider than a window of {size['width']} px"
