"""Links and pictures lead somewhere."""

import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urldefrag

import pytest

ROOT = Path(__file__).resolve().parents[2]
PICTURES = ROOT / "docs" / "pictures"


def screenshots() -> set[Path]:
    """The files that `make screenshots` writes, read off its script."""
    script = (ROOT / "scripts" / "screenshots.py").read_text()
    names = re.findall(r'shoot\(.*?, "(\w+)"', script)
    sizes = re.findall(r'"(\d+)": \(', script)
    assert names and sizes
    return {PICTURES / f"{name}-{size}.png" for name in names for size in sizes}


def test_every_relative_link_resolves(text: Any) -> None:
    wrong, pictures = [], []
    for link in text.links:
        address, anchor = urldefrag(unquote(link))
        if re.match(r"[a-z]+:", address):
            continue
        target = (text.path.parent / address).resolve() if address else text.path
        if target in screenshots() and not target.exists():
            pictures.append(link)
        elif not target.exists() or (anchor and anchor not in type(text)(target).anchors):
            wrong.append(link)
    assert wrong == []
    assert not (pictures and PICTURES.exists()), f"`make screenshots` did not write {', '.join(pictures)}"
    if pictures:
        pytest.skip(f"`make screenshots` was not run: {', '.join(pictures)} are absent")


def test_every_page_is_reached_from_the_readme(document: Any) -> None:
    seen, todo = set(), [ROOT / "README.md"]
    while todo:
        path = todo.pop()
        if path in seen or not path.exists():
            continue
        seen.add(path)
        linked = [(path.parent / urldefrag(link)[0]).resolve() for link in document(path.relative_to(ROOT)).links]
        todo += [target for target in linked if target.suffix == ".md"]
    assert set((ROOT / "docs").rglob("*.md")) - seen == set()
