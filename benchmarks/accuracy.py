"""How well models hear, against ViSQOL: Table V with tests and baselines, residuals, intervals, the paper's stimuli.

Usage: `python benchmarks/accuracy.py RUN… [--model NAME|FOLDER] [--store STORE] [--stimuli FOLDER]`.
RUN are folders that `train` made. STORE is a data set of other recordings, all of whose excerpts the model scores.
The folder of stimuli holds FLAC files and `visqol.csv` (reference, stimulus, moslqo), as the paper's test does.
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
from modelzoo.evaluation.runs import agreement_of, predictions_table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="*", type=Path)
    parser.add_argument("--model")
    parser.add_argument("--store", type=Path)
    parser.add_argument("--stimuli", type=Path)
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


def on_store(model: Model, folder: Path) -> pd.DataFrame:
    store = open_store(folder)
    rows = np.arange(len(store.manifest))
    scores = [model.score_features(store.features[rows[first : first + 16]]) for first in range(0, len(rows), 16)]
    return predictions_table(store, rows, np.concatenate(scores))


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


if __name__ == "__main__":
    main()
