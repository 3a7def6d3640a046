"""Speed and memory of training and scoring: the store on disk against all tensors in memory with `model.fit`.

Each case runs in a process of its own, because peak memory is a process's; the data are random bytes in the store's
format, which cost the same as music. The last case times a model that `export` made, shipped or a folder.
Usage: `python benchmarks/training.py [--network conv1d] [--clips 320] [--model ours] [--case "scoring, no Keras"]`.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

SCORING, WITHOUT_KERAS = "scoring", "scoring, no Keras"
CASES = ("store, input only", "memory, input only", "store", "memory", SCORING, WITHOUT_KERAS)
BATCH = 64


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--network", default="conv1d")
    parser.add_argument("--clips", type=int, default=320)
    parser.add_argument("--model", default="ours")
    parser.add_argument("--case", choices=CASES, help="only this one")
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.folder:
        print("RESULT" + json.dumps(measure(given.case, given.folder, given.network, given.model)))
        return
    with tempfile.TemporaryDirectory() as folder:
        write_store(Path(folder), given.clips)
        print(f"{given.network}, {given.clips} clips, batches of {BATCH}; this machine, one run of each")
        for case in [given.case] if given.case else CASES:
            what = ["--folder", folder, "--network", given.network, "--model", given.model]
            command = [sys.executable, __file__, "--case", case, *what]
            done = subprocess.run(command, capture_output=True, text=True)
            if done.returncode:
                sys.exit(f"{case} failed:\n{done.stderr}")
            line = next(line for line in done.stdout.splitlines() if line.startswith("RESULT"))
            print(f"{case:20}", ", ".join(f"{name} {value:,.1f}" for name, value in json.loads(line[6:]).items()))


def write_store(folder: Path, clips: int) -> None:
    import pandas as pd

    from modelzoo.datasets.store import MANIFEST_COLUMNS
    from modelzoo.features import BANDS, CLIP_FRAMES

    rng = np.random.default_rng(0)
    features = np.lib.format.open_memmap(
        folder / "features.npy", mode="w+", dtype=np.uint8, shape=(clips, CLIP_FRAMES, BANDS)
    )
    for clip in features:
        clip[:] = rng.integers(0, 256, clip.shape, dtype=np.uint8)
    features.flush()
    rows: dict[str, list[object]] = {name: [""] * clips for name in MANIFEST_COLUMNS}
    rows |= {"target": list(rng.random(clips)), "split": ["validation"] + ["train"] * (clips - 1)}
    pd.DataFrame(rows).to_parquet(folder / "manifest.parquet")
    (folder / "dataset.json").write_text(json.dumps({"hash": "random"}))


def measure(case: str, folder: Path, network: str, model: str) -> dict[str, float]:
    if case == SCORING:
        return scoring(network)
    if case == WITHOUT_KERAS:
        return scoring_without_keras(model)
    on_disk = case.startswith("store")
    before = peak()
    if case.endswith("input only"):
        started = time.perf_counter()
        clips = sum(len(batch) for batch in (from_store(folder) if on_disk else from_memory(folder)))
        return result(clips, started, before)
    model = compiled(network)
    before = peak()
    # The first epoch traces the graph and reads what is to be read; the second is timed.
    if on_disk:
        train_from_store(model, folder)
        started = time.perf_counter()
        return result(train_from_store(model, folder), started, before)
    features, targets = all_in_memory(folder)
    model.fit(features, targets, batch_size=BATCH, verbose=0)
    started = time.perf_counter()
    model.fit(features, targets, batch_size=BATCH, verbose=0)
    return result(len(targets), started, before)


def result(clips: int, started: float, before: float) -> dict[str, float]:
    """Clips a second, and what peak memory grew by and came to, in MB."""
    seconds = time.perf_counter() - started
    return {"clips/s": clips / seconds, "grown by MB": peak() - before, "peak MB": peak()}


def peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def from_store(folder: Path):  # type: ignore[no-untyped-def]
    from modelzoo.datasets.store import open_store

    for features, _ in open_store(folder).batches("train", BATCH):
        yield features


def from_memory(folder: Path):  # type: ignore[no-untyped-def]
    features, _ = all_in_memory(folder)
    for first in range(0, len(features), BATCH):
        yield features[first : first + BATCH]


def all_in_memory(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    from modelzoo.datasets.store import open_store

    store = open_store(folder)
    rows = store.rows("train")
    # 0-255: the networks scale by themselves, and take bytes, so 0-1 would be cut to zeros.
    features = store.features[rows].astype(np.float32)
    return features, store.manifest["target"].to_numpy(dtype=np.float32)[rows]


def compiled(network: str):  # type: ignore[no-untyped-def]
    import keras

    from modelzoo.nets import build

    model = build(network)
    model.compile(keras.optimizers.Adam(1e-3), "mse", jit_compile=False)
    return model


def train_from_store(model, folder: Path) -> int:  # type: ignore[no-untyped-def]
    from modelzoo.datasets.store import open_store

    clips = 0
    for features, targets in open_store(folder).batches("train", BATCH, seed=1, epoch=1):
        model.train_on_batch(features, targets)
        clips += len(targets)
    return clips


def scoring(network: str) -> dict[str, float]:
    """Milliseconds: importing TensorFlow, the first score of 10 s after it, each further one."""
    from modelzoo.artefacts import Model

    started = time.perf_counter()
    import tensorflow  # noqa: F401

    loaded = time.perf_counter()
    from modelzoo.nets import build

    model = Model(network, build(network), {})
    sound = np.random.default_rng(0).normal(0, 0.1, 480_000)
    model.score(sound, 48_000)
    first = time.perf_counter()
    for _ in range(10):
        model.score(sound, 48_000)
    each = (time.perf_counter() - first) / 10
    return {
        "TensorFlow's import ms": 1e3 * (loaded - started),
        "first score ms": 1e3 * (first - loaded),
        "further scores ms": 1e3 * each,
        "peak MB": peak(),
    }


def scoring_without_keras(name: str) -> dict[str, float]:
    """Milliseconds of process time: from Python's start to the first score of 10 s, and each further one."""
    import modelzoo

    sound = np.random.default_rng(0).normal(0, 0.1, 480_000)
    model = modelzoo.load(name)
    model.score(sound, 48_000)
    first = time.process_time()
    for _ in range(10):
        model.score(sound, 48_000)
    each = (time.process_time() - first) / 10
    if loaded := {"keras", "tensorflow"} & set(sys.modules):
        raise SystemExit(f"{', '.join(loaded)} was imported")
    return {"first score ms (process time)": 1e3 * first, "further scores ms": 1e3 * each, "peak MB": peak()}


if __name__ == "__main__":
    main()
