"""The B12 that was given before: recorded doses, and schedules in words as the doses they mean.

A schedule is taken as kept, on time; a recorded dose stands for the scheduled one near it. What is assumed is said.
Days count from day 0: the first dose or the first result, whichever came first.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from importlib.resources import files
from typing import Any

import polars as pl

from cobalamin.findings.doses import STILL_ON_DAYS, b12_rows
from cobalamin.findings.prepare import STATUS_ON_INJECTIONS, prepare
from cobalamin.outlook.facts import Facts
from cobalamin.outlook.results import DatedResult, results_of
from cobalamin.physiology.courses import Dose

TOTAL_B12 = "serum_b12_pmol_l"
NEAREST_STARTS_DAYS = 730  # a result before treatment says where B12 began for two years, as in the catalogue
MOST_DOSES = 20_000
UNKNOWN_WAYS = ("sublingual", "nasal", "iv", "other")


@dataclass(frozen=True)
class Given:
    """One dose of B12 with its day of the calendar; `recorded` is false for one that a schedule in words means."""

    date: date
    dose_ug: float
    form: str
    route: str
    recorded: bool


@dataclass(frozen=True)
class Past:
    """Treatment and results so far.

    `start`: the serum B12 that says where the person began, the last before any dose. `unknown_products` and
    `unclear`: what the model cannot follow. `assumed`: what was filled in, in words.
    """

    day_zero: date
    given: tuple[Given, ...]
    results: tuple[DatedResult, ...]
    start: DatedResult | None
    unknown_products: tuple[str, ...]
    unclear: tuple[str, ...]
    assumed: tuple[str, ...]

    @property
    def doses(self) -> tuple[Dose, ...]:
        """The doses as the model takes them, by days since day 0."""
        return tuple(Dose(self.day(one.date), one.dose_ug, one.form, one.route) for one in self.given)

    def day(self, when: date) -> float:
        """Days since day 0."""
        return float((when - self.day_zero).days)


def past_of(facts: Facts) -> Past:
    """All B12 given up to the day of decision, and the results beside it."""
    rows = _treatment(facts)
    reading = _Reading(facts.on, sum(row["schedule"] and row["every_days"] is None for row in rows))
    for row in rows:
        reading.read(row)
    given = tuple(sorted(reading.given, key=lambda one: (one.date, one.route, one.dose_ug)))
    first = given[0].date if given else None
    results = results_of(facts, first)
    start = _start(results, first or facts.on)
    days = [one.date for one in given] + [one.date for one in results if _counts(one, start)]
    return Past(
        min(days, default=facts.on),
        given,
        results,
        start,
        tuple(dict.fromkeys(reading.unknown)),
        tuple(dict.fromkeys(reading.unclear)),
        tuple(dict.fromkeys(reading.assumed)),
    )


def _counts(one: DatedResult, start: DatedResult | None) -> bool:
    """Results before the starting one lie in a past that the model does not follow."""
    return start is None or one.date >= start.date


def _start(results: tuple[DatedResult, ...], treated: date) -> DatedResult | None:
    reach = treated - timedelta(days=NEAREST_STARTS_DAYS)
    before = [
        one
        for one in results
        if one.marker == TOTAL_B12 and one.before_treatment and one.value is not None and one.date >= reach
    ]
    return before[-1] if before else None


def _treatment(facts: Facts) -> list[dict[str, Any]]:
    rows = b12_rows(prepare(facts.events, facts.on))
    # A recorded dose comes before the schedules, so that these see it.
    return rows.sort("schedule", "time", maintain_order=True).with_columns(pl.col("concept").cast(pl.String)).to_dicts()


@cache
def stand_ins() -> dict[str, Mapping[str, str]]:
    """What is taken where the record is silent about product or amount: past_stand_ins.csv, by route."""
    text = (files("cobalamin.outlook") / "past_stand_ins.csv").read_text(encoding="utf-8")
    return {row["way"]: row for row in csv.DictReader(text.splitlines())}


class _Reading:
    """Rows of treatment, read one after the other. `alone`: how many stand with a beginning and no interval."""

    def __init__(self, on: date, alone: int) -> None:
        self.on, self.alone = on, alone
        self.given: list[Given] = []
        self.unknown: list[str] = []
        self.unclear: list[str] = []
        self.assumed: list[str] = []

    def read(self, row: Mapping[str, Any]) -> None:
        """One dose or one schedule."""
        unknown = _unknown(row)
        if unknown:
            self.unknown.append(unknown)
        elif row["concept"] == STATUS_ON_INJECTIONS and self.given:
            return  # says no more than the doses do
        elif row["time"] is None:
            self.unclear.append(f"when it began ({_words(row)})")
        elif row["schedule"]:
            self._schedule(row)
        else:
            self._dose(row, row["time"].date(), recorded=True)

    def _dose(self, row: Mapping[str, Any], day: date, *, recorded: bool) -> None:
        route, form = _route(row), _form(row["concept"])
        if route is None:
            self.unclear.append(f"whether by mouth or by injection ({_words(row)})")
            return
        if row["value"] is None and route == "oral":
            self.unclear.append(f"how much by mouth ({_words(row)})")
            return
        stand_in = stand_ins()["tablets" if route == "oral" else "injection"]
        if form is None:
            self.assumed.append(f"B12 of unnamed kind is taken as {stand_in['form']}")
        if row["value"] is None:
            self.assumed.append(f"injections of unstated amount are taken as {float(stand_in['dose_ug']) / 1000:g} mg")
        amount = float(row["value"] if row["value"] is not None else stand_in["dose_ug"])
        self.given.append(Given(day, amount, form or stand_in["form"], route, recorded))

    def _schedule(self, row: Mapping[str, Any]) -> None:
        every = row["every_days"] or (None if row["injected"] else 1.0)
        if every is None:
            self._without_interval(row)
            return
        begins, ends = row["time"].date(), self._end(row)
        count = int((ends - begins).days / every) + 1 if ends >= begins else 0
        if count > MOST_DOSES:
            self.unclear.append(f"a schedule of {count} doses ({_words(row)})")
            return
        known = [one.date for one in self.given if one.recorded and (one.route != "oral") == bool(row["injected"])]
        for number in range(count):
            day = begins + timedelta(days=round(number * every))
            if not any(abs((day - other).days) <= every / 2 for other in known):
                self._dose(row, day, recorded=False)
        if count:
            self.assumed.append("schedules on record are taken as kept, on time")

    def _without_interval(self, row: Mapping[str, Any]) -> None:
        """An injection with its day and no schedule is that one dose, where several or a late one are so recorded."""
        late = (self.on - row["time"].date()).days <= STILL_ON_DAYS
        if row["precision"] == "day" and (late or self.alone > 1):
            self.assumed.append("an injection with a day and no schedule is taken as one dose on that day")
            self._dose(row, row["time"].date(), recorded=True)
        else:
            self.unclear.append(f"how often ({_words(row)})")

    def _end(self, row: Mapping[str, Any]) -> date:
        """The last day that a schedule may have given a dose; today's is not yet given."""
        end = row["until"].date() if row["until"] is not None and not row["running"] else self.on
        return min(end, self.on - timedelta(days=1))


def _unknown(row: Mapping[str, Any]) -> str:
    """The name of a product or way that the model does not know; "" where it knows it."""
    concept, route = row["concept"], row["route"]
    if concept == "tx_b12_folate_b6_combination":
        return "a combination of vitamins with B12"
    if "methylcobalamin" in concept:
        return "methylcobalamin"
    if "nasal" in concept or route in UNKNOWN_WAYS:
        return f"B12 by another way ({route or 'nasal'})"
    if "hydroxocobalamin" in concept and (route == "oral" or "oral" in concept):
        return "hydroxocobalamin by mouth"
    return ""


def _route(row: Mapping[str, Any]) -> str | None:
    """im, sc or oral; hydroxocobalamin of unstated way is an injection; None where it could be either."""
    if row["injected"]:
        return "sc" if row["route"] == "sc" else "im"
    if row["oral"]:
        return "oral"
    return "im" if "hydroxocobalamin" in row["concept"] else None


def _form(concept: str) -> str | None:
    return next((form for form in ("hydroxocobalamin", "cyanocobalamin") if form in concept), None)


def _words(row: Mapping[str, Any]) -> str:
    return str(row["source"] or row["concept"])
