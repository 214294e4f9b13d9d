"""Pictures of what is expected: a column a regimen, a panel a marker, its doses below. Altair to inline SVG."""

from __future__ import annotations

import textwrap
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import altair as alt
from altair.utils.schemapi import debug_mode

from cobalamin.report.audit_charts import INK, SOFT
from cobalamin.report.outlook_expect import CAPTIONS
from cobalamin.report.outlook_expect_table import COUNT, FACTORS, marker_words
from cobalamin.report.outlook_fit_charts import LANE_HEIGHT, chart_data, svg_of, x_axis

if TYPE_CHECKING:
    from cobalamin.outlook.expect import Course, Expected, Series

COLOURS = ("#2458a6", "#a4480b")
PANEL_HEIGHT = 130
WIDE, NARROW = 660, 290
BETWEEN = 34  # between two columns
LETTER = 5.9  # width of a letter of a caption
TICKS = (1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 70, 100, 150, 200, 300, 500, 700, 1000, 1500, 2000, 3000, 5000, 10000)
MOST_TICKS = 6
MOST_TICKED = 60  # doses


def levels_svg(said: Expected, width: int) -> str:
    """A column a regimen on a wide screen, one below the other on a narrow one, all on the same scales."""
    # Checking every mark against the schema costs four times the drawing; the tests draw with it on.
    with debug_mode(False):
        beside = len(said.courses) > 1 and width > NARROW
        each = (width - BETWEEN) // 2 if beside else width
        heads = _heads(said, each)
        columns = [_column(said, place, heads[place], each) for place in range(len(said.courses))]
        joined = alt.hconcat(*columns, spacing=BETWEEN) if beside else alt.vconcat(*columns, spacing=28)
        return svg_of(joined.resolve_scale(color="independent"))


def letter(said: Expected, place: int) -> str:
    """A and B where there are two."""
    return "" if len(said.courses) == 1 else "AB"[place]


def _heads(said: Expected, width: int) -> list[list[str]]:
    """The regimens as titles of the same height."""
    titles = [f"{letter(said, k)}  {one.regimen[:1].upper()}{one.regimen[1:]}" for k, one in enumerate(said.courses)]
    wrapped = [textwrap.wrap(title.strip(), int(width / 7.2)) for title in titles]
    tallest = max(len(lines) for lines in wrapped)
    return [[*lines, *[" "] * (tallest - len(lines))] for lines in wrapped]


def _column(said: Expected, place: int, head: list[str], width: int) -> Any:
    course, colour = said.courses[place], COLOURS[place]
    parts = [_panel(said, place, series, width) for series in course.series]
    title = alt.TitleParams(head, anchor="start", frame="group", fontSize=13, fontWeight=700, color=colour)
    return alt.vconcat(*parts, _doses(said, course, colour, width), spacing=10, title=title).resolve_scale(x="shared")


def _frame(said: Expected) -> tuple[date, date]:
    return said.dates[0], said.dates[-1]


def _panel(said: Expected, place: int, series: Series, width: int) -> Any:
    """Bands of one marker; the middle of the other regimen is a thin line, so that the two can be compared."""
    of_all = [_rows(said, mine) for one in said.courses for mine in one.series if mine.marker == series.marker]
    axis, scale = _axis(series.marker, [row for rows in of_all for row in rows])
    x, colour = x_axis(_frame(said), labels=False), COLOURS[place]

    def y(name: str) -> alt.Y:
        return alt.Y(f"{name}:Q", scale=scale, axis=axis, title=None)

    base = alt.Chart(chart_data(of_all[place])).encode(x=x, detail="piece:N")
    layers: list[Any] = [
        base.mark_area(color=colour, opacity=0.17).encode(y=y("low"), y2="high:Q"),
        base.mark_area(color=colour, opacity=0.32).encode(y=y("low_50"), y2="high_50:Q"),
    ]
    for other in [rows for k, rows in enumerate(of_all) if k != place]:
        line = alt.Chart(chart_data(other)).encode(x=x, detail="piece:N", y=y("median"))
        layers.append(line.mark_line(color=COLOURS[1 - place], strokeWidth=1.2, strokeDash=[4, 3]))
    layers.append(base.mark_line(color=colour, strokeWidth=2.2).encode(y=y("median")))
    return alt.layer(*layers).properties(width=width, height=PANEL_HEIGHT, title=_title(series, place, width))


def _title(series: Series, place: int, width: int) -> alt.TitleParams:
    """The marker and, in the first column, what it is; blank lines keep the second column in step."""
    lines = textwrap.wrap(CAPTIONS[series.marker], int(width / LETTER))
    below = lines if place == 0 or width <= NARROW else [" "] * len(lines)
    return alt.TitleParams(
        marker_words(series), subtitle=below, anchor="start", frame="group", fontSize=12.5, fontWeight=600, color=INK,
        subtitleFontSize=11, subtitleColor=SOFT, offset=4,
    )  # fmt: skip


def _axis(marker: str, rows: list[dict[str, Any]]) -> tuple[alt.Axis, alt.Scale]:
    low, high = min(row["low"] for row in rows), max(row["high"] for row in rows)
    if marker in COUNT:
        return alt.Axis(title=None, tickCount=4), alt.Scale(domain=[0.96 * low, 1.04 * high], nice=False, zero=False)
    domain = [low * 0.85, high * 1.2]
    inside = [tick for tick in TICKS if domain[0] <= tick <= domain[1]]
    ticks = inside[:: -(-len(inside) // MOST_TICKS)] if inside else inside
    scale = alt.Scale(type="log", domain=domain, nice=False, clamp=True)
    return alt.Axis(title=None, values=ticks, format="~d", gridOpacity=0.6), scale


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


def _doses(said: Expected, course: Course, colour: str, width: int) -> Any:
    x = x_axis(_frame(said), labels=True)
    y = alt.Y("lane:N", axis=alt.Axis(title=None, domain=False, ticks=False, labelFontSize=12), sort=None)
    rows = [{"day": day, "lane": "doses"} for day in _thinned(course)] or [{"day": None, "lane": "doses"}]
    marks = alt.Chart(chart_data(rows)).mark_tick(color=colour, thickness=2.5, size=16)
    return marks.encode(x=x, y=y).properties(width=width, height=LANE_HEIGHT)


def is_thinned(course: Course) -> bool:
    """True where doses are so many that only one a week is drawn."""
    days = course.dose_dates
    return len(days) > MOST_TICKED and days[1] - days[0] < timedelta(days=2)


def _thinned(course: Course) -> list[date]:
    """Ticks that can be told apart: of daily doses one a week."""
    kept: list[date] = []
    for day in course.dose_dates:
        if not kept or not is_thinned(course) or day - kept[-1] >= timedelta(days=7):
            kept.append(day)
    return kept
