"""How well models hear, against ViSQOL: Table V with tests and baselines, residuals, intervals, the paper's stimuli.

Usage: `python benchmarks/accuracy.py RUN… [--model NAME|FOLDER] [--store STORE] [--stimuli FOLDER] [--sounds FOLDER]`.
RUN are folders that `train` made. STORE is a data set of other recordings, all of whose excerpts the model scores.
The folder of stimuli holds FLAC files and `visqol.csv` (reference, stimulus, moslqo), as the paper's test does. Of any
other sounds, the flags are counted: those of a folder one after the other, in parts of 12 s, at most 24 of a folder.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

from modelzoo import artefacts, evaluation
from modelzoo.artefacts import Model
from modelzoo.audio import PROCESSES
from modelzoo.cli.evaluate import evaluate
from modelzoo.datasets.store import open_store
from modelzoo.evaluation.runs import agreement_of, predict, predictions_table
from modelzoo.features import RATE

PART, MOST_PARTS = 12 * RATE, 24
SUFFIXES = (".flac", ".mp3", ".ogg", ".opus", ".wav")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="*", type=Path)
    parser.add_argument("--model")
    parser.add_argument("--store", type=Path)
    parser.add_argument("--stimuli", type=Path)
    parser.add_argument("--sounds", type=Path)
    given = parser.parse_args()
    if given.runs:
        print("# Held-out recordings of the runs' own data set\n")
        evaluate(given.runs)
        for run in (evaluation.read_run(folder) for folder in given.runs):
            print(f"\n## {run.network}, seed {run.seed}\n")
            print_residuals(run.predictions)
    if given.model:
        model = artefacts.load(given.model)
        if given.store:
            print(f"\n# {model.name} on all excerpts of {given.store.name}\n")
            table = on_store(model, given.store)
            print_agreement(table)
            print_coverage(model, table)
            print_residuals(table)
        if given.stimuli:
            print(f"\n# {model.name} on {given.stimuli.name}\n")
            print_stimuli(model, given.stimuli)
        if given.sounds:
            print(f"\n# {model.name} on parts of the sounds in {given.sounds.name}\n")
            print_sounds(model, given.sounds)


def on_store(model: Model, folder: Path) -> pd.DataFrame:
    store = open_store(folder)
    rows = np.arange(len(store.manifest))
    return predictions_table(store, rows, predict(model, store, rows))


def print_agreement(table: pd.DataFrame) -> None:
    one = agreement_of(table)
    print(
        f"r {one.r:.3f}, rho {one.rho:.3f}, RMSE {one.rmse:.2f}, n {one.n}, {table['reference'].nunique()} recordings"
    )


def print_coverage(model: Model, table: pd.DataFrame) -> None:
    if model.calibration is None:
        print("The model has no intervals.")
        return
    held = artefacts.coverage(model.calibration, table["predicted"], table["observed"])
    widths = [np.subtract(*model.calibration.interval(score)[::-1]) for score in table["predicted"]]
    level = 100 * model.calibration.level
    print(f"{level:g} % intervals hold {100 * held:.1f} %; {np.mean(widths):.1f} points wide on average")


def print_residuals(table: pd.DataFrame) -> None:
    """Residuals, predicted less observed, for each codec, bitrate and recording."""
    chains = [[int(one) for one in chain.split("_")] for chain in table["processes"]]
    residuals = table.assign(
        residual=table["predicted"] - table["observed"],
        codec=["cascade" if len(chain) > 1 else PROCESSES[chain[0]].codec for chain in chains],
    )
    print_groups(residuals, "codec")
    single = residuals[residuals["codec"] != "cascade"]
    print_groups(single.assign(setting=[PROCESSES[int(one)].name for one in single["processes"]]), "setting")
    print_groups(residuals, "reference", most=12)


def print_groups(table: pd.DataFrame, by: str, most: int | None = None) -> None:
    rows = table.groupby(by)["residual"].agg(n="count", bias="mean", rmse=lambda x: float(np.sqrt(np.mean(x**2))))
    rows = rows.sort_values("rmse", ascending=False) if most else rows
    print(f"{by if not most else by + ', the worst'}")
    for name, row in rows.head(most or len(rows)).iterrows():
        print(f"  {name!s:24}{row['n']:6.0f}  bias {row['bias']:7.2f}  RMSE {row['rmse']:6.2f}")


def print_stimuli(model: Model, folder: Path) -> None:
    """Agreement, ranking within each recording, and what is flagged."""
    from modelzoo.audio import decode

    table = pd.read_csv(folder / "visqol.csv", dtype={"reference": str, "stimulus": str})
    sounds = [decode(folder / f"{name}.flac") for name in table["stimulus"]]
    scored = [model.score_sound(sound.samples, sound.rate) for sound in sounds]
    table = table.assign(observed=25 * (table["moslqo"] - 1), predicted=[one.score for one in scored])
    rhos = {}
    for name, part in table.groupby("reference"):
        # Recordings that ViSQOL gives one score throughout have no order.
        if part["observed"].nunique() > 1:
            rhos[name] = agreement_of(part).rho
            print(f"{name}: rho {rhos[name]:.2f}")
        else:
            print(f"{name}: ViSQOL gives every stimulus {part['moslqo'].iloc[0]:g}: there is no order to compare with")
    ranked = table["reference"].isin(list(rhos))
    print(f"mean rho {np.mean(list(rhos.values())):.3f} over {len(rhos)} recordings; of these ", end="")
    print_agreement(table[ranked])
    print_coverage(model, table[ranked])
    flags = [name for one in scored for name in one.flags]
    print("flags:", ", ".join(f"{name} {flags.count(name)}" for name in sorted(set(flags))) or "none")


def print_sounds(model: Model, folder: Path) -> None:
    """How many parts of each folder's sounds are flagged, and what they score."""
    for one in sorted({file.parent for file in folder.rglob("*") if file.suffix.lower() in SUFFIXES}):
        scored = [model.score_sound(part, RATE) for part in parts_of(one)]
        if not scored:
            continue
        unlike = sum("unlike-training" in part.flags for part in scored)
        median = np.median([part.score for part in scored])
        print(f"{one.relative_to(folder)!s:40}{len(scored):4} parts, {unlike:3} unlike-training, median {median:.0f}")


def parts_of(folder: Path) -> list[np.ndarray]:
    """Mono at 48 kHz: every sound at the same peak, one after the other, in parts of 12 s, evenly taken."""
    from modelzoo.audio import decode, resample
    from modelzoo.errors import ModelzooError

    sounds = []
    for file in sorted(folder.iterdir()):
        if file.suffix.lower() not in SUFFIXES:
            continue
        try:
            sound = decode(file)
        except ModelzooError:
            continue
        mono = resample(sound.samples.mean(axis=1), sound.rate, RATE)
        if np.abs(mono).max() > 1e-3:
            sounds.append(0.5 * mono / np.abs(mono).max())
    joined = np.concatenate([np.zeros(0), *sounds])
    count = len(joined) // PART
    chosen = np.unique(np.linspace(0, count - 1, min(count, MOST_PARTS)).astype(int)) if count else []
    return [joined[number * PART : (number + 1) * PART] for number in chosen]


if __name__ == "__main__":
    main()
