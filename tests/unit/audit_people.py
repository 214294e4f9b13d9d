"""People for the tests of the audit: a record is a list of short facts around a day of decision."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import cache
from typing import Any

from cobalamin.assess import assess
from cobalamin.audit.audit import MEASURES
from cobalamin.audit.facts import Facts
from cobalamin.audit.spec import measures
from cobalamin.events import Events
from cobalamin.guidance import Guideline, load

ON = date(2026, 1, 15)
COVERED = ("covers_treatment", "covers_medicines", "covers_conditions", "covers_procedures", "covers_laboratory")
UNITS = {"lab_b12_total": "pmol/L", "lab_b12_active": "pmol/L", "lab_mma_serum": "nmol/L", "lab_haemoglobin": "g/L"}


def fact(concept: str, day: int | None = 0, value: float | None = None, **more: Any) -> dict[str, Any]:
    """A fact `day` days after the decision (negative: before); a point in time unless `until` is given."""
    time = None if day is None else datetime(2026, 1, 15) + timedelta(days=day)
    row = {"concept": concept, "time": time, "until": time, "value": value, "source": "test"}
    row |= {"precision": "undated"} if time is None else {}
    if value is not None:
        row["unit"] = UNITS.get(concept)
    return row | more


def lasting(concept: str, day: int | None = 0, **more: Any) -> dict[str, Any]:
    """A fact that still runs."""
    return fact(concept, day, until=None, **more)


def dose(day: int) -> dict[str, Any]:
    """An injection of 1 mg."""
    return fact("tx_hydroxocobalamin_injection", day, 1000.0, unit="ug", route="im")


def person(
    name: str, *facts: dict[str, Any], age: int = 60, sex: str = "female", reach: int | None = 3650
) -> list[dict[str, Any]]:
    """A registered adult whose record reaches back `reach` days (None: it covers nothing)."""
    rows = [fact("person_birth", -age * 365 - 100), fact(f"person_{sex}", None, until=None), *facts]
    if reach is not None:
        rows += [lasting(name_, -reach) for name_ in COVERED]
    return [row | {"patient_id": name} for row in rows]


@cache
def guideline(name: str, on: date) -> Guideline:
    """A guideline, loaded and compiled once for all tests."""
    return load(name, on)


def facts_of(*people: list[dict[str, Any]], on: date = ON, guidance: str = "nice_ng239") -> Facts:
    """The chunk of these people, assessed."""
    return Facts(assess(Events.of([row for rows in people for row in rows]), guideline(guidance, on), on=on))


def judged(measure: str, *people: list[dict[str, Any]]) -> dict[str, tuple[str, str]]:
    """Outcome and reason of each person in a measure; people outside it are left out."""
    units = MEASURES[measure](facts_of(*people), measures()[measure])
    return {row["patient_id"]: (row["outcome"], row["reason"]) for row in units.iter_rows(named=True)}


def outcome(measure: str, *facts: dict[str, Any], **more: Any) -> str | None:
    """Outcome of one person in a measure; null where the measure does not speak of them."""
    found = judged(measure, person("p", *facts, **more)).get("p")
    return found[0] if found else None
