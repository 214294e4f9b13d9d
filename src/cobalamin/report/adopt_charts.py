"""Pictures of a change of guidance: how people flow from old answers to new ones. Altair to inline SVG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt
import vl_convert
from altair.utils.schemapi import debug_mode

from cobalamin.report.audit_charts import FONT, INK, LINE, SOFT, with_own_ids

WIDTH, HEIGHT, CLOSER_HEIGHT = 620, 300, 190
LABEL_WIDTH = 175
BAR, STEPS = 0.03, 24
GAP, LABEL_GAP = 0.025, 0.055
OTHER = "#c3ccd5"
PALE, STRONG = 0.22, 0.85


def flow_svg(
    flows: list[dict[str, Any]],
    order: Sequence[str],
    colours: dict[str, str],
    words: dict[str, str],
    height: int = HEIGHT,
) -> str:
    """Two stacked bars, before and after, and a band between them for each way people go. Empty where nobody is.

    `flows` hold `from`, `to`, `count` and `same`; what did not change is pale, what did is strong.
    """
    kept = [flow for flow in flows if flow["count"]]
    total = sum(flow["count"] for flow in kept)
    if not total:
        return ""
    names = [name for name in order if any(name in (flow["from"], flow["to"]) for flow in kept)]
    names += sorted({flow[end] for flow in kept for end in ("from", "to")} - set(names))
    left, right = (_stack(kept, names, end, total) for end in ("from", "to"))
    rows = [
        row | {"colour": colours.get(flow["from"], OTHER)}
        for flow in kept
        for row in _ribbon(flow, left[flow["from"]].tops[flow["to"]], right[flow["to"]].tops[flow["from"]], total)
    ]
    nodes = [
        node
        for side, bars in (("a", left), ("b", right))
        for node in _nodes(bars, side, colours, words, LABEL_GAP * HEIGHT / height)
    ]
    return _svg(_drawn(rows, nodes, max(node["bottom"] for node in nodes), height))


@dataclass(frozen=True)
class Bar:
    """One answer of one side, in shares of the whole; `tops` says where the band to each other answer begins."""

    top: float
    bottom: float
    people: int
    tops: dict[str, float]


def _stack(flows: list[dict[str, Any]], names: list[str], end: str, total: int) -> dict[str, Bar]:
    """The answers of one side from top to bottom, with gaps between them."""
    other = "to" if end == "from" else "from"
    place, found = 0.0, {}
    for name in names:
        sizes = {flow[other]: flow["count"] for flow in flows if flow[end] == name}
        if not sizes:
            continue
        tops, at = {}, place
        for answer in names:
            if answer in sizes:
                tops[answer] = at
                at += sizes[answer] / total
        found[name] = Bar(place, at, sum(sizes.values()), tops)
        place = at + GAP
    return found


def _ribbon(flow: dict[str, Any], start: float, end: float, total: int) -> list[dict[str, Any]]:
    """The band of one flow: rows of x, top and bottom along a smooth step."""
    rows = []
    for step in range(STEPS + 1):
        share = step / STEPS
        top = start + (end - start) * share * share * (3 - 2 * share)
        rows.append({"x": BAR + share * (1 - 2 * BAR), "top": top, "bottom": top + flow["count"] / total,
                     "flow": f"{flow['from']} {flow['to']}", "strength": PALE if flow["same"] else STRONG})  # fmt: skip
    return rows


def _nodes(
    bars: dict[str, Bar], side: str, colours: dict[str, str], words: dict[str, str], apart: float
) -> list[dict[str, Any]]:
    """The bars of one side with their labels, pushed apart where bars are thin."""
    found: list[dict[str, Any]] = []
    lowest = -1.0
    for name, bar in bars.items():
        lowest = label = max((bar.top + bar.bottom) / 2, lowest + apart)
        x = (0.0, BAR) if side == "a" else (1 - BAR, 1.0)
        said = f"{words.get(name, name)}  {bar.people:,}"
        found.append({"side": side, "x": x[0], "x2": x[1], "top": bar.top, "bottom": bar.bottom, "label": label,
                      "colour": colours.get(name, OTHER), "words": said})  # fmt: skip
    return found


def _drawn(rows: list[dict[str, Any]], nodes: list[dict[str, Any]], deepest: float, height: int) -> Any:
    x = alt.X("x:Q", axis=None, scale=alt.Scale(domain=[0, 1], nice=False))
    scale = alt.Scale(domain=[max(deepest, *(node["label"] for node in nodes)) + 0.02, -0.02], nice=False)
    top = alt.Y("top:Q", axis=None, scale=scale)
    colour = alt.Color("colour:N", scale=None, legend=None)
    bands = alt.Chart(_data(rows)).mark_area(line=False, interpolate="linear").encode(
        x=x, y=top, y2="bottom:Q", color=colour, detail="flow:N",
        opacity=alt.Opacity("strength:Q", scale=None, legend=None),
    )  # fmt: skip
    bars = alt.Chart(_data(nodes)).mark_rect().encode(x=x, x2="x2:Q", y=top, y2="bottom:Q", color=colour)
    layers = [bands, bars]
    for side, at, shift in (("a", "x:Q", -8), ("b", "x2:Q", 8)):
        mine = alt.Chart(_data([node for node in nodes if node["side"] == side]))
        style: dict[str, Any] = {"dx": shift, "fontSize": 13, "color": INK, "limit": LABEL_WIDTH - 10}
        text = mine.mark_text(align="right", **style) if side == "a" else mine.mark_text(align="left", **style)
        layers.append(text.encode(x=alt.X(at, axis=None), y=alt.Y("label:Q", axis=None, scale=scale), text="words:N"))
    padding = {"left": LABEL_WIDTH, "right": LABEL_WIDTH, "top": 4, "bottom": 4}
    return alt.layer(*layers).properties(width=WIDTH, height=height, padding=padding, autosize="none")


def _data(rows: list[dict[str, Any]]) -> Any:
    return alt.Data(values=rows)  # type: ignore[no-untyped-call]


def _svg(chart: Any) -> str:
    with debug_mode(False):
        made = chart.configure(font=FONT, background="white").configure_view(stroke=None)
        spec = made.configure_axis(labelColor=INK, titleColor=SOFT, gridColor=LINE).to_dict()
    return with_own_ids(vl_convert.vegalite_to_svg(spec))
