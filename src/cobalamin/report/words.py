"""Plain words for the values of an answer: `words.csv`, numbers, dates, and lines that fit."""

from __future__ import annotations

import csv
import re
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
ENDLESS = ("lifelong", "as long as", "review")
INTERVALS = {1: "daily", 2: "on alternate days", 7: "weekly", 14: "every 2 weeks", 28: "every 4 weeks"}
THREE_A_WEEK = 7 / 3
DAYS_A_MONTH = 30.4375


@cache
def _table() -> dict[tuple[str, str], str]:
    with files(__package__).joinpath("words.csv").open(encoding="utf-8") as file:
        return {(row["kind"], row["key"]): row["words"] for row in csv.DictReader(file)}


def word(kind: str, key: str) -> str:
    """The words for a value; where none are listed, its name with blanks."""
    found = _table().get((kind, str(key)))
    if found is None and kind == "ask":
        return word("finding", key)
    return found if found is not None else plain(str(key))


def listed(kind: str, key: str) -> str | None:
    """The words for a value where some are listed."""
    return _table().get((kind, key))


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
    if abs(days - THREE_A_WEEK) < 0.05:
        return "3 times a week"
    months = days / DAYS_A_MONTH
    if months >= 1 and abs(months - round(months)) < 0.05:
        return "monthly" if round(months) == 1 else f"every {round(months)} months"
    weeks = days / 7
    return f"every {weeks:g} weeks" if weeks == int(weeks) else f"every {days:g} days"


def sentence(text: str) -> str:
    """The text ended by one full stop."""
    stripped = text.strip()
    return stripped if not stripped or stripped[-1] in ".!?…" else f"{stripped}."


def brief(text: str, width: int) -> str:
    """The text so that it fits: without brackets first, then cut at a clause, then at a word."""
    if len(text) <= width:
        return text
    bare = re.sub(r"\s*\([^()]*\)", "", text)
    return shortened(bare, width)


def shortened(text: str, width: int) -> str:
    """The text cut at a clause or a word so that it fits; a cut inside a clause is shown."""
    if len(text) <= width:
        return text
    head = text[: width - 1]
    for mark in (". ", "; ", " - ", ": "):
        place = head.rfind(mark)
        if place > width // 3:
            return head[:place]
    return head[: max(head.rfind(" "), 1)].rstrip(",;:-") + " …"


def until_words(text: str | None) -> str:
    """How long a phase runs: "until …", or as its source says it."""
    if not text:
        return ""
    return text if text.startswith(ENDLESS) else f"until {text}"


def readable(text: str) -> str:
    """A sentence with UCUM units, with the units as people write them."""
    for unit, written in UNIT_WORDS.items():
        if written and len(unit) > 2:
            text = text.replace(unit, written)
    return text
