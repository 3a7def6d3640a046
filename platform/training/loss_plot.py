"""The loss curve of a run."""

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from web import charts

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def loss_figure(history: list[dict[str, Any]]) -> "Figure":
    """Root mean squared error in points, training and validation, over epochs."""
    from matplotlib.ticker import LogLocator, MaxNLocator

    figure, axes = charts.new_figure(8, 3.4)
    epochs = [row["epoch"] for row in history]
    for name, label, marker, colour in (
        ("loss", _("training"), "o", charts.OKABE_ITO[0]),
        ("val_loss", _("validation"), "s", charts.OKABE_ITO[1]),
    ):
        axes.plot(epochs, [100 * row[name] ** 0.5 for row in history], marker=marker, color=colour, label=label)
    axes.set_xlabel(_("Epoch"))
    axes.set_ylabel(_("RMSE, points of 0–100 (log scale)"))
    axes.set_yscale("log")
    # Points are read as 20 and 50, not as powers of ten.
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_minor_locator(LogLocator(subs="all"))
    axes.yaxis.set_minor_formatter("")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.legend(frameon=False, labelcolor=charts.INK)
    return figure


def description(history: list[dict[str, Any]]) -> str:
    """What somebody who can't see the curve should know of it."""
    last = history[-1]
    return _("After %(epoch)d epochs: training %(loss).1f, validation %(val).1f points.") % {
        "epoch": last["epoch"],
        "loss": 100 * last["loss"] ** 0.5,
        "val": 100 * last["val_loss"] ** 0.5,
    }


def finding(history: list[dict[str, Any]]) -> str:
    """Whether it is learning, in a sentence."""
    best = min(history, key=lambda row: row["val_loss"])
    return _("Best validation error so far: %(rmse).1f points, in epoch %(epoch)d") % {
        "rmse": 100 * best["val_loss"] ** 0.5,
        "epoch": best["epoch"],
    }
