"""Everyday and case-report words in a sheet: what they make present, what they deny, what they leave open."""

from __future__ import annotations

from typing import Any

import pytest

from cobalamin.records.sheet import SheetIntake, read_sheet

HISTORY = ("conditions", "surgery", "medicines", "supplements", "diet", "alcohol", "nitrous_oxide", "family_history")
KEPT_OUT = ("covers_", "person_")


def read(heading: str, words: str) -> SheetIntake:
    listed: dict[str, Any] = {heading: words if heading in ("diet", "alcohol") else [words]}
    sheet = {"history": listed} if heading in HISTORY else listed
    return read_sheet({"on": "2026-01-15", "patient": {"age": 50}, **sheet})


def said(heading: str, words: str) -> set[str]:
    """Concepts that the words make present; a denied one with a minus."""
    rows = read(heading, words).events.frame.select("concept", "present").rows()
    return {("" if present else "-") + str(name) for name, present in rows if not str(name).startswith(KEPT_OUT)}


@pytest.mark.parametrize("heading", ["medicines", "supplements"])
@pytest.mark.parametrize(
    "words",
    ["Vitamin D", "vitamin D3", "vit D 1000 IU", "Vitamin E", "vitamin C", "vitamin C 500 mg", "Vitamin C 1 g",
     "vitamin A", "vitamin K", "vitamin B1", "vitamin D and calcium", "Adcal D3"],
)  # fmt: skip
def test_a_single_vitamin_other_than_b12_is_not_relevant(heading: str, words: str) -> None:
    assert said(heading, words) == set()
    assert read(heading, words).ledger.set_aside.total() == 0


@pytest.mark.parametrize("words", ["vitamin C 2 g daily", "vitamin C 1000 mg twice a day", "ascorbic acid 3 g/day"])
def test_two_grams_of_vitamin_c_a_day_are_a_high_dose(words: str) -> None:
    assert said("supplements", words) == {"drug_vitamin_c_high"}


DOUBTFUL = [
    ("conditions", "rule out pernicious anemia"),
    ("conditions", "r/o celiac disease"),
    ("conditions", "to exclude coeliac disease"),
    ("conditions", "coeliac disease not excluded"),
    ("conditions", "possible coeliac, Crohn's or lymphoma"),
    ("surgery", "awaiting gastric bypass"),
    ("surgery", "patient declined gastrectomy"),
    ("medicines", "may start metformin"),
    ("symptoms", "? weakness in legs"),
    ("signs", "? reduced vibration sense"),
    ("family_history", "possible PA in grandmother"),
]


SUSPICION = {"cond_autoimmune_gastritis_suspected"}


@pytest.mark.parametrize("words", ["?pernicious anaemia", "suspected pernicious anaemia", "likely pernicious anaemia"])
def test_suspected_pernicious_anaemia_stands_as_a_suspicion_and_stays_named(words: str) -> None:
    assert said("conditions", words) == SUSPICION
    assert read("conditions", words).ledger.set_aside.total() == 1


@pytest.mark.parametrize("words", ["pernicious anaemia unlikely", "screened for pernicious anaemia"])
def test_doubt_that_leans_towards_no_is_no_suspicion_of_pernicious_anaemia(words: str) -> None:
    assert said("conditions", words) == set()


@pytest.mark.parametrize("heading, words", DOUBTFUL)
def test_what_is_suspected_or_planned_is_neither_yes_nor_no_and_is_named(heading: str, words: str) -> None:
    assert said(heading, words) == set()
    assert read(heading, words).ledger.set_aside.total() >= 1


def test_a_doubtful_complaint_keeps_silence_from_meaning_no() -> None:
    sheet = {"on": "2026-01-15", "symptoms": ["fatigue", "? weakness in legs"]}
    assert "covers_symptoms" not in read_sheet(sheet).events.frame["concept"].cast(str).to_list()


@pytest.mark.parametrize(
    "heading, words",
    [("conditions", "dad diabetic"), ("conditions", "FHx pernicious anaemia"), ("conditions", "mum has PA"),
     ("symptoms", "mother had numbness"), ("medicines", "sister on B12 injections"), ("diet", "partner is vegan"),
     ("medicines", "wife takes B12")],
)  # fmt: skip
def test_what_is_told_of_someone_else_is_never_the_persons(heading: str, words: str) -> None:
    assert all(name.startswith("family_") for name in said(heading, words))


def test_one_entry_may_tell_of_two_people() -> None:
    assert said("conditions", "hypothyroidism; mother had pernicious anaemia") == {
        "cond_hypothyroidism",
        "family_b12_deficiency",
    }


READ_AS = [
    ("conditions", "MS ruled out", {"-cond_multiple_sclerosis"}),
    ("conditions", "coeliac screen negative", {"lab_ttg_any"}),
    ("conditions", "no history of pernicious anaemia", {"-cond_pernicious_anaemia"}),
    ("conditions", "not known to have Crohn's", {"-cond_crohn_any"}),
    ("conditions", "resolved iron deficiency", {"-cond_iron_deficiency"}),
    ("conditions", "previous B12 deficiency, resolved", {"cond_b12_deficiency"}),
    ("conditions", "B12 deficiency ?pernicious anaemia", {"cond_b12_deficiency", *SUSPICION}),
    ("conditions", "neuropathy ?cause", {"cond_peripheral_neuropathy"}),
    ("conditions", "B12 def", {"cond_b12_deficiency"}),
    ("family_history", "no family history of pernicious anaemia", {"-family_b12_deficiency"}),
    ("nitrous_oxide", "no recreational use", {"-exposure_nitrous_oxide_recreational"}),
    ("nitrous_oxide", "denies", {"-exposure_nitrous_oxide_recreational"}),
    ("alcohol", "doesn't drink", {"-exposure_alcohol", "-exposure_alcohol_high"}),
    ("alcohol", "no excess", {"-exposure_alcohol_high"}),
    ("medicines", "multivitamins without B12", {"-tx_multivitamin_b12"}),
    ("symptoms", "numbness resolved", {"-sym_numbness"}),
    ("symptoms", "numbness resolved but tingling persists", {"-sym_numbness", "sym_paraesthesia"}),
    ("symptoms", "numbness partially resolved", {"sym_numbness"}),
    ("symptoms", "daughter has noticed confusion", {"sym_confusion"}),
    ("symptoms", "saddle numbness", {"sym_numbness", "sym_bladder_bowel_change"}),
    ("signs", "Romberg -ve", {"-sign_romberg"}),
    ("signs", "Romberg (-)", {"-sign_romberg"}),
    ("signs", "Romberg +ve", {"sign_romberg"}),
    ("signs", "Romberg not positive", {"-sign_romberg"}),
    ("signs", "plantars not extensor", {"-sign_extensor_plantar"}),
    ("signs", "vibration and JPS reduced to ankles", {"sign_reduced_vibration", "sign_reduced_position"}),
    ("preferences", "wants to stop injections", {"-pref_injections"}),
    ("preferences", "can't swallow tablets", {"cond_swallowing_difficulty"}),
    ("preferences", "forgetful with tablets", {"pref_adherence_poor"}),
    ("response", "tingling gone", {"-sym_paraesthesia", "trend_resolved"}),
    ("response", "initially better then worse", {"trend_worse"}),
    ("response", "not resolved", {"trend_insufficient"}),
    ("response", "not yet resolved", {"-trend_resolved"}),
    ("response", "partly resolved", {"trend_improved", "-trend_resolved"}),
    ("response", "almost back to normal", {"trend_improved", "-trend_resolved"}),
    ("response", "hardly improved", {"trend_insufficient"}),
    ("response", "hasn't improved", {"-trend_improved"}),
    ("response", "unresolved", {"trend_insufficient"}),
    ("symptoms", "hair falling out", set()),
    ("symptoms", "falls asleep in the chair", set()),
    ("symptoms", "can't pass water", {"sym_bladder_bowel_change"}),
    ("symptoms", "wets himself", {"sym_bladder_bowel_change"}),
    ("symptoms", "dead feet", {"sym_numbness"}),
    ("symptoms", "MMSE 22/30", {"q_mmse_total", "sign_cognitive_test_low"}),
    ("signs", "AMTS 6/10", {"sign_cognitive_test_low"}),
    ("signs", "6CIT 14/28", {"sign_cognitive_test_low"}),
    ("signs", "6CIT 4/28", {"-sign_cognitive_test_low"}),
]


@pytest.mark.parametrize("heading, words, meant", READ_AS)
def test_turns_of_speech_are_read_as_a_clinician_means_them(heading: str, words: str, meant: set[str]) -> None:
    assert said(heading, words) == meant


@pytest.mark.parametrize("value, unit", [("12o", "ng/L"), ("120 pmol/L", "ng/L")])
def test_a_result_that_contradicts_its_unit_is_set_aside(value: str, unit: str) -> None:
    labs = [{"name": "B12", "value": value, "unit": unit, "day": -3}]
    intake = read_sheet({"on": "2026-01-15", "labs": labs})
    assert "lab_b12_total" not in intake.events.frame["concept"].cast(str).to_list()
    assert intake.ledger.set_aside.total() == 1
