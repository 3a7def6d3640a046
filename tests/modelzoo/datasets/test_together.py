"""Chunks taken by whoever is free: offered few at a time, never made twice, never lost."""

import fcntl
import threading
from collections import Counter

import pytest

from modelzoo.datasets import together
from modelzoo.datasets.make import CHUNKS, PARTS, Made, Reference
from modelzoo.datasets.plan import Plan, excerpt_name
from modelzoo.datasets.pool import Cancelled


@pytest.fixture
def made(monkeypatch):
    """How often each excerpt was made; instead of sound, an empty file is."""
    count = Counter()

    def make(chunk):
        for chain in chunk.chains:
            name = excerpt_name(chunk.reference.name, chain)
            count[name] += 1
            (chunk.folder / PARTS / f"{name}.json").touch()
            yield Made(name)

    monkeypatch.setattr(together, "make", make)
    return count


@pytest.fixture
def chunks(tmp_path):
    (tmp_path / PARTS).mkdir()
    plan = Plan({"a": tuple((p,) for p in range(1, 23)), "b": ((1,), (1, 2), (3,))}, {})
    return together.chunks_of({name: Reference(name, lambda: None) for name in "ab"}, plan, tmp_path)


def run(chunks, offer=lambda number: None, cancelled=lambda: False):
    told = []
    together.make_all(chunks, offer, told.append, cancelled)
    return told


def test_chunks_are_of_one_recording_each_and_hold_everything(chunks):
    assert [len(chunk.chains) for chunk in chunks] == [4, 4, 4, 4, 4, 2, 3]
    assert {chunk.reference.name for chunk in chunks[:6]} == {"a"}


def test_alone_the_owner_makes_everything_once_and_offers_little(chunks, made):
    offered = []
    told = run(chunks, offered.append)
    assert len(made) == 25 and set(made.values()) == {1}
    assert told == sorted(told) and told[-1] == 25
    assert offered[: together.FEWEST_OFFERED] == [0, 1, 2, 3] and len(offered) == len(set(offered))


def test_who_takes_every_offer_leaves_less_to_the_owner_and_is_offered_more(chunks, made):
    sizes = []

    def take(number):
        sizes.append(together.make_chunk(chunks, number))

    run(chunks, take)
    assert len(made) == 25 and set(made.values()) == {1}
    assert len(sizes) > together.FEWEST_OFFERED and sum(filter(None, sizes)) > 12


def test_what_another_process_is_at_is_waited_for_and_made_if_it_dies(chunks, made, tmp_path):
    (tmp_path / CHUNKS).mkdir()
    with (tmp_path / CHUNKS / "2.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert together.make_chunk(chunks, 2) is None
        owner = threading.Thread(target=run, args=[chunks])
        owner.start()
        owner.join(1.0)
        assert owner.is_alive() and len(made) == 21
    owner.join(30)
    assert not owner.is_alive() and len(made) == 25 and set(made.values()) == {1}


def test_what_was_made_or_failed_before_is_left(chunks, made, tmp_path):
    (tmp_path / PARTS / "a_01.json").touch()
    (tmp_path / PARTS / "a_02.failed").touch()
    (tmp_path / PARTS / ".a_03.json.part").touch()
    run(chunks)
    assert len(made) == 23 and "a_03" in made


def test_called_off_it_stops_between_two_excerpts(chunks, made):
    with pytest.raises(Cancelled):
        run(chunks, cancelled=lambda: len(made) >= 2)
    assert len(made) == 2


def test_after_the_build_nothing_is_made(chunks, made, tmp_path):
    (tmp_path / PARTS).rmdir()
    assert together.make_chunk(chunks, 0) is None and not made and not (tmp_path / PARTS).exists()
