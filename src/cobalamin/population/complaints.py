"""What people tell the practice: symptoms of deficiency, some time later, and the same from other reasons."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from cobalamin.population.people import NEVER, Days, Flags, People
from cobalamin.population.rates import rates

KINDS = {
    "fatigue": "sym_fatigue",
    "paraesthesia": "sym_paraesthesia",
    "numbness": "sym_numbness",
    "memory": "sym_memory_concentration",
}
NERVES = ("paraesthesia", "numbness")


@dataclass(frozen=True)
class Complaints:
    """One entry a complaint: whose, when, its place in KINDS, and whether deficiency is behind it. Sorted."""

    person: NDArray[np.int64]
    day: Days
    kind: NDArray[np.int64]
    by_deficiency: Flags

    def before(self, treated: Days) -> Complaints:
        """Without those by which deficiency would have told itself after treatment began."""
        kept = ~self.by_deficiency | (self.day < treated[self.person])
        return Complaints(self.person[kept], self.day[kept], self.kind[kept], self.by_deficiency[kept])

    def of_nerves(self) -> Flags:
        """Which complaints are of the nerves."""
        return np.isin(self.kind, [list(KINDS).index(name) for name in NERVES])

    def concepts(self) -> NDArray[np.str_]:
        """The concept of each."""
        return np.array(list(KINDS.values()))[self.kind]


def draw_complaints(people: People, deficient_since: Days, rng: Generator) -> Complaints:
    """Complaints of everybody between adulthood and the day, as if nobody were treated."""
    parts = []
    for place, name in enumerate(KINDS):
        drawn = (_of_deficiency(name, deficient_since, rng), _of_other_reasons(name, people, rng))
        for day, behind in zip(drawn, (True, False), strict=True):
            here = np.flatnonzero(people.adult & (day <= 0) & (day >= people.adult_since))
            parts.append((here, day[here], np.full(len(here), place), np.full(len(here), behind)))
    person, day, kind, by_deficiency = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    order = np.lexsort((kind, day, person))
    return Complaints(person[order], day[order], kind[order], by_deficiency[order])


def _of_deficiency(name: str, since: Days, rng: Generator) -> Days:
    felt = rng.random(len(since)) < rates()[f"symptom_{name}"]
    day = since + np.ceil(rng.exponential(rates()["symptom_delay_days"], len(since))).astype(np.int64)
    return np.where(felt & (since < NEVER), day, NEVER)


def _of_other_reasons(name: str, people: People, rng: Generator) -> Days:
    span = rates()["background_years"]
    felt = rng.random(len(people)) < -np.expm1(-rates()[f"background_{name}"] * span)
    return np.where(felt, -rng.integers(0, int(span * 365), len(people)), NEVER)


def any_near(person: NDArray[np.int64], day: Days, other: Complaints, before: int, after: int) -> Flags:
    """For each (person, day): whether that person complained within so many days before and after it."""
    return near_days(person, day, other.person, other.day, before, after)


def near_days(
    person: NDArray[np.int64], day: Days, other_person: NDArray[np.int64], other_day: Days, before: int, after: int
) -> Flags:
    """For each (person, day): whether (other_person, other_day), in any order, has one within the window.

    Days of one person are shifted apart from the next one's, so that one search over all of them suffices.
    """
    keys = np.sort(other_person * NEVER + other_day)
    low = np.searchsorted(keys, person * NEVER + day - before, side="left")
    high = np.searchsorted(keys, person * NEVER + day + after, side="right")
    return high > low
