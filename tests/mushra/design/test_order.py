"""The order of a session: the same again from the same seed, fair, and repeats kept apart."""

from collections import Counter
from itertools import pairwise, permutations

import pytest

from mushra.design.order import PageSpec, choose_stimuli_to_repeat, session_order

STIMULI = ("ref", "a35", "a70", "mp3")
PAGES = (
    PageSpec("practice", STIMULI, training=True),
    PageSpec("piano", STIMULI, repeats=1),
    PageSpec("strings", STIMULI),
    PageSpec("band", STIMULI),
)


def order(session, pages=PAGES, seed=1):
    return session_order(pages, study="s", session=str(session), seed=seed)


def test_the_same_seed_gives_the_same_session():
    assert order(5) == order(5)
    assert order(5) != order(6)
    assert order(5) != order(5, seed=2)


def test_every_page_comes_as_often_as_it_should_and_training_first():
    for session in range(50):
        plans = order(session)
        assert plans[0].page == "practice"
        assert Counter(plan.page for plan in plans) == {"practice": 1, "piano": 2, "strings": 1, "band": 1}
        assert [plan.repeat for plan in plans if plan.page == "piano"] == [0, 1]
        assert all(sorted(plan.stimuli) == sorted(STIMULI) for plan in plans)


def test_a_page_never_follows_itself():
    for session in range(300):
        assert all(first.page != second.page for first, second in pairwise(order(session)))


def test_stimulus_order_is_uniform_over_permutations():
    """Chi-squared over 24 permutations: 50 is beyond the 0.1 % point of 23 degrees of freedom; the seed is fixed."""
    count = 4800
    seen = Counter(order(session)[1].stimuli for session in range(count))
    expected = count / 24
    assert set(seen) == set(permutations(STIMULI))
    assert sum((n - expected) ** 2 / expected for n in seen.values()) < 50


def test_each_page_is_first_about_equally_often():
    firsts = Counter(order(session)[1].page for session in range(3000))
    # Piano takes places 1 and 3, 1 and 4, or 2 and 4: two thirds of all sessions begin with it.
    assert firsts["piano"] == pytest.approx(2000, abs=100)
    assert firsts["strings"] == pytest.approx(500, abs=80)


def test_many_repeats_are_still_kept_apart():
    pages = (PageSpec("a", STIMULI, repeats=3), PageSpec("b", STIMULI), PageSpec("c", STIMULI, repeats=1))
    for session in range(50):
        assert all(first.page != second.page for first, second in pairwise(order(session, pages)))


@pytest.mark.parametrize(
    ("pages", "message"),
    [
        ((PageSpec("a", STIMULI), PageSpec("a", STIMULI)), "share an id"),
        ((PageSpec("a", ()),), "no stimuli"),
        ((PageSpec("a", ("x", "x")),), "twice"),
        ((PageSpec("a", STIMULI, repeats=1),), "too often"),
        ((PageSpec("a", STIMULI, repeats=-1),), "negative"),
    ],
)
def test_an_impossible_design_is_refused(pages, message):
    with pytest.raises(ValueError, match=message):
        order(1, pages)


def test_repeated_stimuli_come_again_on_a_shorter_page_with_what_every_page_has():
    pages = [PageSpec(name, tuple(f"{name}-{one}" for one in ("ref", "a35", "mp3", "aac"))) for name in "abcd"]
    always = {one for page in pages for one in page.stimuli if one.endswith(("ref", "a35"))}
    chosen = choose_stimuli_to_repeat(pages, 3, always=always, study="s", seed=4)
    assert chosen == choose_stimuli_to_repeat(pages, 3, always=always, study="s", seed=4)
    free = [one for page in chosen for one in page.again if one not in always]
    assert len(free) == len(set(free)) == 3
    for session in range(20):
        plans = order(session, chosen)
        twice = Counter(one for plan in plans for one in plan.stimuli)
        assert {one for one, count in twice.items() if count == 2} == {one for page in chosen for one in page.again}
        assert all(first.page != second.page for first, second in pairwise(plans))
        for plan in plans:
            page = next(page for page in chosen if page.id == plan.page)
            assert set(plan.stimuli) == set(page.again if plan.repeat else page.stimuli)


def test_every_stimulus_is_chosen_equally_often():
    pages = [PageSpec(name, (f"{name}1", f"{name}2", "ref")) for name in "abc"]
    counts: Counter[str] = Counter()
    for seed in range(600):
        for page in choose_stimuli_to_repeat(pages, 2, always={"ref"}, study="s", seed=seed):
            counts.update(one for one in page.again if one != "ref")
    assert sum(counts.values()) == 1200 and len(counts) == 6
    # 200 expected of each; binomial SD 11.5.
    assert all(150 < count < 250 for count in counts.values()), counts


def test_more_stimuli_to_repeat_than_there_are_is_refused():
    with pytest.raises(ValueError, match="5 stimuli to repeat were asked for: there are 4 to choose from"):
        choose_stimuli_to_repeat([PageSpec("a", STIMULI)], 5, always=(), study="s", seed=1)


def test_stimuli_to_present_again_that_a_page_has_not_are_refused():
    with pytest.raises(ValueError, match="present stimuli again that it has not"):
        order(1, [PageSpec("a", STIMULI, repeats=1, again=("flac",)), PageSpec("b", STIMULI)])
