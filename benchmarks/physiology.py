"""Virtual people: one beside SciPy's LSODA for the same answer, a hundred thousand for a year, and the first call."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from cobalamin.physiology.bodies import Bodies
from cobalamin.physiology.courses import Courses, Dose
from cobalamin.physiology.simulate import simulate, threads
from validation.physiology import stiff

PEOPLE, DAILY, BESIDE, YEAR = 100_000, 10_000, 30, 365.0
MONTHLY = np.arange(0.0, YEAR + 1, 365 / 12)
INJECTIONS = [Dose(day, 1000, "hydroxocobalamin", "im") for day in range(0, 365, 56)]
ACCURACY = 1e-4
# The loosest tolerance at which LSODA itself is within that accuracy of the tight solution for these people.
TOLERANCES = (1e-4, 1e-5, 1e-6, 1e-7, 1e-8)
TARGET_RATIO, TARGET_SECONDS = 1000, 10
FIRST_CALL = "from cobalamin.physiology.warm import main; main()"


def bodies(n: int) -> Bodies:
    """People without intrinsic factor, drawn."""
    return Bodies.draw(n, seed=1, absorption="no_intrinsic_factor", start_serum_b12_pmol_l=100, age_years=70, egfr=70)


def seconds(work: Callable[[], object]) -> float:
    """Time on the clock of one call."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def population(n: int, days: NDArray[np.float64]) -> float:
    """Seconds for a year of 8-weekly injections; the drawing of the people is not counted."""
    people, courses = bodies(n), Courses.same(n, INJECTIONS)
    return seconds(lambda: simulate(people, courses, days))


def beside_lsoda() -> tuple[float, float, float]:
    """Seconds a person by LSODA, its tolerance, and its largest difference from the tight solution."""
    people, days = bodies(BESIDE), list(MONTHLY[1:])
    exact = [stiff.follow(people, i, INJECTIONS, days)[:4] for i in range(BESIDE)]
    for tolerance in TOLERANCES:
        options = {"rtol": tolerance, "atol": tolerance * 1e-3}
        start = time.perf_counter()
        found = [stiff.follow(people, i, INJECTIONS, days, **options)[:4] for i in range(BESIDE)]
        taken = (time.perf_counter() - start) / BESIDE
        worst = max(float((np.abs(a - b) / b).max()) for a, b in zip(found, exact, strict=True))
        if worst <= ACCURACY:
            break
    return taken, tolerance, worst


def ours_from_exact() -> float:
    """Our largest difference from the tight solution, same people and days."""
    people, days = bodies(BESIDE), list(MONTHLY[1:])
    markers = simulate(people, Courses.same(BESIDE, INJECTIONS), days)
    ours = np.stack([getattr(markers, name) for name in stiff.SERIES[:4]])
    exact = np.stack([stiff.follow(people, i, INJECTIONS, days)[:4] for i in range(BESIDE)], axis=1)
    return float((np.abs(ours - exact) / exact).max())


def first_call() -> float:
    """A fresh process that imports the model and simulates one person, compiled code cached."""
    command = [sys.executable, "-c", FIRST_CALL]
    subprocess.run(command, check=True)
    return min(seconds(lambda: subprocess.run(command, check=True)) for _ in range(3))


def main() -> int:
    simulate(bodies(1), Courses.same(1, INJECTIONS), MONTHLY)
    taken = population(PEOPLE, MONTHLY)
    each, daily = taken / PEOPLE, population(DAILY, np.arange(YEAR + 1))
    lsoda, tolerance, worst = beside_lsoda()
    print(
        f"{PEOPLE:,} people, a year of 8-weekly injections, sampled monthly, {threads()} cores: {taken:.1f} s "
        f"(asked {TARGET_SECONDS}); one of them {1e6 * each:.0f} us, at most {ours_from_exact():.0e} from exact"
    )
    print(f"the same sampled daily, {DAILY:,} people: {daily:.1f} s, that is {1e6 * daily / DAILY:.0f} us each")
    print(
        f"LSODA (scipy solve_ivp, rtol {tolerance:.0e}, at most {worst:.0e} from exact): {1e3 * lsoda:.0f} ms each; "
        f"ratio {lsoda / each:,.0f} (asked {TARGET_RATIO:,})"
    )
    print(f"first call in a fresh process: {first_call():.2f} s (import, cached code, one person)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
