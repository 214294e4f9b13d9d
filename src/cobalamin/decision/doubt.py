"""How far a recorded value may be from the truth: the assay and the person vary, and dates are not exact."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import polars as pl

from cobalamin.vocabulary.catalogue import Finding
from cobalamin.vocabulary.concepts import read_csv

DAYS_PER = {"weeks": 7.0, "years": 365.25, "days": 1.0}
# How many days a date of this precision may be off.
SPAN_DAYS = {"month": 31.0, "year": 365.0}
DATED = ("spell_years", "duration_weeks", "derived")


@dataclass(frozen=True)
class Assay:
    """How a laboratory test varies: `doubt_pct` is how far a second sample may lie from the first, in per cent.

    `test` is the name under which it is ordered, "" where it is not one of those ordered out of habit.
    """

    concept: str
    test: str
    doubt_pct: float


@cache
def assays() -> dict[str, Assay]:
    """Every test whose variation is known or judged, by concept (`assay_variation.csv` names the sources)."""
    rows = read_csv("assay_variation.csv")
    return {row["concept"]: Assay(row["concept"], row["test"], float(row["doubt_pct"])) for row in rows}


def reach_of_result(finding: Finding, row: dict[str, Any]) -> tuple[float, float] | None:
    """Between which values a second sample would lie; None where the result is no plain number or cannot be judged."""
    value, assay = row[finding.column], assays().get(finding.concepts[0])
    if value is None or assay is None or row[f"{finding.column}.cmp"] is not None:
        return None
    off = abs(value) * assay.doubt_pct / 100.0
    return value - off, value + off


def reach_of_date(finding: Finding, row: dict[str, Any], events: pl.DataFrame | None) -> tuple[float, float] | None:
    """Between which values a duration or age lies whose dates are known to the month or year only, else None.

    `events` are those of the person; without them no date is in doubt.
    """
    value = row[finding.column]
    if events is None or value is None or finding.unit not in DAYS_PER or finding.selector not in DATED:
        return None
    concept = pl.col("concept").cast(pl.String)
    said = events.filter(concept.is_in(list(finding.concepts)) & pl.col("present"))["precision"].cast(pl.String)
    off = max((SPAN_DAYS.get(one, 0.0) for one in said), default=0.0) / DAYS_PER[finding.unit]
    return (max(0.0, value - off), value + off) if off else None
