"""Pictures of a fit: levels with their bands, what was learned, the chances at each interval. Altair to inline SVG."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import altair as alt
import vl_convert
from altair.utils.schemapi import debug_mode

from cobalamin.report.audit_charts import FONT, INK, LINE, SOFT, with_own_ids
from cobalamin.report.outlook_fit_words import PARAMETERS, limit_short, marker_unit, marker_words, percent

if TYPE_CHECKING:
    from cobalamin.outlook.fit_said import Band, FitSaid, ResultSaid

OWN, OWN_SOFT, USUAL, USUAL_LINE = "#2458a6", "#9fbce3", "#e4e7eb", "#8f9aa6"
POINT, SURPRISE, LIMIT, DOSE = "#1d2b3a", "#b3402a", "#a4480b", "#14694f"
WIDE, NARROW = 640, 300
PANEL_HEIGHT, LANE_HEIGHT = 190, 26
TICKS = (2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000)


def pictures(said: FitSaid, labels: list[str], width: int) -> dict[str, str]:
    """Every picture by name, for one width; empty where there is nothing to draw. `labels` name the intervals."""
    # Checking every mark against the schema costs four times the drawing; the tests draw with it on.
    with debug_mode(False):
        return {
            "levels": levels_svg(said, width),
            "chances": chances_svg(said, labels, width),
            "tests": narrowing_svg(said, width),
            "learned": learned_svg(said, width),
        }


def levels_svg(said: FitSaid, width: int = WIDE) -> str:
    """One panel a marker over time: usual band, own bands, results, limits, doses. Empty without bands."""
    if not said.bands:
        return ""
    days = [day for band in said.bands for day in band.dates]
    frame = (min(days), max(days))
    parts = [_panel(said, band, frame, width) for band in said.bands]
    parts.append(_doses(said, frame, width))
    return svg_of(alt.vconcat(*parts, spacing=12).resolve_scale(x="shared", color="independent"))


def chart_data(rows: list[dict[str, Any]]) -> Any:
    """Rows as one text: Altair copies every layer's data over and over, and a text is copied at once."""
    plain = [{key: item.isoformat() if isinstance(item, date) else item for key, item in row.items()} for row in rows]
    return alt.InlineData(values=json.dumps(plain), format=alt.DataFormat(type="json"))  # type: ignore[no-untyped-call]


def x_axis(frame: tuple[date, date], labels: bool, name: str = "day") -> alt.X:
    """The axis of days."""
    span = (frame[1] - frame[0]).days
    axis = alt.Axis(
        format="%b %Y" if span > 400 else "%d %b",
        title=None,
        tickCount=6,
        labels=labels,
        ticks=labels,
        grid=False,
        labelOverlap=True,
    )
    return alt.X(f"{name}:T", axis=axis, scale=alt.Scale(domain=[day.isoformat() for day in frame], type="time"))


def _panel(said: FitSaid, band: Band, frame: tuple[date, date], width: int) -> Any:
    results = [one for one in said.results if one.marker == band.marker and frame[0] <= one.date <= frame[1]]
    limits = [one for one in said.limits if one.marker == band.marker]
    rows = _band_rows(band, [*said.dose_dates, *said.planned_dates])
    domain = _domain(rows, results, [one.value for one in limits])
    scale = alt.Scale(type="log", domain=domain, nice=False, clamp=True)
    y = _levels_axis(scale, domain)
    x = x_axis(frame, labels=False)
    base = alt.Chart(chart_data(rows)).encode(x=x, detail="piece:N")
    layers = [
        _beyond(said, frame),
        base.mark_area(color=USUAL).encode(y=y("usual_low"), y2="usual_high:Q"),
        base.mark_area(color=OWN_SOFT, opacity=0.65).encode(y=y("low"), y2="high:Q"),
        base.mark_area(color=OWN, opacity=0.45).encode(y=y("low_50"), y2="high_50:Q"),
        base.mark_line(color=OWN, strokeWidth=2).encode(y=y("median")),
        *_limit_layers(limits, frame, x, y),
        *_point_layers(results, x, y, domain),
        alt.Chart(chart_data([{"day": said.on}])).mark_rule(color=SOFT, strokeDash=[3, 3]).encode(x=x),
    ]
    drawn = alt.layer(*[one for one in layers if one is not None])
    title = heading(f"{marker_words(band.marker)}, {marker_unit(band.marker)}")
    return drawn.properties(width=width, height=PANEL_HEIGHT, title=title)


def heading(words: str) -> alt.TitleParams:
    """The title of a panel."""
    return alt.TitleParams(words, anchor="start", fontSize=13, fontWeight=600, color=INK)


def _levels_axis(scale: alt.Scale, domain: list[float]) -> Any:
    ticks = [tick for tick in TICKS if domain[0] <= tick <= domain[1]]
    axis = alt.Axis(title=None, values=ticks, format="d", grid=True, gridOpacity=0.5)
    return lambda name: alt.Y(f"{name}:Q", scale=scale, axis=axis, title=None)


def _band_rows(band: Band, doses: list[date]) -> list[dict[str, Any]]:
    """One row a day that can be foretold; pieces are drawn apart where an injection lies between."""
    rows: list[dict[str, Any]] = []
    piece, previous = 0, band.dates[0]
    for day, usual, own, quiet in zip(band.dates, band.usual, band.own, band.quiet, strict=True):
        if quiet:
            continue
        piece += any(band.quiet) and any(previous <= dose < day for dose in doses)
        previous = day
        rows.append(
            {
                "day": day,
                "piece": piece,
                "usual_low": usual.low_90,
                "usual_high": usual.high_90,
                "low": own.low_90,
                "low_50": own.low_50,
                "median": own.median,
                "high_50": own.high_50,
                "high": own.high_90,
            }
        )
    return rows


def _domain(rows: list[dict[str, Any]], results: list[ResultSaid], limits: list[float]) -> list[float]:
    values = [row[name] for row in rows for name in ("low", "high", "usual_low", "usual_high")] + limits
    values += [edge for one in results if one.weight > 0 for edge in (one.low, one.high) if 0 < edge < float("inf")]
    return [max(min(values) * 0.85, 1.0), max(values) * 1.2]


def _beyond(said: FitSaid, frame: tuple[date, date]) -> Any:
    """A veil over the days that the results do not reach."""
    if said.reliable_until is None or said.reliable_until >= frame[1]:
        return None
    start = max(said.reliable_until, frame[0])
    rows = chart_data([{"start": start, "end": frame[1]}])
    return alt.Chart(rows).mark_rect(color="#f7efe2").encode(x=x_axis(frame, labels=False, name="start"), x2="end:T")


def _limit_layers(limits: list[Any], frame: tuple[date, date], x: alt.X, y: Any) -> list[Any]:
    if not limits:
        return []
    rows = [{"day": frame[1], "level": one.value, "says": f"{one.beyond} {one.value:g}"} for one in limits]
    base = alt.Chart(chart_data(rows))
    return [
        base.mark_rule(color=LIMIT, strokeDash=[5, 3], strokeWidth=1.3).encode(y=y("level")),
        base.mark_text(align="right", dx=-4, dy=-6, fontSize=11, color=LIMIT).encode(x=x, y=y("level"), text="says:N"),
    ]


def _point_layers(results: list[ResultSaid], x: alt.X, y: Any, domain: list[float]) -> list[Any]:
    rows = [_point_row(one, domain) for one in results]
    if not rows:
        return []
    used = [row for row in rows if row["used"]]
    aside = [row for row in rows if not row["used"]]
    colour = alt.Color("colour:N", scale=None, legend=None)
    layers: list[Any] = []
    if aside:
        open_ = alt.Chart(chart_data(aside)).encode(x=x, y=y("level"))
        layers.append(open_.mark_point(color=USUAL_LINE, size=60, filled=False, strokeWidth=1.5))
    if used:
        base = alt.Chart(chart_data(used)).encode(x=x, y=y("level"), color=colour)
        layers.append(base.mark_point(filled=True, size=75, opacity=1, stroke="white", strokeWidth=1))
        layers.append(base.mark_text(dy=-12, fontSize=11.5, fontWeight=600).encode(text="says:N"))
    return layers


def _point_row(one: ResultSaid, domain: list[float]) -> dict[str, Any]:
    inside = [edge for edge in (one.low, one.high) if 0 < edge < float("inf")]
    level = (inside[0] * inside[-1]) ** 0.5
    return {
        "day": one.date,
        "level": min(max(level, domain[0]), domain[1]),
        "says": one.printed,
        "used": one.weight > 0,
        "colour": SURPRISE if one.surprising else POINT,
    }


def _doses(said: FitSaid, frame: tuple[date, date], width: int) -> Any:
    given = [{"day": day, "lane": "doses"} for day in said.dose_dates if frame[0] <= day <= frame[1]]
    planned = [{"day": day, "lane": "doses"} for day in said.planned_dates if frame[0] <= day <= frame[1]]
    y = alt.Y("lane:N", axis=alt.Axis(title=None, domain=False, ticks=False, labelFontSize=12))
    x = x_axis(frame, labels=True)
    layers = [
        alt.Chart(chart_data([{"day": said.on, "lane": "doses", "says": "today"}]))
        .mark_rule(color=SOFT, strokeDash=[3, 3])
        .encode(x=x)
    ]
    if given:
        layers.append(alt.Chart(chart_data(given)).mark_tick(color=DOSE, thickness=2.5, size=16).encode(x=x, y=y))
    if planned:
        marks = alt.Chart(chart_data(planned)).mark_point(color=DOSE, filled=False, size=55, strokeWidth=1.5)
        layers.append(marks.encode(x=x, y=y))
    return alt.layer(*layers).properties(width=width, height=LANE_HEIGHT)


def learned_svg(said: FitSaid, width: int = WIDE) -> str:
    """Each parameter before and after the results, as a multiple of what is usual. Empty without parameters."""
    rows = [row for one in said.parameters for row in _learned_rows(one)]
    if not rows:
        return ""
    names = [PARAMETERS[one.symbol] for one in said.parameters]
    axis = alt.Axis(
        title="times what is usual", values=[0.125, 0.25, 0.5, 1, 2, 4, 8], format="~g", gridOpacity=0.6, tickCount=7
    )
    low, high = min(row["low"] for row in rows), max(row["high"] for row in rows)
    scale = alt.Scale(type="log", domain=[max(low * 0.9, 0.08), min(high * 1.1, 12)], clamp=True, nice=False)
    y = alt.Y("name:N", sort=names, title=None, axis=_row_axis(width))
    offset = alt.YOffset("kind:N", sort=["usual", "own"])
    colour = alt.Color("colour:N", scale=None, legend=None)
    base = alt.Chart(chart_data(rows)).encode(y=y, yOffset=offset, color=colour)
    layers = [
        base.mark_bar(height=3).encode(x=alt.X("low:Q", scale=scale, axis=axis), x2="high:Q"),
        base.mark_bar(height=9, cornerRadius=2).encode(x=alt.X("low_50:Q", scale=scale), x2="high_50:Q"),
        base.mark_tick(thickness=2, size=13, color="white").encode(
            x=alt.X("median:Q", scale=scale), color=alt.value("white")
        ),
    ]
    chart = alt.layer(*layers).properties(width=width - _label_room(width), height=alt.Step(17))
    return svg_of(chart)


def _learned_rows(one: Any) -> list[dict[str, Any]]:
    middle = one.usual.median
    return [
        {
            "name": PARAMETERS[one.symbol],
            "kind": kind,
            "colour": colour,
            "low": spread.low_90 / middle,
            "low_50": spread.low_50 / middle,
            "median": spread.median / middle,
            "high_50": spread.high_50 / middle,
            "high": spread.high_90 / middle,
        }
        for kind, spread, colour in (("usual", one.usual, "#b9c1ca"), ("own", one.own, OWN))
    ]


def _label_room(width: int) -> int:
    return 290 if width > NARROW else 150


def _row_axis(width: int) -> alt.Axis:
    return alt.Axis(
        labelLimit=_label_room(width) - 8, labelFontSize=12.5 if width > NARROW else 10.5, ticks=False, domain=False
    )


def chances_svg(said: FitSaid, labels: list[str], width: int = WIDE) -> str:
    """Chance of being beyond each limit just before an injection, by interval. Empty where no interval is shown."""
    shown = [one for one in said.intervals if one.shown]
    if not shown or not said.limits:
        return ""
    names = [labels[said.intervals.index(one)] for one in shown]
    panels = []
    each = (width - 90) // len(said.limits) - 14 if width > NARROW else width - 130
    for k, limit in enumerate(said.limits):
        rows = [
            {"name": name, "chance": 100 * one.chances[k], "says": percent(one.chances[k]), "full": 100.0}
            for name, one in zip(names, shown, strict=True)
        ]
        axis = alt.Axis(
            labels=k == 0 or width <= NARROW, ticks=False, domain=False, title=None, labelFontSize=12.5, labelLimit=110
        )
        y = alt.Y("name:N", sort=names, axis=axis)
        scale = alt.Scale(domain=[0, 100])
        base = alt.Chart(chart_data(rows)).encode(y=y)
        title = limit_short(limit)
        layers = [
            base.mark_bar(color="#eef1f4", height=15).encode(x=alt.X("full:Q", scale=scale, axis=None)),
            base.mark_bar(color=LIMIT, height=15, opacity=0.8).encode(x=alt.X("chance:Q", scale=scale, axis=None)),
            base.mark_text(align="left", dx=5, fontSize=12, color=INK).encode(
                x=alt.X("chance:Q", scale=scale, axis=None), text="says:N"
            ),
        ]
        panels.append(alt.layer(*layers).properties(width=each, height=alt.Step(24), title=heading(title)))
    joined = alt.hconcat(*panels, spacing=14) if width > NARROW else alt.vconcat(*panels, spacing=14)
    return svg_of(joined)


def narrowing_svg(said: FitSaid, width: int = WIDE) -> str:
    """How much narrower the prediction becomes with one more result, by marker and day. Empty without candidates."""
    if not said.tests:
        return ""
    targets = list(said.tests[0].remaining)
    start = said.on
    panels = []
    each = max(width // len(targets) - 60, 200)
    for target in targets:
        rows = [
            {
                "weeks": (one.date - start) / timedelta(weeks=1),
                "narrower": 100 * (1 - one.remaining[target]),
                "marker": marker_words(one.marker),
            }
            for one in said.tests
        ]
        order: Any = list(dict.fromkeys(marker_words(one.marker) for one in said.tests))
        colour = alt.Color(
            "marker:N",
            scale=alt.Scale(domain=order, range=["#2458a6", "#3a8c8c", "#b3402a", "#7a4f9e"][: len(order)]),
            legend=alt.Legend(title=None, orient="top", labelFontSize=12) if target == targets[0] else None,
        )
        x = alt.X("weeks:Q", title="weeks from today", axis=alt.Axis(grid=False, tickMinStep=1))
        y = alt.Y("narrower:Q", title="narrower by, %", scale=alt.Scale(domain=[0, 60]), axis=alt.Axis(tickCount=4))
        base = alt.Chart(chart_data(rows)).encode(x=x, y=y, color=colour)
        title = heading(f"{marker_words(target)} before an injection, a year on")
        lines = base.mark_line(strokeWidth=1.5, opacity=0.6)
        drawn = alt.layer(lines, base.mark_point(filled=True, size=55, opacity=1))
        panels.append(drawn.properties(width=each, height=120, title=title))
    joined = alt.hconcat(*panels, spacing=30) if width > NARROW else alt.vconcat(*panels, spacing=16)
    return svg_of(joined)


def svg_of(chart: Any) -> str:
    """The picture as SVG for a page: no declaration, ids of its own, as wide as its place."""
    configured = chart.configure(font=FONT, background="white").configure_view(stroke="#dfe4ea")
    spec = configured.configure_axis(
        labelColor=INK, titleColor=SOFT, titleFontWeight="normal", labelFontSize=12, gridColor=LINE,
        domainColor=LINE, tickColor=LINE,
    ).configure_legend(labelColor=INK).to_dict(validate=False)  # fmt: skip
    return with_own_ids(vl_convert.vegalite_to_svg(spec))
