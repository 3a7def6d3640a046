"""A data set's card: what is in it, from what, how it was made, and what it does not say."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from modelzoo.audio import ALL_PROCESSES

FILE = "card.md"
UNKNOWN = "not known"
LIMITS = (
    "The targets are scores of ViSQOL v3 (audio mode), not listeners': (MOS-LQO - 1) / 4.",
    "Encoders differ between versions: each excerpt's manifest row names its own.",
)


def card(manifest: pd.DataFrame, info: Mapping[str, Any]) -> str:
    """Write a card in Markdown.

    Parameters
    ----------
    manifest : DataFrame
        The store's.
    info : mapping
        Its `dataset.json`.

    Returns
    -------
    str
        The same for the same store.
    """
    before, after = (info["distribution"][f"unevenness_{when}"] for when in ("before", "after"))
    scores = manifest["moslqo"]
    made, drawn = info["population"], len(manifest)
    sections = {
        "": [
            f"{drawn:,} excerpts of 10 s, mono, 48 kHz, of {info['references']} recordings: {info['train']:,} to train "
            f"on and {info['validation']:,} to validate with, split by recording. Drawn from {made:,} that were made; "
            f"{len(info['failures'])} could not be made.",
            f"Hash `{info['hash']}`.",
        ],
        "Quality": [
            f"MOS-LQO from {scores.min():.2f} to {scores.max():.2f}, median {scores.median():.2f}. Unevenness (the "
            f"share that would have to move for all bins to be equal): {before:.2f} made, {after:.2f} drawn. Figure: "
            "`distribution.svg`."
        ],
        "Processes": [_table("process", _processes(manifest), drawn), _table("depth", _depths(manifest), drawn)],
        "Licences of the recordings": [_table("licence", info.get("licences", {}), info["references"])],
        "Settings": ["\n".join(f"- {name}: {_short(value)}" for name, value in info["recipe"].items())],
        "Made with": ["\n".join(f"- {name}: {value}" for name, value in info["versions"].items())],
        "Limits": ["\n".join(f"- {limit}" for limit in LIMITS)],
    }
    parts = ["# Data set"]
    for title, paragraphs in sections.items():
        parts += [f"## {title}", *paragraphs] if title else paragraphs
    return "\n\n".join(parts) + "\n"


def licences_of(references: Iterable[Any]) -> dict[str, int]:
    """How many references are under each licence."""
    counts = Counter(reference.licence or UNKNOWN for reference in references)
    return dict(sorted(counts.items()))


def _processes(manifest: pd.DataFrame) -> dict[str, int]:
    """In how many excerpts each codec or filter took part."""
    kinds = [{ALL_PROCESSES[process].codec for process in chain} for chain in manifest["processes"]]
    return dict(sorted(Counter(kind for chain in kinds for kind in chain).items()))


def _depths(manifest: pd.DataFrame) -> dict[str, int]:
    counts = Counter(len(chain) for chain in manifest["processes"])
    return {"one" if depth == 1 else f"{depth}, a cascade": counts[depth] for depth in sorted(counts)}


def _table(head: str, counts: Mapping[str, int], total: int) -> str:
    rows = [f"| {name} | {count:,} | {count / total:.0%} |" for name, count in counts.items()]
    return "\n".join([f"| {head} | count | share |", "|---|---|---|", *rows])


def _short(value: Any) -> str:
    """A list of many numbers as their count and ends."""
    if isinstance(value, (list, tuple)) and len(value) > 8:
        return f"{len(value)}, from {value[0]} to {value[-1]}"
    return ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)
