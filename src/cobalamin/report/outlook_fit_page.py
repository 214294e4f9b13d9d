"""A fit as one self-contained page: levels over time, the intervals, the next test, what was learned. No script."""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import TYPE_CHECKING, Any

from cobalamin.report import outlook_fit as words
from cobalamin.report.outlook_fit_words import (
    CANNOT,
    best_tests,
    interval_label,
    level,
    limit_long,
    limit_short,
    marker_unit,
    marker_words,
    percent,
    spread,
    surprise_words,
    test_words,
)
from cobalamin.report.words import short_date

if TYPE_CHECKING:
    from cobalamin.outlook.fit_said import FitSaid, ResultSaid


def page(said: FitSaid) -> str:
    """The page; every word from the record is escaped."""
    veil = said.reliable_until is not None and any(said.reliable_until < band.dates[-1] for band in said.bands)
    made: str = (
        environment()
        .get_template("fit.html")
        .render(
            said=said,
            day=short_date(said.on, date(1, 1, 1)),
            headline=words.headline(said),
            rests_on=words.rests_on(said),
            surprises=[surprise_words(one, said) for one in said.results if one.surprising],
            pictures=_pictures(said),
            veil=veil,
            **_grid(said),
            tests=[test_words(*best, said) for best in best_tests(said)],
            learned=words.results_say(said),
            results=[_result(one, said) for one in said.results],
            cannot=CANNOT,
        )
    )
    return made


def _pictures(said: FitSaid) -> dict[str, tuple[str, str] | None]:
    """Each picture for a wide and for a narrow screen; None where there is nothing to draw."""
    from cobalamin.report import outlook_fit_charts as charts

    labels = [interval_label(one) for one in said.intervals]
    made = [charts.pictures(said, labels, width) for width in (charts.WIDE, charts.NARROW)]
    return {name: (wide, made[1][name]) if wide else None for name, wide in made[0].items()}


def _grid(said: FitSaid) -> dict[str, Any]:
    shown = [one for one in said.intervals if one.shown]
    markers = list(shown[0].troughs) if shown else []
    rows = [
        {
            "label": interval_label(one) + (" *" if one.beyond_follow_up else ""),
            "present": one.present,
            "cells": [*(spread(item) for item in one.troughs.values()), *(percent(chance) for chance in one.chances)],
        }
        for one in shown
    ]
    limits = [{"short": limit_short(one), "long": f"{limit_long(one)}: {one.source}"} for one in said.limits]
    return {
        "rows": rows,
        "markers": [f"{marker_words(one)}, {marker_unit(one)}" for one in markers],
        "limits": limits,
        "grid_heading": words.grid_heading(said),
        "grid_notes": words.notes_on_grid(said),
    }


def _result(one: ResultSaid, said: FitSaid) -> dict[str, Any]:
    expected = ""
    if one.expected is not None:
        low, middle, high = one.expected
        expected = f"{level(middle)} ({level(low)}–{level(high)})"
    return {
        "day": short_date(one.date, said.on),
        "what": f"{marker_words(one.marker)} {one.printed} {marker_unit(one.marker)}",
        "expected": expected,
        "became": one.why or "counts",
        "used": one.weight > 0,
        "surprising": one.surprising,
    }


@cache
def environment() -> Any:
    """The templates of the pages; every word is escaped."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader("cobalamin.report"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
