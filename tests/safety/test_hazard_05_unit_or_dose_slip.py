"""H05: a unit or a dose slips."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import polars as pl
import pytest

from cobalamin.assess import Assessment
from cobalamin.guidance.load import available, load
from cobalamin.guidance.model import Guideline
from cobalamin.records.sheet import read_sheet
from tests.safety.broken import with_dose
from tests.safety.coded import observation, person, read
from tests.safety.people import ON, assessed, crowd, default, told, vignettes

MOST_INJECTED_MG = 1.0
MOST_BY_MOUTH_MG_DAY = 4.0
TO_MG = {"mg": 1.0, "ug": 0.001}
LINES = [  # NG239 table 1: (test, unit, deficient below, unlikely above)
    ("Vitamin B12", "ng/L", 180.0, 350.0),
    ("Vitamin B12", "pg/mL", 180.0, 350.0),
    ("Vitamin B12", "pmol/L", 133.0, 258.0),
    ("Active B12", "pmol/L", 25.0, 70.0),
]
SIDES = [
    (name, unit, value, status)
    for name, unit, low, high in LINES
    for value, status in (
        (low - 1, "deficient"),
        (low - 0.01, "deficient"),
        (low, "indeterminate"),
        (low + 0.01, "indeterminate"),
        (high - 0.01, "indeterminate"),
        (high, "indeterminate"),
        (high + 0.01, "unlikely"),
        (high + 1, "unlikely"),
    )
]


def sheet_of(name: str, value: object, unit: str | None) -> dict[str, object]:
    lab = {"name": name, "value": value, "day": -3} | ({"unit": unit} if unit is not None else {})
    return {"patient": {"age": 50, "sex": "female"}, "symptoms": ["fatigue"], "labs": [lab]}


@cache
def statuses() -> dict[tuple[str, str, float], str]:
    """All boundary values in one frame, read from sheets."""
    frames = [
        read_sheet(sheet_of(name, value, unit), on=ON).events.frame.with_columns(
            patient_id=pl.lit(f"{name}|{unit}|{value!r}")
        )
        for name, unit, value, _ in SIDES
    ]
    from cobalamin.assess import assess
    from cobalamin.events import Events

    trace = assess(Events.of(pl.concat(frames)), default(), on=ON).trace
    found = dict(zip(trace["patient_id"], trace["output.status"].cast(pl.String), strict=True))
    return {(name, unit, value): found[f"{name}|{unit}|{value!r}"] for name, unit, value, _ in SIDES}


@pytest.mark.parametrize("name, unit, value, status", SIDES)
def test_each_side_of_each_line_in_the_unit_it_was_published_in(
    name: str, unit: str, value: float, status: str
) -> None:
    assert statuses()[name, unit, value] == status


@pytest.mark.parametrize(
    "code, unit, value, status",
    [
        ("2132-9", "pg/mL", 179.99, "deficient"),
        ("2132-9", "pg/mL", 180, "indeterminate"),
        ("2132-9", "ng/L", 350, "indeterminate"),
        ("2132-9", "ng/L", 350.01, "unlikely"),
        ("14685-2", "pmol/L", 132.99, "deficient"),
        ("14685-2", "pmol/L", 133, "indeterminate"),
        ("14685-2", "pmol/L", 258, "indeterminate"),
        ("14685-2", "pmol/L", 258.01, "unlikely"),
    ],
)
def test_coded_results_meet_the_same_lines(tmp_path: Path, code: str, unit: str, value: float, status: str) -> None:
    from cobalamin.assess import assess

    found = assess(read(tmp_path, person(), observation(code, value, unit)).events, default(), on=ON)
    assert found.trace["output.status"].to_list() == [status]


def test_converting_instead_of_comparing_natively_is_caught() -> None:
    """The control broken: only the molar numbers are known, so a mass result is converted and moves."""
    from dataclasses import replace

    thresholds = {
        name: replace(one, values=tuple(pair for pair in one.values if pair[1] == "pmol/L") or one.values)
        for name, one in default().thresholds.items()
    }
    broken = replace(default(), thresholds=thresholds)
    events = read_sheet(sheet_of("Vitamin B12", 180, "ng/L"), on=ON).events
    from cobalamin.assess import assess

    assert assess(events, default(), on=ON).trace["output.status"][0] == "indeterminate"
    assert assess(events, broken, on=ON).trace["output.status"][0] == "deficient"


@pytest.mark.parametrize("unit", [None, "", "g/L", "ng", "mmol", "furlongs"])
def test_a_result_without_a_usable_unit_is_no_data_and_is_named(unit: str | None) -> None:
    found = told(sheet_of("Vitamin B12", 95, unit))
    assert found["status"] == "not_established"
    assert [one for one in found["ledger"]["set_aside"] if "unit" in one["reason"]] != []


@pytest.mark.parametrize("fields", [{"valueQuantity": {"value": 95}}, {"valueQuantity": {"value": 95, "unit": "g/L"}}])
def test_a_coded_result_without_a_usable_unit_is_no_data_and_is_named(
    tmp_path: Path, fields: dict[str, object]
) -> None:
    intake = read(tmp_path, person(), observation("2132-9", None, "", **fields))
    assert "lab_b12_total" not in intake.events.frame["concept"].cast(pl.String).to_list()
    assert any("unit" in reason for reason in intake.ledger.set_aside)


@pytest.mark.parametrize("dose", ["1 g", "10 mg", "5001 micrograms", "1000 mg"])
def test_a_recorded_dose_over_5_mg_is_asked_about_and_never_an_event(dose: str) -> None:
    given = {"drug": "hydroxocobalamin", "route": "im", "dose": dose, "schedule": "every 3 months", "start_day": -400}
    intake = read_sheet({"patient": {"age": 70}, "treatment_so_far": [given]}, on=ON)
    assert (intake.events.frame["value"].fill_null(0).max() or 0) <= 5_000
    assert intake.ledger.set_aside.total() >= 1


def over_limit(found: Assessment) -> list[tuple[str, ...]]:
    """Dose items above 1 mg by injection or 4 mg a day by mouth, and any whose size or unit is not known."""
    doses = found.plan.filter(pl.col("kind") == "dose", pl.col("product").is_not_null())
    mg = doses["dose"] * doses["dose_unit"].replace_strict(TO_MG, default=None, return_dtype=pl.Float64)
    daily = mg / doses["every_days"].clip(upper_bound=1.0)
    injected = doses["route"] == "im"
    wrong = mg.is_null() | (injected & (mg > MOST_INJECTED_MG)) | (~injected & (daily > MOST_BY_MOUTH_MG_DAY))
    return doses.filter(wrong.fill_null(value=True)).select("patient_id", "product", "dose", "dose_unit").rows()


@cache
def everybody() -> Assessment:
    return assessed(crowd(2_000, 505) | vignettes())


def test_no_plan_item_is_above_the_limits_over_thousands_of_people() -> None:
    found = everybody()
    assert found.plan.filter(pl.col("kind") == "dose").height > 1_000
    assert over_limit(found) == []


def test_no_sheet_of_the_cases_is_planned_above_the_limits() -> None:
    from tests.spec.case_file import cases

    events = {
        case.name: read_sheet(case.sheet, on=ON).events.frame.drop("patient_id").to_dicts() for case in cases()[::3]
    }
    if events:
        assert over_limit(assessed(events)) == []


@pytest.mark.parametrize("name", [one for one in available() if one != "common"])
def test_no_regimen_of_any_guideline_is_above_the_limits(name: str) -> None:
    for regimen in load(name, ON).regimens.values():
        for phase in regimen.phases:
            assert phase.dose_unit in TO_MG, regimen.id
            mg = phase.dose * TO_MG[phase.dose_unit]
            daily = mg / min(phase.every_days, 1.0)
            most = MOST_BY_MOUTH_MG_DAY if regimen.route == "oral" else MOST_INJECTED_MG
            assert (daily if regimen.route == "oral" else mg) <= most, regimen.id


def test_a_dose_typed_a_thousandfold_in_a_regimen_is_caught() -> None:
    """The control broken: a regimen with 1000 mg."""
    used = everybody().trace["output.regimen"].cast(pl.String).value_counts(sort=True)["output.regimen"].to_list()
    regimen = next(one for one in used if one in default().regimens)
    broken: Guideline = with_dose(default(), regimen, 1000.0)
    assert over_limit(assessed(crowd(200, 505), broken)) != []


def test_the_words_of_a_dose_say_what_the_item_holds() -> None:
    sheet = sheet_of("Vitamin B12", 95, "pmol/L")
    found = told({name: value for name, value in sheet.items() if name != "symptoms"})
    dose = next(item for item in found["plan"] if item["kind"] == "dose")
    assert (dose["dose"], dose["dose_unit"], dose["route"]) == (1, "mg", "im")
