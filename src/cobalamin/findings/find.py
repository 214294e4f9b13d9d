"""Events to findings: one row a person, exactly the columns of the catalogue.

Everything that rests on one event is gathered from arrays by its anchor, all findings at once; what is computed
from other findings is an expression, built once and kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from cobalamin.events import COMPARATORS, FLAGS, Events
from cobalamin.findings import columns
from cobalamin.findings.anchors import (
    BOOLEAN_SELECTORS,
    VALUE_SELECTORS,
    anchor_rows,
    slot_place,
)
from cobalamin.findings.columns import finding_columns, findings_schema
from cobalamin.findings.derived import age_years, derived, derived_inputs, derived_outputs, not_applicable
from cobalamin.findings.doses import Treatment, dose_findings, first_dose, treatment_of
from cobalamin.findings.facts import NO_DAY, UNDATED, UNDATED_DAY, Floats, Ints, Places, unit_type
from cobalamin.findings.prepare import Prepared, prepare
from cobalamin.findings.spells import spell_years
from cobalamin.vocabulary.catalogue import Finding, catalogue


def find(events: Events, on: date) -> pl.DataFrame:
    """What the record says about each person on a day; never a guideline, never a threshold.

    One row a person in the order of the events; columns and types as `findings_schema()` lists them.
    A day before everything in the record gives rows of nulls: nothing was known.
    """
    prepared = prepare(events.frame, on)
    treatment = treatment_of(prepared)
    first = first_dose(treatment, prepared.size)
    slots = anchor_rows(prepared.facts, prepared.superseded, first)
    frame = pl.concat(
        [
            prepared.people[["patient_id"]].with_columns(_day(on)),
            _answers(slots),
            _measured(prepared, slots),
            _person(prepared, slots),
            spell_years(prepared, _by_selector("spell_years")),
            dose_findings(prepared, treatment, slots[slot_place("covers_treatment")] >= 0),
            _antibody_after_injection(prepared, treatment, slots),
        ],
        how="horizontal",
    )
    # Derived findings in a narrow frame: passing hundreds of columns through each step costs more than the step.
    narrow = frame[list(derived_inputs())].with_columns(_age(on)).with_columns(derived())
    return frame.hstack(narrow.select(_derived_columns()))[list(finding_columns())]


@lru_cache(maxsize=8)
def _day(on: date) -> pl.Expr:
    return pl.lit(on).alias("on")


@lru_cache(maxsize=8)
def _age(on: date) -> pl.Expr:
    return age_years(on)


@cache
def _derived_columns() -> tuple[pl.Expr, ...]:
    """What is computed from other findings, in its declared type, and where a question makes no sense."""
    schema = findings_schema()
    return (*(pl.col(name).cast(schema[name]) for name in derived_outputs()), *not_applicable())


@cache
def _by_selector(*selectors: str) -> tuple[Finding, ...]:
    return tuple(finding for finding in catalogue().values() if finding.selector in selectors and finding.concepts)


@cache
def _slot_places() -> tuple[np.ndarray, np.ndarray]:
    """For each Boolean finding: its yes slot, and its no slot."""
    found = _by_selector(*BOOLEAN_SELECTORS)
    return (
        np.array([slot_place(f"{finding.column}.yes") for finding in found]),
        np.array([slot_place(f"{finding.column}.no") for finding in found]),
    )


@cache
def _silence() -> tuple[np.ndarray, np.ndarray]:
    """The coverage slot of each domain, and for each Boolean finding the place of the one under which silence is no.

    The last place is that of no coverage at all: silence never answers there.
    """
    found = _by_selector(*BOOLEAN_SELECTORS)
    domains = list(dict.fromkeys(finding.domain for finding in found))
    return (
        np.array([slot_place(f"covers_{domain}") for domain in domains]),
        np.array([domains.index(one.domain) if one.silence == "no" else len(domains) for one in found]),
    )


@cache
def _names(selectors: tuple[str, ...], suffix: str = "") -> list[str]:
    return [f"{finding.column}{suffix}" for finding in _by_selector(*selectors)]


def _answers(slots: Ints) -> pl.DataFrame:
    """Yes, no or null of every Boolean finding, and the row of the event that said so. All findings at once."""
    yes_place, no_place = _slot_places()
    yes, no = slots[yes_place], slots[no_place]
    # What was ever true stays true; a current state that was denied later is already gone from its yes slot.
    # So what else says yes (a second symptom of the same finding, or the same day) is never overruled.
    is_yes = yes >= 0
    is_no = (no >= 0) & ~is_yes
    coverage, silent_under = _silence()
    covered = np.vstack([slots[coverage] >= 0, np.zeros(slots.shape[1], dtype=np.bool_)])
    known = is_yes | is_no | covered[silent_under]
    names = _names(BOOLEAN_SELECTORS)
    rows = columns.anchors([f"{name}.row" for name in names], np.where(is_no, no, yes))
    return columns.answers(names, is_yes, known).hstack(rows)


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


def _measured(prepared: Prepared, slots: Ints) -> pl.DataFrame:
    """Value, unit, comparator, word, time and anchor of every measurement; value and anchor of plain numbers."""
    names = [finding.column for finding in _value_findings()]
    measured = [finding.column for finding in _value_findings() if finding.kind == "measurement"]
    rows, facts = slots[_value_places()], prepared.all
    anchored = _Anchored.of(rows[: len(measured)])

    def part(suffix: str) -> list[str]:
        return [f"{name}.{suffix}" for name in measured]

    parts = (
        columns.numbers(names, _told(prepared, rows)),
        columns.anchors([f"{name}.row" for name in names], rows),
        columns.words(part("unit"), anchored.gathered(facts.unit, -1), unit_type()),
        columns.signs(part("cmp"), anchored.gathered(_SIGNS[facts.comparator], 0)),
        columns.words(part("flag"), anchored.gathered(facts.flag, -1), pl.Enum(FLAGS)),
        columns.moments(part("time"), anchored.gathered(facts.time, UNDATED)),
    )
    return pl.concat(parts, how="horizontal")


# By place of a comparator, the last for none.
_SIGNS = np.array([*({"<": -1, ">": 1}[one] for one in COMPARATORS), 0], dtype=np.int8)


@dataclass(frozen=True)
class _Anchored:
    """Where a matrix of anchors holds one, and which: most people lack most results, so only those are looked up."""

    size: int
    where: Places
    row: Places

    @classmethod
    def of(cls, rows: Ints) -> _Anchored:
        flat = rows.ravel()
        where = np.flatnonzero(flat >= 0)
        return cls(flat.size, where, flat[where].astype(np.intp))

    def gathered(self, values: npt.NDArray[Any], none: float) -> npt.NDArray[Any]:
        """The values of the anchors, end to end; `none` where there is no anchor."""
        found = np.full(self.size, none, dtype=values.dtype)
        found[self.where] = values[self.row]
        return found


def _told(prepared: Prepared, rows: Ints) -> Floats:
    """The numbers on the day: weeks of pregnancy grow, a dose of a medicine is told per day."""
    facts, people = prepared.all, rows.shape[1]
    told: Floats = _Anchored.of(rows).gathered(facts.value, np.nan)
    begin = 0
    for way, count in _counts().items():
        of_way, at = rows[begin : begin + count], slice(begin * people, (begin + count) * people)
        begin += count
        if way in ("weeks_since", "weeks_grown"):
            day = _Anchored.of(of_way).gathered(facts.day, UNDATED_DAY)
            weeks = np.where(day == UNDATED_DAY, np.nan, (facts.on - day) / 7.0)
            told[at] = weeks if way == "weeks_since" else told[at] + weeks
        elif way == "per_day":
            every_days = _Anchored.of(of_way).gathered(facts.every_days, np.nan)
            told[at] /= np.where(np.isnan(every_days), 1.0, every_days)
    return told


@cache
def _counts() -> dict[str, int]:
    """How many value findings are told in each way."""
    ways = [_way(finding) for finding in _value_findings()]
    return {way: ways.count(way) for way in _WAYS}


PERSON_SLOTS = ("person_birth", "person_age", "covers_treatment")


def _person(prepared: Prepared, slots: Ints) -> pl.DataFrame:
    """Birth, stated age with the days since it was stated, and how far back treatment is covered."""
    facts, rows = prepared.all, slots[[slot_place(name) for name in PERSON_SLOTS]]
    day = _Anchored.of(rows).gathered(facts.day, NO_DAY).reshape(rows.shape)
    born, stated, covered = np.where(day == UNDATED_DAY, np.int32(NO_DAY), day)
    age = _Anchored.of(rows[1]).gathered(facts.value, np.nan)
    since = np.where(stated == NO_DAY, np.nan, facts.on - stated.astype(np.int64))
    dates = columns.days(["born", "treatment_covered_from"], np.array([born, covered]))
    return dates.hstack(columns.numbers(["stated_age", "stated_days"], np.array([age, since])))


def _antibody_after_injection(prepared: Prepared, treatment: Treatment, slots: Ints) -> pl.DataFrame:
    """Days from the latest injection before it to the positive intrinsic factor antibody sample."""
    name = "finding.if_antibody_days_after_injection"
    sample = slots[slot_place(f"{catalogue()['if_antibody_positive'].column}.yes")]
    given = treatment.facts.at(treatment.injected & ~treatment.schedule)
    everything, taken = prepared.all, _Anchored.of(sample[given.pid])
    day = taken.gathered(everything.day, NO_DAY)
    # Blood of the same day was taken before the dose, unless both clocks say otherwise.
    clocks = given.clock & taken.gathered(everything.clock, False)
    earlier = (given.day < day) | (clocks & (given.time < taken.gathered(everything.time, UNDATED)))
    earlier &= given.dated
    gap = np.full(prepared.size, np.nan)
    # Injections lie in the order of time, so the latest one stays.
    gap[given.pid[earlier]] = (day - given.day)[earlier]
    return columns.numbers([name], gap)
