"""Plots by matplotlib, as SVG that follows the page's colours, and as files to download."""

import io
from typing import TYPE_CHECKING

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Okabe and Ito's colours, told apart with any kind of colour vision; markers say the same a second time.
OKABE_ITO = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000", "#F0E442")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
# Drawn in these two, so that the inline SVG can take the page's own instead.
INK, LINES = "#16211f", "#cfdad8"


def new_figure(width: float = 8.0, height: float = 4.0) -> "tuple[Figure, Axes]":
    """An empty figure, inches, with the product's axes: no box, faint horizontal lines."""
    # Importing matplotlib takes half a second: only pages with plots pay for it.
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    axes = figure.add_subplot()
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(INK)
    axes.tick_params(colors=INK, labelsize=9)
    for label in (axes.xaxis.label, axes.yaxis.label):
        label.set_color(INK)
    axes.grid(axis="y", color=LINES, linewidth=0.8)
    axes.set_axisbelow(True)
    return figure, axes


def svg(figure: "Figure", *, title: str, description: str) -> SafeString:
    """Inline SVG with a name and a description for screen readers."""
    text = svg_file(figure).decode()
    body = text[text.index("<svg") :].replace(INK, "currentColor").replace(LINES, "var(--line)")
    opening, rest = body.split(">", 1)
    names = f"<title>{escape(title)}</title><desc>{escape(description)}</desc>"
    # Everything that comes from data is drawn as escaped text by matplotlib, or escaped here.
    return mark_safe(f'{opening} role="img" aria-label="{escape(title)} {escape(description)}">{names}{rest}')


def svg_file(figure: "Figure") -> bytes:
    from matplotlib import rc_context

    out = io.BytesIO()
    # Text stays text, and the same figure gives the same bytes.
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": "earwitness", "font.family": ["sans-serif"]}):
        figure.savefig(out, format="svg", transparent=True, metadata={"Date": None})
    return out.getvalue()


def png_file(figure: "Figure") -> bytes:
    out = io.BytesIO()
    figure.savefig(out, format="png", dpi=160, facecolor="white")
    return out.getvalue()
