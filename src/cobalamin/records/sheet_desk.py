"""What the parts of the sheet reader share: the events so far, the ledger, and the meaning of silence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from cobalamin.records.dates import When, before, midnight, read_date, read_onset
from cobalamin.records.ledger import Ledger
from cobalamin.vocabulary.durations import LONGEST_DAYS, read_duration

_NOT_STATED = {
    "",
    "not stated",
    "unknown",
    "not known",
    "not asked",
    "n/a",
    "na",
    "null",
    "?",
    "not recorded",
    "not mentioned",
    "not given",
    "unspecified",
    "not documented",
    "not reported",
    "not examined",
    "not done",
    "not assessed",
    "awaited",
    "pending",
}
_NO = {
    "none",
    "no",
    "false",
    "nil",
    "never",
    "nothing",
    "none known",
    "denied",
    "nkda",
    "no known allergies",
    "no known drug allergies",
    "none of note",
    "none reported",
    "unremarkable",
    "no medication",
    "no medications",
    "non-contributory",
    "noncontributory",
    "nil of note",
    "negative",
    "absent",
    "no history",
    "none stated",
}
_YES = {"yes", "true", "present", "positive", "y"}

NOT_UNDERSTOOD = "not understood"
NOT_RELEVANT = "says nothing about vitamin B12"


def is_missing(value: object) -> bool:
    """True for null, an empty list or text, and "not stated": nobody asked, or nobody wrote it down."""
    if value is None or (isinstance(value, list | tuple | dict) and not value):
        return True
    return isinstance(value, str) and value.strip().casefold() in _NOT_STATED


def is_no(value: object) -> bool:
    """True for false, "none" and "no", alone or as the only entry of a list: asked, and the answer was no."""
    if isinstance(value, list | tuple) and len(value) == 1:
        return is_no(value[0])
    if value is False:
        return True
    return isinstance(value, str) and value.strip().rstrip(".").casefold() in _NO


def is_yes(value: object) -> bool:
    """True for true and "yes"."""
    return value is True or (isinstance(value, str) and value.strip().casefold() in _YES)


@dataclass
class Desk:
    """The sheet being read: who, as of when, and what has become of each entry."""

    patient_id: str
    on: date
    birth: datetime | None = None
    rows: list[dict[str, Any]] = field(default_factory=list)
    ledger: Ledger = field(default_factory=Ledger)

    def fact(self, concept: str, source: str, when: When | None = None, **columns: Any) -> None:
        """Add one event; without `when` it is undated and counts as before everything."""
        time, precision = (when.time, when.precision) if when else (None, "undated")
        who = {"patient_id": self.patient_id, "concept": concept, "source": source}
        self.rows.append(who | {"time": time, "precision": precision} | columns)

    def now(self) -> When:
        """The day of decision."""
        return When(midnight(self.on), "day")

    def covers(self, domain: str, source: str, when: When | None = None) -> None:
        """Say that the sheet covers a domain: silence in it is an answer."""
        self.fact(f"covers_{domain}", source, when)

    def aside(self, item: object, reason: str, source: str) -> None:
        """Set an entry aside, by its name and never its value."""
        self.ledger.put_aside(str(item)[:120], reason, source)

    def wrong_time(self, when: When | None) -> str | None:
        """Why a fact cannot have this date, or None."""
        if when is None:
            return None
        if when.time > midnight(self.on) + timedelta(days=1) - timedelta(microseconds=1):
            return "dated after the day of decision"
        if self.birth and when.time < self.birth and when.precision in ("second", "day"):
            return "dated before birth"
        return None

    def onset(self, entry: Mapping[str, Any], text: str) -> tuple[When | None, str | None]:
        """When an entry began, from its keys or its words, and why that could not be read."""
        for key in ("since", "onset", "start", "started", "date", "year", "diagnosed", "from"):
            if not is_missing(entry.get(key)):
                return self._date_or_duration(entry[key])
        if is_days(entry.get("since_years")):
            return before(self.on, float(entry["since_years"]) * 365.25, _years_precision(entry["since_years"])), None
        for key in ("day", "start_day", "onset_day"):
            if is_days(entry.get(key)):
                return self.day(entry[key]), None
        for key in ("duration", "for"):
            if not is_missing(entry.get(key)):
                duration = read_duration(str(entry[key]))
                return (before(self.on, *duration), None) if duration else (None, None)
        return read_onset(text, self.on), None

    def _date_or_duration(self, value: object) -> tuple[When | None, str | None]:
        when = read_date(value)
        if when is None:
            duration = read_duration(str(value))
            when = before(self.on, *duration) if duration else None
        return when, None if when else "date not understood: write YYYY-MM-DD"

    def day(self, value: float) -> When:
        """The day `value` relative to the day of decision; negative days are the past."""
        return When(midnight(self.on) + timedelta(days=round(float(value))), "day")


def is_days(value: object) -> bool:
    """True for a number of days, or of years, that stays within a life."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < LONGEST_DAYS


def _years_precision(years: float) -> str:
    return "year" if float(years) >= 2 and float(years).is_integer() else "month"


def entries(value: object, where: str) -> Iterator[tuple[dict[str, Any], str, str]]:
    """(entry as a mapping, its name in words, its place) for a list, a single entry or a text."""
    listed = value if isinstance(value, list | tuple) else [value]
    for number, entry in enumerate(listed):
        place = f"{where}[{number}]" if isinstance(value, list | tuple) else where
        if isinstance(entry, Mapping):
            name = next((entry[key] for key in ("name", "drug", "what", "text") if entry.get(key)), "")
            yield dict(entry), str(name), place
        else:
            yield {"name": entry}, "" if entry is None else str(entry), place
