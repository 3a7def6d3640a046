"""Building a data set: the authors' way against ours, on the same references, processes and cores.

The authors' way: an ffmpeg process for every encoding and decoding, through files; pyloudnorm; stock visqol-python
(without its accelerators) on one process; librosa; float arrays in memory. Ours: `modelzoo.datasets`. Each case runs in
a process of its own, with one thread, because memory and CPU time are a process's. Ratios are of CPU seconds, children
included: what a core-hour gives, whatever else the machine does. Afterwards, ours alone at growing sizes (more
recordings with 25 excerpts of each, as music grows), and what the paper's 64,960 would take. The full run takes more
than an hour, nearly all of it stock ViSQOL's; the second command minutes:

    python benchmarks/dataset.py
    python benchmarks/dataset.py --recordings 2 --excerpts 8 --growth 25 100
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

THREADS = {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")}
RATE, CLIP = 48_000, 480_000
GROWTH_PER_RECORDING = 25
PAPER_EXCERPTS, PAPER_DRAWN, PAPER_PER_RECORDING = 64_960, 13_000, 260
STAGES = ("encode and decode", "loudness", "ViSQOL", "store", "log-mel", "rest")
CONTAINERS = {"mp2": ("mp2", "mp2"), "mp3": ("libmp3lame", "mp3"), "aac": ("aac", "adts"),
              "vorbis": ("libvorbis", "ogg"), "opus": ("libopus", "ogg")}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recordings", type=int, default=8)
    parser.add_argument("--excerpts", type=int, default=40, help="of each recording")
    parser.add_argument("--growth", type=int, nargs="*", default=[100, 2000], help="excerpts in all")
    parser.add_argument("--growth-only", action="store_true", help="leave the comparison out")
    parser.add_argument("--music", type=Path, help="a folder of references; without it, some are rendered")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--case", choices=(*CASES, "ours only"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.growth_only and not given.growth:
        parser.error("--growth-only needs sizes: --growth 100 2000")
    if given.case:
        print("RESULT" + json.dumps(measured(given.case, given.music, given.recordings, given.excerpts)))
        return
    growing = [max(1, size // GROWTH_PER_RECORDING) for size in given.growth]
    with tempfile.TemporaryDirectory() as folder:
        music = given.music or render(Path(folder), max([given.recordings, *growing]))
        results = {
            case: in_process(case, music, given.recordings, given.excerpts) for case in CASES if not given.growth_only
        }
        growth = [in_process("ours only", music, recordings, GROWTH_PER_RECORDING) for recordings in growing]
    if given.json:
        print(json.dumps({"cases": results, "growth": growth}))
        return
    if results:
        tell(results, given)
    tell_growth(growth)
    tell_paper(growth[-1] if growth else results["ours"])


def render(folder: Path, recordings: int) -> Path:
    from modelzoo.references import render_corpus

    return render_corpus(folder, recordings, seed=0).parent


def in_process(case: str, music: Path, recordings: int, excerpts: int) -> dict[str, Any]:
    """Run a case, and take its numbers from its last line."""
    options = ["--music", str(music), "--recordings", str(recordings), "--excerpts", str(excerpts), "--case", case]
    print(f"{case}: {recordings} recordings x {excerpts} excerpts …", file=sys.stderr)
    done = subprocess.run(
        [sys.executable, __file__, *options], capture_output=True, text=True, env={**os.environ, **THREADS}
    )
    if done.returncode:
        sys.exit(f"{case} failed:\n{done.stderr}")
    result: dict[str, Any] = json.loads(done.stdout.rpartition("RESULT")[2])
    return result


def plan(names: list[str], excerpts: int) -> dict[str, tuple[tuple[int, ...], ...]]:
    """A random part of the paper's plan, so that singles and cascades are mixed as in the whole."""
    from modelzoo.datasets.plan import PAPER_SINGLES, draw_chains, limited

    whole = draw_chains(names, PAPER_SINGLES, PAPER_PER_RECORDING * len(names), (2,), seed=0)
    return limited(whole, excerpts * len(names), seed=0)


class Clock:
    """CPU seconds, children's included, by stage; and the wall's."""

    def __init__(self) -> None:
        self.stages: dict[str, float] = defaultdict(float)
        self.begun, self.wall = cpu(), time.perf_counter()

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        begun = cpu()
        yield
        self.stages[name] += cpu() - begun

    def timed(self, name: str, work: Callable[..., Any]) -> Callable[..., Any]:
        def run(*arguments: Any, **options: Any) -> Any:
            with self.stage(name):
                return work(*arguments, **options)

        return run

    def result(self, excerpts: int, failed: int) -> dict[str, Any]:
        whole = cpu() - self.begun
        self.stages["rest"] = whole - sum(self.stages.values())
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        return {
            "excerpts": excerpts,
            "failed": failed,
            "cpu_seconds": whole,
            "wall_seconds": time.perf_counter() - self.wall,
            "stages": dict(self.stages),
            "peak_mb": peak,
        }


def cpu() -> float:
    """CPU seconds of this process and of the children that ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def measured(case: str, music: Path, recordings: int, excerpts: int) -> dict[str, Any]:
    from modelzoo.datasets.sources import read_references

    references = read_references(music)[0][:recordings]
    if len(references) < recordings:
        sys.exit(f"{music} holds {len(references)} references: fewer than {recordings}.")
    chains = plan([reference.name for reference in references], excerpts)
    return ours(references, chains) if case.startswith("ours") else CASES[case](references, chains)


def ours(references: list[Any], chains: dict[str, tuple[tuple[int, ...], ...]]) -> dict[str, Any]:
    """The product's own build, in this process; its stages are timed where it calls them."""
    from modelzoo.datasets import make
    from modelzoo.datasets.build import build_plan
    from modelzoo.datasets.plan import Plan, split_by_recording

    warm_up()
    clock = Clock()
    kept = {name: getattr(make, name) for name in ("degrade", "loudness", "write_flac", "log_mel", "ReferenceScorer")}
    stages = {"degrade": STAGES[0], "loudness": STAGES[1], "write_flac": STAGES[3], "log_mel": STAGES[4]}
    for name, stage in stages.items():
        setattr(make, name, clock.timed(stage, kept[name]))

    class Scorer(kept["ReferenceScorer"]):  # type: ignore[misc]
        def __init__(self, *arguments: Any) -> None:
            with clock.stage("ViSQOL"):
                super().__init__(*arguments)

        def score(self, *arguments: Any) -> Any:
            with clock.stage("ViSQOL"):
                return super().score(*arguments)

    make.ReferenceScorer = Scorer  # type: ignore[misc]
    splits = split_by_recording({name: name for name in chains}, 1, seed=0)
    with tempfile.TemporaryDirectory() as folder:
        built = build_plan(references, Plan(chains, splits), Path(folder))
    assert built is not None
    return clock.result(built.excerpts, len(built.failures))


def warm_up() -> None:
    """Compile what numba compiles: it is cached on disk, but loading costs as much as some excerpts."""
    import numpy as np

    from modelzoo.features import log_mel
    from modelzoo.labels import visqol

    noise = np.random.default_rng(0).normal(0, 0.1, 2 * RATE)
    visqol(noise, 0.9 * noise)
    log_mel(noise)


def authors(references: list[Any], chains: dict[str, tuple[tuple[int, ...], ...]], stock: bool = True) -> Any:
    """Every step as the authors' scripts take it (paper, sections 2 and 3)."""
    import librosa
    import numpy as np
    import pyloudnorm
    import soundfile

    api = visqol_python(stock)
    librosa.feature.melspectrogram(y=np.ones(RATE), sr=RATE)
    clock = Clock()
    kept, failed = [], 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for reference in references:
            soundfile.write(folder / "reference.wav", np.resize(reference.load(), CLIP), RATE, subtype="PCM_16")
            original, _ = soundfile.read(folder / "reference.wav")
            for chain in chains[reference.name]:
                try:
                    with clock.stage(STAGES[0]):
                        degraded = by_commands(folder, chain)
                except subprocess.CalledProcessError:
                    failed += 1
                    continue
                with clock.stage("loudness"):
                    meter = pyloudnorm.Meter(RATE)
                    level = meter.integrated_loudness(degraded)
                    degraded = pyloudnorm.normalize.loudness(np.resize(degraded, CLIP), level, -23.0)
                with clock.stage("ViSQOL"):
                    moslqo = api.measure_from_arrays(original, degraded, RATE).moslqo
                with clock.stage("log-mel"):
                    mel = librosa.feature.melspectrogram(y=degraded, sr=RATE, n_fft=2048, hop_length=256, n_mels=256)
                    db = librosa.power_to_db(mel, ref=np.max).T
                    kept.append((((db - db.min()) / (db.max() - db.min())), (moslqo - 1) / 4))
                with clock.stage("store"):
                    soundfile.write(folder / "degraded.wav", degraded, RATE, subtype="PCM_16")
    return clock.result(len(kept), failed)


def by_commands(folder: Path, chain: tuple[int, ...]) -> Any:
    """Encode and decode by an ffmpeg process each, through files."""
    import soundfile
    from scipy import signal

    from modelzoo.audio import PROCESSES

    current = folder / "reference.wav"
    for number, one in enumerate(chain):
        process = PROCESSES[one]
        target = folder / f"step{number}.wav"
        if process.cutoff:
            sections = signal.butter(4, process.cutoff, fs=RATE, output="sos")
            soundfile.write(target, signal.sosfilt(sections, soundfile.read(current)[0]), RATE, subtype="PCM_16")
        else:
            encoder, container = CONTAINERS[process.codec]
            encoded = folder / f"encoded.{container}"
            bitrate = ["-c:a", encoder, "-b:a", f"{process.bitrate}k", "-f", container]
            for command in (["-i", current, *bitrate, encoded], ["-i", encoded, "-c:a", "pcm_s16le", target]):
                subprocess.run([ffmpeg(), "-y", "-loglevel", "error", *command], check=True, capture_output=True)
        current = target
    return soundfile.read(current)[0]


def ffmpeg() -> str:
    """The system's command, as the authors had; else imageio-ffmpeg's."""
    import shutil

    import imageio_ffmpeg

    return shutil.which("ffmpeg") or str(imageio_ffmpeg.get_ffmpeg_exe())


def visqol_python(stock: bool) -> Any:
    """visqol-python as pip installs it, or with numba (`visqol-python[accel]`), compiled already."""
    import numba
    import numpy as np

    if stock:
        # It accelerates itself with what it can import.
        sys.modules["numba"] = None  # type: ignore[assignment]
    from visqol import VisqolApi

    sys.modules["numba"] = numba
    api = VisqolApi()
    api.create(mode="audio")
    noise = np.random.default_rng(0).normal(0, 0.1, 2 * RATE)
    api.measure_from_arrays(noise, 0.9 * noise, RATE)
    return api


def accelerated(references: list[Any], chains: dict[str, tuple[tuple[int, ...], ...]]) -> Any:
    return authors(references, chains, stock=False)


CASES: dict[str, Callable[..., Any]] = {"authors": authors, "authors, ViSQOL[accel]": accelerated, "ours": ours}


def tell(results: dict[str, dict[str, Any]], given: argparse.Namespace) -> None:
    print(
        f"{given.recordings} recordings x {given.excerpts} excerpts, one process each; CPU seconds an excerpt (share)"
    )
    print(f"{'':20}" + "".join(f"{case:>26}" for case in results))
    for stage in (*STAGES, "all"):
        cells = []
        for result in results.values():
            seconds = result["cpu_seconds"] if stage == "all" else result["stages"].get(stage, 0.0)
            cells.append(f"{seconds / result['excerpts']:.3f} ({seconds / result['cpu_seconds']:.0%})")
        print(f"{stage:20}" + "".join(f"{cell:>26}" for cell in cells))
    rows: dict[str, Callable[[dict[str, Any]], str]] = {
        "wall, s": lambda one: f"{one['wall_seconds']:.0f}",
        "peak memory, MB": lambda one: f"{one['peak_mb']:.0f}",
        "made, refused": lambda one: f"{one['excerpts']}, {one['failed']}",
        "a core-hour": lambda one: f"{3600 * one['excerpts'] / one['cpu_seconds']:,.0f}",
    }
    for name, cell in rows.items():
        print(f"{name:20}" + "".join(f"{cell(result):>26}" for result in results.values()))
    mine = results["ours"]
    for case, result in results.items():
        if case != "ours":
            print(f"Against {case}: {ratio(result, mine):.1f} x the excerpts a core-hour", end="")
            print(f"; ViSQOL alone {ratio(result, mine, 'ViSQOL'):.1f} x")


def ratio(theirs: dict[str, Any], mine: dict[str, Any], stage: str | None = None) -> float:
    one, other = (
        (result["stages"][stage] if stage else result["cpu_seconds"]) / result["excerpts"] for result in (theirs, mine)
    )
    return float(one / other)


def tell_growth(growth: list[dict[str, Any]]) -> None:
    for result in growth:
        each = result["cpu_seconds"] / result["excerpts"]
        print(f"Ours, {result['excerpts']:,} excerpts: {each:.3f} CPU s an excerpt, peak {result['peak_mb']:.0f} MB")
    if len(growth) > 1:
        first, last = (result["cpu_seconds"] / result["excerpts"] for result in (growth[0], growth[-1]))
        print(f"From the smallest to the largest, an excerpt takes {last / first - 1:+.1%} CPU time")


def tell_paper(result: dict[str, Any]) -> None:
    """Extrapolated: each stage by how many excerpts go through it, the log-mel by those drawn."""
    stages = result["stages"]
    each = (result["cpu_seconds"] - stages["log-mel"]) / result["excerpts"]
    seconds = PAPER_EXCERPTS * each + PAPER_DRAWN * stages["log-mel"] / result["excerpts"]
    hours = ", ".join(f"{seconds / cores / 3600:,.2f} h on {cores}" for cores in (2, 16, 256))
    print(f"The paper's {PAPER_EXCERPTS:,} excerpts, at this rate and if cores do not hinder each other: {hours} cores")


if __name__ == "__main__":
    main()
