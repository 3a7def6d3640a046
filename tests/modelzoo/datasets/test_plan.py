"""What is to be made, and the config file that says so."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelzoo.audio import PROCESSES
from modelzoo.datasets.config import read_config
from modelzoo.datasets.plan import DROPPED, PAPER_SINGLES, draw_chains, excerpt_name, folds_by_recording, limited
from modelzoo.datasets.plan import split_by_recording as split
from modelzoo.errors import StoreError

NAMES = [f"{i:03d}" for i in range(250)]


def test_the_papers_repository_has_the_papers_numbers():
    """Paper, section 2: 11,250 single excerpts, and 64,960 with cascades of two of all 45.

    The processes that the paper drops are 15, which leaves 7,500; the 7,000 that it names would be 17 dropped.
    """
    assert len(NAMES) * len(PROCESSES) == 11_250
    assert len(NAMES) * len(PAPER_SINGLES) == 7_500 and len(DROPPED) == 15
    chains = draw_chains(NAMES, PAPER_SINGLES, 64_960, (2,), seed=0)
    sizes = [len(found) for found in chains.values()]
    assert sum(sizes) == 64_960 and max(sizes) - min(sizes) == 1
    every = Counter(process for found in chains.values() for chain in found if len(chain) == 2 for process in chain)
    assert set(every) == set(PROCESSES) and max(every.values()) < 1.15 * min(every.values())
    assert all(len(set(found)) == len(found) for found in chains.values())
    assert excerpt_name("03", (27, 1)) == "03_27_01"


def test_cascades_have_any_depth():
    chains = draw_chains(["a", "b"], (42,), 202, (2, 3, 5), seed=1)
    assert set(map(len, chains["a"])) == {1, 2, 3, 5}


def test_extra_processes_are_used_only_where_they_are_named():
    used = {process for chain in draw_chains(["a"], (42,), 400, (2,), 0)["a"] for process in chain}
    assert used <= set(PROCESSES)
    used = {process for chain in draw_chains(["a"], (42, 101), 400, (2,), 0)["a"] for process in chain}
    assert used - set(PROCESSES) == {101}
    assert set(PAPER_SINGLES) < set(PROCESSES)


def test_the_seed_decides():
    assert draw_chains(NAMES[:5], (1,), 50, (2,), 1) == draw_chains(NAMES[:5], (1,), 50, (2,), 1)
    assert draw_chains(NAMES[:5], (1,), 50, (2,), 1) != draw_chains(NAMES[:5], (1,), 50, (2,), 2)


@pytest.mark.parametrize(("total", "match"), [(3, "too few"), (9000, "too many")])
def test_numbers_that_do_not_go_together_are_refused(total, match):
    with pytest.raises(StoreError, match=match):
        draw_chains(["a", "b"], (1, 2), total, (2,), 0)


def test_a_trial_takes_from_every_recording():
    chains = draw_chains(NAMES[:6], PAPER_SINGLES, 300, (2,), 0)
    small = limited(chains, 14, 0)
    assert sum(map(len, small.values())) == 14 and set(map(len, small.values())) == {2, 3}
    assert all(set(small[name]) <= set(chains[name]) for name in small)
    assert limited(chains, 10_000, 0) == chains


def test_190_and_60_by_recording():
    found = split({name: name for name in NAMES}, 60, seed=0)
    assert Counter(found.values()) == {"train": 190, "validation": 60}


GROUPS = st.dictionaries(st.text("abcdef", min_size=1, max_size=4), st.integers(0, 7).map(str), min_size=2, max_size=40)


@settings(max_examples=80, deadline=None)
@given(GROUPS, st.integers(1, 39), st.integers(0, 5))
def test_no_group_is_ever_in_two_splits_or_folds(groups, validation, seed):
    if len(set(groups.values())) < 2:
        with pytest.raises(StoreError, match="two references"):
            split(groups, validation, seed)
        return
    found = split(groups, validation, seed)
    assert set(found) == set(groups) and set(found.values()) == {"train", "validation"}
    assert all(len({found[name] for name in groups if groups[name] == group}) == 1 for group in groups.values())
    folds = folds_by_recording(groups, 2, seed)
    assert set(folds.values()) == {0, 1}
    assert all(len({folds[name] for name in groups if groups[name] == group}) == 1 for group in groups.values())


def test_a_config_is_read_and_its_plan_repeats(tmp_path):
    file = tmp_path / "data.toml"
    file.write_text(
        'references = "music"\nprocesses = "all"\npopulation = 300\ndraw = 60\nfolds = 2\ngroup = "piece"\n'
    )
    config = read_config(file)
    assert config.references == tmp_path / "music" and len(config.processes) == 45
    plan = config.plan({"a": "x", "b": "x", "c": "y", "d": ""}, limit=40)
    assert plan == config.plan({"a": "x", "b": "x", "c": "y", "d": ""}, limit=40)
    assert plan.excerpts == 40 and plan.drawn == 40
    assert plan.folds["a"] == plan.folds["b"]
    assert {plan.splits[name] for name in plan.folds if plan.folds[name] == 0} == {"validation"}


BAD = {
    "not TOML": ("references = ", "TOML"),
    "no references": ("seed = 1", "references"),
    "a setting of another name": ('references = "m"\nprocess = [1]', "process"),
    "a word for a number": ('references = "m"\nseed = "one"', "whole number"),
    "a truth for a number": ('references = "m"\nseed = true', "whole number"),
    "no such process": ('references = "m"\nprocesses = [1, 46]', "46"),
    "a process twice": ('references = "m"\nprocesses = [1, 1]', "twice"),
    "a preset of another name": ('references = "m"\nprocesses = "most"', "processes"),
    "a cascade of one": ('references = "m"\ndepths = [1]', "depths"),
    "nothing to draw": ('references = "m"\ndraw = 0', "draw"),
    "another flavour": ('references = "m"\nflavour = "sweet"', "flavour"),
    "nothing to validate": ('references = "m"\nvalidation = 0', "validation"),
    "half a recording": ('references = "m"\nvalidation = 1.5', "validation"),
    "one fold": ('references = "m"\nfolds = 1', "folds"),
    "nothing at all to make": ('references = "m"\nprocesses = []', "population"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_config_that_can_not_be_is_refused_in_a_sentence(tmp_path, case):
    text, match = BAD[case]
    file = tmp_path / "data.toml"
    file.write_text(text)
    with pytest.raises(StoreError, match=match) as error:
        read_config(file)
    assert str(file) in str(error.value)


def test_more_validating_than_there_are_is_refused(tmp_path):
    file = tmp_path / "data.toml"
    file.write_text('references = "m"\nvalidation = 3\n')
    with pytest.raises(StoreError, match="none is left"):
        read_config(file).plan({"a": "", "b": "", "c": ""})
