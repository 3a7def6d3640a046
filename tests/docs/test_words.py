"""What the guides name exists: words on the screen, addresses, files, functions, settings."""

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from django.urls import Resolver404, get_resolver, resolve
from django.utils.module_loading import import_string

ROOT = Path(__file__).resolve().parents[2]
ON_SCREEN = ["docs/listener/index.md", "docs/admin/training.md"]
ON_SCREEN += [f"docs/researcher/{name}.md" for name in ("index", "screening", "results")]
ROOMS = ("config", "reports", "training", "studies", "library", "jobs", "accounts", "web", "mushra", "modelzoo")
MEASURE = 120
# What docker-compose.yml reads for itself.
OF_COMPOSE = {"POSTGRES_PASSWORD", "EARWITNESS_VERSION", "PORT"}


@cache
def screen_texts() -> set[str]:
    """Every string literal and every text between tags of the platform's pages, forms and scripts."""
    texts: set[str] = set()
    for path in (ROOT / "platform").rglob("*"):
        if path.suffix in (".html", ".py", ".js"):
            source = path.read_text()
            texts |= {double or single for double, single in re.findall(r'"([^"\n]+)"|\'([^\'\n]+)\'', source)}
            texts |= {text.strip() for text in re.findall(r">([^<>{}]+)<", source)}
    return texts


@pytest.mark.parametrize("name", ON_SCREEN)
def test_words_in_bold_are_on_the_screen(name: str, document: Callable[[str], Any]) -> None:
    bold = document(name).bold
    assert bold
    assert [word for word in bold if word not in screen_texts()] == []


def address_exists(path: str) -> bool:
    """An address, or the part that all addresses of a room begin with."""
    if path.removeprefix("/") in {str(pattern.pattern) for pattern in get_resolver().url_patterns}:
        return True
    try:
        resolve(path)
    except Resolver404:
        return False
    return True


def test_addresses_exist(guide: Any) -> None:
    addresses = [re.sub(r"<\w+>", "1", code) for code in guide.code if re.match(r"/[a-z]*[/\w<>]*$", code)]
    assert [address for address in addresses if not address_exists(address)] == []


def test_a_wrong_address_would_be_noticed() -> None:
    assert address_exists("/studies/new/") and address_exists("/t/")
    assert not address_exists("/studios/new/")


def test_files_exist(guide: Any) -> None:
    tops = {entry.name for entry in ROOT.iterdir() if entry.is_dir()}
    named = [code.rstrip("/") for code in guide.code if re.fullmatch(r"[\w.-]+(/[\w.-]+)*/?", code)]
    files = [name for name in named if re.search(r"\.(py|js|sh|html|toml|yml)$", name)]
    files += [name for name in named if "/" in name and name.split("/")[0] in tops]
    # Made by the product: not in a fresh checkout.
    files = [name for name in files if not name.startswith(("var", "docs/pictures"))]
    assert [name for name in files if not (ROOT / name).exists() and not any_file(name)] == []


def any_file(name: str) -> bool:
    folders = ("platform", "mushra", "modelzoo", "workers", "scripts")
    return any(path for folder in folders for path in (ROOT / folder).rglob(name))


def test_functions_exist(guide: Any) -> None:
    dotted = [code for code in guide.code if re.fullmatch(r"[a-z]+(\.\w+){2,}", code) and code.split(".")[0] in ROOMS]
    for name in dotted:
        import_string(name)


def test_lines_keep_their_measure(guide: Any) -> None:
    lines = guide.path.read_text().splitlines()
    prose = [(number, line) for number, line in enumerate(lines, start=1) if not line.startswith("|")]
    assert [number for number, line in prose if len(line) > MEASURE] == []


def settings_read() -> dict[str, str]:
    """Variables that the settings read, with the ids of their checks."""
    source = (ROOT / "platform" / "config" / "settings.py").read_text()
    found = re.findall(r'ENV\.\w+\(\s*"([A-Z_]+)".*?"(earwitness\.E\d+)"', source)
    assert len(found) == source.count("earwitness.E")
    return dict(found)


def test_the_settings_page_lists_what_is_read_and_nothing_else(document: Callable[[str], Any]) -> None:
    rows = document("docs/admin/settings.md").table("variable", "default")
    assert {row[0].strip("`"): row[-1] for row in rows} == settings_read()


@pytest.mark.parametrize("name", ["docker-compose.yml", "docker/example.env"])
def test_docker_sets_only_what_is_read(name: str) -> None:
    text = (ROOT / name).read_text()
    common = text.partition("services:\n")[0]
    named = set(re.findall(r"\$\{([A-Z_]+)", text)) | set(re.findall(r"^ *([A-Z_]+)[:=]", common, re.MULTILINE))
    assert named
    assert named - set(settings_read()) - OF_COMPOSE == set()
