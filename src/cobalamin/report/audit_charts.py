"""Pictures of an audit: measures, forecast, who is in it and what was decided. Altair to inline SVG."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

import altair as alt
import vl_convert
from altair.utils.schemapi import debug_mode

FONT = "system-ui, 'Segoe UI', 'DejaVu Sans', Arial, sans-serif"
INK, SOFT, LINE = "#1d2b3a", "#4a5968", "#d5dce4"
TO_DO, FINE, FREED, NEW = "#b3402a", "#a9cdb8", "#e3a13b", "#9db4d3"
NOW = "#2458a6"
SEXES = {"women": "#7a4f9e", "men": "#3a8c8c", "sex not stated": "#9aa5b1"}
WIDTH = 820


def measures_svg(measures: list[dict[str, Any]]) -> str:
    """One bar a measure: how much of it needs doing. Empty where no measure applies."""
    rows = [
        {
            "title": f"{one['number']}. {one['title']}",
            "percent": one["percent"] or 0.0,
            "rest": 100.0,
            "label": _label(one),
        }
        for one in measures
        if one["applies"]
    ]
    if not rows:
        return ""
    order = [str(row["title"]) for row in rows]
    y = alt.Y(
        "title:N", sort=order, title=None, axis=alt.Axis(labelLimit=330, labelFontSize=13, ticks=False, domain=False)
    )
    scale = alt.Scale(domain=[0, 100])
    axis = alt.Axis(title="per cent for whom something should be done", tickCount=5, grid=False)
    base = alt.Chart(_data(rows)).encode(y=y)
    layers = [
        base.mark_bar(color=FINE, height=16).encode(x=alt.X("rest:Q", scale=scale, axis=axis)),
        base.mark_bar(color=TO_DO, height=16).encode(x=alt.X("percent:Q", scale=scale)),
        base.mark_text(align="left", dx=6, fontSize=12, color=INK).encode(x=alt.datum(100), text="label:N"),
    ]
    return _svg(alt.layer(*layers).properties(width=WIDTH - 330, height=30 * len(rows)))


def _label(one: dict[str, Any]) -> str:
    return f"{one['numerator_shown']} of {one['denominator_shown']}"


def forecast_svg(weeks: list[dict[str, Any]], on: date) -> str:
    """Appointments a week for a year, stacked by what they are for."""
    # First courses come on top and tablets lie in between, so that the eye sees what would go.
    busy = {row["kind"] for row in weeks if row["appointments"]}
    weeks = [row for row in weeks if row["kind"] in busy]
    kinds = list(dict.fromkeys(row["kind"] for row in sorted(weeks, key=lambda row: _place(row["kind"]))))
    rows = [
        row | {"monday": (on + timedelta(weeks=row["week"])).isoformat(), "place": _place(row["kind"])} for row in weeks
    ]
    colour = alt.Color(
        "kind:N",
        scale=alt.Scale(domain=kinds, range=[(NOW, FREED, NEW)[_place(kind)] for kind in kinds]),
        legend=alt.Legend(title=None, orient="top", labelLimit=320, labelFontSize=13),
    )
    x = alt.X("monday:T", title=None, axis=alt.Axis(format="%b %Y", tickCount=8, grid=False))
    y = alt.Y("sum(appointments):Q", title="injections a week", axis=alt.Axis(tickCount=5, tickMinStep=1))
    bars = alt.Chart(_data(rows)).mark_bar(width=10).encode(x=x, y=y, color=colour, order=alt.Order("place:Q"))
    return _svg(bars.properties(width=WIDTH, height=190))


def _place(kind: str) -> int:
    return 0 if "now" in kind else 1 if "freed" in kind else 2


def truth_forecast_svg(weeks: list[dict[str, Any]], on: date) -> str:
    """Appointments a week as forecast (bars) and as truly due (line)."""
    if not any(row["said"] or row["true"] for row in weeks):
        return ""
    rows = [row | {"monday": (on + timedelta(weeks=row["week"])).isoformat()} for row in weeks]
    x = alt.X("monday:T", title=None, axis=alt.Axis(format="%b %Y", tickCount=8, grid=False))
    axis = alt.Axis(tickCount=5, tickMinStep=1)
    names = ["forecast", "truly due"]
    colour = alt.Color(
        "kind:N",
        scale=alt.Scale(domain=names, range=[NEW, INK]),
        legend=alt.Legend(title=None, orient="top", labelFontSize=13),
    )
    base = alt.Chart(_data(rows)).encode(x=x, color=colour)
    bars = base.transform_calculate(kind="'forecast'").mark_bar(width=10)
    line = base.transform_calculate(kind="'truly due'").mark_line(interpolate="step", strokeWidth=1.6)
    said = bars.encode(y=alt.Y("said:Q", title="injections a week", axis=axis))
    return _svg(alt.layer(said, line.encode(y="true:Q")).properties(width=WIDTH, height=150))


def ages_svg(ages: list[dict[str, Any]]) -> str:
    """Adults by age and sex."""
    if not ages:
        return ""
    sexes = [name for name in SEXES if any(row["sex"] == name for row in ages)]
    colour = alt.Color(
        "sex:N",
        scale=alt.Scale(domain=sexes, range=[SEXES[name] for name in sexes]),
        legend=alt.Legend(title=None, orient="top", labelFontSize=13),
    )
    bars = alt.Chart(_data(ages)).encode(
        x=alt.X("band:N", title="age", axis=alt.Axis(labelAngle=0)),
        y=alt.Y("count:Q", title="people", axis=alt.Axis(tickCount=4, tickMinStep=1)),
        color=colour,
        xOffset=alt.XOffset("sex:N", sort=sexes),
    )
    return _svg(bars.mark_bar().properties(width=WIDTH - 80, height=150))


def bars_svg(rows: list[dict[str, Any]], colours: dict[str, str]) -> str:
    """Plain bars with their number: `rows` hold `words`, `count` and `shown`."""
    if not rows:
        return ""
    drawn = [
        {
            "words": row["words"],
            "count": row["count"] or 0,
            "shown": row["shown"],
            "colour": colours.get(row["value"], NOW),
        }
        for row in rows
    ]
    order = [row["words"] for row in drawn]
    y = alt.Y(
        "words:N", sort=order, title=None, axis=alt.Axis(labelLimit=330, labelFontSize=13, ticks=False, domain=False)
    )
    base = alt.Chart(_data(drawn)).encode(y=y, x=alt.X("count:Q", axis=None))
    colour = alt.Color("colour:N", scale=None, legend=None)
    text = base.mark_text(align="left", dx=6, fontSize=13, color=INK).encode(text="shown:N")
    return _svg(
        alt.layer(base.mark_bar(height=16).encode(color=colour), text).properties(
            width=WIDTH - 330, height=28 * len(drawn)
        )
    )


def _data(rows: list[dict[str, Any]]) -> Any:
    return alt.Data(values=rows)  # type: ignore[no-untyped-call]


def _svg(chart: Any) -> str:
    """The picture as SVG for a page: no declaration, ids of its own, as wide as its place."""
    with debug_mode(False):
        spec = (
            chart.configure(font=FONT, background="white")
            .configure_view(stroke=None)
            .configure_axis(
                labelColor=INK,
                titleColor=SOFT,
                titleFontWeight="normal",
                labelFontSize=12,
                gridColor=LINE,
                domainColor=LINE,
                tickColor=LINE,
            )
            .configure_legend(labelColor=INK)
            .to_dict()
        )
    return with_own_ids(vl_convert.vegalite_to_svg(spec))


def with_own_ids(svg: str) -> str:
    """The SVG with ids that depend on its content, so that several pictures can share a page."""
    mark = f"s{abs(hash_of(svg)):x}"
    svg = re.sub(r'\bid="([^"]+)"', rf'id="{mark}-\1"', svg)
    svg = re.sub(r"url\(#([^)]+)\)", rf"url(#{mark}-\1)", svg)
    return re.sub(
        r'<svg ([^>]*?)width="(\d+(?:\.\d+)?)" height="[^"]*"',
        r'<svg \1style="max-width:\2px" role="img"',
        svg,
        count=1,
    )


def hash_of(text: str) -> int:
    """A number that is the same for the same text in every process."""
    from zlib import crc32

    return crc32(text.encode())
