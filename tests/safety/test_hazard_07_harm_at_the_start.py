"""H07: harm when treatment starts. From coded FHIR as well as from a typed sheet, for injections and for tablets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.safety.broken import without_rules
from tests.safety.coded import (
    Json,
    anaphylaxis,
    answered,
    concept,
    condition,
    low_b12,
    medicine,
    observation,
    person,
)
from tests.safety.people import Row, adult, asked, assessed, default, fact, lab, one, tablets, told, word

ANAEMIC = [observation("718-7", 92, "g/L"), observation("787-2", 118, "fL")]
NERVES = condition("302226006", "Peripheral nerve disease")
RISKS: dict[str, Json] = {
    "potassium 3.2": observation("2823-3", 3.2, "mmol/L"),
    "digoxin": medicine(concept("atc", "C01AA05", "digoxin")),
    "furosemide": medicine(concept("atc", "C03CA01", "furosemide")),
    "thiazide": medicine(concept("atc", "C03AA03", "hydrochlorothiazide")),
}


def alerts(found: dict[str, Any]) -> dict[str, str]:
    return {alert["id"]: alert["severity"] for alert in found["alerts"]}


def planned(found: dict[str, Any], words: str, kind: str = "test") -> bool:
    return any(item["kind"] == kind and words in item["what"] for item in found["plan"])


@pytest.mark.parametrize("risk", RISKS)
def test_coded_risks_bring_potassium_before_an_injection(tmp_path: Path, risk: str) -> None:
    found = answered(tmp_path, person(), low_b12(), *ANAEMIC, NERVES, RISKS[risk])
    assert found["route"] == "injection"
    assert planned(found, "potassium")
    assert alerts(found).keys() & {"potassium_watch", "potassium_low"}


def oral(*more: Row) -> list[Row]:
    """A dietary deficiency with nothing against tablets; anaemic."""
    return adult(
        lab("lab_b12_total", 95.0, "pmol/L"),
        lab("lab_haemoglobin", 112.0, "g/L"),
        lab("lab_mcv", 96.0, "fL"),
        fact("diet_vegan"),
        fact("sym_neurological_none"),
        word("lab_if_antibody", "negative"),
        *asked(),
        *more,
    )


ORAL_RISKS: dict[str, list[Row]] = {
    "potassium": [lab("lab_potassium", 3.2, "mmol/L")],
    "digoxin": [fact("drug_digoxin", -60)],
    "diuretic": [fact("drug_diuretic", -60)],
    "heart disease": [fact("cond_heart_disease", -600)],
}


@pytest.mark.parametrize("risk", ORAL_RISKS)
def test_risks_bring_potassium_before_tablets_too(risk: str) -> None:
    found = one(oral(*ORAL_RISKS[risk]))
    assert found["route"] in ("tablets", "either")
    assert planned(found, "potassium")
    assert alerts(found).keys() & {"potassium_watch", "potassium_low"}


def test_without_a_risk_there_is_no_potassium_alarm() -> None:
    """The other side: an alert on everyone is an alert on nobody."""
    found = one(oral())
    assert found["route"] in ("tablets", "either")
    assert not alerts(found).keys() & {"potassium_watch", "potassium_low", "severe_anaemia"}


def test_the_watch_taken_away_is_caught() -> None:
    """The control broken: no row watches potassium."""
    broken = without_rules(default(), "alerts", "potassium")
    plan = assessed({"p": oral(*ORAL_RISKS["digoxin"])}, broken).plan
    assert not plan["what"].str.contains("potassium").any()


@pytest.mark.parametrize("value, watched", [(3.49, True), (3.5, False), (2.9, True)])
def test_both_sides_of_low_potassium(tmp_path: Path, value: float, watched: bool) -> None:
    found = answered(tmp_path, person(), low_b12(), NERVES, *ANAEMIC, observation("2823-3", value, "mmol/L"))
    assert (alerts(found).get("potassium_low") == "critical") is watched
    assert (found["urgency"] == "emergency") is (value < 3.0)


@pytest.mark.parametrize(
    "haemoglobin, unit, severe", [(69, "g/L", True), (70, "g/L", False), (6.9, "g/dL", True), (7.0, "g/dL", False)]
)
def test_severe_anaemia_goes_to_hospital_with_potassium_through_day_7(
    tmp_path: Path, haemoglobin: float, unit: str, severe: bool
) -> None:
    found = answered(tmp_path, person(), low_b12(), NERVES, observation("718-7", haemoglobin, unit))
    assert (alerts(found).get("severe_anaemia") == "critical") is severe
    assert (found["urgency"] == "emergency") is severe
    for moment in ("before the first dose", "24 hours", "48 hours", "day 7"):
        assert any(moment in item["what"] for item in found["plan"] if "potassium" in item["what"]) is severe


@pytest.mark.parametrize(
    "risky",
    [
        observation("6301-6", 4.5, "1"),
        observation("34714-6", 4.5, "{INR}"),
        observation("777-3", 42, "10*9/L"),
        observation("26515-7", 42, "10*3/uL"),
    ],
)
def test_coded_inr_or_platelets_forbid_the_needle_without_advice(tmp_path: Path, risky: Json) -> None:
    found = answered(tmp_path, person(), low_b12(), NERVES, risky)
    assert found["route"] == "injection"
    assert alerts(found).get("no_im_without_advice") == "critical"
    assert planned(found, "haematology advice", "advice")


@pytest.mark.parametrize("fine", [observation("6301-6", 2.5, "1"), observation("777-3", 50, "10*9/L")])
def test_inr_in_range_and_platelets_of_50_do_not(tmp_path: Path, fine: Json) -> None:
    assert "no_im_without_advice" not in alerts(answered(tmp_path, person(), low_b12(), NERVES, fine))


def test_a_coded_anticoagulant_warns_before_the_needle(tmp_path: Path) -> None:
    warfarin = medicine(concept("atc", "B01AA03", "warfarin"))
    assert "anticoagulant" in alerts(answered(tmp_path, person(), low_b12(), NERVES, warfarin))


@pytest.mark.parametrize("extra", [[], [NERVES], ANAEMIC])
def test_coded_lebers_never_meets_cyanocobalamin(tmp_path: Path, extra: list[Json]) -> None:
    leber = condition("58610003", "Leber's optic atrophy")
    found = answered(tmp_path, person(), low_b12(), leber, *extra)
    assert alerts(found).get("leber") == "critical"
    assert planned(found, "no cyanocobalamin", "stop")
    assert not any("cyano" in str(item["product"]) for item in found["plan"])


def test_lebers_in_a_crowd_never_meets_cyanocobalamin_in_a_plan() -> None:
    from tests.safety.people import crowd

    people = {
        f"{name}|{why}": [*rows, fact(why, -3000)]
        for name, rows in crowd(150, 707).items()
        for why in ("cond_leber_optic_neuropathy", "family_leber")
    }
    plan = assessed(people).plan
    cyano = plan.filter(plan["product"].str.contains("cyano").fill_null(value=False))
    assert cyano.select("patient_id", "product", "rule").rows() == []


@pytest.mark.parametrize("extra", [[], [NERVES], [condition("84027009", "Pernicious anemia")]])
def test_coded_anaphylaxis_leaves_no_dose_in_the_practice(tmp_path: Path, extra: list[Json]) -> None:
    found = answered(tmp_path, person(), low_b12(), anaphylaxis(), *extra)
    assert alerts(found).get("cobalamin_anaphylaxis") == "critical"
    assert planned(found, "allergy clinic", "referral")
    assert not any(item["kind"] == "dose" and item["route"] == "im" for item in found["plan"])


def test_anaphylaxis_in_a_crowd_never_meets_a_dose_by_needle_in_a_plan() -> None:
    from tests.safety.people import crowd

    people = {name: [*rows, fact("allergy_cobalamin_anaphylaxis", -900)] for name, rows in crowd(200, 717).items()}
    found = assessed(people)
    doses = found.plan.filter(found.plan["kind"] == "dose")
    needle = doses.filter((doses["route"] != "oral").fill_null(value=True))
    assert needle.select("patient_id", "what", "rule").rows() == []
    # Those with a cord or eye sign go to hospital the same day, where the first dose is decided.
    cord = found.trace.filter(found.trace["term.cord_or_eye_sign_recorded"], found.trace["output.scope"] == "in")
    assert cord.height > 10
    assert set(cord["output.urgency"].to_list()) == {"emergency"}


SHEET = {
    "patient": {"age": 74, "sex": "female"},
    "history": {"medicines": ["digoxin", "furosemide", "warfarin"], "allergies": []},
    "symptoms": ["numb feet"],
    "labs": [
        {"name": "Vitamin B12", "value": 80, "unit": "ng/L", "day": -1},
        {"name": "Haemoglobin", "value": 66, "unit": "g/L", "day": -1},
        {"name": "Potassium", "value": 3.3, "unit": "mmol/L", "day": -1},
        {"name": "INR", "value": 4.1, "unit": "1", "day": -1},
    ],
}


def test_the_typed_sheet_says_all_of_it() -> None:
    found = told(SHEET)
    assert found["urgency"] == "emergency"
    assert {"severe_anaemia", "potassium_low", "no_im_without_advice", "anticoagulant"} <= alerts(found).keys()


def test_tablets_that_run_and_a_low_potassium_are_watched_too() -> None:
    rows = adult(lab("lab_b12_total", 90.0, "pmol/L", -40), tablets(-5), lab("lab_potassium", 3.2, "mmol/L"))
    assert alerts(one(rows)).get("potassium_low") == "critical"
