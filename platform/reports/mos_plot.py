"""MOS of every stimulus with its interval, over the listeners' own scores."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from mushra.table import ANCHOR35, ANCHOR70, REFERENCE, SYSTEM
from web.charts import INK, OKABE_ITO, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Reference and anchors always stand in the same places, with the same shapes.
ORDER = {REFERENCE: 0, ANCHOR35: 1, ANCHOR70: 2, SYSTEM: 3}
SHAPES = {
    REFERENCE: ("D", OKABE_ITO[2]),
    ANCHOR35: ("v", OKABE_ITO[1]),
    ANCHOR70: ("^", OKABE_ITO[5]),
    SYSTEM: ("o", OKABE_ITO[0]),
}


def in_order(summary: pd.DataFrame) -> pd.DataFrame:
    """Rows by recording, then reference, anchors, systems."""
    place = summary["kind"].map(ORDER)
    return summary.assign(place=place).sort_values(["recording", "place", "condition"]).drop(columns="place")


def mark_simulated(figure: "Figure", count: int) -> None:
    """Say in a picture that leaves the page how many of its listeners are programs."""
    if count:
        words = ngettext("%(count)d simulated listener, no person", "%(count)d simulated listeners, no people", count)
        figure.suptitle(words % {"count": count}, fontsize=9, color=INK)


def mos_figure(table: pd.DataFrame, summary: pd.DataFrame) -> "Figure":
    """One strip a recording; `summary` is `mushra.stats.mos` of `table`."""
    rows = in_order(summary)
    conditions = list(dict.fromkeys(rows.sort_values("kind", key=lambda k: k.map(ORDER), kind="stable")["condition"]))
    recordings = list(dict.fromkeys(rows["recording"]))
    figure, axes = new_figure(max(8.0, 1.1 * len(recordings) * len(conditions) / 3), 4.2)
    rng = np.random.default_rng(0)
    width = len(conditions) + 1.5
    for group, recording in enumerate(recordings):
        for row in rows[rows["recording"] == recording].itertuples():
            x = group * width + conditions.index(row.condition)
            scores = table[(table["recording"] == recording) & (table["condition"] == row.condition)]["score"]
            shape, colour = SHAPES[str(row.kind)]
            spread = x + rng.uniform(-0.22, 0.22, len(scores))
            axes.scatter(spread, scores, s=7, color=colour, alpha=0.35, linewidths=0, clip_on=False)
            if not np.isnan(row.ci_low):
                # An interval may reach beyond the scale; the plot ends there.
                axes.plot([x, x], np.clip([row.ci_low, row.ci_high], 0, 100), color=colour, linewidth=2, clip_on=False)
            (mark,) = axes.plot(x, row.mos, shape, color=colour, markersize=7, clip_on=False)
            mark.set_markeredgecolor("white")
        axes.text(group * width + (len(conditions) - 1) / 2, 104, recording[:34], ha="center", fontsize=8, color=INK)
    axes.set_ylim(0, 100)
    axes.set_yticks(range(0, 101, 20))
    # xgettext:no-python-format
    axes.set_ylabel(_("Score, 0–100 (MOS with 95 % interval)"))
    places = [group * width + i for group in range(len(recordings)) for i in range(len(conditions))]
    axes.set_xticks(places, conditions * len(recordings), rotation=60, ha="right", fontsize=8)
    return figure
