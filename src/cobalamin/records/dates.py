"""Dates and durations as people write them: "3 months", "since 2015", "2 weeks ago", "5 Jan 2026"."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta

DAYS = {"day": 1.0, "week": 7.0, "month": 30.4375, "year": 365.25, "decade": 3652.5, "hour": 1 / 24}
LONGEST_DAYS = 60_000  # longer than any life; more is a slip and would leave the calendar
_UNITS = {
    "d": "day",
    "day": "day",
    "w": "week",
    "wk": "week",
    "week": "week",
    "m": "month",
    "mo": "month",
    "mth": "month",
    "month": "month",
    "y": "year",
    "yr": "year",
    "year": "year",
    "decade": "decade",
    "hour": "hour",
    "fortnight": "fortnight",
}
_WORDS = {
    "a": 1,
    "an": 1,
    "one": 1,
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "seven": 7,
    "eight": 8,
    "nine": 9,
    "ten": 10,
    "eleven": 11,
    "twelve": 12,
    "couple": 2,
    "few": 3,
    "several": 4,
    "half": 0.5,
    "fifteen": 15,
    "twenty": 20,
    "thirty": 30,
    "many": 10,
}
_COUNT = r"(\d+(?:\.\d+)?|" + "|".join(_WORDS) + r")"
_UNIT = r"(days?|weeks?|wks?|months?|mths?|years?|yrs?|decades?|fortnights?|hours?|mo|d|w|m|y)"
_DURATION = re.compile(
    rf"(?:{_COUNT}\s*(?:-|–|to|or)\s*)?{_COUNT}(?:\s+or\s+(?:two|more))?\s*(?:a\s+|of\s+)?-?\s*{_UNIT}\b", re.IGNORECASE
)
_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]


@dataclass(frozen=True)
class When:
    """A moment and how exact it is (second, day, month, year)."""

    time: datetime
    precision: str


def midnight(day: date) -> datetime:
    """The beginning of a day, the time of a fact without a clock time."""
    return datetime(day.year, day.month, day.day)


def read_date(value: object) -> When | None:
    """A date from a date, a year, "2015-03", "2026-01-05" or "5 Jan 2026"; None where it is none of them.

    "05/01/2026" is refused: it is two different days in two countries.
    """
    if isinstance(value, datetime):
        return When(value.replace(tzinfo=None), "second" if value.time().isoformat() != "00:00:00" else "day")
    if isinstance(value, date):
        return When(midnight(value), "day")
    if isinstance(value, int) and not isinstance(value, bool) and 1800 < value < 2200:
        return When(datetime(value, 1, 1), "year")
    text = str(value).strip() if isinstance(value, str) else ""
    return _iso(text) or _spelled(text)


def _iso(text: str) -> When | None:
    match = re.fullmatch(r"(\d{4})(?:-(\d{1,2}))?(?:-(\d{1,2}))?(?:[T ].*)?", text)
    if not match:
        return None
    year, month, day = (int(part) if part else None for part in match.groups())
    return _build(year or 0, month, day)


def _spelled(text: str) -> When | None:
    match = re.fullmatch(r"(?:(\d{1,2})(?:st|nd|rd|th)?\s+)?([A-Za-z]{3,9})\.?,?\s+(\d{4})", text)
    swapped = re.fullmatch(r"([A-Za-z]{3,9})\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})", text)
    if swapped:
        day, name, year = swapped[2], swapped[1], swapped[3]
    elif match:
        day, name, year = match[1], match[2], match[3]
    else:
        return None
    name = name[:3].lower()
    return _build(int(year), _MONTHS.index(name) + 1, int(day) if day else None) if name in _MONTHS else None


def _build(year: int, month: int | None, day: int | None) -> When | None:
    precision = "day" if day else "month" if month else "year"
    try:
        return When(datetime(year, month or 1, day or 1), precision)
    except ValueError:
        return None


def read_duration(value: object) -> tuple[float, str] | None:
    """Days and precision of "3 months", "6/52", "2-3 weeks" (the longer), "several months"; None where unclear."""
    if not isinstance(value, str):
        return None
    slashed = re.fullmatch(r"\s*(\d+)\s*/\s*(7|52|12)\s*", value)
    if slashed:
        unit = {"7": "day", "52": "week", "12": "month"}[slashed[2]]
        return int(slashed[1]) * DAYS[unit], "day" if unit == "week" else unit
    match = _DURATION.search(value.lower())
    if not match:
        return _vague(value.lower())
    count = _count(match[2])
    unit = _UNITS[match[3].rstrip("s") or match[3]]
    if unit == "fortnight":
        count, unit = count * 2, "week"
    precision = {"week": "day", "decade": "year", "hour": "day"}.get(unit, unit)
    days = count * DAYS[unit]
    return (days, precision) if days <= LONGEST_DAYS else None


def _count(text: str) -> float:
    return float(_WORDS[text]) if text in _WORDS else float(text)


def _vague(text: str) -> tuple[float, str] | None:
    for words, days, precision in (
        ("recent weeks", 21, "month"),
        ("fortnight", 14, "day"),
        ("few weeks", 21, "month"),
        ("weeks", 28, "month"),
        ("months", 120, "month"),
        ("yesterday", 1, "day"),
        ("days", 4, "day"),
        ("decades", 7305, "year"),
        ("last week", 7, "day"),
        ("last month", 30, "month"),
        ("last year", 365, "year"),
        ("years", 1096, "year"),
        ("today", 0, "day"),
    ):
        if words in text:
            return float(days), precision
    return None


def before(on: date, days: float, precision: str = "day") -> When:
    """The moment `days` before `on`."""
    return When(midnight(on) - timedelta(days=round(days)), precision)


_SPAN = re.compile(
    rf"\b(?:for|over|during|past|last|since|x)\s+(?:about\s+|the\s+|past\s+|last\s+|at least\s+)*"
    rf"({_COUNT}\s*-?\s*{_UNIT})\b"
    rf"|\b({_COUNT}\s*-?\s*{_UNIT})(?:'s?)?\s+(?:ago|history|previously|earlier|duration|before)\b",
    re.IGNORECASE,
)
_YEAR = re.compile(
    r"\b(?:in|since|from|of)\s+((?:19|20)\d{2}(?:-\d{2}(?:-\d{2})?)?)\b|\b((?:19|20)\d{2})\b", re.IGNORECASE
)


def read_onset(text: str, on: date) -> When | None:
    """The beginning told inside free words: "for 3 months", "since 2015", "2 weeks ago"; None where none is."""
    span = _SPAN.search(text)
    if span:
        duration = read_duration(span[1] or span[4])
        if duration:
            return before(on, *duration)
    year = _YEAR.search(text)
    return read_date(year[1] or year[2]) if year else None
