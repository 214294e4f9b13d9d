"""The anchor of a finding: the row of the one event that decides it. All findings in one group-by.

Each finding owns one or more slots (the event that says yes, the event that says no). Events are joined to
the slots their concept feeds, rows that do not qualify drop out, and one group-by keeps the latest (or first)
row of every slot and person.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import polars as pl

from cobalamin.findings.prepare import Prepared
from cobalamin.vocabulary.catalogue import Finding, catalogue
from cobalamin.vocabulary.concepts import concept_type, concepts

BOOLEAN_SELECTORS = ("ever", "current", "flag_ever", "flag_latest")
VALUE_SELECTORS = ("latest", "before", "after", "previous", "value")
FOR_EVER = 1_000_000
COVERAGE_LAPSE_DAYS = 365


@dataclass(frozen=True)
class Slot:
    """A place that one event of each person can fill.

    `want` says which events qualify: yes/no (a recorded present or negative), positive/negative (a result in
    words), value (a number or word), dose states before/after treatment, running.
    """

    name: str
    concept: str
    want: str
    window_days: int
    earliest: bool = False


@cache
def slots() -> tuple[Slot, ...]:
    """The slots of every finding that rests on one event, and of coverage."""
    made = [slot for finding in catalogue().values() for slot in _finding_slots(finding)]
    covers = [name for name in concepts() if name.startswith("covers_")]
    person = [
        Slot(name, name, want, FOR_EVER)
        for name, want in (("person_birth", "ever_yes"), ("person_age", "latest"))
    ]
    return (*made, *person, *(Slot(name, name, "covers", COVERAGE_LAPSE_DAYS) for name in covers))


def _finding_slots(finding: Finding) -> list[Slot]:
    window = FOR_EVER if finding.window_days is None else finding.window_days
    name, selector = finding.column, finding.selector
    if selector in ("ever", "current"):
        denial = finding.concepts[0]
        return [Slot(f"{name}.yes", c, f"{selector}_yes", window) for c in finding.concepts] + [
            Slot(f"{name}.no", denial, f"{selector}_no", window)
        ]
    if selector in ("flag_ever", "flag_latest"):
        return [Slot(f"{name}.yes", c, "positive", window) for c in finding.concepts] + [
            Slot(f"{name}.no", c, "negative", window) for c in finding.concepts
        ]
    if selector in VALUE_SELECTORS:
        return [Slot(f"{name}.row", c, selector, window) for c in finding.concepts]
    if selector == "duration_weeks":
        return [Slot(f"{name}.row", c, "onset", window, earliest=True) for c in finding.concepts]
    return []


@cache
def slot_names() -> tuple[str, ...]:
    """Names of the slots, each once, in order; a slot's number is its place here."""
    return tuple(dict.fromkeys(slot.name for slot in slots()))


@cache
def _membership() -> pl.DataFrame:
    number = {name: place for place, name in enumerate(slot_names())}
    return pl.DataFrame(
        {
            "concept": [slot.concept for slot in slots()],
            "slot": [number[slot.name] for slot in slots()],
            "want": [slot.want for slot in slots()],
            "window": [slot.window_days for slot in slots()],
            "earliest": [slot.earliest for slot in slots()],
        },
        schema={
            "concept": concept_type(),
            "slot": pl.UInt32,
            "want": pl.Enum(sorted({slot.want for slot in slots()})),
            "window": pl.Int32,
            "earliest": pl.Boolean,
        },
    )


def anchor_rows(prepared: Prepared, first: pl.DataFrame) -> np.ndarray:
    """The deciding row of each slot and person, slot by slot, -1 where there is none.

    `first` is the first B12 dose of each person, from `doses.first_dose`.
    """
    row = pl.when("earliest").then(-pl.col("row").cast(pl.Int64)).otherwise(pl.col("row").cast(pl.Int64))
    key = pl.col("slot").cast(pl.Int64) * prepared.size + pl.col("pid")
    candidates = _candidates(prepared, first).select("want", key=key, row=row).collect()
    latest = candidates.group_by("key").agg(pl.col("row").max())
    # `previous` is the value before the latest of its slot.
    previous = candidates.filter(pl.col("want") == "previous").join(latest, on=["key", "row"], how="anti")
    if previous.height or candidates["want"].eq("previous").any():
        before_latest = previous.group_by("key").agg(pl.col("row").max())
        others = candidates.filter(pl.col("want") != "previous").select("key").unique()
        latest = pl.concat([latest.join(others, on="key", how="semi"), before_latest])
    return _scattered(latest["key"].to_numpy(), np.abs(latest["row"].to_numpy()), prepared.size)


def _candidates(prepared: Prepared, first: pl.DataFrame) -> pl.LazyFrame:
    """Events that qualify for a slot, one row for each slot they could fill."""
    columns = ("row", "pid", "concept", "time", "precision", "present", "value", "flag", "running", "age_days")
    events = prepared.events.lazy().select(columns)
    joined = events.join(_membership().lazy(), on="concept").join(first.lazy(), on="pid", how="left")
    return joined.filter(_qualifies())


@cache
def _qualifies() -> pl.Expr:
    present, age, running, want = pl.col("present"), pl.col("age_days"), pl.col("running"), pl.col("want")
    undated = age.is_null()
    recent = undated | (age <= pl.col("window"))
    current = running | (~undated & (age <= pl.col("window")))
    has_value = present & (pl.col("value").is_not_null() | pl.col("flag").is_not_null())
    says_yes = pl.col("flag").is_in(["positive", "high"]).fill_null(value=False)
    says_no = pl.col("flag").is_in(["negative", "normal"]).fill_null(value=False)
    before = _before_treatment()
    since_first = (pl.col("first_time").dt.date() - pl.col("time").dt.date()).dt.total_days()
    recent_before = pl.when(since_first > 0).then(since_first <= pl.col("window")).otherwise(recent)
    return (
        pl.when(want == "ever_yes").then(present)
        .when(want == "ever_no").then(~present)
        .when(want == "current_yes").then(present & current)
        .when(want == "current_no").then(~present & current)
        .when(want == "positive").then(present & recent & says_yes)
        .when(want == "negative").then(present & recent & says_no)
        .when(want == "before").then(has_value & before & recent_before)
        .when(want == "after").then(has_value & ~before & recent)
        .when(want == "value").then(present & pl.col("value").is_not_null() & current)
        .when(want == "onset").then(present & running & (age > 0))
        .when(want == "covers").then(present & current)
        .otherwise(has_value & recent)
    )  # fmt: skip


def _before_treatment() -> pl.Expr:
    """True for a fact from before the first B12; the same day is before unless both clocks say otherwise."""
    day, first_day = pl.col("time").dt.date(), pl.col("first_time").dt.date()
    clocks = (pl.col("precision") == "second") & pl.col("first_clock")
    same_day = (day == first_day) & (~clocks | (pl.col("time") <= pl.col("first_time")))
    # An undated result is taken as before only where nothing was ever given.
    return pl.col("first_time").is_null() | ((day < first_day) | same_day).fill_null(value=False)


def _scattered(key: np.ndarray, row: np.ndarray, size: int) -> np.ndarray:
    filled = np.full(len(slot_names()) * size, -1, dtype=np.int64)
    filled[key] = row
    return filled
