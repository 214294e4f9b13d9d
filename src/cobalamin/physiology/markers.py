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

from cobalamin.physiology.compiled import Floats, Person, part
from cobalamin.physiology.depot import EGFR_OF_PARAMETERS
from cobalamin.physiology.plasma import haptocorrin_target
from cobalamin.physiology.state import ABSORBED, State
from cobalamin.physiology.stores import LEAST_LABILE_UG, MODES, Modes

AGE_OF_PARAMETERS, YEARS_PER_DECADE, FOLATE_OF_PARAMETERS = 60.0, 10.0, 12.0

NODE_1 = 0.5 - math.sqrt(0.15)
NODE_3 = 0.5 + math.sqrt(0.15)
WEIGHT_1, WEIGHT_2 = 5.0 / 18.0, 8.0 / 18.0
# Lagrange polynomials on the nodes, by powers of x: what the exact integrals of powers are combined with.
LAGRANGE = np.linalg.inv(np.vander([NODE_1, 0.5, NODE_3], increasing=True)).T.copy()
SHORT = 0.3  # rate times step below which Gauss points on the exponential too are exact to 1e-10
UNDERFLOW = 600.0
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
def targets(labile: float, floors: Floats, p: Person) -> tuple[float, float, float]:
    """Haptocorrin-bound B12, methylmalonic acid and homocysteine in balance with a labile store (ug)."""
    log_labile = math.log(max(labile, LEAST_LABILE_UG))
    return (
        haptocorrin_target(log_labile, p),
        floors[0] * (1.0 + math.exp(p.hM * (math.log(p.L50M) - log_labile))),
        floors[1] * (1.0 + math.exp(p.hH * (math.log(p.L50H) - log_labile))),
    )


@part
def step(marker: Floats, state: State, m: Modes, days: float, floors: Floats, p: Person) -> None:
    """Take the markers, and all amounts, over one step."""
    labile = _labile_at_nodes(state, m, days)
    first, middle, last = targets(labile[0], floors, p), targets(labile[1], floors, p), targets(labile[2], floors, p)
    rates = (p.kH, p.kM, p.kHc)
    for i in range(3):
        kept, w1, w2, w3 = _weights(rates[i] * days)
        marker[i] = kept * marker[i] + w1 * first[i] + w2 * middle[i] + w3 * last[i]


@part
def _labile_at_nodes(state: State, m: Modes, days: float) -> tuple[float, float, float]:
    """Labile store (ug) at the three nodes of a step; moves the amounts to its end."""
    steady = m.steady[0] * state.supply[ABSORBED]
    at_1, at_2, at_3 = steady, steady, steady
    for j in range(MODES):
        amount = state.amount[j]
        if amount == 0.0:
            continue
        e1, e2, e3, end = _exponentials(m.rate[j] * days)
        shown = m.to_labile[j] * amount
        at_1 += shown * e1
        at_2 += shown * e2
        at_3 += shown * e3
        end *= amount
        state.amount[j] = end if abs(end) > NEGLIGIBLE_UG else 0.0
    return at_1, at_2, at_3


@part
def _exponentials(x: float) -> tuple[float, float, float, float]:
    """exp(-x) at the nodes of a step and at its end, with two exponentials: the outer nodes add up to one."""
    e1 = math.exp(-x * NODE_1)
    if x > UNDERFLOW:
        return e1, 0.0, 0.0, 0.0
    e2 = math.exp(-0.5 * x)
    return e1, e2, e2 * e2 / e1, e2 * e2


@part
def _weights(x: float) -> tuple[float, float, float, float]:
    """How much of a marker is kept over a step of x = rate times days, and the weight of the target at each node."""
    if x < SHORT:
        e1, e2, e3, end = _exponentials(x)
        return end, x * WEIGHT_1 * e3, x * WEIGHT_2 * e2, x * WEIGHT_1 * e1
    end = math.exp(-x)
    power_0 = (1.0 - end) / x
    power_1 = (1.0 - power_0) / x
    power_2 = (1.0 - 2.0 * power_1) / x
    w1 = LAGRANGE[0, 0] * power_0 + LAGRANGE[0, 1] * power_1 + LAGRANGE[0, 2] * power_2
    w2 = LAGRANGE[1, 0] * power_0 + LAGRANGE[1, 1] * power_1 + LAGRANGE[1, 2] * power_2
    w3 = LAGRANGE[2, 0] * power_0 + LAGRANGE[2, 1] * power_1 + LAGRANGE[2, 2] * power_2
    return end, x * w1, x * w2, x * w3
