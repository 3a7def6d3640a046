"""What a training run is made of, and what comes out of it."""

import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from modelzoo.errors import ModelzooError
from modelzoo.nets import ANY_LENGTH, NETWORKS, WITH_BACKBONE

SCHEDULES = ("plateau", "cosine")
DISTRIBUTIONS = ("none", "data")
LONGEST_CROP, MOST_DB = 10, 60.0


@dataclass(frozen=True)
class RunConfig:
    """One run. The paper's values (section 5) are the defaults.

    Attributes
    ----------
    network : str
        A name in `modelzoo.nets.NETWORKS`.
    backbone, backbone_sha256 : str
        Of `inception` and `vgg19`: "imagenet", "none" (random, and trained too) or a weights file, and its hash.
    frozen : bool, optional
        Whether the backbone stays as it is; by default if it has weights to keep.
    epochs, batch, seed : int
    learning_rate : float
        Adam's, at first.
    schedule : str
        "plateau": the rate is halved after `halve_after` epochs in which the validation loss did not fall by
        `smallest_gain` below the best, down to `lowest_rate`. "cosine": it falls along half a cosine, and reaches
        `lowest_rate` in the last epoch.
    patience : int
        Epochs without a better validation loss after which training stops.
    crop_from, crop_to : int
        Train on parts of so many seconds, drawn anew for every batch; 0 for whole clips.
    equaliser : float
        Spread, dB, of a random smooth equaliser behind the codec.
    louder_peak : float
        Clips are moved down by up to so many dB, as a louder peak elsewhere would have done.
    mixed_precision : bool
        Compute in bfloat16, with weights in float32: for GPUs. On a CPU it is slower.
    distribution : str
        "none": one device. "data": each batch is split over all devices (Keras' DataParallel); on the JAX backend.
    deterministic : bool
        Ask TensorFlow for deterministic operations for the rest of the process, slower: on a GPU, a seed alone does
        not repeat a run.
    """

    network: str = "conv1d"
    backbone: str = "none"
    backbone_sha256: str = ""
    frozen: bool | None = None
    epochs: int = 300
    batch: int = 64
    seed: int = 1
    learning_rate: float = 0.001
    schedule: str = "plateau"
    halve_after: int = 10
    smallest_gain: float = 1e-4
    lowest_rate: float = 1e-4
    patience: int = 50
    crop_from: int = 0
    crop_to: int = 0
    equaliser: float = 0.0
    louder_peak: float = 0.0
    mixed_precision: bool = False
    distribution: str = "none"
    deterministic: bool = False

    def __post_init__(self) -> None:
        if self.network not in NETWORKS:
            raise ModelzooError(f"There is no network {self.network!r}: {', '.join(NETWORKS)} can be trained.")
        if self.network not in WITH_BACKBONE and (self.backbone != "none" or self.frozen is not None):
            raise ModelzooError(f"The network {self.network!r} has no backbone: leave backbone and frozen out.")
        for name in ("epochs", "batch", "halve_after", "patience"):
            if getattr(self, name) < 1:
                raise ModelzooError(f"{name} is {getattr(self, name)}: it must be 1 at least.")
        if not 0 < self.lowest_rate <= self.learning_rate:
            raise ModelzooError("the lowest learning rate must lie above 0 and not above the learning rate.")
        if self.schedule not in SCHEDULES:
            raise ModelzooError(f"schedule is {self.schedule!r}: expected {' or '.join(SCHEDULES)}.")
        if self.distribution not in DISTRIBUTIONS:
            raise ModelzooError(f"distribution is {self.distribution!r}: expected {' or '.join(DISTRIBUTIONS)}.")
        if not (self.crop_from == self.crop_to == 0 or 1 <= self.crop_from <= self.crop_to <= LONGEST_CROP):
            raise ModelzooError(f"crop_from and crop_to are seconds, 1 to {LONGEST_CROP}, in this order, or both 0.")
        if self.crop_to and self.network not in ANY_LENGTH:
            raise ModelzooError(
                f"The network {self.network!r} takes whole clips alone: leave crop_from and crop_to out."
            )
        if not all(0 <= value <= MOST_DB for value in (self.equaliser, self.louder_peak)):
            raise ModelzooError(f"equaliser and louder_peak are dB, 0 to {MOST_DB:g}.")

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def options(self) -> dict[str, Any]:
        """What `modelzoo.nets.build` takes beside the name."""
        if self.network not in WITH_BACKBONE:
            return {}
        return {"backbone": self.backbone, "backbone_sha256": self.backbone_sha256, "frozen": self.frozen}


# Paper, sections 4 and 5. Batches differ; so does what is behind the first convolution.
PRESETS = {
    "paper-conv1d": RunConfig(network="conv1d", batch=64),
    "paper-inception": RunConfig(network="inception", backbone="imagenet", batch=64),
    "paper-vgg19": RunConfig(network="vgg19", backbone="imagenet", batch=32),
    "ours": RunConfig(
        network="ours",
        batch=32,
        epochs=40,
        patience=40,
        schedule="cosine",
        lowest_rate=1e-5,
        crop_from=3,
        crop_to=8,
        equaliser=4.0,
        louder_peak=6.0,
    ),
}


def preset_of(network: str, **changes: Any) -> RunConfig:
    """The preset for a network, with what differs; without weights for its backbone, the backbone is trained too."""
    config = next(config for config in PRESETS.values() if config.network == network)
    return replace(config, **{"backbone": "none", **changes})


@dataclass(frozen=True)
class Experiment:
    """A config file's content: a run, the store it learns from, and how often it is repeated with another seed."""

    run: RunConfig
    store: Path
    repetitions: int = 1

    def repetition(self, number: int) -> RunConfig:
        """The run of repetition `number`, from 0."""
        return replace(self.run, seed=self.run.seed + number)


def read_experiment(file: Path) -> Experiment:
    """Read a TOML file with `store`, optionally `preset` and `repetitions`, and any field of `RunConfig`.

    A relative `store` or backbone file is meant from the file's folder.

    Raises
    ------
    ModelzooError
        No such file, not TOML, an unknown key, or a value of the wrong type or size.
    """
    try:
        values = tomllib.loads(file.read_text())
    except (OSError, ValueError) as error:
        raise ModelzooError(f"{file} can't be read as TOML: {error}") from error
    preset = values.pop("preset", "paper-conv1d")
    repetitions = values.pop("repetitions", 1)
    store = values.pop("store", None)
    if preset not in PRESETS:
        raise ModelzooError(f"{file}: there is no preset {preset!r}, only {', '.join(PRESETS)}.")
    if not isinstance(store, str):
        raise ModelzooError(f'{file}: name the training store, as in store = "data/small".')
    if not isinstance(repetitions, int) or isinstance(repetitions, bool) or repetitions < 1:
        raise ModelzooError(f"{file}: repetitions is {repetitions!r}: a whole number from 1 is needed.")
    _check_types(file, values)
    if values.get("backbone", "none") not in ("none", "imagenet"):
        values["backbone"] = str(file.parent / values["backbone"])
    return Experiment(replace(PRESETS[preset], **values), file.parent / store, repetitions)


_TYPES: dict[Any, tuple[type, ...]] = {str: (str,), int: (int,), bool: (bool,), float: (int, float)}


def _check_types(file: Path, values: Mapping[str, Any]) -> None:
    known = {f.name: f.type for f in fields(RunConfig)}
    for name, value in values.items():
        if name not in known:
            raise ModelzooError(f"{file}: there is no setting {name!r}, only {', '.join(known)}.")
        wanted: tuple[type, ...] = (bool,) if name == "frozen" else _TYPES[known[name]]
        if not isinstance(value, wanted) or (isinstance(value, bool) and bool not in wanted):
            raise ModelzooError(f"{file}: {name} is {value!r}: expected {' or '.join(t.__name__ for t in wanted)}.")


@dataclass(frozen=True)
class Progress:
    """Where a run is: `history` holds a row for each finished epoch."""

    epoch: int
    epochs: int
    batch: int
    batches: int
    history: list[dict[str, float]]


@dataclass(frozen=True)
class RunResult:
    """How a run ended. `history` rows: epoch, loss, val_loss, rate. Losses are mean squared errors on 0-1.

    `notes` must be said wherever the result is shown.
    """

    finished: bool
    history: list[dict[str, float]] = field(default_factory=list)
    best_epoch: int = 0
    parameters: int = 0
    notes: list[str] = field(default_factory=list)
