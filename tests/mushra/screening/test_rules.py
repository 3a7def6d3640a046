"""Every rule at, just below and just above its threshold, on tables small enough to check by hand."""

import copy
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mushra.screening import POLICIES, Policy, screen
from mushra.screening.screen import listener_to_dict
from mushra.table import TableError

EXPORT = Path(__file__).resolve().parents[4] / "shared" / "data" / "webmushra-export" / "webmushra_results.csv"


def table(listeners):
    """{listener: {(recording, repeat): {kind or system: score}}} as a tidy table."""
    rows = [
        {
            "listener": listener,
            "recording": recording,
            "repeat": repeat,
            "condition": condition,
            "kind": condition if condition in ("reference", "anchor35", "anchor70") else "system",
            "score": score,
        }
        for listener, items in listeners.items()
        for (recording, repeat), scores in items.items()
        for condition, score in scores.items()
    ]
    return pd.DataFrame(rows)


def items(count=10, **scores):
    """`count` items with the same scores."""
    return {(f"item {i}", 0): dict(scores) for i in range(count)}


GOOD = {"reference": 98, "anchor35": 20, "anchor70": 45, "mp3": 70}


def fired(listener, policy, headphones=None):
    result = screen(table({"x": listener}), policy, headphones)
    return {rule.rule: rule for exclusion in result.excluded for rule in exclusion.rules}


def changed(count, of=10, **scores):
    """A good listener who differs on the first `count` of `of` items."""
    return {(f"item {i}", 0): {**GOOD, **(scores if i < count else {})} for i in range(of)}


@pytest.mark.parametrize("policy", POLICIES.values(), ids=str)
def test_a_good_listener_is_kept(policy):
    assert fired(items(**GOOD), policy, {"x": True}) == {}


@pytest.mark.parametrize(("said", "out"), [(True, False), (None, False), (False, True)])
def test_no_headphones(said, out):
    assert ("no_headphones" in fired(items(**GOOD), POLICIES["paper-test-1"], {"x": said})) == out


@pytest.mark.parametrize(("lowest", "out"), [(100, True), (99.9, False)])
def test_all_top(lowest, out):
    scores = dict(reference=100, anchor35=100, anchor70=100, mp3=lowest)
    assert ("all_top" in fired(items(**scores), Policy("p", all_top_score=100))) == out


@pytest.mark.parametrize(("score", "out"), [(100, True), (99.9, False)])
def test_anchor35_at_the_top(score, out):
    found = fired(changed(1, anchor35=score), Policy("p", anchor35_top_score=100))
    assert ("anchor35_top" in found) == out
    if out:
        assert found["anchor35_top"].measured == pytest.approx(0.1)
        assert [row["score"] for row in found["anchor35_top"].evidence] == [100]


@pytest.mark.parametrize(("count", "score", "out"), [(5, 60, False), (6, 60, True), (6, 60.1, False)])
def test_reference_mid_scale(count, score, out):
    assert ("reference_mid" in fired(changed(count, reference=score), Policy("p", reference_mid_score=60))) == out


@pytest.mark.parametrize(("count", "of", "score", "out"), [(3, 20, 89, False), (4, 20, 89, True), (4, 20, 90, False)])
def test_reference_below_90_on_more_than_15_percent(count, of, score, out):
    found = fired(changed(count, of, reference=score), POLICIES["bs1534-3"])
    assert ("reference_below" in found) == out
    if out:
        assert found["reference_below"].margin == pytest.approx(0.05)
        assert len(found["reference_below"].evidence) == count


def panel(guilty_items, others_above):
    """Listener x grades the mid anchor 95 on some of 20 items; on item 0 so do `others_above` of 9 others."""
    listeners = {"x": changed(guilty_items, 20, anchor70=95)}
    for i in range(9):
        listeners[f"o{i}"] = changed(1 if i < others_above else 0, 20, anchor70=95)
    return table(listeners)


@pytest.mark.parametrize(("count", "out"), [(3, False), (4, True)])
def test_anchor70_above_90_on_more_than_15_percent(count, out):
    result = screen(panel(count, 0), POLICIES["bs1534-3"])
    assert ([exclusion.listener for exclusion in result.excluded] == ["x"]) == out


@pytest.mark.parametrize(("score", "out"), [(90, False), (90.5, True)])
def test_a_mid_anchor_at_90_is_not_above_it(score, out):
    listeners = {"x": changed(4, 20, anchor70=score)} | {f"o{i}": items(20, **GOOD) for i in range(9)}
    assert bool(screen(table(listeners), POLICIES["bs1534-3"]).excluded) == out


@pytest.mark.parametrize(("listeners", "out"), [(1, False), (3, False), (4, True)])
def test_in_a_small_panel_one_listener_is_more_than_25_percent(listeners, out):
    """Alone or one of three, x exempts the item; one of four is 25 %, not more."""
    panel = {"x": items(1, **{**GOOD, "anchor70": 95})} | {f"o{i}": items(1, **GOOD) for i in range(listeners - 1)}
    result = screen(table(panel), POLICIES["bs1534-3"])
    assert bool(result.excluded) == out
    assert bool(result.warnings) != out


def test_a_listener_with_one_page_is_judged_by_it():
    """One reference of one is 100 %, and both rules of the paper that ask for any item at all fire."""
    found = fired({("item", 0): {"reference": 89, "anchor35": 100, "anchor70": 45}}, POLICIES["bs1534-3"])
    assert found["reference_below"].measured == 1
    found = fired({("item", 0): {"reference": 89, "anchor35": 100, "anchor70": 45}}, POLICIES["paper-test-1"])
    assert set(found) == {"anchor35_top"}
    found = fired({("item", 0): {"reference": 89, "anchor35": 100, "anchor70": 45}}, POLICIES["paper-test-2"])
    assert set(found) == {"anchor35_over_reference", "anchor35_over_anchor70"}


def test_an_item_on_which_over_25_percent_grade_the_mid_anchor_high_does_not_count():
    """With 3 of 10 (x and two others) item 0 drops out: 3 of 19 items are left, over 15 %; with 2 of 10 it counts."""
    exempt = screen(panel(4, 2), POLICIES["bs1534-3"]).excluded[0].rules[0]
    assert exempt.measured == pytest.approx(3 / 19)
    counted = screen(panel(4, 1), POLICIES["bs1534-3"]).excluded[0].rules[0]
    assert counted.measured == pytest.approx(4 / 20)
    assert screen(panel(3, 2), POLICIES["bs1534-3"]).excluded == []


def test_items_that_do_not_count_are_named():
    """3 of 10 grade the mid anchor of item 0 above 90; with 2 of 10 nothing is left out."""
    (said,) = screen(panel(4, 2), POLICIES["bs1534-3"]).warnings
    assert said.startswith("anchor70_above does not count item 0: more than 25 % of the listeners")
    assert screen(panel(4, 1), POLICIES["bs1534-3"]).warnings == []


def test_a_repeat_that_only_one_listener_had_does_not_exempt_itself():
    """x alone hears item 0 again and grades its mid anchor 95 both times: 1 of 4 listeners, not more than 25 %."""
    listeners = {name: items(1, **GOOD) for name in "abc"}
    listeners["x"] = {("item 0", repeat): {**GOOD, "anchor70": 95} for repeat in (0, 1)}
    result = screen(table(listeners), POLICIES["bs1534-3"])
    assert [one.listener for one in result.excluded] == ["x"]
    assert result.excluded[0].rules[0].measured == 1


@pytest.mark.parametrize(("count", "score", "out"), [(2, 66, False), (3, 66, True), (3, 65, False)])
def test_anchor35_over_anchor70_by_more_than_the_margin(count, score, out):
    policy = Policy("p", anchor35_over_anchor70=20)
    assert ("anchor35_over_anchor70" in fired(changed(count, anchor35=score), policy)) == out


@pytest.mark.parametrize(("score", "out"), [(98, False), (98.5, True)])
def test_anchor35_over_the_hidden_reference(score, out):
    found = fired(changed(1, anchor35=score), Policy("p", anchor35_over_reference=0))
    assert ("anchor35_over_reference" in found) == out
    if out:
        assert {row["kind"] for row in found["anchor35_over_reference"].evidence} == {"anchor35", "reference"}


@pytest.mark.parametrize(("second", "name", "out"), [
    (20, "paper-test-1", False), (19, "paper-test-1", True), (30, "paper-test-2", False), (29, "paper-test-2", True),
])  # fmt: skip
def test_repeatability_by_50_and_40_points(second, name, out):
    listener = items(3, **GOOD) | {("item 0", 1): {**GOOD, "mp3": second}}
    found = fired(listener, POLICIES[name], {"x": True})
    assert ("repeatability" in found) == out
    if out:
        assert found["repeatability"].measured == 70 - second
        assert [row["score"] for row in found["repeatability"].evidence] == [70, second]


def test_what_could_not_be_judged_is_said():
    ratings = table({"x": {("item", 0): {"mp3": 50, "reference": None}}})
    warnings = " ".join(screen(ratings, POLICIES["paper-test-1"]).warnings)
    for part in ("x has 1 ratings missing", "no word on headphones from x", "kind anchor35", "presented twice"):
        assert part in warnings


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda t: t.drop(columns="kind"), "lacks kind"),
        (lambda t: t.assign(score=t["score"] + 50), "outside 0-100"),
        (lambda t: t.assign(kind="hidden"), "unknown kinds hidden"),
        (lambda t: t.assign(score="high"), "not a number"),
        (lambda t: pd.concat([t, t]), "come twice"),
    ],
)
def test_a_table_that_can_not_be_used_is_refused(spoil, message):
    with pytest.raises(TableError, match=message):
        screen(spoil(table({"x": items(2, **GOOD)})), POLICIES["bs1534-3"])


SCORES = st.fixed_dictionaries({kind: st.integers(0, 100) for kind in GOOD})
PANELS = st.dictionaries(
    st.sampled_from("abcdef"),
    st.dictionaries(st.tuples(st.sampled_from(["one", "two", "three"]), st.sampled_from([0, 1])), SCORES, min_size=1),
    min_size=1,
)


@settings(max_examples=40, deadline=None)
@given(PANELS, st.randoms(use_true_random=False), st.sampled_from(sorted(POLICIES)))
def test_neither_row_order_nor_names_matter(listeners, random, policy):
    ratings = table(listeners)
    result = screen(ratings, POLICIES[policy])
    shuffled = ratings.sample(frac=1, random_state=random.randint(0, 999))
    again = screen(shuffled, POLICIES[policy])
    assert again.kept == result.kept
    assert [exclusion.rules for exclusion in again.excluded] == [exclusion.rules for exclusion in result.excluded]
    pd.testing.assert_frame_equal(again.agreement, result.agreement)
    renamed = ratings.assign(listener=ratings["listener"].map(lambda name: f"listener {name}"))
    assert screen(renamed, POLICIES[policy]).kept == [f"listener {name}" for name in result.kept]
    assert sorted([*result.kept, *(one.listener for one in result.excluded)]) == sorted(listeners)


# Raising these excludes more; raising the others excludes fewer. The mid anchor's score and its exempt share are in
# neither list: a stricter one can make an item one that does not count, or add items on which nothing is wrong.
STRICTER_UP = ("reference_mid_score", "reference_below", "constant_span", "page_seconds_below", "plays_below")
STRICTER_DOWN = (
    *("all_top_score", "anchor35_top_score", "anchor35_top_share", "reference_mid_share", "anchor35_over_anchor70"),
    *("anchor35_over_anchor70_share", "anchor35_over_reference", "anchor35_over_reference_share", "repeat_difference"),
    *("reference_below_share", "anchor70_above_share", "constant_span_share", "page_seconds_below_share"),
    "plays_below_share",
)
OWNERS = {"reference_mid_share": "reference_mid_score", "anchor35_top_share": "anchor35_top_score"}


@settings(max_examples=150, deadline=None)
@given(PANELS, st.sampled_from(STRICTER_UP + STRICTER_DOWN), st.floats(0.1, 1), st.floats(0.1, 1), st.integers(1, 99))
def test_a_stricter_threshold_never_excludes_fewer(listeners, name, one, other, base):
    scores = table(listeners)
    # Times and plays that differ between rows, but depend on the score alone.
    ratings = scores.assign(seconds=scores["score"] * 7 % 101, plays=scores["score"] % 5)
    if name.endswith("_share"):
        values, rule = (one, other), OWNERS.get(name, name.removesuffix("_share"))
        policy = Policy("p", **{rule: base})
    else:
        values, policy = (1 + 99 * one, 1 + 99 * other), Policy("p")
    loose, strict = sorted(values, reverse=name in STRICTER_DOWN)
    few = screen(ratings, replace(policy, **{name: loose}))
    many = screen(ratings, replace(policy, **{name: strict}))
    assert {e.listener for e in few.excluded} <= {e.listener for e in many.excluded}


def test_a_stricter_mid_anchor_score_can_exempt_an_item():
    """Over 95: only x, on 1 of 1 item. Over 80: x and y of two listeners, the item no longer counts."""
    ratings = table(
        {"x": items(1, anchor70=96), "y": items(1, anchor70=85), **{n: items(1, anchor70=50) for n in "abc"}}
    )
    assert screen(ratings, Policy("p", anchor70_above=95)).kept == ["a", "b", "c", "y"]
    assert screen(ratings, Policy("p", anchor70_above=80)).kept == ["a", "b", "c", "x", "y"]


@pytest.mark.parametrize(("count", "span", "out"), [(5, 10, False), (6, 10, True), (6, 10.5, False), (6, 9.5, True)])
def test_constant_grades_on_more_than_half_of_the_items(count, span, out):
    listener = changed(count, reference=60, anchor35=60 - span, anchor70=55, mp3=55)
    result = screen(table({"x": listener}), Policy("p", constant_span=10))
    assert bool(result.excluded) == out
    found = result.of("x").rules[0]
    assert found.measured == (count / 10 if span <= 10 else 0)
    assert len(found.evidence) == (4 * count if span <= 10 else 0)


def test_an_item_with_one_grade_is_not_constant():
    result = screen(table({"x": items(3, mp3=50)}), Policy("p", constant_span=10))
    assert result.kept == ["x"]
    assert np.isnan(result.of("x").rules[0].measured)


@pytest.mark.parametrize(("count", "last", "out"), [(5, 9.9, False), (6, 9.9, True), (6, 10, False)])
def test_too_fast_by_the_last_rating_of_a_page(count, last, out):
    ratings = table({"x": items(10, **GOOD)})
    quick = ratings["recording"].isin([f"item {i}" for i in range(count)])
    seconds = (ratings["condition"] == "mp3").map({True: last, False: 3.0}).where(quick, 40.0)
    result = screen(ratings.assign(seconds=seconds), Policy("p", page_seconds_below=10))
    assert bool(result.excluded) == out
    if out:
        rule = result.excluded[0].rules[0]
        assert (rule.rule, rule.measured, rule.margin) == ("too_fast", 0.6, pytest.approx(0.1))
        assert {row["seconds"] for row in rule.evidence} == {3.0, 9.9}


@pytest.mark.parametrize(("unplayed", "plays", "share", "out"), [
    (1, 0, 0.0, True), (1, 1, 0.0, False), (0, 0, 0.0, False), (4, 0, 0.1, False), (5, 0, 0.1, True),
])  # fmt: skip
def test_stimuli_that_were_not_played(unplayed, plays, share, out):
    ratings = table({"x": items(10, **GOOD)})
    played = [plays if row < unplayed else 3 for row in range(40)]
    result = screen(ratings.assign(plays=played), Policy("p", plays_below=1, plays_below_share=share))
    assert bool(result.excluded) == out
    if out:
        assert [row["plays"] for row in result.excluded[0].rules[0].evidence] == [0] * unplayed


def test_rules_that_did_not_fire_give_their_margin_and_rows():
    result = screen(table({"x": changed(3, 20, reference=80), "y": changed(4, 20, reference=80)}), POLICIES["bs1534-3"])
    found = {rule.rule: rule for rule in result.of("x").rules}
    assert list(found) == ["reference_below", "anchor70_above"]
    assert (found["reference_below"].measured, found["reference_below"].margin) == (0.15, 0)
    assert not found["reference_below"].fired
    assert [row["score"] for row in found["reference_below"].evidence] == [80, 80, 80]
    assert found["anchor70_above"].margin == -0.15
    table_of_all = result.measured.set_index(["listener", "rule"])
    assert table_of_all.loc[("y", "reference_below"), "margin"] == pytest.approx(0.05)
    assert table_of_all["fired"].sum() == 1
    with pytest.raises(KeyError, match="no listener 'z'"):
        result.of("z")


def test_a_difference_at_the_threshold_is_not_over_it_for_tenths_of_points():
    """80.4 - 60.4 is 20.000000000000007 in floating point."""
    assert fired(changed(10, anchor35=80.4, anchor70=60.4), Policy("p", anchor35_over_anchor70=20)) == {}
    twice = {("item", 0): {"mp3": 80.4}, ("item", 1): {"mp3": 60.4}}
    assert fired(twice, Policy("p", repeat_difference=20)) == {}


def test_a_screening_is_plain_data():
    ratings = table({"x": changed(4, 20, reference=80), "y": items(20, **GOOD)})
    result = screen(ratings, POLICIES["bs1534-3"])
    data = json.loads(json.dumps(result.to_dict()))
    assert data["kept"] == ["y"] and data["listeners"] == 2
    rule = data["excluded"][0]["rules"][0]
    assert (rule["rule"], rule["measured"], rule["threshold"]) == ("reference_below", 0.2, 0.15)
    assert [row["score"] for row in rule["evidence"]] == [80] * 4
    listener = listener_to_dict(result.of("y"))
    assert listener["kept"] and listener["agreement"]["discrimination"] is None
    assert json.dumps(listener)


def test_evidence_is_a_plain_list_once_copied():
    evidence = screen(table({"x": items(2, **GOOD)}), Policy("p", reference_mid_score=99)).excluded[0].rules[0].evidence
    copied = copy.deepcopy(evidence)
    assert type(copied) is list and evidence == copied and len(evidence) == 2
    assert evidence[0] == copied[0] and evidence[:1] == copied[:1]


def test_missing_times_plays_and_anchors_are_named():
    ratings = table({"x": items(2, **GOOD), "y": {("item 0", 0): {"mp3": 50}, ("item 1", 0): GOOD}})
    policy = Policy("p", page_seconds_below=5, plays_below=1, anchor70_above=90)
    without = " ".join(screen(ratings, policy).warnings)
    assert "no column seconds" in without and "no column plays" in without
    assert "y has no score of kind anchor70 on 1 of 2 items" in without
    partly = screen(ratings.assign(seconds=[None] + [9.0] * (len(ratings) - 1), plays=2), policy)
    assert "x has 1 ratings without seconds" in " ".join(partly.warnings)


def test_a_listener_no_rule_can_judge_is_kept_and_named():
    ratings = table({"x": items(2, **GOOD), "y": items(2, reference=None)})
    result = screen(ratings, POLICIES["bs1534-3"])
    assert result.kept == ["x", "y"]
    assert any("reference_below could not judge y" in warning for warning in result.warnings)


@pytest.mark.parametrize(("column", "value"), [("seconds", "fast"), ("plays", -1)])
def test_times_and_plays_that_can_not_be_are_refused(column, value):
    ratings = table({"x": items(2, **GOOD)}).assign(**{column: value})
    with pytest.raises(TableError, match=column):
        screen(ratings, Policy("p", page_seconds_below=5, plays_below=1))


@pytest.mark.skipif(not EXPORT.exists(), reason="the real export is not here (../shared)")
def test_the_reference_rule_removes_8_of_22_listeners_of_a_real_export():
    export = pd.read_csv(EXPORT)
    ratings = pd.DataFrame(
        {
            "listener": export["session_uuid"],
            "recording": export["trial_id"],
            "condition": export["rating_stimulus"],
            "kind": export["rating_stimulus"].map(lambda name: "reference" if name == "reference" else "system"),
            "score": export["rating_score"],
        }
    )
    result = screen(ratings, POLICIES["bs1534-3"])
    assert (len(result.kept), len(result.excluded)) == (14, 8)
    assert {rule.rule for exclusion in result.excluded for rule in exclusion.rules} == {"reference_below"}
