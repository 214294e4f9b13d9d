"""All findings of one patient, as the columns of the findings frame."""

from __future__ import annotations

from datetime import date
from typing import Any

from cobalamin.vocabulary.catalogue import Finding, catalogue
from tests.reference.answers import EVIDENCE, Context, covered, measured, plain_value, weeks_since_onset, yes_or_no
from tests.reference.derived import age_years, antibody_days_after_injection, derived
from tests.reference.doses import b12_facts, dose_answers
from tests.reference.record import Fact, facts
from tests.reference.spells import spell_years

COMPARATOR_SIGN = {"<": -1, ">": 1, None: None}


def context_of(rows: list[dict[str, Any]], on: date) -> Context:
    """One patient's facts on a day, by concept, with the first B12."""
    by_concept: dict[str, list[Fact]] = {}
    for fact in facts(rows, on):
        by_concept.setdefault(fact.concept, []).append(fact)
    plain = Context(on, by_concept, None)
    treatment = b12_facts(plain)
    return Context(on, by_concept, treatment[0] if treatment else None)


def find_one(rows: list[dict[str, Any]], on: date) -> dict[str, Any]:
    """Every column of the findings frame for one patient; `.row` counts within the patient's own rows."""
    context = context_of(rows, on)
    found: dict[str, Any] = {}
    doses = dose_answers(context)
    for finding in catalogue().values():
        found |= _answer(finding, context, doses)
    found["age_years"] = age_years(context)
    found["if_antibody_days_after_injection"] = antibody_days_after_injection(context)
    found |= derived(found)
    for finding in catalogue().values():
        if finding.applies_when == "fertile":
            found[f"{finding.name}.na"] = _never_fertile(found)
    columns = {f"finding.{name}": value for name, value in found.items()}
    return {"patient_id": rows[0]["patient_id"], "on": on} | columns


def _never_fertile(found: dict[str, Any]) -> bool:
    """Unknown sex or age still asks the question."""
    return found["male"] is True or (found["age_years"] is not None and found["age_years"] >= 60)


def _answer(finding: Finding, context: Context, doses: dict[str, Any]) -> dict[str, Any]:
    name, selector = finding.name, finding.selector
    if selector in EVIDENCE:
        value, row = yes_or_no(finding, context)
        return {name: value, f"{name}.row": row}
    if selector in ("latest", "before", "after", "after_lowest", "after_highest", "previous"):
        return _measurement(finding, measured(finding, context))
    if selector in ("value", "duration_weeks"):
        reader = plain_value if selector == "value" else weeks_since_onset
        value, row = reader(finding, context)
        return {name: value, f"{name}.row": row}
    if selector == "spell_years":
        return {name: spell_years(finding, context)}
    if selector.startswith("doses."):
        return {name: _dose_answer(finding, context, doses)}
    return {name: None}


def _measurement(finding: Finding, fact: Fact | None) -> dict[str, Any]:
    name = finding.name
    if fact is None:
        return {name: None} | {f"{name}.{part}": None for part in ("unit", "cmp", "flag", "time", "row")}
    return {
        name: fact.value,
        f"{name}.unit": fact.unit,
        f"{name}.cmp": COMPARATOR_SIGN[fact.comparator],
        f"{name}.flag": fact.flag,
        f"{name}.time": fact.when,
        f"{name}.row": fact.row,
    }


def _dose_answer(finding: Finding, context: Context, doses: dict[str, Any]) -> Any:
    """What the doses say; silence is no only where the record covers treatment."""
    value = doses.get(finding.selector.removeprefix("doses."))
    if value is None and finding.kind == "boolean" and finding.silence == "no":
        return False if "ever_treated" in doses or covered("treatment", context) else None
    return value
