"""A folder of references in figures, and how often a lossy origin is guessed after each process.

python -m modelzoo render-references -o rendered
python benchmarks/references.py rendered
"""

import argparse
import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

RATE, FRAME = 48_000, 4800
PERCENTILES = {"lowest": 0, "10 %": 10, "median": 50, "90 %": 90, "highest": 100}
PROCESSES = (2, 4, 11, 13, 14, 19, 20, 21, 22, 28, 29, 30, 31, 34, 36, 40, 45)
Mono = NDArray[np.float64]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="with a manifest.csv, as references and render-references write it")
    parser.add_argument("--lossy", type=int, default=12, metavar="N", help="recordings to put through the processes")
    given = parser.parse_args()
    with (given.folder / "manifest.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    sounds = [given.folder / row["file"] for row in rows]
    tell_manifest(rows)
    tell_sounds(sounds)
    tell_guesses(sounds, given.lossy)


def tell_manifest(rows: list[dict[str, str]]) -> None:
    print(f"recordings {len(rows)}, of unlike content {len({row['sha256'] for row in rows})}")
    for column in ("piece", "ensemble", "licence"):
        if column in rows[0]:
            print(f"different in {column}: {len({row[column] for row in rows})}")
    if "instruments" in rows[0]:
        print(f"programs {len({program for row in rows for program in row['instruments'].split()})}")
        print(f"with drums {sum(row['drums'] == 'True' for row in rows)}")
        print(f"with noise {sum(bool(row['noise']) for row in rows)}")


def spectrum(samples: Mono) -> tuple[Mono, Mono]:
    frames = samples[: len(samples) // FRAME * FRAME].reshape(-1, FRAME) * np.hanning(FRAME)
    return np.fft.rfftfreq(FRAME, 1 / RATE), (np.abs(np.fft.rfft(frames, axis=1)) ** 2).mean(axis=0)


def share_above(samples: Mono, low: float, high: float) -> float:
    hz, power = spectrum(samples)
    return float(10 * np.log10(power[(hz > low) & (hz <= high)].sum() / power.sum()))


def centroid(samples: Mono) -> float:
    hz, power = spectrum(samples)
    return float((hz * power).sum() / power.sum())


def highest(samples: Mono) -> float:
    hz, power = spectrum(samples)
    return float(hz[power > power.max() * 1e-7].max() / 1000)


def tell_sounds(files: list[Path]) -> None:
    from modelzoo.audio import loudness

    measures: dict[str, Callable[[Mono], float]] = {
        "spectral centroid (of power), Hz": centroid,
        "highest frequency within 70 dB of the strongest, kHz": highest,
        "power of 4-8 kHz, dB of all": lambda samples: share_above(samples, 4_000, 8_000),
        "power of 8-16 kHz, dB of all": lambda samples: share_above(samples, 8_000, 16_000),
        "loudness, LUFS": lambda samples: loudness(samples, RATE),
    }
    found = np.array([[measure(read(file)) for measure in measures.values()] for file in files])
    print(f"{'':54}" + "".join(f"{name:>10}" for name in PERCENTILES))
    for name, column in zip(measures, found.T, strict=True):
        digits = 0 if "Hz" in name and "kHz" not in name else 1
        cells = np.percentile(column, list(PERCENTILES.values()))
        print(f"{name:54}" + "".join(f"{cell:10,.{digits}f}" for cell in cells))


def read(file: Path) -> Mono:
    from modelzoo.datasets.sources import load_mono

    return load_mono(file)


def tell_guesses(files: list[Path], count: int) -> None:
    """How often `references` would leave a recording out as lossy: unprocessed, and after each process."""
    from modelzoo.audio import PROCESSES as TABLE
    from modelzoo.audio import degrade
    from modelzoo.references.quality import looks_lossy, spectrum_edge

    def lossy(samples: Mono) -> bool:
        # As a file of 16 bits.
        return looks_lossy(*spectrum_edge(np.rint(samples * 32768) / 32768, RATE))

    print(f"taken for lossy as they are: {sum(lossy(read(file)) for file in files)} of {len(files)}")
    some = [read(file) for file in files[:: max(1, len(files) // count)][:count]]
    for number in PROCESSES:
        found = sum(lossy(degrade(samples, RATE, number).samples) for samples in some)
        print(f"taken for lossy after {TABLE[number].name}: {found} of {len(some)}")


if __name__ == "__main__":
    main()
