"""A training store of a few clips, held in memory, whose targets can be learnt from the features."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from modelzoo.datasets.store import Store
from modelzoo.features import BANDS, CLIP_FRAMES


def make_store(train: int = 8, validation: int = 4, *, seed: int = 0) -> Store:
    rng = np.random.default_rng(seed)
    count = train + validation
    features = rng.integers(0, 128, (count, CLIP_FRAMES, BANDS), dtype=np.uint8)
    targets = np.linspace(0.05, 0.95, count)[rng.permutation(count)]
    for clip, target in zip(features, targets, strict=True):
        clip[:, : int(target * BANDS)] += 100
    manifest = pd.DataFrame(
        {
            "excerpt": [f"{i:02d}_01" for i in range(count)],
            "reference": [f"{i:02d}" for i in range(count)],
            "target": targets,
            "moslqo": 1 + 4 * targets,
            "split": ["train"] * train + ["validation"] * validation,
        }
    )
    return Store(Path("nowhere"), features, manifest, {"hash": f"store-{seed}"})


@pytest.fixture(scope="session")
def store() -> Store:
    return make_store()
