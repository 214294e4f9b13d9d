"""Plasma: serum B12 as the sum of what transcobalamin, haptocorrin and free or lately injected B12 carry.

    T* = 738 [fT (supply + kX X + kZ Z) + kLT L] / (kT Vp)      T = T* / (1 + T*/TCtot)        active B12, at once
    dH/dt = kH [(B_n - T_n) (L/L_n)^gam - H]                                                   haptocorrin, over weeks
    B12 = T + H + 738 (F + X + Z) / VF                                                         pmol/L

738 pmol are one ug of cobalamin (1355 g/mol).
"""

from __future__ import annotations

import math

from cobalamin.physiology.compiled import Person, part
from cobalamin.physiology.stores import normal_need

PMOL_PER_UG = 738.0
WEIGHT_OF_PARAMETERS_KG = 70.0
LEAST_RELEASE = 1e-6
LEAST_SHARE = 0.2  # of serum B12 is on haptocorrin
SOLVE_STEPS = 40
LOG_LEAST, LOG_MOST = math.log(1e-5), math.log(50.0)
LONGEST_STEP = 1.5


@part
def release(p: Person) -> float:
    """KLT (1/d): labile store back to transcobalamin, so that normal stores show normal active B12."""
    volume = p.Vp * p.weight_kg / WEIGHT_OF_PARAMETERS_KG
    own = p.T_n * volume * p.kT / PMOL_PER_UG - p.fT * normal_need(p)
    return max(LEAST_RELEASE, own / p.L_n)


@part
def active_b12(into_plasma_ug_d: float, labile: float, p: Person) -> float:
    """Active B12 (pmol/L) at a flow of absorbed or injected B12 through plasma and a labile store (ug)."""
    per_flow, per_labile = carried_of(p)
    carried: float = per_flow * into_plasma_ug_d + per_labile * labile
    return carried / (1.0 + carried / p.TCtot)


@part
def carried_of(p: Person) -> tuple[float, float]:
    """T* (pmol/L) of a flow of 1 ug/d through plasma, and of 1 ug in the labile store."""
    per_ug_d = PMOL_PER_UG / (p.kT * p.Vp * p.weight_kg / WEIGHT_OF_PARAMETERS_KG)
    return p.fT * per_ug_d, release(p) * per_ug_d


@part
def normal_haptocorrin(p: Person) -> float:
    """Haptocorrin-bound B12 (pmol/L) when well; a share of it stays where active B12 would take all."""
    return max(p.B_n - p.T_n, LEAST_SHARE * p.B_n)


@part
def haptocorrin_target(log_labile: float, p: Person) -> float:
    """Haptocorrin-bound B12 (pmol/L) in balance with a labile store."""
    return normal_haptocorrin(p) * math.exp(p.gam * (log_labile - math.log(p.L_n)))


@part
def free_b12(amount_ug: float, p: Person) -> float:
    """Serum B12 (pmol/L) from free or lately injected B12 in plasma and extracellular space (ug)."""
    return PMOL_PER_UG * amount_ug / (p.VF * p.weight_kg / WEIGHT_OF_PARAMETERS_KG)


@part
def store_scale(serum_b12: float, p: Person) -> float:
    """The one factor on normal stores at which serum B12 (pmol/L) is this, on the person's diet alone."""
    x = math.log(serum_b12 / p.B_n) / p.gam
    for _ in range(SOLVE_STEPS):
        x = min(max(x, LOG_LEAST), LOG_MOST)
        off, slope = _off_and_slope(x, serum_b12, p)
        step = min(max(off / slope, -LONGEST_STEP), LONGEST_STEP)
        x -= step
        if abs(step) < 1e-14:
            break
    return math.exp(min(max(x, LOG_LEAST), LOG_MOST))


@part
def _off_and_slope(x: float, serum_b12: float, p: Person) -> tuple[float, float]:
    """Difference of log serum B12 from the wanted at log scale x, and its slope, taken over a millionth."""
    here = _log_quiet_serum(x, p)
    return here - math.log(serum_b12), max((_log_quiet_serum(x + 1e-6, p) - here) / 1e-6, 1e-3)


@part
def _log_quiet_serum(x: float, p: Person) -> float:
    labile = p.L_n * math.exp(x)
    return math.log(active_b12(p.diet, labile, p) + haptocorrin_target(math.log(labile), p))
