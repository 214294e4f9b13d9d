"""The kernel beside a stiff solver: random people, hard schedules, minutes to months after a dose."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cobalamin.physiology.absorption import absorption_classes
from cobalamin.physiology.bodies import Bodies
from cobalamin.physiology.courses import FORMS, Courses, Dose
from cobalamin.physiology.simulate import simulate
from validation.physiology import stiff, stiff_cells

Array = NDArray[np.float64]

ASKED = 1e-4
JUDGED = 4  # of the series: the four markers; stores and urine are shown besides
AFTER_A_DOSE = (0.0007, 0.02, 0.08, 0.3, 1.01, 3.0, 9.0)  # d: a minute to days
FOLLOWED = (20.0, 90.0, 200.0, 365.0)
LEAST = {"urine_ug": 1e-3}  # below, a relative error says nothing


LOADED = [Dose(day, 1000, "hydroxocobalamin", "im") for day in (0, 2, 4, 6, 8, 10, 90)]
EVERY_HALF_DAY = [float(day) for day in np.arange(0, 180.5, 0.5)]


@dataclass(frozen=True)
class Scene:
    """People, what each takes, and the days on which each is looked at."""

    bodies: Bodies
    doses: list[list[Dose]]
    days: list[Array]


def scene(people: int, seed: int) -> Scene:
    """Random people of every class with random injections, tablets or both."""
    rng = np.random.default_rng(seed)
    classes = list(absorption_classes())
    bodies = Bodies.draw(
        people,
        seed=seed,
        absorption=[classes[i % len(classes)] for i in range(people)],
        diet_absorbed_ug_d=rng.uniform(0, 1.2, people),
        start_serum_b12_pmol_l=np.exp(rng.normal(np.log(110), 0.5, people)).clip(60, 900),
        egfr=rng.uniform(15, 120, people),
        age_years=rng.uniform(30, 90, people),
    )
    doses = [_doses(i % 3, rng) for i in range(people)]
    return Scene(bodies, doses, [_days(one) for one in doses])


def _doses(kind: int, rng: np.random.Generator) -> list[Dose]:
    """0: injections, one on day 0; 1: tablets daily; 2: both."""
    form = FORMS[rng.integers(2)]
    found = []
    if kind != 1:
        days = np.append(np.sort(rng.uniform(0, 300, 6)).round(2), 0.0)
        found += [Dose(float(day), float(rng.choice([100, 250, 1000, 5000])), form, "im") for day in days]
    if kind != 0:
        first, oral = float(rng.integers(0, 60)), FORMS[rng.integers(2)]
        amount, fasting = float(rng.choice([3, 50, 1000])), bool(rng.integers(2))
        found += [Dose(first + day, amount, oral, "oral", fasting) for day in range(30)]
    return found


def _days(doses: list[Dose]) -> Array:
    near = [dose.day + after for dose in doses[:8] for after in AFTER_A_DOSE]
    return np.unique(np.round([*near, *FOLLOWED], 6))


def kernel(one: Scene) -> list[Array]:
    """The seven series of each person by the kernel."""
    longest = max(map(len, one.days))
    days = np.full((len(one.days), longest), np.nan)
    for i, row in enumerate(one.days):
        days[i, : len(row)] = row
    markers = simulate(one.bodies, Courses.of(one.doses), days)
    series = np.stack([getattr(markers, name) for name in stiff.SERIES])
    return [series[:, i, : len(row)] for i, row in enumerate(one.days)]


def differences(people: int, seed: int, method: str = "LSODA") -> Array:
    """Largest relative difference of each person and series (people, 7)."""
    one = scene(people, seed)
    found = []
    for i, ours in enumerate(kernel(one)):
        theirs = stiff.follow(one.bodies, i, one.doses[i], list(one.days[i]), method)
        least = np.array([LEAST.get(name, 1e-9) for name in stiff.SERIES])[:, None]
        found.append((np.abs(ours - theirs) / np.maximum(np.abs(theirs), least)).max(axis=1))
    return np.array(found)


def anaemic(people: int, seed: int) -> Scene:
    """Random people without intrinsic factor, anaemic to every degree, with the same courses."""
    rng = np.random.default_rng(seed)
    bodies = Bodies.draw(
        people,
        seed=seed,
        absorption="no_intrinsic_factor",
        start_serum_b12_pmol_l=rng.uniform(30, 130, people),
        haemoglobin_g_dl=rng.uniform(4, 11.9, people),
        mcv_fl=rng.uniform(98, 125, people),
        male=rng.integers(0, 2, people),
        marrow_limit=rng.choice([1.0, 0.5], people),
    )
    doses = [_doses(i % 3, rng) for i in range(people)]
    return Scene(bodies, doses, [_days(one) for one in doses])


def count_differences(people: int, seed: int, method: str = "LSODA") -> Array:
    """Largest relative difference of each person's haemoglobin, cell volume and reticulocytes (people, 3)."""
    one = anaemic(people, seed)
    found = []
    for i, (doses, days) in enumerate(zip(one.doses, one.days, strict=True)):
        markers = simulate(one.bodies.take([i]), Courses.same(1, doses), days, blood_count=True)
        ours = np.array([getattr(markers, name)[0] for name in stiff_cells.COUNTS])
        theirs = stiff_cells.follow(one.bodies, i, doses, list(days), method)
        found.append((np.abs(ours - theirs) / theirs).max(axis=1))
    return np.array(found)


def life_span_difference() -> float:
    """Relative difference of new cells after half a year: a chain of twelve stages, and a gamma spread of lives."""
    chain, spread = stiff_cells.survivors(anaemic(1, 3).bodies, 0, LOADED, EVERY_HALF_DAY)
    return abs(chain - spread) / spread
