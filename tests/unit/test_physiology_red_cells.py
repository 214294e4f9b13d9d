"""The blood count: from the person's own baseline, and silent without one."""

from __future__ import annotations

import numpy as np
import pytest

from cobalamin.physiology.bodies import Bodies
from cobalamin.physiology.courses import Courses, Dose
from cobalamin.physiology.simulate import Markers, simulate

LOADING = [Dose(day, 1000, "hydroxocobalamin", "im") for day in (0, 2, 4, 6, 8, 10, 90)]
DAYS = [0.0, *np.arange(2.0, 15.0), 28.0, 56.0, 120.0, 365.0]


def count(doses=LOADING, days=DAYS, **covariates) -> Markers:
    settings = {"haemoglobin_g_dl": 8, "mcv_fl": 112, "own_haemoglobin_g_dl": 15, "male": 1}
    settings |= {"absorption": "no_intrinsic_factor", "start_serum_b12_pmol_l": 60} | covariates
    return simulate(Bodies.typical(1, **settings), Courses.same(1, doses), days, blood_count=True)


def test_day_0_shows_the_baseline_exactly():
    blood = count()
    assert blood.haemoglobin_g_dl[0, 0] == pytest.approx(8, rel=1e-12)
    assert blood.mcv_fl[0, 0] == pytest.approx(112, rel=1e-12)


def test_without_treatment_the_count_stays():
    blood = count(doses=[], days=[0.0, 60.0])
    assert blood.haemoglobin_g_dl[0, 1] == pytest.approx(8, abs=0.01)


def test_reticulocytes_peak_within_the_first_week_or_so():
    blood = count()
    peak = int(np.argmax(blood.reticulocyte_percent[0]))
    assert 5 <= DAYS[peak] <= 8
    assert 8 <= blood.reticulocyte_percent[0, peak] <= 14
    assert blood.reticulocyte_percent[0, 0] < 2.5


def test_haemoglobin_is_near_its_own_normal_after_two_months_and_then_stays():
    blood = count()
    at = {day: blood.haemoglobin_g_dl[0, DAYS.index(day)] for day in (14.0, 28.0, 56.0, 365.0)}
    assert 10.2 < at[14.0] < 12.2 < at[28.0] < 14.2 < at[56.0] < 15.7
    assert at[365.0] == pytest.approx(15, abs=0.5)


def test_lower_baseline_means_a_higher_reticulocyte_peak():
    peaks = [count(haemoglobin_g_dl=hb).reticulocyte_percent.max() for hb in (11, 8, 5)]
    assert peaks[0] < peaks[1] < peaks[2]


def test_shortage_of_iron_blunts_the_rise():
    free, short = count(), count(marrow_limit=0.5)
    at = DAYS.index(28.0)
    assert short.haemoglobin_g_dl[0, at] < free.haemoglobin_g_dl[0, at] - 0.5


def test_nothing_is_said_without_a_baseline():
    assert count(haemoglobin_g_dl=None).haemoglobin_g_dl is None


def test_nothing_is_said_of_a_normal_baseline():
    assert np.isnan(count(haemoglobin_g_dl=14.5, mcv_fl=92).haemoglobin_g_dl).all()


def test_blood_count_is_given_only_where_asked_for():
    bodies = Bodies.typical(1, start_serum_b12_pmol_l=60, haemoglobin_g_dl=8, mcv_fl=112)
    assert simulate(bodies, Courses.same(1, LOADING), DAYS).haemoglobin_g_dl is None


def test_other_markers_are_the_same_with_and_without_the_count():
    bodies = Bodies.typical(1, start_serum_b12_pmol_l=60, haemoglobin_g_dl=8, mcv_fl=112)
    plain, counted = (simulate(bodies, Courses.same(1, LOADING), DAYS, blood_count=asked) for asked in (False, True))
    assert np.array_equal(plain.mma_nmol_l, counted.mma_nmol_l)


def test_steps_of_the_count_are_short_enough():
    coarse, fine = count(days=[60.0]), count(days=np.arange(0.05, 60.01, 0.05).round(6))
    assert coarse.haemoglobin_g_dl[0, -1] == pytest.approx(fine.haemoglobin_g_dl[0, -1], rel=1e-4)


def test_potassium_is_never_predicted():
    assert not any("potassium" in name for name in Markers.__dataclass_fields__)
