"""The platform in Polish: nothing left in English, and every placeholder where it must be."""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import ngettext, override

from studies.listener_views import _words
from studies.models import Study

ROOT = Path(__file__).resolve().parents[2]
PLATFORM = ROOT / "platform"
POLISH = Path("locale") / "pl" / "LC_MESSAGES" / "django.po"
PLACEHOLDER = re.compile(r"%\(\w+\)[-+#0-9. ]*[a-zA-Z]|\{\{\s*\w+\s*\}\}|\{\w+\}")
TEMPLATES = sorted(PLATFORM.glob("*/templates/**/*.html"))
# Names, units and file formats are the same in every language; a language is called by its own name.
SAME_EVERYWHERE = {"Earwitness", "English", "Polski", "Hz", "LUFS", "kb/s", "s"}
SAME_EVERYWHERE |= {"ViSQOL", "MOS", "RMSE", "r", "n", "R", "B", "SVG", "PNG", "CSV"}
# Babel guesses the first by the text; the second is what the sources say of a bare percent sign.
FORMAT_FLAGS = {"python-format", "no-python-format"}
READ_ALOUD = {"aria-label", "alt", "placeholder", "title"}


@pytest.fixture(scope="module")
def extraction(tmp_path_factory) -> Path:
    """A fresh extraction from a copy of the sources, merged into the Polish that is committed."""
    copy = tmp_path_factory.mktemp("extraction") / "platform"
    for source in [*PLATFORM.rglob("*.py"), *PLATFORM.rglob("*.html"), PLATFORM / POLISH]:
        target = copy / source.relative_to(PLATFORM)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, target)
    command = [sys.executable, "-m", "django", "makemessages", "--locale", "pl", "--no-location"]
    environment = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    done = subprocess.run(command, cwd=copy, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return copy / POLISH


def catalogue(path: Path) -> Catalog:
    with path.open("rb") as text:
        return read_po(text, locale="pl", abort_invalid=True)


@pytest.fixture(scope="module")
def polish(extraction: Path) -> list[Message]:
    return [message for message in catalogue(extraction) if message.id]


def in_english(message: Message) -> list[str]:
    return list(message.id) if isinstance(message.id, tuple) else [message.id]


def in_polish(message: Message) -> list[str]:
    return list(message.string) if isinstance(message.string, tuple) else [message.string]


def test_every_message_of_the_sources_has_its_polish(polish) -> None:
    assert len(polish) > 400
    assert [message.id for message in polish if not all(in_polish(message))] == []


def test_no_message_is_a_guess(polish) -> None:
    """A message that changed keeps its old Polish, marked fuzzy, until somebody has looked at it."""
    assert [message.id for message in polish if message.fuzzy] == []


def test_nothing_is_kept_that_the_sources_no_longer_say(extraction) -> None:
    assert list(catalogue(extraction).obsolete) == []


def test_placeholders_are_the_same_in_both(polish) -> None:
    wrong = []
    for message in polish:
        # The last English form: a singular may say "one" where the plural has a number.
        expected = sorted(PLACEHOLDER.findall(in_english(message)[-1]))
        wrong += [text for text in in_polish(message) if sorted(PLACEHOLDER.findall(text)) != expected]
    assert wrong == []


def test_the_polish_of_a_format_string_can_be_filled_in(polish) -> None:
    formats = [message for message in polish if message.flags & FORMAT_FLAGS == {"python-format"}]
    assert len(formats) > 30
    for message in formats:
        for text in in_polish(message):
            # A stray percent sign would raise here, and on the page.
            assert "%(" not in text % defaultdict(lambda: 1)


def test_gettext_finds_no_fault_in_the_file() -> None:
    done = subprocess.run(["msgfmt", "--check", "-o", os.devnull, PLATFORM / POLISH], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


class _Visible(HTMLParser):
    """Collects the words that a reader sees or hears."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name in READ_ALOUD:
                self.handle_data(value or "")

    def handle_data(self, data: str) -> None:
        self.words += [word for word in re.findall(r"[^\W\d_]+(?:/s)?", data) if word not in SAME_EVERYWHERE]


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_a_template_says_nothing_outside_gettext(template) -> None:
    text = template.read_text()
    # The content of `main_class` is an attribute's value in the base.
    text = re.sub(r"\{% block main_class %\}.*?\{% endblock %\}", " ", text)
    text = re.sub(r"\{% blocktranslate.*?endblocktranslate %\}", " ", text, flags=re.DOTALL)
    text = re.sub(r"\{%.*?%\}|\{\{.*?\}\}|\{#.*?#\}", " ", text, flags=re.DOTALL)
    visible = _Visible()
    visible.feed(text)
    assert visible.words == []


@pytest.fixture
def compiled(tmp_path, settings, monkeypatch) -> Iterator[None]:
    """The committed Polish, compiled as at an installation: what an earlier one left can't hide a fault."""
    target = tmp_path / POLISH
    target.parent.mkdir(parents=True)
    shutil.copy(PLATFORM / POLISH, target)
    spec = importlib.util.spec_from_file_location("compile_messages", ROOT / "scripts" / "compile_messages.py")
    assert spec is not None and spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    monkeypatch.setattr(script, "LOCALES", tmp_path / "locale")
    script.main()
    settings.LOCALE_PATHS = [tmp_path / "locale"]
    yield


def test_the_rating_page_speaks_polish_with_the_same_placeholders(compiled) -> None:
    with override("en"):
        english = _words()
    with override("pl"):
        polish = _words()
    assert polish.keys() == english.keys()
    assert [key for key in english if polish[key] == english[key]] == []
    assert all(PLACEHOLDER.findall(polish[key]) == PLACEHOLDER.findall(english[key]) for key in english)


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (1, "1 symulowany słuchacz"),
        (2, "2 symulowani słuchacze"),
        (5, "5 symulowanych słuchaczy"),
        (12, "12 symulowanych słuchaczy"),
        (22, "22 symulowani słuchacze"),
        (112, "112 symulowanych słuchaczy"),
    ],
)
def test_polish_counts_in_three_forms(compiled, count, expected) -> None:
    with override("pl"):
        text = ngettext("%(count)s simulated listener", "%(count)s simulated listeners", count)
    assert text % {"count": count} == expected


@pytest.fixture
def start_page(compiled, researcher) -> str:
    study = Study.objects.create(title="Chords", owner=researcher, state=Study.State.OPEN)
    return reverse("listen:start", args=[study.link])


@pytest.mark.parametrize("which", ["start", "sign-in"])
def test_a_page_comes_in_the_browsers_language_or_the_chosen_one(client, start_page, which) -> None:
    address, english, polish = (
        (start_page, ">Begin<", ">Zacznij<")
        if which == "start"
        else (reverse("accounts:login"), ">Sign in</button>", ">Zaloguj się</button>")
    )

    def shown(accepts: str) -> tuple[bool, bool]:
        text = client.get(address, headers={"accept-language": accepts}).content.decode()
        language = re.search(r'<html lang="(\w+)"', text)
        assert language is not None
        return language[1] == "pl" and polish in text, language[1] == "en" and english in text

    assert shown("en") == (False, True)
    assert shown("pl,en;q=0.5") == (True, False)
    # Chosen by a button: it holds from then on, whatever the browser asks for.
    client.post(reverse("set_language"), {"language": "pl", "next": address})
    assert shown("en") == (True, False)
    client.post(reverse("set_language"), {"language": "en", "next": address})
    assert shown("pl") == (False, True)


def test_the_server_error_page_is_translated_too(compiled) -> None:
    """It is rendered without a request: only the language that is active can tell."""
    with override("pl"):
        text = render_to_string("500.html")
    assert '<html lang="pl">' in text
    assert "To nasza wina, nie Twoja." in text
