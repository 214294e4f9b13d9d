"""One person as the model takes them: covariates, absorption, doses and results from the record."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest

from cobalamin.outlook.absorption import absorption_of, unknown_shares
from cobalamin.outlook.barred import first_day
from cobalamin.outlook.facts import Facts, facts_of
from cobalamin.outlook.fit_inputs import basis_of
from cobalamin.outlook.past import past_of
from cobalamin.outlook.person import person_of, stand_in
from cobalamin.outlook.results import MARKER_OF
from cobalamin.physiology.absorption import absorption_classes
from cobalamin.physiology.plasma import WEIGHT_OF_PARAMETERS_KG
from cobalamin.physiology.regimen import parse_regimen
from cobalamin.report.outlook_fit_words import person_words
from cobalamin.units import canonical_unit, normalise
from tests.safety.people import ON, Row, adult, assessed, fact, injection, lab, schedule

LOW = lab("lab_b12_total", 100.0, "pmol/L")


def facts(*rows: Row, age: int = 70, sex: str = "person_female") -> Facts:
    return facts_of(assessed({"p": adult(*rows, age_years=age, sex=sex)}))


@pytest.mark.parametrize(("concept", "marker"), MARKER_OF.items())
def test_a_marker_is_named_with_the_canonical_unit_of_its_concept(concept: str, marker: str) -> None:
    amount, litre = marker.rsplit("_", 2)[-2:]
    assert normalise(f"{amount}/{litre.upper()}") == canonical_unit(concept)


def test_measured_covariates_are_stated_and_exact() -> None:
    person = person_of(facts(LOW, lab("lab_egfr", 52.0, "mL/min/{1.73_m2}"), lab("lab_folate_serum", 22.66, "nmol/L")))
    egfr, folate = person.covariate("egfr"), person.covariate("folate_ng_ml")
    assert egfr is not None and (egfr.value, egfr.stated, egfr.log_sd) == (52.0, True, 0.0)
    assert folate is not None and folate.value == pytest.approx(10.0)


def test_a_missing_egfr_is_spread_by_age_and_said() -> None:
    young, old = (person_of(facts(LOW, age=age)).covariate("egfr") for age in (30, 85))
    assert young is not None and old is not None
    assert not young.stated and not old.stated and young.value > old.value
    drawn = person_of(facts(LOW, age=85)).bodies(2000, 7)["egfr"]
    assert np.std(np.log(drawn)) == pytest.approx(stand_in("egfr", 85.0).log_sd, rel=0.15)
    assert drawn.min() >= 15.0


def test_weight_is_that_on_record_or_the_one_the_parameters_hold_for_and_is_said() -> None:
    heavy = person_of(facts(LOW, lab("vital_body_weight", 104.0, "kg")))
    unknown = person_of(facts(LOW))
    mine, standing_in = heavy.covariate("weight_kg"), unknown.covariate("weight_kg")
    assert mine is not None and (mine.value, mine.stated) == (104.0, True)
    assert standing_in is not None and (standing_in.value, standing_in.stated) == (WEIGHT_OF_PARAMETERS_KG, False)
    (words,) = [one for one in person_words(list(basis_of(unknown)), "spread around") if "body weight" in one]
    assert words == "Not on record, and taken as: body weight 70 kg."


def test_a_person_of_unstated_sex_is_drawn_as_either() -> None:
    rows = [row for row in adult(LOW) if row["concept"] != "person_female"]
    person = person_of(facts_of(assessed({"p": rows})))
    sex = person.covariate("male")
    assert sex is not None and not sex.stated
    assert 0.4 < person.bodies(500, 7)["male"].mean() < 0.6


def test_several_causes_give_the_worst_class() -> None:
    found = absorption_of(facts(LOW, fact("drug_metformin"), fact("proc_gastrectomy_total")))
    assert found.shares == {"gastrectomy": 1.0} and found.known


def test_possible_gastritis_is_a_share_beside_what_else_is_on_record() -> None:
    found = absorption_of(facts(LOW, fact("drug_metformin", -2000), fact("sym_numbness", -3)))
    assert set(found.shares) == {"no_intrinsic_factor", "metformin"}
    assert sum(found.shares.values()) == pytest.approx(1.0)


def test_an_unknown_cause_is_a_mixture_of_known_classes_that_adds_up() -> None:
    for situation in ("deficient", "other"):
        shares = unknown_shares(situation)
        assert sum(shares.values()) == pytest.approx(1.0)
        assert set(shares) <= set(absorption_classes())
    assert not absorption_of(facts(LOW)).known


def test_the_start_is_the_last_b12_before_the_first_dose() -> None:
    past = past_of(
        facts(lab("lab_b12_total", 90.0, "pmol/L", -420), injection(-400), lab("lab_b12_total", 600.0, "pmol/L", -20))
    )
    assert past.start is not None and past.start.value == 90.0
    assert [one.before_treatment for one in past.results] == [True, False]
    assert past.day_zero == ON - timedelta(days=420)
    assert [dose.day for dose in past.doses] == [20.0]


def test_a_result_of_the_day_of_the_first_dose_counts_as_before() -> None:
    past = past_of(facts(lab("lab_b12_total", 90.0, "pmol/L", -400), injection(-400)))
    assert past.results[0].before_treatment


def test_a_schedule_is_taken_as_kept_and_recorded_doses_stand_for_scheduled_ones() -> None:
    past = past_of(facts(LOW, schedule(-200, 56.0), injection(-90)))
    assert [(ON - one.date).days for one in past.given] == [200, 144, 90, 32]
    assert [one.recorded for one in past.given] == [False, False, True, False]
    assert past.assumed == ("schedules on record are taken as kept, on time",)


def test_todays_scheduled_dose_is_not_yet_given() -> None:
    past = past_of(facts(LOW, schedule(-112, 56.0)))
    assert [(ON - one.date).days for one in past.given] == [112, 56]


def test_injections_go_on_one_interval_after_the_last_and_an_overdue_one_is_given_today() -> None:
    treated = facts(LOW, schedule(-700, 60.875), injection(-30))
    assert first_day(treated, parse_regimen("hydroxocobalamin 1 mg IM every 8 weeks")) == 26.0
    late = facts(LOW, schedule(-700, 60.875), injection(-90))
    assert first_day(late, parse_regimen("hydroxocobalamin 1 mg IM every 8 weeks")) == 0.0
    assert first_day(treated, parse_regimen("hydroxocobalamin 1 mg IM weekly x 4 then every 8 weeks")) == 0.0


def test_the_same_seed_draws_the_same_bodies() -> None:
    person = person_of(facts(LOW))
    first, again = (person.bodies(50, 3)["start_serum_b12_pmol_l"] for _ in range(2))
    assert (first == again).all()


def test_no_count_is_predicted_without_anaemia_or_after_treatment() -> None:
    count = (lab("lab_haemoglobin", 80.0, "g/L", -20), lab("lab_mcv", 115.0, "fL", -20))
    assert person_of(facts(LOW, *count)).covariate("haemoglobin_g_dl") is not None
    assert person_of(facts(LOW, *count, injection(-9))).covariate("haemoglobin_g_dl") is None
    well = (lab("lab_haemoglobin", 135.0, "g/L", -20), lab("lab_mcv", 90.0, "fL", -20))
    assert person_of(facts(LOW, *well)).covariate("haemoglobin_g_dl") is None
