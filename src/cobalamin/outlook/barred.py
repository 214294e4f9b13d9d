"""Which regimens are not shown to a person at all, and why; and on which day a regimen that is shown begins."""

from __future__ import annotations

import math
from datetime import timedelta

from cobalamin.outlook.domain import Refusal
from cobalamin.outlook.facts import Facts
from cobalamin.outlook.nerves import ABSENT, NOT_ASKED, RECORDED, nerves
from cobalamin.outlook.sparser import sparser
from cobalamin.physiology.regimen_doses import Regimen

_GUIDANCE = "What the guidance gives can be shown; `cobalamin assess` says it."
# What bars less treatment, by what the record says of nerves: id, reason, what to do.
LESS = {
    RECORDED: ("less_with_nerve_symptoms", "Nerve symptoms are on record", _GUIDANCE),
    NOT_ASKED: (
        "less_with_nerves_not_asked",
        "Nobody has asked about nerve symptoms",
        f"Ask, and record them as absent if they are. {_GUIDANCE}",
    ),
    ABSENT: ("less_with_symptoms_back", "Symptoms come back before the dose or are worse", _GUIDANCE),
}
LEAST_MAINTENANCE_DAYS = 14.0  # closer injections are a course that begins today


def why_not(facts: Facts, regimen: Regimen, days: float) -> Refusal | None:
    """Why a regimen is not shown to this person over that many days ahead; None where it is.

    What is never drawn is not, and nothing that gives less than is due while nerve symptoms are on record or were not
    asked about, or less than now while symptoms come back before the dose or are worse.
    """
    return never_drawn(facts, regimen) or _less_than_due(facts, regimen, days)


def never_drawn(facts: Facts, regimen: Regimen) -> Refusal | None:
    """Cyanocobalamin beside Leber's disease, and any dose after a severe reaction to B12."""
    if regimen.phases and facts.is_yes("cobalamin_anaphylaxis"):
        return Refusal(
            "severe_reaction",
            "A severe reaction to B12 is on record: no dose is drawn.",
            "Take allergy advice before any further dose is thought of.",
            str(regimen),
        )
    cyanocobalamin = any(phase.form == "cyanocobalamin" for phase in regimen.phases)
    if cyanocobalamin and facts.term("leber_recorded"):
        return Refusal(
            "cyanocobalamin_with_leber",
            "Leber's disease is on record, in the person or the family: never cyanocobalamin.",
            "Ask for hydroxocobalamin.",
            str(regimen),
        )
    return None


def _less_than_due(facts: Facts, regimen: Regimen, days: float) -> Refusal | None:
    less = sparser(facts, regimen, first_day(facts, regimen), days)
    if not less:
        return None
    kind, why, do = LESS[nerves(facts)]
    return Refusal(kind, f"{why}, so nothing is shown that gives less than is due: {less}.", do, str(regimen))


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
