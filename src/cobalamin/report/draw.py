"""From a time line to a Vega-Lite picture, by Altair."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import altair as alt
from altair.utils.schemapi import debug_mode

from cobalamin.report.words import unit_words

if TYPE_CHECKING:
    from cobalamin.report.chart import Panel, TimeLine

INK, RULE, TREATED = "#1d2b3a", "#5b6b7c", "#14694f"
BAND_COLOURS = ("#f7d4cd", "#fcedc4", "#d9eedf")
BAND_WORDS = ("deficient", "indeterminate", "unlikely")
PANEL_HEIGHT, BANDED_HEIGHT, LANE_HEIGHT = 80, 150, 24
HEADROOM = 1.15
FONT = "system-ui, 'Segoe UI', 'DejaVu Sans', Arial, sans-serif"
YEAR_DAYS = 366


def drawn(line: TimeLine, width: int) -> dict[str, Any]:
    """The Vega-Lite specification: panels of results over lanes, on one axis of days."""
    # Checking every mark against the schema costs four times the drawing; the tests draw with it on.
    with debug_mode(False):
        return _drawn(line, width)


def resized(picture: dict[str, Any], width: int) -> dict[str, Any]:
    """The same picture at another width."""
    return picture | {"vconcat": [part | {"width": width} for part in picture["vconcat"]]}


def _drawn(line: TimeLine, width: int) -> dict[str, Any]:
    parts: list[Any] = [_panel(line, panel, width) for panel in line.panels]
    if line.marks or line.bars:
        parts.append(_lanes(line, width))
    picture = alt.vconcat(*parts, spacing=14).resolve_scale(x="shared", color="independent")
    picture = picture.configure(font=FONT, background="white").configure_view(stroke="#c9d2dc")
    spec: dict[str, Any] = picture.configure_axis(labelColor=INK, titleColor=INK, labelFontSize=12).to_dict()
    return spec


def _data(rows: list[dict[str, Any]]) -> alt.Data:
    plain = [{k: v.isoformat() if isinstance(v, date) else v for k, v in row.items()} for row in rows]
    return alt.Data(values=plain)  # type: ignore[no-untyped-call]


def _x(line: TimeLine, name: str, labels: bool) -> alt.X:
    days = (line.end - line.start).days
    form = "%b %Y" if days > YEAR_DAYS else "%d %b"
    axis = alt.Axis(format=form, title=None, tickCount=5, labels=labels, ticks=labels, grid=False, labelOverlap=True)
    domain = [line.start.isoformat(), line.end.isoformat()]
    return alt.X(f"{name}:T", axis=axis, scale=alt.Scale(domain=domain, type="time"))


def _panel(line: TimeLine, panel: Panel, width: int) -> Any:
    values = [point["value"] for point in panel.points]
    top = max([*values, *(edge * 1.25 for edge in panel.edges)]) * HEADROOM
    bottom = 0 if panel.edges else min(values) * 0.9
    title = f"{panel.title}, {unit_words(panel.unit)}"
    y = alt.Y(
        "value:Q", title=None, scale=alt.Scale(domain=[bottom, top], nice=False), axis=alt.Axis(tickCount=4, grid=False)
    )
    rows = [{name: point[name] for name in ("day", "value", "label")} for point in panel.points]
    last = not (line.marks or line.bars) and panel is line.panels[-1]
    base = alt.Chart(_data(rows)).encode(x=_x(line, "day", last), y=y)
    layers = [
        *_bands(line, panel, top),
        *_verticals(line),
        base.mark_line(color=INK, strokeWidth=1.5, opacity=0.6),
        base.mark_point(color=INK, filled=True, size=70, opacity=1),
        _labels(base, rows),
    ]
    height = BANDED_HEIGHT if len(panel.edges) > 1 else PANEL_HEIGHT
    anchor = alt.TitleParams(title, anchor="start", fontSize=13, fontWeight=600, color=INK)
    return alt.layer(*layers).properties(width=width, height=height, title=anchor)


def _labels(base: alt.Chart, rows: list[dict[str, Any]]) -> Any:
    """Few values are all written; of many only the first, the last and the extremes."""
    kept = rows
    if len(rows) > 6:
        by_value = sorted(rows, key=lambda row: row["value"])
        kept = [rows[0], by_value[0], by_value[-1], rows[-1]]
    shown = base.properties(data=_data(list({id(row): row for row in kept}.values())))
    return shown.mark_text(dy=-11, fontSize=12, fontWeight=600, color=INK).encode(text="label:N")


def _bands(line: TimeLine, panel: Panel, top: float) -> list[alt.Chart]:
    if not panel.edges:
        return []
    cuts = [0.0, *panel.edges, top]
    if len(panel.edges) == 1:
        limit = _data([{"edge": panel.edges[0]}])
        return [alt.Chart(limit).mark_rule(strokeDash=[4, 3], color=RULE).encode(y="edge:Q")]
    rows = [
        {"low": low, "high": high, "colour": colour, "band": name, "side": line.end, "middle": (low + high) / 2}
        for low, high, colour, name in zip(cuts, cuts[1:], BAND_COLOURS, BAND_WORDS, strict=False)
    ]
    data = _data(rows)
    colour = alt.Color("colour:N", scale=None, legend=None)
    fill = alt.Chart(data).mark_rect().encode(y="low:Q", y2="high:Q", color=colour)
    words = alt.Chart(data).mark_text(align="right", dx=-5, fontSize=11, color=RULE)
    return [fill, words.encode(x=_x(line, "side", False), y="middle:Q", text="band:N")]


def _verticals(line: TimeLine) -> list[alt.Chart]:
    rules = [alt.Chart(_data([{"day": line.on}])).mark_rule(color=RULE, strokeDash=[3, 3])]
    if line.treated and line.treated >= line.start:
        rules.append(alt.Chart(_data([{"day": line.treated}])).mark_rule(color=TREATED, strokeWidth=1.5))
    return [rule.encode(x=_x(line, "day", False)) for rule in rules]


def _lanes(line: TimeLine, width: int) -> Any:
    names = list(dict.fromkeys([mark["lane"] for mark in line.marks] + [bar["lane"] for bar in line.bars]))
    top = [{"day": line.on, "lane": names[0], "says": "today"}]
    if line.treated and line.treated >= line.start and (line.on - line.treated) > (line.end - line.start) / 6:
        top.append({"day": line.treated, "lane": names[0], "says": "treatment began"})
    axis = alt.Axis(title=None, domain=False, ticks=False, labelLimit=130, labelFontSize=12)
    y = alt.Y("lane:N", sort=names, axis=axis, scale=alt.Scale(domain=names))
    colour = alt.Color("colour:N", scale=None, legend=None)
    ends = [bar | {"end": bar["end"] + timedelta(days=1)} for bar in line.bars]
    bars = alt.Chart(_data(ends)).encode(x=_x(line, "start", True), x2="end:T", y=y, color=colour)
    given = [mark for mark in line.marks if not mark.get("open")]
    planned = [mark for mark in line.marks if mark.get("open")]
    layers: list[alt.Chart] = [*_verticals(line)]
    if ends:
        layers += [bars.mark_bar(height=9, cornerRadius=2, opacity=0.85)]
    if given:
        encoded = alt.Chart(_data(given)).encode(x=_x(line, "day", True), y=y, color=colour)
        layers.append(encoded.mark_tick(thickness=2.5, size=16))
    if planned:
        encoded = alt.Chart(_data(planned)).encode(x=_x(line, "day", True), y=y, color=colour)
        layers.append(encoded.mark_point(shape="circle", filled=False, size=60, strokeWidth=2))
    words = alt.Chart(_data(top)).mark_text(dy=-LANE_HEIGHT + 4, fontSize=11, color=RULE)
    layers.append(words.encode(x=_x(line, "day", True), y=y, text="says:N"))
    return alt.layer(*layers).properties(width=width, height=LANE_HEIGHT * len(names))
