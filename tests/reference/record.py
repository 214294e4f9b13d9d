"""One patient's record as it was known on a day: facts in order, each with its age and whether it still runs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from cobalamin.events import COMPARATORS, FLAGS, PRECISIONS, ROUTES
from cobalamin.vocabulary.concepts import concepts

COLUMNS = [
    "patient_id",
    "time",
    "precision",
    "until",
    "known_at",
    "concept",
    "present",
    "value",
    "unit",
    "comparator",
    "flag",
    "text",
    "low",
    "high",
    "route",
    "every_days",
    "source",
]
RANKS = {
    "precision": PRECISIONS,
    "concept": tuple(concepts()),
    "comparator": COMPARATORS,
    "flag": FLAGS,
    "route": ROUTES,
}
RANK_OF = {column: {word: place for place, word in enumerate(words)} for column, words in RANKS.items()}
NUMBERS = ("value", "low", "high", "every_days")


@dataclass(frozen=True)
class Fact:
    """An event the record knew on the day. `day` is null where undated; `end` is the day it ended, null = runs."""

    row: int
    concept: str
    present: bool
    when: datetime | None
    clock: bool
    day: date | None
    end: date | None
    point: bool
    value: float | None
    unit: str | None
    comparator: str | None
    flag: str | None
    route: str | None
    every_days: float | None

    @property
    def runs(self) -> bool:
        """Not ended on the day of decision."""
        return self.end is None

    @property
    def says_something(self) -> bool:
        """A result with a number or a word."""
        return self.present and (self.value is not None or self.flag is not None)

    @property
    def denies(self) -> bool:
        """A recorded negative, or a negative result in words."""
        return not self.present or self.flag in ("negative", "normal")


def completed(row: dict[str, Any]) -> dict[str, Any]:
    """A row with every event column; a number that is not a number is no number."""
    full = {column: row.get(column) for column in COLUMNS}
    full["precision"] = full["precision"] or "day"
    full["present"] = True if full["present"] is None else full["present"]
    for column in NUMBERS:
        if full[column] is not None and math.isnan(full[column]):
            full[column] = None
    return full


def in_order(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Sorted by time, content and source, undated first; rows that differ only in source are one."""
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in sorted(map(completed, rows), key=_sort_key):
        found.setdefault(tuple(row[column] for column in COLUMNS if column != "source"), row)
    return list(found.values())


def _sort_key(row: dict[str, Any]) -> list[tuple[bool, Any]]:
    content = [column for column in COLUMNS if column not in ("patient_id", "time", "source")]
    return [_place(row, column) for column in ("time", *content, "source")]


def _place(row: dict[str, Any], column: str) -> tuple[bool, Any]:
    value = row[column]
    if value is None:
        return (False, 0)
    return (True, RANK_OF[column][value] if column in RANKS else value)


def facts(rows: list[dict[str, Any]], on: date) -> list[Fact]:
    """What the record of one patient knew on a day. A fact that lies in the future has not happened yet."""
    night = datetime.combine(on, time.max)
    found = []
    for place, row in enumerate(in_order(rows)):
        when, learnt = row["time"], row["known_at"] or row["time"]
        if (learnt is None or learnt <= night) and (when is None or when <= night):
            found.append(_fact(place, row, night))
    return found


def _fact(place: int, row: dict[str, Any], night: datetime) -> Fact:
    when, until = row["time"], row["until"]
    ended = until is not None and until <= night
    return Fact(
        row=place,
        concept=row["concept"],
        present=row["present"],
        when=when,
        clock=row["precision"] == "second",
        day=when.date() if when else None,
        end=until.date() if ended else None,
        point=until is not None and until == when,
        value=row["value"],
        unit=row["unit"],
        comparator=row["comparator"],
        flag=row["flag"] or printed_flag(row),
        route=row["route"],
        every_days=row["every_days"],
    )


def printed_flag(row: dict[str, Any]) -> str | None:
    """The result against the range the laboratory printed; a censored one only where its whole range is outside."""
    value, low, high, sign = row["value"], row["low"], row["high"], row["comparator"]
    if value is None or (low is None and high is None):
        return None
    if sign == "<":
        return "low" if low is not None and value <= low else None
    if sign == ">":
        return "high" if high is not None and value >= high else None
    if high is not None and value > high:
        return "high"
    return "low" if low is not None and value < low else "normal"


def is_later(one: Fact, other: Fact) -> bool:
    """Strictly later: a later day, or a later clock of the same day. An undated fact is before everything."""
    if one.day is None or other.day is None:
        return one.day is not None
    if one.clock and other.clock and one.when and other.when:
        return one.when > other.when
    return one.day > other.day


def standing(found: list[Fact]) -> list[Fact]:
    """The present facts that no later negative of the same concept has taken back."""
    denials = [fact for fact in found if fact.denies]
    return [
        fact
        for fact in found
        if fact.present
        and not any(no.concept == fact.concept and is_later(no, fact) for no in denials if no is not fact)
    ]
