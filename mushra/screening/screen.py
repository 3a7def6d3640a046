"""Applies a policy to a table and says, for every listener, which rules fired and on what evidence."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from mushra.screening.agreement import figures
from mushra.screening.evidence import Evidence
from mushra.screening.gaps import warnings_of
from mushra.screening.policy import Policy
from mushra.screening.ratings import Ratings
from mushra.screening.rules import RULES, Measurement, no_headphones
from mushra.table import checked


@dataclass(frozen=True)
class RuleResult:
    """What one rule made of one listener, whether it fired or not.

    Attributes
    ----------
    rule : str
    measured : float
        NaN where the listener's ratings say nothing about it.
    threshold : float
    evidence : sequence of dict
        The rows that count against the listener.
    fired : bool
    """

    rule: str
    measured: float
    threshold: float
    evidence: Sequence[dict[str, Any]] = field(default_factory=list)
    fired: bool = True

    @property
    def margin(self) -> float:
        """By how much the threshold was exceeded; negative where it was not."""
        return self.measured - self.threshold

    def to_dict(self) -> dict[str, Any]:
        """Plain data; None for what is not known."""
        numbers = {"measured": self.measured, "threshold": self.threshold, "margin": self.margin}
        plain = {name: _plain(value) for name, value in numbers.items()}
        return {"rule": self.rule, "fired": self.fired, **plain, "evidence": list(self.evidence)}


Fired = RuleResult


@dataclass(frozen=True)
class Exclusion:
    """A listener who goes, and the rules that say so."""

    listener: str
    rules: list[RuleResult]


@dataclass(frozen=True)
class ListenerResult:
    """Everything about one listener: all rules that are on, and figures that decide nothing (see `figures`)."""

    listener: str
    kept: bool
    rules: list[RuleResult]
    agreement: dict[str, float]


@dataclass(frozen=True)
class Screening:
    """What a policy made of a table. `kept` and `excluded` together are all listeners: nobody is dropped silently."""

    policy: Policy
    kept: list[str]
    excluded: list[Exclusion]
    warnings: list[str]
    ratings: Ratings = field(repr=False, compare=False)
    measurements: list[Measurement] = field(repr=False, compare=False)

    @cached_property
    def listeners(self) -> list[str]:
        return sorted([*self.kept, *(exclusion.listener for exclusion in self.excluded)])

    @cached_property
    def agreement(self) -> pd.DataFrame:
        """Agreement of every listener with the others and with oneself; decides nothing. See `agreement.figures`."""
        return figures(self.ratings)

    @cached_property
    def measured(self) -> pd.DataFrame:
        """Every rule for every listener: listener, rule, measured, threshold, margin, fired."""
        parts = [
            pd.DataFrame(
                {
                    "listener": self.ratings.names,
                    "rule": one.rule,
                    "measured": one.measured,
                    "threshold": one.threshold,
                    "margin": one.measured - one.threshold,
                    "fired": one.fired,
                }
            )
            for one in self.measurements
        ]
        columns = ["listener", "rule", "measured", "threshold", "margin", "fired"]
        return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)

    @cached_property
    def _positions(self) -> dict[str, int]:
        return {name: position for position, name in enumerate(self.ratings.names)}

    @cached_property
    def _out(self) -> set[str]:
        return {exclusion.listener for exclusion in self.excluded}

    def of(self, listener: str) -> ListenerResult:
        """Everything about one listener.

        Raises
        ------
        KeyError
            The table has no such listener.
        """
        if listener not in self._positions:
            raise KeyError(f"there is no listener {listener!r} in the table")
        at = self._positions[listener]
        rules = [_result(self.ratings, one, at) for one in self.measurements]
        row = self.agreement.iloc[at]
        agreement = {str(name): float(value) for name, value in row.items()}
        return ListenerResult(listener, listener not in self._out, rules, agreement)

    def to_dict(self) -> dict[str, Any]:
        """Plain data: `{policy, listeners, kept, excluded, warnings, thresholds}`; `listeners` counts them."""
        return {
            "policy": self.policy.name,
            "listeners": len(self.listeners),
            "kept": self.kept,
            "excluded": [
                {"listener": one.listener, "rules": [rule.to_dict() for rule in one.rules]} for one in self.excluded
            ],
            "warnings": self.warnings,
            "thresholds": self.policy.to_dict(),
        }


def listener_to_dict(result: ListenerResult) -> dict[str, Any]:
    """A listener's result as plain data, None for what is not known."""
    return {
        **asdict(result),
        "rules": [rule.to_dict() for rule in result.rules],
        "agreement": {name: _plain(value) for name, value in result.agreement.items()},
    }


def screen(table: pd.DataFrame, policy: Policy, headphones: Mapping[str, bool | None] | None = None) -> Screening:
    """Screen listeners: BS.1534-3 p 5 or the paper's section on screening, as the policy has it.

    Parameters
    ----------
    table : DataFrame
        The tidy table; rows without a score are named in the warnings and count for no rule.
    policy : Policy
        Thresholds; rules whose threshold is None are off.
    headphones : mapping of listener to bool or None, optional
        What each listener said; None or a missing name is "did not say".

    Returns
    -------
    Screening

    Raises
    ------
    mushra.table.TableError
        The table can't be used.
    """
    table = checked(table)
    headphones = {str(name): said for name, said in (headphones or {}).items()}
    ratings = Ratings.of(table)
    found = [no_headphones(ratings, policy, headphones), *(rule(ratings, policy) for rule in RULES)]
    measurements = [one for one in found if one is not None]
    out = np.zeros(ratings.count, dtype=bool)
    for measurement in measurements:
        out |= measurement.fired
    excluded = [
        Exclusion(ratings.names[at], [_result(ratings, one, at) for one in measurements if one.fired[at]])
        for at in np.flatnonzero(out).tolist()
    ]
    return Screening(
        policy=policy,
        kept=[name for name, gone in zip(ratings.names, out, strict=True) if not gone],
        excluded=excluded,
        warnings=warnings_of(table, ratings, measurements, policy, headphones),
        ratings=ratings,
        measurements=measurements,
    )


def _result(ratings: Ratings, one: Measurement, at: int) -> RuleResult:
    rows = Evidence(ratings.table, one.rows(at), one.columns)
    return RuleResult(one.rule, float(one.measured[at]), float(one.threshold), rows, bool(one.fired[at]))


def _plain(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
