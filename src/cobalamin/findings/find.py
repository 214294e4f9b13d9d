"""Events to findings: one row a person, exactly the columns of the catalogue.

Expressions are built once and kept: for a single person building them, not running them, is the cost.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache

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
from cobalamin.findings.columns import VALUE_TYPES, findings_schema
from cobalamin.findings.derived import age_years, derived, derived_inputs, derived_outputs
from cobalamin.findings.prepare import Prepared, prepare
from cobalamin.findings.spells import spell_years
from cobalamin.vocabulary.catalogue import Finding, catalogue

FERTILE_BELOW_YEARS = 60


def find(events: Events, on: date) -> pl.DataFrame:
    """What the record says about each person on a day; never a guideline, never a threshold.

    One row a person in the order of the events; columns and types as `findings_schema()` lists them.
    A day before everything in the record gives rows of nulls: nothing was known.
    """
    prepared = prepare(events.frame, on)
    rows = doses.b12_rows(prepared)
    slots = Slots(anchor_rows(prepared, doses.first_dose(rows)), prepared.size)
    columns = {
        series.name: series
        for series in (
            prepared.people["patient_id"],
            pl.repeat(on, prepared.size, eager=True).alias("on"),
            *_answers(slots),
            *_measured(events, prepared, slots),
            *_person(events, prepared, slots),
            *spell_years(prepared, _by_selector("spell_years")),
            *_dose_columns(prepared, rows, slots),
            _antibody_after_injection(prepared, rows, slots),
        )
    }
    # Derived findings in a narrow frame: passing hundreds of columns through each step costs more than the step.
    narrow = pl.DataFrame([columns[name] for name in derived_inputs()])
    narrow = narrow.with_columns(age_years(on)).with_columns(derived())
    columns |= {series.name: series for series in narrow.select(derived_outputs())}
    columns |= {series.name: series for series in narrow.select(_not_applicable())}
    return pl.DataFrame([_typed(columns[name], kind) for name, kind in findings_schema().items()])


@dataclass(frozen=True)
class Slots:
    """The anchors as a matrix, a row for each slot and a column for each person; -1 where nothing anchors."""

    flat: np.ndarray
    size: int

    @property
    def matrix(self) -> np.ndarray:
        """Slot by person."""
        return self.flat.reshape(len(slot_names()), self.size)

    def places(self, name: str) -> pl.Series:
        """The rows of one slot as an index for gathering: null where there is none."""
        return _index(self.matrix[slot_place(name)])


def _index(rows: np.ndarray) -> pl.Series:
    frame = pl.DataFrame({"row": rows})
    return frame.select(pl.when(pl.col("row") >= 0).then("row"))["row"]


def _typed(series: pl.Series, kind: pl.DataType) -> pl.Series:
    return series if series.dtype == kind else series.cast(kind)


def _by_selector(*selectors: str) -> list[Finding]:
    return [finding for finding in catalogue().values() if finding.selector in selectors and finding.concepts]


@cache
def _boolean_findings() -> tuple[Finding, ...]:
    return tuple(_by_selector(*BOOLEAN_SELECTORS))


@cache
def _slot_places() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """For each Boolean finding: its yes slot, its no slot, its coverage slot, and whether silence is no."""
    found = _boolean_findings()
    return (
        np.array([slot_place(f"{finding.column}.yes") for finding in found]),
        np.array([slot_place(f"{finding.column}.no") for finding in found]),
        np.array([slot_place(f"covers_{finding.domain}") for finding in found]),
        np.array([[finding.silence == "no"] for finding in found]),
    )


def _answers(slots: Slots) -> list[pl.Series]:
    """Yes, no or null of every Boolean finding, and the row of the event that said so.

    All findings at once, laid end to end: hundreds of small columns cost more to make than to fill.
    """
    yes_place, no_place, coverage, silent_no = _slot_places()
    matrix, size = slots.matrix, slots.size
    yes, no = matrix[yes_place], matrix[no_place]
    # What was ever true stays true; a current state that was denied later is already gone from its yes slot.
    # So what else says yes (a second symptom of the same finding, or the same day) is never overruled.
    is_yes = yes >= 0
    is_no = (no >= 0) & ~is_yes
    known = is_yes | is_no | (silent_no & (matrix[coverage] >= 0))
    flat = pl.DataFrame({"yes": is_yes.ravel(), "known": known.ravel(), "row": np.where(is_no, no, yes).ravel()})
    flat = flat.select(pl.when("known").then("yes").alias("answer"), pl.when(pl.col("row") >= 0).then("row"))
    answer, row = flat.get_columns()
    found = []
    for number, finding in enumerate(_boolean_findings()):
        found.append(answer.slice(number * size, size).alias(finding.column))
        found.append(row.slice(number * size, size).alias(f"{finding.column}.row"))
    return found


@cache
def _value_findings() -> tuple[Finding, ...]:
    return tuple(_by_selector(*VALUE_SELECTORS, "duration_weeks"))


@cache
def _value_places() -> np.ndarray:
    return np.array([slot_place(f"{finding.column}.row") for finding in _value_findings()])


def _measured(events: Events, prepared: Prepared, slots: Slots) -> list[pl.Series]:
    """Value, unit, comparator, word, time and anchor of every measurement; value and anchor of plain numbers.

    One gather for all of them: their anchors laid end to end.
    """
    places = _index(slots.matrix[_value_places()].ravel())
    source = events.frame.select("value", "unit", "comparator", "time").with_columns(prepared.flags)
    gathered = source.select(pl.all().gather(places)).with_columns(
        row=places,
        cmp=_comparator_sign(),
        weeks=(pl.lit(prepared.on) - pl.col("time").dt.date()).dt.total_days() / 7.0,
    )
    whole = {series.name: series for series in gathered.get_columns()}
    found = []
    for number, finding in enumerate(_value_findings()):
        wanted = whole if finding.kind == "measurement" else _PLAIN_NUMBER
        part = {name: whole[name].slice(number * slots.size, slots.size) for name in wanted}
        value = _number(finding, part, events.frame["every_days"])
        found += [value.alias(finding.column), part["row"].alias(f"{finding.column}.row")]
        if finding.kind == "measurement":
            found += [part[name].alias(f"{finding.column}.{name}") for name in ("unit", "cmp", "flag", "time")]
    return found


_PLAIN_NUMBER = ("value", "row", "weeks")


def _number(finding: Finding, part: dict[str, pl.Series], every_days: pl.Series) -> pl.Series:
    """The finding's number on the day: weeks of pregnancy grow, a dose of a medicine is told per day."""
    if finding.selector == "duration_weeks":
        return part["weeks"]
    if finding.selector == "value" and finding.unit == "weeks":
        return part["value"] + part["weeks"]
    if finding.selector == "value" and finding.domain == "medicines":
        return part["value"] / every_days.gather(part["row"]).fill_null(1.0)
    return part["value"]


def _comparator_sign() -> pl.Expr:
    below = pl.col("comparator") == "<"
    sign = pl.when(below).then(-1).otherwise(1).cast(pl.Int8)
    return pl.when(pl.col("comparator").is_not_null()).then(sign)


def _person(events: Events, prepared: Prepared, slots: Slots) -> list[pl.Series]:
    """Birth, stated age with the days since it was stated, and how far back treatment is covered."""
    time, value = events.frame["time"].dt.date(), events.frame["value"]
    aged = slots.places("person_age")
    stated = time.gather(aged).to_frame("time")
    return [
        time.gather(slots.places("person_birth")).alias("born"),
        value.gather(aged).alias("stated_age"),
        stated.select((pl.lit(prepared.on) - pl.col("time")).dt.total_days().alias("stated_days"))["stated_days"],
        time.gather(slots.places("covers_treatment")).alias("treatment_covered_from"),
    ]


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


def _dose_columns(prepared: Prepared, rows: pl.DataFrame, slots: Slots) -> list[pl.Series]:
    covered = pl.Series("covers_treatment", slots.matrix[slot_place("covers_treatment")] >= 0)
    table = doses.dose_findings(prepared, rows).with_columns(covered)
    return table.select(_dose_expressions()).get_columns()


@cache
def _not_applicable() -> list[pl.Expr]:
    """Where a question makes no sense; unknown sex or age still asks it."""
    never = (pl.col("finding.male") | (pl.col("finding.age_years") >= FERTILE_BELOW_YEARS)).fill_null(value=False)
    return [never.alias(f"{f.column}.na") for f in catalogue().values() if f.applies_when == "fertile"]


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
