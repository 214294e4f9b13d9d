"""Doses of B12: when treatment began, what was given, at which interval, and what is due."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from cobalamin.events import ROUTES
from cobalamin.findings import columns
from cobalamin.findings.anchors import FirstDose
from cobalamin.findings.facts import (
    NO_DAY,
    NO_END,
    UNDATED,
    UNDATED_DAY,
    Bools,
    Facts,
    Floats,
    Ints,
    Places,
    has_code,
)
from cobalamin.findings.prepare import (
    ANY_ROUTE_CONCEPTS,
    B12_CONCEPTS,
    CYANOCOBALAMIN_CONCEPTS,
    INJECTION_CONCEPTS,
    ORAL_CONCEPTS,
    STATUS_ON_INJECTIONS,
    UNNAMED_B12_CONCEPTS,
    Prepared,
)
from cobalamin.vocabulary.catalogue import Finding, catalogue

# A course is broken by a gap no maintenance interval reaches; 400 days is longer than twice-yearly dosing.
COURSE_GAP_DAYS = 400
# Loading doses are days apart; gaps of two weeks and more belong to maintenance.
MAINTENANCE_GAP_DAYS = 14
STILL_ON_DAYS = 200
LOADING_WINDOW_DAYS = 21
# Tablets whose last issue ended within three months are taken as still running.
ORAL_ISSUE_DAYS = 90
YEAR_DAYS = 365
# More days than any span of dates: keeps the days of one person apart from the next one's.
SHIFT_A_PERSON = 4_000_000

TREATMENT = (*B12_CONCEPTS, STATUS_ON_INJECTIONS)
STOPS_OF_INJECTIONS = ("status_b12_injections_stopped", "care_injections_stopped_with_reason")
STOPS_OF_TABLETS = ("care_oral_b12_stopped",)
STOPS = (*STOPS_OF_INJECTIONS, *STOPS_OF_TABLETS)
ELSEWHERE = ("care_given_elsewhere", "pref_self_injects")
NEEDLE_ROUTES = tuple(ROUTES.index(route) for route in ("im", "sc", "iv"))
MOUTH_ROUTES = tuple(ROUTES.index(route) for route in ("oral", "sublingual", "nasal"))


@dataclass(frozen=True)
class Treatment:
    """Facts of treatment with B12 in the order of person and time, and how it is given.

    `place` is where they lie among the visible facts; `schedule` marks a regimen, not a dose; `by_stop` treatment
    that is on record only by its stop.
    """

    facts: Facts
    place: Places
    by_stop: Bools
    injected: Bools
    oral: Bools
    schedule: Bools


def treatment_of(prepared: Prepared) -> Treatment:
    """Treatment with B12 on record.

    What is known only by its stop is treatment too, begun on an unknown day: a result after such a stop must never
    be read as one from before any B12.
    """
    facts = prepared.facts
    given, stops = (places[facts.present[places]] for places in map(facts.places_of, (TREATMENT, STOPS)))
    if stops.size:
        stops = stops[_nothing_before(facts, given, stops, prepared.size)]
    place, by_stop = np.concatenate([stops, given]), np.arange(stops.size + given.size) < stops.size
    rows = facts.at(place)
    if stops.size:
        order = np.lexsort((np.where(by_stop, UNDATED, rows.time), rows.pid))
        place, by_stop = place[order], by_stop[order]
        rows = _begun_some_time(rows.at(order), by_stop)
    concept = rows.concept
    injected = has_code((*INJECTION_CONCEPTS, STATUS_ON_INJECTIONS, *STOPS_OF_INJECTIONS))[concept]
    injected |= has_code(ANY_ROUTE_CONCEPTS)[concept] & np.isin(rows.route, NEEDLE_ROUTES)
    by_mouth = has_code((*ORAL_CONCEPTS, *STOPS_OF_TABLETS))[concept] | np.isin(rows.route, MOUTH_ROUTES)
    status = has_code((STATUS_ON_INJECTIONS,))[concept]  # a status is no dose that was given
    schedule = status | rows.running | ~np.isnan(rows.every_days) | ~rows.point
    return Treatment(rows, place, by_stop, injected, by_mouth & ~injected, schedule)


def _nothing_before(facts: Facts, given: Places, stops: Places, people: int) -> Bools:
    """For each stop whether no recorded treatment came before it. One without a date explains itself by any."""
    began = _first(people, facts.pid[given], facts.time[given], NO_END)[facts.pid[stops]]
    none: Bools = (began == NO_END) | (facts.dated[stops] & (began > facts.time[stops]))
    return none


def _begun_some_time(rows: Facts, by_stop: Bools) -> Facts:
    """Stops as treatment that began on an unknown day and runs no longer."""
    return replace(
        rows,
        time=np.where(by_stop, UNDATED, rows.time),
        day=np.where(by_stop, np.int32(UNDATED_DAY), rows.day),
        until=np.where(by_stop, UNDATED - 1, rows.until),
        value=np.where(by_stop, np.nan, rows.value),
        every_days=np.where(by_stop, np.nan, rows.every_days),
    )


def b12_rows(prepared: Prepared) -> pl.DataFrame:
    """The rows of treatment with B12, with `injected`, `oral` and `schedule`, for those who read them one by one."""
    found = treatment_of(prepared)
    beside = {"injected": found.injected, "oral": found.oral, "schedule": found.schedule, "by_stop": found.by_stop}
    rows = prepared.events[found.place].hstack(pl.DataFrame(beside))
    return rows.with_columns(_UNLESS_BY_STOP, pl.col("running") & ~pl.col("by_stop")).drop("by_stop")


_UNLESS_BY_STOP = pl.when(~pl.col("by_stop")).then(pl.col("time", "value", "every_days"))


def first_dose(treatment: Treatment, people: int) -> FirstDose:
    """First B12 of each person. Treatment without a date, which lies first, began before everything on record."""
    facts = treatment.facts
    return FirstDose(
        _any(people, facts.pid),
        _first(people, facts.pid, facts.time, UNDATED),
        _first(people, facts.pid, facts.clock, none=False),
    )


# Rows lie in the order of person and time, so the last one written of each person is the latest.


def _last(people: int, pid: Ints, values: npt.NDArray[Any], none: Any) -> Any:
    found = np.full(people, none, dtype=values.dtype)
    found[pid] = values
    return found


def _first(people: int, pid: Ints, values: npt.NDArray[Any], none: Any) -> Any:
    return _last(people, pid[::-1], values[::-1], none)


def _any(people: int, pid: Ints) -> Bools:
    found = np.zeros(people, dtype=np.bool_)
    found[pid] = True
    return found


def _count(people: int, pid: Ints) -> Floats:
    return np.bincount(pid, minlength=people).astype(np.float64)


@dataclass
class _Found:
    """The dose findings by selector, a value a person: yes and known, numbers (NaN = none), days (NO_DAY = none)."""

    yes: dict[str, Bools]
    known: dict[str, Bools]
    number: dict[str, Floats]
    day: dict[str, Ints]


def dose_findings(prepared: Prepared, treatment: Treatment, covered: Bools) -> pl.DataFrame:
    """The findings whose selector is `doses.*`, a row a person. `covered`: silence about treatment means none."""
    found = _Found({}, {}, {}, {})
    _history(treatment, prepared.size, found)
    _injections(treatment, prepared.size, found)
    stops = {
        name: _latest_day(prepared, names)
        for name, names in (
            ("injections", STOPS_OF_INJECTIONS),
            ("tablets", STOPS_OF_TABLETS),
            ("elsewhere", ELSEWHERE),
        )
    }
    _tablets(treatment, stops["tablets"], prepared.size, found)
    _together(prepared.facts.on, stops, found)
    return _frame(found, covered)


def _history(treatment: Treatment, people: int, found: _Found) -> None:
    """When B12 began, which product, and the schedule of injections that runs.

    Some treatment without a date may have come first, so then the first day is not known.
    """
    facts, injected = treatment.facts, treatment.injected
    pid, day, dated, running = facts.pid, facts.day, facts.dated, facts.running
    for name, of in (("first_dose", np.ones_like(injected)), ("first_injection", injected)):
        first = _first(people, pid[of & dated], day[of & dated], NO_DAY)
        found.day[name] = np.where(_any(people, pid[of & ~dated]), NO_DAY, first)
    found.yes["ever_treated"], found.yes["ever_injected"] = _any(people, pid), _any(people, pid[injected])
    now_or_latest = running | np.append(pid[1:] != pid[:-1], True)[: pid.size]
    unnamed = has_code((*UNNAMED_B12_CONCEPTS, *STOPS))[facts.concept]
    cyanocobalamin = has_code(CYANOCOBALAMIN_CONCEPTS)[facts.concept] & ~unnamed
    found.yes["on_cyanocobalamin"] = _any(people, pid[now_or_latest & cyanocobalamin])
    open_still = _any(people, pid[now_or_latest & unnamed]) & ~found.yes["on_cyanocobalamin"]
    found.known["on_cyanocobalamin"] = found.yes["ever_treated"] & ~open_still
    scheduled = injected & treatment.schedule & running
    found.yes["schedule_running"] = _any(people, pid[scheduled])
    for name, values in (("schedule_days", facts.every_days), ("schedule_ug", facts.value)):
        told = scheduled & ~np.isnan(values)
        found.number[name] = _last(people, pid[told], values[told], np.nan)
    found.day["schedule_began"] = _last(people, pid[scheduled & dated], day[scheduled & dated], NO_DAY)


def _injections(treatment: Treatment, people: int, found: _Found) -> None:
    """What was given, one injection a day: latest, counts, the usual gap, and the present course with its loading."""
    given = treatment.facts.at(treatment.injected & ~treatment.schedule & treatment.facts.dated)
    given = given.at(np.append(True, (np.diff(given.pid) != 0) | (np.diff(given.day) != 0))[: given.pid.size])
    pid, day = given.pid, given.day
    # The first of each person has no gap before it and begins a course.
    gap = np.append(-1, np.where(np.diff(pid) == 0, np.diff(day), -1))[: pid.size]
    begins = (gap < 0) | (gap > COURSE_GAP_DAYS)
    course = day[np.maximum.accumulate(np.where(begins, np.arange(pid.size), 0))]
    start = _last(people, pid, course, NO_DAY)
    loading = (course == start[pid]) & (day <= start[pid] + LOADING_WINDOW_DAYS)
    usual = (gap >= MAINTENANCE_GAP_DAYS) & (gap <= COURSE_GAP_DAYS)
    found.day |= {"last_injection": _last(people, pid, day, NO_DAY), "course_start": start}
    any_given = found.day["last_injection"] != NO_DAY
    for name, pids in (
        ("injections", pid),
        ("injections_12m", pid[day > given.on - YEAR_DAYS]),
        ("loading", pid[loading]),
    ):
        found.number[name] = np.where(any_given, _count(people, pids), np.nan)
    found.number["usual_gap"] = _middle_of_last_three(people, pid[usual], gap[usual])
    found.number["last_ug"] = _last(people, pid, given.value, np.nan)


def _middle_of_last_three(people: int, pid: Ints, gap: npt.NDArray[Any]) -> Floats:
    """The median of the latest three of each person, or of as many as there are."""
    last = []
    for _ in range(3):
        last.append(_last(people, pid, gap.astype(np.float64), np.nan))
        rest = np.append(pid[1:] == pid[:-1], False)[: pid.size]
        pid, gap = pid[rest], gap[rest]
    low, middle, high = np.sort(np.array(last), axis=0)
    found: Floats = np.where(np.isnan(high), np.where(np.isnan(middle), low, (low + middle) / 2), middle)
    return found


def _latest_day(prepared: Prepared, names: tuple[str, ...]) -> Ints:
    """The latest day of such a fact of each person: UNDATED_DAY where none has a date, NO_DAY where there is none."""
    facts = prepared.facts
    places = facts.places_of(names)
    places = places[facts.present[places]]
    return _last(prepared.size, facts.pid[places], facts.day[places], NO_DAY)  # type: ignore[no-any-return]


def _tablets(treatment: Treatment, stop: Ints, people: int, found: _Found) -> None:
    """Tablets taken now, their dose, and when the present spell of them began. Those before a stop are over."""
    pid = treatment.facts.pid
    facts = treatment.facts.at(treatment.oral & ((stop[pid] == NO_DAY) | (treatment.facts.day > stop[pid])))
    pid, dated = facts.pid, facts.dated
    # One cumulative maximum over all, shifted by person, finds the spells.
    person = pid.astype(np.int64) * SHIFT_A_PERSON
    last = np.where(facts.running, facts.on, facts.on - facts.ended_days)
    reach = np.maximum.accumulate(person + last + ORAL_ISSUE_DAYS)
    new = np.append(True, ~dated[1:] | (person[1:] + facts.day[1:] > reach[:-1]))[: pid.size]
    taken = facts.running | (facts.ended_days <= ORAL_ISSUE_DAYS)
    a_day = facts.value / np.where(np.isnan(facts.every_days), 1.0, facts.every_days)
    found.yes["on_oral"] = _any(people, pid[taken])
    found.number["oral_ug_day"] = _last(people, pid[taken], a_day[taken], np.nan)
    began = _last(people, pid[new & dated], facts.day[new & dated], NO_DAY)
    known = found.yes["on_oral"] & ~_any(people, pid[~dated])
    found.day["oral_started"] = np.where(known, began, NO_DAY)


def _together(on: int, stops: dict[str, Ints], found: _Found) -> None:
    """Read the parts together: stopped, still on injections, interval, due and overdue."""
    yes, number, day = found.yes, found.number, found.day
    last = day["last_injection"]
    latest = np.maximum(np.maximum(last, day["schedule_began"]), UNDATED_DAY)
    stopped = (stops["injections"] != NO_DAY) & (stops["injections"] >= latest)
    scheduled = yes["schedule_running"]
    recent = (last != NO_DAY) & (_days_since(on, last) <= STILL_ON_DAYS)
    oral_after = (last != NO_DAY) & (day["oral_started"] > last)
    yes["on_injections"] = (scheduled | recent) & ~stopped & ~(oral_after & ~scheduled)
    yes["schedule_running"] = scheduled & ~stopped
    yes["stopped"], found.known["stopped"] = stopped, yes["ever_injected"]
    # Nobody is asked by silence whether doses are given elsewhere.
    yes["elsewhere"] = found.known["elsewhere"] = stops["elsewhere"] != NO_DAY
    number["interval"] = _or(number["schedule_days"], number["usual_gap"])
    number["last_injection_ug"] = _or(number["last_ug"], number["schedule_ug"])
    due = yes["on_injections"] & (last != NO_DAY) & ~np.isnan(number["interval"])
    whole_days = np.rint(np.where(due, number["interval"], 0.0)).astype(np.int32)
    day["due"] = np.where(due, last + whole_days, NO_DAY)
    for name, since in _DAYS_SINCE.items():
        number[name] = np.where(day[since] == NO_DAY, np.nan, _days_since(on, day[since]))


_DAYS_SINCE = {
    "days_since_first": "first_dose",
    "days_since_last_injection": "last_injection",
    "days_since_course_start": "course_start",
    "days_on_oral": "oral_started",
    "overdue": "due",
}


def _days_since(on: int, day: Ints) -> npt.NDArray[np.int64]:
    return on - day.astype(np.int64)


def _or(first: Floats, second: Floats) -> Floats:
    return np.where(np.isnan(first), second, first)


def _frame(found: _Found, covered: Bools) -> pl.DataFrame:
    """The columns by name. Where treatment is on record or covered, silence is no for those it may be no for."""
    asked = _asked()
    silent_no = found.yes["ever_treated"] | covered
    known = [silent_no if one.silence == "no" else found.known[_selector(one)] for one in asked["boolean"]]
    names = {kind: [one.column for one in findings] for kind, findings in asked.items()}
    yes, number, day = (
        np.array([told[_selector(one)] for one in asked[kind]])
        for kind, told in (("boolean", found.yes), ("number", found.number), ("date", found.day))
    )
    parts = (
        columns.answers(names["boolean"], yes, np.array(known)),
        columns.numbers(names["number"], number),
        columns.days(names["date"], day),
    )
    return pl.concat(parts, how="horizontal")


@cache
def _asked() -> dict[str, list[Finding]]:
    """The dose findings by kind; how far back the record reaches is derived elsewhere."""
    found: dict[str, list[Finding]] = {"boolean": [], "number": [], "date": []}
    for finding in catalogue().values():
        if finding.selector.startswith("doses.") and _selector(finding) != "reach":
            found[finding.kind].append(finding)
    return found


def _selector(finding: Finding) -> str:
    return finding.selector.removeprefix("doses.")
