"""A store built by the product's own pipeline, trained on, saved, and used to score sound."""

import numpy as np

from modelzoo.artefacts import load, save
from modelzoo.audio.processes import PROCESSES
from modelzoo.datasets.build import Recipe, Reference, build
from modelzoo.datasets.store import open_store
from modelzoo.training import RunConfig, train

RATE = 48_000


def chords(seed):
    rng = np.random.default_rng(seed)
    time = np.arange(10 * RATE) / RATE
    tones = [
        np.sin(2 * np.pi * f * time + p) for f, p in zip(rng.uniform(80, 9000, 12), rng.uniform(0, 6, 12), strict=True)
    ]
    return 0.03 * sum(tones) + 0.02 * rng.normal(size=len(time))


def test_from_references_to_a_score(tmp_path):
    low_pass = [number for number, process in PROCESSES.items() if number in (42, 45)]
    references = [Reference(f"r{seed}", lambda seed=seed: chords(seed)) for seed in range(2)]
    build(references, Recipe(chains=tuple((p,) for p in low_pass)), tmp_path / "store")
    store = open_store(tmp_path / "store")
    config = RunConfig(network="conv1d", epochs=1, batch=2, seed=1)
    result = train(config, store, tmp_path / "run")
    assert result.finished and result.parameters == 15_442_881
    best = tmp_path / "run" / "checkpoint" / "best.weights.h5"
    assert best.stat().st_size < 1.1 * 4 * result.parameters, "no optimiser state in the weights"
    save(tmp_path / "model", best, {"network": "conv1d"}, "")
    model = load(tmp_path / "model")
    assert 0 <= model.score(chords(5)[: 7 * RATE], RATE) <= 100
    # What the pipeline stored and what scoring makes of the same FLAC are the same tensor but for its rounding.
    from modelzoo.audio import decode

    row = store.manifest.iloc[0]
    audio = decode(tmp_path / "store" / "audio" / f"{row['excerpt']}.flac")
    again = model.score_sound(audio.samples, audio.rate)
    stored = model.score_features(store.features[:1])[0]
    assert abs(again.score - stored) < 0.5
