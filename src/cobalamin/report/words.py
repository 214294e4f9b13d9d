"""Plain words for the values of an answer: `words.csv`, numbers, dates, and lines that fit."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

ACRONYMS = {"b12": "B12", "mma": "MMA", "mcv": "MCV", "tsh": "TSH", "hiv": "HIV", "ppi": "PPI", "gi": "gut"}
UNIT_WORDS = {
    "10*9/L": "×10⁹/L",
    "10*12/L": "×10¹²/L",
    "mL/min/{1.73_m2}": "mL/min/1.73 m²",
    "m[IU]/L": "mIU/L",
    "umol/L": "µmol/L",
    "ug/L": "µg/L",
    "1": "",
    "score": "",
}
INTERVALS = {1: "daily", 2: "on alternate days", 7: "weekly", 14: "every 2 weeks", 28: "every 4 weeks"}
THREE_A_WEEK = 7 / 3
DAYS_A_MONTH = 30.4375


@cache
def _table() -> dict[tuple[str, str], str]:
    with files(__package__).joinpath("words.csv").open(encoding="utf-8", newline="") as file:
        return {(row["kind"], row["key"]): row["words"] for row in csv.DictReader(file)}


def word(kind: str, key: str) -> str:
    """The words for a value; where none are listed, its name with blanks."""
    found = _table().get((kind, str(key)))
    return found if found is not None else plain(str(key))


def group(kind: str) -> list[str]:
    """The keys of a kind, in the order of the file: `nerve`, `cord` and `medicine` group findings for display."""
    return [key for kind_, key in _table() if kind_ == kind]


def plain(name: str) -> str:
    """A name of code as words: `iron_deficiency` → iron deficiency."""
    return " ".join(ACRONYMS.get(part, part) for part in name.split("_") if part)


def short_date(day: str | date | None, on: str | date) -> str:
    """15 Jan, with the year where it is not the year of the decision."""
    if day is None:
        return ""
    when, today = _day(day), _day(on)
    text = f"{when.day} {when:%b}"
    return text if when.year == today.year else f"{text} {when.year}"


def _day(day: str | date) -> date:
    return date.fromisoformat(day[:10]) if isinstance(day, str) else day


def unit_words(unit: str | None) -> str:
    """The unit as people write it."""
    return UNIT_WORDS.get(unit or "", unit or "")


def number(value: Any) -> str:
    """A number without noise; words as they are."""
    return f"{value:g}" if isinstance(value, float) else str(value)


def amount(value: Any, unit: str | None, comparator: str = "") -> str:
    """<30 ng/L"""
    return f"{comparator}{number(value)} {unit_words(unit)}".strip()


def interval(days: float | None) -> str:
    """A schedule in words: daily, 3 times a week, every 2 months."""
    if days is None:
        return ""
    if days in INTERVALS:
        return INTERVALS[int(days)]
    if abs(days - THREE_A_WEEK) < 0.05:  # noqa: PLR2004  (three a week, however it was rounded)
        return "3 times a week"
    months = days / DAYS_A_MONTH
    if months >= 1 and abs(months - round(months)) < 0.05:  # noqa: PLR2004
        return "monthly" if round(months) == 1 else f"every {round(months)} months"
    weeks = days / 7
    return f"every {weeks:g} weeks" if weeks == int(weeks) else f"every {days:g} days"


def sentence(text: str) -> str:
    """The text ended by one full stop."""
    stripped = text.strip()
    return stripped if not stripped or stripped[-1] in ".!?" else f"{stripped}."


def fitted(parts: Iterable[str], width: int, joiner: str = ", ", tail: str = "and {n} more") -> str:
    """As many parts as fit, in order, then how many more there are. The first part is always there."""
    items = [part for part in parts if part]
    for kept in range(len(items), 0, -1):
        left = len(items) - kept
        shown = items[:kept] if not left else [*items[:kept], tail.format(n=left)]
        line = joiner.join(shown)
        if len(line) <= width:
            return line
    return shortened(items[0], width) if items else ""


def shortened(text: str, width: int) -> str:
    """The text cut at a clause or a word so that it fits; the cut is shown."""
    if len(text) <= width:
        return text
    head = text[: width - 1]
    for mark in (". ", "; ", ": "):
        place = head.rfind(mark)
        if place > width // 2:
            return head[: place + (mark == ". ")] + ("" if mark == ". " else ".")
    return head[: head.rfind(" ")].rstrip(",;:") + " …"
