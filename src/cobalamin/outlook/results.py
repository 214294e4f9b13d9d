"""Dated results of one person that the model speaks of, each told whether it was taken before any B12."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from cobalamin.findings.prepare import prepare
from cobalamin.outlook.facts import Facts
from cobalamin.units import canonical_unit

# The unit of the marker's name is the canonical unit of the concept: a test holds the two together.
MARKER_OF = {
    "lab_b12_total": "serum_b12_pmol_l",
    "lab_b12_active": "active_b12_pmol_l",
    "lab_mma_serum": "mma_nmol_l",
    "lab_homocysteine": "homocysteine_umol_l",
}


@dataclass(frozen=True)
class DatedResult:
    """One result. `value`, `low` and `high` (the printed range) in the unit of the marker's name.

    `value` is None where the record gives words only; `comparator` is "<" or ">" of a censored value; `flag` is
    what the record says in words; `unit` as reported;
    `before_treatment`: taken before the first dose, the same day counting as before.
    """

    date: date
    marker: str
    value: float | None
    comparator: str | None
    flag: str | None
    low: float | None
    high: float | None
    unit: str | None
    before_treatment: bool
    source: str


def results_of(facts: Facts, first_dose: date | None) -> tuple[DatedResult, ...]:
    """Results by day up to the day of decision; undated ones cannot be placed and are left out."""
    seen = prepare(facts.events, facts.on).events.filter(
        pl.col("concept").cast(pl.String).is_in(list(MARKER_OF)) & pl.col("time").is_not_null() & pl.col("present")
    )
    return tuple(_result(row, first_dose) for row in seen.sort("time", maintain_order=True).to_dicts())


def _result(row: Mapping[str, Any], first_dose: date | None) -> DatedResult:
    day = row["time"].date()
    return DatedResult(
        date=day,
        marker=MARKER_OF[str(row["concept"])],
        value=row["value"],
        comparator=row["comparator"],
        flag=row["flag"],
        low=row["low"],
        high=row["high"],
        unit=row["unit"] or canonical_unit(str(row["concept"])),
        before_treatment=first_dose is None or day <= first_dose,
        source=row["source"] or "",
    )
