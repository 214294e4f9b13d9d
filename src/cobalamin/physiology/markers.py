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
from cobalamin.physiology.plasma import normal_haptocorrin
from cobalamin.physiology.state import HAPTOCORRIN, HOMOCYSTEINE, MMA
from cobalamin.physiology.stores import LEAST_LABILE_UG, MODES

AGE_OF_PARAMETERS, YEARS_PER_DECADE, FOLATE_OF_PARAMETERS = 60.0, 10.0, 12.0

NODE_1 = 0.5 - math.sqrt(0.15)
NODE_3 = 0.5 + math.sqrt(0.15)
WEIGHT_1, WEIGHT_2 = 5.0 / 18.0, 8.0 / 18.0
# Lagrange polynomials on the nodes, by powers of x: what the exact integrals of powers are combined with.
LAGRANGE = np.linalg.inv(np.vander([NODE_1, 0.5, NODE_3], increasing=True)).T.copy()
SHORT = 0.3  # rate times step below which Gauss points on the exponential too are exact to 1e-10
UNDERFLOW = 600.0
BALANCE = 5
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
    """What `targets` needs of a person: at a labile store of 1 ug, the log of what rises and falls with it; floors."""
    balance[0] = math.log(normal_haptocorrin(p)) - p.gam * math.log(p.L_n)
    balance[1] = p.hM * math.log(p.L50M)
    balance[2] = p.hH * math.log(p.L50H)
    balance[3] = mma_floor(p)
    balance[4] = homocysteine_floor(p)


@part
def targets(labile: float, balance: Floats, p: Person) -> tuple[float, float, float]:
    """Haptocorrin-bound B12, methylmalonic acid and homocysteine in balance with a labile store (ug)."""
    log_labile = math.log(max(labile, LEAST_LABILE_UG))
    return (
        math.exp(balance[0] + p.gam * log_labile),
        balance[3] * (1.0 + math.exp(balance[1] - p.hM * log_labile)),
        balance[4] * (1.0 + math.exp(balance[2] - p.hH * log_labile)),
    )


@part
def fill_mode(of_modes: Floats, row: int, j: int, x: float) -> None:
    """What is left of a mode at the nodes and the end of a step of x = rate times days."""
    of_modes[row, j, 0], of_modes[row, j, 1], of_modes[row, j, 2], of_modes[row, j, 3] = _exponentials(x)


@part
def fill_weights(of_markers: Floats, row: int, days: float, p: Person) -> None:
    """Of each marker, what a step of `days` keeps, and the weight of the target at each node."""
    _fill_weights(of_markers, row, HAPTOCORRIN, p.kH * days)
    _fill_weights(of_markers, row, MMA, p.kM * days)
    _fill_weights(of_markers, row, HOMOCYSTEINE, p.kHc * days)


@inlined
def step(  # noqa: PLR0913, PLR0917 - arrays one by one: handed over in tuples they would be counted at every step
    marker: Floats, amount: Floats, to_labile: Floats, steady: float, of_modes: Floats, of_markers: Floats, row: int,
    balance: Floats, p: Person,
) -> None:  # fmt: skip
    """Take markers and amounts over the step whose factors stand in that row; `steady`: labile store of the supply.

    Rows are indexed, not sliced: a view of an array costs more than the arithmetic done on it here.
    """
    at_1, at_2, at_3 = steady, steady, steady
    for j in range(MODES):
        if amount[j] == 0.0:
            continue
        shown = to_labile[j] * amount[j]
        at_1 += shown * of_modes[row, j, 0]
        at_2 += shown * of_modes[row, j, 1]
        at_3 += shown * of_modes[row, j, 2]
        end = amount[j] * of_modes[row, j, 3]
        amount[j] = end if abs(end) > NEGLIGIBLE_UG else 0.0
    first, middle, last = targets(at_1, balance, p), targets(at_2, balance, p), targets(at_3, balance, p)
    for i in range(3):
        kept, w1 = of_markers[row, i, 0], of_markers[row, i, 1]
        w2, w3 = of_markers[row, i, 2], of_markers[row, i, 3]
        marker[i] = kept * marker[i] + w1 * first[i] + w2 * middle[i] + w3 * last[i]


@part
def _exponentials(x: float) -> tuple[float, float, float, float]:
    """exp(-x) at the nodes of a step and at its end, with two exponentials: the outer nodes add up to one."""
    e1 = math.exp(-x * NODE_1)
    if x > UNDERFLOW:
        return e1, 0.0, 0.0, 0.0
    e2 = math.exp(-0.5 * x)
    return e1, e2, e2 * e2 / e1, e2 * e2


@part
def _fill_weights(of_markers: Floats, row: int, i: int, x: float) -> None:
    """How much of a marker is kept over a step of x = rate times days, and the weight of the target at each node."""
    if x < SHORT:
        e1, e2, e3, end = _exponentials(x)
        of_markers[row, i, 0], of_markers[row, i, 1] = end, x * WEIGHT_1 * e3
        of_markers[row, i, 2], of_markers[row, i, 3] = x * WEIGHT_2 * e2, x * WEIGHT_1 * e1
        return
    end = math.exp(-x)
    power_0 = (1.0 - end) / x
    power_1 = (1.0 - power_0) / x
    power_2 = (1.0 - 2.0 * power_1) / x
    of_markers[row, i, 0] = end
    for k in range(3):
        weight = LAGRANGE[k, 0] * power_0 + LAGRANGE[k, 1] * power_1 + LAGRANGE[k, 2] * power_2
        of_markers[row, i, k + 1] = x * weight
