"""The lives of one chunk of people: all that truly happened, whatever a record will say of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cobalamin.population.background import Background, draw_background
from cobalamin.population.care import SYMPTOM_NEAR_DAYS, Acids, Care, acids_after, care_for, untreated_results
from cobalamin.population.complaints import Complaints, any_near, draw_complaints
from cobalamin.population.courses_given import Given, doses_of, give
from cobalamin.population.follow_up import Counts, Reviews, counts_beside, draw_reviews, tests_on_injections
from cobalamin.population.inside import Doses, Inside
from cobalamin.population.people import Array, Days, Flags, People, draw_people
from cobalamin.population.tests_taken import Tests, markers_at, merged, requested


@dataclass(frozen=True)
class Life:
    """Everything of a chunk. `printed` is what the laboratory printed for each of `tests`; `deficient_at_test` whether
    the person was then truly deficient; `now` the true markers on the day with the treatment that was given.
    """

    people: People
    background: Background
    inside: Inside
    deficient_since: Days
    complaints: Complaints
    tests: Tests
    printed: Array
    deficient_at_test: Flags
    acids: Acids
    counts: Counts
    care: Care
    given: Given
    reviews: Reviews
    visits_person: NDArray[np.int64]
    visits_day: Days
    now: dict[str, Array]

    @property
    def deficient_now(self) -> Flags:
        """Who is truly deficient on the day, treated as they are."""
        everybody, today = np.arange(len(self.people)), np.zeros((len(self.people), 1))
        return self.people.adult & self.inside.deficient(everybody, today, self.now["labile_ug"][:, None])[:, 0]


def live(n: int, seed: int, chunk: int) -> Life:
    """The lives of n people. The same seed and chunk give the same lives."""
    sequence = np.random.SeedSequence([seed, chunk])
    rng = np.random.default_rng(sequence)
    people = draw_people(n, rng)
    background = draw_background(people, rng)
    inside = Inside.draw(people, background, int(sequence.generate_state(1)[0]))
    since = inside.deficient_since()
    complaints = draw_complaints(people, since, rng)
    asked = requested(people, background, complaints, rng)
    untreated, true = untreated_results(inside, asked)
    symptomatic = any_near(asked.person, asked.day, complaints, SYMPTOM_NEAR_DAYS, SYMPTOM_NEAR_DAYS)
    acids = acids_after(asked, untreated, true["mma_nmol_l"], symptomatic, rng)
    care = care_for(people, background, complaints, asked, untreated, acids, rng)
    given = give(people, care, rng)
    extra, reasoned = tests_on_injections(people, care, given, rng)
    reviews = draw_reviews(care, given, extra, reasoned, rng)
    complaints = complaints.before(care.begun)
    acids = _kept(acids, care)
    doses = doses_of(given)
    tests = merged(asked, extra)
    printed, deficient = _results(inside, tests, doses)
    everybody = np.arange(n)
    visits = rng.poisson(1.0, n)
    person = np.repeat(everybody, visits)
    begins = people.history_begins[person]
    return Life(
        people, background, inside, since, complaints, tests, printed, deficient, acids,
        counts_beside(inside, since, care.begun, tests, rng), care, given, reviews,
        person, begins + np.floor(rng.random(len(person)) * (1 - begins)).astype(np.int64),
        _today(inside, doses),
    )  # fmt: skip


def _kept(acids: Acids, care: Care) -> Acids:
    """Methylmalonic acid that was still asked for: none once treatment began."""
    kept = acids.day <= care.begun[acids.person]
    return Acids(acids.person[kept], acids.day[kept], acids.nmol_l[kept])


def _results(inside: Inside, tests: Tests, doses: Doses) -> tuple[Array, Flags]:
    true = markers_at(inside, tests.person, tests.day, doses)
    printed = tests.printed(true["serum_b12_pmol_l"], true["active_b12_pmol_l"])
    deficient = true["labile_ug"] < inside.bodies["L50M"][tests.person]
    return printed, deficient | (tests.day >= inside.background.gas_since[tests.person])


def _today(inside: Inside, doses: Doses) -> dict[str, Array]:
    everybody = np.arange(len(inside.people))
    adults = np.flatnonzero(inside.people.adult)
    found = markers_at(inside, adults, np.zeros(len(adults), np.int64), doses)
    filled = {}
    for name, values in found.items():
        filled[name] = np.full(len(everybody), np.nan)
        filled[name][adults] = values
    return filled
