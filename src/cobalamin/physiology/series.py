"""What is told of a person on a day: the series, and how they follow from the state."""

from __future__ import annotations

from cobalamin.physiology.compiled import Floats, Person, inlined
from cobalamin.physiology.markers import PER_FLOW, PER_FREE, PER_LABILE
from cobalamin.physiology.state import ABSORBED, HAPTOCORRIN, HOMOCYSTEINE, MMA, SEEN, State
from cobalamin.physiology.stores import (
    LA_CN,
    LA_OH,
    LEAST_LABILE_UG,
    LF_CN,
    LF_OH,
    MODES,
    PF_CN,
    PF_OH,
    Modes,
)

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


@inlined
def record(out: Floats, k: int, state: State, m: Modes, balance: Floats, p: Person) -> None:
    """Write the series of one moment."""
    labile, slow, flow, in_plasma = m.steady[0] * state.supply[ABSORBED], m.steady[1] * state.supply[ABSORBED], 0.0, 0.0
    for j in range(MODES):
        there = state.amount[j]
        if there != 0.0:
            labile += m.to_labile[j] * there
            slow += m.to_slow[j] * there
            flow += m.to_flow[j] * there
            in_plasma += m.to_plasma[j] * there
    labile = max(labile, LEAST_LABILE_UG)
    muscle_cn, muscle_oh = state.lost[LA_CN], state.lost[LA_OH]
    leaving = m.mix[PF_CN] * muscle_cn + state.lost[LF_CN] + m.mix[PF_OH] * muscle_oh + state.lost[LF_OH]
    carried = balance[PER_FLOW] * (state.supply[SEEN] + flow) + balance[PER_LABILE] * labile
    active = carried / (1.0 + carried / p.TCtot)
    out[0, k] = active + state.marker[HAPTOCORRIN] + balance[PER_FREE] * (in_plasma + leaving)
    out[1, k] = active
    out[2, k] = state.marker[MMA]
    out[3, k] = state.marker[HOMOCYSTEINE]
    out[4, k] = state.injected_lost[0] - muscle_cn - muscle_oh - leaving
    out[5, k] = labile
    out[6, k] = labile + slow
