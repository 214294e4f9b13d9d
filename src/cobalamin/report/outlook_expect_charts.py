"""Pictures of what is expected: a column a regimen, a panel a marker, its doses below. Vega-Lite to inline SVG.

The picture is written as plain Vega-Lite: Altair copies each layer many times while charts are put beside each
other, which took longer than everything else that the command does.
"""

from __future__ import annotations

import textwrap
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import vl_convert

from cobalamin.report.audit_charts import FONT, INK, LINE, SOFT, with_own_ids
from cobalamin.report.outlook_expect import CAPTIONS
from cobalamin.report.outlook_expect_table import COUNT, FACTORS, marker_words

if TYPE_CHECKING:
    from cobalamin.outlook.expect import Course, Expected, Series

Spec = dict[str, Any]

COLOURS = ("#2458a6", "#a4480b")
PANEL_HEIGHT, LANE_HEIGHT = 130, 26
WIDE, NARROW = 660, 290
BETWEEN = 34  # between two columns
LETTER, LETTER_OF_HEAD = 5.9, 7.2  # width of a letter
TICKS = (1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 70, 100, 150, 200, 300, 500, 700, 1000, 1500, 2000, 3000, 5000, 10000)
MOST_TICKS = 6
MOST_TICKED = 60  # doses
LONG_DAYS = 400  # from here on the axis names years
SCHEMA = "https://vega.github.io/schema/vega-lite/v5.json"
LOOK = {
    "font": FONT,
    "background": "white",
    "view": {"stroke": "#dfe4ea"},
    "axis": {
        "labelColor": INK, "titleColor": SOFT, "titleFontWeight": "normal", "labelFontSize": 12, "gridColor": LINE,
        "domainColor": LINE, "tickColor": LINE,
    },
}  # fmt: skip


def levels_svg(said: Expected, width: int) -> str:
    """A column a regimen on a wide screen, one below the other on a narrow one, all on the same scales."""
    beside = len(said.courses) > 1 and width > NARROW
    each = (width - BETWEEN) // 2 if beside else width
    heads = _heads(said, each)
    columns = [_column(said, place, heads[place], each) for place in range(len(said.courses))]
    joined = {"hconcat": columns, "spacing": BETWEEN} if beside else {"vconcat": columns, "spacing": 28}
    return with_own_ids(vl_convert.vegalite_to_svg({"$schema": SCHEMA, "config": LOOK, **joined}))


def letter(said: Expected, place: int) -> str:
    """A and B where there are two."""
    return "" if len(said.courses) == 1 else "AB"[place]


def _heads(said: Expected, width: int) -> list[list[str]]:
    """The regimens as titles of the same height."""
    titles = [f"{letter(said, k)}  {one.regimen[:1].upper()}{one.regimen[1:]}" for k, one in enumerate(said.courses)]
    wrapped = [textwrap.wrap(title.strip(), int(width / LETTER_OF_HEAD)) for title in titles]
    tallest = max(len(lines) for lines in wrapped)
    return [[*lines, *[" "] * (tallest - len(lines))] for lines in wrapped]


def _column(said: Expected, place: int, head: list[str], width: int) -> Spec:
    course, colour = said.courses[place], COLOURS[place]
    parts = [_panel(said, place, series, width) for series in course.series]
    title = {"text": head, "anchor": "start", "frame": "group", "fontSize": 13, "fontWeight": 700, "color": colour}
    return {"vconcat": [*parts, _doses(said, course, colour, width)], "spacing": 10, "title": title}


def _x(said: Expected, *, labels: bool) -> Spec:
    frame = said.dates[0], said.dates[-1]
    axis = {
        "format": "%b %Y" if (frame[1] - frame[0]).days > LONG_DAYS else "%d %b",
        "title": None, "tickCount": 6, "labels": labels, "ticks": labels, "grid": False, "labelOverlap": True,
    }  # fmt: skip
    scale = {"domain": [day.isoformat() for day in frame], "type": "time"}
    return {"field": "day", "type": "temporal", "axis": axis, "scale": scale}


def _panel(said: Expected, place: int, series: Series, width: int) -> Spec:
    """Bands of one marker; the middle of the other regimen is a thin line, so that the two can be compared."""
    of_all = [_rows(said, mine) for one in said.courses for mine in one.series if mine.marker == series.marker]
    scaled = _scale(series.marker, [row for rows in of_all for row in rows])

    def y(field: str) -> Spec:
        return {"field": field, "type": "quantitative", "title": None, **scaled}

    own, others = of_all[place], [rows for k, rows in enumerate(of_all) if k != place]
    dashed = {"type": "line", "color": COLOURS[1 - place], "strokeWidth": 1.2, "strokeDash": [4, 3]}
    colour = COLOURS[place]
    layers = [
        _layer(own, {"type": "area", "color": colour, "opacity": 0.17}, y("low"), {"field": "high"}),
        _layer(own, {"type": "area", "color": colour, "opacity": 0.32}, y("low_50"), {"field": "high_50"}),
        *(_layer(rows, dashed, y("median")) for rows in others),
        _layer(own, {"type": "line", "color": colour, "strokeWidth": 2.2}, y("median")),
    ]
    shared = {"x": _x(said, labels=False), "detail": {"field": "piece", "type": "nominal"}}
    title = _title(series, place, width)
    return {"encoding": shared, "layer": layers, "width": width, "height": PANEL_HEIGHT, "title": title}


def _layer(rows: list[Spec], mark: Spec, y: Spec, y2: Spec | None = None) -> Spec:
    encoding = {"y": y} if y2 is None else {"y": y, "y2": y2}
    return {"data": {"values": rows}, "mark": mark, "encoding": encoding}


def _title(series: Series, place: int, width: int) -> Spec:
    """The marker and, in the first column, what it is; blank lines keep the second column in step."""
    lines = textwrap.wrap(CAPTIONS[series.marker], int(width / LETTER))
    below = lines if place == 0 or width <= NARROW else [" "] * len(lines)
    return {
        "text": marker_words(series), "subtitle": below, "anchor": "start", "frame": "group", "fontSize": 12.5,
        "fontWeight": 600, "color": INK, "subtitleFontSize": 11, "subtitleColor": SOFT, "offset": 4,
    }  # fmt: skip


def _scale(marker: str, rows: list[Spec]) -> Spec:
    """Axis and scale of a marker, the same under each regimen: even for the count, multiplying for the others."""
    low, high = min(row["low"] for row in rows), max(row["high"] for row in rows)
    if marker in COUNT:
        scale: Spec = {"domain": [0.96 * low, 1.04 * high], "nice": False, "zero": False}
        return {"axis": {"title": None, "tickCount": 4}, "scale": scale}
    domain = [low * 0.85, high * 1.2]
    inside = [tick for tick in TICKS if domain[0] <= tick <= domain[1]]
    ticks = inside[:: -(-len(inside) // MOST_TICKS)] if inside else inside
    scale = {"type": "log", "domain": domain, "nice": False, "clamp": True}
    return {"axis": {"title": None, "values": ticks, "format": "~d", "gridOpacity": 0.6}, "scale": scale}


def _rows(said: Expected, series: Series) -> list[Spec]:
    """One row a day that can be foretold; pieces are drawn apart where an injection lies between."""
    rows: list[Spec] = []
    by, piece, hidden = FACTORS.get(series.marker, 1.0), 0, False
    for day, one in zip(said.dates, series.spreads, strict=True):
        if one is None:
            hidden = True
            continue
        piece, hidden = piece + hidden, False
        levels = {"low": one.low_90, "low_50": one.low_50, "median": one.median, "high_50": one.high_50}
        levels["high"] = one.high_90
        rows.append({"day": day.isoformat(), "piece": piece} | {name: value * by for name, value in levels.items()})
    return rows


def _doses(said: Expected, course: Course, colour: str, width: int) -> Spec:
    axis = {"title": None, "domain": False, "ticks": False, "labelFontSize": 12}
    days: list[str | None] = [day.isoformat() for day in _thinned(course)]
    rows = [{"day": day, "lane": "doses"} for day in days or [None]]
    return {
        "data": {"values": rows},
        "mark": {"type": "tick", "color": colour, "thickness": 2.5, "size": 16},
        "encoding": {"x": _x(said, labels=True), "y": {"field": "lane", "type": "nominal", "axis": axis}},
        "width": width,
        "height": LANE_HEIGHT,
    }


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
