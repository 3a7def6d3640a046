"""Finds a network by its name."""

from collections.abc import Callable
from functools import partial
from typing import Any

from modelzoo.errors import ModelzooError
from modelzoo.nets.conv1d import conv1d
from modelzoo.nets.ours import ours
from modelzoo.nets.pretrained import inception, vgg19

NETWORKS: dict[str, Callable[..., Any]] = {
    "conv1d": conv1d,
    "inception": inception,
    "vgg19": vgg19,
    "ours": ours,
    # Halves of `ours`, to see what each gives.
    "ours-convolutions": partial(ours, statistics=False),
    "ours-statistics": partial(ours, convolutions=False),
}
WITH_BACKBONE = ("inception", "vgg19")
ANY_LENGTH = ("ours", "ours-convolutions", "ours-statistics")
"""Networks that take clips of any length; the paper's take 10 s alone."""


def build(name: str, **options: Any) -> Any:
    """An untrained network: uint8 features (n, 1876, 256) to a quality (n, 1) that is about 0-1, not clipped.

    Parameters
    ----------
    name : str
        One of `NETWORKS`.
    **options
        Of `inception` and `vgg19` only: `backbone` ("imagenet", "none" or a weights file), `backbone_sha256`, `frozen`.

    Returns
    -------
    keras.Model

    Raises
    ------
    ModelzooError
        There is no network of that name, it takes no such option, or the options make no sense.
    """
    if name not in NETWORKS:
        raise ModelzooError(f"There is no network {name!r}: {', '.join(NETWORKS)} can be built.")
    allowed = {"backbone", "backbone_sha256", "frozen"} if name in WITH_BACKBONE else set()
    if unknown := sorted(set(options) - allowed):
        raise ModelzooError(f"The network {name!r} takes no option {', '.join(unknown)}.")
    return NETWORKS[name](**options)


def notes(name: str, backbone: str) -> list[str]:
    """What everything that shows a result of this network must say."""
    if name in WITH_BACKBONE and backbone == "none":
        return [
            f"The backbone of {name} started from random weights and was trained too: "
            "this is not the paper's network, whose backbone held ImageNet's weights and was frozen."
        ]
    return []
