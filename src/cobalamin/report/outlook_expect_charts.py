"""Pictures of what is expected: a panel a marker, a band a regimen, its doses below. Altair to inline SVG."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import altair as alt
from altair.utils.schemapi import debug_mode

from cobalamin.report.outlook_expect import FACTORS, marker_words
from cobalamin.report.outlook_fit_charts import LANE_HEIGHT, TICKS, chart_data, heading, svg_of, x_axis

if TYPE_CHECKING:
    from cobalamin.outlook.expect import Expected, Series

COLOURS = ("#2458a6", "#a4480b")
PANEL_HEIGHT = 150
WIDE, NARROW = 640, 300


def levels_svg(said: Expected, width: int) -> str:
    """One panel a marker over time; the picture that a patient sees."""
    # Checking every mark against the schema costs four times the drawing; the tests draw with it on.
    with debug_mode(False):
        markers = [one.marker for one in said.courses[0].series]
        parts = [_panel(said, marker, width) for marker in markers]
        parts.append(_doses(said, width))
        return svg_of(alt.vconcat(*parts, spacing=12).resolve_scale(x="shared", color="independent"))


def _frame(said: Expected) -> tuple[date, date]:
    return said.dates[0], said.dates[-1]


def _panel(said: Expected, marker: str, width: int) -> Any:
    layers: list[Any] = []
    found = [next(one for one in course.series if one.marker == marker) for course in said.courses]
    rows = [_rows(said, series) for series in found]
    values = [row[name] for one in rows for row in one for name in ("low", "high")]
    domain = [max(min(values) * 0.85, 0.5), max(values) * 1.2]
    scale = alt.Scale(type="log", domain=domain, nice=False, clamp=True)
    axis = alt.Axis(title=None, values=[tick for tick in TICKS if domain[0] <= tick <= domain[1]], format="d")
    x = x_axis(_frame(said), labels=False)
    for colour, one in zip(COLOURS, rows, strict=False):
        base = alt.Chart(chart_data(one)).encode(x=x, detail="piece:N")
        layers += [
            base.mark_area(color=colour, opacity=0.18).encode(y=alt.Y("low:Q", scale=scale, axis=axis), y2="high:Q"),
            base.mark_area(color=colour, opacity=0.3).encode(
                y=alt.Y("low_50:Q", scale=scale, axis=axis), y2="high_50:Q"
            ),
            base.mark_line(color=colour, strokeWidth=2).encode(y=alt.Y("median:Q", scale=scale, axis=axis)),
        ]
    title = heading(marker_words(found[0]))
    return alt.layer(*layers).properties(width=width, height=PANEL_HEIGHT, title=title)


def _rows(said: Expected, series: Series) -> list[dict[str, Any]]:
    """One row a day that can be foretold; pieces are drawn apart where an injection lies between."""
    rows: list[dict[str, Any]] = []
    by, piece, hidden = FACTORS.get(series.marker, 1.0), 0, False
    for day, one in zip(said.dates, series.spreads, strict=True):
        if one is None:
            hidden = True
            continue
        piece, hidden = piece + hidden, False
        levels = {"low": one.low_90, "low_50": one.low_50, "median": one.median, "high_50": one.high_50}
        rows.append({"day": day, "piece": piece} | {k: v * by for k, v in (levels | {"high": one.high_90}).items()})
    return rows


def _doses(said: Expected, width: int) -> Any:
    x = x_axis(_frame(said), labels=True)
    y = alt.Y("lane:N", axis=alt.Axis(title=None, domain=False, ticks=False, labelFontSize=12), sort=None)
    layers = []
    for place, (colour, course) in enumerate(zip(COLOURS, said.courses, strict=False)):
        lane = "doses" if len(said.courses) == 1 else f"doses {'AB'[place]}"
        rows = [{"day": day, "lane": lane} for day in _thinned(course.dose_dates)] or [{"day": None, "lane": lane}]
        layers.append(alt.Chart(chart_data(rows)).mark_tick(color=colour, thickness=2.5, size=16).encode(x=x, y=y))
    return alt.layer(*layers).properties(width=width, height=LANE_HEIGHT * len(said.courses))


def _thinned(days: tuple[date, ...]) -> list[date]:
    """Ticks that can be told apart: of daily doses one a week."""
    kept: list[date] = []
    daily = len(days) > 1 and days[1] - days[0] < timedelta(days=2) and len(days) > 60
    for day in days:
        if not kept or not daily or day - kept[-1] >= timedelta(days=7):
            kept.append(day)
    return kept
