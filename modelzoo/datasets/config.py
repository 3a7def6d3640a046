"""A build's config file: TOML in, a plan out."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from modelzoo.audio.processes import ALL_PROCESSES, IDS, PROCESSES
from modelzoo.datasets.plan import (
    PAPER_SINGLES,
    Plan,
    draw_chains,
    folds_by_recording,
    limited,
    split_by_recording,
)
from modelzoo.datasets.store import TRAIN, VALIDATION
from modelzoo.errors import StoreError

FLAVOURS, KEEPS = ("paper", "aligned"), ("drawn", "all")


@dataclass(frozen=True)
class BuildConfig:
    """The settings of a build. Relative paths are meant from the config file's folder.

    `population` is how many excerpts are made in all, None for the single processes alone; `draw` how many of them are
    kept, None for all. `validation` is a count of recordings or a share of them; `folds` replaces it if it is not 0.
    References with less treble than `lowest_treble`, dB, are left out; None asks for none.
    """

    references: Path
    seed: int = 0
    flavour: str = "paper"
    processes: tuple[int, ...] = PAPER_SINGLES
    population: int | None = None
    depths: tuple[int, ...] = (2,)
    draw: int | None = None
    keep: str = "drawn"
    validation: float = 0.24
    folds: int = 0
    group: str | None = None
    lowest_treble: float | None = None

    def plan(self, groups: Mapping[str, str], limit: int | None = None) -> Plan:
        """Decide everything for these references (name to group, empty for none).

        Raises
        ------
        StoreError
            The settings do not fit the references.
        """
        names = sorted(groups)
        total = self.population if self.population is not None else len(names) * len(self.processes)
        chains = draw_chains(names, self.processes, total, self.depths, self.seed)
        if limit is not None:
            chains = limited(chains, limit, self.seed)
        # A group and a recording that happen to have the same name are two things.
        akin = {name: f"group {groups[name]}" if groups[name] else f"recording {name}" for name in chains}
        folds = folds_by_recording(akin, self.folds, self.seed) if self.folds else {}
        count = round(self.validation * len(akin)) if self.validation < 1 else int(self.validation)
        if not self.folds and self.validation >= len(names):
            raise StoreError(
                f"{int(self.validation)} of {len(names)} references can't validate: none is left to train on."
            )
        splits = (
            {name: VALIDATION if fold == 0 else TRAIN for name, fold in folds.items()}
            if folds
            else split_by_recording(akin, count, self.seed)
        )
        parameters = {**asdict(self), "limit": limit}
        # Where the references lie is no property of what is made of them; their hashes are.
        del parameters["references"], parameters["keep"]
        return Plan(chains, splits, folds, self.draw, self.keep, self.flavour, self.seed, parameters)


_WORDS = {str: "text", int: "a whole number", float: "a number", list: "a list of whole numbers"}
_TYPES: dict[str, type] = {
    "references": str, "seed": int, "flavour": str, "processes": list, "population": int, "depths": list,
    "draw": int, "keep": str, "validation": float, "folds": int, "group": str,
    "lowest_treble": float,
}  # fmt: skip


def read_config(file: Path) -> BuildConfig:
    """Read a TOML file with the fields of `BuildConfig`; `processes` may also be "paper" or "all".

    Raises
    ------
    StoreError
        No such file, not TOML, an unknown setting, or a value that can't be.
    """
    try:
        values = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise StoreError(f"{file} can't be read as TOML: {error}") from error
    named = {"paper": list(PAPER_SINGLES), "all": list(PROCESSES)}
    if isinstance(values.get("processes"), str):
        values["processes"] = named.get(values["processes"], values["processes"])
    for name, value in values.items():
        if name not in _TYPES:
            raise StoreError(f"{file}: there is no setting {name!r}, only {', '.join(_TYPES)}.")
        if not _is(value, _TYPES[name]):
            raise StoreError(f"{file}: {name} is {value!r}: expected {_WORDS[_TYPES[name]]}.")
    if "references" not in values:
        raise StoreError(f'{file}: name the folder of references, as in references = "music".')
    for name in ("processes", "depths"):
        if name in values:
            values[name] = tuple(values[name])
    config = BuildConfig(**{**values, "references": file.parent / values["references"]})
    _check(file, config)
    return config


def _is(value: Any, kind: type) -> bool:
    if isinstance(value, bool):
        return False
    if kind is list:
        return isinstance(value, list) and all(type(one) is int for one in value)
    return isinstance(value, (int, float) if kind is float else kind)


def _check(file: Path, config: BuildConfig) -> None:
    def refuse(condition: bool, sentence: str) -> None:
        if condition:
            raise StoreError(f"{file}: {sentence}")

    refuse(config.seed < 0, "seed must be 0 or more.")
    refuse(config.flavour not in FLAVOURS, f"flavour is {config.flavour!r}: expected {' or '.join(FLAVOURS)}.")
    refuse(config.keep not in KEEPS, f"keep is {config.keep!r}: expected {' or '.join(KEEPS)}.")
    unknown = sorted(set(config.processes) - set(ALL_PROCESSES))
    refuse(bool(unknown), f"there are no processes {_listed(unknown)}: ids are {IDS}.")
    refuse(len(set(config.processes)) != len(config.processes), "processes names one twice.")
    wanting = not config.processes and config.population is None
    refuse(wanting, "with no single processes, population must say how many cascades are made.")
    refuse(not config.depths or min(config.depths) < 2, "depths are those of cascades: 2 or more each.")
    for name in ("population", "draw"):
        value = getattr(config, name)
        refuse(value is not None and value < 1, f"{name} must be 1 or more.")
    refuse(config.validation <= 0, "validation must be more than 0: a share below 1, or a count of recordings.")
    whole = config.validation < 1 or float(config.validation).is_integer()
    refuse(not whole, "validation is a share below 1, or a whole count of recordings.")
    level = config.lowest_treble
    refuse(level is not None and not -80 <= level <= 0, "lowest_treble is dB below the loudest, -80 to 0.")
    refuse(config.folds < 0 or config.folds == 1, "folds must be 0 (none) or 2 and more.")


def _listed(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers))
