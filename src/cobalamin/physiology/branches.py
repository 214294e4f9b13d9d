"""One past, several futures: people who share a course up to a day are followed once, then once along each branch.

What a fit asks of a drawn body is its past and a year at each of several intervals. The past is the longer part, so
walking it once instead of once an interval makes the answer several times as fast; nothing else differs from
`simulate`, and a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cobalamin.errors import CobalaminError
from cobalamin.physiology.bodies import Bodies
from cobalamin.physiology.compiled import Person, kernel, part, stamp
from cobalamin.physiology.course import begin
from cobalamin.physiology.courses import Courses, Dose
from cobalamin.physiology.gut import fill_absorbed
from cobalamin.physiology.markers import BALANCE, fill_balance
from cobalamin.physiology.red_cells import empty_cells
from cobalamin.physiology.series import SERIES
from cobalamin.physiology.simulate import Room, threads, walk
from cobalamin.physiology.state import Course, Doses, State, empty_state
from cobalamin.physiology.steps import empty_ladder
from cobalamin.physiology.stores import empty_modes, fill_modes

Array = NDArray[np.float64]

SMALLEST_CHUNK = 16


@dataclass(frozen=True)
class Branch:
    """A future: the doses from the day of branching on, and the days of sampling, rising, none before that day."""

    doses: tuple[Dose, ...]
    days: tuple[float, ...]


@dataclass(frozen=True)
class Followed:
    """Series by name: `past` (n, k) on the days asked of the past, `ahead` one (n, k) for each branch."""

    past: dict[str, Array]
    ahead: list[dict[str, Array]]


def follow(
    bodies: Bodies, past: Sequence[Dose], days: Sequence[float], at: float, branches: Sequence[Branch]
) -> Followed:
    """Follow each body through its past, sampled on `days` up to day `at`, and from there along every branch.

    All bodies share the doses. Raises CobalaminError where a dose or a day lies on the wrong side of `at`.
    """
    _check(past, days, at, branches)
    before = np.array([*days, at], float)
    widest = max((len(one.days) for one in branches), default=0)
    after = np.full((len(branches), widest), np.nan)
    for row, one in zip(after, branches, strict=True):
        row[: len(one.days)] = one.days
    courses = Courses.of([list(past), *([*past, *one.doses] for one in branches)])
    doses = Doses(courses.day, courses.dose_ug, courses.form, courses.route, courses.fasting)
    out = np.full((len(SERIES), len(bodies), len(before)), np.nan)
    ahead = np.full((len(SERIES), len(branches), len(bodies), widest), np.nan)
    longest = int((courses.last - courses.first).max(initial=0))

    def run(chunk: tuple[int, int]) -> None:
        room = Room(empty_state(), empty_modes(), empty_ladder(), np.zeros(BALANCE), empty_cells(), np.zeros(longest))
        stretches = (courses.first, courses.last)
        compiled()(bodies.people, stretches, doses, (before, after), (out, ahead), (room, empty_state()), chunk)

    _run_all(run, len(bodies))
    series = dict(zip(SERIES, out[:, :, :-1], strict=True))
    return Followed(
        series,
        [{name: ahead[s, b, :, : len(one.days)] for s, name in enumerate(SERIES)} for b, one in enumerate(branches)],
    )


def _run_all(run: Any, n: int) -> None:
    size = max(SMALLEST_CHUNK, -(-n // (4 * threads())))
    chunks = [(start, min(start + size, n)) for start in range(0, n, size)]
    with ThreadPoolExecutor(threads()) as pool:
        list(pool.map(run, chunks))


def _check(past: Sequence[Dose], days: Sequence[float], at: float, branches: Sequence[Branch]) -> None:
    if any(dose.day > at for dose in past) or any(day > at for day in days):
        raise CobalaminError(f"The past ends on day {at:g}; doses and days after it belong to a branch.")
    early = [dose.day for one in branches for dose in one.doses if dose.day < at]
    early += [day for one in branches for day in one.days if day < at]
    if early:
        raise CobalaminError(f"Branches begin on day {at:g}; day {min(early):g} belongs to the past.")


@part
def _copy(source: State, target: State) -> None:
    _copy_values(source.amount, target.amount)
    _copy_values(source.lost, target.lost)
    _copy_values(source.marker, target.marker)
    _copy_values(source.supply, target.supply)
    _copy_values(source.injected_lost, target.injected_lost)
    _copy_values(source.cursor, target.cursor)
    _copy_values(source.rung, target.rung)
    _copy_values(source.consumed, target.consumed)


@part
def _copy_values(source: Any, target: Any) -> None:
    for i in range(len(source)):
        target[i] = source[i]


@part
def _follow_one(p: Person, stretches: Any, doses: Doses, days: Any, out: Any, rooms: Any) -> None:
    """One body: its past, then every branch from where the past ended. The past's doses lead each branch's course."""
    room, kept = rooms
    state, m, balance = room.state, room.modes, room.balance
    trunk = Course(doses, room.absorbed_ug, stretches[0][0], stretches[1][0])
    fill_modes(m, p)
    fill_absorbed(trunk, p)
    fill_balance(balance, p)
    begin(state, m, balance, p)
    room.ladder.filled[0], room.ladder.cut[0] = 0, 0.0
    state.cursor[:] = trunk.first
    now = walk(p, trunk, 0.0, days[0], out[0], room)
    _copy(state, kept)
    for b in range(len(days[1])):
        branch = Course(doses, room.absorbed_ug, stretches[0][b + 1], stretches[1][b + 1])
        _copy(kept, state)
        state.cursor[0] += branch.first - trunk.first
        state.cursor[1] += branch.first - trunk.first
        fill_absorbed(branch, p)
        walk(p, branch, now, days[1][b], out[1][:, b], room)


@cache
def compiled() -> Any:
    """The kernel over people; compiled at the first call, or read from Numba's cache."""
    sources = stamp()

    @kernel
    def follow_all(
        people: Any, stretches: Any, doses: Doses, days: Any, out: Any, rooms: Any, chunk: tuple[int, int]
    ) -> None:
        if sources:  # closed over, so that compiled code of older mechanisms is not taken
            for i in range(chunk[0], chunk[1]):
                _follow_one(people[i], stretches, doses, days, (out[0][:, i], out[1][:, :, i]), rooms)

    return follow_all
