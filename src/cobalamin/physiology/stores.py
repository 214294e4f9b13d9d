"""Stores: labile and slow tissue store, bile, and the closed form of everything linear.

    dL/dt = supply + kX X + kZ Z + kSL S - [kLS + kb (1 - fEHC)] L          dS/dt = kLS L - (kSL + koth) S

Amounts in plasma and stores are sums of exponentials. Each of seven modes has a rate and an amount; a dose adds to
amounts, time multiplies them: no step is taken and nothing is lost by steps. `Modes` says how the amounts add up.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cobalamin.physiology.compiled import Floats, Person, part
from cobalamin.physiology.depot import EGFR_OF_PARAMETERS, apart

Array = NDArray[np.float64]

# Modes: muscle, plasma of both forms, the bound part, and the two of the stores.
A_CN, X_CN, A_OH, X_OH, Z_OH, FAST, SLOW = range(7)
MODES = 7
# Lost parts: muscle and plasma of both forms.
LA_CN, LF_CN, LA_OH, LF_OH = range(4)
LOST = 4
# Mixing constants: plasma per muscle amount (X of both forms, bound part, F of both forms).
PX_CN, PX_OH, PZ_OH, PF_CN, PF_OH = range(5)
MIXES = 5
LEAST_RETURN = 1e-7  # of kSL (1/d), where a draw would make it negative
LEAST_LABILE_UG = 1e-6


class Modes(NamedTuple):
    """Rates (1/d) of the modes, and what an amount of each, or a dose, is in stores and plasma."""

    rate: Array
    lost_rate: Array
    to_labile: Array
    to_slow: Array
    to_plasma: Array
    to_flow: Array  # from plasma to tissue (1/d)
    per_cn: Array  # amounts added by 1 ug of retained cyanocobalamin
    per_oh: Array
    per_supply: Array  # amounts added when the steady supply grows by 1 ug/d
    steady: Array  # labile and slow store in balance with a supply of 1 ug/d
    mix: Array


def empty_modes() -> Modes:
    """Room for the modes of one person."""
    sizes = (MODES, LOST, *(MODES,) * 7, 2, MIXES)
    return Modes(*(np.zeros(size) for size in sizes))


@part
def slow_return(p: Person) -> float:
    """KSL (1/d): what keeps normal stores in balance."""
    return max(LEAST_RETURN, (p.kLS * p.L_n - p.koth * p.S_n) / p.S_n)


@part
def normal_need(p: Person) -> float:
    """Supply (ug/d) that keeps this body's normal stores while bile is reabsorbed normally."""
    return p.kb * p.L_n * (1.0 - p.fEHC_n) + p.koth * p.S_n


@part
def fill_modes(m: Modes, p: Person) -> None:
    """Solve the linear part of one person."""
    _fill_store_modes(m, p)
    fast, slow = m.rate[FAST], m.rate[SLOW]
    k_x = apart(apart(p.kX_CN, fast), slow)
    k_a = apart(apart(apart(p.ka_CN, fast), slow), k_x)
    m.rate[A_CN], m.rate[X_CN] = k_a, k_x
    m.mix[PX_CN] = k_a / (k_x - k_a)
    _fill_lost(m, k_a, p.kF_CN * p.egfr / EGFR_OF_PARAMETERS, (LA_CN, LF_CN, PF_CN))
    k_x, k_z = apart(apart(p.kX_OH, fast), slow), apart(apart(p.kZ, fast), slow)
    k_a = apart(apart(apart(apart(p.ka_OH, fast), slow), k_x), k_z)
    m.rate[A_OH], m.rate[X_OH], m.rate[Z_OH] = k_a, k_x, k_z
    m.mix[PX_OH] = (1.0 - p.phi_OH) * k_a / (k_x - k_a)
    m.mix[PZ_OH] = p.phi_OH * k_a / (k_z - k_a)
    _fill_lost(m, k_a, p.kF_OH * p.egfr / EGFR_OF_PARAMETERS, (LA_OH, LF_OH, PF_OH))
    _fill_injections(m)


@part
def _fill_store_modes(m: Modes, p: Person) -> None:
    """The two rates and directions of the stores; amounts are counted in ug of the labile store."""
    back = slow_return(p)
    out_l, out_s = p.kLS + p.kb * (1.0 - p.fEHC), back + p.koth
    left = p.kLS * p.koth + p.kb * (1.0 - p.fEHC) * out_s  # determinant, without cancellation
    middle = 0.5 * (out_l + out_s)
    fast = middle + math.sqrt(0.25 * (out_l - out_s) ** 2 + p.kLS * back)
    slow = left / fast
    m.rate[FAST], m.rate[SLOW] = fast, slow
    m.to_labile[FAST], m.to_labile[SLOW] = 1.0, 1.0
    m.to_slow[FAST], m.to_slow[SLOW] = p.kLS / (out_s - fast), (out_l - slow) / back
    enters_fast, enters_slow = split(1.0, 0.0, m)
    m.per_supply[FAST], m.per_supply[SLOW] = -enters_fast / fast, -enters_slow / slow
    m.steady[0] = out_s / left
    m.steady[1] = p.kLS / left


@part
def split(labile_ug: float, slow_ug: float, m: Modes) -> tuple[float, float]:
    """Amounts of the two store modes that make up these stores."""
    v_fast, v_slow = m.to_slow[FAST], m.to_slow[SLOW]
    width = v_slow - v_fast
    return (v_slow * labile_ug - slow_ug) / width, (slow_ug - v_fast * labile_ug) / width


@part
def _fill_lost(m: Modes, k_a: float, k_f: float, place: tuple[int, int, int]) -> None:
    k_f = apart(k_f, k_a)
    m.lost_rate[place[0]], m.lost_rate[place[1]] = k_a, k_f
    m.mix[place[2]] = k_a / (k_f - k_a)


@part
def _fill_injections(m: Modes) -> None:
    """How plasma modes show in plasma and stores, and the amounts that a retained ug adds to each mode."""
    m.to_plasma[A_CN], m.to_plasma[A_OH] = m.mix[PX_CN], m.mix[PX_OH] + m.mix[PZ_OH]
    m.to_flow[A_CN] = m.rate[X_CN] * m.mix[PX_CN]
    m.to_flow[A_OH] = m.rate[X_OH] * m.mix[PX_OH] + m.rate[Z_OH] * m.mix[PZ_OH]
    for j in (X_CN, X_OH, Z_OH):
        m.to_plasma[j], m.to_flow[j] = 1.0, m.rate[j]
    enters_fast, enters_slow = split(1.0, 0.0, m)
    m.per_cn[:] = 0.0
    m.per_oh[:] = 0.0
    m.per_cn[A_CN], m.per_cn[X_CN] = 1.0, -m.mix[PX_CN]
    m.per_oh[A_OH], m.per_oh[X_OH], m.per_oh[Z_OH] = 1.0, -m.mix[PX_OH], -m.mix[PZ_OH]
    for j in range(FAST):
        in_fast = enters_fast * m.to_flow[j] / (m.rate[FAST] - m.rate[j])
        in_slow = enters_slow * m.to_flow[j] / (m.rate[SLOW] - m.rate[j])
        m.to_labile[j] = in_fast + in_slow
        m.to_slow[j] = m.to_slow[FAST] * in_fast + m.to_slow[SLOW] * in_slow
        for per in (m.per_cn, m.per_oh):
            per[FAST] -= in_fast * per[j]
            per[SLOW] -= in_slow * per[j]


@part
def labile_ug(amount: Floats, supply_ug_d: float, m: Modes) -> float:
    """Labile store (ug) at this moment."""
    total: float = m.steady[0] * supply_ug_d
    for j in range(MODES):
        total += m.to_labile[j] * amount[j]
    return max(total, LEAST_LABILE_UG)


@part
def decay(amount: Floats, rate: Floats, days: float) -> None:
    """Let time pass over amounts."""
    for j in range(len(amount)):
        if amount[j] != 0.0:
            amount[j] *= math.exp(-rate[j] * days)
