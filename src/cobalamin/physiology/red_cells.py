"""Red cells: how a blood count recovers. It starts from the person's own baseline count and from nothing else.

Low B12 rarely means anaemia, so without a baseline nothing is said, and nothing where haemoglobin and cell volume are
normal at the start. Potassium is never predicted.

    marrow: six stages; production k0 e(Hb); the step into stage 4 passes a share E0 (1 - g) as large, short-lived cells
    and g as normal ones; stages before it are slow, and so filled, while g is 0: their release makes the reticulocyte
    peak
    dg/dt = kg max(0, g* - g) - kgLoss max(0, g - g*);   g* = 1 / (1 + (L50E/L)^hE), scaled to 0 at the baseline
    drive e(Hb) = exp(kE (own Hb - Hb)), steeper above the own Hb, between eMin and Emax
    old cells die at random with life_M = life (1 - fLife sev); new ones by a chain of twelve stages, mean `life`

`marrow_limit` (iron or folate short) lowers Emax. Counts are in 10^12/L, days, g/dL, fL.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cobalamin.physiology.compiled import Floats, Person, inlined, part
from cobalamin.physiology.state import ABSORBED, State
from cobalamin.physiology.stores import MODES, Modes, labile_ug

Array = NDArray[np.float64]

# State: three shared stages, three of large and three of normal cells, reticulocytes of both, old cells, twelve
# stages of new cells, effectiveness.
LARGE, NORMAL, RETIC_LARGE, RETIC_NORMAL, OLD, NEW, EFFECT = 3, 6, 9, 10, 11, 12, 24
STATES, NEW_STAGES, MARROW_STAGES = 25, 12, 6.0
FIRST, GROWTH, LONGEST = 1 / 128, 0.3, 0.125  # d: short after a dose, when the store rises within hours
NO_TIME = 1e-12


class Cells(NamedTuple):
    """`state` (25,): the state; `slope` (5, 25): room for a step; `own` (10,): what is fixed for the person.

    `kept` (7,): what half a step leaves of each mode of the stores.
    """

    state: Array
    slope: Array
    own: Array
    kept: Array


HB_OWN, PRODUCTION, EFFECT_0, LIFE_OLD, SEVERITY, V_OLD, V_NEW, L50, H_0, MOST_DRIVE = range(10)


def empty_cells() -> Cells:
    """Room for the cells of one person."""
    return Cells(np.zeros(STATES), np.zeros((5, STATES)), np.zeros(10), np.zeros(MODES))


@part
def speaks(p: Person) -> bool:
    """Whether there is anything to recover: a baseline count is known and is not normal."""
    if math.isnan(p.haemoglobin_g_dl) or math.isnan(p.mcv_fl):
        return False
    lowest = p.Hb_low_male if p.male > 0.5 else p.Hb_low_female
    return p.haemoglobin_g_dl < lowest or p.mcv_fl > p.MCV_high


@part
def own_haemoglobin(p: Person) -> float:
    """Haemoglobin when well (g/dL): as known, or of the sex; never below the baseline."""
    usual: float = p.Hb_shift + (p.Hb_male if p.male > 0.5 else p.Hb_female)
    return max(usual if math.isnan(p.own_haemoglobin_g_dl) else p.own_haemoglobin_g_dl, p.haemoglobin_g_dl)


@part
def red_cells_of(haemoglobin: float, volume: float, p: Person) -> float:
    """Red cells (10^12/L) that carry this haemoglobin (g/dL) at this volume (fL)."""
    packed: float = haemoglobin / p.MCHC
    return 1000.0 * packed / volume


@inlined
def drive(haemoglobin: float, c: Cells, p: Person) -> float:
    """Production over normal that a haemoglobin (g/dL) calls for."""
    lack = c.own[HB_OWN] - haemoglobin
    wanted: float = math.exp(p.kE * (lack if lack > 0.0 else p.steepAbove * lack))
    most: float = c.own[MOST_DRIVE]
    return min(max(wanted, p.eMin), most)


@inlined
def reticulocyte_life(haemoglobin: float, effect: float, c: Cells, p: Person) -> float:
    """Life in blood (d): longer the more haemoglobin lacks, for a marrow that answers sends them out early."""
    life: float = p.tR + p.tRise * effect * min(max((c.own[HB_OWN] - haemoglobin) / p.sevSpan, 0.0), 1.0)
    return life


@part
def begin_cells(c: Cells, labile: float, p: Person) -> None:
    """Day 0: a steady state that shows exactly the baseline haemoglobin and volume at this labile store (ug)."""
    hb, own = p.haemoglobin_g_dl, c.own
    own[HB_OWN] = own_haemoglobin(p)
    own[MOST_DRIVE] = max(p.eMin, p.Emax * p.marrow_limit)
    own[SEVERITY] = min(max((own[HB_OWN] - hb) / p.sevSpan, 0.0), 1.0)
    own[LIFE_OLD] = p.life * (1.0 - min(p.fLife, 0.9) * own[SEVERITY])
    own[L50] = max(p.L50E, p.L50E_over * labile)
    own[H_0] = _sufficiency(labile, c, p)
    cells, stay, pull = red_cells_of(hb, p.mcv_fl, p), reticulocyte_life(hb, 0.0, c, p), drive(hb, c, p)
    made = cells / (own[LIFE_OLD] + stay)
    own[V_OLD] = p.mcv_fl - p.dMCV * made * stay / cells
    own[V_NEW] = min(p.MCV_n, own[V_OLD])
    normal = red_cells_of(own[HB_OWN], own[V_NEW], p) / p.life
    own[EFFECT_0] = min(made / (normal * pull), 1.0)
    own[PRODUCTION] = made / (own[EFFECT_0] * pull)
    _fill_steady(c, made, stay, p)


@part
def _fill_steady(c: Cells, made: float, stay: float, p: Person) -> None:
    early, late = _stage_rates(0.0, c, p)
    c.state[:] = 0.0
    for i in range(3):
        c.state[i] = made / c.own[EFFECT_0] / early
        c.state[LARGE + i] = made / late
    c.state[RETIC_LARGE] = made * stay
    c.state[OLD] = made * c.own[LIFE_OLD]


@inlined
def _stage_rates(effect: float, c: Cells, p: Person) -> tuple[float, float]:
    """Rates (1/d) of the marrow's first three stages and of its last three."""
    rate = MARROW_STAGES / p.tP
    return rate / (1.0 + p.kap * c.own[SEVERITY] * (1.0 - effect)), rate


@part
def _sufficiency(labile: float, c: Cells, p: Person) -> float:
    share: float = 1.0 / (1.0 + math.pow(c.own[L50] / labile, p.hE))
    return share


@part
def effect_target(labile: float, c: Cells, p: Person) -> float:
    """Effectiveness in balance with a labile store (ug): 0 at the baseline, 1 with plenty."""
    least: float = c.own[H_0]
    return max(0.0, (_sufficiency(labile, c, p) - least) / (1.0 - least))


@inlined
def counts(count: Floats, c: Cells, p: Person) -> tuple[float, float, float]:
    """Haemoglobin (g/dL), mean cell volume (fL), reticulocytes (%)."""
    new = 0.0
    for i in range(NEW_STAGES):
        new += count[NEW + i]
    reticulocytes = count[RETIC_LARGE] + count[RETIC_NORMAL]
    cells = reticulocytes + count[OLD] + new
    packed = c.own[V_OLD] * (count[OLD] + count[RETIC_LARGE]) + c.own[V_NEW] * (new + count[RETIC_NORMAL])
    packed += p.dMCV * reticulocytes
    return p.MCHC * packed / 1000.0, packed / cells, 100.0 * reticulocytes / cells


@inlined
def _slopes(count: Floats, wanted: float, slope: Floats, c: Cells, p: Person) -> None:
    """Right-hand side at a target of effectiveness."""
    haemoglobin, _, _ = counts(count, c, p)
    effect = count[EFFECT]
    early, late = _stage_rates(effect, c, p)
    slope[0] = c.own[PRODUCTION] * drive(haemoglobin, c, p) - early * count[0]
    slope[1] = early * (count[0] - count[1])
    slope[2] = early * (count[1] - count[2])
    passing = early * count[2]
    _line(count, slope, LARGE, passing * c.own[EFFECT_0] * (1.0 - effect), late)
    _line(count, slope, NORMAL, passing * effect, late)
    maturing = 1.0 / reticulocyte_life(haemoglobin, effect, c, p)
    slope[RETIC_LARGE] = late * count[LARGE + 2] - maturing * count[RETIC_LARGE]
    slope[RETIC_NORMAL] = late * count[NORMAL + 2] - maturing * count[RETIC_NORMAL]
    slope[OLD] = maturing * count[RETIC_LARGE] - count[OLD] / c.own[LIFE_OLD]
    ageing = NEW_STAGES / p.life
    slope[NEW] = maturing * count[RETIC_NORMAL] - ageing * count[NEW]
    for i in range(NEW + 1, NEW + NEW_STAGES):
        slope[i] = ageing * (count[i - 1] - count[i])
    slope[EFFECT] = p.kg * max(0.0, wanted - effect) - p.kgLoss * max(0.0, effect - wanted)


@inlined
def _line(count: Floats, slope: Floats, at: int, enters: float, rate: float) -> None:
    slope[at] = enters - rate * count[at]
    slope[at + 1] = rate * (count[at] - count[at + 1])
    slope[at + 2] = rate * (count[at + 1] - count[at + 2])


@inlined
def step_cells(c: Cells, days: float, wanted: tuple[float, float, float], p: Person) -> None:
    """One step of the classical fourth-order method; `wanted`: target of effectiveness at start, middle and end."""
    count, moved = c.state, c.slope[4]
    _slopes(count, wanted[0], c.slope[0], c, p)
    for stage, share, target in ((1, 0.5, wanted[1]), (2, 0.5, wanted[1]), (3, 1.0, wanted[2])):
        for i in range(STATES):
            moved[i] = count[i] + share * days * c.slope[stage - 1, i]
        _slopes(moved, target, c.slope[stage], c, p)
    for i in range(STATES):
        count[i] += days / 6.0 * (c.slope[0, i] + 2.0 * c.slope[1, i] + 2.0 * c.slope[2, i] + c.slope[3, i])


@part
def march_cells(c: Cells, state: State, m: Modes, days: float, p: Person) -> None:
    """Let `days` pass without a change, in graded steps of at most LONGEST; moves the amounts of the stores too.

    `state.consumed` counts the time since the last change here.
    """
    if days <= NO_TIME:
        return
    start, left, known = effect_target(labile_ug(state.amount, state.supply[ABSORBED], m), c, p), days, 0.0
    while left > NO_TIME:
        size = min(max(FIRST, GROWTH * state.consumed[0]), LONGEST, left)
        if size != known:
            known = size
            for j in range(MODES):
                c.kept[j] = math.exp(-0.5 * m.rate[j] * size)
        middle = _after_half_a_step(c, state, m, p)
        end = _after_half_a_step(c, state, m, p)
        step_cells(c, size, (start, middle, end), p)
        state.consumed[0] += size
        start, left = end, left - size


@inlined
def _after_half_a_step(c: Cells, state: State, m: Modes, p: Person) -> float:
    """Target of effectiveness once the stores have moved on by half a step."""
    for j in range(MODES):
        state.amount[j] *= c.kept[j]
    return effect_target(labile_ug(state.amount, state.supply[ABSORBED], m), c, p)
