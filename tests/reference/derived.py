"""Findings computed from other findings of the same person."""

from __future__ import annotations

import math
from datetime import date
from typing import Any

from tests.reference.answers import Context
from tests.reference.doses import b12_facts, is_injected, is_schedule
from tests.reference.record import Fact, is_later

FOUR_MARKERS = (
    "active_b12_before_treatment",
    "b12_before_treatment",
    "mma_before_treatment",
    "homocysteine_before_treatment",
)


def age_years(context: Context) -> float | None:
    """Whole years since birth, or else the stated age with the years since it was stated."""
    births = [fact for fact in context.by_concept.get("person_birth", []) if fact.present]
    born = births[-1].day if births else None
    if born is not None:
        before_birthday = (context.on.month, context.on.day) < (born.month, born.day)
        return float(context.on.year - born.year - before_birthday)
    stated = [fact for fact in context.by_concept.get("person_age", []) if fact.says_something]
    if not stated or stated[-1].value is None:
        return None
    since = context.days_ago(stated[-1].day) if stated[-1].day else 0
    return stated[-1].value + math.floor(since / 365.25)


def egfr(found: dict[str, Any]) -> float | None:
    """Reported eGFR, or else CKD-EPI 2009 without ethnicity for adults of known sex."""
    if found["egfr_reported"] is not None:
        return float(found["egfr_reported"])
    creatinine, age, female = found["creatinine"], found["age_years"], found["female"] is True
    if creatinine is None or age is None or age < 18 or not (female or found["male"] is True):
        return None
    kappa, alpha = (0.7, -0.329) if female else (0.9, -0.411)
    ratio = creatinine / 88.4 / kappa
    value = 141.0 * min(ratio, 1.0) ** alpha * max(ratio, 1.0) ** -1.209 * 0.993**age
    return value * 1.018 if female else value


def combined_b12_indicator(found: dict[str, Any]) -> float | None:
    """4cB12 of four exact numbers, sampled within 14 days of each other before treatment."""
    values = [found[name] for name in FOUR_MARKERS]
    times = [found[f"{name}.time"] for name in FOUR_MARKERS]
    censored = any(found[f"{name}.cmp"] is not None for name in FOUR_MARKERS)
    if None in values or None in times or censored or found["age_years"] is None:
        return None
    if (max(times) - min(times)).days > 14:
        return None
    active, total, mma, homocysteine = values
    age_factor = 3.79 / (1 + (found["age_years"] / 230.0) ** 2.6)
    return math.log10(active * total / (mma / 1000.0 * homocysteine)) - age_factor


def derived(found: dict[str, Any]) -> dict[str, Any]:
    """Rises, falls and days, from the findings by name."""
    first = found["first_b12_dose"]
    before, now = found["symptom_score_before"], found["symptom_score"]
    falls = before is not None and now is not None and before > 0
    return {
        "egfr": egfr(found),
        "combined_b12_indicator": combined_b12_indicator(found),
        "haemoglobin_rise": _minus(found["haemoglobin_on_treatment"], found["haemoglobin_before_treatment"]),
        "days_to_haemoglobin_on_treatment": _days_since(first, found["haemoglobin_on_treatment.time"]),
        "days_to_reticulocytes": _days_since(first, found["reticulocytes_on_treatment.time"]),
        "symptom_score_fall_pct": 100.0 * (before - now) / before if falls else None,
    }


def antibody_days_after_injection(context: Context) -> float | None:
    """Days from the latest injection before it to the latest positive intrinsic factor antibody sample.

    A sample of the same day was taken before the injection, unless both clocks say otherwise.
    """
    samples = context.by_concept.get("lab_if_antibody", [])
    positive = [fact for fact in samples if fact.present and fact.flag in ("positive", "high")]
    if not positive or positive[-1].day is None:
        return None
    sample: Fact = positive[-1]
    given = [f for f in b12_facts(context) if is_injected(f) and not is_schedule(f) and f.day is not None]
    earlier = [fact.day for fact in given if is_later(sample, fact)]
    return float((sample.day - max(earlier)).days) if earlier else None  # type: ignore[type-var,operator]


def _minus(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else one - other


def _days_since(first: date | None, sampled: Any) -> float | None:
    return None if first is None or sampled is None else float((sampled.date() - first).days)
