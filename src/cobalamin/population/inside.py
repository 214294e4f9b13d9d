"""Inside the body: the untreated course of each person, when they became deficient, and markers on any day.

**True deficiency.** Somebody is deficient while the labile store is below the store at which their own methylmalonic
acid is twice its floor (`L50M` of the model). The reason: at that point half of the person's own reserve of function
is gone, whatever the kidneys, age or laboratory do to a printed number; serum B12 and the printed acid are signs of
it, with errors, and the truth must not be one of the signs. Somebody harmed by nitrous oxide is deficient in function
from the onset of use, whatever the store.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cobalamin.physiology.bodies import Bodies
from cobalamin.physiology.courses import Courses
from cobalamin.physiology.simulate import Markers, simulate
from cobalamin.population.background import Background
from cobalamin.population.people import DAYS_A_YEAR, LONGEST_PREGNANCY_DAYS, NEVER, Array, Days, Flags, People
from cobalamin.population.rates import rates

GRID = 10
LONGEST_DEPLETION_YEARS = 60.0
MODEL_LEAST_AGE = 16.0
SHOWN = ("serum_b12_pmol_l", "active_b12_pmol_l", "mma_nmol_l", "homocysteine_umol_l", "labile_ug")


@dataclass(frozen=True)
class Doses:
    """Doses as flat arrays: whose, on which day, how much, by mouth or injected."""

    person: NDArray[np.int64]
    day: Days
    dose_ug: Array
    oral: Flags

    @classmethod
    def none(cls) -> Doses:
        """No dose at all."""
        nothing = np.zeros(0, np.int64)
        return cls(nothing, nothing, np.zeros(0), np.zeros(0, bool))


@dataclass(frozen=True)
class Inside:
    """Bodies of a chunk, and the day on which the simulation of each begins."""

    people: People
    background: Background
    bodies: Bodies
    begins: Days

    @classmethod
    def draw(cls, people: People, background: Background, seed: int) -> Inside:
        """A body for everybody; children get one that is never looked at."""
        steady = background.absorption_lost == NEVER
        begins = np.where(steady, people.history_begins, np.maximum(people.history_begins, background.absorption_lost))
        years = np.minimum((begins - background.absorption_lost) / DAYS_A_YEAR, LONGEST_DEPLETION_YEARS)
        bodies = Bodies.draw(
            len(people), seed, absorption=list(background.absorption),
            age_years=np.clip(people.age_years, MODEL_LEAST_AGE, 110.0), male=people.male.astype(float),
            egfr=people.egfr, folate_ng_ml=people.folate_ng_ml,
            years_since_absorption_lost=np.where(steady, np.nan, years),
        )  # fmt: skip
        return cls(people, background, _as_the_survey(bodies, background), begins)

    def markers(self, who: NDArray[np.int64], days: Array, doses: Doses) -> dict[str, Array]:
        """Markers (m, k) of the people at places `who` on days (m, k), rising, NaN at the end of a row.

        A day before the loss of absorption shows the body as it was before. Doses of others are left out.
        """
        found = self._simulated(who, days, doses)
        shown: dict[str, Array] = {name: getattr(found, name) for name in SHOWN}
        return self._disturbed(who, days, shown)

    def _simulated(self, who: NDArray[np.int64], days: Array, doses: Doses) -> Markers:
        place = np.full(len(self.people), -1)
        place[who] = np.arange(len(who))
        mine = place[doses.person]
        kept = mine >= 0
        begins = self.begins[doses.person[kept]]
        courses = Courses.from_arrays(
            len(who), mine[kept], np.maximum(doses.day[kept] - begins, 0).astype(float), doses.dose_ug[kept],
            np.where(doses.oral[kept], 0, 1), np.where(doses.oral[kept], 2, 0),
        )  # fmt: skip
        since = np.maximum(days - self.begins[who][:, None], 0.0)
        return simulate(self.bodies.take(who), courses, since)

    def _disturbed(self, who: NDArray[np.int64], days: Array, shown: dict[str, Array]) -> dict[str, Array]:
        """Nitrous oxide raises the acids from its onset; pregnancy lowers total B12 week by week."""
        gas = days >= self.background.gas_since[who][:, None]
        factor = np.where(gas, rates()["nitrous_oxide_mma_factor"], 1.0)
        shown["mma_nmol_l"] = shown["mma_nmol_l"] * factor
        shown["homocysteine_umol_l"] = shown["homocysteine_umol_l"] * factor
        gone = np.clip((days - self.people.pregnant_since[who][:, None]) / LONGEST_PREGNANCY_DAYS, 0.0, 1.0)
        shown["serum_b12_pmol_l"] = shown["serum_b12_pmol_l"] * (1 - rates()["pregnancy_b12_fall"] * gone)
        return shown

    def deficient(self, who: NDArray[np.int64], days: Array, labile_ug: Array) -> Flags:
        """Whether people are truly deficient on days (m, k) with these labile stores."""
        gas = days >= self.background.gas_since[who][:, None]
        return (labile_ug < self.bodies["L50M"][who][:, None]) | gas

    def deficient_since(self) -> Days:
        """First day of true deficiency without any treatment; NEVER where there is none by the day."""
        n = len(self.people)
        since = np.full(n, NEVER)
        adults = np.flatnonzero(self.people.adult)
        moving = self.background.absorption_lost[adults] != NEVER
        for who, size in ((adults[~moving], 1), (adults[moving], GRID)):
            if len(who):
                since[who] = self._first_day(who, size)
        return since

    def _first_day(self, who: NDArray[np.int64], size: int) -> Days:
        """By a grid of days from the start to today; between two days of it the log of the store runs straight."""
        start = self.begins[who].astype(float)
        days = start[:, None] * (1 - np.linspace(0, 1, size)[None, :]) if size > 1 else start[:, None]
        labile = self.markers(who, days, Doses.none())["labile_ug"]
        gap = np.log(np.maximum(labile, 1e-9) / self.bodies["L50M"][who][:, None])
        below = gap < 0
        first = below.argmax(axis=1)
        rows = np.arange(len(who))
        before = np.maximum(first - 1, 0)
        step = gap[rows, before] - gap[rows, first]
        share = np.where(first > 0, gap[rows, before] / np.where(step > 0, step, 1.0), 0.0)
        day = days[rows, before] + np.clip(share, 0, 1) * (days[rows, first] - days[rows, before])
        since = np.where(below.any(axis=1), np.ceil(day), NEVER).astype(np.int64)
        return np.minimum(since, self.background.gas_since[who])


def _as_the_survey(bodies: Bodies, background: Background) -> Bodies:
    """The bodies with less spread: what the survey shows of normal B12 holds diet and the error of a sample already."""
    middle = bodies.parameters["B_n"].value
    own = middle * (bodies["B_n"] / middle) ** rates()["own_b12_spread_kept"]
    normal = background.absorption == "normal"
    eaten = np.median(bodies["diet"][normal])
    diet = eaten * (bodies["diet"] / eaten) ** rates()["diet_spread_kept"]
    return bodies.replace(B_n=own, diet=np.where(normal, diet, bodies["diet"]))
