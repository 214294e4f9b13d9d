"""Gut: what of an oral dose is absorbed, and when it arrives.

Absorbed = IF Vif D / (Kif + D) + fpas D (ug). Intrinsic factor carries a limited amount; doses within `t_IF` hours of
the first share that amount; the passive part is a fraction of the dose, halved by food (Berlin 1968; IOM 1998 ch. 9).

What is absorbed enters evenly over `tG` = one day. A gut compartment of 6 /d was ruled out: it would empty within
hours, and active B12 the day after a tablet would stand where it stood before, whereas it is still raised (CobaSorb)
and steady on daily tablets (OPEN 2015). It also makes a year of daily tablets one constant supply instead of 365
pulses, so it costs no more to compute than no tablets.
"""

from __future__ import annotations

from cobalamin.physiology.compiled import Person, part
from cobalamin.physiology.courses import ORAL
from cobalamin.physiology.state import Course

HOURS_PER_DAY = 24.0
ORAL_ROUTE = ORAL


@part
def carried_ug(dose_ug: float, p: Person) -> float:
    """Absorbed by intrinsic factor of an oral amount (ug) taken at one time."""
    return p.IF * p.Vif * dose_ug / (p.Kif + dose_ug)


@part
def passive_ug(dose_ug: float, fasting: bool, p: Person) -> float:
    """Absorbed passively (ug)."""
    return p.fpas * dose_ug * (1.0 if fasting else p.qfood)


@part
def fill_absorbed(course: Course, p: Person) -> None:
    """Absorbed amount (ug) of each oral dose of one person, into `course.absorbed_ug`."""
    doses, absorbed_ug, first = course.doses, course.absorbed_ug, course.first
    shared_from, shared_ug = -1e9, 0.0
    for i in range(first, course.last):
        absorbed_ug[i - first] = 0.0
        if doses.route[i] != ORAL_ROUTE:
            continue
        if doses.day[i] - shared_from > p.t_IF / HOURS_PER_DAY:
            shared_from, shared_ug = doses.day[i], 0.0
        before = carried_ug(shared_ug, p)
        shared_ug += doses.dose_ug[i]
        absorbed_ug[i - first] = carried_ug(shared_ug, p) - before + passive_ug(doses.dose_ug[i], doses.fasting[i], p)
