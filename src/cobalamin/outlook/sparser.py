"""Whether a regimen gives less than what is due to somebody who has, or may have, nerve symptoms, or is not well on it.

An interval is not enough to tell: a regimen without loading, one that ends, tablets in place of injections and missed
doses all give less. So doses are counted, day by day, against the present injections, the guideline's plan, and,
where that plan ends with the question about nerves or gives nothing, the guideline's regimen for nerves. Where nerves
are sound and symptoms come back before the dose or are worse, only the present injections count.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise

from cobalamin.errors import CobalaminError
from cobalamin.outlook.facts import Facts
from cobalamin.outlook.nerves import ABSENT, RECORDED, nerve_regimen, nerves
from cobalamin.physiology.courses import Dose
from cobalamin.physiology.regimen_doses import Regimen
from cobalamin.physiology.regimen_guidance import drawn, ends_by_judgement

SLACK_DAYS = 1.0  # whole days are rounded one way here and the other way there
YEAR_DAYS = 366.0


@dataclass(frozen=True)
class Due:
    """Doses by days after the day of decision that no regimen shown may fall short of, and whose they are."""

    whose: str
    doses: tuple[Dose, ...]


def sparser(facts: Facts, regimen: Regimen, first_day: float = 0.0, days: float = YEAR_DAYS) -> str:
    """In words, where the regimen first gives less than is due, within a year or `days` from the day of decision.

    `first_day`: of the regimen, in days after that day. Empty where it nowhere gives less, and where nerve symptoms
    are an explicit no and no others come back or are worse.
    """
    if nerves(facts) == ABSENT and not _symptoms_back(facts):
        return ""
    horizon = max(days, YEAR_DAYS)
    asked = regimen.doses(first_day, horizon)
    for due in _due(facts, horizon):
        short = _first_short(asked, due.doses, horizon)
        if short is not None:
            day, what = short
            return f"by {_day(facts, day)} it gives {what} than {due.whose}"
    return ""


def _symptoms_back(facts: Facts) -> bool:
    return facts.is_yes("symptoms_return_before_dose") or facts.is_yes("symptoms_worse")


def _due(facts: Facts, days: float) -> Iterator[Due]:
    present = tuple(_present(facts, days))
    if present:
        yield Due("the present schedule", present)
    if nerves(facts) == ABSENT:
        return
    planned, open_ended = _planned(facts, days)
    if planned and open_ended:
        yield Due("the guidance", planned)
    elif planned or nerves(facts) == RECORDED:
        for_nerves = nerve_regimen(facts)
        if for_nerves is not None:
            yield Due("the guidance for nerve symptoms", tuple(drawn(for_nerves).doses(0.0, days)))


def _present(facts: Facts, days: float) -> Iterator[Dose]:
    """Injections that go on as they came, an overdue one today."""
    every, last = facts.value("injection_interval_days"), facts.value("last_injection")
    if not facts.is_yes("on_injections") or not every:
        return
    first = max(0.0, (last + timedelta(days=every) - facts.on).days) if last else 0.0
    for number in range(math.floor(max(days - first, -1.0) / every) + 1):
        yield Dose(first + number * every, 1.0, "hydroxocobalamin", "im")


def _planned(facts: Facts, days: float) -> tuple[tuple[Dose, ...], bool]:
    """Doses of the guideline's regimen from the day the plan begins, and whether it goes on without an end."""
    items = [item for item in facts.plan if item["kind"] == "dose" and item["product"]]
    regimen = facts.guideline.regimens.get(facts.outcome("regimen") or "")
    if not items or regimen is None:
        return (), False
    starts = items[0]["due"] or facts.on
    first = float(max((starts - facts.on).days, 0))
    try:
        course, open_ = drawn(regimen), ends_by_judgement(regimen)
    except CobalaminError:  # a product that the model does not know, in guidance that does not ship
        open_ = True
    if open_:  # until then no length is known, and the regimen for nerves stands in
        return (Dose(first, 1.0, "hydroxocobalamin", "im"),), False
    return tuple(course.doses(first, days)), course.phases[-1].count is None


def _first_short(asked: list[Dose], due: tuple[Dose, ...], horizon: float) -> tuple[float, str] | None:
    """The first day by which fewer were given, and of what. Injections stand for tablets, never tablets for them."""
    injections = [dose for dose in asked if dose.route != "oral"]
    if any(dose.route != "oral" for dose in due):
        needed = [dose.day for dose in due if dose.route != "oral"]
        given = [dose.day for dose in injections]
        day, gap = _behind(given, needed), _apart(given, needed, horizon)
        if day is None and gap is not None:
            return gap, "injections further apart"
        return None if day is None else (day, "fewer injections")
    if injections:
        return None
    day = _behind_in_amount(asked, due)
    return None if day is None else (day, "fewer tablets")


def _behind(given: list[float], needed: list[float]) -> float | None:
    for number, day in enumerate(needed):
        if number >= len(given) or given[number] > day + SLACK_DAYS:
            return day
    return None


def _apart(given: list[float], needed: list[float], horizon: float) -> float | None:
    """The day from which a gap is longer than any that is due; many doses at first do not make up for it."""
    longest = max(_gaps(needed, horizon), default=0.0)
    for day, gap in zip(given, _gaps(given, horizon), strict=True):
        if gap > longest + SLACK_DAYS:
            return day + longest
    return None


def _gaps(days: list[float], horizon: float) -> list[float]:
    """Days from each dose to the next; from the last to the horizon."""
    return [after - before for before, after in pairwise([*days, horizon])]


def _behind_in_amount(asked: list[Dose], due: tuple[Dose, ...]) -> float | None:
    needed = 0.0
    for dose in due:
        needed += dose.dose_ug
        if sum(one.dose_ug for one in asked if one.day <= dose.day + SLACK_DAYS) < needed - 1e-6:
            return dose.day
    return None


def _day(facts: Facts, days: float) -> str:
    day = facts.on + timedelta(days=math.floor(days))
    return f"{day.day} {day:%b %Y}"
