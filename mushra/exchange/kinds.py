"""Which conditions are the hidden reference and the anchors, by name."""

import re
from collections.abc import Iterable

from mushra.exchange.imported import ExchangeError, Names
from mushra.table import ANCHOR35, ANCHOR70, REFERENCE, SYSTEM

_LOW_PASS = ("anchor", "lp", "lpf", "lowpass")
USUAL = {
    REFERENCE: {"reference", "ref", "hiddenref", "hiddenreference", "refhidden", "referencehidden", "hidden"}
    | {"hr", "href", "orig", "original", "hiddenorig", "hiddenoriginal"},
    ANCHOR35: {"low", "lowanchor", "anchorlow", "lowrange", "lowrangeanchor", "anchor", "35k", "3k5", "35khz", "3500hz"}
    | {f"{start}{edge}" for start in _LOW_PASS for edge in ("35", "35k", "3k5", "35khz", "3500", "3500hz", "low")},
    ANCHOR70: {"mid", "midanchor", "anchormid", "midrange", "midrangeanchor", "7k", "7khz", "70khz", "7000hz"}
    | {f"{start}{edge}" for start in _LOW_PASS for edge in ("7", "70", "7k", "70k", "7khz", "70khz", "7000", "7000hz")}
    | {f"{start}mid" for start in _LOW_PASS},
}
OPTION = {REFERENCE: "--reference", ANCHOR35: "--anchor-low", ANCHOR70: "--anchor-mid"}
# Levels of quality, not anchors, when there is a "high" beside them.
_LEVELS = {"low", "mid"}


def plain(name: str) -> str:
    """A name without case, blanks and punctuation: `LP 3.5 kHz` is `lp35khz`."""
    return re.sub(r"[\W_]", "", name.lower())


def named(conditions: Iterable[str], names: Names) -> dict[str, str]:
    """The kind of each condition that somebody named.

    Raises
    ------
    ExchangeError
        A condition that was named is not there, or was named twice.
    """
    there = sorted(set(conditions))
    given = {REFERENCE: names.reference, ANCHOR35: names.anchor_low, ANCHOR70: names.anchor_mid}
    found = {kind: name for kind, name in given.items() if name is not None}
    for kind, name in found.items():
        if name not in there:
            raise ExchangeError(f"no condition is called {name!r} ({OPTION[kind]}): there are {', '.join(there)}")
    if len(set(found.values())) < len(found):
        raise ExchangeError(f"one condition can't be two kinds: {', '.join(f'{k} = {n}' for k, n in found.items())}")
    return {name: kind for kind, name in found.items()}


def kinds(conditions: Iterable[str], names: Names) -> tuple[dict[str, str], list[str]]:
    """The kind of each condition, and warnings about what was guessed.

    Raises
    ------
    ExchangeError
        A condition that was named is not there, or two look like the same kind.
    """
    there = sorted(set(conditions))
    found = {kind: name for name, kind in named(there, names).items()}
    warnings = []
    levels = any(plain(name) == "high" for name in there)
    for kind in USUAL:
        if kind in found:
            continue
        like = [name for name in there if plain(name) in USUAL[kind] and name not in found.values()]
        if levels:
            like = [name for name in like if plain(name) not in _LEVELS]
        if len(like) > 1:
            both = " and ".join(like)
            raise ExchangeError(f"{both} look like the {kind}: name one with {OPTION[kind]}, or add a column `kind`")
        if like:
            found[kind] = like[0]
            if plain(like[0]) in _LEVELS | {"anchor"}:
                warnings.append(f"the condition {like[0]!r} is taken for {kind}; {OPTION[kind]} names another")
    result = dict.fromkeys(there, SYSTEM) | {name: kind for kind, name in found.items()}
    return result, warnings
