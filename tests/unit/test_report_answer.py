"""The answer is read off the trace: fields, evidence, what rests on silence, what is not known."""

from __future__ import annotations

import json
from datetime import date

import pytest

from cobalamin.errors import CobalaminError
from cobalamin.records.ledger import Ledger
from cobalamin.report.answer import answer, answers
from tests.unit.report_sample import assessed, event, injection, result

LOW = result("lab_b12_total", 128.0, "pmol/L")
FIELDS = {
    "patient_id", "on", "guidance", "scope", "testing", "status", "status_basis", "suspicion", "causes",
    "other_explanations", "other_explanations_detail", "urgency", "route", "route_strength", "response",
    "response_checklist",
    "treatment_history", "doses", "plan", "alerts", "stewardship", "missing", "would_change",
    "would_not_change", "reasons", "findings",
    "taken_as_absent", "ledger", "silent",
}  # fmt: skip


def reasons_of(found, table):
    return [one for one in found["reasons"] if one["table"] == table]


def test_answer_has_every_field_and_is_json():
    found = answer(assessed(LOW, event("sym_paraesthesia", -90)))
    assert set(found) == FIELDS
    assert json.loads(json.dumps(found))["on"] == "2026-01-15"


def test_status_basis_names_result_threshold_and_clause():
    basis = answer(assessed(LOW))["status_basis"]
    assert basis["event"]["value"] == 128 and basis["event"]["unit"] == "pmol/L"
    assert basis["against"] == "below 133 pmol/L" and basis["clause"] == "Sample table 1"
    assert basis["date"] == "2026-01-05" and basis["before_treatment"] is True


def test_threshold_is_said_in_the_unit_of_the_result():
    ng = result("lab_b12_total", 210 * 0.7378, "ng/L")
    basis = answer(assessed(ng))["status_basis"]
    assert basis["event"]["value"] == 210
    assert basis["against"] == "180 to 350 ng/L"


def test_reason_points_to_the_entry_that_decided():
    found = answer(assessed(LOW, event("sym_paraesthesia", -90), event("sym_numbness", None, present=False)))
    assert reasons_of(found, "urgency")[0]["evidence"] == ["sheet:sym_paraesthesia"]
    assert reasons_of(found, "status")[0]["evidence"] == ["sheet:lab_b12_total"]


def test_reason_through_an_earlier_outcome_finds_its_evidence():
    found = answer(assessed(LOW, event("sym_paraesthesia", -90)))
    assert reasons_of(found, "regimen")[0]["evidence"] == ["sheet:sym_paraesthesia"]
    assert reasons_of(found, "regimens")[0]["clause"] == "Sample formulary"


def test_recalled_rule_says_check_the_source():
    nothing = [event("sym_paraesthesia", None, present=False), event("sym_numbness", None, present=False)]
    found = answer(assessed(LOW, event("diet_vegan", None), *nothing))
    assert found["route"] == "tablets"
    assert "(check the source)" in reasons_of(found, "route")[0]["says"]


def test_undecided_route_says_which_open_rule_holds_it():
    found = answer(assessed(LOW, event("diet_vegan", None)))
    assert found["route"] == "undecided"
    assert reasons_of(found, "route")[0]["says"].startswith("Not known, and it would decide")
    changes = {one["finding"]: one["would_change"] for one in found["missing"]}
    routes = {change["if"]: change["then"].get("route") for change in changes["paraesthesia"]}
    assert routes["yes"] == "injection"


def test_what_rests_on_silence_is_listed_and_is_no_finding():
    found = answer(assessed(LOW, event("covers_symptoms", 0)))
    assert "numbness" in found["taken_as_absent"]
    assert "numbness" not in {one["name"] for one in found["findings"]}


def test_recorded_negative_is_a_finding_with_its_entry():
    found = answer(assessed(LOW, event("diet_vegan", None, present=False)))
    vegan = next(one for one in found["findings"] if one["name"] == "vegan")
    assert vegan["value"] is False and vegan["evidence"] == ["sheet:diet_vegan"]


def test_causes_come_strongest_first_with_whether_they_last():
    antibody = event("lab_if_antibody", -10, until=LOW["until"], flag="positive")
    found = answer(assessed(LOW, event("diet_vegan", None), antibody))
    assert [one["cause"] for one in found["causes"]] == ["autoimmune_gastritis", "dietary"]
    assert [one["reversible"] for one in found["causes"]] == [False, True]


def test_missing_table_is_said_to_be_silent():
    found = answer(assessed(LOW))
    assert found["suspicion"] == "guideline is silent"
    assert "response" in found["silent"] and "status" not in found["silent"]


def test_treatment_history_shows_what_was_known_before_the_first_dose():
    found = answer(assessed(result("lab_b12_total", 100.0, "pmol/L", -420), injection(-400), injection(-310)))
    history = found["treatment_history"]
    assert history["first_dose"] == "2024-12-11" and history["evidence"] == ["doses:-400"]
    assert history["results_before"][0]["value"] == 100
    assert [dose["judged"] for dose in found["doses"]] == ["on_time", "on_time"]
    assert history["record_begins"] == "2024-11-21"


def test_censored_result_keeps_its_sign():
    found = answer(assessed(result("lab_b12_total", 30.0, "pmol/L", comparator="<")))
    low = next(one for one in found["findings"] if one["name"] == "b12_before_treatment")
    assert low["value"] == "<30"


@pytest.mark.parametrize(("on", "past"), [(date(2026, 12, 31), False), (date(2027, 2, 1), True)])
def test_banner_appears_after_the_review_date(on, past):
    assert bool(answer(assessed(LOW, on=on))["guidance"]["banner"]) is past


def test_ledger_is_shown_whole():
    ledger = Ledger()
    ledger.use(3)
    ledger.put_aside("odd word", "not understood", "sheet.yaml")
    shown = answer(assessed(LOW), ledger=ledger)["ledger"]
    assert shown["items"] == 4 and shown["set_aside"][0]["item"] == "odd word"


def test_unknown_person_is_refused_with_those_known():
    with pytest.raises(CobalaminError, match=r"No person 'x'.*Known: p1"):
        answer(assessed(LOW), "x")


def test_answers_gives_one_answer_a_person():
    assert [one["patient_id"] for one in answers(assessed(LOW), missing=None)] == ["p1"]
