"""H10: automation bias, out-of-date guidance, use out of scope."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from cobalamin.assess import assess
from cobalamin.decision import decide
from cobalamin.guidance import Guideline, Rule, Table
from cobalamin.guidance.load import available, load
from cobalamin.records.sheet import read_sheet
from cobalamin.report.answer import CHECK_THE_SOURCE, answer
from cobalamin.report.html import html
from cobalamin.report.text import text
from tests.safety.people import ON, assessed, crowd, default, told, vignettes

GUIDELINES = [name for name in available() if name != "common"]
RELAXING = {"status": {"unlikely"}, "route": {"tablets", "none"}, "urgency": {"none"}}
SHEET: dict[str, Any] = {
    "patient": {"age": 67, "sex": "female"},
    "history": {"medicines": [{"name": "metformin", "since_years": 6}]},
    "symptoms": ["tingling in feet"],
    "labs": [
        {"name": "Vitamin B12", "value": 128, "unit": "pmol/L", "day": -10},
        {"name": "Haemoglobin", "value": 101, "unit": "g/L", "day": -10},
        {"name": "Platelets", "value": 90, "unit": "10*9/L", "day": -10},
        {"name": "MCV", "value": 118, "unit": "fL", "day": -10},
    ],
}


def relaxing(guideline: Guideline) -> Iterator[tuple[Table, Rule]]:
    """Rows that say unlikely, tablets or none, or that stop B12."""
    for table in guideline.tables.values():
        for rule in table.rules:
            outcome = next(iter(rule.then.values()))
            stops = any(item.kind == "stop" and "B12" in item.what for item in rule.plan)
            if outcome in RELAXING.get(table.name, ()) or stops:
                yield table, rule


def test_no_row_of_the_default_that_is_only_recalled_relaxes() -> None:
    rows = list(relaxing(default()))
    assert len(rows) > 10
    assert [f"{table.name}.{rule.id}" for table, rule in rows if rule.source.certainty == "recalled"] == []


@pytest.mark.parametrize("name", GUIDELINES)
@pytest.mark.parametrize("value", [190, 300, 380, 420, 600])
def test_a_recalled_row_that_relaxes_under_another_guideline_says_check(name: str, value: int) -> None:
    sheet = {
        "patient": {"age": 50, "sex": "male"},
        "symptoms": ["fatigue"],
        "signs": "none",
        "labs": [{"name": "Vitamin B12", "value": value, "unit": "ng/L", "day": -3}],
    }
    found = assess(read_sheet(sheet, on=ON).events, name, on=ON)
    said = answer(found, missing=None)
    trace = found.trace.row(0, named=True)
    for table, rule in relaxing(found.guideline):
        if rule.source.certainty == "recalled" and trace.get(f"table.{table.name}") == rule.id:
            reason = next(one for one in said["reasons"] if (one["table"], one["rule"]) == (table.name, rule.id))
            assert CHECK_THE_SOURCE in reason["says"]
            assert CHECK_THE_SOURCE in text(said, reasons=True), f"{name}: {rule.id}"


def test_such_a_row_would_be_caught() -> None:
    """The control broken: a row that relaxes, its source only remembered."""
    table = default().tables["route"]
    rows = tuple(replace(one, source=replace(one.source, certainty="recalled")) for one in table.rules)
    broken = replace(default(), tables=default().tables | {"route": replace(table, rules=rows)})
    assert any(rule.source.certainty == "recalled" for _, rule in relaxing(broken))


def test_whatever_is_only_recalled_says_check_in_the_answer() -> None:
    found = told(SHEET)
    recalled = [one for one in found["reasons"] if one["certainty"] == "recalled"]
    assert recalled
    assert [one["rule"] for one in recalled if CHECK_THE_SOURCE not in one["says"]] == []
    certainty = {rule.id: rule.source.certainty for rule in default().tables["alerts"].rules}
    alerts = [one for one in found["alerts"] if certainty[one["rule"].partition(".")[2]] == "recalled"]
    assert alerts
    assert all(CHECK_THE_SOURCE in one["says"] for one in alerts)


def test_every_reason_shows_rule_clause_certainty_and_what_it_rests_on() -> None:
    found = told(SHEET)
    for one in found["reasons"]:
        assert one["rule"] and one["clause"] and one["certainty"] in ("seen", "recalled", "ours"), one
    status = next(one for one in found["reasons"] if one["table"] == "status")
    assert status["evidence"] == ["labs[0]"]
    assert found["status_basis"]["event"]["evidence"] == ["labs[0]"]


def test_every_verdict_in_a_crowd_has_the_row_that_gave_it() -> None:
    found = assessed(crowd(60, 1010) | vignettes())
    for number in range(0, found.findings.height, 9):
        person = found.findings["patient_id"][number]
        said = answer(found, person, missing=None)
        tables = {reason["table"] for reason in said["reasons"]}
        assert {"status", "route", "urgency"} <= tables or not said["scope"]["in"], person


@pytest.mark.parametrize("name", GUIDELINES)
@pytest.mark.parametrize("days", [0, 1])
def test_past_its_review_date_a_guideline_carries_a_banner_in_every_form(name: str, days: int) -> None:
    due = date.fromisoformat(str(load(name).about["review_by"]))
    day = due + timedelta(days=days)
    intake = read_sheet(SHEET, on=day)
    found = assess(intake.events, name, on=day)
    said = answer(found, ledger=intake.ledger, missing=None)
    banner = said["guidance"]["banner"]
    if days <= 0:
        assert banner is None or "superseded" in banner
        return
    assert due.isoformat() in banner
    assert due.isoformat() in html(said, found)
    assert "review" in text(said).lower()


def test_the_words_say_that_they_support_and_do_not_prescribe() -> None:
    said = told(SHEET)
    assert "does not prescribe" in text(said)


@pytest.mark.parametrize("age", [0, 1, 5, 15])
def test_under_16_is_refused_with_the_reason(age: int) -> None:
    sheet = SHEET | {"patient": {"age": age, "sex": "female"}}
    found = told(sheet)
    assert found["scope"]["in"] is False and "16" in found["scope"]["why"]
    assert not any(item["kind"] == "dose" and item["product"] for item in found["plan"])


def test_an_answer_is_the_same_whenever_it_is_asked_for() -> None:
    """No clock and no chance: what is shown today can be shown again."""
    found = assessed(crowd(60, 1010))
    assert decide(found.findings, default()).equals(found.trace)
    assert assessed(crowd(60, 1010)).plan.equals(found.plan)
