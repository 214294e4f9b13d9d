"""Pictures of the validation, as pages and PNG."""

from __future__ import annotations

from pathlib import Path

import altair as alt

from validation.physiology.survey import QUANTILES, Band
from validation.physiology.trials import Beside, tolerance, tuned_on

INSIDE, OUTSIDE, GREY = "#1f6f8b", "#c8553d", "#d9d9d9"
WIDTH, SCALE = 620, 2
SIZES = {
    "level": "model over seen (a marker's level, or a ratio of levels)",
    "points": "model less seen (per cent of dose, of people or of the baseline; umol/L)",
}


def trials(
    found: list[Beside], out: Path, name: str = "trials", title: str = "The model beside every calibration trial"
) -> None:
    """One line a result: the model against what was seen, and the tolerance that was set beforehand."""
    compared = [one for one in found if one.model is not None]
    factor = [one for one in compared if tolerance(one.row.marker)[0] == "factor"]
    points = [one for one in compared if tolerance(one.row.marker)[0] != "factor"]
    words = [
        "Grey: tolerance set beforehand. Diamonds: trials that no parameter was tuned on.",
        "In brackets: seen | model.",
    ]
    heading = alt.TitleParams(title, subtitle=words, anchor="start")
    panels = [
        _panel(some, SIZES[kind], log=kind == "level") for some, kind in ((factor, "level"), (points, "points")) if some
    ]
    _save(alt.vconcat(*panels).properties(title=heading), out / name)


def _panel(found: list[Beside], title: str, log: bool) -> alt.LayerChart:
    data = alt.Data(values=[_place(one, log) for one in found])
    axis = alt.Axis(title=title, grid=True, values=[0.4, 0.5, 0.7, 1, 1.5, 2, 3] if log else alt.Undefined)
    scale = alt.Scale(type="log", domain=[0.3, 4]) if log else alt.Scale(type="linear")
    x = alt.X("distance:Q", axis=axis, scale=scale)
    y = alt.Y("label:N", sort=None, axis=alt.Axis(title=None, labelLimit=420))
    base = alt.Chart(data)
    band = base.mark_bar(color=GREY, size=9).encode(alt.X("low:Q", scale=scale, axis=axis), y, alt.X2("high:Q"))
    colour = alt.Color("verdict:N", scale=alt.Scale(domain=["within", "outside"], range=[INSIDE, OUTSIDE]), title=None)
    tips = ["label:N", "seen:Q", "model:Q", "unit:N"]
    shape = alt.Shape("tuned:N", scale=alt.Scale(domain=["tuned on", "not"], range=["circle", "diamond"]), title=None)
    dots = base.mark_point(filled=True, size=75, opacity=1).encode(x, y, colour, shape, tooltip=tips)
    return alt.layer(band, dots).properties(width=WIDTH)


def _place(one: Beside, log: bool) -> dict[str, object]:
    row = one.row
    _, limit = tolerance(row.marker)
    what = f"{row.trial} {row.arm}: {row.marker.replace('_', ' ')}"
    return {
        "label": f"{what}, day {row.day:g} ({row.seen:.4g} | {round(one.model or 0.0, 3) + 0.0:.4g})",
        "distance": one.distance,
        "low": 1 / limit if log else -limit,
        "high": limit,
        "tuned": "tuned on" if tuned_on(row) else "not",
        "verdict": "within" if one.within else "outside",
        "seen": row.seen,
        "model": one.model,
        "unit": row.unit,
    }


def survey(found: list[Band], out: Path) -> None:
    """Percentiles of methylmalonic acid by band of serum B12, survey beside model."""
    values = [
        {"band": f"{one.low:g}-{one.high:g}", "who": who, "n": one.people, "low": low, "middle": middle, "high": high}
        for one in found
        for who, (low, middle, high) in (("survey", one.seen), ("model", one.model))
    ]
    base = alt.Chart(alt.Data(values=values)).encode(
        alt.X("band:N", sort=None, title="serum B12 (pmol/L)", axis=alt.Axis(labelAngle=0)),
        xOffset=alt.XOffset("who:N", sort=["survey", "model"]),
        color=alt.Color("who:N", sort=["survey", "model"], scale=alt.Scale(range=[INSIDE, OUTSIDE]), title=None),
    )
    scale = alt.Scale(type="log", domain=[50, 5000])
    y = alt.Y("low:Q", scale=scale, title="methylmalonic acid (nmol/L)")
    percentiles = ", ".join(f"{100 * share:.0f}" for share in QUANTILES)
    title = alt.TitleParams("Methylmalonic acid by serum B12", subtitle=f"Percentiles {percentiles}; NHANES 2011-2012")
    chart = alt.layer(
        base.mark_rule(strokeWidth=3).encode(y, alt.Y2("high:Q")),
        base.mark_point(filled=True, size=80, opacity=1).encode(alt.Y("middle:Q", scale=scale)),
    )
    _save(chart.properties(title=title, width=WIDTH, height=300), out / "survey")


def _save(chart: alt.TopLevelMixin, path: Path) -> None:
    """A page and a PNG; both are drawn from the same description."""
    chart.save(f"{path}.html", inline=True)
    chart.save(f"{path}.png", scale_factor=SCALE)
