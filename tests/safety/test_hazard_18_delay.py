"""H18: treatment waits for tests."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from cobalamin.assess import Assessment
from tests.safety.broken import without_rules
from tests.safety.coded import answered, condition, observation, person
from tests.safety.people import ON, Row, adult, assessed, crowd, default, each, fact, lab, one, told, vignettes, word

CORD_OR_EYE = (
    "sign_extensor_plantar",
    "sign_spasticity",
    "sym_stiff_legs",
    "sym_lhermitte",
    "sym_bladder_bowel_change",
    "sym_sexual_dysfunction",
    "sym_visual_loss",
    "sign_optic_atrophy",
    "sym_unable_to_walk",
    "sym_weakness_limb",
    "sign_weakness",
    "sign_sensory_level",
    "sign_cord_signal",
)
STATES: dict[str, list[Row]] = {
    "no result": [],
    "low": [lab("lab_b12_total", 90.0, "pmol/L")],
    "indeterminate": [lab("lab_b12_total", 200.0, "pmol/L")],
    "normal, MMA not measured": [lab("lab_b12_total", 480.0, "pmol/L")],
    "normal, nitrous oxide": [
        lab("lab_b12_total", 480.0, "pmol/L"),
        lab("lab_mma_serum", 150.0, "nmol/L"),
        fact("exposure_nitrous_oxide_recreational"),
    ],
    "low in words": [word("lab_b12_total", "low")],
}


def doses_today(plan: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [item for item in plan if item["kind"] == "dose" and str(item["due"]) <= ON.isoformat()]


@cache
def answers() -> dict[tuple[str, str], dict[str, Any]]:
    people = {f"{sign}|{state}": adult(fact(sign), *rows) for sign in CORD_OR_EYE for state, rows in STATES.items()}
    found = each(people)
    return {(sign, state): found[f"{sign}|{state}"] for sign in CORD_OR_EYE for state in STATES}


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("sign", CORD_OR_EYE)
def test_a_cord_or_eye_sign_is_dosed_today_whatever_is_still_open(sign: str, state: str) -> None:
    found = answers()[sign, state]
    assert (found["urgency"], found["route"]) == ("emergency", "injection")
    assert doses_today(found["plan"])
    assert any(item["kind"] == "referral" and str(item["due"]) == ON.isoformat() for item in found["plan"])
    assert "none" not in found["testing"]["advice"]


@pytest.mark.parametrize("state", ["no result", "low", "indeterminate"])
def test_the_blood_is_taken_before_the_dose_and_the_dose_does_not_wait_for_it(state: str) -> None:
    found = answers()["sign_extensor_plantar", state]
    assert found["testing"]["tests"]
    assert set(found["testing"]["when"].values()) <= {"now", "before_first_dose", "if_available"}
    first = min(str(item["due"]) for item in found["plan"] if item["kind"] == "dose")
    assert first == ON.isoformat()


@pytest.mark.parametrize("haemoglobin", [62.0, 69.0])
def test_severe_anaemia_goes_to_hospital_today_before_any_result_of_b12(haemoglobin: float) -> None:
    found = one(adult(lab("lab_haemoglobin", haemoglobin, "g/L"), lab("lab_mcv", 122.0, "fL")))
    assert found["urgency"] == "emergency"
    assert any(item["kind"] == "referral" and "hospital today" in item["what"] for item in found["plan"])
    assert found["route"] == "injection" and doses_today(found["plan"])


@pytest.mark.parametrize("sign", ["sign_ataxia", "sym_balance_ataxia"])
def test_other_ataxia_is_urgent_and_dosed_within_a_day(sign: str) -> None:
    found = one(adult(fact(sign, -300), lab("lab_b12_total", 200.0, "pmol/L")))
    assert found["urgency"] in ("urgent", "emergency")
    assert found["route"] == "injection" and doses_today(found["plan"])


def test_indeterminate_with_objective_nerves_starts_now_and_measures_mma_beside_it() -> None:
    found = one(adult(fact("sign_reduced_vibration"), fact("sym_numbness"), lab("lab_b12_total", 200.0, "pmol/L")))
    assert found["route"] == "injection" and doses_today(found["plan"])
    assert "mma" in found["testing"]["tests"]


@cache
def everybody() -> Assessment:
    return assessed(crowd(500, 1818) | vignettes())


def waiting(found: Assessment) -> list[str]:
    """People with a cord or eye sign, in scope and not allergic, for whom no injection is due today."""
    rows = found.findings.select("patient_id", "finding.cobalamin_anaphylaxis").hstack(
        found.trace.drop("patient_id", "on")
    )
    mine = rows.filter(
        pl.col("term.cord_or_eye_sign_recorded"),
        pl.col("output.scope") == "in",
        pl.col("table.route") != "cord_or_eye_not_b12",
        ~pl.col("finding.cobalamin_anaphylaxis").fill_null(value=False),
    )
    today = found.plan.filter(pl.col("kind") == "dose", pl.col("due") <= ON)["patient_id"].implode()
    late = mine.filter(
        ~pl.col("patient_id").is_in(today)
        | (pl.col("output.urgency") != "emergency")
        | (pl.col("output.route") != "injection")
    )
    return late["patient_id"].to_list()


def test_in_a_crowd_nobody_with_a_cord_or_eye_sign_waits() -> None:
    assert everybody().trace["term.cord_or_eye_sign_recorded"].sum() > 100
    assert waiting(everybody()) == []


def test_taking_the_rows_away_is_caught() -> None:
    """The control broken: no row puts a cord or eye sign before the results."""
    broken = without_rules(
        without_rules(default(), "urgency", "cord_or_eye"), "route", "cord_or_eye", "suspected_start_now"
    )
    assert waiting(assessed(crowd(120, 1818), broken)) != []


def test_coded_subacute_combined_degeneration_does_not_wait(tmp_path: Path) -> None:
    found = answered(
        tmp_path,
        person(),
        condition("302226006", "Peripheral nerve disease"),
        observation("718-7", 66, "g/L"),
        observation("787-2", 121, "fL"),
    )
    assert found["urgency"] == "emergency"
    assert found["route"] == "injection" and doses_today(found["plan"])


def test_the_typed_sheet_says_today() -> None:
    found = told(
        {
            "patient": {"age": 49, "sex": "male"},
            "symptoms": ["loss of vision", "numb feet"],
            "signs": ["extensor plantars"],
        }
    )
    assert (found["urgency"], found["route"]) == ("emergency", "injection")
    assert doses_today(found["plan"])
