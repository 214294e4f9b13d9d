"""`cobalamin assess --format json`: every field, its shape and the values it may take."""

from __future__ import annotations

import json
import re
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter
from typer.testing import CliRunner

from cobalamin.cli.main import app
from cobalamin.cli.output import safe
from cobalamin.vocabulary.catalogue import catalogue

EXAMPLE = Path(__file__).parents[2] / "examples" / "worked_patient.yaml"
SHEETS = {
    "worked": EXAMPLE.read_text(encoding="utf-8"),
    "nothing but an age": "on: 2026-01-15\npatient: {age: 40}\n",
    "child": "on: 2026-01-15\npatient: {age: 9}\nlabs: [{name: B12, value: 90, unit: ng/L, day: -2}]\n",
    "treated": (
        "on: 2026-01-15\npatient: {id: t, born: 1950-03-02, sex: male}\nhistory: {surgery: [total gastrectomy]}\n"
        "labs: [{name: Vitamin B12, value: '<80', unit: ng/L, day: -500}, {name: purple, value: 3}]\n"
        "treatment_so_far: [{drug: hydroxocobalamin, route: im, dose: 1 mg, schedule: every 3 months, start_day: -400,"
        " given: [-400, -200, -20]}]\nresponse: improved\n"
    ),
    "emergency": (
        "on: 2026-01-15\npatient: {age: 70, sex: female}\nsymptoms: [cannot walk, numb legs, new urinary retention]\n"
        "history: {nitrous_oxide: daily balloons, diet: vegan}\nlabs: [{name: Hb, value: 52, unit: g/L, day: -1}]\n"
    ),
}
Day = date
Evidence = list[str]
Severity = Literal["critical", "warning", "info"]
Grade = Literal["confirmed", "probable", "possible"]
Certainty = Literal["seen", "recalled", "ours"]
Causes = Literal[
    "autoimmune_gastritis", "gastrectomy", "bariatric_surgery", "ileal_disease_or_resection",
    "coeliac_or_other_malabsorption", "pancreatic_insufficiency", "bacterial_overgrowth_or_tapeworm", "dietary",
    "medicine", "nitrous_oxide", "inborn_error", "unknown",
]  # fmt: skip


class Strict(BaseModel):
    """No field more, no field less, no value turned into another."""

    model_config = ConfigDict(extra="forbid")


class Guidance(Strict):
    id: str
    version: str
    sha256: str
    title: str
    overrides: list[str]
    banner: str | None


class Advised(Strict):
    advice: Literal["offer", "consider", "clinical_judgement", "not_indicated", "do_not_repeat", "done", "undecided"]
    tests: list[str]
    when: dict[str, Literal["now", "before_first_dose", "if_available"]]


class BasisEvent(Strict):
    name: str
    value: float | str | bool | None
    unit: str
    comparator: str
    evidence: Evidence


class StatusBasis(Strict):
    event: BasisEvent
    date: Day | None
    before_treatment: bool
    against: str
    clause: str


class Cause(Strict):
    cause: Causes
    certainty: Grade
    reversible: bool | None


class Scope(BaseModel):
    model_config = ConfigDict(extra="allow")
    why: str


class OtherExplanation(Strict):
    explanation: str
    certainty: Grade


class Check(Strict):
    check: str
    says: str


class Finding(Strict):
    name: str
    value: bool | float | str | None
    unit: str
    date: Day | None
    evidence: Evidence


class History(Strict):
    treated: bool | None
    first_dose: Day | None
    evidence: Evidence
    results_before: list[Finding]
    on_injections: bool | None
    on_tablets: bool | None
    last_injection: Day | None
    next_injection_due: Day | None
    interval_days: float | None
    record_begins: Day | None


class Dose(BaseModel):
    date: Day
    product: str
    judged: Literal["first", "early", "on_time", "late", "course_broken"] | None


class PlanItem(BaseModel):
    kind: Literal["dose", "test", "review", "referral", "advice", "stop"]
    what: str
    product: str | None
    dose: float | None
    dose_unit: str | None
    route: str | None
    earliest: Day | None
    due: Day | None
    overdue: Day | None
    every_days: float | None
    until: str | None
    count: int | None
    says: str
    rule: str


class Alert(Strict):
    id: str
    severity: Severity
    says: str
    rule: str


class Question(Strict):
    finding: str
    ask: str
    would_change: list[dict[Literal["if", "then"], Any]]


class Part(Strict):
    finding: str
    ask: str
    is_: str = Field(alias="is")
    cost: Literal["ask", "examine", "blood", "special", "endoscopy", "cannot"]
    why: Literal["not asked", "not done", "not on record", "within its error", "date in doubt"]


class Change(Strict):
    if_: list[Part] = Field(alias="if")
    then: dict[Literal["urgency", "route", "status", "causes"], Any]


class Reason(Strict):
    table: str
    rule: str
    says: str
    clause: str
    certainty: Certainty
    evidence: Evidence


class SetAside(Strict):
    item: str
    reason: str
    source: str


class LedgerRows(Strict):
    items: int
    used: int
    not_relevant: dict[str, int]
    set_aside: list[SetAside]
    set_aside_counts: dict[str, int]
    notes: dict[str, int]


class Answer(Strict):
    patient_id: str
    on: Day
    guidance: Guidance
    scope: Scope
    testing: Advised
    status: Literal["deficient", "indeterminate", "unlikely", "not_established"]
    status_basis: StatusBasis | None
    suspicion: Literal["high", "moderate", "low", "undecided"]
    causes: list[Cause]
    other_explanations: list[str]
    other_explanations_detail: list[OtherExplanation]
    urgency: Literal["emergency", "urgent", "routine", "none"]
    route: Literal["injection", "tablets", "either", "none", "undecided"]
    route_strength: Literal["offer", "consider", ""]
    response: Literal["not_on_treatment", "too_early", "responding", "resolved", "not_responding", "not_assessed"]
    response_checklist: list[Check]
    treatment_history: History
    doses: list[Dose]
    plan: list[PlanItem]
    alerts: list[Alert]
    stewardship: list[str]
    missing: list[Question]
    would_change: list[Change]
    would_not_change: list[Literal["total_b12", "active_b12", "mma", "homocysteine", "folate", "fbc"]]
    reasons: list[Reason]
    findings: list[Finding]
    taken_as_absent: list[str]
    ledger: LedgerRows
    silent: list[str]


@cache
def run(sheet: str, *options: str) -> str:
    result = CliRunner().invoke(app, ["assess", "-", *options], input=SHEETS[sheet])
    assert result.exit_code == 0, result.output
    return result.stdout


def found(sheet: str) -> dict[str, Any]:
    return json.loads(run(sheet, "--format", "json"))


@pytest.mark.parametrize("sheet", SHEETS)
def test_every_field_has_its_shape_and_one_of_its_values(sheet: str) -> None:
    answer = found(sheet)
    TypeAdapter(Answer).validate_python(answer)
    assert isinstance(answer["scope"]["in"], bool)


@pytest.mark.parametrize("sheet", SHEETS)
def test_names_in_the_answer_are_names_of_the_catalogue_and_of_each_other(sheet: str) -> None:
    answer = found(sheet)
    assert {one["name"] for one in answer["findings"]} <= set(catalogue())
    assert set(answer["taken_as_absent"]) <= set(catalogue())
    assert set(answer["testing"]["tests"]) == set(answer["testing"]["when"])
    assert answer["other_explanations"] == [one["explanation"] for one in answer["other_explanations_detail"]]


@pytest.mark.parametrize("sheet", SHEETS)
def test_the_ledger_in_the_answer_adds_up(sheet: str) -> None:
    ledger = found(sheet)["ledger"]
    accounted = ledger["used"] + sum(ledger["not_relevant"].values()) + sum(ledger["set_aside_counts"].values())
    assert accounted == ledger["items"]


def test_a_child_gets_no_route_and_no_plan_of_doses() -> None:
    answer = found("child")
    assert answer["scope"]["in"] is False and answer["route"] == "undecided"
    assert not [item for item in answer["plan"] if item["kind"] == "dose"]


@pytest.mark.parametrize("sheet", SHEETS)
def test_the_same_sheet_gives_the_same_bytes(sheet: str) -> None:
    again = CliRunner().invoke(app, ["assess", "-", "--format", "json"], input=SHEETS[sheet])
    assert again.stdout == run(sheet, "--format", "json")


@pytest.mark.parametrize("sheet", SHEETS)
def test_the_note_is_twelve_lines_at_most_and_ends_with_what_was_set_aside(sheet: str) -> None:
    lines = run(sheet).rstrip("\n").split("\n")
    aside = sum(found(sheet)["ledger"]["set_aside_counts"].values())
    assert len(lines) <= 12
    assert bool(re.fullmatch(r"Set aside: \d+ items? \(--reasons shows (them|it)\)", lines[-1])) == bool(aside)
    assert not aside or lines[-1].startswith(f"Set aside: {aside} item")


@pytest.mark.parametrize("sheet", SHEETS)
def test_reasons_follow_the_note_one_a_line_each_with_its_source(sheet: str) -> None:
    said = run(sheet, "--reasons").rstrip("\n").split("\n")
    assert said[: said.index("")] == run(sheet).rstrip("\n").split("\n")
    reasons = [line for line in said[said.index("Reasons") + 1 :] if re.match(r"  [a-z ]+: .*\[", line)]
    expected = [safe(f"{one['table'].replace('_', ' ')}: {one['says']} [") for one in found(sheet)["reasons"]]
    assert len(reasons) == len(expected)
    assert all(line.strip().startswith(start) for line, start in zip(reasons, expected, strict=True))
    assert any(line.startswith("Record: ") for line in said)
