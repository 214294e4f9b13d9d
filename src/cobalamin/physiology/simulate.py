"""Simulate: bodies, their courses of doses and days of sampling to markers.

The linear part of each person is solved in closed form and carried from dose to dose, so the cost grows with doses
plus samples, not with their product; only what follows the labile store with delay is stepped (markers.py).
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cobalamin.errors import CobalaminError
from cobalamin.physiology.bodies import Bodies
from cobalamin.physiology.compiled import Floats, Person, kernel, part
from cobalamin.physiology.course import apply_changes, begin, labile_now, next_change
from cobalamin.physiology.courses import LAST_DAY, Courses
from cobalamin.physiology.gut import fill_absorbed
from cobalamin.physiology.markers import BALANCE, fill_balance
from cobalamin.physiology.red_cells import Cells, begin_cells, counts, empty_cells, march_cells, speaks
from cobalamin.physiology.series import SERIES, WITHOUT_BLOOD, record
from cobalamin.physiology.state import Course, Doses, Ladder, State, empty_state
from cobalamin.physiology.steps import empty_ladder, march
from cobalamin.physiology.stores import Modes, decay, empty_modes, fill_modes

Array = NDArray[np.float64]

BLOOD = ("haemoglobin_g_dl", "mcv_fl", "reticulocyte_percent")
SMALLEST_CHUNK = 64  # people; fewer are not worth a thread


class Room(NamedTuple):
    """What a thread works in: one person after another."""

    state: State
    modes: Modes
    ladder: Ladder
    balance: Array
    cells: Cells
    absorbed_ug: Array


@dataclass(frozen=True)
class Markers:
    """Markers of each person on each day (n, k), NaN where no day was given.

    `urine_ug` counts the early loss of injected B12 since day 0; `labile_ug` and `store_ug` (labile and slow) are
    what the tissues hold.
    """

    days: Array
    serum_b12_pmol_l: Array
    active_b12_pmol_l: Array
    mma_nmol_l: Array
    homocysteine_umol_l: Array
    urine_ug: Array
    labile_ug: Array
    store_ug: Array
    haemoglobin_g_dl: Array | None = None
    mcv_fl: Array | None = None
    reticulocyte_percent: Array | None = None


def simulate(bodies: Bodies, courses: Courses, days: ArrayLike, blood_count: bool = False) -> Markers:
    """Markers of each of n people on the days of sampling: (k,) for all or (n, k), rising, NaN only at a row's end.

    A sample on the day of a dose is taken before the dose. Raises CobalaminError where shapes disagree, days fall or
    precede day 0, or a body has no state to start from.
    """
    n = len(bodies)
    when = _sampling_days(days, n)
    _check(bodies, courses)
    names = SERIES + BLOOD if blood_count and _any_baseline(bodies) else SERIES
    out = np.empty((len(names), n, when.shape[1]))  # filled by the threads, whose first touch is half of its cost
    doses = Doses(courses.day, courses.dose_ug, courses.form, courses.route, courses.fasting)
    stretches = (courses.first, courses.last)
    longest = int((courses.last - courses.first).max(initial=0))
    chunks = _chunks(n)

    def run(chunk: slice) -> None:
        room = Room(empty_state(), empty_modes(), empty_ladder(), np.zeros(BALANCE), empty_cells(), np.zeros(longest))
        compiled()(bodies.people, stretches, doses, when, out, room, (chunk.start, chunk.stop))

    if len(chunks) == 1:
        run(chunks[0])
    else:
        with ThreadPoolExecutor(threads()) as pool:
            list(pool.map(run, chunks))
    return Markers(days=np.broadcast_to(when, (n, when.shape[1])), **dict(zip(names, out, strict=True)))


def threads() -> int:
    """Cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _any_baseline(bodies: Bodies) -> bool:
    return bool((~np.isnan(bodies["haemoglobin_g_dl"]) & ~np.isnan(bodies["mcv_fl"])).any())


def _chunks(n: int) -> list[slice]:
    """Stretches of people: several a core, so that no core waits for one long stretch."""
    size = max(SMALLEST_CHUNK, -(-n // (8 * threads())))
    return [slice(at, min(at + size, n)) for at in range(0, n, size)]


def _sampling_days(days: ArrayLike, n: int) -> Array:
    given = np.asarray(days, float)
    if given.ndim not in (1, 2) or (given.ndim == 2 and len(given) != n):
        raise CobalaminError(f"Days have shape {given.shape}; give (k,) for all, or ({n}, k), one row a person.")
    rows = np.atleast_2d(given)
    gaps = np.diff(rows, axis=1)
    if (gaps < 0).any() or (np.isnan(rows[:, :-1]) & ~np.isnan(rows[:, 1:])).any():
        raise CobalaminError("Days of sampling must rise along each row, with NaN only at its end.")
    if ((rows < 0) | (rows > LAST_DAY)).any():
        raise CobalaminError(f"Days of sampling count from day 0, when the simulation begins, to {LAST_DAY:g}.")
    return np.ascontiguousarray(rows)


def _check(bodies: Bodies, courses: Courses) -> None:
    if len(bodies) != len(courses):
        raise CobalaminError(f"There are {len(bodies)} bodies and {len(courses)} courses; give one course a body.")
    unknown = np.isnan(bodies["start_serum_b12_pmol_l"]) & np.isnan(bodies["years_since_absorption_lost"])
    if (unknown & (bodies["diet"] <= 0)).any():
        raise CobalaminError(
            "Without any absorbed food B12 no steady state exists to start from: give start_serum_b12_pmol_l or "
            "years_since_absorption_lost."
        )


@part
def _follow(p: Person, course: Course, days: Floats, out: Floats, room: Room) -> None:
    """One person from day 0 to the last day of sampling."""
    state, m, balance = room.state, room.modes, room.balance
    fill_modes(m, p)
    fill_absorbed(course, p)
    fill_balance(balance, p)
    begin(state, m, balance, p)
    room.ladder.filled[0], room.ladder.cut[0] = 0, 0.0
    state.cursor[:] = course.first
    walk(p, course, 0.0, days, out, room)


@part
def walk(p: Person, course: Course, now: float, days: Floats, out: Floats, room: Room) -> float:
    """Go on from `now` to the last day of sampling, and give that day back."""
    state, m, ladder, balance = room.state, room.modes, room.ladder, room.balance
    change = next_change(state, course, p)
    for k in range(len(days)):
        if np.isnan(days[k]):
            out[:, k:] = np.nan
            break
        while change < days[k]:
            march(state, m, ladder, change - now, balance, p)
            decay(state.lost, m.lost_rate, change - now)
            apply_changes(change, state, m, course, p)
            now, change = change, next_change(state, course, p)
        march(state, m, ladder, days[k] - now, balance, p)
        decay(state.lost, m.lost_rate, days[k] - now)
        now = days[k]
        record(out, k, state, m, balance, p)
    return now


@part
def _follow_cells(p: Person, course: Course, days: Floats, out: Floats, room: Room) -> None:
    """The blood count of one person: the same course walked again with its own, even steps."""
    state, m, cells = room.state, room.modes, room.cells
    begin(state, m, room.balance, p)
    state.cursor[:] = course.first
    begin_cells(cells, labile_now(state, m), p)
    now, change = 0.0, next_change(state, course, p)
    for k in range(len(days)):
        if np.isnan(days[k]):
            break
        while change < days[k]:
            march_cells(cells, state, m, change - now, p)
            apply_changes(change, state, m, course, p)
            now, change = change, next_change(state, course, p)
        march_cells(cells, state, m, days[k] - now, p)
        now = days[k]
        first = WITHOUT_BLOOD
        out[first, k], out[first + 1, k], out[first + 2, k] = counts(cells.state, cells, p)


@cache
def compiled() -> Any:
    """The kernel over people; compiled at the first call, or read from Numba's cache."""

    @kernel
    def follow_all(
        people: Any, stretches: Any, doses: Doses, days: Floats, out: Floats, room: Room, chunk: tuple[int, int]
    ) -> None:
        for i in range(chunk[0], chunk[1]):
            course = Course(doses, room.absorbed_ug, stretches[0][i], stretches[1][i])
            row = days[i if len(days) > 1 else 0]
            _follow(people[i], course, row, out[:, i], room)
            if len(out) > WITHOUT_BLOOD and speaks(people[i]):
                _follow_cells(people[i], course, row, out[:, i], room)
            else:
                out[WITHOUT_BLOOD:, i] = np.nan

    return follow_all
