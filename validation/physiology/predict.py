"""The model's answer to each kind of printed result."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cobalamin.physiology.bodies import Bodies
from cobalamin.physiology.courses import Courses, Dose
from cobalamin.physiology.simulate import Markers, simulate
from validation.physiology.trials import DATA, Beside, Row, days_of, in_balance, rows, settings

Array = NDArray[np.float64]

SERIES = {
    "B12": "serum_b12_pmol_l",
    "holoTC": "active_b12_pmol_l",
    "MMA": "mma_nmol_l",
    "Hcy": "homocysteine_umol_l",
}
FORMS = {"CN": "cyanocobalamin", "OH": "hydroxocobalamin"}
DEFICIENT_PMOL_L = 148.0  # 200 pg/mL, the lower class of the gastrectomy study
SEED, PEOPLE = 11, 20_000
BALANCING, EGFR_KNOWN = 4, (8.0, 200.0)
MMA_ASKED_NMOL_L, B12_ASKED, B12_SPREAD, EGFR_SPREAD, MMA_ERROR = 260.0, (100.0, 300.0), 0.30, 0.30, 0.23
BASELINE_B12, BASELINE_SPREAD = 370.0, 0.45  # calibration_arms.csv
COBASORB_DAYS = (0.0, 0.25, 0.5, 1.0, 1.25, 1.5)


def beside(row: Row) -> Beside:
    """A printed result and the model's answer."""
    if row.day == 0 and row.marker == "B12":
        return Beside(row, None, "the level that the simulation starts from")
    answer = ANSWERS.get(row.marker)
    if answer is None:
        return Beside(row, None, NOT_COMPARED.get(row.marker, "the model does not tell it"))
    return Beside(row, answer(row))


def everything(folder: Path = DATA) -> list[Beside]:
    """All rows of a folder."""
    return [beside(row) for row in rows(folder)]


NOT_COMPARED = {
    "MCV": "the haemoglobin is not printed, and the count is never predicted from B12 alone",
    "retic_change": "the haemoglobin is not printed, and the count is never predicted from B12 alone",
    "B12_normalised": "neither the level before treatment nor the limit is printed",
}


def doses(row: Row, form: str) -> list[Dose]:
    """What the arm took, sublingual as oral."""
    days = COBASORB_DAYS if row.trial == "CobaSorb2017" else days_of(row.schedule)
    route = "im" if row.route == "IM" else "oral"
    return [Dose(day, row.dose_ug, FORMS[form], route) for day in days if row.dose_ug > 0]


def typical(row: Row, form: str, days: list[float]) -> Markers:
    """One person in the middle of the set with the arm's settings."""
    bodies = started(row, Bodies.typical(1, **settings(row)))  # type: ignore[arg-type]
    return simulate(bodies, Courses.same(1, doses(row, form)), days)


def started(row: Row, bodies: Bodies) -> Bodies:
    """The arm's people; where they have long lived as they do, each absorbs what keeps its own stores.

    One suggested intake for all would let the stores of those who start low fill without any treatment. Active B12 at
    the start depends a little on the intake, so the balance is found in a few rounds.
    """
    for _ in range(BALANCING if in_balance(row) else 0):
        labile = simulate(bodies, Courses.same(len(bodies), []), [0.0]).labile_ug[:, 0]
        lost = bodies["kb"] * bodies["L_n"] * (1 - bodies["fEHC"]) + bodies["koth"] * bodies["S_n"]
        bodies = bodies.replace(diet=lost * labile / bodies["L_n"])
    return bodies


def level(row: Row) -> float:
    """A level on a day; where half took each form, the average."""
    forms = list(FORMS) if row.form == "CN+OH pooled" else [row.form]
    return float(np.mean([getattr(typical(row, form, [row.day]), SERIES[row.marker])[0, 0] for form in forms]))


def change(row: Row) -> float:
    """A level less that of day 0."""
    series = getattr(typical(row, row.form, [0.0, row.day]), SERIES[row.marker.removesuffix("_change")])
    return float(series[0, 1] - series[0, 0])


def ratio_of_forms(row: Row) -> float:
    """Serum B12 after hydroxocobalamin over that after cyanocobalamin."""
    return float(
        typical(row, "OH", [row.day]).serum_b12_pmol_l[0, 0] / typical(row, "CN", [row.day]).serum_b12_pmol_l[0, 0]
    )


def ratio_to_baseline(row: Row) -> float:
    """Serum B12 over that of day 0."""
    series = typical(row, row.form, [0.0, row.day]).serum_b12_pmol_l
    return float(series[0, 1] / series[0, 0])


def urine(row: Row) -> float:
    """Early urinary loss in per cent of the dose."""
    return float(100 * typical(row, row.form, [row.day]).urine_ug[0, 0] / row.dose_ug)


def absorbed(row: Row) -> float:
    """Per cent of an oral dose absorbed: what it adds to the stores after a day, loss of an hour or two aside."""
    with_dose, without = (
        simulate(Bodies.typical(1, **settings(row)), Courses.same(1, taken), [1.0])  # type: ignore[arg-type]
        for taken in (doses(row, row.form), [])
    )
    return float(100 * (with_dose.store_ug - without.store_ug)[0, 0] / row.dose_ug)


@cache
def _normal(row: Row) -> Bodies:
    return Bodies.typical(1, **settings(row))  # type: ignore[arg-type]


def excretion(row: Row) -> float:
    """Loss of a normal person in balance (ug/d)."""
    p = _normal(row).people[0]
    return float(p["kb"] * p["L_n"] * (1 - p["fEHC"]) + p["koth"] * p["S_n"])


def terminal_half_time(row: Row) -> float:
    """Half-time of the slow decline of a tracer (d), between 500 and 1500 days."""
    bodies = _normal(row)
    days = [500.0, 1500.0]
    injected = [Dose(0, 1, "cyanocobalamin", "im")]
    tracer = (
        simulate(bodies, Courses.same(1, injected), days).store_ug
        - simulate(bodies, Courses.same(1, []), days).store_ug
    )[0]
    return float(np.log(2) * 1000 / np.log(tracer[0] / tracer[1]))


def rate_of_loss(row: Row) -> float:
    """Per cent of the store lost a day, by way: other loss counts as urine, bile as faeces."""
    p = _normal(row).people[0]
    store = p["L_n"] + p["S_n"]
    by_urine = row.marker == "urine_rate"
    lost = p["koth"] * p["S_n"] if by_urine else p["kb"] * p["L_n"] * (1 - p["fEHC"])
    return float(100 * lost / store)


def mma_change(row: Row) -> float:
    """Geometric mean change of methylmalonic acid in per cent, in people drawn as the trial chose them.

    They are chosen by one sample and their change is from another: a change from the sample that they were chosen by
    would contain how far that one happened to lie too high.
    """
    rng = np.random.default_rng(SEED)
    arm = settings(row)
    start = np.exp(rng.normal(np.log(float(arm.pop("start_serum_b12_pmol_l"))), B12_SPREAD, PEOPLE))
    egfr = np.clip(float(arm.pop("egfr")) * np.exp(rng.normal(0, EGFR_SPREAD, PEOPLE)), *EGFR_KNOWN)
    bodies = Bodies.draw(PEOPLE, seed=SEED, start_serum_b12_pmol_l=np.clip(start, *B12_ASKED), egfr=egfr, **arm)  # type: ignore[arg-type]
    error = rng.normal(0, MMA_ERROR, (PEOPLE, 3))
    mma = simulate(started(row, bodies), Courses.same(PEOPLE, doses(row, row.form)), [0.0, row.day]).mma_nmol_l
    screened, before, after = np.log(mma[:, [0, 0, 1]]).T + error.T
    chosen = screened >= np.log(MMA_ASKED_NMOL_L)
    return float(100 * (np.exp((after - before)[chosen].mean()) - 1))


def deficient(row: Row) -> float:
    """Per cent of people after gastrectomy whose serum B12 has fallen below the limit."""
    rng = np.random.default_rng(SEED)
    start = np.exp(rng.normal(np.log(BASELINE_B12), BASELINE_SPREAD, PEOPLE))
    bodies = Bodies.typical(PEOPLE, start_serum_b12_pmol_l=start, **settings(row))  # type: ignore[arg-type]
    serum = simulate(bodies, Courses.same(PEOPLE, []), [row.day]).serum_b12_pmol_l
    return float(100 * (serum < DEFICIENT_PMOL_L).mean())


ANSWERS: dict[str, Callable[[Row], float]] = {
    "B12": level,
    "holoTC": level,
    "MMA": level,
    "Hcy": level,
    "B12_change": change,
    "holoTC_change": change,
    "Hcy_change": change,
    "MMA_change": mma_change,
    "B12_ratio_OH_over_CN": ratio_of_forms,
    "B12_ratio_to_baseline": ratio_to_baseline,
    "urine_cumulative": urine,
    "fraction_absorbed": absorbed,
    "B12_excretion_rate": excretion,
    "tracer_halftime_terminal": terminal_half_time,
    "urine_rate": rate_of_loss,
    "faecal_rate": rate_of_loss,
    "B12_deficient_cumulative": deficient,
}
