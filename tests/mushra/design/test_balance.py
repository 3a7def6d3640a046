"""Orders balanced over listeners: every page at every place, after every other, and given equally often."""

from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mushra.design.balance import williams
from mushra.design.order import PageSpec, choose_repeats, session_order

STIMULI = ("ref", "a35", "a70", "mp3")


def pages(*repeats):
    return [PageSpec("practice", STIMULI, training=True)] + [
        PageSpec(f"page {number}", STIMULI, repeats=count) for number, count in enumerate(repeats)
    ]


def orders(specs, sessions, seed=1, **more):
    plans = [session_order(specs, study="s", session=f"t{n}", seed=seed, number=n, **more) for n in range(sessions)]
    return [[plan.page for plan in one if not plan.training] for one in plans]


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 6, 7, 12])
def test_a_williams_design_balances_places_and_neighbours(count):
    rows = williams(count)
    assert len(rows) == (count if count % 2 == 0 else 2 * count)
    assert all(sorted(row) == list(range(count)) for row in rows)
    places = Counter((place, page) for row in rows for place, page in enumerate(row))
    assert set(places.values()) == {len(rows) // count}
    neighbours = Counter(pair for row in rows for pair in pairwise(row))
    assert len(neighbours) == count * (count - 1)
    assert count == 1 or set(neighbours.values()) == {len(rows) // count}


@pytest.mark.parametrize(("count", "block"), [(6, 6), (7, 14)])
def test_pages_are_balanced_in_every_block_of_sessions(count, block):
    found = orders(pages(*[0] * count), 3 * block)
    for start in range(0, 3 * block, block):
        rows = found[start : start + block]
        assert set(Counter((at, page) for row in rows for at, page in enumerate(row)).values()) == {block // count}
        assert len({pair for row in rows for pair in pairwise(row)}) == count * (count - 1)
    assert found[:block] != found[block : 2 * block]


def test_places_are_balanced_with_repeats_too_and_a_page_never_follows_itself():
    """Seven presentations of five pages: in a block of seven, a repeated page comes twice at every place."""
    found = orders(pages(1, 1, 0, 0, 0), 70)
    assert all(first != second for row in found for first, second in pairwise(row))
    for start in range(0, 70, 7):
        places = Counter((at, page) for row in found[start : start + 7] for at, page in enumerate(row))
        assert {places[at, "page 0"] for at in range(7)} == {2}
        assert {places[at, "page 4"] for at in range(7)} == {1}


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 10), st.data())
def test_a_subset_gives_every_page_equally_often_and_at_every_place(count, data):
    size = data.draw(st.integers(1, count))
    found = orders(pages(*[0] * count), 2 * count, seed=data.draw(st.integers(0, 99)), subset=size)
    assert all(len(set(row)) == len(row) == size for row in found)
    if size == count:
        return
    for rows in (found[:count], found[count:]):
        places = Counter((at, page) for row in rows for at, page in enumerate(row))
        assert len(places) == size * count and set(places.values()) == {1}
    so_far = Counter({f"page {number}": 0 for number in range(count)})
    for row in found[:count]:
        so_far.update(row)
        assert max(so_far.values()) - min(so_far.values()) <= 1


def test_a_subset_with_repeats_covers_pages_equally_and_keeps_them_apart():
    found = orders(pages(1, 1, 0, 0, 0, 0), 60, subset=4)
    assert all(first != second for row in found for first, second in pairwise(row))
    given_to = Counter(page for row in found for page in set(row))
    assert set(given_to.values()) == {40}
    assert all(row.count("page 0") in (0, 2) for row in found)


def test_without_a_number_a_subset_is_random_and_stays_the_same():
    specs = pages(*[0] * 6)
    plans = [session_order(specs, study="s", session=f"t{n}", seed=1, subset=3) for n in range(600)]
    assert plans[5] == session_order(specs, study="s", session="t5", seed=1, subset=3)
    covered = Counter(plan.page for one in plans for plan in one if not plan.training)
    # 300 each are expected; the standard deviation is 12.
    assert all(abs(covered[f"page {number}"] - 300) < 60 for number in range(6))


def test_page_order_depends_on_number_and_seed_and_stimulus_order_on_the_session():
    specs = pages(*[0] * 6)
    one, same = (session_order(specs, study="s", session=name, seed=1, number=3) for name in ("a", "b"))
    assert [plan.page for plan in one] == [plan.page for plan in same]
    assert [plan.stimuli for plan in one] != [plan.stimuli for plan in same]
    assert orders(specs, 6, seed=1) != orders(specs, 6, seed=2)


def test_too_many_repeats_for_a_balanced_circle_are_still_kept_apart():
    for row in orders(pages(1, 0), 6):
        assert row == ["page 0", "page 1", "page 0"]
    for row in orders(pages(5, 0, 0, 0, 0, 0), 12):
        assert all(first != second for first, second in pairwise(row)) and row.count("page 0") == 6


def test_repeats_are_chosen_among_the_rated_pages():
    specs = pages(*[0] * 7)
    chosen = choose_repeats(specs, 5, study="s", seed=2)
    assert [page.repeats for page in chosen].count(1) == 5 and chosen[0].repeats == 0
    assert chosen == choose_repeats(specs, 5, study="s", seed=2)
    counts = Counter(p.id for seed in range(200) for p in choose_repeats(specs, 2, study="s", seed=seed) if p.repeats)
    assert len(counts) == 7 and min(counts.values()) > 30
    with pytest.raises(ValueError, match="8 pages to repeat were asked for: there are 7"):
        choose_repeats(specs, 8, study="s", seed=2)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"number": -1}, "number is -1"),
        ({"subset": 0}, "subset of 0 pages"),
        ({"subset": 4}, "subset of 4 pages was asked for: there are 3"),
        ({"subset": 1}, "'page 0' is repeated too often"),
    ],
)
def test_an_order_that_can_not_be_is_refused(more, message):
    with pytest.raises(ValueError, match=message):
        session_order(pages(1, 0, 0), study="s", session="t", seed=1, **more)
