"""Regimens: what is to be given, when; printed in canonical words that read back as the same regimen."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

from cobalamin.physiology.courses import Dose
from cobalamin.vocabulary.durations import DAYS

ROUTE_WORDS = {"im": "IM", "sc": "SC", "oral": "by mouth"}
NO_TREATMENT = "no treatment"
WEEK, MONTH = DAYS["week"], DAYS["month"]
NUMBER_WORDS = {0.5: "twice daily", 1.0: "daily", 2.0: "every other day", WEEK: "weekly", MONTH: "monthly"}


@dataclass(frozen=True)
class Phase:
    """A run of equal doses.

    `count` doses `every_days` apart, without end where `count` is None; or doses `on_days` after the first, in which
    case `every_days` is None. `fasting`: a tablet between meals.
    """

    dose_ug: float
    form: str
    route: str
    every_days: float | None
    count: int | None = None
    on_days: tuple[int, ...] = ()
    fasting: bool = True

    @property
    def what(self) -> tuple[float, str, str, bool]:
        """What is given at a time."""
        return self.dose_ug, self.form, self.route, self.fasting

    @property
    def injected(self) -> bool:
        """True for injections."""
        return self.route != "oral"

    def days(self) -> Iterator[float]:
        """Days after the first dose of the phase. An injection falls on a whole day: nobody gives it at night."""
        if self.every_days is None:
            yield from (float(day) for day in self.on_days)
            return
        number = 0
        while self.count is None or number < self.count:
            day = number * self.every_days
            yield math.floor(day + 0.5) if self.injected else day
            number += 1


@dataclass(frozen=True)
class Missed:
    """Doses of the last phase that are not taken: each `every`-th, or those with these numbers (1 is the first)."""

    every: int | None = None
    numbers: tuple[int, ...] = ()

    def misses(self, number: int) -> bool:
        """True for a dose that is not taken."""
        return number % self.every == 0 if self.every else number in self.numbers


@dataclass(frozen=True)
class Regimen:
    """Phases one after the other; none for no treatment. `notes` say how words were taken and are no part of it.

    A later phase begins one of its own intervals after the last dose before it.
    """

    phases: tuple[Phase, ...]
    missed: Missed | None = None
    notes: tuple[str, ...] = field(default=(), compare=False)

    def doses(self, start_day: float, until_day: float) -> list[Dose]:
        """Doses from `start_day` up to and including `until_day`, the missed ones left out."""
        found: list[Dose] = []
        first = start_day
        for place, phase in enumerate(self.phases):
            missed = self.missed if place == len(self.phases) - 1 else None
            last = first
            for number, day in enumerate(phase.days(), start=1):
                last = first + day
                if last > until_day:
                    break
                if missed is None or not missed.misses(number):
                    found.append(Dose(last, phase.dose_ug, phase.form, phase.route, phase.fasting))
            if place + 1 < len(self.phases):
                first = last + _gap(self.phases[place + 1])
        return found

    @property
    def injected(self) -> bool:
        """True where any phase is injections."""
        return any(phase.injected for phase in self.phases)

    def __str__(self) -> str:
        """Canonical words."""
        if not self.phases:
            return NO_TREATMENT
        parts = [_phase_words(self.phases[0], None)]
        parts += [_phase_words(phase, before) for before, phase in zip(self.phases, self.phases[1:], strict=False)]
        return ", then ".join(parts) + _missed_words(self)


def _gap(phase: Phase) -> float:
    """Days from the last dose before to the first of this phase."""
    every = phase.every_days or 1.0
    return max(1.0, math.floor(every + 0.5)) if phase.injected else every


def _phase_words(phase: Phase, before: Phase | None) -> str:
    what = "" if before is not None and before.what == phase.what else what_words(phase) + " "
    if before is not None and not before.fasting and phase.fasting and not phase.injected:
        what += "between meals "
    if phase.every_days is None:
        return f"{what}on days {', '.join(str(day + 1) for day in phase.on_days)}"
    if phase.every_days == 1 and phase.count == 1:
        return f"{what}once"
    count = "" if phase.count is None else ", 1 dose" if phase.count == 1 else f", {phase.count} doses"
    return f"{what}{interval_words(phase.every_days)}{count}"


def what_words(phase: Phase) -> str:
    """Form, dose and way: "hydroxocobalamin 1 mg IM"."""
    return f"{phase.form} {dose_words(phase.dose_ug)} {ROUTE_WORDS[phase.route]}{'' if phase.fasting else ' with food'}"


def dose_words(dose_ug: float) -> str:
    """1 mg, 50 ug; the unit in which the number reads back exactly."""
    milligrams = dose_ug / 1000
    return f"{_number(milligrams)} mg" if dose_ug >= 1000 and milligrams * 1000 == dose_ug else f"{_number(dose_ug)} ug"


def interval_words(every_days: float) -> str:
    """Daily, 3 times a week, every 12 weeks, every 2 months, ...; days where nothing else is exact."""
    if every_days in NUMBER_WORDS:
        return NUMBER_WORDS[every_days]
    for count in (3, 4):
        if every_days == 1 / count:
            return f"{count} times a day"
    for count in (2, 3, 4, 5, 6):
        if every_days == WEEK / count:
            return "twice a week" if count == 2 else f"{count} times a week"
    for length, name in ((WEEK, "weeks"), (MONTH, "months")):
        if every_days % length == 0:
            return f"every {every_days / length:.0f} {name}"
    return f"every {_number(every_days)} days"


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(value)


def _missed_words(regimen: Regimen) -> str:
    if regimen.missed is None:
        return ""
    if regimen.missed.every:
        words = f", missing every {regimen.missed.every}{_ordinal(regimen.missed.every)} dose"
    else:
        numbers = regimen.missed.numbers
        words = f", missing dose{'s' if len(numbers) > 1 else ''} {', '.join(str(one) for one in numbers)}"
    return words + (" of the last phase" if len(regimen.phases) > 1 else "")


def _ordinal(number: int) -> str:
    if 10 < number % 100 < 14:
        return "th"
    return {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
