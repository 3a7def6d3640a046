"""The figure of a draw: how often each quality occurs, before and after."""

import io
from pathlib import Path

from modelzoo.datasets.draw import Distribution


def draw_distribution(spread: Distribution, file: Path) -> None:
    """Write two histograms of MOS-LQO as SVG: all excerpts, and those drawn. The same data give the same bytes."""
    import matplotlib
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    with matplotlib.rc_context({"svg.hashsalt": "distribution", "font.size": 9}):
        figure = Figure(figsize=(7, 4.2), layout="constrained")
        FigureCanvasSVG(figure)
        panels = figure.subplots(2, 1, sharex=True)
        for axes, counts, name, unevenness in zip(
            panels, (spread.before, spread.after), ("made", "drawn"), spread.unevenness, strict=True
        ):
            axes.stairs(counts, spread.edges, fill=True, color="#3b6ea5")
            axes.set_ylabel("excerpts")
            axes.set_title(f"{sum(counts):,} {name}; unevenness {unevenness:.2f}", loc="left")
            axes.spines[["top", "right"]].set_visible(False)
        panels[1].set_xlabel("MOS-LQO (ViSQOL)")
        out = io.StringIO()
        figure.savefig(out, format="svg", metadata={"Date": None})
    partial = file.with_name(f".{file.name}.part")
    partial.write_text(out.getvalue())
    partial.replace(file)
