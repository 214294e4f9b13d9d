"""Steps are graded: short after each dose or change of supply, then longer in proportion to the time since.

What changes fast after a dose is so resolved in the hours after it, and weeks later a step takes a week. The steps
after a change are the same each time, so what a step does to a person is worked out once and kept (`Ladder`). They
end at 1/32, 1/16, ... 1, 2, 4 days and halfway between on the log scale: every second one is twice as long, so its
exponentials are squares, and daily samples fall on ends. Only steps cut short by a sample or the next dose are worked
out on the spot.
"""

from __future__ import annotations

import math

import numpy as np

from cobalamin.physiology.compiled import Floats, Person, inlined, part
from cobalamin.physiology.markers import RELAXING, fill_exponentials, fill_weights, step
from cobalamin.physiology.state import Ladder, State
from cobalamin.physiology.stores import MODES, Modes

FIRST_STEP = 2.0**-6  # d
LONGEST_STEP = 12.0  # d
NO_TIME = 1e-12  # d
FIRST_DOUBLED = 4  # the rung from which each is twice the last but one


def empty_ladder() -> Ladder:
    """The sizes of the steps, and room for what they do to one person."""
    to_half = math.sqrt(2.0) - 1.0
    sizes = [FIRST_STEP, FIRST_STEP, 2 * FIRST_STEP * to_half, 2 * FIRST_STEP * (1.0 - to_half)]
    while 2.0 * sizes[-2] <= LONGEST_STEP:
        sizes.append(2.0 * sizes[-2])
    rows = len(sizes) + 1
    of_rates, of_markers = np.zeros((rows, MODES + RELAXING, 4)), np.zeros((rows, RELAXING, 4))
    room = np.zeros(1), np.zeros(4), np.zeros(4 * RELAXING)
    return Ladder(np.array(sizes), of_rates, of_markers, np.zeros(1, np.int64), *room)


@inlined
def march(state: State, m: Modes, ladder: Ladder, days: float, balance: Floats, p: Person) -> None:
    """Let `days` pass without a change."""
    size, cut, spare = ladder.size, ladder.cut, len(ladder.size)
    left = days
    rung, consumed = state.rung[0], state.consumed[0]
    while left > NO_TIME:
        here = size[rung]
        whole = consumed == 0.0 and left >= here
        taken = left if left <= here else here - consumed
        row = rung if whole else spare
        while whole and ladder.filled[0] <= rung:
            _fill(ladder, ladder.filled[0], size[ladder.filled[0]], ladder.filled[0] >= FIRST_DOUBLED, m, p)
            ladder.filled[0] += 1
        if not whole and cut[0] != taken:
            _fill(ladder, spare, taken, False, m, p)
            cut[0] = taken
        step(state, m, ladder, row, balance, p)
        left -= taken
        consumed += taken
        while consumed > size[rung] - NO_TIME:
            consumed -= size[rung]
            consumed = consumed if consumed > NO_TIME else 0.0
            rung = min(rung + 1, spare - 1)
    state.rung[0], state.consumed[0] = rung, consumed


@part
def _fill(ladder: Ladder, row: int, days: float, doubled: bool, m: Modes, p: Person) -> None:
    """Work out a step; `doubled` where the last row but one is half as long."""
    of_rates = ladder.of_rates
    relaxing = (p.kH, p.kM, p.kHc)
    for j in range(MODES + RELAXING):
        if doubled:
            for node in range(4):
                of_rates[row, j, node] = of_rates[row - 2, j, node] ** 2
        else:
            fill_exponentials(of_rates, row, j, days * (m.rate[j] if j < MODES else relaxing[j - MODES]))
    for i in range(RELAXING):
        fill_weights(ladder.of_markers, of_rates, row, i, days * relaxing[i])
