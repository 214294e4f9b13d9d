"""Virtual people: one beside SciPy's LSODA for the same answer, a hundred thousand for a year, and the first call.

People a second are by the clock on all cores. The ratio to LSODA is core for core: processor time of one against
processor time of the other, so it neither gains by a second core nor suffers from what else the machine does.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import solve_ivp

from cobalamin.physiology.bodies import Bodies
from cobalamin.physiology.courses import Courses, Dose
from cobalamin.physiology.simulate import simulate, threads
from validation.physiology import stiff

Array = NDArray[np.float64]

PEOPLE, LOT, BESIDE, YEAR = 100_000, 10_000, 20, 365.0
MONTHLY, DAILY = np.arange(1, 13) * YEAR / 12, np.arange(1, YEAR + 1)
INJECTIONS = [Dose(day, 1000, "hydroxocobalamin", "im") for day in range(0, 365, 56)]
MARKERS = 4
ACCURACY = 1e-4
# The loosest tolerance at which LSODA itself is within that accuracy of the tight solution for these people.
TOLERANCES = (1e-4, 1e-5, 1e-6, 1e-7, 1e-8)
TARGET_RATIO, TARGET_SECONDS = 1000, 10
# As installed, without the SciPy of this benchmark: Numba would import it for a linear algebra that is not used here.
IMPORT_ONLY = "import sys; sys.modules['scipy'] = None; import numba"
FIRST_CALL = f"{IMPORT_ONLY}; from cobalamin.physiology.warm import main; main()"


def bodies(n: int, seed: int = 1) -> Bodies:
    """People without intrinsic factor, drawn."""
    return Bodies.draw(
        n, seed=seed, absorption="no_intrinsic_factor", start_serum_b12_pmol_l=100, age_years=70, egfr=70
    )


def seconds(work: Callable[[], object], clock: Callable[[], float] = time.perf_counter) -> float:
    """Time of one call."""
    start = clock()
    work()
    return clock() - start


def population(n: int, days: Array, clock: Callable[[], float] = time.perf_counter) -> float:
    """Seconds for a year of 8-weekly injections, in lots that bound memory; drawing the people is not counted."""
    courses, taken = Courses.same(LOT, INJECTIONS), 0.0
    for lot in range(n // LOT):
        people = bodies(LOT, seed=lot)
        taken += seconds(lambda people=people: simulate(people, courses, days), clock)  # type: ignore[misc]
    return taken


def lsoda(people: Bodies, place: int, days: Array, tolerance: float) -> Array:
    """The four markers of one person on the days (4, k), from dose to dose without a stop at a sample."""
    body, found = stiff.Body(people, place), []
    y = body.start()
    for piece in stiff.pieces(body, INJECTIONS, [float(days[-1])]):
        inside = days[(days > piece.start) & (days <= piece.end)]
        if piece.end > piece.start:
            asked = np.unique([*inside, piece.end])
            options = {"method": "LSODA", "t_eval": asked, "rtol": tolerance, "atol": tolerance * 1e-3}
            y_at = solve_ivp(body.slopes(piece.supply), (piece.start, piece.end), y, **options).y
            found += [stiff.series(body, column, piece.seen)[:MARKERS] for column in y_at.T[: len(inside)]]
            y = y_at[:, -1]
        for dose in piece.injected:
            stiff.inject(body, y, dose)
    return np.array(found).T


def beside_lsoda(days: Array) -> tuple[float, float, float, float]:
    """Processor seconds a person by LSODA, its tolerance, its largest difference from the tight solution, and ours."""
    people = bodies(BESIDE)
    exact = [lsoda(people, i, days, 1e-10) for i in range(BESIDE)]
    markers = simulate(people, Courses.same(BESIDE, INJECTIONS), days)
    ours = np.stack([getattr(markers, name) for name in stiff.SERIES[:MARKERS]], axis=1)
    for tolerance in TOLERANCES:
        start = time.process_time()
        found = [lsoda(people, i, days, tolerance) for i in range(BESIDE)]
        taken = (time.process_time() - start) / BESIDE
        if _off(found, exact) <= ACCURACY:
            break
    return taken, tolerance, _off(found, exact), _off(ours, exact)


def _off(found: Sequence[Array] | Array, exact: Sequence[Array]) -> float:
    return max(float((np.abs(a - b) / b).max()) for a, b in zip(found, exact, strict=True))


def fresh(code: str) -> float:
    """Seconds of a fresh process; compiled code is cached."""
    command = [sys.executable, "-c", code]
    subprocess.run(command, check=True)
    return min(seconds(lambda: subprocess.run(command, check=True)) for _ in range(3))


def main() -> int:
    simulate(bodies(1), Courses.same(1, INJECTIONS), MONTHLY)
    print(f"A year of 8-weekly injections, {PEOPLE:,} people, {threads()} cores (asked {TARGET_SECONDS} s):")
    for words, days in (("monthly", MONTHLY), ("daily", DAILY)):
        taken = population(PEOPLE, days)
        each = population(LOT, days, time.process_time) / LOT
        theirs, tolerance, worst, ours = beside_lsoda(days)
        print(
            f"  sampled {words}: {taken:.1f} s; {1e6 * each:.0f} us of one core each, at most {ours:.0e} from exact. "
            f"LSODA (scipy solve_ivp, rtol {tolerance:.0e}, {worst:.0e} from exact): {1e3 * theirs:.0f} ms; "
            f"core for core {theirs / each:,.0f} times (asked {TARGET_RATIO:,})"
        )
    print(
        f"first call in a fresh process: {fresh(FIRST_CALL):.2f} s (import, cached code, one person); "
        f"of these importing Numba alone takes {fresh(IMPORT_ONLY):.2f} s"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
