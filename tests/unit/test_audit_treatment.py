"""Measures of people on B12, on metformin and on folic acid, on records with known truth."""

from __future__ import annotations

import pytest

from tests.unit.audit_people import dose, fact, judged, lasting, outcome, person

YEARS_OF_DOSES = [dose(day) for day in range(-1460, 0, 91)]
LOADED = [dose(-300 + 2 * number) for number in range(6)] + [dose(day) for day in (-199, -108, -17)]


def test_injections_without_any_evidence_are_counted():
    assert outcome("injections_without_evidence", *YEARS_OF_DOSES) == "numerator"


@pytest.mark.parametrize("evidence", [
    fact("lab_b12_total", -1500, 100.0), fact("lab_mma_serum", -1500, 900.0),
    fact("lab_if_antibody", -1500, flag="positive"), lasting("cond_pernicious_anaemia", -1500),
    fact("proc_gastric_bypass", -1600), lasting("cond_sacd", -1500),
])  # fmt: skip
def test_any_reason_on_record_is_evidence(evidence):
    assert outcome("injections_without_evidence", *YEARS_OF_DOSES, evidence) == "met"


def test_deficiency_code_alone_is_not_evidence():
    assert outcome("injections_without_evidence", *YEARS_OF_DOSES, lasting("cond_b12_deficiency", -1500)) == "numerator"


def test_record_shorter_than_24_months_before_the_injections_cannot_be_judged():
    assert outcome("injections_without_evidence", *YEARS_OF_DOSES, reach=1460 + 700) == "cannot_judge"


def test_one_injection_in_a_year_is_not_in_the_measure():
    assert outcome("injections_without_evidence", dose(-200)) is None


def test_prevention_and_pemetrexed_are_excluded():
    assert outcome("injections_without_evidence", *YEARS_OF_DOSES, lasting("care_prevention_only", -1500)) == "excluded"
    assert outcome("injections_without_evidence", *YEARS_OF_DOSES, lasting("drug_pemetrexed", -50)) == "excluded"


PROVEN = [fact("lab_b12_total", -310, 90.0), *LOADED]


def test_cause_not_sought_is_counted_and_an_antibody_test_is_enough():
    assert outcome("cause_not_sought", *PROVEN) == "numerator"
    assert outcome("cause_not_sought", *PROVEN, fact("lab_if_antibody", -305, flag="negative")) == "met"


def test_operation_that_explains_it_is_excluded_from_the_search():
    assert outcome("cause_not_sought", *PROVEN, fact("proc_gastrectomy_total", -3000)) == "excluded"


def test_treatment_of_less_than_six_months_is_not_in_the_measure():
    assert outcome("cause_not_sought", fact("lab_b12_total", -110, 90.0), dose(-100), dose(-10)) is None


LIFELONG = fact("proc_gastrectomy_total", -2000)


@pytest.mark.parametrize(("day", "expected"), [(-120, "met"), (-121, "numerator")])
def test_lifelong_cause_needs_an_injection_within_120_days(day, expected):
    assert outcome("irreversible_undertreated", LIFELONG, dose(-300), dose(day)) == expected


def test_tablets_with_a_lifelong_cause_are_counted_unless_chosen_and_reviewed():
    tablets = lasting("tx_cyanocobalamin_oral", -200, value=1000.0, unit="ug", route="oral", every_days=1.0)
    assert judged("irreversible_undertreated", person("p", LIFELONG, tablets))["p"] == ("numerator", "tablets only")
    choice = lasting("care_informed_choice", -100)
    assert outcome("irreversible_undertreated", LIFELONG, tablets, choice) == "excluded"


def test_injections_elsewhere_are_excluded_only_where_none_is_recorded_here():
    assert outcome("irreversible_undertreated", LIFELONG, lasting("care_given_elsewhere", -100)) == "excluded"
    assert outcome("irreversible_undertreated", LIFELONG, lasting("care_given_elsewhere", -100), dose(-10)) == "met"


@pytest.mark.parametrize(("last", "expected"), [(-119, "met"), (-120, "numerator")])
def test_maintenance_is_overdue_from_day_29(last, expected):
    doses = [dose(last - 91 * number) for number in range(12)]
    assert outcome("overdue", *doses) == expected


def test_person_forgotten_for_more_than_200_days_stays_in_the_denominator():
    assert outcome("overdue", *[dose(-300 - 91 * number) for number in range(12)]) == "numerator"


def test_five_loading_doses_in_21_days_are_enough():
    five = [dose(-60 + 4 * number) for number in range(5)]
    assert outcome("overdue", *five) == "met"
    assert outcome("overdue", *five[:4]) == "numerator"


def test_prevention_has_no_first_course_that_could_be_broken():
    once = [dose(-60)]
    assert outcome("overdue", *once) == "numerator"
    assert outcome("overdue", *once, fact("care_prevention_only", -60)) != "numerator"


def test_loading_for_nerve_signs_without_a_recorded_plateau_is_counted():
    nerves = fact("sym_numbness", -310)
    assert outcome("overdue", *LOADED, nerves) == "numerator"
    assert outcome("overdue", *LOADED, nerves, fact("trend_plateau", -270)) == "met"


def test_stopped_with_a_reason_is_excluded():
    assert outcome(
        "overdue", *[dose(-150 - 91 * n) for n in range(9)], fact("care_injections_stopped_with_reason", -60)
    ) in (
        None,
        "excluded",
    )


def test_schedule_that_nobody_ended_does_not_stand_for_doses_that_were_not_given():
    schedule = lasting("tx_hydroxocobalamin_injection", -300, value=1000.0, unit="ug", route="im", every_days=84.0)
    assert outcome("irreversible_undertreated", LIFELONG, schedule) == "met"
    assert outcome("irreversible_undertreated", LIFELONG, schedule, dose(-300), dose(-216)) == "numerator"
    assert outcome("futile_tests", schedule, dose(-300), fact("lab_b12_total", -10, 300.0)) == "met"


def test_schedule_in_words_cannot_be_judged():
    schedule = lasting("tx_hydroxocobalamin_injection", -900, value=1000.0, unit="ug", route="im", every_days=91.0)
    assert outcome("overdue", schedule) == "cannot_judge"


@pytest.mark.parametrize(("day", "expected"), [(-241, "numerator"), (-240, "met"), (-180, "met"), (-179, "numerator")])
def test_review_counts_between_day_60_and_120(day, expected):
    assert outcome("review_missed", dose(-300), fact("care_symptom_review", day)) == expected


def test_review_in_pregnancy_counts_between_day_14_and_45():
    pregnant = lasting("status_pregnancy", -320)
    assert outcome("review_missed", dose(-300), pregnant, fact("care_symptom_review", -270), age=30) == "met"
    assert outcome("review_missed", dose(-300), pregnant, fact("care_symptom_review", -220), age=30) == "numerator"


def test_review_is_not_judged_where_the_record_begins_with_the_treatment():
    assert outcome("review_missed", dose(-300), reach=300) == "cannot_judge"


METFORMIN = lasting("drug_metformin", -5 * 366)


def test_long_metformin_with_numb_feet_and_no_test_is_counted():
    assert outcome("metformin_untested", METFORMIN, fact("sym_numbness", -100)) == "numerator"
    assert (
        outcome("metformin_untested", METFORMIN, fact("sym_numbness", -100), fact("lab_b12_total", -400, 300.0))
        == "met"
    )
    old = fact("lab_b12_total", -466, 300.0)
    assert outcome("metformin_untested", METFORMIN, fact("sym_numbness", -100), old) == "numerator"


def test_metformin_without_signs_or_for_three_years_is_not_in_the_measure():
    assert outcome("metformin_untested", METFORMIN) is None
    assert outcome("metformin_untested", lasting("drug_metformin", -3 * 366), fact("sym_numbness", -100)) is None


@pytest.mark.parametrize(
    ("sex", "value", "inside"), [("male", 129.0, True), ("female", 129.0, False), ("female", 119.0, True)]
)
def test_anaemia_goes_by_sex(sex, value, inside):
    found = outcome("metformin_untested", METFORMIN, fact("lab_haemoglobin", -100, value), sex=sex)
    assert (found is not None) is inside


FOLIC = fact("tx_folic_acid", -100, 5.0, unit="mg")


def test_folic_acid_begun_without_a_test_is_counted():
    assert outcome("folic_acid_untested", FOLIC) == "numerator"
    assert outcome("folic_acid_untested", fact("tx_folic_acid", -100, 0.4, unit="mg")) is None


@pytest.mark.parametrize(("day", "expected"), [(-191, "numerator"), (-190, "met"), (-86, "met"), (-85, "numerator")])
def test_b12_test_counts_from_90_days_before_to_14_after(day, expected):
    assert outcome("folic_acid_untested", FOLIC, fact("lab_b12_total", day, 300.0)) == expected


def test_folic_acid_exemptions_are_counted_apart():
    assert judged("folic_acid_untested", person("p", FOLIC, lasting("drug_methotrexate", -400)))["p"] == (
        "excluded",
        "with methotrexate",
    )
    assert outcome("folic_acid_untested", FOLIC, lasting("status_pregnancy", -150), age=30) == "excluded"


def test_folic_acid_continued_for_years_is_not_a_start():
    assert outcome("folic_acid_untested", fact("tx_folic_acid", -500, 5.0, unit="mg"), FOLIC) is None
    assert outcome("folic_acid_untested", fact("tx_folic_acid", -900, 5.0, unit="mg"), FOLIC) == "numerator"
