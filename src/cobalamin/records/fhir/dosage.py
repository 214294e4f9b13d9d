"""Dosage: how much at a time, how often, from when to when; by structure first, then by its words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from cobalamin.records.fhir.elements import (
    DAYS_IN,
    Json,
    after_days,
    code_words,
    items,
    last_moment_of,
    mapping,
    number,
    period,
    text,
)

# HL7 GTS abbreviations: times a day, or days between.
_TIMES_A_DAY = {
    "qd": 1, "daily": 1, "od": 1, "am": 1, "pm": 1, "bed": 1, "hs": 1, "bid": 2, "bd": 2, "tid": 3, "tds": 3,
    "qid": 4, "qds": 4, "q4h": 6, "q6h": 4, "q8h": 3, "q12h": 2,
}  # fmt: skip
_DAYS_BETWEEN = {"qod": 2.0, "wk": 7.0, "mo": 365.25 / 12}
_UNIT_WORDS = {"hour": "h", "day": "d", "week": "wk", "month": "mo", "year": "a"}
_EVERY = re.compile(r"\bevery\s+(?:(other|second|\d+)(?:\s*(?:-|–|to)\s*(\d+))?\s+)?(hour|day|week|month|year)s?\b")
_PER = re.compile(
    r"\b(?:(\d+)|(once)|(twice)|(three)|(four))\s*(?:times)?\s*(?:a|per|each)?\s*(daily|weekly|monthly|yearly|day|week|month|year)\b"
)
_PLAIN = (
    (r"\btwice (?:daily|a day)|\bbd\b|\bbid\b", 0.5),
    (r"\bthree times (?:daily|a day)|\btds\b|\btid\b", 1 / 3),
    (r"\bdaily\b|\bod\b|\bevery day\b|\beach day\b", 1.0),
    (r"\bweekly\b", 7.0),
    (r"\bmonthly\b", 365.25 / 12),
    (r"\bquarterly\b|\bthree[- ]monthly\b|\b3[- ]monthly\b", 365.25 / 4),
)
_AS_NEEDED = re.compile(r"\bas needed\b|\bprn\b|\bif required\b|\bwhen required\b", re.IGNORECASE)


@dataclass(frozen=True)
class Dosage:
    """One instruction. `quantity` and `unit` as written; `every_days` null where not said or as needed."""

    quantity: float | None = None
    unit: str = ""
    every_days: float | None = None
    start: datetime | None = None
    end: datetime | None = None
    days: float | None = None
    route: Json = None
    words: str = ""


def read_dosage(instruction: dict[str, Json]) -> Dosage:
    """A Dosage of R4 or R3, or the `dosage` of a MedicationAdministration."""
    words = text(instruction.get("text")) or text(instruction.get("patientInstruction"))
    quantity, unit = _quantity(instruction)
    timing = instruction.get("timing")
    repeat = mapping(mapping(timing).get("repeat"))
    start, end = _bounds(repeat)
    needed = instruction.get("asNeededBoolean") is True or instruction.get("asNeededCodeableConcept")
    every = None if needed or _AS_NEEDED.search(words) else every_days(timing, words)
    return Dosage(quantity, unit, every, start, end, _days(repeat, every), instruction.get("route"), words)


def every_days(timing: Json, words: str) -> float | None:
    """Days from one dose to the next; null where the record does not say."""
    repeat = mapping(mapping(timing).get("repeat"))
    # "Every 2 to 3 months" counts as 3: nobody is late before the longer interval is over.
    span = number(repeat.get("periodMax")) or number(repeat.get("period"))
    frequency = number(repeat.get("frequency")) or 1.0
    unit = DAYS_IN.get(text(repeat.get("periodUnit")) or text(repeat.get("periodUnits")))
    if span and unit and span > 0 and frequency > 0:
        return span * unit / frequency
    weekdays = repeat.get("dayOfWeek")
    if isinstance(weekdays, list) and weekdays:
        return 7.0 / len(weekdays)
    for word in code_words(mapping(timing).get("code")):
        if word in _TIMES_A_DAY:
            return 1.0 / _TIMES_A_DAY[word]
        if word in _DAYS_BETWEEN:
            return _DAYS_BETWEEN[word]
    spoken = text(mapping(mapping(timing).get("code")).get("text"))
    return every_days_in_words(spoken) or every_days_in_words(words)


def every_days_in_words(words: str) -> float | None:
    """The interval in "every 3 months", "twice daily", "weekly"; null where none or several are named."""
    lower = words.lower().replace("2-3 months", "3 months")
    if re.search(r"\bthen\b|\bfollowed by\b", lower):
        return None
    if match := _EVERY.search(lower):
        count, most, unit = match.groups()
        times = 2.0 if count in ("other", "second") else float(most or count or 1)
        return times * DAYS_IN[_UNIT_WORDS[unit]] or None
    if match := _PER.search(lower):
        given = match.groups()
        times = float(given[0]) if given[0] else next(n for n, each in enumerate(given[1:5], 1) if each)
        unit = {"daily": "day", "weekly": "week", "monthly": "month", "yearly": "year"}.get(given[5], given[5])
        return DAYS_IN[_UNIT_WORDS[unit]] / times if times else None
    return next((days for pattern, days in _PLAIN if re.search(pattern, lower)), None)


def _quantity(instruction: dict[str, Json]) -> tuple[float | None, str]:
    rates = items(instruction.get("doseAndRate")) or [instruction]
    for rate in rates:
        dose = mapping(rate.get("doseQuantity")) or mapping(rate.get("dose")) or mapping(rate.get("quantity"))
        if not dose:
            dose = mapping(mapping(rate.get("doseRange")).get("high"))
        if (value := number(dose.get("value"))) is not None:
            return value, text(dose.get("unit")) or text(dose.get("code"))
    return None, ""


def _bounds(repeat: dict[str, Json]) -> tuple[datetime | None, datetime | None]:
    start, end = period(repeat.get("boundsPeriod"))
    return (start[0] if start else None), (last_moment_of(end) if end else None)


def _days(repeat: dict[str, Json], every: float | None) -> float | None:
    """How long the instruction lasts: a duration, or a count of doses at its interval."""
    bounds = mapping(repeat.get("boundsDuration"))
    value, unit = (
        number(bounds.get("value")),
        DAYS_IN.get(text(bounds.get("code")) or text(bounds.get("unit"))),
    )
    if value and unit:
        return value * unit
    count = number(repeat.get("count"))
    return count * every if count and every else None


def end_of(dosage: Dosage, start: datetime) -> datetime | None:
    """When the instruction ends by its own words; null where it does not say."""
    return dosage.end or (after_days(start, dosage.days) if dosage.days and dosage.days > 0 else None)
