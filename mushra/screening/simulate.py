"""Simulated panels with careless listeners planted among careful ones, to see what the rules catch.

Everything here is made up and labelled so: it tells how rules behave on known kinds of carelessness, not how often
people are careless. `python -m mushra.screening.simulate` prints what the policies catch.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mushra.screening.policy import POLICIES, Policy
from mushra.screening.screen import Screening, screen
from mushra.table import ANCHOR35, ANCHOR70, REFERENCE, SYSTEM

CAREFUL = "careful"
Floats = NDArray[np.float64]
# Columns of the score arrays.
REF, LOW, MID = 0, 1, 2

EVERY_RULE = Policy(
    name="every-rule",
    headphones_required=True,
    all_top_score=100,
    anchor35_top_score=100,
    reference_mid_score=60,
    anchor35_over_anchor70=20,
    anchor35_over_reference=0,
    repeat_difference=40,
    reference_below=90,
    anchor70_above=90,
    constant_span=10,
    page_seconds_below=10,
    plays_below=1,
)


@dataclass(frozen=True)
class Ears:
    """What a group of listeners of one kind gave: arrays shaped (listeners, pages, stimuli), changed in place.

    `first` is, for each page, the page that presents the same recording for the first time.
    """

    score: Floats
    seconds: Floats
    plays: NDArray[np.int64]
    first: NDArray[np.int64]
    rng: np.random.Generator

    def chance(self, share: float) -> NDArray[np.bool_]:
        """Which pages of which listeners are hit: `share` of them, and one at least for each listener."""
        hit = self.rng.random(self.score.shape[:2]) < share
        hit[np.arange(len(hit)), self.rng.integers(0, hit.shape[1], len(hit))] = True
        return hit

    def uniform(self, low: float, high: float) -> Floats:
        """A grade for each page of each listener."""
        return np.round(self.rng.uniform(low, high, self.score.shape[:2]))


def _nothing(_: Ears) -> None:
    """Grades as a careful listener does: what is wrong is no matter of grades."""


def _all_top(ears: Ears) -> None:
    ears.score[:] = 100


def _low_anchor_top(ears: Ears) -> None:
    ears.score[:, :, LOW][ears.chance(0.3)] = 100


def _reference_mid(ears: Ears) -> None:
    hit = ears.chance(0.8)
    ears.score[:, :, REF][hit] = ears.uniform(40, 60)[hit]


def _reference_missed(ears: Ears) -> None:
    hit = ears.chance(0.4)
    ears.score[:, :, REF][hit] = ears.uniform(70, 89)[hit]


def _mid_anchor_high(ears: Ears) -> None:
    hit = ears.chance(0.5)
    ears.score[:, :, MID][hit] = ears.uniform(91, 100)[hit]


def _anchors_swapped(ears: Ears) -> None:
    hit = ears.chance(0.6)
    ears.score[:, :, LOW][hit] = np.minimum(ears.score[:, :, MID] + ears.uniform(15, 45), 100)[hit]


def _low_anchor_for_reference(ears: Ears) -> None:
    hit = ears.chance(0.1)
    swapped = ears.score[:, :, [LOW, REF]][hit]
    ears.score[:, :, REF][hit], ears.score[:, :, LOW][hit] = swapped[:, 0], swapped[:, 1]


def _unrepeatable(ears: Ears) -> None:
    again = np.flatnonzero(ears.first != np.arange(len(ears.first)))
    ears.score[:, again, MID:] = np.round(ears.rng.uniform(0, 100, ears.score[:, again, MID:].shape))


def _constant(ears: Ears) -> None:
    level = ears.rng.uniform(5, 95, (len(ears.score), 1, 1))
    ears.score[:] = np.round(level + ears.rng.uniform(-4, 4, ears.score.shape))


def _random(ears: Ears) -> None:
    ears.score[:] = np.round(ears.rng.uniform(0, 100, ears.score.shape))


def _fast(ears: Ears) -> None:
    _random(ears)
    ears.seconds[:] = ears.rng.uniform(2, 9, ears.score.shape)


def _unplayed(ears: Ears) -> None:
    ears.plays[ears.rng.random(ears.score.shape) < 0.3] = 0


@dataclass(frozen=True)
class Kind:
    """A kind of careless listener: which rule is there for it (empty: none in particular), and what it does."""

    name: str
    rule: str
    act: Callable[[Ears], None]


KINDS = (
    Kind("says no headphones", "no_headphones", _nothing),
    Kind("gives all the top", "all_top", _all_top),
    Kind("low anchor at the top", "anchor35_top", _low_anchor_top),
    Kind("reference mid-scale", "reference_mid", _reference_mid),
    Kind("reference missed on 40 %", "reference_below", _reference_missed),
    Kind("mid anchor over 90 on 50 %", "anchor70_above", _mid_anchor_high),
    Kind("low anchor over mid on 60 %", "anchor35_over_anchor70", _anchors_swapped),
    Kind("low anchor for reference", "anchor35_over_reference", _low_anchor_for_reference),
    Kind("repeats at random", "repeatability", _unrepeatable),
    Kind("constant grades", "constant", _constant),
    Kind("under 10 s a page", "too_fast", _fast),
    Kind("30 % not played", "not_played", _unplayed),
    Kind("grades at random", "", _random),
)


@dataclass(frozen=True)
class SimulatedPanel:
    """A simulated panel: the tidy table (with `simulated` and `simulated_as`), the answers, and who is what."""

    table: pd.DataFrame
    headphones: dict[str, bool | None]
    planted: dict[str, str]


def simulate_panel(
    listeners: int, *, careless: float = 0.3, pages: int = 12, stimuli: int = 8, repeats: int = 2, seed: int = 0
) -> SimulatedPanel:
    """Make a panel.

    Parameters
    ----------
    listeners : int
    careless : float
        Share of careless listeners, spread evenly over `KINDS`.
    pages, stimuli, repeats : int
        Pages of a session, stimuli of a page (hidden reference, both anchors, systems), and how many of the pages
        present a recording for the second time.
    seed : int
        The same seed gives the same panel.

    Returns
    -------
    SimulatedPanel

    Raises
    ------
    ValueError
        A number is out of range.
    """
    if listeners < 1 or not 0 <= careless <= 1:
        raise ValueError(f"{listeners} listeners, {careless:g} of them careless: expected 1 or more, and 0 to 1")
    if stimuli < 4 or repeats < 0 or pages < max(1, 2 * repeats):
        raise ValueError(
            f"{pages} pages, {repeats} of them repeats, of {stimuli} stimuli: expected at least two pages for each "
            "repeat, and four stimuli (reference, two anchors, a system)"
        )
    rng = np.random.default_rng(seed)
    recording = np.concatenate([np.arange(pages - repeats), np.arange(repeats)])
    kind = rng.permutation(np.where(np.arange(listeners) < round(careless * listeners), 0, -1))
    kind[kind == 0] = np.arange(np.sum(kind == 0)) % len(KINDS)
    score = _careful(rng, listeners, recording, stimuli)
    seconds = rng.uniform(30, 90, (listeners, pages, 1)) * np.linspace(0.3, 1, stimuli)
    plays = rng.integers(1, 6, score.shape)
    for number, one in enumerate(KINDS):
        who = np.flatnonzero(kind == number)
        group = Ears(score[who], seconds[who], plays[who], recording, rng)
        if len(who):
            one.act(group)
        score[who], seconds[who], plays[who] = group.score, group.seconds, group.plays
    names = np.array([f"simulated-{number:0{len(str(listeners))}d}" for number in range(1, listeners + 1)])
    labels = np.array([*(one.name for one in KINDS), CAREFUL])[kind]
    return SimulatedPanel(
        table=_table(names, labels, recording, score, seconds, plays),
        headphones={str(name): label != KINDS[0].name for name, label in zip(names, labels, strict=True)},
        planted={str(name): str(label) for name, label in zip(names, labels, strict=True)},
    )


def _careful(rng: np.random.Generator, listeners: int, recording: NDArray[np.int64], stimuli: int) -> Floats:
    """Grades of careful listeners: true quality, a bias and noise of their own, and now and then a missed reference."""
    recordings = int(recording.max()) + 1
    quality = rng.uniform(30, 90, (recordings, stimuli))
    quality[:, LOW] = rng.uniform(12, 28, recordings)
    quality[:, MID] = rng.uniform(38, 58, recordings)
    shape = (listeners, len(recording), stimuli)
    noise = rng.uniform(4, 9, (listeners, 1, 1)) * rng.standard_normal(shape)
    score = quality[recording] + rng.normal(0, 5, (listeners, 1, 1)) + noise
    found = rng.random(shape[:2]) >= rng.beta(1, 25, (listeners, 1))
    score[:, :, REF] = np.where(found, 100 - rng.exponential(1.5, shape[:2]), rng.uniform(75, 92, shape[:2]))
    clipped: Floats = np.clip(np.round(score), 0, 100)
    return clipped


def _table(
    names: NDArray[np.str_],
    labels: NDArray[np.str_],
    recording: NDArray[np.int64],
    score: Floats,
    seconds: Floats,
    plays: NDArray[np.int64],
) -> pd.DataFrame:
    listeners, pages, stimuli = score.shape
    kinds = [REFERENCE, ANCHOR35, ANCHOR70, *[SYSTEM] * (stimuli - 3)]
    conditions = [*kinds[:3], *(f"system-{number}" for number in range(1, stimuli - 2))]
    recordings = np.array([f"recording-{number + 1}" for number in recording])
    repeat = np.array([list(recording[:page]).count(one) for page, one in enumerate(recording)])
    each = np.repeat(names, pages * stimuli)
    return pd.DataFrame(
        {
            "study": "simulated",
            "listener": each,
            "session": each,
            "page": np.tile(np.repeat(np.arange(1, pages + 1), stimuli), listeners),
            "repeat": np.tile(np.repeat(repeat, stimuli), listeners),
            "recording": np.tile(np.repeat(recordings, stimuli), listeners),
            "condition": np.tile(conditions, listeners * pages),
            "kind": np.tile(kinds, listeners * pages),
            "score": score.ravel(),
            "seconds": seconds.ravel(),
            "plays": plays.ravel(),
            "simulated": True,
            "simulated_as": np.repeat(labels, pages * stimuli),
        }
    )


def caught(panel: SimulatedPanel, screening: Screening) -> pd.DataFrame:
    """What each rule of a policy caught.

    Returns
    -------
    DataFrame
        One row a rule that is on, and one for the policy as a whole ("any rule"): planted (listeners the rule is
        there for), caught, recall, careful, false_alarms (careful listeners it fired for), false_alarm_rate. A share
        of nobody is NaN.
    """
    planted = pd.Series(panel.planted)
    measured = screening.measured
    rows = []
    for rule, group in measured.groupby("rule", sort=False):
        kinds = [one.name for one in KINDS if one.rule == rule]
        rows.append(_row(str(rule), planted, planted.isin(kinds), set(group.loc[group["fired"], "listener"])))
    out = {exclusion.listener for exclusion in screening.excluded}
    rows.append(_row("any rule", planted, planted != CAREFUL, out))
    return pd.DataFrame(rows)


def _row(rule: str, planted: pd.Series, meant: "pd.Series[bool]", fired: set[str]) -> dict[str, object]:
    hit = planted.index.isin(list(fired))
    careful = planted == CAREFUL
    alarms, found = int((careful & hit).sum()), int((meant & hit).sum())
    return {
        "rule": rule,
        "planted": int(meant.sum()),
        "caught": found,
        "recall": found / meant.sum() if meant.any() else np.nan,
        "careful": int(careful.sum()),
        "false_alarms": alarms,
        "false_alarm_rate": alarms / careful.sum() if careful.any() else np.nan,
    }


def report(panel: SimulatedPanel, policies: Sequence[Policy]) -> str:
    """What the policies catch in a panel, as tables in Markdown: by rule, and by kind of carelessness."""
    lines = [
        "| policy | rule | planted | caught | recall | careful | false alarms | rate |",
        "|---|---|---:|---:|---:|---:|---:|---:|",
    ]
    planted = pd.Series(panel.planted)
    by_kind = pd.DataFrame({"planted": planted.value_counts()}).reindex([*(one.name for one in KINDS), CAREFUL])
    for policy in policies:
        screening = screen(panel.table, policy, panel.headphones)
        for _, row in caught(panel, screening).iterrows():
            lines.append(
                f"| {policy.name} | {row['rule']} | {row['planted']} | {row['caught']} | {_percent(row['recall'])} "
                f"| {row['careful']} | {row['false_alarms']} | {_percent(row['false_alarm_rate'])} |"
            )
        out = planted[[exclusion.listener for exclusion in screening.excluded]]
        by_kind[policy.name] = out.value_counts().reindex(by_kind.index).fillna(0)
    lines += ["", "| listeners (simulated) | number | " + " | ".join(f"out by {policy.name}" for policy in policies)]
    lines[-1] += " |"
    lines.append("|---|---:|" + "---:|" * len(policies))
    for name, counts in by_kind.fillna(0).astype(int).iterrows():
        lines.append(f"| {name} | " + " | ".join(str(count) for count in counts) + " |")
    return "\n".join(lines)


def _percent(share: float) -> str:
    return "–" if np.isnan(share) else f"{100 * share:.1f} %"


def main(
    listeners: int = 2000, careless: float = 0.3, pages: int = 12, stimuli: int = 8, repeats: int = 2, seed: int = 1
) -> None:
    """Print what the policies catch in a simulated panel: recall and false alarms of every rule."""
    import typer

    try:
        panel = simulate_panel(listeners, careless=careless, pages=pages, stimuli=stimuli, repeats=repeats, seed=seed)
    except ValueError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(2) from error
    typer.echo(
        f"Simulated panel: {listeners} listeners, {100 * careless:g} % careless, {pages} pages of {stimuli} stimuli, "
        f"{repeats} of them repeats, seed {seed}.\n"
    )
    typer.echo(report(panel, [*POLICIES.values(), EVERY_RULE]))


if __name__ == "__main__":
    import typer

    typer.run(main)
