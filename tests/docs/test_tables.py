"""The tables of the researcher's guide against what the product does."""

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from library.models import Recording, Stimulus
from mushra.screening import POLICIES
from reports.rules import RULE_NAMES
from studies.demo.seed import take
from studies.demo.simulated import PANEL
from studies.models import Page, Study
from training.models import Dataset, Prediction, TrainingRun

THRESHOLDS = {
    "no_headphones": "headphones_required",
    "all_top": "all_top_score",
    "anchor35_top": "anchor35_top_score",
    "reference_mid": "reference_mid_score",
    "anchor35_over_anchor70": "anchor35_over_anchor70",
    "anchor35_over_reference": "anchor35_over_reference",
    "repeatability": "repeat_difference",
    "reference_below": "reference_below",
    "anchor70_above": "anchor70_above",
}
WITHOUT_SHARE = ("no_headphones", "all_top", "repeatability")
CONDITIONS = (("reference", "reference"), ("anchor35", "anchor35"), ("anchor70", "anchor70"), ("mp3 48", "system"))
RESULTS = "docs/researcher/results.md"


def cell_of(rule: str, policy: Any) -> str:
    """What the page must say of a rule under a policy."""
    threshold = getattr(policy, THRESHOLDS[rule])
    if threshold is None or threshold is False:
        return "–"
    if rule == "no_headphones":
        return "no"
    if rule in WITHOUT_SHARE:
        return f"{threshold:g}" if rule == "all_top" else f"above {threshold:g}"
    share = getattr(policy, THRESHOLDS[rule].removesuffix("_score") + "_share")
    return f"above {100 * share:g} %"


def test_the_rules_and_thresholds_are_those_of_the_policies(document: Callable[[str], Any]) -> None:
    page = document("docs/researcher/screening.md")
    assert next(table[0][2:] for table in page.tables if table[0][0] == "rule") == list(POLICIES)
    by_name = {str(name): rule for rule, name in RULE_NAMES.items()}
    rows = {by_name[row[0]]: row for row in page.table("rule", "measures")}
    assert set(rows) == set(THRESHOLDS)
    for rule, row in rows.items():
        assert row[2:] == [cell_of(rule, policy) for policy in POLICIES.values()], rule
        if rule in WITHOUT_SHARE:
            continue
        used = {getattr(policy, THRESHOLDS[rule]) for policy in POLICIES.values()} - {None, 0}
        assert all(re.search(rf"\b{threshold:g}\b", row[1]) for threshold in used), rule


def test_every_rule_that_a_policy_uses_is_on_the_page() -> None:
    """A threshold that this test does not know of would be missing from the page without being noticed."""
    known = set(THRESHOLDS.values()) | {"name", "version"}
    for policy in POLICIES.values():
        used = {name for name, value in policy.to_dict().items() if value not in (None, False)}
        assert {name for name in used if not name.endswith("_share")} <= known


@pytest.fixture
def study(db: None) -> Study:
    """A study of two recordings, one presented twice, that five simulated listeners took; it needs no sounds."""
    owner = User.objects.create_user("researcher", role=User.Role.RESEARCHER)
    study = Study.objects.create(title="Doc", owner=owner, state=Study.State.OPEN, policy="paper-test-1")
    for position in range(3):
        recording = Recording.objects.create(
            title=f"Piece {position}", sha256=str(position), rate=48000, channels=1, samples=480000, loudness=-23
        )
        page = Page.objects.create(
            study=study, position=position, recording=recording, is_training=position == 0, repeats=int(position == 1)
        )
        for condition, kind in CONDITIONS:
            values = {"rate": 48000, "channels": 1, "samples": 480000, "loudness": -23, "visqol": 3.0}
            page.stimuli.add(
                Stimulus.objects.create(recording=recording, condition=condition, kind=kind, sha256="0", **values)
            )
    for index, listener in enumerate([*PANEL[:4], PANEL[8]]):
        take(study, listener, np.random.default_rng(index))
    return study


@pytest.fixture
def researcher(study: Study) -> Client:
    client = Client()
    client.force_login(study.owner)
    return client


def documented(page: Any, column: str) -> list[str]:
    """The columns explained by the first table of the page that has a row for `column`."""
    table = next(table for table in page.tables if any(f"`{column}`" in row[0] for row in table))
    return [name for row in table[1:] for name in re.findall(r"`(\w+)`", row[0])]


def downloaded(researcher: Client, address: str) -> str:
    answer = researcher.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def header(text: str) -> list[str]:
    return text.splitlines()[0].split(",")


def test_the_columns_of_ratings_are_explained(researcher: Client, study: Study, document: Callable[[str], Any]) -> None:
    text = downloaded(researcher, f"/reports/{study.pk}/ratings.csv")
    assert documented(document(RESULTS), "study") == header(text)


def test_the_columns_of_mos_are_explained(researcher: Client, study: Study, document: Callable[[str], Any]) -> None:
    text = downloaded(researcher, f"/reports/{study.pk}/mos.csv")
    assert sorted(documented(document(RESULTS), "n")) == sorted(header(text))


def test_the_columns_of_points_are_explained(researcher: Client, study: Study, document: Callable[[str], Any]) -> None:
    dataset = Dataset.objects.create(name="d", folder="d", summary={"references": 2}, built_at=timezone.now())
    result = {"r": 0.5, "rmse": 10.0, "train_excerpts": 5, "validation_excerpts": 5}
    run = TrainingRun.objects.create(dataset=dataset, result=result, finished_at=timezone.now())
    stimuli = Stimulus.objects.filter(page__study=study)
    Prediction.objects.bulk_create(Prediction(run=run, stimulus=stimulus, score=50) for stimulus in stimuli)
    text = downloaded(researcher, f"/reports/{study.pk}/models/{run.pk}/points.csv")
    assert sorted(documented(document(RESULTS), "predicted")) == sorted(header(text))


@pytest.mark.docs
def test_the_notebook_s_lines_run_on_a_download(
    researcher: Client, study: Study, document: Callable[[str], Any], tmp_path: Path
) -> None:
    (tmp_path / "study-1-ratings.csv").write_text(downloaded(researcher, f"/reports/{study.pk}/ratings.csv"))
    (block,) = [block for block in document(RESULTS).blocks if block.language == "python"]
    done = subprocess.run([sys.executable, "-c", block.text], cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    careless = study.listeners.get(simulated_as="everything at 100").code
    careful = sorted(study.listeners.exclude(code=careless).values_list("code", flat=True))
    assert done.stdout.splitlines()[-1] == f"{careful} [({careless!r}, ['all_top', 'anchor35_top'])]"
