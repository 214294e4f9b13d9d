"""What would change an answer: smallest changes first, doubt near thresholds, tests that would not help."""

from __future__ import annotations

import time
from datetime import date, datetime
from typing import Any

import polars as pl
import pytest

from cobalamin.assess import assess
from cobalamin.decision.doubt import assays
from cobalamin.decision.inputs import COSTS, cost_of, inputs, within
from cobalamin.decision.variation import WouldChange, would_change
from cobalamin.events import Events
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


def test_pairs_only_for_fields_that_nothing_alters_alone() -> None:
    for ng_l in (60, 100, 150, 230, 300, 500):
        told = found(grey(ng_l))
        alone = {name for one in told.changes if len(one.parts) == 1 for name in one.then}
        assert not any(alone & set(one.then) for one in told.changes if len(one.parts) == 2)
        assert all(one.parts[0].finding != one.parts[1].finding for one in told.changes if len(one.parts) == 2)


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
    assert within([133.0, 258.0], "pmol/L", (120.0, 140.0)) == [
        ("below 133 pmol/L", 126.5),
        ("133 to 258 pmol/L", 136.5),
    ]
    assert within([133.0, 258.0], "pmol/L", (140.0, 200.0)) == []
    assert len(within([133.0, 258.0], "pmol/L", None)) == 3


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
    assert "Would not change it: total B12" in note and "would change: MMA" in note


def test_one_patient_takes_a_tenth_of_a_second_at_most() -> None:
    done = assess(read_sheet(grey(100), on=ON).events, on=ON)
    would_change(done.findings, done.guideline, done.events.frame)
    taken = []
    for _ in range(5):
        start = time.process_time()
        would_change(done.findings, done.guideline, done.events.frame)
        taken.append(time.process_time() - start)
    assert min(taken) < 0.1


def test_nobody_known_is_no_error() -> None:
    row = {"patient_id": "p", "concept": "person_female", "time": None, "precision": "undated", "source": "x"}
    done = assess(Events.of([row]), on=ON)
    assert would_change(done.findings, done.guideline, pl.DataFrame(done.events.frame)).changes
