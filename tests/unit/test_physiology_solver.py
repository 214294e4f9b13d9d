"""The kernel against SciPy's stiff solvers on hard cases; hundreds of people are compared in `make validate`."""

from __future__ import annotations

import numpy as np
import pytest

from cobalamin.physiology.bodies import Bodies
from cobalamin.physiology.courses import Courses, Dose
from cobalamin.physiology.simulate import simulate
from validation.physiology import stiff
from validation.physiology.solver import ASKED, JUDGED, count_differences, differences, life_span_difference

CN, OH = "cyanocobalamin", "hydroxocobalamin"
SOON_AND_LATE = [0.0, 0.0007, 0.01, 0.05, 0.2, 0.7, 2.0, 6.0, 20.0, 60.0, 120.0, 240.0]

HARD = {
    "nearly_empty_store_and_a_huge_dose": ({"start_serum_b12_pmol_l": 25}, {}, [Dose(0, 5000, OH, "im")]),
    "fast_absorption": ({"start_serum_b12_pmol_l": 60}, {"ka_CN": 150, "kX_CN": 9}, [Dose(0, 1000, CN, "im")]),
    "slow_absorption": ({"start_serum_b12_pmol_l": 60}, {"ka_OH": 1.2, "kX_OH": 0.4}, [Dose(0, 1000, OH, "im")]),
    "equal_rates": ({"start_serum_b12_pmol_l": 60}, {"ka_CN": 3, "kX_CN": 3, "kF_CN": 3}, [Dose(0, 1000, CN, "im")]),
    "fast_markers": ({"start_serum_b12_pmol_l": 40}, {"kM": 0.9, "kHc": 1.5}, [Dose(3, 1000, OH, "im")]),
    "doses_minutes_apart": (
        {"start_serum_b12_pmol_l": 80},
        {},
        [Dose(0, 1000, CN, "im"), Dose(0.0005, 1000, OH, "im"), Dose(0.05, 500, CN, "oral"), Dose(1, 500, OH, "oral")],
    ),
    "tablets_into_nearly_empty_stores": (
        {"start_serum_b12_pmol_l": 25},
        {},
        [Dose(day, 2000, CN, "oral") for day in range(90)],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", HARD)
def test_hard_case_agrees_with_a_stiff_solver_minutes_and_months_after_a_dose(case):
    covariates, values, doses = HARD[case]
    body = Bodies.typical(1, absorption="no_intrinsic_factor", **covariates).replace(**values)
    markers = simulate(body, Courses.same(1, doses), SOON_AND_LATE)
    ours = np.stack([getattr(markers, name)[0] for name in stiff.SERIES])
    theirs = stiff.follow(body, 0, doses, SOON_AND_LATE)
    assert ours == pytest.approx(theirs, rel=ASKED, abs=1e-6)


def test_random_people_agree_with_a_stiff_solver():
    assert differences(9, seed=21)[:, :JUDGED].max() < ASKED


def test_blood_counts_of_random_anaemic_people_agree_with_a_stiff_solver():
    assert count_differences(3, seed=13).max() < ASKED


def test_chain_of_stages_leaves_as_many_cells_as_a_gamma_spread_of_life_spans():
    assert life_span_difference() < 1e-5
