"""What would change an answer: smallest changes first, doubt near thresholds, tests that would not help."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import polars as pl
import pytest

from cobalamin.assess import assess
from cobalamin.decision.bands import Scale, within
from cobalamin.decision.changes import READ_TOGETHER
from cobalamin.decision.doubt import assays
from cobalamin.decision.inputs import COSTS, cost_of, inputs
from cobalamin.decision.rows import varied
from cobalamin.decision.variation import WouldChange, would_change
from cobalamin.events import Events
from cobalamin.findings.inverse import base_value
from cobalamin.guidance import DEFAULT, load
from cobalamin.records.sheet import read_sheet
from cobalamin.report.answer import answer
from cobalamin.report.text import text
from cobalamin.vocabulary.catalogue import catalogue

ON = date(2026, 1, 15)
GREY = {"patient": {"id": "g", "age": 45, "sex": "female"}, "symptoms": ["fatigue"], "history": {"diet": "vegan"}}


def grey(ng_l: float, **more: Any) -> dict[str, Any]:
    return GREY | {"labs": [{"name": "B12", "value": ng_l, "unit": "ng/L", "day": -10}]} | more


def found(sheet: dict[str, Any]) -> WouldChange:
    done = assess(read_sheet(sheet, on=ON).events, on=ON)
    return would_change(done.findings, done.guideline, done.events.frame)


def outcomes(told: WouldChange, finding: str, name: str) -> set[str]:
    return {one.then[name] for one in told.changes if one.parts[0].finding == finding and name in one.then}


def test_most_decisive_first_then_cheapest() -> None:
    told = found(grey(230))
    assert [one.rank for one in told.changes] == sorted(one.rank for one in told.changes)
    assert told.changes[0].parts[0].finding == "cord_or_eye" and told.changes[0].then["urgency"] == "emergency"


def test_mma_would_make_a_grey_result_a_deficiency() -> None:
    told = found(grey(230))
    assert "deficient" in outcomes(told, "mma_before_treatment", "status")
    assert "mma" not in told.would_not


def test_asking_about_nerves_would_make_it_urgent() -> None:
    assert outcomes(found(grey(230)), "neurology_denied", "urgency") == {"urgent"}


@pytest.mark.parametrize(("ng_l", "helps"), [(185, True), (250, False), (300, True), (150, True), (130, False)])
def test_repeating_b12_helps_only_near_a_threshold(ng_l: float, helps: bool) -> None:
    told = found(grey(ng_l))
    assert ("total_b12" not in told.would_not) is helps
    reasons = {part.why for one in told.changes for part in one.parts if part.finding == "b12_before_treatment"}
    assert reasons == ({"within its error"} if helps else set())


def test_pairs_only_where_nothing_alters_a_field_alone_or_where_tests_are_read_together() -> None:
    for ng_l in (60, 100, 150, 230, 300, 500):
        told = found(grey(ng_l))
        alone = {name for one in told.changes if len(one.parts) == 1 for name in one.then}
        for pair in (one for one in told.changes if len(one.parts) == 2):
            together = any(part.finding in READ_TOGETHER for part in pair.parts) and set(pair.then) == {"status"}
            assert together or not alone & set(pair.then)
            assert pair.parts[0].finding != pair.parts[1].finding


def test_mma_is_told_with_the_kidney_function_it_needs() -> None:
    pairs = {tuple(part.said for part in one.parts) for one in found(grey(230)).changes if len(one.parts) == 2}
    assert ("400 to 2000 nmol/L", "above 60 mL/min/{1.73_m2}") in pairs


def test_mma_needs_no_companion_where_the_kidneys_are_known() -> None:
    kidneys = {"name": "eGFR", "value": 85, "unit": "mL/min/1.73m2", "day": -10}
    told = found(grey(230, labs=[*grey(230)["labs"], kidneys]))
    deficient = [one for one in told.changes if one.then.get("status") == "deficient"]
    # 400 to 2000 and above 2000 change the same, so they are told as one.
    assert ["above 400 nmol/L"] in [[p.said for p in one.parts if "mma" in p.finding] for one in deficient]
    assert all(len(one.parts) == 1 for one in deficient)


@pytest.mark.parametrize(("reported", "unit", "said"), [
    (230, "ng/L", "below 180 ng/L"), (230, "pg/mL", "below 180 pg/mL"), (140, "pmol/L", "below 133 pmol/L"),
])  # fmt: skip
def test_a_band_is_told_in_the_unit_of_the_person_s_own_result(reported: float, unit: str, said: str) -> None:
    told = found(GREY | {"labs": [{"name": "B12", "value": reported, "unit": unit, "day": -10}]})
    words = {p.said for one in told.changes for p in one.parts if p.finding == "b12_before_treatment"}
    open_ = inputs(row_of(reported, unit), ["b12_before_treatment"], load(DEFAULT, ON))
    assert said in words | {answer for one in open_ for answer in one.answers}


def row_of(reported: float, unit: str) -> dict[str, Any]:
    sheet = GREY | {"labs": [{"name": "B12", "value": reported, "unit": unit, "day": -10}]}
    return assess(read_sheet(sheet, on=ON).events, on=ON).findings.row(0, named=True)


def test_a_band_is_told_in_the_unit_the_guideline_prints_where_nothing_was_measured() -> None:
    bare = GREY | {"symptoms": ["fatigue"]}
    for guideline, said in (
        ("nice_ng239", "below 180 ng/L"),
        ("aafp_2017", "below 150 ng/L"),
        ("nhg_2014", "below 148 pmol/L"),
    ):
        done = assess(read_sheet(bare, on=ON).events, guideline, on=ON)
        open_ = inputs(done.findings.row(0, named=True), ["b12_before_treatment"], done.guideline)
        assert said in open_[0].answers


def kidneys(creatinine: float, **more: Any) -> dict[str, Any]:
    labs = [
        {"name": "B12", "value": 230, "unit": "ng/L", "day": -10},
        {"name": "MMA", "value": 700, "unit": "nmol/L", "day": -10},
        {"name": "creatinine", "value": creatinine, "unit": "umol/L", "day": -10},
    ]
    return GREY | {"labs": labs} | more


def test_egfr_is_computed_anew_where_creatinine_varies() -> None:
    # A woman of 45: creatinine 90 gives an eGFR of 67, and 60 is reached at 98 umol/L.
    done = assess(read_sheet(kidneys(90), on=ON).events, on=ON)
    rows = varied(done.findings, [{}, {"creatinine": 110.0}, {"egfr_reported": 40.0}, {"female": False, "male": True}])
    egfr = rows["finding.egfr"].to_list()
    assert egfr[0] == pytest.approx(done.findings["finding.egfr"][0])
    assert egfr[3] > egfr[0] > 60 > egfr[1] > egfr[2] == 40.0
    told = would_change(done.findings, done.guideline, done.events.frame)
    by_creatinine = [one for one in told.changes if one.parts[0].finding == "creatinine"]
    assert [(one.parts[0].said, one.then["status"]) for one in by_creatinine] == [("above 98 umol/L", "indeterminate")]


FOUR = {
    "active_b12": (30.0, "pmol/L"),
    "b12": (150.0, "pmol/L"),
    "mma": (500.0, "nmol/L"),
    "homocysteine": (20.0, "umol/L"),
}
NAMES = {"active_b12": "active B12", "b12": "B12", "mma": "MMA", "homocysteine": "homocysteine"}


@pytest.mark.parametrize("left_out", [*FOUR, None])
@pytest.mark.parametrize("wanted", [-1.5, -0.5])
def test_the_combined_indicator_is_computed_anew_and_read_backwards(left_out: str | None, wanted: float) -> None:
    labs = [{"name": NAMES[k], "value": v, "unit": u, "day": -5} for k, (v, u) in FOUR.items() if k != left_out]
    done = assess(read_sheet(GREY | {"labs": labs}, on=ON).events, on=ON)
    now = done.findings.row(0, named=True)
    assert (now["finding.combined_b12_indicator"] is None) is (left_out is not None)
    for marker in [left_out] if left_out else FOUR:
        name = f"{marker}_before_treatment"
        value = base_value("combined_b12_indicator", wanted, name, now)
        sets = {name: value, f"{name}.cmp": None, f"{name}.time": datetime.combine(ON, datetime.min.time())}
        assert varied(done.findings, [sets])["finding.combined_b12_indicator"][0] == pytest.approx(wanted)


def test_the_combined_indicator_needs_samples_of_one_fortnight() -> None:
    labs = [{"name": NAMES[k], "value": v, "unit": u, "day": -20} for k, (v, u) in FOUR.items() if k != "mma"]
    done = assess(read_sheet(GREY | {"labs": labs}, on=ON).events, on=ON)
    assert base_value("combined_b12_indicator", -0.5, "mma_before_treatment", done.findings.row(0, named=True)) is None


@pytest.mark.parametrize("base", ["creatinine", "age_years"])
@pytest.mark.parametrize("sex", ["female", "male"])
@pytest.mark.parametrize("wanted", [35.0, 60.0, 90.0])
def test_egfr_is_read_backwards(base: str, sex: str, wanted: float) -> None:
    sheet = kidneys(70) | {"patient": {"id": "g", "age": 40, "sex": sex}}
    done = assess(read_sheet(sheet, on=ON).events, on=ON)
    value = base_value("egfr", wanted, base, done.findings.row(0, named=True))
    assert value is not None
    assert varied(done.findings, [{base: value}])["finding.egfr"][0] == pytest.approx(wanted)


def test_a_question_that_makes_no_sense_any_more_is_answered_no() -> None:
    done = assess(read_sheet(GREY, on=ON).events, on=ON)
    rows = varied(done.findings, [{}, {"female": False, "male": True}, {"age_years": 70.0}])
    assert rows["finding.pregnant.na"].to_list() == [False, True, True]


def test_sex_is_one_question_with_two_answers() -> None:
    row = {"patient_id": "p", "concept": "sym_fatigue", "time": datetime(2026, 1, 1), "precision": "day", "source": "x"}
    done = assess(Events.of([row]), on=ON)
    asked = inputs(done.findings.row(0, named=True), ["female", "male"], done.guideline)
    assert [one.answers for one in asked] == [
        {"female": {"female": True, "male": False}, "male": {"female": False, "male": True}}
    ]


def test_an_antibody_found_today_soon_after_an_injection_is_doubtful() -> None:
    injected = grey(230, treatment_so_far=[{"drug": "hydroxocobalamin", "route": "im", "dose": "1 mg", "given": [-5]}])
    done = assess(read_sheet(injected, on=ON).events, on=ON)
    asked = inputs(done.findings.row(0, named=True), ["if_antibody_positive"], done.guideline)
    assert asked[0].answers["yes"]["if_antibody_days_after_injection"] == 5


def test_a_result_from_before_treatment_cannot_be_repeated() -> None:
    told = found(
        grey(185, treatment_so_far=[{"drug": "hydroxocobalamin", "route": "im", "dose": "1 mg", "given": [-5]}])
    )
    costs = {part.cost for one in told.changes for part in one.parts if part.finding == "b12_before_treatment"}
    assert costs <= {"cannot"} and "mma_before_treatment" in {p.finding for o in told.changes for p in o.parts}


def weeks(precision: str, month: int) -> list[tuple[str, float]]:
    day = datetime(2025, month, 1)
    row = {"patient_id": "p", "concept": "sym_balance_ataxia", "time": day, "precision": precision, "source": "x"}
    done = assess(Events.of([row]), on=ON)
    now = done.findings.row(0, named=True)
    names = ["balance_problem_weeks"]
    open_ = inputs(now, names, done.guideline, done.events.frame)
    return [(said, sets["balance_problem_weeks"]) for one in open_ for said, sets in one.answers.items()]


def test_a_month_is_in_doubt_near_a_threshold_and_a_day_is_not() -> None:
    assert [said for said, _ in weeks("month", 12)] == ["below 8 weeks", "above 8 weeks"]
    assert weeks("day", 12) == []
    assert weeks("month", 3) == []


def test_bands_within_reach() -> None:
    b12 = Scale((133.0, 258.0), (180.0, 350.0), "ng/L")
    assert [(band[0], value) for band, value in within(b12, (120.0, 140.0))] == [
        ("below 180 ng/L", 126.5),
        ("above 180 ng/L", 136.5),
    ]
    assert [band[0] for band, _ in within(b12, (120.0, 300.0))] == [
        "below 180 ng/L",
        "180 to 350 ng/L",
        "above 350 ng/L",
    ]
    assert within(b12, (140.0, 200.0)) == []
    assert len(within(b12, None)) == 3


def test_every_finding_has_a_cost_and_every_assay_is_a_test_of_the_catalogue() -> None:
    assert {cost_of(finding) for finding in catalogue().values()} <= {*COSTS}
    measured = {one for finding in catalogue().values() for one in finding.concepts if finding.kind == "measurement"}
    assert set(assays()) <= measured


def test_the_answer_and_its_reasons_say_it() -> None:
    done = assess(read_sheet(grey(250), on=ON).events, on=ON)
    said = answer(done)
    assert said["would_not_change"][0] == "total_b12"
    assert {name for one in said["would_change"] for name in one["then"]} == {"urgency", "route", "status", "causes"}
    note = text(said, reasons=True)
    assert "would not change it: total B12" in note
    assert "would change: B12 status deficient if active B12 below 25 pmol/L; MMA above 2000 nmol/L; or MMA 400" in note


def test_nobody_known_is_no_error() -> None:
    row = {"patient_id": "p", "concept": "person_female", "time": None, "precision": "undated", "source": "x"}
    done = assess(Events.of([row]), on=ON)
    assert would_change(done.findings, done.guideline, pl.DataFrame(done.events.frame)).changes
