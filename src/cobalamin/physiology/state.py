"""What changes in time for one person, and the doses as the kernel sees them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cobalamin.physiology.stores import LOST, MODES

Array = NDArray[np.float64]

ABSORBED, SEEN = range(2)  # supply to the stores, and what of it shows on transcobalamin (ug/d)
HAPTOCORRIN, MMA, HOMOCYSTEINE = range(3)
NEXT, ENDING = range(2)


class Doses(NamedTuple):
    """The doses of everybody, as in Courses."""

    day: Array
    dose_ug: Array
    form: NDArray[np.int8]
    route: NDArray[np.int8]
    fasting: NDArray[np.bool_]


class Course(NamedTuple):
    """The doses of one person: entries `first` to `last` of `doses`; `absorbed_ug` of each oral one, from `first`."""

    doses: Doses
    absorbed_ug: Array
    first: int
    last: int


class State(NamedTuple):
    """Amounts of the modes and of what will be lost (ug), markers, supply (ug/d).

    `injected_lost` (1,) counts what was injected and will be lost (ug); `cursor` holds the next dose and the next oral
    dose whose day ends; `rung` (1,) counts the steps since the last change, `consumed` (1,) is the time spent in the
    present one (d); where the blood count is followed, since the last change.
    """

    amount: Array
    lost: Array
    marker: Array
    supply: Array
    injected_lost: Array
    cursor: NDArray[np.int64]
    rung: NDArray[np.int64]
    consumed: Array


class Ladder(NamedTuple):
    """The steps after a change (d), what each does, and how many are worked out for this person.

    `of_rates` holds what is left of the modes, then of the markers, at the nodes and the end of a step. The last rung
    repeats for ever. The last row is for a step that was cut short, to `cut` (1,) days; where samples are evenly
    spaced the next one is often the same. `filled` = 0 says that another person begins. `at`, `lifts`: room of a step.
    """

    size: Array
    of_rates: Array
    of_markers: Array
    filled: NDArray[np.int64]
    cut: Array
    at: Array
    lifts: Array


def empty_state() -> State:
    """Room for the state of one person."""
    cursors = (np.zeros(2, np.int64), np.zeros(1, np.int64))
    return State(np.zeros(MODES), np.zeros(LOST), np.zeros(3), np.zeros(2), np.zeros(1), *cursors, np.zeros(1))
