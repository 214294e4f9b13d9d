"""Which regimens are not shown to a person at all, and why; and on which day a regimen that is shown begins."""

from __future__ import annotations

import math
from datetime import timedelta

from cobalamin.outlook.facts import Facts
from cobalamin.outlook.nerves import RECORDED, nerves
from cobalamin.outlook.sparser import sparser
from cobalamin.physiology.regimen_doses import Regimen

LEAST_MAINTENANCE_DAYS = 14.0  # closer injections are a course that begins today


def why_not(facts: Facts, regimen: Regimen, days: float) -> str:
    """Why a regimen is not shown to this person over that many days ahead; "" where it is.

    Cyanocobalamin is never drawn beside Leber's disease, nothing is after a severe reaction to B12, and nothing that
    gives less than is due while nerve symptoms are on record or were not asked about.
    """
    if regimen.phases and facts.is_yes("cobalamin_anaphylaxis"):
        return "A severe reaction to B12 is on record: take allergy advice before any further dose is thought of."
    cyanocobalamin = any(phase.form == "cyanocobalamin" for phase in regimen.phases)
    if cyanocobalamin and facts.term("leber_recorded"):
        return "Leber's disease is on record, in the person or the family: never cyanocobalamin."
    return _by_nerves(facts, regimen, days)


def _by_nerves(facts: Facts, regimen: Regimen, days: float) -> str:
    less = sparser(facts, regimen, first_day(facts, regimen), days)
    if not less:
        return ""
    if nerves(facts) == RECORDED:
        return f"Nerve symptoms are on record, so nothing is shown that gives less than is due: {less}."
    return (
        f"Nobody has asked about nerve symptoms, so nothing is shown that gives less than is due: {less}. "
        "Ask, and record them as absent if they are."
    )


def first_day(facts: Facts, regimen: Regimen) -> float:
    """Days from the day of decision to the first dose: none, unless injections just go on at some interval.

    Then the first comes one interval after the last that was given, an overdue one today.
    """
    last = facts.value("last_injection")
    only = regimen.phases[0] if len(regimen.phases) == 1 else None
    if only is None or last is None or not facts.is_yes("on_injections"):
        return 0.0
    goes_on = only.injected and only.count is None and (only.every_days or 0.0) >= LEAST_MAINTENANCE_DAYS
    if not goes_on or only.every_days is None:
        return 0.0
    return max(0.0, float((last + timedelta(days=math.floor(only.every_days + 0.5)) - facts.on).days))
