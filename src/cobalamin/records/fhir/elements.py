"""FHIR's small parts: lists, texts, numbers, dates, periods and references, whatever shape they arrive in."""

from __future__ import annotations

import calendar
import math
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from cobalamin.records.fhir.outcome import SetAside

Json = Any
Moment = tuple[datetime, str]

_DATE = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?)?)?")
_FULL_LENGTH = len("2026-01-15T08:30:00")
_PRECISION = ("year", "month", "day")
# FHIR's `mo` and `a` as calendar averages, so that three months are a quarter of a year.
DAYS_IN: dict[str, float] = {
    "s": 1 / 86400, "min": 1 / 1440, "h": 1 / 24, "d": 1.0, "wk": 7.0, "mo": 365.25 / 12, "a": 365.25,
}  # fmt: skip


def mapping(value: Json) -> dict[str, Json]:
    """The value where it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def items(value: Json) -> list[dict[str, Json]]:
    """The objects of a list; a lone object counts as a list of one (some exports forget the brackets)."""
    if isinstance(value, dict):
        return [value]
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def text(value: Json) -> str:
    """A text without its edges and invisible characters; "" where there is none."""
    if not isinstance(value, str):
        return ""
    if value.isascii():
        return value.strip()
    return value.replace("\u200b", "").replace("\ufeff", "").replace("\u00ad", "").replace("\u00a0", " ").strip()


def number(value: Json) -> float | None:
    """A finite number; texts of digits count, booleans and NaN do not."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        result = float(value)
    except (ValueError, OverflowError):
        return None
    return result if math.isfinite(result) else None


def moment(value: Json) -> Moment | None:
    """A FHIR date, dateTime or instant as the clock on the wall showed it, with its precision.

    The offset is dropped on purpose: the day that the ward wrote down is the day that counts.
    None where there is no date at all; SetAside where there is one that does not exist.
    """
    written = text(value)
    if not written:
        return None
    if len(written) >= _FULL_LENGTH and written[10] == "T":
        try:  # the common form, read in C
            return datetime.fromisoformat(written).replace(tzinfo=None, microsecond=0), "second"
        except ValueError:
            pass
    match = _DATE.fullmatch(written)
    if not match:
        raise SetAside("a date that cannot be read")
    parts = [int(part) for part in match.groups()[:6] if part is not None]
    try:
        return datetime(*[*parts, 1, 1][: max(3, len(parts))]), _precision(len(parts))  # type: ignore[arg-type]
    except ValueError:
        raise SetAside("a date that does not exist") from None


def _precision(parts: int) -> str:
    return _PRECISION[parts - 1] if parts <= 3 else "second"


def period(value: Json) -> tuple[Moment | None, Moment | None]:
    """Start and end of a Period."""
    both = mapping(value)
    return moment(both.get("start")), moment(both.get("end"))


def last_moment_of(when: Moment) -> datetime:
    """The last second that a date of this precision can mean."""
    time, precision = when
    if precision == "second":
        return time
    if precision == "day":
        end = time.replace(hour=23, minute=59, second=59)
    elif precision == "month":
        end = time.replace(day=calendar.monthrange(time.year, time.month)[1], hour=23, minute=59, second=59)
    else:
        end = time.replace(month=12, day=31, hour=23, minute=59, second=59)
    return end


def after_days(time: datetime, days: float) -> datetime | None:
    """The time so many days later; None where the calendar ends before it."""
    try:
        return time + timedelta(days=days)
    except OverflowError:
        return None


def codings(concept: Json) -> Iterator[tuple[str, str, str]]:
    """System, code and display of each Coding of a CodeableConcept, a Coding or a bare code."""
    if isinstance(concept, str):
        yield "", text(concept), ""
        return
    holder = mapping(concept)
    for coding in items(holder.get("coding")) or ([holder] if "code" in holder else []):
        code = coding.get("code")
        code = str(code) if isinstance(code, int) and not isinstance(code, bool) else text(code)
        yield text(coding.get("system")), code, text(coding.get("display"))


def code_words(concept: Json) -> set[str]:
    """All codes of a status in lower case, from a CodeableConcept (R4) or a bare code (R3)."""
    return {code.lower() for _, code, _ in codings(concept) if code} | (
        {text(mapping(concept).get("text")).lower()} - {""}
    )


def reference(value: Json) -> str:
    """The text of a Reference: "Patient/1", "urn:uuid:...", "#contained"; "" where it holds none."""
    return text(mapping(value).get("reference")) if isinstance(value, dict) else text(value)
