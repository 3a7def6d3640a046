"""Simulated panels: seeded, labelled, and caught by the rules they are planted for."""

import re
import subprocess
import sys

import pandas as pd
import pytest

from mushra.screening import POLICIES, screen
from mushra.screening.simulate import CAREFUL, EVERY_RULE, KINDS, caught, report, simulate_panel
from mushra.table import COLUMNS, checked


@pytest.fixture(scope="module")
def panel():
    return simulate_panel(400, careless=0.5, seed=3)


def test_a_panel_is_a_tidy_table_that_says_it_is_simulated(panel):
    assert set(COLUMNS) <= set(panel.table.columns)
    assert panel.table["simulated"].all() and (panel.table["study"] == "simulated").all()
    assert panel.table["listener"].str.startswith("simulated-").all()
    assert len(checked(panel.table)) == 400 * 12 * 8
    assert panel.table.groupby("listener")["recording"].nunique().eq(10).all()


def test_the_same_seed_gives_the_same_panel():
    one, same, other = (simulate_panel(30, seed=seed).table for seed in (5, 5, 6))
    pd.testing.assert_frame_equal(one, same)
    assert not one.equals(other)


def test_every_kind_is_planted_evenly(panel):
    planted = pd.Series(panel.planted).value_counts()
    assert planted[CAREFUL] == 200
    assert set(planted.drop(CAREFUL)) == {15, 16} and len(planted) == len(KINDS) + 1


def test_every_rule_catches_most_of_those_it_is_there_for(panel):
    found = caught(panel, screen(panel.table, EVERY_RULE, panel.headphones)).set_index("rule")
    assert set(found.index) == {kind.rule for kind in KINDS if kind.rule} | {"any rule"}
    assert (found["recall"] >= 0.75).all()
    assert (found.drop(["any rule", "reference_below"])["false_alarm_rate"] <= 0.02).all()
    assert found.loc["any rule", "recall"] >= 0.95


def test_counts_of_a_screening(panel):
    screening = screen(panel.table, POLICIES["bs1534-3"], panel.headphones)
    row = caught(panel, screening).set_index("rule").loc["any rule"]
    out = [panel.planted[exclusion.listener] for exclusion in screening.excluded]
    assert row["false_alarms"] == out.count(CAREFUL)
    assert row["caught"] == len(out) - out.count(CAREFUL)
    assert (row["planted"], row["careful"]) == (200, 200)


def test_a_report_names_every_kind_with_its_numbers(panel):
    text = report(panel, [POLICIES["paper-test-1"]])
    assert re.search(r"\| paper-test-1 \| no_headphones \| 16 \| 16 \| 100.0 % \| 200 \| 0 \| 0.0 % \|", text)
    assert all(f"| {kind.name} |" in text for kind in KINDS)


@pytest.mark.parametrize(
    ("numbers", "message"),
    [
        ({"listeners": 0}, "0 listeners"),
        ({"listeners": 5, "careless": 1.5}, "1.5 of them"),
        ({"listeners": 5, "stimuli": 3}, "four stimuli"),
        ({"listeners": 5, "pages": 3, "repeats": 2}, "two pages for each repeat"),
    ],
)
def test_an_impossible_panel_is_refused(numbers, message):
    with pytest.raises(ValueError, match=message):
        simulate_panel(**numbers)


def test_the_command_prints_the_table_and_refuses_nonsense():
    command = [sys.executable, "-m", "mushra.screening.simulate", "--listeners", "40"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and "| every-rule | any rule |" in done.stdout
    assert "Simulated panel: 40 listeners" in done.stdout
    done = subprocess.run([*command, "--stimuli", "2"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 2 and done.stderr.startswith("error: 12 pages") and "Traceback" not in done.stderr
