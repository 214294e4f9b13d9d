"""What came after treatment began: reviews, tests on injections, and blood counts beside tests."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from cobalamin.population.care import Care
from cobalamin.population.courses_given import Given
from cobalamin.population.inside import Inside
from cobalamin.population.people import NEVER, Array, Days, Flags, People
from cobalamin.population.rates import rates
from cobalamin.population.tests_taken import REASONS, Tests, made

TRENDS = ("trend_improved", "trend_resolved", "trend_insufficient", "trend_worse")
TREND_SHARES = (0.6, 0.2, 0.15, 0.05)
PLATEAU = "trend_plateau"
AGAIN_DAY, AGAIN_SPREAD_DAYS = 365, 60
REASON_WITHIN_DAYS = 10
MOST_TESTS_ON_INJECTIONS = 6


@dataclass(frozen=True)
class Reviews:
    """Somebody asked how it went: whose, when, and what was noted."""

    person: NDArray[np.int64]
    day: Days
    concept: NDArray[np.str_]


@dataclass(frozen=True)
class Counts:
    """Haemoglobin (g/L) and cell volume (fL) as printed: whose and when."""

    person: NDArray[np.int64]
    day: Days
    haemoglobin_g_l: Array
    mcv_fl: Array


def tests_on_injections(people: People, care: Care, given: Given, rng: Generator) -> tuple[Tests, Flags]:
    """B12 tests of people on injections, and for which of them new or worse symptoms are noted."""
    n = len(people)
    begins = np.where(given.on_injections, care.begun + 60, NEVER)
    ends = np.minimum(np.where(given.end < NEVER, given.end, 0), 0)
    length = np.where(begins < ends, ends - begins, 0)
    number = np.minimum(rng.poisson(rates()["test_on_injections"] * length / 365.25), MOST_TESTS_ON_INJECTIONS)
    person = np.repeat(np.arange(n), number)
    day = begins[person] + np.floor(rng.random(len(person)) * length[person]).astype(np.int64)
    tests = made(person, day, np.full(len(person), REASONS.index("on_injections")), people, rng)
    return tests, rng.random(len(tests)) < rates()["test_reason_on_injections"]


def draw_reviews(care: Care, given: Given, tests: Tests, reasoned: Flags, rng: Generator) -> Reviews:
    """Reviews around three months and a year, plateaus, and the reasons noted beside tests on injections."""
    parts = [
        _reviews(care.begun, rates()["reviewed"], (rates()["review_day"], rates()["review_day_sd"]), rng),
        _reviews(care.begun, rates()["review_again"], (AGAIN_DAY, AGAIN_SPREAD_DAYS), rng),
    ]
    person = np.concatenate([one[0] for one in parts])
    day = np.concatenate([one[1] for one in parts])
    concept = rng.choice(TRENDS, len(person), p=TREND_SHARES)
    ended = np.flatnonzero(given.plateau <= 0)
    beside = np.flatnonzero(reasoned)
    near = tests.day[beside] + rng.integers(-REASON_WITHIN_DAYS, REASON_WITHIN_DAYS + 1, len(beside))
    return Reviews(
        np.concatenate([person, ended, tests.person[beside]]),
        np.concatenate([day, given.plateau[ended], np.minimum(near, 0)]),
        np.concatenate([concept, np.full(len(ended), PLATEAU), np.full(len(beside), "trend_worse")]),
    )


def _reviews(begun: Days, share: float, when: tuple[float, float], rng: Generator) -> tuple[NDArray[np.int64], Days]:
    middle, spread = when
    day = begun + np.maximum(np.round(middle + spread * rng.standard_normal(len(begun))), 20).astype(np.int64)
    asked = np.flatnonzero((begun < NEVER) & (rng.random(len(begun)) < share) & (day <= 0))
    return asked, day[asked]


def counts_beside(inside: Inside, deficient_since: Days, begun: Days, tests: Tests, rng: Generator) -> Counts:
    """The blood count taken with a B12 test.

    Whether deficiency touches the blood is drawn by rate, never predicted from B12: in the survey it rarely does.
    """
    people = inside.people
    touched = rng.random(len(people)) < rates()["anaemia_in_deficiency"]
    fall = rng.gamma(2.0, rates()["anaemia_fall_g_dl"] / 2.0, len(people))
    beside = np.flatnonzero(tests.count_beside)
    person, day = tests.person[beside], tests.day[beside]
    mended = np.clip((day - begun[person]) / rates()["blood_count_recovery_days"], 0.0, 1.0)
    share = np.where(touched[person] & (day >= deficient_since[person]), 1.0 - mended, 0.0)
    own = np.where(people.male, inside.bodies["Hb_male"], inside.bodies["Hb_female"]) + inside.bodies["Hb_shift"]
    own = own - np.where(people.iron_lack, rates()["iron_fall_g_dl"], 0.0)
    volume = inside.bodies["MCV_n"] - np.where(people.iron_lack, rates()["iron_fall_fl"], 0.0)
    volume = volume + np.where(people.large_cells, rates()["large_cells_rise_fl"], 0.0)
    haemoglobin = (
        own[person] - share * fall[person] + rates()["haemoglobin_error_g_dl"] * rng.standard_normal(len(person))
    )
    mcv = (
        volume[person]
        + share * rates()["macrocytosis_rise_fl"]
        + rates()["mcv_error_fl"] * rng.standard_normal(len(person))
    )
    return Counts(person, day, np.clip(np.round(10 * haemoglobin), 30, 220), np.clip(np.round(mcv, 1), 55.0, 150.0))
