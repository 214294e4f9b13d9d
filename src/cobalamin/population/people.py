"""Who the virtual people are: age, sex, kidneys, folate, own blood count, and whether they live on the day.

Days count from the day of the practice: 0 is that day, the past is negative. NEVER stands for "has not happened".
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from cobalamin.population.rates import age_sex, chance, rates

Array = NDArray[np.float64]
Days = NDArray[np.int64]
Flags = NDArray[np.bool_]

NEVER = 1_000_000
DAYS_A_YEAR = 365.25
ADULT_YEARS = 16
OLDEST_YEARS = 101.0
# Mean years beyond 80 of those who are over 80 (age_sex.csv says so too).
MEAN_BEYOND_80 = 6.0
LONGEST_PREGNANCY_DAYS = 280


@dataclass(frozen=True)
class People:
    """One entry a person; `adult` marks those whose B12 is followed.

    `reports_pmol`: their laboratory reports total B12 in pmol/L, else in ng/L.
    """

    born: Days
    age_years: Array
    male: Flags
    adult: Flags
    died: Days
    egfr: Array
    folate_ng_ml: Array
    iron_lack: Flags
    large_cells: Flags
    pregnant_since: Days
    reports_pmol: Flags

    def __len__(self) -> int:
        return len(self.born)

    @property
    def history_begins(self) -> Days:
        """First day of a complete record: 20 years back, or birth."""
        return np.maximum(self.born, -round(rates()["history_years"] * 365))

    @property
    def adult_since(self) -> Days:
        """Day of the sixteenth birthday, or the first day of the record."""
        birthday = self.born + int(np.ceil(ADULT_YEARS * DAYS_A_YEAR)) + 1
        return np.maximum(birthday, self.history_begins)


def draw_people(n: int, rng: Generator) -> People:
    """N people as they are on the day."""
    age, female = _age_and_sex(n, rng)
    born = -np.floor(age * DAYS_A_YEAR).astype(np.int64) - 1
    adult = age >= ADULT_YEARS + 0.01
    male = ~female
    died = np.where(rng.random(n) < chance("died_last_year", age), -rng.integers(1, 365, n), NEVER)
    lack = np.where(male, chance("iron_lack_men", age), chance("iron_lack_women", age))
    fertile = female & (age >= 18) & (age < 45) & (died == NEVER)
    pregnant = fertile & (rng.random(n) < rates()["pregnant"])
    return People(
        born=born, age_years=age, male=male, adult=adult, died=died, egfr=_egfr(age, rng),
        folate_ng_ml=np.clip(_lognormal(rng, rates()["folate_median"], rates()["folate_cv"], n), 1.0, 100.0),
        iron_lack=rng.random(n) < lack, large_cells=rng.random(n) < chance("large_cells", age),
        pregnant_since=np.where(pregnant, -rng.integers(30, LONGEST_PREGNANCY_DAYS - 10, n), NEVER),
        reports_pmol=rng.random(n) < rates()["laboratory_pmol_l"],
    )  # fmt: skip


def _age_and_sex(n: int, rng: Generator) -> tuple[Array, Flags]:
    bands = age_sex()
    share = bands[:, 2] / bands[:, 2].sum()
    band = rng.choice(len(bands), size=n, p=share)
    low, high = bands[band, 0], bands[band, 1]
    within = rng.random(n)
    beyond = np.minimum(low + rng.exponential(MEAN_BEYOND_80, n), OLDEST_YEARS)
    age = np.where(band == len(bands) - 1, beyond, low + within * (high - low))
    return age, rng.random(n) < bands[band, 3]


def _egfr(age: Array, rng: Generator) -> Array:
    middle = rates()["egfr_at_50"] + rates()["egfr_slope"] * (age - 50)
    return np.clip(middle + rates()["egfr_sd"] * rng.standard_normal(len(age)), 9.0, 140.0)


def _lognormal(rng: Generator, median: float, variation: float, n: int) -> Array:
    return np.asarray(median * np.exp(np.sqrt(np.log1p(variation**2)) * rng.standard_normal(n)))
