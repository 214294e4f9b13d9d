"""Simulated people with known truth: a body, a course, a laboratory, and results with error."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from cobalamin.physiology.bodies import Bodies
from cobalamin.physiology.courses import Courses, Dose
from cobalamin.physiology.fit import START, Known, bodies_of, score_names
from cobalamin.physiology.likelihood import MARKERS, Result, measured, measurement_error
from cobalamin.physiology.simulate import simulate

B12, ACTIVE, MMA, HCY = MARKERS


@dataclass(frozen=True)
class Design:
    """How a group is treated and sampled: doses, the days and markers of its results, what is asked ahead."""

    name: str
    absorption: str
    doses: tuple[Dose, ...]
    sampled: tuple[tuple[float, tuple[str, ...]], ...]
    asked: tuple[tuple[float, str], ...]


def _course(form: str, loading: int, gap: float, every: float, count: int) -> tuple[Dose, ...]:
    first = [Dose(7 + gap * k, 1000, form, "im") for k in range(loading)]
    return (*first, *(Dose(first[-1].day + every * (k + 1), 1000, form, "im") for k in range(count)))


def designs() -> list[Design]:
    """Four groups: two and four troughs on hydroxocobalamin, cyanocobalamin, and tablets."""
    oh, cn = _course("hydroxocobalamin", 6, 2, 84, 10), _course("cyanocobalamin", 6, 3, 28, 20)
    tablets = tuple(Dose(7.0 + day, 1000, "cyanocobalamin", "oral") for day in range(500))
    trough = [dose.day for dose in oh[6:]]
    monthly = [dose.day for dose in cn[6:]]
    return [
        Design(
            "OH, one trough",
            "no_intrinsic_factor",
            oh,
            ((0, (B12,)), (trough[1], (B12, MMA))),
            ((trough[4], B12), (trough[4], MMA), (trough[4], ACTIVE), (trough[4], HCY)),
        ),
        Design(
            "OH, four troughs",
            "no_intrinsic_factor",
            oh,
            ((0, (B12, MMA)), *((day, (B12, MMA)) for day in trough[:4])),
            ((trough[8], B12), (trough[8], MMA)),
        ),
        Design(
            "CN monthly, active B12 too",
            "gastric_bypass",
            cn,
            ((0, (B12, HCY)), (monthly[3], (ACTIVE, MMA)), (monthly[8], (B12, ACTIVE, HCY))),
            ((monthly[15], B12), (monthly[15], ACTIVE), (monthly[15], MMA), (monthly[15], HCY)),
        ),
        Design(
            "tablets",
            "food_malabsorption",
            tablets,
            ((0, (B12, MMA)), (95, (B12,)), (250, (B12, MMA))),
            ((480, B12), (480, MMA), (480, ACTIVE)),
        ),
    ]


@dataclass(frozen=True)
class Person:
    """One simulated person: what is known, the results, the true scores and levels asked about."""

    known: Known
    results: list[Result]
    scores: dict[str, float]
    body: Bodies
    asked: np.ndarray


def people(design: Design, n: int, seed: int, errors: str = "student") -> Iterator[Person]:
    """Draw n people of a design. `errors`: Student-t as the likelihood has it, or normal with the tabled SD."""
    rng = np.random.default_rng(seed)
    for _ in range(n):
        yield _person(design, rng, errors)


def _person(design: Design, rng: np.random.Generator, errors: str) -> Person:
    covariates = {"age_years": rng.uniform(40, 85), "male": rng.random() < 0.4, "egfr": rng.uniform(45, 105)}
    known = Known(design.doses, {design.absorption: 1.0}, covariates)
    scores = dict(zip(score_names(known), rng.standard_normal(len(score_names(known))), strict=True))
    body = bodies_of(known, {name: np.array([value]) for name, value in scores.items()}, np.zeros(1, np.int64))
    taken = [(day, marker) for day, markers in design.sampled for marker in markers]
    truth = _levels(body, design.doses, [*taken, *design.asked])
    shift = rng.normal(0, measured()[B12].shift_log_sd)
    results = [
        _result(day, marker, level, shift if marker == B12 else 0.0, errors, rng)
        for (day, marker), level in zip(taken, truth, strict=False)
    ]
    return Person(known, results, scores, body, truth[len(taken) :])


def _levels(body: Bodies, doses: Sequence[Dose], wanted: Sequence[tuple[float, str]]) -> np.ndarray:
    days = np.unique([day for day, _ in wanted])
    found = simulate(body, Courses.same(1, doses), days)
    return np.array([getattr(found, marker)[0, np.searchsorted(days, day)] for day, marker in wanted])


def _result(day: float, marker: str, level: float, shift: float, errors: str, rng: np.random.Generator) -> Result:
    scale = measurement_error().scale[MARKERS.index(marker)]
    error = scale * rng.standard_t(4) if errors == "student" else measured()[marker].log_sd * rng.standard_normal()
    value = float(level * np.exp(shift + error))
    return Result(day, marker, value, value)


__all__ = ["ACTIVE", "B12", "HCY", "MMA", "START", "Design", "Person", "designs", "people"]
