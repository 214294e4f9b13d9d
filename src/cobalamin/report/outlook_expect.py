"""What is expected under a regimen, on one screen: what it rests on, a table at named times, and its limits."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from cobalamin.report.outlook_fit_words import level
from cobalamin.report.words import number, readable, unit_words

if TYPE_CHECKING:
    from cobalamin.outlook.expect import Course, Expected, Series
    from cobalamin.outlook.fit_said import Spread

WIDTH, LABEL = 110, 11
NAMED_DAYS = (0, 7, 28, 56, 91, 182, 365, 730, 1825, 3650)
NEAR_DAYS = 21  # as far as a named day may be moved to one that can be foretold

NAMES = {
    "serum_b12_pmol_l": ("Serum B12", "pmol/L"),
    "active_b12_pmol_l": ("Active B12", "pmol/L"),
    "mma_nmol_l": ("MMA", "nmol/L"),
    "homocysteine_umol_l": ("Homocysteine", "umol/L"),
    "haemoglobin_g_dl": ("Haemoglobin", "g/L"),
    "mcv_fl": ("MCV", "fL"),
    "reticulocyte_percent": ("Reticulocytes", "%"),
}
FACTORS = {"haemoglobin_g_dl": 10.0}

SAYS_NOT = (
    "Serum B12 on treatment is expected to be high and proves only that it was given.",
    "No marker tells how somebody feels: treatment follows symptoms, cause and guidance, and nothing here overrides "
    "them. Potassium is never predicted.",
)


def text(said: Expected) -> str:
    """The screen."""
    lines = [*textwrap.wrap(headline(said), WIDTH), ""]
    for label, sentences in (
        ("Rests on", rests_on(said)),
        ("Take care", list(said.warnings)),
        ("Not shown", list(said.not_shown)),
        ("Guidance", [f"{said.planned}."]),
    ):
        lines += _labelled(label, sentences)
    for course in said.courses:
        lines += ["", *textwrap.wrap(course_heading(course), WIDTH), *_table(said, course)]
    return "\n".join([*lines, "", *_labelled("Says not", list(SAYS_NOT))])


def headline(said: Expected) -> str:
    """What this is."""
    return (
        f"{said.patient_id}: what is usual under a regimen in people like this one, from {said.on:%d %b %Y}. "
        "An expectation of markers, no advice."
    )


def rests_on(said: Expected) -> list[str]:
    """The person as recorded, the stand-ins, and how many bodies were drawn."""
    stated = "; ".join(f"{one.name} {readable(one.value)}" for one in said.basis if one.stated)
    assumed = "; ".join(f"{one.name} {readable(one.value)}" for one in said.basis if not one.stated)
    lines = [f"On record: {stated}."] if stated else []
    lines += [f"Not on record, so spread around: {assumed}."] if assumed else []
    drawn = f"{said.people} bodies that this person may have (seed {said.seed}); no result on treatment is used."
    return [*lines, drawn]


def course_heading(course: Course) -> str:
    """The regimen in its own words, with how they were taken."""
    notes = f" ({'; '.join(course.notes)})" if course.notes else ""
    return f"{course.regimen[:1].upper()}{course.regimen[1:]}{notes}: median (9 in 10)"


def marker_words(series: Series) -> str:
    """A marker with its unit."""
    name, unit = NAMES[series.marker]
    return f"{name}, {unit_words(unit)}"


def rows(said: Expected, course: Course) -> list[tuple[str, list[str]]]:
    """Named times and the levels then; a time so soon after an injection moves to the nearest that can be foretold."""
    ahead = [(one - said.on).days for one in said.dates]
    found: dict[int, list[str]] = {}
    for day in (one for one in NAMED_DAYS if one <= ahead[-1]):
        place = _nearest(course, ahead, day)
        if place is not None:
            found[ahead[place]] = [_cell(one.spreads[place], one.marker) for one in course.series]
    return [(when(day), cells) for day, cells in found.items()]


def when(day: int) -> str:
    """A day ahead in words."""
    if day == 0:
        return "today"
    return f"day {day}" if day < 14 else f"week {number(round(day / 7))}"


def _nearest(course: Course, ahead: list[int], day: int) -> int | None:
    clear = [k for k in range(len(ahead)) if course.series[0].spreads[k] is not None]
    near = min(clear, key=lambda k: (abs(ahead[k] - day), ahead[k]), default=None)
    return near if near is not None and abs(ahead[near] - day) <= (NEAR_DAYS if day else 0) else None


def _cell(one: Spread | None, marker: str) -> str:
    if one is None:
        return "–"
    by = FACTORS.get(marker, 1.0)
    return f"{level(one.median * by)} ({level(one.low_90 * by)}–{level(one.high_90 * by)})"


def _table(said: Expected, course: Course) -> list[str]:
    table = [["", *(marker_words(one) for one in course.series)]]
    table += [[time, *cells] for time, cells in rows(said, course)]
    widths = [max(len(row[k]) for row in table) for k in range(len(table[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in table]


def _labelled(label: str, sentences: list[str]) -> list[str]:
    lines: list[str] = []
    for sentence in sentences:
        lines += textwrap.wrap(
            sentence, WIDTH, initial_indent=(label if not lines else "").ljust(LABEL), subsequent_indent=" " * LABEL
        )
    return lines
