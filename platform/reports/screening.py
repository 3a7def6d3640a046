"""Screening a study's listeners: by a policy's rules, or by a person with a reason. Nothing is ever deleted."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd
from django.db import transaction

from accounts.models import User
from mushra.screening import POLICIES, Exclusion, Policy, Screening, screen
from reports.models import Decision
from studies.models import Listener, Study
from studies.table import headphones, results_table, simulated


@dataclass(frozen=True)
class Results:
    """A study's table, screened: `kept` are the listeners who count, after people's decisions."""

    study: Study
    table: pd.DataFrame
    screening: Screening
    decisions: Mapping[str, Decision]
    simulated: Mapping[str, str]

    @property
    def policy(self) -> Policy:
        return self.screening.policy

    @property
    def exclusions(self) -> dict[str, Exclusion]:
        return {exclusion.listener: exclusion for exclusion in self.screening.excluded}

    @property
    def kept(self) -> list[str]:
        """By the rules, unless a person decided otherwise."""
        by_rules = set(self.screening.kept)
        return [
            name
            for name in self.screening.listeners
            if (self.decisions[name].included if name in self.decisions else name in by_rules)
        ]

    @property
    def simulated_kept(self) -> int:
        """How many of those who count are programs."""
        return sum(name in self.simulated for name in self.kept)

    @property
    def kept_table(self) -> pd.DataFrame:
        return self.table[self.table["listener"].isin(self.kept)]


def results(study: Study, policy_name: str = "") -> Results:
    """Screen the finished sessions of a study by a policy, the study's own by default.

    Unfinished sessions do not count yet: a listener who has half the pages to go can't be judged.

    Raises
    ------
    KeyError
        There is no policy of that name.
    """
    policy = POLICIES[policy_name or study.policy]
    table = results_table(study)
    table = table[table["finished"].astype(bool)]
    screening = screen(table, policy, headphones(study))
    by_people = Decision.objects.filter(listener__study=study, decided_by__isnull=False).order_by("created_at")
    newest = {decision.listener.code: decision for decision in by_people.select_related("listener", "decided_by")}
    return Results(study, table, screening, newest, simulated(study))


def record(found: Results) -> None:
    """Keep what the policy decided as rows, once for each change of a listener's outcome or evidence."""
    listeners = {listener.code: listener for listener in found.study.listeners.all()}
    for code in found.screening.listeners:
        exclusion = found.exclusions.get(code)
        rules = [_as_json(rule.rule, rule.measured, rule.threshold) for rule in exclusion.rules] if exclusion else []
        values = {"included": exclusion is None, "policy_version": found.policy.version, "rules": rules}
        last = (
            Decision.objects.filter(listener=listeners[code], policy=found.policy.name, decided_by=None)
            .order_by("-created_at")
            .first()
        )
        if last is None or any(getattr(last, name) != value for name, value in values.items()):
            Decision.objects.create(listener=listeners[code], policy=found.policy.name, **values)


def _as_json(rule: str, measured: float, threshold: float) -> dict[str, object]:
    return {"rule": rule, "measured": measured, "threshold": threshold}


def decide(listener: Listener, *, included: bool, reason: str, user: User, policy: Policy) -> Decision:
    """A person overrules the rules; the reason is kept with the decision.

    Raises
    ------
    ValueError
        No reason was given.
    """
    if not reason.strip():
        raise ValueError("a decision needs a reason")
    with transaction.atomic():
        return Decision.objects.create(
            listener=listener,
            policy=policy.name,
            policy_version=policy.version,
            included=included,
            reason=reason.strip(),
            decided_by=user,
        )
