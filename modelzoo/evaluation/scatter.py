"""The paper's Fig. 2 (section 8): model scores against ViSQOL's, coloured by recording."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from modelzoo.errors import ModelzooError
from modelzoo.evaluation.runs import agreement_of

PANEL_INCHES = 4.0


def draw_scatter(panels: Mapping[str, pd.DataFrame], file: Path, *, observed_label: str = "ViSQOL") -> None:
    """Write an SVG with a panel a model, and beside it the data as `<name>.csv`.

    Parameters
    ----------
    panels : mapping of str to DataFrame
        Title to a table with `reference`, `observed` and `predicted`, scores on 0-100.
    file : Path
        Ends in `.svg`.
    observed_label : str
        The horizontal axis: ViSQOL, or MOS for Fig. 3.

    Raises
    ------
    ModelzooError
        No panels, or a file of another kind.
    """
    if not panels:
        raise ModelzooError("There is nothing to draw.")
    if file.suffix != ".svg":
        raise ModelzooError(f"{file}: the figure is written as .svg.")
    import matplotlib as mpl
    from matplotlib.figure import Figure

    # Text stays text; without a fixed salt and date two drawings of the same data would differ.
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "earwitness"}):
        figure = Figure(figsize=(PANEL_INCHES * len(panels), PANEL_INCHES + 0.3), layout="constrained")
        references = sorted({str(name) for panel in panels.values() for name in panel["reference"]})
        # Evenly spaced over the whole map, so that neighbours differ however many recordings there are.
        colours = dict(zip(references, mpl.colormaps["turbo"](np.linspace(0.05, 0.95, len(references))), strict=True))
        axes = figure.subplots(1, len(panels), squeeze=False)[0]
        for axis, (title, panel) in zip(axes, panels.items(), strict=True):
            one = agreement_of(panel)
            axis.plot([0, 100], [0, 100], color="0.6", linewidth=1, zorder=0)
            axis.scatter(
                panel["observed"], panel["predicted"], s=14, c=[colours[str(name)] for name in panel["reference"]]
            )
            axis.set(xlim=(0, 100), ylim=(0, 100), aspect="equal", xlabel=observed_label, ylabel="Model")
            axis.set_title(f"{title}: r = {one.r:.3f}, RMSE = {one.rmse:.2f}, n = {one.n}", fontsize=9)
        figure.savefig(file, format="svg", metadata={"Date": None})
    data = pd.concat([panel.assign(model=title) for title, panel in panels.items()])
    data[["model", "reference", "observed", "predicted"]].to_csv(file.with_suffix(".csv"), index=False)
