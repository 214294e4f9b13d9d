"""Doses and schedules in words: "1 mg/ml", "3 times a week for 2 weeks then every 3 months", "alternate days"."""

from __future__ import annotations

import re
from dataclasses import dataclass

from cobalamin import units
from cobalamin.vocabulary.concepts import concepts
from cobalamin.vocabulary.durations import DAYS, read_duration
from cobalamin.vocabulary.results import read_number

AMOUNT = re.compile(
    r"(\d[\d,]*(?:\.\d+)?)\s*-?\s*(micrograms?|mcgs?|mikrogram|ug|µg|μg|milligrams?|mgs?|grams?|gms?|g|ng)\b(?!\s*/\s*d?l)",
    re.IGNORECASE,
)
STRENGTH = re.compile(
    r"(\d[\d,]*(?:\.\d+)?)\s*(micrograms?|mcg|ug|µg|μg|mg)\s*(?:/|per|in)\s*(?:1\s*)?(?:ml|millilit)", re.IGNORECASE
)
_TIMES_A_DAY = (
    (r"four times (a|per) day|four times daily|\bqds\b|\bqid\b|4 times (a|per) day|4 times daily|\b4x daily", 4),
    (r"three times (a|per) day|three times daily|\btds\b|\btid\b|3 times (a|per) day|3 times daily|thrice daily", 3),
    (
        r"twice (a|per) day|twice daily|twice a day|\bbd\b|\bbid\b|two times (a|per) day|2 times (a|per) day"
        r"|2 times daily|two times daily|every 12 hours|morning and evening",
        2,
    ),
    (
        r"\bdaily\b|once daily|\bod\b|\bqd\b|every day|each day|a day\b|per day|/day\b|/d\b|\bnightly\b|\bmane\b"
        r"|every morning|every night|24 hours",
        1,
    ),
)
_N = {
    "one": 1,
    "once": 1,
    "two": 2,
    "twice": 2,
    "three": 3,
    "thrice": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "eight": 8,
    "ten": 10,
    "twelve": 12,
}
NUMBER = r"(\d+(?:\.\d+)?|" + "|".join(_N) + r")"
_PERIOD = r"(days?|weeks?|wks?|months?|mths?|years?|d|w|m|/7|/52|/12)"
ROUTES = (
    (r"intra-?muscular|\bi\.?m\.?\b", "im"),
    (r"sub-?cut|\bs\.?c\.?\b|\bsq\b", "sc"),
    (r"intra-?venous|\bi\.?v\.?\b|infusion|\bdrip\b", "iv"),
    (r"sub-?lingual|under the tongue|lozenge", "sublingual"),
    (r"nasal|nose", "nasal"),
    (r"\boral|by mouth|\bp\.?o\.?\b|tablet|capsule|\bpills?\b|drops|gumm|syrup|liquid", "oral"),
    (r"inject|\bshots?\b|\bjabs?\b|parenteral|ampoule", "im"),
    (r"patch|transdermal|topical", "other"),
)
_SINGLE = re.compile(
    r"\bonce\b(?! (a|per|every|daily|weekly|monthly|yearly))|\bsingle\b|\bstat\b"
    r"|\bone (dose|injection|off|shot)\b|\bone-off\b",
    re.IGNORECASE,
)


_DOSES = re.compile(rf"(?<![\w.]){NUMBER}\s*(?:weekly |monthly |daily )?(?:doses|injections|shots|jabs)\b")
_TIMES = re.compile(rf"\bx\s*{NUMBER}\b(?!\s*(?:days?|weeks?|months?|years?|wks?|mths?|daily))")


@dataclass(frozen=True)
class Dose:
    """An amount in the concept's canonical unit, and the unit it was written in."""

    canonical: float
    unit: str


@dataclass(frozen=True)
class Segment:
    """A stretch of a schedule. `every_days` None = interval not stated; `days` and `doses` None = open."""

    every_days: float | None
    days: float | None = None
    doses: int | None = None
    single: bool = False


@dataclass(frozen=True)
class Interval:
    """How often, in days, and where in the text it is said."""

    days: float
    start: int
    end: int


def read_dose(text: str, concept: str) -> Dose | None:
    """The amount given at a time; None where no amount with a unit is stated."""
    match = STRENGTH.search(text) or AMOUNT.search(text)
    unit = concepts()[concept].unit
    if not match or not unit:
        return None
    number = read_number(match[1])
    converted = units.convert(concept, number, match[2]) if number is not None else None
    return Dose(*converted) if converted else None


@dataclass(frozen=True)
class TimesADay:
    """How often a day, and where in the text it is said."""

    times: int
    start: int
    end: int


def find_times_a_day(text: str) -> TimesADay | None:
    """How often a day a medicine is taken; None where the words do not say."""
    found = ((re.search(pattern, text.lower()), times) for pattern, times in _TIMES_A_DAY)
    return next((TimesADay(times, *match.span()) for match, times in found if match), None)


def times_a_day(text: str) -> int | None:
    """How often a day a medicine is taken; None where the words do not say."""
    found = find_times_a_day(text)
    return found.times if found else None


def read_route(words: str) -> str | None:
    """The way a medicine is given: im, sc, iv, oral, sublingual, nasal or other; None where the words do not say."""
    lower = words.lower()
    return next((route for pattern, route in ROUTES if re.search(pattern, lower)), None)


def read_schedule(text: str) -> list[Segment]:
    """The stretches of a schedule in order; empty where the words say no schedule."""
    parts = re.split(r"\bthen\b|\bfollowed by\b|\bthereafter\b|\bafterwards\b|;|→|->|,(?!\d)", text.lower())
    segments = [_segment(part.strip()) for part in parts if part.strip()]
    return [segment for segment in segments if segment]


def _segment(part: str) -> Segment | None:
    if _SINGLE.search(part):
        return Segment(None, single=True)
    every = _every(part)
    spell = rf"{NUMBER}(?:\s*-\s*\d+)?\s*(?:days?|weeks?|wks?|months?|mths?|years?)"
    length = re.search(rf"\b(?:for|x|over)\s+({spell})", part)
    doses = _DOSES.search(part) or _TIMES.search(part)
    days = read_duration(length[1]) if length else None
    count = round(count_of(doses[1])) if doses else None
    if every is None and days is None and count is None:
        return None
    return Segment(every, days[0] if days else None, count)


def count_of(text: str) -> float:
    """A number in figures or as a word that NUMBER matches."""
    return float(_N[text]) if text in _N else float(text)


def find_interval(part: str) -> Interval | None:
    """How often, by one stretch of a schedule in lower case; None where it does not say.

    For a range ("every 2-3 months") the longer, so that nobody is called late too early.
    """
    found = _fixed(part) or _shorthand(part) or _per_period(part) or _between(part) or _plain(part)
    return found or _daily(part)


def _every(part: str) -> float | None:
    found = find_interval(part)
    return found.days if found else None


_FIXED = (
    (rf"\b{NUMBER} weekly (doses|injections|shots)", 7.0),
    (rf"\b{NUMBER} monthly (doses|injections|shots)", DAYS["month"]),
    (rf"\b{NUMBER} daily (doses|injections|shots)", 1.0),
    (r"alternate days?|alternating days|every other day|every second day|on alternate|\bqod\b|\beod\b|48 hours", 2.0),
    (r"every other week|alternate weeks|fortnightly|every fortnight|biweekly|bi-weekly|every second week", 14.0),
    (r"every other month|alternate months|bimonthly|bi-monthly|every second month", 2 * DAYS["month"]),
    (r"quarterly|every quarter", 3 * DAYS["month"]),
    (
        r"half[- ]yearly|six[- ]monthly|twice (a|per) year|twice yearly|biannual|semi-?annual",
        6 * DAYS["month"],
    ),
)
_PLAIN = (
    (r"\bweekly\b|every week|once a week|each week|per week", 7.0),
    (r"\bmonthly\b|every month|once a month|each month|per month", DAYS["month"]),
    (r"\byearly\b|annual|every year|once a year", DAYS["year"]),
)


def _fixed(part: str) -> Interval | None:
    return _first_of(_FIXED, part)


def _plain(part: str) -> Interval | None:
    return _first_of(_PLAIN, part)


def _first_of(patterns: tuple[tuple[str, float], ...], part: str) -> Interval | None:
    found = ((re.search(pattern, part), days) for pattern, days in patterns)
    return next((Interval(days, *match.span()) for match, days in found if match), None)


def _shorthand(part: str) -> Interval | None:
    """ "1 mg 3/12" is every three months; "for 3/12" is how long."""
    match = re.search(r"(?<!for )(?<![\d/])\b(\d{1,2})/(12|52)(?:ly)?\s*$", part)
    return Interval(float(match[1]) * DAYS["month" if match[2] == "12" else "week"], *match.span()) if match else None


def _daily(part: str) -> Interval | None:
    found = (re.search(pattern, part) for pattern, _ in _TIMES_A_DAY)
    return next((Interval(1.0, *match.span()) for match in found if match), None)


def _per_period(part: str) -> Interval | None:
    """ "3 times a week", "twice weekly", "3/week", "4 times a year"."""
    match = re.search(
        rf"\b{NUMBER}\s*(?:times|x|×|injections|doses)?\s*(?:a|per|each|every|/)\s*(week|month|year|day)\b", part
    ) or re.search(rf"\b{NUMBER}\s*(?:times|x)?\s*(weekly|monthly|yearly|daily)\b", part)
    if not match or re.search(rf"every\s+{NUMBER}", part) or re.search(rf"\d-({match[2]})", part):
        return None
    count = count_of(match[1])
    if match[2].endswith("ly") and match[1] not in ("once", "twice", "thrice") and "times" not in match[0]:
        return None  # "3 monthly" is every three months; "3 times monthly" is not
    period = {"weekly": "week", "monthly": "month", "yearly": "year", "daily": "day"}.get(match[2], match[2])
    return Interval(1.0 if period == "day" else DAYS[period] / count, *match.span())


def _between(part: str) -> Interval | None:
    """ "every 3 months", "3-monthly", "every 10-12 weeks", "q12w", "12 weekly"."""
    span = r"(?:\d+(?:\.\d+)?\s*(?:-|–|to|or)\s*)?"
    match = re.search(rf"(?:every|each|at intervals of|\bq)\s*{span}{NUMBER}\s*-?\s*{_PERIOD}\b", part) or re.search(
        rf"{span}\b{NUMBER}[- ]?(monthly|weekly|yearly)\b", part
    )
    if not match:
        return None
    words = {
        "monthly": "month",
        "weekly": "week",
        "yearly": "year",
        "wk": "week",
        "mth": "month",
        "d": "day",
        "w": "week",
        "m": "month",
        "/7": "day",
        "/52": "week",
        "/12": "month",
    }
    period = match[2] if match[2] in words else match[2].rstrip("s")
    return Interval(count_of(match[1]) * DAYS[words.get(period, period)], *match.span())
