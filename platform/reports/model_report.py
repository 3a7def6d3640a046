"""A trained model beside the listeners' MOS and ViSQOL, on a study's stimuli (paper, sections 6 to 8)."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd
from django.utils.translation import gettext as _

from library.models import Stimulus
from mushra.stats import Agreement, agreement, mos
from reports.screening import Results, results
from studies.models import Study
from studies.table import recording_names
from training.models import TrainingRun
from web.charts import INK, LINES, MARKERS, OKABE_ITO, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

AGAINST = ("mos", "visqol")


@dataclass(frozen=True)
class ModelReport:
    """`points`: recording, condition, kind, predicted, visqol, mos, ci_low, ci_high, n; all scores 0-100."""

    study: Study
    run: TrainingRun
    found: Results
    points: pd.DataFrame

    def agreement(self, against: str) -> Agreement | None:
        """Over the stimuli that have that score; None where there are none."""
        pairs = self.points.dropna(subset=["predicted", against])
        return agreement(pairs["predicted"].tolist(), pairs[against].tolist()) if len(pairs) else None

    def known_recordings(self) -> int:
        """How many of the scored recordings are in the data set, so that the model met them or chose by them."""
        scored = self.run.predictions.filter(stimulus__page__study=self.study, stimulus__page__is_training=False)
        of_dataset = self.run.dataset.recipe.get("recordings", [])
        return scored.filter(stimulus__recording__in=of_dataset).values("stimulus__recording").distinct().count()


def visqol_percent(moslqo: float | None) -> float | None:
    """MOS-LQO 1-5 on the scale of the reports (paper, section 2, step 7, times 100)."""
    return None if moslqo is None else 25 * (moslqo - 1)


def model_report(study: Study, run: TrainingRun, policy: str = "") -> ModelReport:
    found = results(study, policy)
    stimuli = Stimulus.objects.filter(page__study=study, page__is_training=False).distinct()
    predicted = dict(run.predictions.values_list("stimulus_id", "score"))
    names = recording_names(study)
    rows = [
        {
            "recording": names[stimulus.recording_id],
            "condition": stimulus.condition,
            "kind": stimulus.kind,
            "predicted": predicted.get(stimulus.pk),
            "visqol": visqol_percent(stimulus.visqol),
        }
        for stimulus in stimuli
    ]
    points = pd.DataFrame(rows, columns=["recording", "condition", "kind", "predicted", "visqol"])
    points[["predicted", "visqol"]] = points[["predicted", "visqol"]].astype(float)
    summary = mos(found.kept_table)[["recording", "condition", "n", "mos", "ci_low", "ci_high"]]
    points = points.merge(summary, on=["recording", "condition"], how="left")
    return ModelReport(study, run, found, points.sort_values(["recording", "kind", "condition"], ignore_index=True))


def scatter(report: ModelReport, against: str) -> "Figure":
    """Predicted (vertical) against MOS or ViSQOL (horizontal), with the diagonal and the band of 10 points."""
    figure, axes = new_figure(5.6, 5.4)
    axes.fill_between([0, 100], [-10, 90], [10, 110], color=LINES, alpha=0.5, linewidth=0)
    axes.plot([0, 100], [0, 100], color=INK, linewidth=0.8)
    points = report.points.dropna(subset=["predicted", against])
    for index, (recording, rows) in enumerate(points.groupby("recording")):
        colour, marker = OKABE_ITO[index % len(OKABE_ITO)], MARKERS[index % len(MARKERS)]
        if against == "mos":
            # An interval may reach beyond the scale; the plot ends there.
            ends = rows[["ci_low", "ci_high"]].clip(0, 100)
            bars = [(rows["mos"] - ends["ci_low"]).fillna(0), (ends["ci_high"] - rows["mos"]).fillna(0)]
            axes.errorbar(
                rows["mos"],
                rows["predicted"],
                xerr=bars,
                fmt="none",
                ecolor=colour,
                alpha=0.5,
                linewidth=1,
                clip_on=False,
            )
        axes.scatter(
            rows[against],
            rows["predicted"],
            color=colour,
            marker=marker,
            s=34,
            label=str(recording)[:30],
            clip_on=False,
        )
    axes.set(xlim=(0, 100), ylim=(0, 100), aspect="equal")
    axes.set_ylabel(_("Model, 0–100"))
    # xgettext:no-python-format
    axes.set_xlabel(_("MOS of the listeners, 0–100, with 95 % interval") if against == "mos" else _("ViSQOL, 0–100"))
    one = report.agreement(against)
    if one is not None:
        r = _("r is not defined") if math.isnan(one.r) else f"r = {one.r:.2f}"
        axes.text(3, 96, f"{r}\nRMSE = {one.rmse:.1f}\nn = {one.n}", va="top", fontsize=9, color=INK)
    if len(points):
        axes.legend(fontsize=7.5, loc="lower right", frameon=False, labelcolor=INK)
    return figure
