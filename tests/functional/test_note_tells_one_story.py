"""Headline, danger, what to do today and what to give must not contradict each other."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from cobalamin.assess import assess
from cobalamin.guidance import available, load
from cobalamin.records.sheet import read_sheet
from cobalamin.report.answer import answer
from cobalamin.report.phrases import alerts, headline
from cobalamin.report.text import text
from cobalamin.report.words import group
from tests.spec.case_file import cases

ON = date(2026, 1, 15)
LOW = {"name": "Vitamin B12", "value": 110, "unit": "ng/L", "day": -3}
BETWEEN = {"name": "Vitamin B12", "value": 240, "unit": "ng/L", "day": -3}


def answered(**sheet: Any) -> dict[str, Any]:
    intake = read_sheet({"on": ON.isoformat(), **sheet}, on=ON)
    return answer(assess(intake.events, on=ON), ledger=intake.ledger)


def line(found: dict[str, Any], label: str) -> str:
    """The lines under a label of the note, as one."""
    lines, inside = [], False
    for one in text(found).splitlines():
        inside = one.startswith(label) or (inside and one.startswith(" "))
        lines += [one.strip()] if inside else []
    return " ".join(lines)


@pytest.mark.parametrize("guideline", sorted(available()))
def test_every_urgent_rule_has_its_words_in_the_headline(guideline: str) -> None:
    rules = load(guideline).tables["urgency"].rules
    urgent = {rule.id for rule in rules if rule.then["urgency"] in ("urgent", "emergency")}
    assert urgent <= set(group("urgent_for"))


def test_no_headline_of_a_case_is_cut() -> None:
    for case in cases():
        intake = read_sheet(case.sheet, on=ON)
        said = headline(answer(assess(intake.events, case.guidance, on=intake.on)))
        assert "…" not in said and len(said) <= 110, f"{case.name}: {said}"


def test_borderline_b12_with_symptoms_while_breastfeeding_is_urgent_in_headline_dose_and_danger() -> None:
    found = answered(
        patient={"age": 29, "sex": "female", "breastfeeding": True}, symptoms=["tired", "sore tongue"], labs=[BETWEEN]
    )
    assert headline(found) == (
        "URGENT: borderline B12 while pregnant or breastfeeding. Start injections now; do not wait for results."
    )
    assert "the same day" in line(found, "Danger")
    assert "15 Jan" in line(found, "Give")


def test_marrow_and_neutrophils_stand_before_the_needle_among_the_dangers() -> None:
    found = answered(
        patient={"age": 66, "sex": "female"},
        symptoms=["fever"],
        labs=[
            {"name": "Platelets", "value": 20, "unit": "10*9/L", "day": -1},
            {"name": "Neutrophils", "value": 0.4, "unit": "10*9/L", "day": -1},
            {"name": "Blood film", "value": "blasts", "day": -1},
        ],
    )
    order = [one["id"] for one in alerts(found) if one["severity"] == "critical"]
    assert order == ["neutrophils_very_low", "marrow", "no_im_without_advice"]


def test_cyanocobalamin_with_lebers_in_the_family_is_changed_and_not_kept() -> None:
    found = answered(
        patient={"age": 35, "sex": "male"},
        history={"diet": "vegan", "family_history": ["uncle has Leber hereditary optic neuropathy"]},
        treatment_so_far=[{"drug": "cyanocobalamin", "route": "oral", "dose": "50 ug", "start_day": -300}],
    )
    assert headline(found) == "URGENT: cyanocobalamin with optic disease. Change to injections now."
    assert "no cyanocobalamin" in line(found, "Today")


def test_tablets_that_may_stop_are_not_called_to_continue() -> None:
    found = answered(
        patient={"age": 33, "sex": "female", "pregnant": False},
        history={"diet": "former vegan now eats meat", "conditions": "none", "surgery": "none", "medicines": "none"},
        symptoms=["no tingling", "no numbness"],
        signs=["normal neurological examination"],
        response="resolved",
        labs=[{**LOW, "day": -200}],
        treatment_so_far=[{"drug": "cyanocobalamin", "route": "oral", "dose": "50 ug", "start_day": -190}],
    )
    assert headline(found).endswith("Tablets may stop.")
    assert "B12 tablets may stop" in line(found, "Today")
    assert line(found, "Give").startswith("Give     if they go on: ")


def test_review_due_today_is_in_the_note() -> None:
    found = answered(
        patient={"age": 33, "sex": "female", "pregnant": False},
        history={"diet": "former vegan now eats meat"},
        symptoms=["no tingling", "no numbness"],
        response="partly resolved",
        labs=[{**LOW, "day": -200}],
        treatment_so_far=[{"drug": "cyanocobalamin", "route": "oral", "dose": "50 ug", "start_day": -190}],
    )
    assert "then tablets may stop" in line(found, "Today")


def test_what_was_given_in_words_is_not_listed_as_not_known() -> None:
    words = [{"name": name, "value": "normal", "day": -3} for name in ("Hb", "MCV", "Platelets", "Folate")]
    found = answered(patient={"age": 60, "sex": "male"}, symptoms=["tired"], labs=[LOW, *words])
    for name in ("Hb", "MCV", "platelets", "folate", "sex"):
        assert name not in line(found, "Not known").replace(".", "").split(", ")


def test_no_test_waits_for_a_dose_that_is_not_coming() -> None:
    found = answered(
        patient={"age": 49, "sex": "male"},
        history={"alcohol": "bottle of vodka a day", "diet": "mixed", "nitrous_oxide": False},
        symptoms=["tired", "no tingling"],
        labs=[{**LOW, "value": 700}, {"name": "MCV", "value": 108, "unit": "fL", "day": -2}],
    )
    assert found["route"] == "none"
    assert "dose 1" not in line(found, "Bloods")


def test_verdict_on_a_recalled_threshold_says_to_check_its_source() -> None:
    intake = read_sheet({"patient": {"age": 62, "sex": "male"}, "labs": [{**LOW, "value": 300}]}, on=ON)
    found = answer(assess(intake.events, "aafp_2017", on=ON))
    assert found["reasons"] and "(check the source)" in line(found, "Verdict")
