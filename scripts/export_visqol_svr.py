"""Turns Google ViSQOL's libsvm_nu_svr_model.txt (Apache-2.0) into modelzoo/labels/data/visqol_svr.npz.

Run with the model file's path, or with none where the development requirement visqol-python is installed: it has it.
"""

import sys
from pathlib import Path

import numpy as np

TARGET = Path(__file__).resolve().parents[1] / "modelzoo" / "labels" / "data" / "visqol_svr.npz"
BANDS = 32


def read(path: Path) -> dict[str, np.ndarray]:
    lines = path.read_text().splitlines()
    start = lines.index("SV")
    header = dict(line.split(None, 1) for line in lines[:start] if " " in line)
    rows = [line.split() for line in lines[start + 1 :] if line.strip()]
    support = np.zeros((len(rows), BANDS))
    for i, row in enumerate(rows):
        for pair in row[1:]:
            index, value = pair.split(":")
            support[i, int(index) - 1] = float(value)
    return {
        "weights": np.array([float(row[0]) for row in rows]),
        "support": support,
        "gamma": np.array(float(header["gamma"])),
        "rho": np.array(float(header["rho"])),
    }


def main() -> None:
    if len(sys.argv) > 1:
        source = Path(sys.argv[1])
    else:
        from visqol.api import _DEFAULT_SVR_MODEL

        source = Path(_DEFAULT_SVR_MODEL)
    if not source.is_file():
        sys.exit(f"There is no file {source}.")
    np.savez(TARGET, **read(source))
    print(f"Wrote {TARGET}")


if __name__ == "__main__":
    main()
