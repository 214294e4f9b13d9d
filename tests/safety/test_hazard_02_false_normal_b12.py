"""H02: a falsely normal B12 reassures."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from cobalamin.assess import assess
from cobalamin.guidance import Guideline
from cobalamin.records.sheet import read_sheet
from cobalamin.vocabulary.catalogue import catalogue
from tests.safety.broken import without_rules
from tests.safety.people import (
    ON,
    Row,
    adult,
    asked,
    assessed,
    crowd,
    default,
    fact,
    lab,
    outcomes,
    told,
    vignettes,
    word,
)

CONFOUNDERS: dict[str, list[Row]] = {
    "nitrous oxide": [fact("exposure_nitrous_oxide_recreational")],
    "intrinsic factor antibody": [word("lab_if_antibody", "positive")],
    "transcobalamin deficiency": [fact("cond_transcobalamin_deficiency")],
    "myeloproliferative disease": [fact("cond_mpn")],
    "leukaemia": [fact("cond_leukaemia")],
    "liver disease": [fact("cond_liver_disease")],
    "kidney disease by code": [fact("cond_ckd")],
    "kidney disease by eGFR": [lab("lab_egfr", 41.0, "mL/min/{1.73_m2}")],
    "vitamins before the test": [fact("tx_multivitamin_b12", -60)],
    "biotin": [fact("drug_biotin", -60)],
}
SIGNS = (
    "sign_extensor_plantar",
    "sign_reduced_vibration",
    "sign_reduced_position",
    "sign_ataxia",
    "sign_optic_atrophy",
    "sign_weakness",
    "cond_peripheral_neuropathy",
    "cond_sacd",
)
NG_L = 0.7378
BLOOD: dict[str, list[Row]] = {
    "large cells": [lab("lab_mcv", 112.0, "fL")],
    "few platelets": [lab("lab_platelets", 90.0, "10*9/L"), lab("lab_mcv", 96.0, "fL")],
    "megaloblastic film": [word("lab_film_megaloblastic", "positive")],
}


def statuses(people: dict[str, list[Row]], guideline: Guideline | None = None) -> dict[str, dict[str, Any]]:
    return outcomes(assessed(people, guideline))


def combinations() -> dict[str, list[Row]]:
    """Every confounder with every B12 and every sign, as whole people."""
    return {
        f"{name} | {value} | {sign}": adult(
            lab("lab_b12_total", value * NG_L, "ng/L"), fact(sign), fact("sym_fatigue"), *rows, *asked()
        )
        for name, rows in CONFOUNDERS.items()
        for value in (351, 600, 2000)
        for sign in SIGNS
    }


@cache
def confounded() -> dict[str, dict[str, Any]]:
    return statuses(combinations())


def test_a_sign_and_a_confounder_never_end_in_unlikely() -> None:
    assert [name for name, row in confounded().items() if row["output.status"] == "unlikely"] == []


def test_a_sign_and_a_confounder_never_end_in_no_b12() -> None:
    assert [name for name, row in confounded().items() if row["output.route"] == "none"] == []
    assert [name for name, row in confounded().items() if row["output.urgency"] in ("none", "routine")] == []


def test_without_the_rows_that_hold_it_back_they_would() -> None:
    """The control broken: the rows that keep a normal B12 from closing the pathway are gone."""
    broken = without_rules(default(), "status", "normal_but")
    assert any(row["output.status"] == "unlikely" for row in statuses(combinations(), broken).values())


@pytest.mark.parametrize("value", [351, 600, 2000])
def test_with_neither_sign_nor_confounder_a_normal_b12_does_close_it(value: int) -> None:
    """The other side: if everything were held back the rows above would prove nothing."""
    rows = adult(lab("lab_b12_total", value * NG_L, "ng/L"), fact("sym_fatigue"), *asked())
    assert statuses({"p": rows})["p"]["output.status"] == "unlikely"


@pytest.mark.parametrize("value", [351, 600, 2000])
@pytest.mark.parametrize("sign", SIGNS)
def test_a_sign_alone_asks_for_methylmalonic_acid(sign: str, value: int) -> None:
    found = statuses({"p": adult(lab("lab_b12_total", value * NG_L, "ng/L"), fact(sign), *asked())})["p"]
    assert found["output.status"] == "not_established"
    assert found["test.mma"] is not None


@pytest.mark.parametrize("name", BLOOD)
@pytest.mark.parametrize("value", [351, 600, 2000])
def test_an_unexplained_count_is_not_closed_by_a_normal_b12(name: str, value: int) -> None:
    found = statuses({"p": adult(lab("lab_b12_total", value * NG_L, "ng/L"), *BLOOD[name], *asked())})["p"]
    assert found["output.status"] == "not_established"
    assert found["test.mma"] is not None


@pytest.mark.parametrize("value", [71.0, 110.0, 260.0])
def test_a_normal_active_b12_does_not_close_it_either(value: float) -> None:
    found = statuses({"p": adult(lab("lab_b12_active", value, "pmol/L"), fact("sign_reduced_vibration"), *asked())})[
        "p"
    ]
    assert found["output.status"] == "not_established"


def test_nitrous_oxide_with_nerves_is_treated_before_any_result() -> None:
    rows = adult(
        lab("lab_b12_total", 443.0, "pmol/L"), fact("exposure_nitrous_oxide_recreational"), fact("sym_numbness")
    )
    found = statuses({"p": rows})["p"]
    assert (found["output.route"], found["output.urgency"]) == ("injection", "urgent")


@pytest.mark.parametrize("value", ["351 ng/L", "600 ng/L", ">2000 ng/L", "normal"])
def test_the_typed_sheet_is_held_back_too(value: str) -> None:
    number, _, unit = value.partition(" ")
    sheet = {
        "patient": {"age": 34, "sex": "male"},
        "history": {"nitrous_oxide": True},
        "symptoms": [{"name": "numb feet", "duration": "3 weeks"}],
        "signs": ["reduced vibration sense"],
        "labs": [{"name": "Vitamin B12", "value": number, "unit": unit, "day": -2}],
    }
    found = told(sheet)
    assert found["status"] == "not_established"
    assert found["route"] == "injection"
    assert "nitrous_oxide" in {alert["id"] for alert in found["alerts"]}


def test_in_a_crowd_unlikely_never_stands_beside_objective_nerves_without_normal_mma() -> None:
    found = assessed(crowd(600, 202) | vignettes())
    wrong = [
        row["patient_id"]
        for row in found.trace.to_dicts()
        if row["output.status"] == "unlikely"
        and (row["term.neurology_objective_recorded"] or row["term.cord_or_eye_sign_recorded"])
        and not row["term.mma_normal"]
    ]
    assert wrong == []


def test_the_sheet_fed_by_this_test_is_understood() -> None:
    """A sign that is not read would make every test of a sheet pass for the wrong reason."""
    intake = read_sheet(
        {"patient": {"age": 34}, "signs": ["reduced vibration sense"], "symptoms": ["numb feet"]}, on=ON
    )
    found = assess(intake.events, default(), on=ON).findings.row(0, named=True)
    assert found[catalogue()["reduced_vibration"].column] and found[catalogue()["numbness"].column]
