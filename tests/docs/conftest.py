"""The pages of the documentation as data: their commands, links, tables, and words that name something."""

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).resolve().parents[2]
# Pages whose commands are run and whose words are looked up; docs/library has tests of its own.
GUIDES = [
    ROOT / name
    for name in (
        "README.md",
        "docs/index.md",
        "docs/listener/index.md",
        "docs/researcher/index.md",
        "docs/researcher/screening.md",
        "docs/researcher/results.md",
        "docs/admin/installation.md",
        "docs/admin/settings.md",
        "docs/admin/training.md",
        "docs/developer/index.md",
    )
]
EVERY_PAGE = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]


@dataclass(frozen=True)
class Block:
    """A fenced block: where, in which language, and the HTML comment right before it."""

    line: int
    language: str
    text: str
    comment: str


@dataclass(frozen=True)
class Document:
    path: Path

    @property
    def name(self) -> str:
        return str(self.path.relative_to(ROOT))

    @cached_property
    def tokens(self) -> list[Token]:
        return MarkdownIt("commonmark").enable("table").parse(self.path.read_text())

    @cached_property
    def inline(self) -> list[Token]:
        """Links, pictures, code spans, emphasis and text, in order."""
        return [child for token in self.tokens if token.type == "inline" for child in token.children or []]

    @cached_property
    def blocks(self) -> list[Block]:
        found = []
        for before, token in zip([None, *self.tokens], self.tokens, strict=False):
            if token.type == "fence":
                comment = before.content.strip() if before is not None and before.type == "html_block" else ""
                found.append(Block(token.map[0] + 1 if token.map else 0, token.info.strip(), token.content, comment))
        return found

    @property
    def code(self) -> list[str]:
        return [token.content for token in self.inline if token.type == "code_inline"]

    @property
    def bold(self) -> list[str]:
        """Texts in bold, each part of a path such as "Studies → New study." by itself, without the full stop."""
        texts = [
            self.inline[place + 1].content
            for place, token in enumerate(self.inline)
            if token.type == "strong_open" and self.inline[place + 1].type == "text"
        ]
        return [part.strip().rstrip(".") for text in texts for part in text.split("→")]

    @property
    def links(self) -> list[str]:
        kinds = {"link_open": "href", "image": "src"}
        return [str(token.attrs[kinds[token.type]]) for token in self.inline if token.type in kinds]

    @property
    def anchors(self) -> set[str]:
        """Headings as addresses, by the rule of the sites that show Markdown."""
        headings = [self.tokens[i + 1].content for i, token in enumerate(self.tokens) if token.type == "heading_open"]
        return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}

    @property
    def tables(self) -> list[list[list[str]]]:
        """Tables, each a list of rows of cells as written, the head first."""
        found: list[list[list[str]]] = []
        for place, token in enumerate(self.tokens):
            if token.type == "table_open":
                found.append([])
            elif token.type == "tr_open":
                found[-1].append([])
            elif token.type in ("th_open", "td_open"):
                found[-1][-1].append(self.tokens[place + 1].content)
        return found

    def table(self, *head: str) -> list[list[str]]:
        """The rows under the table that begins with these column names."""
        return next(table[1:] for table in self.tables if tuple(table[0][: len(head)]) == head)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    for name, paths in (("guide", GUIDES), ("text", EVERY_PAGE)):
        if name in metafunc.fixturenames:
            documents = [Document(path) for path in paths]
            metafunc.parametrize(name, documents, ids=[document.name for document in documents])


@pytest.fixture(scope="session")
def document():
    """A page by its path in the repository."""
    return lambda name: Document(ROOT / name)
