"""Calibration trials beside the model: what lies outside its tolerance is named, and nothing else is."""

from __future__ import annotations

import pytest

from cobalamin.errors import CobalaminError
from cobalamin.physiology.parameters import available, parameter_set
from validation.physiology.checks import checks
from validation.physiology.predict import NOT_COMPARED, beside, everything
from validation.physiology.trials import named_misfits, read, rows, tuned_on

KEPT_APART = {
    "calibration.csv": "trial,arm,form,route,dose_ug,schedule,marker,unit,day,mean_or_median,certainty\n"
    "Elsewhere2001,all,CN,IM,1000,at[0],urine_cumulative,% of dose,3,75,seen\n"
    "Elsewhere2001,all,CN,IM,1000,at[0],urine_cumulative,% of dose,2,20,seen\n",
    "calibration_arms.csv": "trial,arm,IF_factor,fEHC,diet_absorbed_ug_d,age,eGFR\nElsewhere2001,all,1,0.6,2.3,50,90\n",
    "assumptions.csv": "trial,tuned_on,parameters,start_serum_b12_pmol_l,in_balance,note\n"
    "Elsewhere2001,no,default,370,no,\n",
}


@pytest.mark.slow
def test_rows_outside_their_tolerance_are_the_named_misfits():
    outside = {one.row.name for one in everything() if one.within is False}
    assert outside == set(named_misfits())


def test_every_printed_result_has_a_tolerance_or_a_reason_why_not():
    judged = {one["marker"] for one in read("tolerances.csv")}
    assert {row.marker for row in rows()} <= judged | set(NOT_COMPARED)


def test_known_facts_hold():
    assert [one.name for one in checks() if not one.holds] == []


def test_trials_said_not_to_be_tuned_on_are_named_by_no_tuned_parameter():
    tuned = " ".join(
        one.source for name in available() for one in parameter_set(name) if one.source.startswith("Tuned")
    )
    for row in rows():
        if not tuned_on(row):
            surname, year = row.trial[:-4], row.trial[-4:]
            assert f"{surname} {year}" not in tuned


def test_people_in_balance_stay_as_they_are_without_treatment():
    untreated = [beside(row).model for row in rows() if row.arm == "B0"]
    assert untreated == pytest.approx([0.0], abs=0.01)


def test_trials_kept_apart_are_held_beside_the_model_from_their_own_folder(tmp_path):
    for name, text in KEPT_APART.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert [one.within for one in everything(tmp_path)] == [True, False]
    assert not any(tuned_on(row) for row in rows(tmp_path))


def test_folder_without_trials_is_refused_with_the_file_that_lacks(tmp_path):
    with pytest.raises(CobalaminError, match=r"calibration\.csv cannot be read"):
        everything(tmp_path)
