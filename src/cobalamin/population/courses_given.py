"""Injections as they were really given: the first course, maintenance with its delays and gaps, and how it ended."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from cobalamin.population.care import HIGH_TABLETS, INJECTIONS, LOW_TABLETS, Care
from cobalamin.population.inside import Doses
from cobalamin.population.people import NEVER, Days, Flags, People
from cobalamin.population.rates import rates

INTERVALS_DAYS = (28, 56, 84, 91, 182)
LOADING_DAYS = (0, 2, 4, 7, 9, 11)
MOST_LOADING = 24
PREVENTION_INTERVAL_DAYS = 91  # BOMSS 2020: every 3 months after bypass and sleeve
INJECTION_UG, HIGH_TABLET_UG, LOW_TABLET_UG = 1000.0, 1000.0, 50.0
REGULAR, LATE, ERRATIC = "regular", "late", "erratic"
ENDS = ("", "lost", "stopped", "to_tablets")
DAYS_A_YEAR = 365.25


@dataclass(frozen=True)
class Given:
    """Per person: interval, adherence and how the injections ended; flat: every injection. Days as in People.

    `course_broken`: the first course stopped early. `plateau`: its end at a plateau was noted. `elsewhere`: not given
    by the practice, `at_home`: by the person. `choice` and `choice_again`: tablets in place of injections were an
    informed choice, and this was talked over again.
    """

    on_injections: Flags
    interval_days: NDArray[np.int64]
    adherence: NDArray[np.str_]
    ended: NDArray[np.str_]
    end: Days
    course_broken: Flags
    plateau: Days
    elsewhere: Flags
    at_home: Flags
    choice: Days
    choice_again: Days
    person: NDArray[np.int64]
    day: Days
    tablets_begun: Days
    tablet_ug: NDArray[np.float64]

    def last_day(self, n: int) -> Days:
        """The latest injection of each person, -NEVER where there is none."""
        last = np.full(n, -NEVER)
        np.maximum.at(last, self.person, self.day)
        return last


def give(people: People, care: Care, rng: Generator) -> Given:
    """Everything that was given to everybody."""
    n = len(people)
    injected = care.treatment == INJECTIONS
    interval = rng.choice(INTERVALS_DAYS, n, p=[rates()[f"interval_{days}"] for days in INTERVALS_DAYS])
    interval = np.where(care.prevented, PREVENTION_INTERVAL_DAYS, interval)
    adherence = _adherence(n, rng)
    ended, end = _end(care.begun, injected, rng)
    last_possible = np.minimum(np.where(ended == "", 0, end - 1), np.minimum(0, people.died - 1))
    who = np.flatnonzero(injected)
    loading, broken, last_loading, plateau = _loading(care, who, rng)
    goes_on = ~broken | (rng.random(len(who)) < rates()["loading_broken_goes_on"])
    maintenance = _maintenance(interval[who], adherence[who], last_loading, goes_on, last_possible[who], rng)
    days = np.concatenate([loading, maintenance], axis=1)
    kept = (days <= last_possible[who][:, None]) & (days < NEVER)
    row, column = np.nonzero(kept)
    course_broken = np.zeros(n, bool)
    course_broken[who] = broken
    plateau_day = np.full(n, NEVER)
    plateau_day[who] = np.where(plateau <= last_possible[who], plateau, NEVER)
    tablets, dose = _tablets(care, ended, end, injected)
    where = rng.random(n)
    elsewhere = injected & (where < rates()["given_elsewhere"] + rates()["injects_at_home"])
    at_home = elsewhere & (where >= rates()["given_elsewhere"])
    choice, again = _choice(injected & (ended == "to_tablets"), end, rng)
    return Given(
        injected, interval, adherence, np.where(injected, ended, ""), np.where(injected & (ended != ""), end, NEVER),
        course_broken, plateau_day, elsewhere, at_home, choice, again,
        who[row], days[row, column].astype(np.int64), tablets, dose,
    )  # fmt: skip


def doses_of(given: Given) -> Doses:
    """All doses for the model: injections one by one, tablets day by day until today."""
    eaters = np.flatnonzero(given.tablets_begun <= 0)
    count = 1 - given.tablets_begun[eaters]
    person = np.repeat(eaters, count)
    first = np.repeat(np.cumsum(count) - count, count)
    day = given.tablets_begun[person] + (np.arange(len(person)) - first)
    return Doses(
        np.concatenate([given.person, person]), np.concatenate([given.day, day]),
        np.concatenate([np.full(len(given.person), INJECTION_UG), given.tablet_ug[person]]),
        np.concatenate([np.zeros(len(given.person), bool), np.ones(len(person), bool)]),
    )  # fmt: skip


def _adherence(n: int, rng: Generator) -> NDArray[np.str_]:
    draw = rng.random(n)
    late = draw < rates()["late_person"]
    erratic = (draw >= rates()["late_person"]) & (draw < rates()["late_person"] + rates()["erratic_person"])
    return np.where(late, LATE, np.where(erratic, ERRATIC, REGULAR))


def _end(begun: Days, injected: Flags, rng: Generator) -> tuple[NDArray[np.str_], Days]:
    """The first of the three ways in which injections end, at a constant rate from the start."""
    names = ("lost_a_year", "stopped_a_year", "to_tablets_a_year")
    waits = np.stack([rng.exponential(DAYS_A_YEAR / rates()[name], len(begun)) for name in names])
    first = waits.argmin(axis=0)
    end = begun + 30 + np.ceil(waits.min(axis=0)).astype(np.int64)
    happened = injected & (end <= 0)
    return np.where(happened, np.array(ENDS[1:])[first], ""), np.where(happened, end, NEVER)


def _loading(care: Care, who: NDArray[np.int64], rng: Generator) -> tuple[Days, Flags, Days, Days]:
    """Days of the first course (m, MOST_LOADING), whether it broke off, its last day, and when a plateau was noted."""
    m, nerves = len(who), care.nerves_at_start[who]
    plain = np.full(MOST_LOADING, NEVER)
    plain[: len(LOADING_DAYS)] = LOADING_DAYS
    alternate = 2 * np.arange(MOST_LOADING)
    prevented = care.prevented[who]
    length = np.where(
        nerves, np.clip(rng.poisson(rates()["nerve_course_doses"], m), 6, MOST_LOADING), len(LOADING_DAYS)
    )
    broken = (rng.random(m) < rates()["loading_broken"]) & ~prevented
    # Prevention has no first course: one injection, and the next when it is due.
    number = np.where(prevented, 1, np.where(broken, rng.integers(1, 5, m), length))
    offset = np.where(nerves[:, None], alternate[None, :], plain[None, :])
    taken = np.arange(MOST_LOADING)[None, :] < number[:, None]
    days = np.where(taken, care.begun[who][:, None] + offset, NEVER)
    last = np.where(taken, days, -NEVER).max(axis=1)
    noted = nerves & ~broken & ~prevented & (rng.random(m) < rates()["plateau_recorded"])
    return days, broken, last, np.where(noted, last + rng.integers(0, 8, m), NEVER)


def _maintenance(
    interval: NDArray[np.int64], adherence: NDArray[np.str_], begins: Days, goes_on: Flags, until: Days, rng: Generator
) -> Days:
    """Days of maintenance (m, k): each one interval after the dose before, early, late or left out by habit."""
    m = len(interval)
    most = int(np.max(np.where(goes_on, (until - begins) // np.maximum(interval - 7, 14), 0), initial=0)) + 2
    mean = np.where(adherence == LATE, rates()["late_days"], rates()["erratic_days"])
    late = rng.exponential(1.0, (m, most)) * mean[:, None]
    regular = np.clip(rates()["regular_days"] * rng.standard_normal((m, most)), -7, 14)
    delay = np.where((adherence == REGULAR)[:, None], regular, late)
    missed = (adherence == ERRATIC)[:, None] & (rng.random((m, most)) < rates()["erratic_missed"])
    gaps = np.maximum(np.round(interval[:, None] * np.where(missed, 2, 1) + delay), 14).astype(np.int64)
    days = begins[:, None] + np.cumsum(gaps, axis=1)
    return np.where(goes_on[:, None], days, NEVER)


def _choice(changed: Flags, end: Days, rng: Generator) -> tuple[Days, Days]:
    """When somebody chose tablets knowing what speaks for injections, and the last yearly talk about it."""
    chose = changed & (end <= 0) & (rng.random(len(end)) < rates()["informed_choice"])
    again = chose & (rng.random(len(end)) < rates()["informed_choice_again"])
    years = np.floor(-np.where(chose, end, 0) / DAYS_A_YEAR)
    last = np.where(chose, end, 0) + np.ceil(years * DAYS_A_YEAR).astype(np.int64)
    return np.where(chose, end, NEVER), np.where(again & (years >= 1), last, NEVER)


def _tablets(care: Care, ended: NDArray[np.str_], end: Days, injected: Flags) -> tuple[Days, NDArray[np.float64]]:
    """When tablets began, of which strength: from the start, or in place of injections."""
    changed = injected & (ended == "to_tablets")
    begun = np.where(changed, end, np.where(np.isin(care.treatment, (HIGH_TABLETS, LOW_TABLETS)), care.begun, NEVER))
    dose = np.where(care.treatment == LOW_TABLETS, LOW_TABLET_UG, HIGH_TABLET_UG)
    return begun, np.asarray(dose, float)
