"""Known facts, each with the limits the model has to stay within: data/checks.csv.

Losses and balances were not tuned on; the reticulocyte peak and the end of the rise were (kap, steepAbove).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cobalamin.physiology.bodies import Bodies
from cobalamin.physiology.courses import Courses, Dose
from cobalamin.physiology.simulate import Markers, simulate
from validation.physiology.trials import read

Array = NDArray[np.float64]

LOADING = [Dose(day, 1000, "hydroxocobalamin", "im") for day in (0, 2, 4, 6, 8, 10, 90)]
COUNT_DAYS = [*np.arange(0, 15, 0.25), 28.0, 56.0]
MCHC, LARGE_FL = 33.5, 115.0


@dataclass(frozen=True)
class Check:
    """One known fact and the model's value."""

    name: str
    low: float
    high: float
    unit: str
    source: str
    model: float

    @property
    def holds(self) -> bool:
        """Whether the value lies within the limits."""
        return self.low <= self.model <= self.high


def checks() -> list[Check]:
    """All of them, in the order of the file."""
    found = _losses() | _balances() | _counts()
    return [
        Check(one["check"], float(one["low"]), float(one["high"]), one["unit"], one["source"], found[one["check"]])
        for one in read("checks.csv")
    ]


def _losses() -> dict[str, float]:
    """Fall of the whole store without any intake, in per cent a day, once labile and slow store are in step."""
    found = {}
    for name, fraction in (("normal", 0.6), ("without_intrinsic_factor", 0.0)):
        body = Bodies.typical(1, diet_absorbed_ug_d=2.3, reabsorbed_bile=fraction)
        p = body.people[0]
        need = p["kb"] * p["L_n"] * (1 - fraction) + p["koth"] * p["S_n"]
        found[f"store_loss_{name}"] = 100 * need / (p["L_n"] + p["S_n"])
    start = Bodies.typical(1, diet_absorbed_ug_d=0, years_since_absorption_lost=0)
    store = simulate(start, Courses.same(1, []), [700.0, 1700.0]).store_ug[0]
    return found | {"slow_half_life_normal": float(np.log(2) * 1000 / np.log(store[0] / store[1]))}


def _balances() -> dict[str, float]:
    def serum(**covariates: float) -> float:
        return float(simulate(Bodies.typical(1, **covariates), Courses.same(1, []), [0.0]).serum_b12_pmol_l[0, 0])  # type: ignore[arg-type]

    return {
        "serum_b12_on_1_5_ug_daily_without_intrinsic_factor": serum(reabsorbed_bile=0, diet_absorbed_ug_d=1.5),
        "normal_serum_b12_in_balance": serum(),
    }


def count(haemoglobin: float, volume: float) -> Markers:
    """The typical person without intrinsic factor, from a baseline count, loaded with hydroxocobalamin."""
    body = Bodies.typical(
        1,
        absorption="no_intrinsic_factor",
        start_serum_b12_pmol_l=60,
        haemoglobin_g_dl=haemoglobin,
        mcv_fl=volume,
        own_haemoglobin_g_dl=15,
        male=True,
    )
    return simulate(body, Courses.same(1, LOADING), COUNT_DAYS, blood_count=True)


def _counts() -> dict[str, float]:
    blood = count(8, 112)
    reticulocytes, haemoglobin, volume = (
        series[0] for series in (blood.reticulocyte_percent, blood.haemoglobin_g_dl, blood.mcv_fl) if series is not None
    )
    at = {weeks: COUNT_DAYS.index(7.0 * weeks) for weeks in (2, 4, 8)}
    found = {f"haemoglobin_8_after_{weeks}_weeks": haemoglobin[place] for weeks, place in at.items()}
    found |= {f"mcv_112_after_{weeks}_weeks": volume[at[weeks]] for weeks in (2, 8)}
    found["reticulocyte_peak_at_haemoglobin_8"] = reticulocytes.max()
    found["reticulocyte_peak_day_at_haemoglobin_8"] = COUNT_DAYS[int(reticulocytes.argmax())]
    for millions in (1, 2, 3):
        peak = np.max(count(MCHC * millions * LARGE_FL / 1000, LARGE_FL).reticulocyte_percent)
        found[f"reticulocyte_peak_at_{millions}_million_cells"] = peak
    return {name: float(value) for name, value in found.items()}
