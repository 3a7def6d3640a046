"""Stores put together: nothing is lost, nothing leaks."""

import json

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from modelzoo.cli import app
from modelzoo.datasets.build import Recipe, build
from modelzoo.datasets.join import join
from modelzoo.datasets.make import Reference
from modelzoo.datasets.store import open_store
from modelzoo.errors import StoreError


@pytest.fixture(scope="module")
def stores(tmp_path_factory, music):
    """Two stores of other music each, and a third of the first's music, split the other way round."""
    folder = tmp_path_factory.mktemp("stores")
    for name, seeds, process in (("first", (1, 2), 42), ("second", (3, 4), 44)):
        references = [Reference(f"r{seed}", lambda seed=seed: music(seed), f"hash {seed}") for seed in seeds]
        build(references, Recipe(((process,),), seed=1, validation_share=0.5), folder / name)
    return folder


def test_all_rows_are_there_with_their_splits_and_features(stores, tmp_path):
    summary = join([stores / "first", stores / "second"], tmp_path / "both")
    both = open_store(tmp_path / "both")
    parts = [open_store(stores / name) for name in ("first", "second")]
    assert summary["excerpts"] == len(both.manifest) == 4 and summary["references"] == 4
    assert (
        (summary["train"], summary["validation"]) == (2, 2) == (len(both.rows("train")), len(both.rows("validation")))
    )
    np.testing.assert_array_equal(both.features, np.concatenate([part.features for part in parts]))
    for column in ("moslqo", "split", "audio_sha256", "features_sha256"):
        assert both.manifest[column].tolist() == [value for part in parts for value in part.manifest[column]]
    for excerpt, part in zip(both.manifest["excerpt"], ("first", "first", "second", "second"), strict=True):
        master = tmp_path / "both" / "audio" / f"{excerpt}.flac"
        assert excerpt.startswith(f"{part}-")
        assert master.read_bytes() == (stores / part / "audio" / master.name.removeprefix(f"{part}-")).read_bytes()


def test_the_command_prints_json_and_a_joined_store_joins_again(stores, tmp_path):
    for first, second, output in (("first", "second", "a"), ("second", "first", "b")):
        done = CliRunner().invoke(
            app, ["join", *(str(stores / n) for n in (first, second)), "-o", str(tmp_path / output), "--json"]
        )
        assert done.exit_code == 0 and json.loads(done.stdout)["excerpts"] == 4
    assert join([tmp_path / "a", tmp_path / "b"], tmp_path / "c")["excerpts"] == 8


def test_music_that_one_store_trains_on_and_another_validates_with_is_refused(stores, tmp_path):
    turned = tmp_path / "turned"
    join([stores / "first", stores / "second"], turned)
    manifest = pd.read_parquet(turned / "manifest.parquet")
    other = manifest["split"].map({"train": "validation", "validation": "train"})
    manifest.assign(split=other).to_parquet(turned / "manifest.parquet")
    with pytest.raises(StoreError, match=r"first-r\d and turned-first-r\d are the same music"):
        join([stores / "first", turned], tmp_path / "both")
    assert not (tmp_path / "both").exists()


@pytest.mark.parametrize(
    ("names", "output", "message"),
    [
        (("first", "first"), "new", "different names"),
        (("first", "second"), "first", "holds something already"),
        (("first", "nothing"), "new", "holds no complete training store"),
    ],
)
def test_what_can_not_be_joined_is_refused(stores, names, output, message):
    with pytest.raises(StoreError, match=message):
        join([stores / name for name in names], stores / output)
    assert not (stores / "new").exists()


def test_references_are_left_out(stores, tmp_path):
    names = tmp_path / "names.txt"
    names.write_text("first-r1\n")
    command = ["join", str(stores / "first"), str(stores / "second"), "-o", str(tmp_path / "less")]
    done = CliRunner().invoke(app, [*command, "--without", str(names), "--json"])
    assert done.exit_code == 0 and json.loads(done.stdout)["references"] == 3
    less, whole = open_store(tmp_path / "less"), [open_store(stores / name) for name in ("first", "second")]
    assert less.manifest["reference"].tolist() == ["first-r2", "second-r3", "second-r4"]
    np.testing.assert_array_equal(less.features, np.concatenate([whole[0].features[1:], whole[1].features]))
    assert less.info["hash"] != join([stores / "first", stores / "second"], tmp_path / "all")["hash"]
    assert sorted(file.stem for file in (tmp_path / "less" / "audio").iterdir()) == less.manifest["excerpt"].tolist()


@pytest.mark.parametrize(
    ("without", "message"),
    [({"first-r9"}, "no reference first-r9 .* first-r1"), ({"first-r1", "first-r2"}, "nothing is left")],
)
def test_references_that_can_not_be_left_out_are_refused(stores, tmp_path, without, message):
    with pytest.raises(StoreError, match=message):
        join([stores / "first"], tmp_path / "new", without)
    assert not (tmp_path / "new").exists()
