"""Durations as people write them: "3 months", "6/52", "2-3 weeks", "a fortnight"."""

from __future__ import annotations

import re

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
# A word stands alone: "and" is not "an d".
COUNT = r"(\d+(?:\.\d+)?|\b(?:" + "|".join(_WORDS) + r")\b)"
UNIT = r"(days?|weeks?|wks?|months?|mths?|years?|yrs?|decades?|fortnights?|hours?|mo|d|w|m|y)"
_DURATION = re.compile(
    rf"(?:{COUNT}\s*(?:-|–|to|or)\s*)?{COUNT}(?:\s+or\s+(?:two|more))?\s*(?:a\s+|of\s+)?-?\s*{UNIT}\b", re.IGNORECASE
)


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
