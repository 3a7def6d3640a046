"""Tables over runs, baselines, run folders and the figure."""

from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest

from modelzoo.datasets.store import Store
from modelzoo.errors import ModelzooError
from modelzoo.evaluation import (
    Run,
    breakdown,
    comparisons,
    draw_scatter,
    mean_predictor,
    read_run,
    spectral_edge_predictor,
    table,
)
from modelzoo.evaluation.baselines import spectral_edges
from modelzoo.evaluation.runs import predictions_table, write_run


def run(network, seed, error, dataset="d"):
    observed = np.array([10.0, 30, 50, 70, 90, 40])
    predictions = pd.DataFrame(
        {
            "excerpt": [f"e{i}" for i in range(6)],
            "reference": ["a", "a", "a", "b", "b", "b"],
            "processes": ["1", "2", "1_2", "1", "2", "1_2"],
            "bitrates": ["32", "48", "32_48"] * 2,
            "observed": observed,
            "predicted": observed + error * np.array([1, -1, 1, -1, 1, 1]),
        }
    )
    return Run(network, seed, dataset, predictions, {})


RUNS = [run("conv1d", 1, 20), run("conv1d", 2, 22), run("ours", 1, 4), run("ours", 2, 5)]


def test_the_table_holds_each_networks_mean_and_sd():
    rows = table(RUNS).set_index("network")
    assert rows.loc["conv1d", "rmse"] == pytest.approx(21)
    assert rows.loc["conv1d", "rmse_sd"] == pytest.approx(np.sqrt(2))
    assert rows.loc["ours", "bias"] == pytest.approx(4.5 / 3)
    assert rows.loc["ours", "r"] > rows.loc["conv1d", "r"]
    assert rows["repetitions"].tolist() == [2, 2]


def test_networks_are_compared_in_pairs():
    found = comparisons([*RUNS, run("vgg19", 1, 3)])
    assert len(found) == 6
    p = found.set_index(["figure", "first", "second"])["p"]
    assert p["rmse", "conv1d", "ours"] < 0.01
    assert np.isnan(p["rmse", "ours", "vgg19"]), "one repetition has no spread"


def test_agreement_per_recording_and_process():
    rows = breakdown(RUNS[2:3], "reference")
    assert rows["reference"].tolist() == ["a", "b"] and rows["n"].tolist() == [3, 3]
    assert rows["bias"].tolist() == pytest.approx([4 / 3, 4 / 3])
    assert breakdown(RUNS, "processes")["processes"].tolist() == ["1", "1_2", "2"] * 2


@pytest.mark.parametrize(
    ("runs", "said"),
    [
        ([], "no runs"),
        ([RUNS[0], run("ours", 1, 3, "other")], "same excerpts"),
        ([RUNS[0], RUNS[0]], "same seed"),
    ],
)
def test_runs_that_can_not_be_compared_are_refused(runs, said):
    with pytest.raises(ModelzooError, match=said):
        table(runs)


@pytest.fixture
def store():
    """Clips whose quality is a straight line of how high the spectrum reaches."""
    bands = np.array([40, 80, 120, 160, 200, 240, 100, 180])
    features = np.zeros((8, 1876, 256), dtype=np.uint8)
    for clip, band in zip(features, bands, strict=True):
        clip[:, :band] = 150
    manifest = pd.DataFrame(
        {
            "excerpt": [f"e{i}" for i in range(8)],
            "reference": [f"r{i}" for i in range(8)],
            "processes": [[1], [2, 3]] * 4,
            "requested_bitrates": [[32], [None, 48]] * 4,
            "target": bands / 256,
            "split": ["train"] * 6 + ["validation"] * 2,
        }
    )
    return Store(Path("nowhere"), features, manifest, {})


def test_baselines(store):
    rows = store.rows("validation")
    np.testing.assert_allclose(mean_predictor(store, rows), 100 * 140 / 256)
    np.testing.assert_allclose(spectral_edges(store.features, rows), [100 / 256, 180 / 256])
    np.testing.assert_allclose(spectral_edge_predictor(store, rows), [100 * 100 / 256, 100 * 180 / 256], atol=1e-6)


def test_the_edge_of_an_empty_spectrum_is_zero():
    assert spectral_edges(np.zeros((1, 10, 256), dtype=np.uint8), np.array([0])).tolist() == [0]


def test_a_run_folder_comes_back_as_it_was(store, tmp_path):
    rows = store.rows("validation")
    predictions = predictions_table(store, rows, np.array([1.5, 99.25]))
    assert predictions["processes"].tolist() == ["1", "2_3"]
    assert predictions["bitrates"].tolist() == ["32", "-_48"]
    write_run(tmp_path, {"network": "ours", "seed": 3, "dataset": "d"}, predictions)
    back = read_run(tmp_path)
    assert (back.network, back.seed, back.dataset) == ("ours", 3, "d")
    pd.testing.assert_frame_equal(back.predictions, predictions, check_dtype=False)


def test_damaged_run_folders_are_refused(store, tmp_path):
    with pytest.raises(ModelzooError, match="no finished run"):
        read_run(tmp_path)
    predictions = predictions_table(store, store.rows("validation"), np.array([1.5, np.nan]))
    write_run(tmp_path, {"network": "ours", "seed": 3, "dataset": "d"}, predictions)
    with pytest.raises(ModelzooError, match="is empty, or a score in it is no number"):
        read_run(tmp_path)
    write_run(tmp_path, {"network": "ours", "seed": 3, "dataset": "d"}, predictions.drop(columns="observed"))
    with pytest.raises(ModelzooError, match="lacks observed"):
        read_run(tmp_path)


def test_the_figure_is_an_svg_with_its_figures_and_data(tmp_path):
    file = tmp_path / "fig2.svg"
    draw_scatter({"conv1d": RUNS[0].predictions, "ours": RUNS[2].predictions}, file)
    first = file.read_bytes()
    texts = " ".join(ElementTree.fromstring(first).itertext())
    assert "conv1d: r = " in texts and "RMSE = 20.00" in texts and "ViSQOL" in texts
    data = pd.read_csv(tmp_path / "fig2.csv")
    assert data.groupby("model").size().to_dict() == {"conv1d": 6, "ours": 6}
    np.testing.assert_allclose(data.loc[data["model"] == "ours", "predicted"], RUNS[2].predictions["predicted"])
    draw_scatter({"conv1d": RUNS[0].predictions, "ours": RUNS[2].predictions}, file)
    assert file.read_bytes() == first
    with pytest.raises(ModelzooError, match=r"\.svg"):
        draw_scatter({"a": RUNS[0].predictions}, tmp_path / "a.png")
