"""`cobalamin simulate`: what it shows, what it refuses, and to whom it shows no less treatment."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from cobalamin.cli.main import app
from cobalamin.errors import CobalaminError

EXAMPLES = Path(__file__).parents[2] / "examples"
TREATED = str(EXAMPLES / "injections_with_results.yaml")
NERVES = str(EXAMPLES / "worked_patient.yaml")
FEW = ["--people", "60"]

PERSON = """on: 2026-01-15
patient: {{id: p, age: {age}, sex: female{person}}}
history: {{conditions: [pernicious anaemia{conditions}], nitrous_oxide: {gas}}}
symptoms: none
signs: none
labs: [{{name: Vitamin B12, value: 100, unit: pmol/L, day: -10}}{labs}]
"""


def simulate(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["simulate", *arguments, *FEW])


def sheet(folder: Path, person: str = "", conditions: str = "", gas: str = "no", labs: str = "", age: int = 60) -> str:
    path = folder / "sheet.yaml"
    path.write_text(PERSON.format(person=person, conditions=conditions, gas=gas, labs=labs, age=age), encoding="utf-8")
    return str(path)


def test_the_guidance_s_own_regimen_is_the_default():
    shown = simulate(NERVES)
    assert shown.exit_code == 0
    assert "every other day, 11 doses, then every 2 months" in shown.output
    assert "proves only that it was given" in shown.output and "Potassium is never predicted" in shown.output


def test_two_regimens_stand_side_by_side_and_tablets_hold_less_serum_b12_swing():
    found = simulate(
        TREATED, "--regimen", "hydroxocobalamin 1 mg IM every 8 weeks", "--against", "cyanocobalamin 1 mg oral daily",
        "--format", "json",
    )  # fmt: skip
    said = json.loads(found.output)
    assert [one["regimen"] for one in said["courses"]] == [
        "hydroxocobalamin 1 mg IM every 8 weeks",
        "cyanocobalamin 1 mg by mouth daily",
    ]
    for course in said["courses"]:
        for series in course["series"]:
            for one in filter(None, series["spreads"]):
                assert one["low_90"] <= one["low_50"] <= one["median"] <= one["high_50"] <= one["high_90"]


def test_the_same_seed_gives_the_same_numbers():
    first, again, other = (simulate(TREATED, "--format", "json", "--seed", seed).output for seed in ("1", "1", "2"))
    assert first == again != other


def test_stopping_lets_serum_b12_fall_and_mma_rise(tmp_path: Path):
    path = sheet(tmp_path)
    said = json.loads(simulate(path, "--regimen", "stop and see", "--days", "1500", "--format", "json").output)
    series = {one["marker"]: one["spreads"] for one in said["courses"][0]["series"]}
    assert series["serum_b12_pmol_l"][-1]["median"] < series["serum_b12_pmol_l"][0]["median"]
    assert series["mma_nmol_l"][-1]["median"] > series["mma_nmol_l"][0]["median"]


def test_a_regimen_that_may_not_be_shown_is_refused_as_data_where_json_was_asked_for():
    refused = simulate(NERVES, "--regimen", "hydroxocobalamin 1 mg IM every 26 weeks", "--format", "json")
    assert isinstance(refused.exception, CobalaminError)
    (one,) = json.loads(refused.output)["refused"]
    assert one["id"] == "less_with_nerve_symptoms" and "Nerve symptoms are on record" in one["reason"]
    assert one["regimen"] == "hydroxocobalamin 1 mg IM every 26 weeks" and "cobalamin assess" in one["do"]


@pytest.mark.parametrize(
    "regimen",
    ["no treatment", "cyanocobalamin 1 mg oral daily", "hydroxocobalamin 1 mg IM every 12 weeks",
     "hydroxocobalamin 1 mg IM weekly for 4 weeks"],
)  # fmt: skip
def test_nobody_with_nerve_symptoms_is_shown_less_treatment(regimen: str):
    alone = CliRunner().invoke(app, ["simulate", NERVES, "--regimen", regimen, *FEW])
    assert isinstance(alone.exception, CobalaminError) and "Nerve symptoms are on record" in str(alone.exception)
    beside = simulate(NERVES, "--against", regimen)
    assert beside.exit_code == 0 and "Not shown" in beside.output and "Nerve symptoms" in beside.output


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"person": ", pregnant: true", "age": 30}, "pregnan"),
        ({"gas": "yes"}, "nitrous"),
        ({"conditions": ", myelodysplastic syndrome"}, "marrow"),
        ({"conditions": ", cirrhosis"}, "liver"),
        ({"conditions": ", haemodialysis"}, "dialysis"),
        ({"labs": ", {name: eGFR, value: 9, unit: mL/min/1.73m2, day: -10}"}, "kidney"),
    ],
)
def test_the_model_does_not_speak_outside_its_domain(tmp_path: Path, changes: dict[str, Any], word: str):
    refused = simulate(sheet(tmp_path, **changes), "--regimen", "hydroxocobalamin 1 mg IM every 8 weeks")
    assert isinstance(refused.exception, CobalaminError)
    assert word in str(refused.exception).lower() and "does not speak about this person" in str(refused.exception)


def test_the_model_does_not_speak_of_a_child(tmp_path: Path):
    refused = simulate(sheet(tmp_path, age=15), "--regimen", "hydroxocobalamin 1 mg IM every 8 weeks")
    assert isinstance(refused.exception, CobalaminError) and "does not speak about this person" in str(
        refused.exception
    )


@pytest.mark.parametrize(
    "regimen", ["hydroxocobalamin -1 mg IM weekly", "methylcobalamin 1 mg oral daily", "1 mg weekly"]
)
def test_an_impossible_regimen_is_one_clear_refusal(regimen: str):
    refused = simulate(TREATED, "--regimen", regimen)
    assert isinstance(refused.exception, CobalaminError) and str(refused.exception).startswith("Regimen ")


@pytest.mark.parametrize(("option", "value"), [("--days", "0"), ("--days", "99999"), ("--people", "3")])
def test_numbers_out_of_range_are_refused(option: str, value: str):
    refused = CliRunner().invoke(app, ["simulate", TREATED, option, value])
    assert isinstance(refused.exception, CobalaminError) and "give a whole number from" in str(refused.exception)


def test_until_a_day_is_as_good_as_a_number_of_days():
    until = simulate(TREATED, "--until", "2026-07-15", "--format", "json").output
    days = simulate(TREATED, "--days", "181", "--format", "json").output
    assert until == days


def test_an_end_before_the_beginning_is_refused():
    refused = simulate(TREATED, "--until", "2025-07-15")
    assert isinstance(refused.exception, CobalaminError) and "give a whole number from" in str(refused.exception)


def test_missed_doses_under_a_lasting_cause_carry_a_word_of_care():
    shown = simulate(TREATED, "--regimen", "hydroxocobalamin 1 mg IM every 12 weeks missing every second dose")
    assert shown.exit_code == 0 and "not that treatment can be missed or ended" in " ".join(shown.output.split())


def test_tablets_beside_offered_injections_carry_a_word_of_care():
    shown = simulate(TREATED, "--against", "cyanocobalamin 1 mg oral daily")
    assert "The guidance gives this person injections." in " ".join(shown.output.split())


def test_severe_anaemia_brings_a_blood_count_and_a_word_on_potassium(tmp_path: Path):
    labs = ", {name: Haemoglobin, value: 62, unit: g/L, day: -10}, {name: MCV, value: 118, unit: fL, day: -10}"
    shown = simulate(
        sheet(tmp_path, labs=labs), "--regimen", "hydroxocobalamin 1 mg IM 3/week for 2 weeks then every 12 weeks"
    )
    assert shown.exit_code == 0, shown.exception
    assert "Haemoglobin" in shown.output and "potassium can fall fast" in shown.output


def test_the_page_is_whole_in_itself(tmp_path: Path):
    out = tmp_path / "expected.html"
    assert (
        simulate(
            TREATED, "--format", "html", "--against", "cyanocobalamin 1 mg oral daily", "--out", str(out)
        ).exit_code
        == 0
    )
    html = out.read_text(encoding="utf-8")
    assert html.count("<svg") == 2 and "<script" not in html
    assert not re.search(r"""(?:src|href)=["']https?:""", html)
