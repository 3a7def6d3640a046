"""BS.1534-3 on a design: each limit met, just met and just missed."""

from dataclasses import replace

import pytest

from mushra.design.check import PageDesign, check_design

GOOD = ("reference", "anchor35", "anchor70", "system", "system")
STUDY = [PageDesign("practice", GOOD, 8, training=True), *(PageDesign(f"item {n}", GOOD, 10) for n in range(5))]


def found(change=None, study=STUDY, at=2):
    """(rule, page) of every warning, with one page changed."""
    pages = [replace(page, **change) if change and n == at else page for n, page in enumerate(study)]
    return [(warning.rule, warning.page) for warning in check_design(pages)]


def test_a_good_design_has_no_warnings():
    assert check_design(STUDY) == []


@pytest.mark.parametrize(("systems", "expected"), [(9, []), (10, [("signals", "item 1")])])
def test_at_most_12_signals(systems, expected):
    study = [replace(STUDY[0], id="p"), *(PageDesign(f"item {n}", GOOD, 10) for n in range(15))]
    kinds = ("reference", "anchor35", "anchor70", *["system"] * systems)
    assert found({"kinds": kinds}, study) == expected


@pytest.mark.parametrize(("seconds", "expected"), [(12, []), (12.01, [("length", "item 1")])])
def test_at_most_12_seconds(seconds, expected):
    assert found({"seconds": seconds}) == expected


@pytest.mark.parametrize("kind", ["reference", "anchor35", "anchor70"])
def test_reference_and_anchors_once(kind):
    assert found({"kinds": [one for one in GOOD if one != kind]}) == [(kind, "item 1")]
    assert found({"kinds": [*GOOD, kind]}) == [(kind, "item 1")]
    assert found({"kinds": [one for one in GOOD if one != kind]}, at=0) == [(kind, "practice")]


def test_a_page_without_systems():
    assert found({"kinds": GOOD[:3]}) == [("system", "item 1")]


@pytest.mark.parametrize(
    ("items", "systems", "needed"), [(5, 3, None), (4, 2, 5), (5, 4, 6), (6, 4, None), (7, 5, 8), (8, 5, None)]
)
def test_one_and_a_half_times_as_many_items_as_systems_and_five(items, systems, needed):
    kinds = ("reference", "anchor35", "anchor70", *["system"] * systems)
    study = [PageDesign("practice", kinds, 8, True), *(PageDesign(f"item {n}", kinds, 8) for n in range(items))]
    warnings = check_design(study)
    assert [warning.page for warning in warnings] == ([None] if needed else [])
    if needed:
        assert str(warnings[0]) == f"the study has {items} rated pages: {needed} at least for {systems} systems (p 13)"


def test_a_training_page_is_needed():
    assert found({"training": False}, at=0) == [("training", None)]


def test_a_warning_names_the_page_and_the_number():
    text = str(check_design([*STUDY[:-1], replace(STUDY[-1], seconds=13.5)])[0])
    assert text == "page 'item 4' lasts 13.5 s: preferably at most 12 s (p 7)"


@pytest.mark.parametrize(
    ("pages", "message"),
    [
        ([], "no pages"),
        ([STUDY[0], STUDY[0]], "share the id 'practice'"),
        ([replace(STUDY[0], kinds=["hidden"])], "'practice' has the unknown kind 'hidden'"),
        ([replace(STUDY[0], seconds=0)], "'practice' is 0 s long"),
        ([replace(STUDY[0], seconds=float("nan"))], "'practice' is nan s long"),
    ],
)
def test_what_is_no_design_is_refused(pages, message):
    with pytest.raises(ValueError, match=message):
        check_design(pages)
