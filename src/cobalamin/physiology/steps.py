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
from cobalamin.physiology.markers import fill_mode, fill_weights, step
from cobalamin.physiology.state import ABSORBED, State
from cobalamin.physiology.stores import MODES, Modes

FIRST_STEP = 0.004  # d
GROWTH = 0.4  # of a step over the time since the last change
LONGEST_STEP = 12.0  # d
NO_TIME = 1e-12  # d


class Ladder(NamedTuple):
    """The steps after a change (d), what each does, and how many are worked out for this person.

    The last rung repeats for ever. The last row is for a step that was cut short, to `cut` (1,) days; where samples
    are evenly spaced the next one is often the same. `filled` = 0 says that another person begins.
    """

    size: Floats
    of_modes: Floats
    of_markers: Floats
    filled: NDArray[np.int64]
    cut: Floats


def empty_ladder() -> Ladder:
    """The sizes of the steps, and room for what they do to one person."""
    sizes, time = [FIRST_STEP], FIRST_STEP
    while sizes[-1] < LONGEST_STEP:
        sizes.append(min(max(FIRST_STEP, GROWTH * time), LONGEST_STEP))
        time += sizes[-1]
    rows = len(sizes) + 1
    return Ladder(
        np.array(sizes), np.zeros((rows, MODES, 4)), np.zeros((rows, 3, 4)), np.zeros(1, np.int64), np.zeros(1)
    )


@part
def march(state: State, m: Modes, ladder: Ladder, days: float, balance: Floats, p: Person) -> None:
    """Let `days` pass without a change."""
    amount, marker, to_labile, size, filled = state.amount, state.marker, m.to_labile, ladder.size, ladder.filled
    of_modes, of_markers = ladder.of_modes, ladder.of_markers
    steady = m.steady[0] * state.supply[ABSORBED]
    rung, consumed, left, spare, cut = state.rung[0], state.consumed[0], days, len(size), ladder.cut
    if filled[0] == 0:
        cut[0] = 0.0
    while left > NO_TIME:
        rung = min(rung, spare - 1)
        rest = size[rung] - consumed
        whole = consumed == 0.0 and left >= rest
        taken = min(left, rest)
        row = rung if whole else spare
        while whole and filled[0] <= rung:
            _fill(of_modes, of_markers, filled[0], size[filled[0]], m, p)
            filled[0] += 1
        if not whole and cut[0] != taken:
            _fill(of_modes, of_markers, row, taken, m, p)
            cut[0] = taken
        step(marker, amount, to_labile, steady, of_modes, of_markers, row, balance, p)
        rung, consumed = (rung, consumed + taken) if left < rest else (rung + 1, 0.0)
        left -= taken
    state.rung[0], state.consumed[0] = rung, consumed


@part
def _fill(of_modes: Floats, of_markers: Floats, row: int, days: float, m: Modes, p: Person) -> None:
    """Work out a step."""
    for j in range(MODES):
        fill_mode(of_modes, row, j, m.rate[j] * days)
    fill_weights(of_markers, row, days, p)
