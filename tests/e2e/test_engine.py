"""The listener page's audio engine, to the sample: rendered offline, against its rules written twice.

In Chromium, and in Firefox where the distribution's is installed.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Page

from tests.e2e.engine_stage import FIREFOX, QUANTUM, RATE, TOLERANCE, Asking, Message, Plan, Site, Stage, firefox

pytestmark = pytest.mark.e2e


def noise_and_level(seed: int, samples: int, level: float, kind: str) -> NDArray[Any]:
    """Left: noise of its own. Right: a constant, whose output is the envelope itself."""
    noise = np.random.default_rng(seed).uniform(-0.9, 0.9, samples)
    both = np.stack([noise, np.full(samples, level)])
    return np.rint(both * 32767).astype(np.int16) if kind == "int16" else both.astype(np.float32)


LEVELS = (0.9, -0.7, 0.5, -0.3, 0.8)
SAMPLES = (48000, 48000, 47000, 50001, 44000)
KINDS = ("int16", "float32", "int16", "float32", "int16")
LATE = 4  # loaded while playing, if at all; and shorter than the others
NEVER = 5
SOUNDS = {f"s{i}": noise_and_level(i, *each) for i, each in enumerate(zip(SAMPLES, LEVELS, KINDS, strict=True))} | {
    "mono": noise_and_level(9, 48000, 0, "int16")[:1]
}


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    site = Site()
    for name, sound in SOUNDS.items():
        site.add_sound(name, sound)
    yield site
    site.server.shutdown()
    site.server.server_close()


@pytest.fixture(scope="module")
def fox(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asking]:
    if FIREFOX is None:
        pytest.skip("there is no Firefox here")
    with firefox(site, tmp_path_factory.mktemp("firefox")) as running:
        yield running


@pytest.fixture(params=["page", "fox"])
def stage(request: pytest.FixtureRequest, site: Site) -> Stage:
    page: Page | Asking = request.getfixturevalue(request.param)
    return Stage(page, site, SOUNDS)


def loads(*numbers: int) -> list[Message]:
    return [{"type": "load", "index": number, "sound": f"s{number}"} for number in numbers]


PLAY, PAUSE, RESTART = ({"type": kind} for kind in ("play", "pause", "restart"))


def select(index: int) -> Message:
    return {"type": "select", "index": index}


def seek(position: int) -> Message:
    return {"type": "seek", "position": position}


def loop(start: int, end: int) -> Message:
    return {"type": "loop", "start": start, "end": end}


def gain(value: float, fixed: bool = False) -> Message:
    return {"type": "gain", "value": value, "fixed": fixed}


OFTEN = {"select": 6, "seek": 4, "loop": 4, "pause": 2, "play": 4, "restart": 1, "gain": 2, "load": 1}


def random_message(rng: np.random.Generator, rate: int) -> Message:
    """Some messages are refused: a loop that is too short or too long, a stimulus twice."""
    half, longest = rate // 2, SAMPLES[2]
    kind = rng.choice(list(OFTEN), p=np.array(list(OFTEN.values())) / sum(OFTEN.values()))
    if kind == "select":
        return select(int(rng.integers(0, NEVER + 1)))
    if kind == "seek":
        return seek(int(rng.integers(0, longest + 500)))
    if kind == "loop":
        start = int(rng.integers(0, longest - half + 100))
        return loop(start, start + half + int(rng.choice([-1, 0, 1, 300, 3000, longest - half - start])))
    if kind == "gain":
        return gain(float(rng.choice([0.0, 0.25, 1.0, 1.5])))
    if kind == "load":
        return loads(LATE)[0]
    return {"type": str(kind)}


def random_plan(rng: np.random.Generator, quanta: int, rate: int) -> Plan:
    """Bursts within a fade (two quanta) and pauses long enough for the loop to come round."""
    first = loads(0, 1, 2, 3) + ([PLAY] if rng.random() < 0.8 else [])
    plan: Plan = [(0, first)]
    quantum = 0
    while True:
        quantum += int(rng.integers(1, 5) if rng.random() < 0.6 else rng.integers(5, 220))
        if quantum >= quanta:
            return plan
        plan.append((quantum, [random_message(rng, rate) for _ in range(int(rng.integers(1, 4)))]))


BATCH = 30


@pytest.mark.parametrize("first", range(0, 12 * BATCH, BATCH))
def test_random_sequences_come_out_as_the_rules_say(stage, first):
    """360 sequences of switches, seeks, loops, pauses, gains and late loads; every 10th at another rate."""
    for seed in range(first, first + BATCH):
        rng = np.random.default_rng(seed)
        rate = RATE if seed % 10 else 44100
        quanta = 750
        plan = random_plan(rng, quanta, rate)
        found = stage.agrees(plan, quanta * QUANTUM, rate, f"seed {seed}, rate {rate}")
        # No model here: the right channel is the envelope times a constant, so a click would show as a step.
        fade, ramp = int(0.005 * rate + 0.5), int(0.02 * rate + 0.5)
        steepest = 0.9 * (np.pi / (2 * fade) + 1 / ramp)
        step = np.abs(np.diff(found.sound[1].astype(np.float64), prepend=0)).max()
        assert step <= steepest + TOLERANCE, f"seed {seed}: a step of {step:.3g}; plan {plan}"


FADE = RATE * 5 // 1000


def rising(count: int = FADE) -> NDArray[np.float64]:
    """The first `count` samples of a fade-in: a raised cosine that is 1 at its 240th sample."""
    return 0.5 - 0.5 * np.cos(np.pi * np.arange(1, count + 1) / FADE)


def falling() -> NDArray[np.float64]:
    """A whole fade-out: its 240th sample is 0."""
    return np.append(rising()[-2::-1], 0)


def music(name: str) -> NDArray[np.float64]:
    return SOUNDS[name] / (32768 if SOUNDS[name].dtype == np.int16 else 1)


def close_to(found: NDArray[Any], wanted: NDArray[Any]) -> None:
    assert np.abs(found - wanted).max() < TOLERANCE


def test_a_switch_fades_out_then_in_and_keeps_the_place(stage):
    at = 100 * QUANTUM
    sound = stage.agrees([(0, [*loads(0, 1), PLAY]), (100, [select(1)])]).sound
    old, new = music("s0"), music("s1")
    close_to(sound[:, FADE:at], old[:, FADE:at])
    close_to(sound[:, at : at + FADE], old[:, at : at + FADE] * falling())
    assert not sound[:, at + FADE - 1].any(), "silence lies between the two: no cross-fade"
    close_to(sound[:, at + FADE : at + 2 * FADE], new[:, at + FADE : at + 2 * FADE] * rising())
    end = 47000
    close_to(sound[:, at + 2 * FADE : end], new[:, at + 2 * FADE : end])


def test_a_switch_back_within_the_fade_turns_round_without_silence(stage):
    sound = stage.agrees([(0, [*loads(0, 1), PLAY]), (100, [select(1)]), (101, [select(0)])]).sound
    at = 100 * QUANTUM
    level = FADE - np.concatenate([np.arange(1, 129), np.arange(127, -1, -1)])
    close_to(sound[:, at : at + 256], music("s0")[:, at : at + 256] * (0.5 - 0.5 * np.cos(np.pi * level / FADE)))
    close_to(sound[:, at + 256 : 40000], music("s0")[:, at + 256 : 40000])


def test_the_loop_is_faded_at_both_its_ends(stage):
    start, end = 1000, 26000
    sound = stage.agrees([(0, [*loads(0), loop(start, end), PLAY])], frames=60000).sound
    turn = end - start  # the frame at which the loop comes round
    close_to(sound[:, turn - FADE : turn], music("s0")[:, end - FADE : end] * np.append(1, falling()[:-1]))
    assert not sound[:, turn].any()
    close_to(sound[:, turn + 1 : turn + FADE + 1], music("s0")[:, start + 1 : start + FADE + 1] * rising())
    close_to(sound[:, turn + FADE : 2 * turn - FADE], sound[:, FADE : turn - FADE])


def test_a_loop_elsewhere_is_reached_through_silence_and_one_around_needs_none(stage):
    at = 100 * QUANTUM
    around = stage.agrees([(0, [*loads(0), PLAY]), (100, [loop(5000, 40000)])]).sound
    close_to(around[:, at : at + 1000], music("s0")[:, at : at + 1000])
    elsewhere = stage.agrees([(0, [*loads(0), PLAY]), (100, [loop(20000, 45000)])]).sound
    close_to(elsewhere[:, at : at + FADE], music("s0")[:, at : at + FADE] * falling())
    close_to(elsewhere[:, at + FADE + FADE : 30000], music("s0")[:, 20000 + FADE : 20000 + 30000 - at - FADE])


def test_pause_is_silent_and_play_goes_on_from_there(stage):
    found = stage.agrees([(0, [*loads(0), PLAY]), (100, [PAUSE]), (200, [PLAY]), (300, [])])
    stopped = 100 * QUANTUM + FADE
    assert [state["position"] for state in found.states[2:]] == [stopped, stopped + 100 * QUANTUM]
    assert not found.sound[:, stopped - 1 : 200 * QUANTUM].any()
    again = 200 * QUANTUM
    close_to(found.sound[:, again : again + FADE], music("s0")[:, stopped : stopped + FADE] * rising())


def test_a_pause_at_the_loops_end_lets_nothing_of_its_start_through(stage):
    found = stage.agrees([(0, [*loads(0), loop(0, 24100), PLAY]), (188, [PAUSE]), (200, [])])
    assert found.states[2]["position"] == 0
    assert found.sound[0, 24099] != 0
    assert not found.sound[:, 24100:].any()


def test_seek_and_restart_jump_in_silence(stage):
    found = stage.agrees([(0, [*loads(0), loop(2000, 40000), PLAY]), (100, [seek(30000)]), (150, [RESTART]), (160, [])])
    sound, at = found.sound, 100 * QUANTUM
    close_to(sound[:, at + FADE : at + 2 * FADE], music("s0")[:, 30000 : 30000 + FADE] * rising())
    assert found.states[-1]["position"] == 2000 + 10 * QUANTUM - FADE


def test_a_place_outside_the_loop_is_its_start(stage):
    plan = [(0, [*loads(0), loop(2000, 40000), PLAY]), (100, [seek(45000)]), (160, [])]
    assert stage.agrees(plan).states[-1]["position"] == 2000 + 60 * QUANTUM - FADE


def test_seek_while_paused_counts_at_once(stage):
    assert stage.agrees([(0, loads(0)), (10, [seek(12345)]), (20, [])]).states[1]["position"] == 12345


def test_one_channel_goes_to_both_ears(stage):
    sound = stage.agrees([(0, [{"type": "load", "index": 0, "sound": "mono"}, PLAY])]).sound
    assert np.array_equal(sound[0], sound[1])
    close_to(sound[0, FADE:47000], music("mono")[0, FADE:47000])


def test_a_stimulus_that_is_not_there_is_silent_and_the_place_goes_on(stage):
    found = stage.agrees([(0, [*loads(0), PLAY]), (100, [select(1)]), (200, loads(1)), (250, [])])
    assert [state["position"] for state in found.states] == [0, 100 * QUANTUM, 200 * QUANTUM, 250 * QUANTUM]
    assert not found.sound[:, 100 * QUANTUM + FADE : 200 * QUANTUM].any()
    come = 200 * QUANTUM
    close_to(found.sound[:, come : come + FADE], music("s1")[:, come : come + FADE] * rising())


def test_the_shortest_stimulus_bounds_the_loop(stage):
    found = stage.agrees([(0, [*loads(0, 2), loop(0, 47001), PLAY])], frames=60000)
    assert found.refused == ["loop"]
    assert found.states[0]["loop"] == {"start": 0, "end": 47000}


def test_gain_moves_over_20_ms_and_then_stays(stage):
    messages = [gain(0.25, True), gain(1.0)]
    found = stage.agrees([(0, [*loads(0), gain(0.5), PLAY]), (100, messages), (200, [])])
    assert found.refused == ["gain"], "once fixed it does not change"
    at, ramp = 100 * QUANTUM, RATE // 50
    close_to(found.sound[:, FADE:at], 0.5 * music("s0")[:, FADE:at])
    slope = 0.5 - 0.25 * np.arange(1, ramp + 1) / ramp
    close_to(found.sound[:, at : at + ramp], slope * music("s0")[:, at : at + ramp])
    close_to(found.sound[:, at + ramp : 47000], 0.25 * music("s0")[:, at + ramp : 47000])


def test_what_makes_no_sense_is_refused_with_the_reason(stage):
    bad: list[tuple[Message, str]] = [
        (loop(0, 23999), "at least 24000 samples"),
        (loop(30000, 20000), "at least 24000 samples"),
        (loop(0, 10**6), "48000 samples"),
        (loop(0, 30000.5), "whole numbers"),
        (seek(-1), "whole number"),
        (select(1.5), "whole number"),
        (gain(1.01), "from 0 to 1"),
        (loads(0)[0], "loaded already"),
        ({"type": "toString"}, "no such message"),
    ]
    reasons = stage.page.evaluate("refusals", [*loads(0), *(message for message, _ in bad)])
    assert len(reasons) == len(bad)
    for (_, wanted), reason in zip(bad, reasons, strict=True):
        assert wanted in reason
