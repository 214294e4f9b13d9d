"""Dates and durations as people write them: "3 months", "since 2015", "2 weeks ago", "5 Jan 2026"."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from cobalamin.vocabulary.durations import COUNT, UNIT, read_duration

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


def before(on: date, days: float, precision: str = "day") -> When:
    """The moment `days` before `on`."""
    return When(midnight(on) - timedelta(days=round(days)), precision)


_SPAN = re.compile(
    rf"\b(?:for|over|during|past|last|since|x)\s+(?:about\s+|the\s+|past\s+|last\s+|at least\s+)*"
    rf"({COUNT}\s*-?\s*{UNIT})\b"
    rf"|\b({COUNT}\s*-?\s*{UNIT})(?:'s?)?\s+(?:ago|history|previously|earlier|duration|before)\b",
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
