"""Markers: methylmalonic acid and homocysteine, and the steps of all that follows the labile store with delay.

    dM/dt = kM [M0 (eGFR/90)^aM e^(ageM (age-60)/10 + maleM male) (1 + (L50M/L)^hM) - M]                       nmol/L
    dC/dt = kHc [H0 cH (eGFR/90)^aH (folate/12)^folH e^(ageH (age-60)/10 + maleH male) (1 + (L50H/L)^hH) - C]  umol/L

Haptocorrin-bound B12 (plasma.py), M and C relax at a constant rate towards a target that is a known function of time,
for the labile store is known in closed form. A step integrates target times exponential with three Gauss points: exact
in the exponential, and of sixth order in the target however long the step is.
"""

from __future__ import annotations

import math

import numpy as np

from cobalamin.physiology.compiled import Floats, Person, inlined, part
from cobalamin.physiology.depot import EGFR_OF_PARAMETERS
from cobalamin.physiology.plasma import carried_of, free_b12, normal_haptocorrin
from cobalamin.physiology.powers import exp_all, log_all
from cobalamin.physiology.state import ABSORBED, HAPTOCORRIN, MMA, Ladder, State
from cobalamin.physiology.stores import LEAST_LABILE_UG, MODES, Modes

AGE_OF_PARAMETERS, YEARS_PER_DECADE, FOLATE_OF_PARAMETERS = 60.0, 10.0, 12.0

NODE_1 = 0.5 - math.sqrt(0.15)
NODE_3 = 0.5 + math.sqrt(0.15)
WEIGHT_1, WEIGHT_2 = 5.0 / 18.0, 8.0 / 18.0
# Lagrange polynomials on the nodes, by powers of x: what the exact integrals of powers are combined with.
LAGRANGE = np.linalg.inv(np.vander([NODE_1, 0.5, NODE_3], increasing=True)).T.copy()
SHORT = 0.3  # rate times step below which Gauss points on the exponential too are exact to 1e-10
UNDERFLOW = 600.0
# What is fixed of a person: logs at a labile store of 1 ug, floors, and what a unit of each carrier shows in serum.
LOG_HAPTOCORRIN, LOG_MMA, LOG_HOMOCYSTEINE, MMA_FLOOR, HOMOCYSTEINE_FLOOR, PER_FLOW, PER_LABILE, PER_FREE = range(8)
BALANCE = 8
RELAXING = 3  # haptocorrin-bound B12, methylmalonic acid, homocysteine
NEGLIGIBLE_UG = 1e-12


@part
def mma_floor(p: Person) -> float:
    """Methylmalonic acid (nmol/L) with plenty of B12."""
    decades = (p.age_years - AGE_OF_PARAMETERS) / YEARS_PER_DECADE
    return p.M0 * math.pow(p.egfr / EGFR_OF_PARAMETERS, p.aM) * math.exp(p.ageM * decades + p.maleM * p.male)


@part
def homocysteine_floor(p: Person) -> float:
    """Homocysteine (umol/L) with plenty of B12."""
    decades = (p.age_years - AGE_OF_PARAMETERS) / YEARS_PER_DECADE
    kidney = math.pow(p.egfr / EGFR_OF_PARAMETERS, p.aH)
    folate = math.pow(p.folate_ng_ml / FOLATE_OF_PARAMETERS, p.folH)
    return p.H0 * p.cH * kidney * folate * math.exp(p.ageH * decades + p.maleH * p.male)


@part
def fill_balance(balance: Floats, p: Person) -> None:
    """What is fixed of a person: worked out once, needed at every step and sample."""
    balance[LOG_HAPTOCORRIN] = math.log(normal_haptocorrin(p)) - p.gam * math.log(p.L_n)
    balance[LOG_MMA] = p.hM * math.log(p.L50M)
    balance[LOG_HOMOCYSTEINE] = p.hH * math.log(p.L50H)
    balance[MMA_FLOOR] = mma_floor(p)
    balance[HOMOCYSTEINE_FLOOR] = homocysteine_floor(p)
    balance[PER_FLOW], balance[PER_LABILE] = carried_of(p)
    balance[PER_FREE] = free_b12(1.0, p)


@part
def targets(labile: float, balance: Floats, p: Person) -> tuple[float, float, float]:
    """Haptocorrin-bound B12, methylmalonic acid and homocysteine in balance with a labile store (ug)."""
    log_labile = math.log(max(labile, LEAST_LABILE_UG))
    return (
        math.exp(balance[LOG_HAPTOCORRIN] + p.gam * log_labile),
        balance[MMA_FLOOR] * (1.0 + math.exp(balance[LOG_MMA] - p.hM * log_labile)),
        balance[HOMOCYSTEINE_FLOOR] * (1.0 + math.exp(balance[LOG_HOMOCYSTEINE] - p.hH * log_labile)),
    )


@part
def fill_exponentials(of_rates: Floats, row: int, j: int, x: float) -> None:
    """What is left at the nodes and the end of a step of x = rate times days; the outer nodes add up to one."""
    e1 = math.exp(-x * NODE_1)
    e2 = math.exp(-0.5 * x) if x < UNDERFLOW else 0.0
    of_rates[row, j, 0], of_rates[row, j, 1] = e1, e2
    of_rates[row, j, 2], of_rates[row, j, 3] = e2 * e2 / e1, e2 * e2


@part
def fill_weights(of_markers: Floats, of_rates: Floats, row: int, i: int, x: float) -> None:
    """Of marker i, what a step of x = rate times days keeps, and the weight of the target at each node."""
    j = MODES + i
    of_markers[row, i, 0] = of_rates[row, j, 3]
    if x < SHORT:
        of_markers[row, i, 1] = x * WEIGHT_1 * of_rates[row, j, 2]
        of_markers[row, i, 2] = x * WEIGHT_2 * of_rates[row, j, 1]
        of_markers[row, i, 3] = x * WEIGHT_1 * of_rates[row, j, 0]
        return
    power_0 = (1.0 - of_rates[row, j, 3]) / x
    power_1 = (1.0 - power_0) / x
    power_2 = (1.0 - 2.0 * power_1) / x
    for k in range(3):
        weight = LAGRANGE[k, 0] * power_0 + LAGRANGE[k, 1] * power_1 + LAGRANGE[k, 2] * power_2
        of_markers[row, i, k + 1] = x * weight


@inlined
def step(state: State, m: Modes, ladder: Ladder, row: int, balance: Floats, p: Person) -> None:
    """Take markers and amounts over the step whose factors stand in that row of the ladder."""
    amount, marker, at, lifts = state.amount, state.marker, ladder.at, ladder.lifts
    of_rates, of_markers, steady = ladder.of_rates, ladder.of_markers, m.steady[0] * state.supply[ABSORBED]
    at[0], at[1], at[2] = steady, steady, steady
    for j in range(MODES):
        if amount[j] == 0.0:
            continue
        shown = m.to_labile[j] * amount[j]
        for node in range(3):
            at[node] += shown * of_rates[row, j, node]
        end = amount[j] * of_rates[row, j, 3]
        amount[j] = end if abs(end) > NEGLIGIBLE_UG else 0.0
    for node in range(3):
        at[node] = max(at[node], LEAST_LABILE_UG)
    at[3] = 1.0  # no node: four fill a vector
    log_all(at)
    for node in range(4):
        lifts[node] = balance[LOG_HAPTOCORRIN] + p.gam * at[node]
        lifts[4 + node] = balance[LOG_MMA] - p.hM * at[node]
        lifts[8 + node] = balance[LOG_HOMOCYSTEINE] - p.hH * at[node]
    exp_all(lifts)
    for i in range(RELAXING):
        least, floor = (0.0, 1.0) if i == HAPTOCORRIN else (1.0, balance[MMA_FLOOR + i - MMA])
        moved = of_markers[row, i, 0] * marker[i]
        for node in range(3):
            moved += of_markers[row, i, 1 + node] * floor * (least + lifts[4 * i + node])
        marker[i] = moved
