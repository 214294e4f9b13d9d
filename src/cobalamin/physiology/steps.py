"""Steps are graded: short after each dose or change of supply, then longer in proportion to the time since.

What changes fast after a dose is so resolved in the hours after it, and weeks later a step takes a week. The steps
after a change are the same each time, so what a step does to a person is worked out once and kept (`Ladder`); only
steps cut short by a sample or the next dose are worked out on the spot.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cobalamin.physiology.compiled import Floats, Person, part
from cobalamin.physiology.markers import fill_factors, fill_mode, fill_weights, step
from cobalamin.physiology.state import State
from cobalamin.physiology.stores import MODES, Modes

FIRST_STEP = 0.004  # d
GROWTH = 0.4  # of a step over the time since the last change
LONGEST_STEP = 12.0  # d
NO_TIME = 1e-12  # d


class Ladder(NamedTuple):
    """The steps after a change (d), what each does, and how many are worked out for this person.

    The last row is room for a step that was cut short; the last rung repeats for ever.
    """

    size: Floats
    of_modes: Floats
    of_markers: Floats
    filled: NDArray[np.int64]


def empty_ladder() -> Ladder:
    """The sizes of the steps, and room for what they do to one person."""
    sizes, time = [FIRST_STEP], FIRST_STEP
    while sizes[-1] < LONGEST_STEP:
        sizes.append(min(max(FIRST_STEP, GROWTH * time), LONGEST_STEP))
        time += sizes[-1]
    rows = len(sizes) + 1
    return Ladder(np.array(sizes), np.zeros((rows, MODES, 4)), np.zeros((rows, 3, 4)), np.zeros(1, np.int64))


@part
def march(state: State, m: Modes, ladder: Ladder, days: float, balance: Floats, p: Person) -> None:
    """Let `days` pass without a change."""
    left = days
    while left > NO_TIME:
        rung = min(state.rung[0], len(ladder.size) - 1)
        rest = ladder.size[rung] - state.consumed[0]
        if left < rest:
            _short_step(state, m, ladder, left, balance, p)
            state.consumed[0] += left
            return
        if state.consumed[0] == 0.0:
            _whole_step(state, m, ladder, rung, balance, p)
        else:
            _short_step(state, m, ladder, rest, balance, p)
        state.rung[0], state.consumed[0] = rung + 1, 0.0
        left -= rest


@part
def _whole_step(state: State, m: Modes, ladder: Ladder, rung: int, balance: Floats, p: Person) -> None:
    while ladder.filled[0] <= rung:
        at = ladder.filled[0]
        fill_factors(ladder.of_modes[at], ladder.of_markers[at], m, ladder.size[at], p)
        ladder.filled[0] += 1
    step(state, m, ladder.of_modes[rung], ladder.of_markers[rung], balance, p)


@part
def _short_step(state: State, m: Modes, ladder: Ladder, days: float, balance: Floats, p: Person) -> None:
    last = len(ladder.size)
    for j in range(MODES):
        if state.amount[j] != 0.0:
            fill_mode(ladder.of_modes[last, j], m.rate[j] * days)
    fill_weights(ladder.of_markers[last], days, p)
    step(state, m, ladder.of_modes[last], ladder.of_markers[last], balance, p)
