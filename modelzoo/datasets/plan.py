"""What is to be built: for every reference its chains of processes, and its split; decided before anything is made."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from modelzoo.audio.processes import AAC, ALL_PROCESSES, IDS, MP2, MP3, OPUS, PROCESSES, VORBIS
from modelzoo.datasets.store import TRAIN, VALIDATION
from modelzoo.errors import StoreError
from modelzoo.files import sha256

Chain = tuple[int, ...]
SEPARATOR = "_"
# Paper, section 2, step 2: too alike at the top of the scale.
DROPPED = frozenset([*range(6, 9), *range(14, 17), *range(23, 28), 32, *range(39, 42)])
PAPER_SINGLES = tuple(process for process in PROCESSES if process not in DROPPED)

# Seconds of one core for 10 s of mono, and bytes: measured (docs/library/modelzoo-data.md), for an estimate alone.
_CODEC_SECONDS = {MP2: 0.07, MP3: 0.43, AAC: 0.18, VORBIS: 0.25, OPUS: 0.14}
_OTHER_SECONDS = 0.02
_SCORE_SECONDS, _FEATURE_SECONDS = 0.23, 0.03
_FLAC_BYTES, _FEATURE_BYTES = 450_000, 480_256


@dataclass(frozen=True)
class Plan:
    """A build, decided. `chains`, `splits` and `folds` are by reference; `draw` is how many excerpts are kept."""

    chains: Mapping[str, tuple[Chain, ...]]
    splits: Mapping[str, str]
    folds: Mapping[str, int] = field(default_factory=dict)
    draw: int | None = None
    keep: str = "drawn"
    flavour: str = "paper"
    seed: int = 0
    parameters: Mapping[str, Any] = field(default_factory=dict)

    @property
    def excerpts(self) -> int:
        """How many excerpts are made, before the draw."""
        return sum(len(chains) for chains in self.chains.values())

    @property
    def drawn(self) -> int:
        return self.excerpts if self.draw is None else min(self.draw, self.excerpts)

    def names(self) -> list[str]:
        return [excerpt_name(reference, chain) for reference, chains in self.chains.items() for chain in chains]

    def identity(self, sources: Mapping[str, str]) -> dict[str, Any]:
        """What makes two builds the same; `sources` are the references' hashes."""
        what = {name: [list(chain) for chain in chains] for name, chains in sorted(self.chains.items())}
        return {
            "parameters": json.loads(json.dumps(self.parameters)),
            "references": dict(sorted(sources.items())),
            "chains_sha256": sha256(json.dumps(what).encode()),
        }

    def estimate(self, workers: int) -> dict[str, float]:
        """Counts, bytes on disk while building and after, and seconds: a first guess until the build's own rate."""
        steps = [process for chains in self.chains.values() for chain in chains for process in chain]
        seconds = sum(_CODEC_SECONDS.get(ALL_PROCESSES[process].codec, _OTHER_SECONDS) for process in steps)
        seconds += self.excerpts * _SCORE_SECONDS + self.drawn * _FEATURE_SECONDS
        kept = self.excerpts if self.keep == "all" else self.drawn
        return {
            "references": len(self.chains),
            "single": sum(len(chain) == 1 for chains in self.chains.values() for chain in chains),
            "cascades": sum(len(chain) > 1 for chains in self.chains.values() for chain in chains),
            "excerpts": self.excerpts,
            "drawn": self.drawn,
            "bytes_while_building": self.excerpts * _FLAC_BYTES + self.drawn * _FEATURE_BYTES,
            "bytes": kept * _FLAC_BYTES + self.drawn * _FEATURE_BYTES,
            "seconds": seconds / max(1, workers),
        }


@dataclass(frozen=True)
class Recipe:
    """What to build: chains of process ids for every reference, and which share of the references validates."""

    chains: tuple[Chain, ...]
    seed: int = 0
    validation_share: float = 0.24
    flavour: str = "paper"

    def __post_init__(self) -> None:
        unknown = sorted({p for chain in self.chains for p in chain} - set(ALL_PROCESSES))
        if not self.chains or unknown or not all(self.chains):
            raise StoreError(f"unknown processes {unknown}: ids are {IDS}; one chain at least.")
        if len(set(self.chains)) != len(self.chains):
            raise StoreError("a chain of processes is named twice.")

    def plan(self, names: Sequence[str]) -> Plan:
        """The same chains for every reference, and no draw."""
        groups = {name: name for name in names}
        split = split_by_recording(groups, max(1, round(self.validation_share * len(names))), self.seed)
        return Plan(
            {name: self.chains for name in names}, split, flavour=self.flavour, seed=self.seed, parameters=asdict(self)
        )


def excerpt_name(reference: str, chain: Iterable[int]) -> str:
    """Such as 03_27_01 (paper, section 2)."""
    return SEPARATOR.join([reference, *(f"{process:02d}" for process in chain)])


def draw_chains(
    names: Sequence[str], singles: Sequence[int], total: int, depths: Sequence[int], seed: int
) -> dict[str, tuple[Chain, ...]]:
    """Single processes for every reference, then random cascades until there are `total` (paper, section 2, step 3).

    Cascades are of any of the 45 processes and of others that `singles` names, none twice for one reference, spread
    evenly over references and depths.

    Parameters
    ----------
    names : sequence of str
        References.
    singles : sequence of int
        Process ids applied alone.
    total : int
        Excerpts of all references together.
    depths : sequence of int
        How many processes a cascade has: each is used equally often.
    seed : int

    Returns
    -------
    dict
        Chains by reference, in the order of `names`.

    Raises
    ------
    StoreError
        `total` is less than the singles make, or more than there are different chains.
    """
    cascades = total - len(names) * len(singles)
    if cascades < 0:
        raise StoreError(
            f"{len(names)} references through {len(singles)} processes make {len(names) * len(singles)} excerpts: "
            f"{total} is too few."
        )
    usable = [*PROCESSES, *sorted(set(singles) - set(PROCESSES))]
    possible = sum(len(usable) ** depth for depth in set(depths))
    if cascades > 0.5 * len(names) * possible:
        raise StoreError(f"{cascades} cascades are too many for {len(names)} references: fewer, or deeper ones.")
    rng = np.random.default_rng([seed, 1])
    share, extra = divmod(cascades, len(names))
    lucky = set(rng.permutation(len(names))[:extra].tolist())
    chains = {}
    for index, name in enumerate(names):
        found: dict[Chain, None] = {(process,): None for process in singles}
        wanted = len(found) + share + (index in lucky)
        while len(found) < wanted:
            depth = int(rng.choice(depths))
            found[tuple(rng.choice(usable, size=depth).tolist())] = None
        # In order, a cascade can go on from the first process of the one before.
        chains[name] = tuple(sorted(found))
    return chains


def limited(chains: Mapping[str, tuple[Chain, ...]], limit: int, seed: int) -> dict[str, tuple[Chain, ...]]:
    """A small part of a plan, for a trial: `limit` excerpts, as evenly from the references as possible."""
    rng = np.random.default_rng([seed, 2])
    order = {name: rng.permutation(len(found)).tolist() for name, found in chains.items()}
    taken: dict[str, list[Chain]] = {name: [] for name in chains}
    left = min(limit, sum(len(found) for found in chains.values()))
    while left:
        for name, found in chains.items():
            if left and order[name]:
                taken[name].append(found[order[name].pop()])
                left -= 1
    return {name: tuple(sorted(found)) for name, found in taken.items() if found}


def split_by_recording(groups: Mapping[str, str], validation: int, seed: int) -> dict[str, str]:
    """Each reference's split; references of one group (takes or arrangements of one piece) stay together.

    Parameters
    ----------
    groups : mapping
        Reference to group; a recording that is akin to no other is its own group.
    validation : int
        How many references validate, as nearly as whole groups allow.
    seed : int

    Raises
    ------
    StoreError
        Less than two groups: none would be left to train on, or to validate with.
    """
    names = sorted(set(groups.values()))
    if len(names) < 2:
        raise StoreError("two references at least are needed: one to train on, one to validate.")
    validation = min(max(1, validation), len(groups) - 1)
    sizes = {name: sum(group == name for group in groups.values()) for name in names}
    chosen: set[str] = set()
    count = 0
    for name in np.random.default_rng(seed).permutation(names).tolist():
        if count < validation and len(chosen) < len(names) - 1:
            chosen.add(name)
            count += sizes[name]
    return {name: VALIDATION if group in chosen else TRAIN for name, group in groups.items()}


def folds_by_recording(groups: Mapping[str, str], folds: int, seed: int) -> dict[str, int]:
    """Each reference's fold, 0 to `folds` - 1, of about equal size; references of one group stay together.

    Raises
    ------
    StoreError
        Fewer groups than folds.
    """
    names = sorted(set(groups.values()))
    if not 2 <= folds <= len(names):
        raise StoreError(f"{folds} folds need 2 or more, and as many recordings (or groups) at least: {len(names)}.")
    sizes = [0] * folds
    fold_of = {}
    for name in np.random.default_rng(seed).permutation(names).tolist():
        fold_of[name] = sizes.index(min(sizes))
        sizes[fold_of[name]] += sum(group == name for group in groups.values())
    return {name: fold_of[group] for name, group in groups.items()}
