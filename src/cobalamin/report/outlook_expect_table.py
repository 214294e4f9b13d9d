"""Levels at named times: one table for the markers of B12, one for the blood count where there is one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cobalamin.report.outlook_fit_words import level
from cobalamin.report.words import number, unit_words

if TYPE_CHECKING:
    from cobalamin.outlook.expect import Course, Expected, Series
    from cobalamin.outlook.fit_said import Spread

NAMED_DAYS = (0, 7, 28, 56, 91, 182, 365, 730, 1825, 3650)
TROUGH_DAYS = 61  # as far as a named day may be moved to the one before a dose
APART_DAYS = 14
NEAR_DAYS = 10  # as far as a named day may be moved to one that can be foretold

NAMES = {
    "serum_b12_pmol_l": ("Serum B12", "pmol/L"),
    "active_b12_pmol_l": ("Active B12", "pmol/L"),
    "mma_nmol_l": ("MMA", "nmol/L"),
    "homocysteine_umol_l": ("Homocysteine", "umol/L"),
    "haemoglobin_g_dl": ("Haemoglobin", "g/L"),
    "mcv_fl": ("MCV", "fL"),
    "reticulocyte_percent": ("Reticulocytes", "%"),
}
COUNT = ("haemoglobin_g_dl", "mcv_fl", "reticulocyte_percent")
FACTORS = {"haemoglobin_g_dl": 10.0}


@dataclass(frozen=True)
class Table:
    """Heads of the columns, and rows of a time in words with a cell for each column."""

    heads: list[str]
    rows: list[tuple[str, list[str]]]


def marker_words(series: Series) -> str:
    """A marker with its unit."""
    name, unit = NAMES[series.marker]
    return f"{name}, {unit_words(unit)}"


def tables(said: Expected, course: Course) -> Iterator[Table]:
    """The tables of a regimen."""
    markers = [one for one in course.series if one.marker not in COUNT]
    count = [one for one in course.series if one.marker in COUNT]
    given = {(one - said.on).days for one in course.dose_dates}
    yield _table(said, markers, given)
    if count:
        yield _table(said, count, set())


def _table(said: Expected, columns: list[Series], given: set[int]) -> Table:
    """Named times and the levels then: just before a dose where injections lie weeks apart, so that they compare.

    A time so soon after an injection that no level of B12 can be foretold moves a little, or has none.
    """
    ahead = [(one - said.on).days for one in said.dates]
    found: dict[int, list[str]] = {}
    for day in (one for one in NAMED_DAYS if one <= ahead[-1]):
        place = _nearest(columns[0], ahead, given, day)
        if place is not None:
            found[ahead[place]] = [_cell(one.spreads[place], one.marker) for one in columns]
    rows = [(when(day, before_dose=_is_trough(day, given)), cells) for day, cells in found.items()]
    return Table([marker_words(one) for one in columns], rows)


def when(day: int, *, before_dose: bool = False) -> str:
    """A day ahead in words."""
    if day == 0:
        return "today"
    words = f"day {day}" if day < 14 else f"week {number(round(day / 7))}"
    return f"{words}, before dose" if before_dose else words


def _is_trough(day: int, given: set[int]) -> bool:
    """True just before a dose that comes weeks after the one before it."""
    return day > 0 and day in given and not given.intersection(range(day - APART_DAYS, day))


def _nearest(first: Series, ahead: list[int], given: set[int], day: int) -> int | None:
    """The place of the day that is shown for a named one."""
    later = [k for k in range(len(ahead)) if day == 0 or ahead[k] > 0]
    clear = [k for k in later if first.spreads[k] is not None]
    troughs = [k for k in clear if _is_trough(ahead[k], given)]
    for places, reach in ((troughs, TROUGH_DAYS), (clear, NEAR_DAYS), (later, NEAR_DAYS)):
        near = min(places, key=lambda k: (abs(ahead[k] - day), ahead[k]), default=None)
        if near is not None and abs(ahead[near] - day) <= (reach if day else 0):
            return near
    return None


def _cell(one: Spread | None, marker: str) -> str:
    if one is None:
        return "–"
    by = FACTORS.get(marker, 1.0)
    middle, low, high = (level(value * by) for value in (one.median, one.low_90, one.high_90))
    return middle if low == high else f"{middle} ({low}–{high})"
