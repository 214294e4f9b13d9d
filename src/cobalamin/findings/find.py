"""Events to findings: one row a person, exactly the columns of the catalogue.

Expressions are built once and kept: for a single person building them, not running them, is the cost.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache

import numpy as np
import polars as pl

from cobalamin.events import Events
from cobalamin.findings import doses
from cobalamin.findings.anchors import (
    BOOLEAN_SELECTORS,
    VALUE_SELECTORS,
    anchor_rows,
    slot_names,
    slot_place,
)
from cobalamin.findings.columns import MEASUREMENT_PARTS, VALUE_TYPES, finding_columns, findings_schema, split
from cobalamin.findings.derived import age_years, derived, derived_inputs, derived_outputs, not_applicable
from cobalamin.findings.prepare import Prepared, prepare
from cobalamin.findings.spells import spell_years
from cobalamin.vocabulary.catalogue import Finding, catalogue


def find(events: Events, on: date) -> pl.DataFrame:
    """What the record says about each person on a day; never a guideline, never a threshold.

    One row a person in the order of the events; columns and types as `findings_schema()` lists them.
    A day before everything in the record gives rows of nulls: nothing was known.
    """
    prepared = prepare(events.frame, on)
    rows = doses.b12_rows(prepared)
    slots = Slots(anchor_rows(prepared, doses.first_dose(rows)), prepared.size)
    frame = pl.concat(
        [
            prepared.people[["patient_id"]].with_columns(_day(on)),
            _answers(slots),
            _measured(events, prepared, slots),
            _person(events, prepared, slots),
            spell_years(prepared, _by_selector("spell_years")),
            _dose_columns(prepared, rows, slots),
            _antibody_after_injection(prepared, rows, slots).to_frame(),
        ],
        how="horizontal",
    )
    # Derived findings in a narrow frame: passing hundreds of columns through each step costs more than the step.
    narrow = frame[list(derived_inputs())].with_columns(_age(on)).with_columns(derived())
    return frame.hstack(narrow.select(_derived_columns()))[list(finding_columns())]


@dataclass(frozen=True)
class Slots:
    """The anchors as a matrix, a row for each slot and a column for each person; -1 where nothing anchors."""

    flat: np.ndarray
    size: int

    @property
    def matrix(self) -> np.ndarray:
        """Slot by person."""
        return self.flat.reshape(len(slot_names()), self.size)


# Expressions are made once: for one person making them takes longer than running them.
_WHERE_ANY = pl.when(pl.col("row") >= 0).then("row")


def _index(rows: np.ndarray) -> pl.Series:
    """Rows as an index for gathering, laid end to end: null where there is none."""
    return pl.DataFrame({"row": rows.ravel()}).select(_WHERE_ANY)["row"]


@lru_cache(maxsize=8)
def _day(on: date) -> pl.Expr:
    return pl.lit(on).alias("on")


@lru_cache(maxsize=8)
def _age(on: date) -> pl.Expr:
    return age_years(on)


@cache
def _by_selector(*selectors: str) -> tuple[Finding, ...]:
    return tuple(finding for finding in catalogue().values() if finding.selector in selectors and finding.concepts)


@cache
def _slot_places() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """For each Boolean finding: its yes slot, its no slot, its coverage slot, and whether silence is no."""
    found = _by_selector(*BOOLEAN_SELECTORS)
    return (
        np.array([slot_place(f"{finding.column}.yes") for finding in found]),
        np.array([slot_place(f"{finding.column}.no") for finding in found]),
        np.array([slot_place(f"covers_{finding.domain}") for finding in found]),
        np.array([[finding.silence == "no"] for finding in found]),
    )


@cache
def _names(selectors: tuple[str, ...], suffix: str = "") -> list[str]:
    return [f"{finding.column}{suffix}" for finding in _by_selector(*selectors)]


_ANSWER = (pl.when("known").then("yes").alias("answer"), _WHERE_ANY)


def _answers(slots: Slots) -> pl.DataFrame:
    """Yes, no or null of every Boolean finding, and the row of the event that said so. All findings at once."""
    yes_place, no_place, coverage, silent_no = _slot_places()
    matrix = slots.matrix
    yes, no = matrix[yes_place], matrix[no_place]
    # What was ever true stays true; a current state that was denied later is already gone from its yes slot.
    # So what else says yes (a second symptom of the same finding, or the same day) is never overruled.
    is_yes = yes >= 0
    is_no = (no >= 0) & ~is_yes
    known = is_yes | is_no | (silent_no & (matrix[coverage] >= 0))
    flat = pl.DataFrame({"yes": is_yes.ravel(), "known": known.ravel(), "row": np.where(is_no, no, yes).ravel()})
    answer, row = flat.select(_ANSWER).get_columns()
    answers = split(_names(BOOLEAN_SELECTORS), answer)
    return answers.hstack(split(_names(BOOLEAN_SELECTORS, ".row"), row))


# How the number of a value finding is told; those in one way lie together.
_WAYS = ("measured", "plain", "weeks_since", "weeks_grown", "per_day")


def _way(finding: Finding) -> str:
    if finding.kind == "measurement":
        return "measured"
    if finding.selector == "duration_weeks":
        return "weeks_since"
    if finding.selector == "value" and finding.unit == "weeks":
        return "weeks_grown"
    return "per_day" if finding.selector == "value" and finding.domain == "medicines" else "plain"


@cache
def _value_findings() -> tuple[Finding, ...]:
    """Findings that are a value of one event; measurements first, since only those have a unit, a word and a time."""
    found = _by_selector(*VALUE_SELECTORS, "duration_weeks")
    return tuple(sorted(found, key=lambda finding: _WAYS.index(_way(finding))))


@cache
def _value_places() -> np.ndarray:
    return np.array([slot_place(f"{finding.column}.row") for finding in _value_findings()])


def _measured(events: Events, prepared: Prepared, slots: Slots) -> pl.DataFrame:
    """Value, unit, comparator, word, time and anchor of every measurement; value and anchor of plain numbers.

    One gather for all of them: their anchors laid end to end.
    """
    columns = [finding.column for finding in _value_findings()]
    measured = [finding.column for finding in _value_findings() if finding.kind == "measurement"]
    places = _index(slots.matrix[_value_places()])
    values = _told(events, prepared, places, slots.size)
    found = split(columns, values).hstack(split([f"{name}.row" for name in columns], places))
    of_measurements = places.head(len(measured) * slots.size)
    parts = _parts_of(events, prepared, of_measurements)
    return pl.concat(
        [found, *(split([f"{name}.{part}" for name in measured], parts[part]) for part in MEASUREMENT_PARTS)],
        how="horizontal",
    )


def _parts_of(events: Events, prepared: Prepared, places: pl.Series) -> pl.DataFrame:
    """Unit, sign of a censored value, word and time of the rows at these places."""
    source = events.frame[["unit", "comparator", "time"]].hstack([prepared.flags])
    return source.select(pl.all().gather(places)).with_columns(_SIGN)


_SIGN = (
    pl.when(pl.col("comparator").is_not_null())
    .then(pl.when(pl.col("comparator") == "<").then(-1).otherwise(1).cast(pl.Int8))
    .alias("cmp")
)


def _told(events: Events, prepared: Prepared, places: pl.Series, size: int) -> pl.Series:
    """The numbers on the day: weeks of pregnancy grow, a dose of a medicine is told per day."""
    found, begin = [], 0
    for way, count in _counts().items():
        at = places.slice(begin * size, count * size)
        begin += count
        told = events.frame[list(_TOLD_FROM[way])].select(pl.all().gather(at))
        found.append(told.select(_number(prepared.on, way))["value"])
    return pl.concat(found)


_TOLD_FROM = {
    "measured": ("value",),
    "plain": ("value",),
    "weeks_since": ("time",),
    "weeks_grown": ("value", "time"),
    "per_day": ("value", "every_days"),
}


@lru_cache(maxsize=32)
def _number(on: date, way: str) -> pl.Expr:
    value = pl.col("value")
    if way in ("weeks_since", "weeks_grown"):
        weeks = (pl.lit(on) - pl.col("time").dt.date()).dt.total_days() / 7.0
        return (weeks if way == "weeks_since" else value + weeks).alias("value")
    return value / pl.col("every_days").fill_null(1.0) if way == "per_day" else value


@cache
def _counts() -> dict[str, int]:
    """How many value findings are told in each way."""
    ways = [_way(finding) for finding in _value_findings()]
    return {way: ways.count(way) for way in _WAYS}


PERSON_SLOTS = ("person_birth", "person_age", "covers_treatment")


def _person(events: Events, prepared: Prepared, slots: Slots) -> pl.DataFrame:
    """Birth, stated age with the days since it was stated, and how far back treatment is covered."""
    places = _index(slots.matrix[[slot_place(name) for name in PERSON_SLOTS]])
    told = events.frame[["time", "value"]].select(pl.all().gather(places)).select(_on_person(prepared.on))
    names = ("born", "stated_day", "treatment_covered_from")
    ages = told["value"].slice(slots.size, slots.size).alias("stated_age")
    stated = told["days"].slice(slots.size, slots.size).alias("stated_days")
    return split(names, told["day"]).hstack([ages, stated])


@lru_cache(maxsize=8)
def _on_person(on: date) -> tuple[pl.Expr, ...]:
    day = pl.col("time").dt.date()
    return day.alias("day"), pl.col("value"), (pl.lit(on) - day).dt.total_days().alias("days")


@cache
def _dose_expressions() -> list[pl.Expr]:
    found = []
    treated = pl.col("ever_treated").is_not_null()
    for finding in catalogue().values():
        selector = finding.selector.removeprefix("doses.")
        if not finding.selector.startswith("doses.") or selector == "reach":
            continue
        value = pl.col(selector).cast(VALUE_TYPES[finding.kind])
        if finding.kind == "boolean" and finding.silence == "no":
            known = pl.when(treated).then(value.fill_null(value=False))
            value = known.when(pl.col("covers_treatment")).then(pl.lit(value=False))
        found.append(value.alias(finding.column))
    return found


def _dose_columns(prepared: Prepared, rows: pl.DataFrame, slots: Slots) -> pl.DataFrame:
    covered = pl.Series("covers_treatment", slots.matrix[slot_place("covers_treatment")] >= 0)
    return doses.dose_findings(prepared, rows).hstack([covered]).select(_dose_expressions())


@cache
def _derived_columns() -> tuple[pl.Expr, ...]:
    """What is computed from other findings, in its declared type, and where a question makes no sense."""
    schema = findings_schema()
    return (*(pl.col(name).cast(schema[name]) for name in derived_outputs()), *not_applicable())


def _antibody_after_injection(prepared: Prepared, rows: pl.DataFrame, slots: Slots) -> pl.Series:
    """Days from the latest injection before it to the positive intrinsic factor antibody sample."""
    name = "finding.if_antibody_days_after_injection"
    positive = pl.DataFrame({"row": slots.matrix[slot_place(f"{catalogue()['if_antibody_positive'].column}.yes")]})
    if rows.is_empty() or positive["row"].max() == -1:
        return pl.repeat(None, prepared.size, dtype=pl.Float64, eager=True).alias(name)
    positive = positive.with_row_index("pid")
    clock = pl.col("precision") == "second"
    taken = prepared.events.select(pl.col("row").cast(pl.Int32), sample="time", sample_clock=clock)
    samples = positive.filter(pl.col("row") >= 0).join(taken, on="row")
    given = rows.filter(pl.col("injected") & ~pl.col("schedule")).select("pid", "time", clock=clock)
    day, sample = pl.col("time").dt.date(), pl.col("sample").dt.date()
    # Blood of the same day was taken before the dose, unless both clocks say otherwise.
    earlier = (day < sample) | (pl.col("clock") & pl.col("sample_clock") & (pl.col("time") < pl.col("sample")))
    gaps = samples.join(given, on="pid").filter(earlier)
    latest = gaps.group_by("pid").agg(gap=(sample - day).dt.total_days().min())
    people = prepared.people.select("pid").join(latest, on="pid", how="left", maintain_order="left")
    return people["gap"].cast(pl.Float64).alias(name)
