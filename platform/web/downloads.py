"""Tables and figures as files to download."""

from typing import TYPE_CHECKING

import pandas as pd
from django.http import HttpResponse

from mushra.exchange import neutralise
from web import charts

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PICTURES = {"svg": (charts.svg_file, "image/svg+xml"), "png": (charts.png_file, "image/png")}


def as_csv(table: pd.DataFrame, name: str) -> HttpResponse:
    """A CSV download; text that a spreadsheet would run as a formula is made harmless."""
    safe = table.copy()
    for column in safe.columns[safe.dtypes.map(pd.api.types.is_string_dtype)]:
        safe[column] = safe[column].map(lambda value: neutralise(value) if isinstance(value, str) else value)
    return _attachment(safe.to_csv(index=False), "text/csv; charset=utf-8", f"{name}.csv")


def as_picture(figure: "Figure", form: str, name: str) -> HttpResponse:
    """A figure as "svg" or "png"."""
    draw, kind = PICTURES[form]
    return _attachment(draw(figure), kind, f"{name}.{form}")


def _attachment(content: str | bytes, kind: str, name: str) -> HttpResponse:
    return HttpResponse(content, content_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})
