"""What a webMUSHRA config has wrong: by its own format, and by BS.1534-3."""

import math
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import soundfile

from mushra.design.check import FEWEST_ITEMS, ITEMS_PER_SYSTEM, LONGEST_SECONDS, MOST_SIGNALS
from mushra.exchange.imported import ExchangeError, Names
from mushra.exchange.kinds import kinds
from mushra.exchange.webmushra_config import Config, Page
from mushra.table import ANCHOR35, ANCHOR70, SYSTEM

ERROR, WARNING = "error", "warning"
OWN = ("reference", "anchor35", "anchor70")
# webMUSHRA has no setting for it: only the page's id or name can say that it is for training.
TRAINING = re.compile("training|practi[cs]e|familiari", re.IGNORECASE)


@dataclass(frozen=True)
class Finding:
    """Something to look at: an error makes the test useless, a warning departs from the Recommendation."""

    level: str
    page: str
    text: str


def check_config(config: Config, folder: Path | None = None) -> list[Finding]:
    """Look a config over.

    Parameters
    ----------
    config : Config
    folder : Path, optional
        What the paths of its stimuli are relative to; their files are looked at only where it is given.

    Returns
    -------
    list of Finding
        Errors first.
    """
    found = [*_whole(config), *(finding for page in config.trials for finding in _page(page)), *_panel(config)]
    if folder is not None:
        found += [finding for page in config.trials for finding in _sounds(page, folder)]
    found += [Finding(WARNING, "", text) for text in config.warnings]
    return sorted(found, key=lambda finding: finding.level != ERROR)


def _whole(config: Config) -> Iterator[Finding]:
    if not config.trials:
        yield Finding(ERROR, "", "there is no page of type mushra")
    if not config.id:
        yield Finding(WARNING, "", "testId is empty: results of several tests can't be told apart")
    ids = Counter(page.id for page in config.trials)
    spaces = Counter(name.replace("+", " ") for name in ids)
    for name, count in ids.items():
        if count > 1 and name:
            yield Finding(ERROR, name, f"{count} pages have this id: their results can't be told apart")
        elif spaces[name.replace("+", " ")] > 1:
            yield Finding(ERROR, name, "in the results + becomes a space: this id can't be told from another")
        elif "+" in name:
            yield Finding(WARNING, name, "in the results + becomes a space; read them together with this config")


def _page(page: Page) -> Iterator[Finding]:
    if not page.id:
        yield Finding(ERROR, page.name, "a mushra page without id: its results can't be told apart")
    if not page.reference:
        yield Finding(ERROR, page.id, "there is no reference")
    if not page.stimuli:
        yield Finding(ERROR, page.id, "there are no stimuli")
    for name in sorted(set(page.stimuli) & set(OWN)):
        yield Finding(ERROR, page.id, f"a stimulus is called {name}, as a signal of webMUSHRA's own")
    if len(page.conditions) > MOST_SIGNALS:
        yield Finding(ERROR, page.id, f"{len(page.conditions)} signals: at most {MOST_SIGNALS} (BS.1534-3 p 8)")
    if page.flag("showConditionNames"):
        yield Finding(ERROR, page.id, "showConditionNames is on: listeners see what they rate")
    if not page.flag("randomize", default=True):
        yield Finding(WARNING, page.id, "randomize is off: everybody meets the stimuli in the same order")


def _panel(config: Config) -> Iterator[Finding]:
    """What concerns all items: anchors, their number, their order, the same conditions on each, training before."""
    trials = config.trials
    if not trials:
        return
    for kind, hertz in ((ANCHOR35, "3.5 kHz"), (ANCHOR70, "7 kHz")):
        without = [page.id for page in trials if kind not in _kinds(page).values()]
        if without:
            which = f" ({', '.join(without)})" if len(without) < len(trials) else ""
            lack = f"no {hertz} anchor on {len(without)} of {len(trials)} items{which}"
            yield Finding(WARNING, "", f"{lack}; both are mandatory (BS.1534-3 p 7)")
    systems = max(sum(kind == SYSTEM for kind in _kinds(page).values()) for page in trials)
    least = max(FEWEST_ITEMS, math.ceil(ITEMS_PER_SYSTEM * systems))
    rated = [page for page in trials if not TRAINING.search(f"{page.id} {page.name}")]
    if len(rated) < least:
        yield Finding(WARNING, "", f"{len(rated)} items for {systems} systems: {least} at least (BS.1534-3 p 13)")
    if len(rated) == len(trials):
        text = "no page has training in its id or name; training comes before grading (BS.1534-3 pp 7, 22)"
        yield Finding(WARNING, "", text)
    if len({frozenset(page.conditions) for page in rated}) > 1:
        yield Finding(WARNING, "", "the items don't all have the same conditions: means of conditions are unfair")
    fixed = [page.id for page in rated if not page.random]
    if len(rated) > 1 and fixed:
        yield Finding(WARNING, "", f"{len(fixed)} of {len(rated)} items are not shuffled: no `random` before them")


def _kinds(page: Page) -> dict[str, str]:
    try:
        return kinds(page.conditions, Names(reference="reference"))[0]
    except ExchangeError:
        return {}


def _sounds(page: Page, folder: Path) -> Iterator[Finding]:
    """Every stimulus is there, as long as its reference and at its rate, and not too long."""
    lengths = {}
    for name, path in {"reference": page.reference, **page.stimuli}.items():
        try:
            info = soundfile.info(folder / path)
        except (soundfile.LibsndfileError, OSError):
            yield Finding(ERROR, page.id, f"{name}: {path} is not there or can't be decoded")
            continue
        lengths[name] = (info.frames, info.samplerate)
        if name == "reference" and info.duration > LONGEST_SECONDS:
            text = f"the reference lasts {info.duration:.1f} s: about 10, preferably not over 12 (BS.1534-3 p 7)"
            yield Finding(WARNING, page.id, text)
    for name, length in lengths.items():
        if "reference" in lengths and length != lengths["reference"]:
            frames, rate = length
            text = f"{name} has {frames} samples at {rate} Hz, the reference {lengths['reference'][0]} at"
            yield Finding(ERROR, page.id, f"{text} {lengths['reference'][1]} Hz")
