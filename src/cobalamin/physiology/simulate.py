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
from cobalamin.physiology.plasma import active_b12, free_b12, lost_in_plasma, retained_flow
from cobalamin.physiology.red_cells import Cells, begin_cells, counts, empty_cells, march_cells, speaks
from cobalamin.physiology.state import ABSORBED, HAPTOCORRIN, HOMOCYSTEINE, MMA, SEEN, Course, Doses, State, empty_state
from cobalamin.physiology.steps import Ladder, empty_ladder, march
from cobalamin.physiology.stores import LA_CN, LA_OH, Modes, decay, empty_modes, fill_modes, slow_ug

Array = NDArray[np.float64]

SERIES = (
    "serum_b12_pmol_l",
    "active_b12_pmol_l",
    "mma_nmol_l",
    "homocysteine_umol_l",
    "urine_ug",
    "labile_ug",
    "store_ug",
)
WITHOUT_BLOOD = len(SERIES)
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
    out = np.full((len(names), n, when.shape[1]), np.nan)
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
    return Markers(days=when, **dict(zip(names, out, strict=True)))


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
    return np.array(np.broadcast_to(rows, (n, rows.shape[1])), order="C")


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
def record(out: Floats, k: int, state: State, m: Modes, p: Person) -> None:
    """Write the series of one moment."""
    flow, in_plasma = retained_flow(state.amount, m)
    leaving = lost_in_plasma(state.lost, m)
    labile = labile_now(state, m)
    active = active_b12(state.supply[SEEN] + flow, labile, p)
    out[0, k] = active + state.marker[HAPTOCORRIN] + free_b12(in_plasma + leaving, p)
    out[1, k] = active
    out[2, k] = state.marker[MMA]
    out[3, k] = state.marker[HOMOCYSTEINE]
    out[4, k] = state.injected_lost[0] - state.lost[LA_CN] - state.lost[LA_OH] - leaving
    out[5, k] = labile
    out[6, k] = labile + slow_ug(state.amount, state.supply[ABSORBED], m)


@part
def _follow(p: Person, course: Course, days: Floats, out: Floats, room: Room) -> None:
    """One person from day 0 to the last day of sampling."""
    state, m, balance = room.state, room.modes, room.balance
    fill_modes(m, p)
    fill_absorbed(course, p)
    fill_balance(balance, p)
    begin(state, m, balance, p)
    room.ladder.filled[0] = 0
    state.cursor[:] = course.first
    walk(p, course, 0.0, days, out, room)


@part
def walk(p: Person, course: Course, now: float, days: Floats, out: Floats, room: Room) -> float:
    """Go on from `now` to the last day of sampling, and give that day back."""
    state, m, ladder, balance = room.state, room.modes, room.ladder, room.balance
    change = next_change(state, course, p)
    for k in range(len(days)):
        if np.isnan(days[k]):
            break
        while change < days[k]:
            march(state, m, ladder, change - now, balance, p)
            decay(state.lost, m.lost_rate, change - now)
            apply_changes(change, state, m, course, p)
            now, change = change, next_change(state, course, p)
        march(state, m, ladder, days[k] - now, balance, p)
        decay(state.lost, m.lost_rate, days[k] - now)
        now = days[k]
        record(out, k, state, m, p)
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
            _follow(people[i], course, days[i], out[:, i], room)
            if len(out) > WITHOUT_BLOOD and speaks(people[i]):
                _follow_cells(people[i], course, days[i], out[:, i], room)

    return follow_all
