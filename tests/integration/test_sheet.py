"""The patient sheet: silence and no, dates, labs, treatment, and a ledger that adds up."""

import json
import random
from datetime import date, datetime
from pathlib import Path

import polars as pl
import pytest

from cobalamin.errors import CobalaminError
from cobalamin.records.sheet import read_sheet

ON = date(2026, 1, 15)
VIGNETTES = Path(__file__).parents[2] / "validation" / "vignettes" / "vignettes.jsonl"


def facts(sheet, **kwargs):
    return read_sheet(sheet, ON, **kwargs).events.frame


def row(sheet, concept):
    rows = facts(sheet).filter(pl.col("concept") == concept).to_dicts()
    assert len(rows) == 1, rows
    return rows[0]


def names(sheet):
    frame = facts(sheet)
    return {("" if present else "-") + concept for concept, present in frame.select("concept", "present").iter_rows()}


def reasons(sheet):
    return [example["reason"] for example in read_sheet(sheet, ON).ledger.examples]


def test_yaml_is_read_by_the_core_schema_of_1_2():
    text = "on: 2026-01-15\npatient: {id: NO, age: 67, sex: female}\nhistory: {alcohol: no}\n"
    intake = read_sheet(text)
    assert intake.on == ON and intake.patient_id == "NO"
    assert "-exposure_alcohol" in {
        ("" if p else "-") + c for c, p in intake.events.frame.select("concept", "present").iter_rows()
    }


def test_json_text_and_file_give_the_same_events(tmp_path):
    sheet = {"on": "2026-01-15", "patient": {"id": "p1", "age": 40}, "symptoms": ["numb feet"]}
    path = tmp_path / "p1.json"
    path.write_text(json.dumps(sheet))
    assert read_sheet(path).events.frame.equals(read_sheet(json.dumps(sheet)).events.frame)


@pytest.mark.parametrize("value", [None, [], "not stated", ""])
@pytest.mark.parametrize("key", ["symptoms", "signs", "labs", "treatment_so_far"])
def test_not_stated_says_nothing(key, value):
    assert facts({key: value}).is_empty()


@pytest.mark.parametrize("no", ["none", "no", False, ["none"]])
def test_none_means_asked_and_the_answer_was_no(no):
    assert {"covers_symptoms", "sym_none"} <= names({"symptoms": no})
    assert "covers_conditions" in names({"history": {"conditions": no}})
    assert "-exposure_nitrous_oxide_recreational" in names({"history": {"nitrous_oxide": no}})
    assert "covers_treatment" in names({"treatment_so_far": no})


def test_a_list_of_symptoms_covers_symptoms_but_a_list_of_conditions_does_not_cover_conditions():
    assert "covers_symptoms" in names({"symptoms": ["tired"]})
    assert "covers_conditions" not in names({"history": {"conditions": ["hypothyroidism"]}})


def test_a_list_that_was_not_understood_covers_nothing():
    assert "covers_symptoms" not in names({"symptoms": ["flibbertigibbet"]})


def test_duration_and_severity_of_a_symptom_are_kept():
    fact = row({"symptoms": [{"name": "tingling in feet", "duration": "3 months", "severity": 6}]}, "sym_paraesthesia")
    assert (ON - fact["time"].date()).days == 91 and fact["value"] == 6 and fact["until"] is None


def test_a_neurological_symptom_that_worsens_within_eight_weeks_is_progressing():
    def sheet(weeks):
        return {"symptoms": [{"name": "worsening unsteadiness", "duration": f"{weeks} weeks"}]}

    assert "trend_progressing" in names(sheet(8))
    assert "trend_progressing" not in names(sheet(9))


def test_result_is_converted_with_its_range_by_one_factor():
    fact = row(
        {"labs": [{"name": "Vitamin B12", "value": 120, "unit": "ng/L", "day": -10, "reference": "180-900"}]},
        "lab_b12_total",
    )
    assert (fact["value"], fact["low"], fact["high"]) == (120 * 0.7378, 180 * 0.7378, 900 * 0.7378)
    assert fact["unit"] == "ng/L" and fact["time"] == datetime(2026, 1, 5) == fact["until"]


def test_censored_and_word_results_are_kept_as_such():
    assert row({"labs": [{"name": "B12", "value": "<150 ng/L"}]}, "lab_b12_total")["comparator"] == "<"
    assert row({"labs": [{"name": "B12", "value": "undetectable"}]}, "lab_b12_total")["flag"] == "low"
    assert row({"labs": [{"name": "MMA", "value": "about 500 times normal"}]}, "lab_mma_serum")["flag"] == "high"


def test_number_without_unit_is_no_data_unless_a_word_stands_with_it():
    assert reasons({"labs": [{"name": "B12", "value": 200}]})[0].startswith("no usable unit")
    fact = row({"labs": [{"name": "B12", "value": "200 (low)"}]}, "lab_b12_total")
    assert fact["value"] is None and fact["flag"] == "low"


@pytest.mark.parametrize(
    "lab",
    [
        {"name": "Hemoglobin", "value": 1300, "unit": "g/L"},
        {"name": "B12", "value": 1e7, "unit": "ng/L"},
        {"name": "MCV", "value": -5, "unit": "fL"},
    ],
)
def test_impossible_value_is_set_aside(lab):
    assert reasons({"labs": [lab]})[0].startswith("impossible value")


@pytest.mark.parametrize(("weight", "kg"), [("82 kg", 82.0), ("180 lb", 81.6466), ("82.5kilos", 82.5)])
def test_weight_is_read_with_its_unit(weight, kg):
    assert row({"patient": {"weight": weight}}, "vital_body_weight")["value"] == pytest.approx(kg, rel=1e-4)
    assert row({"labs": [{"name": "Body weight", "value": weight, "day": -3}]}, "vital_body_weight")["value"] > 80


@pytest.mark.parametrize(
    ("weight", "reason"), [(82, "without a unit"), ("82 stone", "known are kg"), ("900 kg", "imposs")]
)
def test_weight_without_a_usable_unit_or_that_cannot_be_is_set_aside(weight, reason):
    assert any(reason in one for one in reasons({"patient": {"weight": weight}}))


def test_two_results_on_one_day_are_both_set_aside_unless_they_agree():
    two = [{"name": "B12", "value": 120, "unit": "ng/L"}, {"name": "B12", "value": 400, "unit": "ng/L"}]
    assert facts({"labs": two}).is_empty() and len(reasons({"labs": two})) == 2
    same = [{"name": "B12", "value": 180, "unit": "ng/L"}, {"name": "B12", "value": 133, "unit": "pmol/L"}]
    assert facts({"labs": same}).height == 2


def test_antibody_number_is_judged_by_the_printed_limit_only():
    lab = {"name": "Anti-intrinsic factor antibody", "value": 40, "unit": "U/mL"}
    assert row({"labs": [lab | {"reference": "<6"}]}, "lab_if_antibody")["flag"] == "positive"
    assert reasons({"labs": [lab]}) == ["a number without the laboratory's limit"]


def test_reports_and_panels_are_read_from_their_words():
    assert row({"labs": [{"name": "Blood film", "value": "unremarkable"}]}, "lab_film_blasts")["flag"] == "negative"
    both = names({"labs": [{"name": "Blood count", "value": "pancytopenia with profound anaemia"}]})
    assert both == {"lab_pancytopenia_in_words", "lab_anaemia_in_words"}
    assert row({"labs": [{"name": "Blood count", "value": "normal"}]}, "lab_haemoglobin")["flag"] == "normal"
    assert "sign_cord_signal" in names({"labs": [{"name": "MRI spine", "value": "dorsal column hyperintensity"}]})


def test_part_of_the_bilirubin_is_a_lower_bound_of_the_whole():
    fact = row({"labs": [{"name": "Bilirubin (indirect)", "value": 5.1, "unit": "mg/dL"}]}, "lab_bilirubin_total")
    assert fact["comparator"] == ">"


@pytest.mark.parametrize(
    "item, reason",
    [
        ({"name": "MCV", "value": 100, "unit": "fL", "day": 3}, "dated after the day of decision"),
        ({"name": "MCV", "value": 100, "unit": "fL", "date": "1950-01-01"}, "dated before birth"),
        ({"name": "MCV", "value": 100, "unit": "fL", "date": "05/01/2026"}, "date not understood: write YYYY-MM-DD"),
    ],
)
def test_dates_that_cannot_be_are_set_aside(item, reason):
    assert reasons({"patient": {"born": "1958-03-02"}, "labs": [item]}) == [reason]


def test_schedule_in_words_is_a_regimen_and_never_doses():
    tx = {"drug": "hydroxocobalamin", "route": "im", "dose": "1 mg", "schedule": "every 3 months", "start_day": -400}
    fact = row({"treatment_so_far": [tx]}, "tx_hydroxocobalamin_injection")
    assert (fact["every_days"], fact["value"], fact["unit"], fact["until"]) == (91.3125, 1000, "mg", None)


@pytest.mark.parametrize(
    "schedule, every",
    [
        ("3 times a week", 7 / 3),
        ("alternate days", 2),
        ("every other day", 2),
        ("6-monthly", 182.625),
        ("monthly", 30.4375),
        ("every 12 weeks", 84),
        ("twice a week", 3.5),
        ("every 2-3 months", 91.3125),
        ("daily", 1),
        ("3-monthly", 91.3125),
        ("quarterly", 91.3125),
        ("fortnightly", 14),
        ("every two months", 60.875),
        ("once a month", 30.4375),
        ("3 times monthly", 30.4375 / 3),
        ("12 weekly", 84),
        ("weekly", 7),
        ("once every 3 months", 91.3125),
    ],
)
def test_intervals_in_words_are_read(schedule, every):
    tx = {"drug": "B12", "route": "im", "schedule": schedule, "start_day": -10}
    assert row({"treatment_so_far": [tx]}, "tx_b12_any")["every_days"] == pytest.approx(every)


def test_loading_then_maintenance_is_two_stretches():
    tx = {
        "drug": "hydroxocobalamin",
        "route": "im",
        "dose": "1 mg",
        "start_day": -400,
        "schedule": "3 times a week for 2 weeks then every 3 months",
    }
    rows = facts({"treatment_so_far": [tx]}).to_dicts()
    assert [(r["every_days"], r["until"] is None) for r in rows] == [(pytest.approx(7 / 3), False), (91.3125, True)]
    assert rows[0]["until"] == rows[1]["time"]


def test_doses_given_are_points_and_a_stop_is_recorded():
    tx = {
        "drug": "hydroxocobalamin",
        "route": "im",
        "dose": "1 mg",
        "given": [-20, "2026-01-01"],
        "stopped": "2026-01-02",
    }
    frame = facts({"treatment_so_far": [tx]})
    doses = frame.filter(pl.col("concept") == "tx_hydroxocobalamin_injection")
    assert doses.height == 2 and (doses["time"] == doses["until"]).all()
    assert "status_b12_injections_stopped" in frame["concept"].to_list()


@pytest.mark.parametrize("dose", ["1 g", "10 mg", "1000 mg"])
def test_b12_dose_over_5_mg_is_a_question_and_never_an_event(dose):
    sheet = {
        "treatment_so_far": [
            {"drug": "hydroxocobalamin", "route": "im", "dose": dose, "schedule": "once", "start_day": -3}
        ]
    }
    assert facts(sheet).is_empty() and "over 5 mg" in reasons(sheet)[0]


def test_tablets_twice_daily_are_added_up():
    tx = {"drug": "cyanocobalamin tablets", "dose": "1 mg twice daily", "start_day": -30}
    fact = row({"treatment_so_far": [tx]}, "tx_cyanocobalamin_oral")
    assert (fact["value"], fact["every_days"], fact["route"]) == (2000, 1, "oral")


def test_b12_among_the_supplements_is_treatment_by_mouth():
    fact = row({"history": {"supplements": ["B12 1000 mcg daily for 2 years"]}}, "tx_b12_any")
    assert fact["route"] == "oral" and fact["value"] == 1000


def test_metformin_is_read_in_grams_a_day_with_its_years():
    medicines = [{"name": "metformin", "since_years": 6, "dose": "1 g twice daily"}]
    fact = row({"history": {"medicines": medicines}}, "drug_metformin")
    assert fact["value"] == 2 and fact["time"].year == 2020


def test_stopped_medicine_is_not_taken_now():
    assert names({"history": {"medicines": ["stopped metformin"]}}) == {"-drug_metformin"}


def test_a_relatives_illness_among_the_conditions_is_not_the_persons():
    assert names({"history": {"conditions": ["mother has pernicious anaemia"]}}) == {"family_b12_deficiency"}


@pytest.mark.parametrize(
    "words, high",
    [
        ("15 units per week", True),
        ("14 units a week", False),
        ("3 drinks daily", True),
        ("about 2 drinks per week", False),
        ("none", False),
        ("heavy", True),
        ("occasional", False),
    ],
)
def test_alcohol_is_judged_in_units_a_week(words, high):
    assert row({"history": {"alcohol": words}}, "exposure_alcohol_high")["present"] is high


@pytest.mark.parametrize(
    "words, concept",
    [
        ("20 cm of terminal ileum resected", "proc_ileal_resection_partial"),
        ("resection of 60 cm of terminal ileum", "proc_ileal_resection"),
    ],
)
def test_extent_of_ileum_decides_the_operation(words, concept):
    assert names({"history": {"surgery": [words]}}) == {concept}


def test_age_and_birth_that_disagree_are_named_and_birth_is_used():
    sheet = {"patient": {"born": "1958-03-02", "age": 40}}
    assert names(sheet) == {"person_birth"} and "contradicts" in reasons(sheet)[0]


def test_pregnant_man_is_a_question():
    assert len(reasons({"patient": {"sex": "male", "pregnant": True}})) == 2


def test_preferences_adherence_and_swallowing_are_understood():
    sheet = {"preferences": {"route": "tablets", "needle_fear": False}, "adherence": "good", "swallowing": "difficult"}
    assert names(sheet) == {"pref_tablets", "-pref_needle_fear", "-pref_adherence_poor", "cond_swallowing_difficulty"}


@pytest.mark.parametrize(
    "words, concept",
    [
        ("resolved", "trend_resolved"),
        ("much better", "trend_improved"),
        ("still interfering with life", "trend_insufficient"),
        ("worse", "trend_worse"),
        ("no further improvement", "trend_plateau"),
        ("not improved", "trend_insufficient"),
    ],
)
def test_response_is_read_from_its_words(words, concept):
    assert names({"response": words}) == {concept}


def test_unknown_keys_and_words_are_listed_never_dropped():
    assert len(reasons({"pateint": {"age": 3}, "symptoms": ["flibbertigibbet"], "history": {"shoe_size": 43}})) == 3


@pytest.mark.parametrize(
    "text, words",
    [
        ("- a\n- b\n", "line 1: a sheet is a mapping"),
        ("on: [\n  x\n", "line"),
        (" \n", "empty"),
        ("on: 2026-01-15\npatient: {age: 1\nx: }\n", "line"),
        ("a: 1\na: 2\n", "line"),
        ("on: soon\n", "not a day"),
    ],
)
def test_a_sheet_that_cannot_be_read_is_one_clear_message(text, words):
    with pytest.raises(CobalaminError, match=words):
        read_sheet(text)


def test_missing_file_wrong_encoding_and_missing_day_say_so(tmp_path):
    with pytest.raises(CobalaminError, match="no such file"):
        read_sheet(tmp_path / "absent.yaml", ON)
    path = tmp_path / "latin.yaml"
    path.write_bytes(b"symptoms: [m\xfcde]\n")
    with pytest.raises(CobalaminError, match="UTF-8"):
        read_sheet(path, ON)
    with pytest.raises(CobalaminError, match="day of decision"):
        read_sheet({"patient": {"age": 3}})
    assert read_sheet({"patient": {"age": 3}}, today=ON).on == ON


def fed(value):
    """A case as it is fed: defaults of the collection mean that the source does not say."""
    if isinstance(value, dict):
        return {k: fed(v) for k, v in value.items() if v != [] and not (k == "nitrous_oxide" and v is False)}
    return [fed(item) for item in value] if isinstance(value, list) else value


def cases():
    keys = ("patient", "history", "symptoms", "signs", "labs", "treatment_so_far")
    lines = VIGNETTES.read_text(encoding="utf-8").splitlines()
    return [fed({key: case[key] for key in keys}) for case in map(json.loads, lines)]


def test_words_of_sixty_published_cases_are_nearly_all_understood():
    left = [example for case in cases() for example in read_sheet(case, ON).ledger.examples]
    assert len(left) <= 3, left


JUNK = [
    None,
    True,
    False,
    0,
    -1,
    1e308,
    float("nan"),
    "",
    "none",
    "not stated",
    "x" * 300,
    [],
    {},
    [[]],
    [{}],
    -(10**9),
    date(2030, 1, 1),
    "2026-02-30",
    "<<5",
    "every 0 days",
    "0 mg",
    "for 99999999 years",
    "\x00",
    "(",
    "1:320",
]


def spoil(value, chance):
    if chance.random() < 0.1:
        return chance.choice(JUNK)
    if isinstance(value, dict):
        return {key: spoil(item, chance) for key, item in value.items()}
    return [spoil(item, chance) for item in value] if isinstance(value, list) else value


def test_spoilt_sheets_never_fail_and_every_ledger_adds_up():
    chance = random.Random(12)
    for case in cases() * 3:
        spoilt = {key: spoil(item, chance) for key, item in case.items()}
        read_sheet(spoilt, ON).ledger.check()
