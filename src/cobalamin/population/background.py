"""What each person has that bears on B12: a cause and its onset, medicines, and what the practice knows of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from cobalamin.population.people import DAYS_A_YEAR, NEVER, Days, Flags, People
from cobalamin.population.rates import banded, causes, chance, rates

NO_CAUSE = -1
# Nobody's medicine is older than the record; a year of the record comes first.
FIRST_YEAR_DAYS = 365
# The shortest and longest that a cause waits until the practice knows of it.
KNOWN_WITHIN_DAYS = {"coeliac": 1000, "vegan": 1200, "nitrous_oxide": 250}
KNOWN_BY_PRACTICE = {"coeliac": 0.85, "vegan": 0.8, "nitrous_oxide": 0.5}
AT_ONCE = ("gastrectomy", "gastric_bypass", "sleeve_gastrectomy", "ileal_resection")


@dataclass(frozen=True)
class Background:
    """`cause` is a place in `causes()` or NO_CAUSE; days as in People, NEVER where it does not apply.

    `onset` is that of the cause; `absorption_lost` is when the class of absorption began, by a cause or a medicine;
    `known` when the practice knew of the cause.
    """

    cause: NDArray[np.int64]
    onset: Days
    absorption: NDArray[np.str_]
    absorption_lost: Days
    known: Days
    metformin: Days
    acid_tablet: Days
    methotrexate: Days
    folic_acid: Days
    neuropathy: Days

    def has(self, name: str) -> Flags:
        """Who has this cause."""
        names = [cause.name for cause in causes()]
        return np.asarray(self.cause == names.index(name))

    @property
    def gas_since(self) -> Days:
        """First day of harmful nitrous oxide; NEVER for all others."""
        return np.where(self.has("nitrous_oxide"), self.onset, NEVER)

    @property
    def lifelong(self) -> Flags:
        """Whose cause never goes away by rule R7."""
        return np.array([one.lifelong for one in causes()] + [False])[self.cause]

    @property
    def answer_cause(self) -> NDArray[np.str_]:
        """The cause in the words of the answer; "medicine" where only a medicine lowers absorption, else "none"."""
        named = np.array([one.answer_cause for one in causes()] + ["none"])[self.cause]
        return np.where((named == "none") & (self.absorption != "normal"), "medicine", named)


def draw_background(people: People, rng: Generator) -> Background:
    """Cause, medicines and their days for everybody."""
    cause, onset = _cause(people, rng)
    metformin = _medicine("metformin", people, rng)
    acid = _medicine("acid_tablet", people, rng)
    methotrexate = _medicine("methotrexate", people, rng, mean_years=rates()["metformin_mean_years"])
    absorption, lost = _absorption(cause, onset, metformin, acid, rng)
    return Background(
        cause=cause, onset=onset, absorption=absorption, absorption_lost=lost, known=_known(cause, onset, rng),
        metformin=metformin, acid_tablet=acid, methotrexate=methotrexate,
        folic_acid=_folic_acid(people, methotrexate, rng), neuropathy=_neuropathy(metformin, rng),
    )  # fmt: skip


def _cause(people: People, rng: Generator) -> tuple[NDArray[np.int64], Days]:
    """At most one cause a person, and the day since when; a cause never begins in childhood."""
    n = len(people)
    shares = np.stack([banded(one.percent, people.age_years) for one in causes()], axis=1)
    place = (rng.random(n)[:, None] > np.cumsum(shares, axis=1)).sum(axis=1)
    cause = np.where(place < len(causes()), place, NO_CAUSE)
    mean = np.array([one.mean_years for one in causes()] + [1.0])
    most = np.array([one.most_years for one in causes()] + [1.0])
    adult_years = np.maximum(people.age_years - 16.0, 0.05)
    years = np.minimum(rng.exponential(1.0, n) * mean[cause], np.minimum(most[cause], adult_years))
    return cause, np.where(cause == NO_CAUSE, NEVER, -np.round(years * DAYS_A_YEAR).astype(np.int64))


def _medicine(name: str, people: People, rng: Generator, mean_years: float | None = None) -> Days:
    taken = rng.random(len(people)) < chance(name, people.age_years)
    days = rng.exponential((mean_years or rates()[f"{name}_mean_years"]) * DAYS_A_YEAR, len(people))
    most = np.maximum(-people.adult_since - FIRST_YEAR_DAYS, 1)
    return np.where(taken, -np.minimum(np.round(days).astype(np.int64), most), NEVER)


def _absorption(
    cause: NDArray[np.int64], onset: Days, metformin: Days, acid: Days, rng: Generator
) -> tuple[NDArray[np.str_], Days]:
    """The class: that of the cause, else of a medicine. Metformin lowers uptake in all, an acid tablet in some."""
    classes = np.array([one.absorption for one in causes()] + ["normal"])
    absorption = classes[cause]
    # Nitrous oxide spoils B12 in the cells; absorption stays normal.
    free = absorption == "normal"
    by_acid = free & (acid != NEVER) & (rng.random(len(cause)) < rates()["acid_tablet_lowers_absorption"])
    by_metformin = free & (metformin != NEVER) & ~by_acid
    lost = np.where(free, NEVER, onset)
    lost = np.where(by_acid, acid, np.where(by_metformin, metformin, lost))
    absorption = np.where(by_acid, "food_malabsorption", np.where(by_metformin, "metformin", absorption))
    return absorption, lost


def _known(cause: NDArray[np.int64], onset: Days, rng: Generator) -> Days:
    """When the practice knew: an operation at once, diet and coeliac disease later or never, gastritis by testing."""
    names = np.array([one.name for one in causes()] + [""])[cause]
    share, wait = rng.random(len(cause)), rng.random(len(cause))
    known = np.where(np.isin(names, AT_ONCE), onset, NEVER)
    for name, within in KNOWN_WITHIN_DAYS.items():
        here = (names == name) & (share < KNOWN_BY_PRACTICE[name])
        known = np.where(here, onset + np.round(wait * within).astype(np.int64), known)
    return np.where(known <= 0, known, NEVER)


def _folic_acid(people: People, methotrexate: Days, rng: Generator) -> Days:
    """5 mg a day begun within three years; with methotrexate from its first day."""
    taken = people.adult & (rng.random(len(people)) < rates()["folic_acid"])
    begun = -rng.integers(0, 3 * 365, len(people))
    begun = np.where(methotrexate != NEVER, methotrexate, np.where(taken, begun, NEVER))
    return np.where((begun == NEVER) | (begun > people.adult_since), begun, NEVER)


def _neuropathy(metformin: Days, rng: Generator) -> Days:
    """A coded neuropathy in diabetes, some time after metformin began."""
    here = (metformin != NEVER) & (rng.random(len(metformin)) < rates()["neuropathy_in_diabetes"])
    since = np.round(metformin * rng.random(len(metformin))).astype(np.int64)
    return np.where(here, since, NEVER)
