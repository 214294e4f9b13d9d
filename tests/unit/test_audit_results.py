"""Measures that begin with a blood test, on records with known truth."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from cobalamin.guidance import load, threshold_editions, use_folder
from tests.unit.audit_people import ON, dose, fact, facts_of, judged, lasting, outcome, person

LOW = fact("lab_b12_total", -100, 90.0)


def test_low_result_without_treatment_is_counted():
    assert outcome("low_untreated", LOW) == "numerator"


@pytest.mark.parametrize(("day", "expected"), [(-72, "met"), (-71, "numerator")])
def test_low_result_is_treated_in_time_up_to_day_28(day, expected):
    assert outcome("low_untreated", LOW, dose(day)) == expected


@pytest.mark.parametrize(("day", "expected"), [(-93, "met"), (-92, "numerator")])
@pytest.mark.parametrize("sign", [fact("sym_paraesthesia", -105), fact("lab_haemoglobin", -100, 99.0)])
def test_nerve_signs_or_haemoglobin_under_100_leave_seven_days(day, expected, sign):
    assert outcome("low_untreated", LOW, sign, dose(day)) == expected


def test_haemoglobin_of_100_leaves_28_days():
    assert outcome("low_untreated", LOW, fact("lab_haemoglobin", -100, 100.0), dose(-80)) == "met"


@pytest.mark.parametrize(("value", "unit", "expected"), [
    (133.0, "pmol/L", None), (132.9, "pmol/L", "numerator"),
    (180.0 * 0.7378, "ng/L", None), (179.0 * 0.7378, "ng/L", "numerator"),
])  # fmt: skip
def test_threshold_is_the_guidelines_in_the_unit_reported(value, unit, expected):
    from cobalamin import units

    if unit == "ng/L":
        value = units.convert("lab_b12_total", round(value / 0.7378), unit)[0]
    assert outcome("low_untreated", fact("lab_b12_total", -100, value, unit=unit)) == expected


def test_active_b12_counts_too():
    assert outcome("low_untreated", fact("lab_b12_active", -100, 24.9)) == "numerator"
    assert outcome("low_untreated", fact("lab_b12_active", -100, 25.0)) is None


def test_result_on_treatment_is_not_in_the_measure():
    assert outcome("low_untreated", dose(-200), LOW) is None


def test_low_result_older_than_two_years_is_not_in_the_measure():
    assert outcome("low_untreated", fact("lab_b12_total", -731, 90.0)) is None


def test_low_result_is_not_judged_before_its_time():
    assert outcome("low_untreated", fact("lab_b12_total", -27, 90.0)) == "cannot_judge"
    assert outcome("low_untreated", fact("lab_b12_total", -28, 90.0)) == "numerator"


def test_low_result_is_not_judged_where_the_record_is_silent_on_treatment():
    assert outcome("low_untreated", LOW, reach=None) == "cannot_judge"


def test_low_total_in_pregnancy_is_excluded_and_active_is_not():
    pregnant = lasting("status_pregnancy", -150)
    assert judged("low_untreated", person("p", LOW, pregnant, age=30))["p"] == ("excluded", "total B12 in pregnancy")
    active = fact("lab_b12_active", -100, 20.0)
    assert outcome("low_untreated", LOW, active, pregnant, age=30) == "numerator"


def test_declined_and_refuted_are_excluded():
    assert outcome("low_untreated", LOW, fact("care_treatment_declined", -90)) == "excluded"
    assert outcome("low_untreated", LOW, fact("cond_b12_deficiency", -60, present=False)) == "excluded"


def test_children_the_dead_and_those_who_left_are_in_no_measure():
    assert outcome("low_untreated", LOW, age=15) is None
    assert outcome("low_untreated", LOW, fact("person_died", -5)) is None
    assert outcome("low_untreated", LOW, fact("person_left", -5)) is None


BETWEEN = fact("lab_b12_total", -200, 200.0)
TIRED = fact("sym_fatigue", -250)


def test_borderline_with_symptom_and_no_step_is_counted():
    assert outcome("indeterminate_left", BETWEEN, TIRED) == "numerator"


def test_borderline_needs_a_symptom_within_90_days():
    assert outcome("indeterminate_left", BETWEEN, fact("sym_fatigue", -291)) is None
    assert outcome("indeterminate_left", BETWEEN, fact("sym_fatigue", -290)) == "numerator"


@pytest.mark.parametrize("step", [fact("lab_mma_serum", -110, 200.0), dose(-110), fact("care_symptom_review", -110)])
def test_next_step_by_day_90_is_enough(step):
    assert outcome("indeterminate_left", BETWEEN, TIRED, step) == "met"


def test_next_step_on_day_91_is_too_late():
    assert outcome("indeterminate_left", BETWEEN, TIRED, dose(-109)) == "numerator"


def test_borderline_on_treatment_is_excluded():
    assert outcome("indeterminate_left", dose(-300), BETWEEN, TIRED) == "excluded"


@pytest.mark.parametrize(("value", "inside"), [(132.9, False), (133.0, True), (258.0, True), (258.1, False)])
def test_both_edges_of_the_band_are_borderline(value, inside):
    assert (outcome("indeterminate_left", fact("lab_b12_total", -200, value), TIRED) is not None) is inside


def test_b12_on_injections_is_futile():
    assert outcome("futile_tests", dose(-100), fact("lab_b12_total", -10, 300.0)) == "numerator"
    assert outcome("futile_tests", dose(-200), fact("lab_b12_total", -10, 300.0)) == "met"
    schedule = lasting("tx_hydroxocobalamin_injection", -900, value=1000.0, unit="ug", route="im", every_days=91.0)
    assert outcome("futile_tests", schedule, fact("lab_b12_total", -10, 300.0)) == "numerator"


def test_test_before_the_first_injection_of_the_day_is_not_futile():
    assert outcome("futile_tests", dose(-10), fact("lab_b12_total", -10, 300.0)) == "met"


def test_repeat_after_a_normal_result_is_futile_for_90_days():
    normal, repeat = fact("lab_b12_total", -200, 400.0), fact("lab_b12_total", -110, 390.0)
    assert outcome("futile_tests", normal, repeat) == "numerator"
    assert outcome("futile_tests", normal, fact("lab_b12_total", -109, 390.0)) == "met"


def test_test_for_a_recorded_reason_is_excluded():
    assert (
        outcome("futile_tests", dose(-100), fact("lab_b12_total", -10, 300.0), fact("trend_worse", -12)) == "excluded"
    )


def test_result_is_held_against_the_number_in_force_on_the_day_it_was_taken() -> None:
    dated = use_folder(Path(__file__).parents[1] / "data" / "guidance" / "dated_example")
    taken = {"before": (date(2025, 6, 30) - ON).days, "after": (date(2025, 7, 1) - ON).days}
    # 129 pmol/L is 175 ng/L: under 200, the number from July on, and not under 150, the number before
    people = [person(name, fact("lab_b12_total", day, 129.0)) for name, day in taken.items()]
    low = facts_of(*people, guidance=dated).results("b12_latest", "below", "total_b12_deficient")
    assert low["patient_id"].to_list() == ["after"]


def test_a_laboratorys_own_number_holds_for_every_day() -> None:
    source = {"clause": "a laboratory", "certainty": "ours"}
    own = {"total_b12_deficient": {"values": [{"value": 145, "unit": "ng/L"}], "source": source}}
    editions = threshold_editions(load("nice_ng239", ON, own), "total_b12_deficient")
    assert [(first, limit.values) for first, limit in editions] == [(date.min, ((145.0, "ng/L"),))]
