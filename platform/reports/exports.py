"""Tables of a study's results. Every one carries a `simulated` column."""

import pandas as pd

from mushra.stats import mos
from reports.mos_plot import in_order
from reports.screening import Results
from studies.arrival import parameters_of
from studies.models import Study
from studies.questions import answers_of
from studies.table import headphones


def ratings_table(found: Results) -> pd.DataFrame:
    """Every rating of the finished sessions, with whether its listener counts under the policy."""
    codes = found.table["listener"]
    passed = dict(found.study.listeners.values_list("code", "passed_headphone_check"))
    used = headphones(found.study)
    table = found.table.assign(
        kept=codes.isin(found.kept),
        policy=found.policy.name,
        headphones=codes.map(used).astype("boolean"),
        passed_headphone_check=codes.map(passed).astype("boolean"),
    )
    for name, values in _said(found.study, list(codes.unique())).items():
        table[name] = codes.map(values)
    return table


def _said(study: Study, codes: list[str]) -> dict[str, dict[str, object]]:
    """Columns of what listeners came with and answered: a value for each code."""
    came = parameters_of(study)
    answered = answers_of(study)
    columns: dict[str, dict[str, object]] = {}
    for code in codes:
        rows = {f"arrived_{name}": value for name, value in came.get(code, {}).items()} | answered.get(code, {})
        for name, value in rows.items():
            columns.setdefault(name, {})[code] = value
    return columns


def mos_table(found: Results) -> pd.DataFrame:
    """MOS per stimulus over the kept listeners; `simulated` says how many of them are simulated."""
    summary = in_order(mos(found.kept_table))
    return summary.assign(policy=found.policy.name, simulated=found.simulated_kept)
