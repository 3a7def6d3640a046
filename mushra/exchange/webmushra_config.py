"""webMUSHRA's config: YAML with pages that nest. Read as text, so that an id of 007 stays one."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from mushra.exchange.cells import decode
from mushra.exchange.imported import ExchangeError

RUN = ("generic", "consent", "volume", "mushra", "finish")
NOT_RUN = ("bs1116", "paired_comparison", "likert_multi_stimulus", "likert_single_stimulus")
MOST_PAGES = 10_000
TRUE = {"true", "yes", "on", "1"}


@dataclass(frozen=True)
class Page:
    """A page of the test.

    Attributes
    ----------
    type, id, name : str
    random : bool
        Whether it stands in a group that is shuffled.
    settings : mapping
        Everything that the config says of the page, as text.
    """

    type: str
    id: str
    name: str
    random: bool
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def runs(self) -> bool:
        """Whether this product has such pages; the others are kept and named."""
        return self.type in RUN

    @property
    def stimuli(self) -> dict[str, str]:
        """Condition to path, without the reference and the anchors that webMUSHRA makes."""
        found = self.settings.get("stimuli")
        return {str(name): str(path) for name, path in found.items()} if isinstance(found, dict) else {}

    @property
    def reference(self) -> str:
        return str(self.settings.get("reference") or "")

    @property
    def conditions(self) -> list[str]:
        """All names that a listener rates on this page, as the results have them."""
        made = [name for name in ("anchor35", "anchor70") if self.flag(f"createAnchor{name[-2:]}")]
        return ["reference", *made, *self.stimuli]

    def flag(self, name: str, default: bool = False) -> bool:
        """A setting that is true or false."""
        value = str(self.settings.get(name, "") or "").strip().lower()
        return value in TRUE if value else default


@dataclass(frozen=True)
class Config:
    """A webMUSHRA test.

    Attributes
    ----------
    name, id : str
        `testname` and `testId`.
    pages : list of Page
        In the order of the file, groups flattened.
    settings : mapping
        The other top-level settings, as text.
    text : str
        The file itself.
    """

    name: str
    id: str
    pages: list[Page]
    settings: Mapping[str, Any]
    text: str

    @property
    def trials(self) -> list[Page]:
        """The MUSHRA pages."""
        return [page for page in self.pages if page.type == "mushra"]

    @property
    def questions(self) -> list[str]:
        """Names of the questionnaire's fields, in order."""
        found = []
        for page in self.pages:
            for question in page.settings.get("questionnaire") or []:
                if isinstance(question, dict) and question.get("name"):
                    found.append(str(question["name"]))
        return found

    @property
    def warnings(self) -> list[str]:
        """Pages that this product does not run."""
        others: dict[str, list[str]] = {}
        for page in self.pages:
            if not page.runs:
                others.setdefault(page.type, []).append(page.id or page.name or "without id")
        return [f"pages of type {kind} are kept but not run here: {', '.join(ids)}" for kind, ids in others.items()]


class _Loader(yaml.BaseLoader):
    """Text only, and a key that comes twice is an error: YAML would drop the first without a word."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key, _ in node.value:
            if key.value in seen and isinstance(key, yaml.ScalarNode):
                raise yaml.MarkedYAMLError(problem=f"{key.value!r} comes twice", problem_mark=key.start_mark)
            seen.add(key.value if isinstance(key, yaml.ScalarNode) else id(key))
        return super().construct_mapping(node, deep)


def read_config(data: bytes) -> Config:
    """Read a webMUSHRA config.

    Raises
    ------
    ExchangeError
        It is no YAML, has no pages, or a page has no type.
    """
    text, _ = decode(data)
    try:
        found = yaml.load(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        line = f"line {error.problem_mark.line + 1}: " if error.problem_mark else ""
        raise ExchangeError(f"{line}the YAML is broken: {error.problem or error.context}") from error
    except (yaml.YAMLError, RecursionError, ValueError, TypeError) as error:
        raise ExchangeError("the YAML is broken") from error
    if not isinstance(found, dict) or not isinstance(found.get("pages"), list):
        raise ExchangeError("this is no webMUSHRA config: it has no list of pages")
    pages = list(_pages(found["pages"], random=False, seen=[0]))
    settings = {str(name): value for name, value in found.items() if name != "pages"}
    return Config(str(found.get("testname") or ""), str(found.get("testId") or ""), pages, settings, text)


def is_config(text: str) -> bool:
    """Whether a text looks like a config: a line that begins with `pages:`."""
    return any(line.startswith("pages:") for line in text.splitlines())


def _pages(nested: list[Any], random: bool, seen: list[int]) -> Iterator[Page]:
    """Flatten groups; a group that begins with `random` is shuffled."""
    if nested and nested[0] == "random":
        random, nested = True, nested[1:]
    for place, page in enumerate(nested, 1):
        seen[0] += 1
        if seen[0] > MOST_PAGES:
            raise ExchangeError(f"the config has more than {MOST_PAGES} pages")
        if isinstance(page, list):
            yield from _pages(page, random, seen)
        elif isinstance(page, dict) and page.get("type"):
            yield Page(str(page["type"]), str(page.get("id") or ""), str(page.get("name") or ""), random, page)
        else:
            raise ExchangeError(f"page {place} of a group has no type: {str(page)[:60]!r}")
