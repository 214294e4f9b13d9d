"""Methylmalonic acid by band of serum B12: the shipped survey (weighted) beside people drawn from the model.

Each adult of the survey lends age, sex, kidneys and serum B12; the model draws what nobody measured.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cobalamin.physiology.bodies import Bodies
from cobalamin.physiology.courses import Courses
from cobalamin.physiology.simulate import simulate
from validation.physiology.trials import PMOL_PER_PG_ML
from validation.prevalence import ADULT_YEARS, SURVEY, WEIGHT

Array = NDArray[np.float64]

BANDS = ((20, 100), (100, 150), (150, 200), (200, 300), (300, 450), (450, 700))
QUANTILES = (0.1, 0.5, 0.9)
DRAWS_EACH, SEED = 8, 2
MMA_ERROR = 0.23  # within a person and by the assay, log scale: Solomon 2005
ENOUGH = 200  # people; smaller bands are shown, not judged
FACTORS = (1.4, 1.25, 1.4)


@dataclass(frozen=True)
class Band:
    """One band: people in the survey, and the quantiles seen and modelled (nmol/L)."""

    low: float
    high: float
    people: int
    seen: tuple[float, ...]
    model: tuple[float, ...]

    @property
    def holds(self) -> bool | None:
        """Whether each quantile is within its factor; None where the band is too small to judge."""
        if self.people < ENOUGH:
            return None
        return all(
            1 / factor <= model / seen <= factor
            for model, seen, factor in zip(self.model, self.seen, FACTORS, strict=True)
        )


def bands() -> list[Band]:
    """All bands."""
    people = _people()
    serum, weight = people["serum"].to_numpy(), people[WEIGHT].to_numpy()
    place = np.repeat(np.arange(people.height), DRAWS_EACH)
    drawn = _drawn(people[place])
    found = []
    for low, high in BANDS:
        here, there = (serum >= low) & (serum < high), (serum[place] >= low) & (serum[place] < high)
        seen = _quantiles(people["mma_nmol_l"].to_numpy()[here], weight[here])
        found.append(Band(low, high, int(here.sum()), seen, _quantiles(drawn[there], weight[place][there])))
    return found


def _people() -> pl.DataFrame:
    """Adults with serum B12, methylmalonic acid and creatinine, not pregnant; eGFR by CKD-EPI 2021."""
    people = pl.read_csv(SURVEY / "people.csv.gz", infer_schema_length=None)
    known = pl.all_horizontal(pl.col("b12_pg_ml", "mma_nmol_l", "creatinine_mg_dl").is_not_null())
    people = people.filter(
        known & (pl.col("age_years") >= ADULT_YEARS) & (pl.col("pregnant").fill_null(2) != 1) & (pl.col(WEIGHT) > 0)
    )
    male = pl.col("sex") == "M"
    ratio = pl.col("creatinine_mg_dl") / pl.when(male).then(0.9).otherwise(0.7)
    low = pl.min_horizontal(ratio, pl.lit(1.0)).pow(pl.when(male).then(-0.302).otherwise(-0.241))
    high = pl.max_horizontal(ratio, pl.lit(1.0)).pow(-1.2)
    age = pl.lit(0.9938).pow(pl.col("age_years"))
    egfr = 142 * low * high * age * pl.when(male).then(1.0).otherwise(1.012)
    return people.with_columns(
        male=male.cast(pl.Float64), egfr=egfr.clip(8, 200), serum=pl.col("b12_pg_ml") * PMOL_PER_PG_ML
    )


def _drawn(people: pl.DataFrame) -> Array:
    bodies = Bodies.draw(
        people.height,
        seed=SEED,
        age_years=people["age_years"].to_numpy(),
        male=people["male"].to_numpy(),
        egfr=people["egfr"].to_numpy(),
        start_serum_b12_pmol_l=people["serum"].to_numpy(),
    )
    mma = simulate(bodies, Courses.same(people.height, []), [0.0]).mma_nmol_l[:, 0]
    return np.asarray(mma * np.exp(np.random.default_rng(SEED).normal(0, MMA_ERROR, people.height)), float)


def _quantiles(values: Array, weight: Array) -> tuple[float, ...]:
    order = np.argsort(values)
    share = np.cumsum(weight[order]) - weight[order] / 2
    return tuple(float(x) for x in np.interp(np.array(QUANTILES) * weight.sum(), share, values[order]))
