"""Events to findings: one row a person, exactly the columns of the catalogue.

Expressions are built once and kept: for a single person building them, not running them, is the cost.
"""

from __future__ import annotations

from datetime import date
from functools import cache

import numpy as np
import polars as pl

from cobalamin.events import Events
from cobalamin.findings import doses
from cobalamin.findings.anchors import BOOLEAN_SELECTORS, VALUE_SELECTORS, anchor_rows, slot_names
from cobalamin.findings.columns import findings_schema
from cobalamin.findings.derived import age_years, derived
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
    anchors = anchor_rows(prepared, doses.first_dose(rows))
    slots = _slot_frame(anchors, prepared.size)
    frame = slots.select(_answers())
    columns = [
        *prepared.people["patient_id"].to_frame().with_columns(on=pl.lit(on)).get_columns(),
        *_measured(events, prepared, slots),
        *_person(events, prepared, slots),
        *spell_years(prepared, _by_selector("spell_years")).get_columns(),
    ]
    frame = frame.with_columns(columns).with_columns(_dose_columns(prepared, rows, frame))
    frame = frame.with_columns(age_years(on), _antibody_after_injection(prepared, rows, slots))
    return _in_order(frame.with_columns(derived()).with_columns(_not_applicable()))


def _slot_frame(anchors: np.ndarray, size: int) -> pl.DataFrame:
    """The slots as columns: slices of one buffer, since making columns costs more than filling them."""
    flat = pl.Series(anchors)
    return pl.DataFrame(
        [flat.slice(place * size, size).alias(name) for place, name in enumerate(slot_names())]
    )


def _in_order(frame: pl.DataFrame) -> pl.DataFrame:
    """The catalogue's columns in their order and type; a cast only where one is needed."""
    columns = {series.name: series for series in frame.get_columns()}
    return pl.DataFrame(
        [
            columns[name] if columns[name].dtype == kind else columns[name].cast(kind)
            for name, kind in findings_schema().items()
        ]
    )


def _by_selector(*selectors: str) -> list[Finding]:
    return [finding for finding in catalogue().values() if finding.selector in selectors and finding.concepts]


@cache
def _answers() -> list[pl.Expr]:
    """Yes, no or null of every Boolean finding, with the event that said so, from the slots."""
    return [expression for finding in _by_selector(*BOOLEAN_SELECTORS) for expression in _answer(finding)] + [
        (pl.col("covers_treatment") >= 0).alias("covers_treatment")
    ]


def _answer(finding: Finding) -> tuple[pl.Expr, pl.Expr]:
    yes, no = pl.col(f"{finding.column}.yes"), pl.col(f"{finding.column}.no")
    # A current state is as last recorded; what was ever true stays true.
    is_no = (no > yes) if finding.selector in ("current", "flag_latest") else (no >= 0) & (yes < 0)
    is_yes = (yes >= 0) & ~is_no
    known = is_yes | is_no
    if finding.silence == "no":
        known = known | (pl.col(f"covers_{finding.domain}") >= 0)
    decided_by = pl.when(is_no).then(no).when(yes >= 0).then(yes)
    return pl.when(known).then(is_yes).alias(finding.column), decided_by.alias(f"{finding.column}.row")


@cache
def _value_findings() -> tuple[Finding, ...]:
    return tuple(_by_selector(*VALUE_SELECTORS, "duration_weeks"))


def _measured(events: Events, prepared: Prepared, slots: pl.DataFrame) -> list[pl.Series]:
    """Value, unit, comparator, word, time and anchor of every measurement; value and anchor of plain numbers.

    One gather for all of them: their anchors laid end to end.
    """
    names = [f"{finding.column}.row" for finding in _value_findings()]
    places = pl.concat([slots[name].alias("place") for name in names]).to_frame()
    places = places.select(pl.when(pl.col("place") >= 0).then("place"))["place"]
    source = events.frame.select("value", "unit", "comparator", "time").with_columns(prepared.flags)
    gathered = source.select(pl.all().gather(places)).with_columns(
        row=places,
        cmp=_comparator_sign(),
        weeks=(pl.lit(prepared.on) - pl.col("time").dt.date()).dt.total_days() / 7.0,
    )
    found = []
    for number, finding in enumerate(_value_findings()):
        part = gathered.slice(number * slots.height, slots.height)
        value = part["weeks"] if finding.selector == "duration_weeks" else part["value"]
        found += [value.alias(finding.column), part["row"].alias(f"{finding.column}.row")]
        if finding.kind == "measurement":
            found += [
                part[name].alias(f"{finding.column}.{name}") for name in ("unit", "cmp", "flag", "time")
            ]
    return found


def _comparator_sign() -> pl.Expr:
    below = pl.col("comparator") == "<"
    return pl.when(pl.col("comparator").is_not_null()).then(pl.when(below).then(-1).otherwise(1))


def _person(events: Events, prepared: Prepared, slots: pl.DataFrame) -> list[pl.Series]:
    """Birth, stated age with the days since it was stated, and how far back treatment is covered."""
    names = ("person_birth", "person_age", "covers_treatment")
    where = slots.select(pl.when(pl.col(name) >= 0).then(name).alias(name) for name in names)
    time, value = events.frame["time"].dt.date(), events.frame["value"]
    stated = time.gather(where["person_age"]).to_frame("time")
    return [
        time.gather(where["person_birth"]).alias("born"),
        value.gather(where["person_age"]).alias("stated_age"),
        stated.select((pl.lit(prepared.on) - pl.col("time")).dt.total_days().alias("stated_days"))[
            "stated_days"
        ],
        time.gather(where["covers_treatment"]).alias("treatment_covered_from"),
    ]


@cache
def _dose_expressions() -> list[pl.Expr]:
    found = []
    treated = pl.col("ever_treated").is_not_null()
    for finding in catalogue().values():
        selector = finding.selector.removeprefix("doses.")
        if not finding.selector.startswith("doses.") or selector == "reach":
            continue
        value = pl.col(selector)
        if finding.kind == "boolean" and finding.silence == "no":
            known = pl.when(treated).then(value.fill_null(value=False))
            value = known.when(pl.col("covers_treatment")).then(pl.lit(value=False))
        found.append(value.alias(finding.column))
    return found


def _dose_columns(prepared: Prepared, rows: pl.DataFrame, frame: pl.DataFrame) -> list[pl.Series]:
    table = doses.dose_findings(prepared, rows).with_columns(frame["covers_treatment"])
    return table.select(_dose_expressions()).get_columns()


@cache
def _not_applicable() -> list[pl.Expr]:
    """Where a question makes no sense; unknown sex or age still asks it."""
    never = (pl.col("finding.male") | (pl.col("finding.age_years") >= FERTILE_BELOW_YEARS)).fill_null(
        value=False
    )
    return [never.alias(f"{f.column}.na") for f in catalogue().values() if f.applies_when == "fertile"]


def _antibody_after_injection(prepared: Prepared, rows: pl.DataFrame, slots: pl.DataFrame) -> pl.Series:
    """Days from the latest injection before it to the positive intrinsic factor antibody sample."""
    positive = slots.select(row=pl.col("finding.if_antibody_positive.yes")).with_row_index("pid")
    days = prepared.events.select(pl.col("row").cast(pl.Int64), sample=pl.col("time").dt.date())
    samples = positive.filter(pl.col("row") >= 0).join(days, on="row")
    given = rows.filter(pl.col("injected") & ~pl.col("schedule")).select("pid", day=pl.col("time").dt.date())
    gaps = samples.join(given, on="pid").filter(pl.col("day") <= pl.col("sample"))
    gap = (pl.col("sample") - pl.col("day")).dt.total_days().min()
    latest = gaps.group_by("pid").agg(gap=gap)
    people = prepared.people.select("pid").join(latest, on="pid", how="left", maintain_order="left")
    return people["gap"].alias("finding.if_antibody_days_after_injection")
