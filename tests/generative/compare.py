"""The kernel and the referee side by side."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

import polars as pl

from cobalamin.decision import decide
from cobalamin.events import Events
from cobalamin.findings import find
from cobalamin.guidance import Guideline
from cobalamin.plan import plan
from tests.reference.findings import find_one
from tests.reference.plan import plan_one
from tests.reference.tables import decide_one

Rows = list[dict[str, Any]]
Differences = dict[str, dict[str, tuple[Any, Any]]]


def events_of(population: dict[str, Rows]) -> Events:
    """All rows of a population as one event table."""
    return Events.of([row for rows in population.values() for row in rows])


def same(one: Any, other: Any) -> bool:
    """Equal; numbers to nine digits."""
    if isinstance(one, float) and isinstance(other, (int, float)) and not isinstance(other, bool):
        return abs(one - other) <= 1e-9 * max(1.0, abs(one), abs(other))
    return one == other and (one is None) == (other is None)


def with_own_rows(frame: pl.DataFrame, events: Events) -> pl.DataFrame:
    """Findings whose `.row` counts within the patient's own rows."""
    starts = events.frame.with_row_index("row").group_by("patient_id").agg(pl.col("row").min().cast(pl.Int64))
    begin = frame.select("patient_id").join(starts, on="patient_id", how="left", maintain_order="left")["row"]
    places = [name for name in frame.columns if name.endswith(".row")]
    return frame.with_columns((pl.col(name) - begin).alias(name) for name in places)


def by_patient(frame: pl.DataFrame) -> dict[str, dict[str, Any]]:
    """Rows of a frame with one row a patient."""
    return {row["patient_id"]: row for row in frame.to_dicts()}


def differences(expected: dict[str, Any], found: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Columns that differ: what was expected, what was found."""
    missing = "no such column"
    pairs = {name: (expected.get(name, missing), found.get(name, missing)) for name in found.keys() | expected.keys()}
    return {name: pair for name, pair in sorted(pairs.items()) if not same(*pair)}


def compare(population: dict[str, Rows], guidelines: Iterable[Guideline], on: date) -> Differences:
    """Where referee and kernel differ, by patient and column: (referee, kernel)."""
    events = events_of(population)
    frame = find(events, on)
    expected = {name: find_one(rows, on) for name, rows in population.items()}
    kernel = by_patient(with_own_rows(frame, events))
    found = {name: differences(expected[name], kernel[name]) for name in population}
    for guideline in guidelines:
        trace = decide(frame, guideline)
        traces = by_patient(trace)
        plans: dict[str, Rows] = {name: [] for name in population}
        for item in plan(frame, trace, guideline).to_dicts():
            plans[item["patient_id"]].append(item)
        for name in population:
            decided = decide_one(expected[name], guideline)
            items = plan_one(expected[name], decided, guideline)
            wrong = differences(decided, traces[name]) | _plan_differences(items, plans[name])
            found[name] |= {f"{guideline.id}: {column}": pair for column, pair in wrong.items()}
    return {name: columns for name, columns in found.items() if columns}


def _plan_differences(expected: Rows, found: Rows) -> dict[str, tuple[Any, Any]]:
    if len(expected) != len(found):
        return {"plan": ([item["rule"] for item in expected], [item["rule"] for item in found])}
    return {
        f"plan.{number}.{key}": pair
        for number, (one, other) in enumerate(zip(expected, found, strict=True))
        for key, pair in differences(one, other).items()
    }


def said(found: Differences) -> str:
    """The first differences, for a failing test's message."""
    lines = [f"{name}: {column}: referee {one!r}, kernel {other!r}"
             for name, columns in found.items() for column, (one, other) in columns.items()]  # fmt: skip
    return f"{len(found)} people differ\n" + "\n".join(lines[:20])
