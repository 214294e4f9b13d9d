"""What results add: error of a predicted trough with more and more results known.

The table of the knowledge file (physiology 4.1): people without intrinsic factor on 3-monthly hydroxocobalamin; SD of
the log error of the median prediction at another interval.
"""

from __future__ import annotations

import numpy as np

from cobalamin.physiology.ahead import Schedule
from cobalamin.physiology.branches import Branch, follow
from cobalamin.physiology.courses import Courses
from cobalamin.physiology.fit import fit
from cobalamin.physiology.simulate import simulate
from validation.fit.people import B12, MMA, Design, Person, designs, people

# Of the knowledge file: B12 at 6-monthly, MMA at 6-monthly, B12 at 2-monthly.
EXPECTED = {
    "before treatment: B12": (0.43, 0.42, 0.41),
    "+ one trough B12": (0.21, 0.365, 0.18),
    "+ one trough B12 and MMA": (0.21, 0.23, 0.19),
    "+ two troughs of both": (0.16, 0.18, 0.13),
}
TARGETS = ((182.6, B12), (182.6, MMA), (60.9, B12))


def design() -> Design:
    """Four doses at three months after loading; troughs at the second and the fourth."""
    base = designs()[0]
    doses = base.doses[:10]
    days = [doses[7].day, doses[9].day]
    sampled = ((0.0, (B12,)), (days[0], (B12, MMA)), (days[1], (B12, MMA)))
    return Design("OH", base.absorption, doses, sampled, ())


def kept(person: Person, row: int) -> list:
    """The results known in a row of the table."""
    first, b12, mma, *second = person.results
    return [[first], [first, b12], [first, b12, mma], [first, b12, mma, *second]][row]


def errors(n: int) -> np.ndarray:
    """Log error of the median prediction: (rows, targets, people)."""
    one = design()
    last = one.doses[-1]
    schedules = [Schedule(last.day + every, every) for every in sorted({every for every, _ in TARGETS})]
    branches = [Branch(tuple(s.doses(last, s.trough_day() - 1)), (s.trough_day(),)) for s in schedules]
    found = np.empty((len(EXPECTED), len(TARGETS), n))
    for i, person in enumerate(people(one, n, seed=41)):
        truth = _truth(person, one, schedules)
        for row in range(len(EXPECTED)):
            made = fit(person.known, kept(person, row), seed=i)
            drawn = follow(made.bodies.take(made.posterior(150)), one.doses, [], last.day, branches).ahead
            for column, (every, marker) in enumerate(TARGETS):
                k = [schedule.every_days for schedule in schedules].index(every)
                found[row, column, i] = np.log(np.median(drawn[k][marker])) - np.log(truth[k][marker])
    return found


def _truth(person: Person, one: Design, schedules: list[Schedule]) -> list[dict[str, float]]:
    rows = []
    for schedule in schedules:
        day = schedule.trough_day()
        doses = [*one.doses, *schedule.doses(one.doses[-1], day - 1)]
        markers = simulate(person.body, Courses.same(1, doses), [day])
        rows.append({B12: markers.serum_b12_pmol_l[0, 0], MMA: markers.mma_nmol_l[0, 0]})
    return rows


def main(n: int) -> int:
    """Print the table; satisfied where it is the same in kind: each row's step as large as expected, by a third."""
    sds = errors(n).std(axis=2)
    print(f"{'known results':<30}{'B12 at 6 months':>18}{'MMA at 6 months':>18}{'B12 at 2 months':>18}   (expected)")
    for (name, expected), row in zip(EXPECTED.items(), sds, strict=True):
        cells = "".join(f"{ours:>10.2f} ({theirs:.2f})" for ours, theirs in zip(row, expected, strict=True))
        print(f"{name:<30}{cells}")
    halves = sds[1, 0] < 0.65 * sds[0, 0] and sds[1, 2] < 0.65 * sds[0, 2]
    needs_mma = sds[1, 1] > 0.75 * sds[0, 1] and sds[2, 1] < 0.8 * sds[1, 1]
    print(f"\none trough B12 cuts the error of B12 by a third or more: {'yes' if halves else 'NO'}")
    print(f"MMA is predicted by MMA, not by B12: {'yes' if needs_mma else 'NO'}")
    return 0 if halves and needs_mma else 1
