"""H06: everything is blamed on B12."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from cobalamin.assess import Assessment
from cobalamin.guidance import Guideline
from tests.safety.broken import without_rules
from tests.safety.people import (
    Row,
    adult,
    asked,
    assessed,
    crowd,
    default,
    each,
    fact,
    lab,
    one,
    outcomes,
    told,
    vignettes,
    word,
)

B12: dict[str, list[Row]] = {
    "unknown": [],
    "low": [lab("lab_b12_total", 90.0, "pmol/L")],
    "indeterminate": [lab("lab_b12_total", 200.0, "pmol/L")],
    "normal": [lab("lab_b12_total", 480.0, "pmol/L")],
    "normal with normal MMA": [lab("lab_b12_total", 480.0, "pmol/L"), lab("lab_mma_serum", 150.0, "nmol/L")],
    "high": [lab("lab_b12_total", 1480.0, "pmol/L")],
}
# The flag, the alert that must be critical, the word in the referral, and the other explanation it must name.
FLAGS: dict[str, tuple[list[Row], str, str, str]] = {
    "blasts": ([word("lab_film_blasts", "positive")], "marrow", "haematology", "marrow_disorder"),
    "sensory level": ([fact("sign_sensory_level")], "cord_compression", "imaging of the spine", "cord_compression"),
    "compression": ([fact("cond_cord_compression")], "cord_compression", "imaging of the spine", "cord_compression"),
    "low copper": ([lab("lab_copper", 6.0, "umol/L")], "copper", "copper", "copper_deficiency"),
    "copper deficiency": ([fact("cond_copper_deficiency")], "copper", "copper", "copper_deficiency"),
    "trouble swallowing": ([fact("sym_dysphagia")], "gastric_red_flag", "upper gastrointestinal", ""),
}


@cache
def answers() -> dict[tuple[str, str], dict[str, Any]]:
    people = {
        f"{flag}|{level}": adult(*rows, *b12, fact("sym_fatigue"))
        for flag, (rows, *_) in FLAGS.items()
        for level, b12 in B12.items()
    }
    found = each(people)
    return {(flag, level): found[f"{flag}|{level}"] for flag in FLAGS for level in B12}


@pytest.mark.parametrize("level", B12)
@pytest.mark.parametrize("flag", FLAGS)
def test_a_red_flag_refers_whatever_the_b12(flag: str, level: str) -> None:
    _, alert, referral, other = FLAGS[flag]
    found = answers()[flag, level]
    assert {one["id"]: one["severity"] for one in found["alerts"]}.get(alert) == "critical"
    assert any(item["kind"] == "referral" and referral in item["what"] for item in found["plan"])
    if "copper" not in flag:
        assert found["urgency"] in ("urgent", "emergency")
    if other:
        assert other in found["other_explanations"]


def refers(guideline: Guideline | None = None) -> bool:
    rows = adult(*FLAGS["blasts"][0], *B12["low"])
    plan = assessed({"p": rows}, guideline).plan
    return bool(plan["what"].str.contains("haematology").any())


def test_the_alert_taken_away_is_caught() -> None:
    """The control broken: without the row, blasts with a low B12 are treated as B12 deficiency alone."""
    assert refers()
    broken = without_rules(without_rules(default(), "alerts", "marrow"), "urgency", "blasts")
    assert not refers(broken)


@cache
def everybody() -> Assessment:
    return assessed(crowd(600, 606) | vignettes())


def test_neurology_or_a_low_count_always_brings_other_explanations() -> None:
    """Diabetes, copper, compression and the rest are listed, not only where someone thought of them."""
    rows = [row for row in everybody().trace.to_dicts() if row["output.scope"] == "in"]
    picture = [row for row in rows if row["term.neurology_recorded"] or row["term.cytopenia_recorded"]]
    assert len(picture) > 100
    without = [row["patient_id"] for row in picture if not any(row[name] for name in row if name.startswith("other."))]
    assert without == []
    cord = [row for row in rows if row["term.cord_or_eye_sign_recorded"]]
    assert all(row["other.cord_compression"] for row in cord)


def test_a_cord_sign_with_normal_b12_and_mma_is_still_an_emergency_but_not_b12s() -> None:
    rows = adult(
        fact("sign_extensor_plantar"),
        *B12["normal with normal MMA"],
        fact("exposure_nitrous_oxide_recreational", present=False),
        *asked(),
    )
    found = outcomes(assessed({"p": rows}))["p"]
    assert (found["output.urgency"], found["output.route"]) == ("emergency", "none")


def test_diabetes_does_not_swallow_a_neuropathy() -> None:
    found = told(
        {
            "patient": {"age": 66, "sex": "male"},
            "history": {"conditions": ["type 2 diabetes"], "medicines": [{"name": "metformin", "since_years": 8}]},
            "symptoms": ["numb feet"],
            "signs": ["reduced vibration sense"],
            "labs": [{"name": "Vitamin B12", "value": 220, "unit": "ng/L", "day": -4}],
        }
    )
    assert "diabetes_not_assumed" in {one["id"] for one in found["alerts"]}
    assert "diabetes_neuropathy" in found["other_explanations"]
    assert "mma" in found["testing"]["tests"]


@pytest.mark.parametrize("weeks", [2, 9, 40])
def test_no_response_brings_the_checklist_before_more_b12(weeks: int) -> None:
    rows = adult(
        lab("lab_b12_total", 90.0, "pmol/L", -7 * weeks - 1),
        fact("trend_worse"),
        fact("sym_numbness"),
        fact("tx_hydroxocobalamin_injection", -7 * weeks, every_days=60.875, value=1000.0, unit="ug", route="im"),
    )
    found = one(rows)
    assert found["response"] == "not_responding"
    assert found["response_checklist"] != []
