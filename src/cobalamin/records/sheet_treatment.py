"""The sheet's treatment so far: doses given, and schedules in words as regimen rows; never invented doses."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from cobalamin.records.dates import When, midnight, read_date
from cobalamin.records.sheet_desk import NOT_RELEVANT, NOT_UNDERSTOOD, Desk, entries, is_missing, is_no, is_yes
from cobalamin.vocabulary.durations import LONGEST_DAYS
from cobalamin.vocabulary.schedules import Segment, read_dose, read_route, read_schedule, times_a_day
from cobalamin.vocabulary.words import read_text

_MOST_UG = 5_000.0
_INJECTED = ("im", "sc", "iv")
_PRODUCT = {
    ("tx_hydroxocobalamin", True): "tx_hydroxocobalamin_injection",
    ("tx_hydroxocobalamin", False): "tx_hydroxocobalamin_oral",
    ("tx_cyanocobalamin", True): "tx_cyanocobalamin_injection",
    ("tx_cyanocobalamin", False): "tx_cyanocobalamin_oral",
}
_B12 = ("tx_hydroxocobalamin", "tx_cyanocobalamin", "tx_methylcobalamin", "tx_b12_any", "tx_cyanocobalamin_nasal")
_INJECTION_FROM_DAYS = 25.0
_KEYS_READ = {
    "drug",
    "name",
    "product",
    "form",
    "route",
    "dose",
    "schedule",
    "frequency",
    "start_day",
    "start",
    "since",
    "since_years",
    "date",
    "day",
    "given",
    "last_day",
    "last",
    "last_given",
    "stop_day",
    "end_day",
    "stopped",
    "until",
    "end",
    "duration",
    "response",
    "reason",
    "given_by",
    "where",
    "self",
    "text",
    "started",
    "from",
    "doses",
}


def is_b12(concept: str) -> bool:
    """True for vitamin B12 itself; multivitamins and combinations are not counted as treatment."""
    return concept in _B12


def read_treatment(desk: Desk, value: object) -> None:
    """Every entry of `treatment_so_far`; "none" covers the domain: asked, never treated."""
    where = "treatment_so_far"
    if is_missing(value):
        desk.ledger.pass_over("not stated")
    elif _says_none(value):
        desk.covers("treatment", where)
        desk.ledger.use()
    else:
        for entry, name, place in entries(value, where):
            if is_missing(name):
                desk.ledger.pass_over("not stated")
            elif _says_none(name):
                read_treatment(desk, "none")
            else:
                read_treatment_entry(desk, entry, name, place)


def _says_none(value: object) -> bool:
    said = value[0] if isinstance(value, list | tuple) and len(value) == 1 else value
    never = (
        r"never (?:been )?treated|untreated|no (?:previous |prior )?treatment(?: so far| yet)?|nothing (?:so far|yet)"
    )
    return is_no(value) or (isinstance(said, str) and bool(re.fullmatch(never, said.strip(" ."), re.IGNORECASE)))


def read_treatment_entry(desk: Desk, entry: Mapping[str, Any], name: str, place: str) -> None:
    """One medicine given so far: concept, route, dose, schedule, doses given, end."""
    reading = read_text(name, "treatment")
    meanings = [m for m in reading.meanings if m.concept.startswith(("tx_", "drug_", "proc_"))]
    if not meanings:
        silent = not reading.left and not reading.meanings
        desk.ledger.pass_over(NOT_RELEVANT) if silent else desk.aside(name, NOT_UNDERSTOOD, place)
        return
    denied = [m.concept for m in meanings if not m.present]
    if denied and len(denied) == len(meanings):
        desk.covers("treatment", place) if any(is_b12(c) for c in denied) else None
        desk.ledger.use()
        return
    concept = next((m.concept for m in meanings if is_b12(m.concept)), meanings[0].concept)
    _Course(desk, entry, name, place, concept).read()
    for key in sorted(set(entry) - _KEYS_READ):
        desk.aside(str(key), "unknown key of a treatment", f"{place}.{key}")


class _Course:
    """One entry being read."""

    def __init__(self, desk: Desk, entry: Mapping[str, Any], name: str, place: str, concept: str) -> None:
        self.desk, self.entry, self.name, self.place = desk, entry, name, place
        words = [str(entry.get(key)) for key in ("dose", "schedule", "frequency") if not is_missing(entry.get(key))]
        self.words = " ".join([*words, name])
        stated = [str(entry.get(key)) for key in ("schedule", "frequency") if not is_missing(entry.get(key))]
        self.segments = read_schedule(" ".join(stated) or name)
        if stated and not self.segments and not is_missing(" ".join(stated)):
            desk.ledger.note("a schedule was not understood: the interval is not known")
        self.route = self._route()
        self.concept = self._product(concept)
        self.dose = read_dose(self.words, self.concept)

    def read(self) -> None:
        problem = self._problem()
        if problem:
            self.desk.aside(self.name, problem, self.place)
            return
        given = self._given()
        for when in given:
            self._point(when)
        if not given or self.segments:
            self._regimen()
        self._stop()
        self.desk.ledger.use()

    def _route(self) -> str | None:
        stated = self.entry.get("route")
        if not is_missing(stated):
            return read_route(str(stated)) or "other"
        form = " ".join(str(self.entry.get(key) or "") for key in ("form", "product"))
        found = read_route(f"{self.words} {form}")
        if found:
            return found
        rare = any((segment.every_days or 0) >= _INJECTION_FROM_DAYS for segment in self.segments)
        if rare:
            self.desk.ledger.note("route not stated: read as an injection from its long interval")
        return "im" if rare else None

    def _product(self, concept: str) -> str:
        if self.route == "nasal" and concept in ("tx_cyanocobalamin", "tx_b12_any"):
            return "tx_cyanocobalamin_nasal"
        if concept == "tx_iron_oral" and self.route == "iv":
            return "tx_iron_iv"
        if self.route in (None, "other"):
            return concept
        return _PRODUCT.get((concept, self.route in _INJECTED), concept)

    def _problem(self) -> str | None:
        if self.dose and is_b12(self._base()) and self.dose.canonical > _MOST_UG:
            return "a B12 dose over 5 mg: is that the right dose and unit?"
        start, problem = self._start()
        return problem or self.desk.wrong_time(start)

    def _base(self) -> str:
        return next((base for base in _B12 if self.concept.startswith(base)), self.concept)

    def _start(self) -> tuple[When | None, str | None]:
        entry = {k: v for k, v in self.entry.items() if k != "duration"}
        stated = [k for k in ("schedule", "frequency") if not is_missing(self.entry.get(k))]
        return self.desk.onset(entry, self.name if not stated else re.sub(r"\bfor\b.*", "", self.name))

    def _given(self) -> list[When]:
        """Doses with their days: `given: [...]` and `last_day`."""
        listed = self.entry.get("given")
        values = list(listed) if isinstance(listed, list | tuple) else [] if is_missing(listed) else [listed]
        for key in ("last_day", "last", "last_given"):
            if not is_missing(self.entry.get(key)) and self.route in _INJECTED:
                values.append(self.entry[key])
        found = []
        for value in values:
            when = self._moment(value)
            problem = "date of a dose not understood" if when is None else self.desk.wrong_time(when)
            if problem or when is None:
                self.desk.aside(f"{self.name}: a dose", problem or "", self.place)
            else:
                found.append(when)
        return found

    def _moment(self, value: object) -> When | None:
        is_day = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 36_600
        if is_day and not (isinstance(value, int) and 1900 < value < 2200):
            return self.desk.day(value)  # type: ignore[arg-type]
        return read_date(value)

    def _amount(self) -> dict[str, Any]:
        if self.dose is None:
            return {}
        return {"value": self.dose.canonical, "unit": self.dose.unit}

    def _point(self, when: When) -> None:
        self.desk.fact(self.concept, self.place, when, until=when.time, route=self.route, **self._amount())

    def _regimen(self) -> None:
        """A single dose, or one row for each stretch of the schedule."""
        start, _ = self._start()
        end = self._end()
        for segment in self.segments or [Segment(None)]:
            until = _until(segment, start, end)
            if segment.single:
                self.desk.fact(
                    self.concept,
                    self.place,
                    start,
                    until=start.time if start else None,
                    route=self.route,
                    **self._amount(),
                )
            elif self.route in _INJECTED and segment.every_days is None and segment.doses:
                self.desk.ledger.note("doses without dates: only the first is counted")
                self.desk.fact(
                    self.concept,
                    self.place,
                    start,
                    until=start.time if start else None,
                    route=self.route,
                    **self._amount(),
                )
            else:
                self._row(segment, start, until)
            start = When(until, start.precision) if until and start and not segment.single else start
            if start and midnight(self.desk.on) <= start.time:
                break

    def _row(self, segment: Segment, start: When | None, until: datetime | None) -> None:
        amount = self._amount()
        per_day = times_a_day(self.words) if self.route not in _INJECTED else None
        if amount and per_day and segment.every_days in (1.0, None):
            amount["value"] *= per_day
        every = segment.every_days or (1.0 if per_day else None)
        over = until is not None and until <= midnight(self.desk.on)
        self.desk.fact(
            self.concept, self.place, start, until=until if over else None, route=self.route, every_days=every, **amount
        )

    def _end(self) -> datetime | None:
        for key in ("until", "end", "stopped", "stop_day", "end_day"):
            value = self.entry.get(key)
            when = None if value is None or isinstance(value, bool) else self._moment(value)
            if when and self.desk.wrong_time(when) is None:
                return when.time
        last = self.entry.get("last_day")
        oral_end = self._moment(last) if last is not None and self.route not in _INJECTED else None
        return oral_end.time if oral_end else None

    def _stop(self) -> None:
        """A recorded stop, so that a late dose is not called overdue."""
        stopped = any(
            not is_missing(self.entry.get(k)) and not is_no(self.entry.get(k)) for k in ("stopped", "stop_day")
        )
        end = self._end()
        if not is_b12(self._base()) or not (stopped or (end and end < midnight(self.desk.on))):
            return
        concept = "status_b12_injections_stopped" if self.route in _INJECTED else "care_oral_b12_stopped"
        when = When(end, "day") if end else self.desk.now()
        if end is None and is_yes(self.entry.get("stopped")):
            self.desk.ledger.note("treatment stopped, end unknown: read as stopped by the day of decision")
        self.desk.fact(concept, self.place, when, until=when.time)
        for row in self.desk.rows:
            runs = row["source"] == self.place and row["concept"] == self.concept and row.get("until") is None
            if runs and (row["time"] is None or row["time"] <= when.time):
                row["until"] = when.time


def _until(segment: Segment, start: When | None, end: datetime | None) -> datetime | None:
    """The last day of a stretch: its length, or its doses at their interval; never past the recorded end."""
    if start is None:
        return end
    length = segment.days
    if length is None and segment.doses and segment.every_days:
        length = (segment.doses - 1) * segment.every_days
    if length is None:
        return end
    own = start.time + timedelta(days=min(round(length), LONGEST_DAYS))
    return min(own, end) if end else own
