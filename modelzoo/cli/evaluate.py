"""`evaluate RUN…`: the paper's Tables V and VI for any set of finished runs (paper, sections 6 and 7)."""

import math
from pathlib import Path
from typing import Annotated, Any

import typer

from modelzoo.errors import ModelzooError


def evaluate(
    runs: Annotated[list[Path], typer.Argument(help="Folders of finished runs, as `train` makes them.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Also write tables and the figure here.")
    ] = None,
    mos: Annotated[
        Path | None, typer.Option(help="Against listeners: a CSV with columns file, mos (0-100), perhaps recording.")
    ] = None,
) -> None:
    """Mean (SD) of r and RMSE of each network, t-tests between networks, and baselines on the same excerpts.

    Against ViSQOL on the runs' held-out excerpts, or with --mos against listeners, scoring the files it names.
    """
    from modelzoo import evaluation

    finished = [evaluation.read_run(folder) for folder in runs]
    if mos is not None:
        finished = evaluation.against_mos(list(zip(runs, finished, strict=True)), evaluation.read_mos(mos), mos.name)
    summary = evaluation.table(finished)
    tests = evaluation.comparisons(finished)
    baselines = _baselines(finished[0]) if mos is None else {}
    _print_table(summary, baselines)
    for row in tests.to_dict("records"):
        p = "needs two runs of each" if math.isnan(row["p"]) else f"p = {row['p']:.2g}"
        typer.echo(f"{row['figure']}: {row['first']} against {row['second']}: {p}")
    for note in sorted({note for run in finished for note in run.info.get("notes", [])}):
        typer.echo(f"Note: {note}")
    if output is not None:
        _write(output, finished, summary, tests, "ViSQOL" if mos is None else "MOS")


def _write(output: Path, runs: list[Any], summary: Any, tests: Any, observed: str) -> None:
    from modelzoo import evaluation

    output.mkdir(parents=True, exist_ok=True)
    summary.to_csv(output / "table.csv", index=False)
    tests.to_csv(output / "tests.csv", index=False)
    for by in ("reference", "processes", "bitrates") if observed == "ViSQOL" else ("reference",):
        evaluation.breakdown(runs, by).to_csv(output / f"by-{by}.csv", index=False)
    first = {run.network: run.predictions for run in reversed(runs)}
    evaluation.draw_scatter(dict(sorted(first.items())), output / "scatter.svg", observed_label=observed)


def _baselines(run: Any) -> dict[str, Any]:
    """Agreement of the baselines on a run's excerpts; none if its store is not there any more."""
    from modelzoo.datasets.store import VALIDATION, open_store
    from modelzoo.evaluation import mean_predictor, spectral_edge_predictor
    from modelzoo.evaluation.runs import agreement_of, predictions_table

    try:
        store = open_store(Path(run.info["store"]))
    except (KeyError, ModelzooError) as error:
        typer.echo(f"No baselines: {error}", err=True)
        return {}
    if store.info.get("hash", "") != run.dataset:
        typer.echo("No baselines: the store was built anew since the run.", err=True)
        return {}
    rows = store.rows(VALIDATION)
    predictors = {"mean predictor": mean_predictor, "spectral edge": spectral_edge_predictor}
    return {name: agreement_of(predictions_table(store, rows, one(store, rows))) for name, one in predictors.items()}


def _print_table(summary: Any, baselines: dict[str, Any]) -> None:
    typer.echo(f"{'':18}{'runs':>5}{'r':>16}{'RMSE':>16}{'bias':>8}")
    for row in summary.to_dict("records"):
        r = _mean_sd(row["r"], row["r_sd"], 3)
        rmse = _mean_sd(row["rmse"], row["rmse_sd"], 2)
        typer.echo(f"{row['network']:18}{row['repetitions']:5}{r:>16}{rmse:>16}{row['bias']:>8.2f}")
    for name, one in baselines.items():
        typer.echo(f"{name:18}{'':5}{_mean_sd(one.r, math.nan, 3):>16}{_mean_sd(one.rmse, math.nan, 2):>16}")


def _mean_sd(mean: float, sd: float, digits: int) -> str:
    if math.isnan(mean):
        return "undefined"
    return f"{mean:.{digits}f}" if math.isnan(sd) else f"{mean:.{digits}f} ({sd:.{digits}f})"
