"""Tests: why they were asked for, on which day, and what the laboratory printed."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from cobalamin.population.background import Background
from cobalamin.population.complaints import Complaints
from cobalamin.population.inside import SHOWN, Doses, Inside
from cobalamin.population.people import NEVER, Array, Days, Flags, People
from cobalamin.population.rates import assay_log_sd, rates

REASONS = ("check", "fatigue", "nerves", "memory", "anaemia", "metformin", "folic_acid", "repeat", "on_injections")
# Nobody is tested in the first years of the record: treatment that began then could not be judged.
FIRST_TEST_DAY = -6400
PMOL_PER_NG_L = 0.7378
REPEAT_FROM_DAYS, REPEAT_TO_DAYS = 20, 88


@dataclass(frozen=True)
class Tests:
    """One entry a B12 test, sorted by person and day, one a person and day.

    `factor` is the error of the sample, drawn once; `active` of active B12 in place of total; `in_pmol` the unit.
    """

    person: NDArray[np.int64]
    day: Days
    reason: NDArray[np.int64]
    active: Flags
    in_pmol: Flags
    factor: Array
    count_beside: Flags

    def __len__(self) -> int:
        return len(self.person)

    def take(self, index: NDArray) -> Tests:
        """These tests only."""
        return Tests(**{one.name: getattr(self, one.name)[index] for one in fields(self)})

    def printed(self, total_pmol_l: Array, active_pmol_l: Array) -> Array:
        """What the laboratory prints for true values: with the error of the sample, in its own unit, rounded."""
        pmol = np.where(self.active, active_pmol_l, total_pmol_l) * self.factor
        return np.maximum(np.round(np.where(self.active | self.in_pmol, pmol, pmol / PMOL_PER_NG_L)), 1.0)


def requested(people: People, background: Background, complaints: Complaints, rng: Generator) -> Tests:
    """All tests that anybody asks for, whatever they show; those on treatment for its own sake come later."""
    parts = [
        *_after_complaints(complaints, rng),
        _once("check", people.adult_since, np.zeros(len(people), np.int64), rates()["test_check"], rng),
        _once("check", people.adult_since, np.zeros(len(people), np.int64), rates()["test_check"], rng),
        _once("metformin", background.metformin, np.zeros(len(people), np.int64), rates()["test_metformin"], rng),
        _around_folic_acid(background, rng),
        _for_anaemia(people, rng),
        _for_neuropathy(background, rng),
    ]
    person, day, reason = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    again = rng.random(len(person)) < rates()["test_repeat_normal"]
    later = day[again] + rng.integers(REPEAT_FROM_DAYS, REPEAT_TO_DAYS, int(again.sum()))
    person, day = np.concatenate([person, person[again]]), np.concatenate([day, later])
    reason = np.concatenate([reason, np.full(len(later), REASONS.index("repeat"))])
    allowed = people.adult[person] & (day >= np.maximum(people.adult_since[person], FIRST_TEST_DAY)) & (day <= 0)
    return made(person[allowed], day[allowed], reason[allowed], people, rng)


def made(person: NDArray[np.int64], day: Days, reason: NDArray[np.int64], people: People, rng: Generator) -> Tests:
    """Tests with their laboratory, kind and error; of two on one day the first reason stays."""
    order = np.lexsort((reason, day, person))
    person, day, reason = person[order], day[order], reason[order]
    new = np.append(True, (np.diff(person) != 0) | (np.diff(day) != 0))[: len(person)]
    person, day, reason = person[new], day[new], reason[new]
    active = rng.random(len(person)) < rates()["test_is_active"]
    spread = np.where(active, assay_log_sd()["active_b12_pmol_l"], assay_log_sd()["serum_b12_pmol_l"])
    return Tests(
        person, day, reason, active, people.reports_pmol[person], np.exp(spread * rng.standard_normal(len(person))),
        rng.random(len(person)) < rates()["test_count_beside"],
    )  # fmt: skip


def merged(first: Tests, second: Tests) -> Tests:
    """Both together in order; on a day with both the first one's stays."""
    joined = {one.name: np.concatenate([getattr(first, one.name), getattr(second, one.name)]) for one in fields(first)}
    rank = np.concatenate([np.zeros(len(first), int), np.ones(len(second), int)])
    order = np.lexsort((rank, joined["day"], joined["person"]))
    both = Tests(**joined).take(order)
    return both.take(np.append(True, (np.diff(both.person) != 0) | (np.diff(both.day) != 0))[: len(both)])


def markers_at(inside: Inside, person: NDArray[np.int64], day: Days, doses: Doses) -> dict[str, Array]:
    """Markers for flat (person, day), sorted by person and day: one simulation of everybody who is asked about.

    Where nothing changes (no loss of absorption, no dose) the body is asked once and the answer stands for all days.
    """
    found = {name: np.zeros(len(person)) for name in SHOWN}
    dosed = np.zeros(len(inside.people), bool)
    dosed[doses.person] = True
    moving = ((inside.background.absorption_lost != NEVER) | dosed)[person]
    for here in (moving, ~moving):
        _fill(found, inside, person, day, doses, np.flatnonzero(here))
    return found


def _fill(
    found: dict[str, Array], inside: Inside, person: NDArray[np.int64], day: Days, doses: Doses,
    rows: NDArray[np.int64],
) -> None:  # fmt: skip
    if not len(rows):
        return
    who, place = np.unique(person[rows], return_inverse=True)
    first = np.append(True, np.diff(place) != 0)
    rank = np.arange(len(rows)) - np.maximum.accumulate(np.where(first, np.arange(len(rows)), 0))
    days = np.full((len(who), int(rank.max()) + 1), np.nan)
    days[place, rank] = day[rows]
    for name, values in inside.markers(who, days, doses).items():
        found[name][rows] = values[place, rank]


def _after_complaints(
    complaints: Complaints, rng: Generator
) -> list[tuple[NDArray[np.int64], Days, NDArray[np.int64]]]:
    """Complaints that lead to a test, some days later."""
    reason_of = np.array([REASONS.index(name) for name in ("fatigue", "nerves", "nerves", "memory")])
    chance = np.array([rates()[f"test_{name}"] for name in ("fatigue", "nerves", "nerves", "memory")])
    asked = rng.random(len(complaints.person)) < chance[complaints.kind]
    wait = np.floor(rng.exponential(rates()["test_delay_days"], len(asked))).astype(np.int64)
    return [(complaints.person[asked], (complaints.day + wait)[asked], reason_of[complaints.kind[asked]])]


def _once(
    reason: str, since: Days, until: Days, a_year: float, rng: Generator
) -> tuple[NDArray[np.int64], Days, NDArray[np.int64]]:
    """At most one test a person, more likely the longer the time, on any day of it."""
    length = np.where(since < NEVER, np.maximum(until - since, 0), 0)
    asked = np.flatnonzero(rng.random(len(since)) < -np.expm1(-a_year * length / 365.25))
    day = since[asked] + np.floor(rng.random(len(asked)) * length[asked]).astype(np.int64)
    return asked, day, np.full(len(asked), REASONS.index(reason))


def _around_folic_acid(background: Background, rng: Generator) -> tuple[NDArray[np.int64], Days, NDArray[np.int64]]:
    begun = background.folic_acid
    asked = np.flatnonzero((begun < NEVER) & (rng.random(len(begun)) < rates()["test_folic_acid"]))
    return asked, begun[asked] + rng.integers(-80, 13, len(asked)), np.full(len(asked), REASONS.index("folic_acid"))


def _for_anaemia(people: People, rng: Generator) -> tuple[NDArray[np.int64], Days, NDArray[np.int64]]:
    ill = people.iron_lack | people.large_cells
    asked = np.flatnonzero(people.adult & ill & (rng.random(len(people)) < rates()["test_anaemia"]))
    return asked, -rng.integers(0, 5 * 365, len(asked)), np.full(len(asked), REASONS.index("anaemia"))


def _for_neuropathy(background: Background, rng: Generator) -> tuple[NDArray[np.int64], Days, NDArray[np.int64]]:
    since = background.neuropathy
    asked = np.flatnonzero((since < NEVER) & (rng.random(len(since)) < rates()["test_nerves"]))
    return asked, since[asked] + rng.integers(0, 60, len(asked)), np.full(len(asked), REASONS.index("nerves"))
