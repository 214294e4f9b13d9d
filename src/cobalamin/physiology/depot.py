"""Depot: an injected dose in muscle or subcutis, what the kidneys lose of it, and how the rest reaches the tissues.

A dose parts at once into what binding retains and what will be lost in urine: that is how large doses of
cyanocobalamin come to be wasted. Retained hydroxocobalamin has a part `phi_OH` that stays bound in plasma for days:
without it serum 2-4 weeks after a dose is too low (Glass 1961; the plasma half-life of 5 d in product information).
Subcutaneous equals intramuscular (US label).
"""

from __future__ import annotations

import math

from cobalamin.physiology.compiled import Person, part
from cobalamin.physiology.courses import FORMS

CN, OH = FORMS.index("cyanocobalamin"), FORMS.index("hydroxocobalamin")
EGFR_OF_PARAMETERS = 90.0
NEAR = 1e-5


@part
def retained_ug(dose_ug: float, form: int, p: Person) -> float:
    """What escapes the urine of one injection (ug)."""
    lost = lost_fraction_cn(dose_ug, p) if form == CN else lost_fraction_oh(dose_ug, p)
    return dose_ug * (1.0 - shifted(lost, p.loss_shift))


@part
def lost_fraction_cn(dose_ug: float, p: Person) -> float:
    """Fraction of a dose of cyanocobalamin lost in urine: little up to the binding limit, most beyond it."""
    kept = p.rho_CN / (p.rho_CN + (1.0 - p.rho_CN) * p.egfr / EGFR_OF_PARAMETERS)
    bound = p.Bmax / math.pow(math.pow(dose_ug, p.nB) + math.pow(p.Bmax, p.nB), 1.0 / p.nB)
    return (1.0 - kept) * (1.0 - bound)


@part
def lost_fraction_oh(dose_ug: float, p: Person) -> float:
    """Fraction of a dose of hydroxocobalamin lost in urine."""
    return min(p.cap_OH, p.loss_OH * math.pow(dose_ug / 1000.0, p.eOH) * p.egfr / EGFR_OF_PARAMETERS)


@part
def shifted(fraction: float, shift: float) -> float:
    """A fraction moved on the logit scale; none and all stay what they are."""
    return fraction / (fraction + (1.0 - fraction) * math.exp(-shift))


@part
def apart(rate: float, other: float) -> float:
    """The rate, moved by a hundred-thousandth where two are equal.

    The closed form divides by differences of rates. The limit of equal rates exists, and this keeps within 1e-5 of it.
    """
    return other * (1.0 + NEAR) if abs(rate - other) < NEAR * other else rate
