"""The solver: what must hold whatever the parameters are."""

from __future__ import annotations

import numpy as np
import pytest

from cobalamin.errors import CobalaminError
from cobalamin.physiology.bodies import Bodies
from cobalamin.physiology.courses import Courses, Dose
from cobalamin.physiology.simulate import SERIES, compiled, simulate

CN, OH = "cyanocobalamin", "hydroxocobalamin"
DAYS = [0.0, 0.001, 0.1, 1.0, 3.0, 10.0, 30.0, 100.0, 365.0]
LOADING = [Dose(day, 1000, OH, "im") for day in (0, 2, 4, 6, 8, 10)]
# Values of the equations' reference sketch (SciPy LSODA), which has no bound part of hydroxocobalamin.
SKETCH = {
    "kLS": 0.060, "hM": 1.5, "M0": 120, "L50M": 67, "L50H": 20, "cH": 1,
    "ka_OH": 8, "kX_OH": 1, "phi_OH": 0, "maleM": 0,
}  # fmt: skip


def person(**covariates):
    return Bodies.typical(1, **({"absorption": "no_intrinsic_factor", "start_serum_b12_pmol_l": 100} | covariates))


def series(bodies, doses, days=DAYS, name="store_ug"):
    return getattr(simulate(bodies, Courses.same(len(bodies), doses), days), name)[0]


def all_series(markers):
    return np.stack([getattr(markers, name) for name in SERIES])


def test_what_is_given_is_kept_or_lost_in_urine():
    closed = person().replace(kb=1e-13, koth=1e-13, diet=0)
    doses = [*LOADING, Dose(20, 1000, CN, "sc")]
    markers = simulate(closed, Courses.same(1, doses), [0.0, 600.0])
    kept, lost = markers.store_ug[0, 1] - markers.store_ug[0, 0], markers.urine_ug[0, 1]
    assert kept + lost == pytest.approx(7000, rel=1e-9)


def test_what_is_retained_adds_up_dose_by_dose():
    body, first, second = person(), LOADING[:1], [Dose(17.3, 250, CN, "im")]
    none, one, other, both = (series(body, doses) for doses in ([], first, second, first + second))
    assert both - none == pytest.approx((one - none) + (other - none), abs=1e-8)


def test_twice_a_dose_of_which_all_is_retained_shows_twice():
    body = person().replace(loss_shift=-60)
    none, once, twice = (series(body, [Dose(0, ug, OH, "im")] if ug else []) for ug in (0, 500, 1000))
    assert twice - none == pytest.approx(2 * (once - none), abs=1e-8)


def test_order_in_which_doses_are_listed_does_not_matter():
    mixed = [*LOADING, Dose(5, 50, CN, "oral"), Dose(40, 100, CN, "im")]
    bodies = person()
    there = simulate(bodies, Courses.same(1, mixed), DAYS)
    back = simulate(bodies, Courses.same(1, mixed[::-1]), DAYS)
    assert np.array_equal(all_series(there), all_series(back))


def test_more_absorption_means_more_b12_and_less_methylmalonic_acid():
    bodies = Bodies.typical(5, start_serum_b12_pmol_l=100, intrinsic_factor=np.linspace(0, 1, 5))
    tablets = [Dose(day, 50, CN, "oral") for day in range(90)]
    markers = simulate(bodies, Courses.same(5, tablets), [90.0])
    assert (np.diff(markers.serum_b12_pmol_l[:, 0]) > 0).all()
    assert (np.diff(markers.mma_nmol_l[:, 0]) < 0).all()


def test_lower_egfr_keeps_more_of_a_large_cyanocobalamin_dose():
    bodies = Bodies.typical(2, start_serum_b12_pmol_l=200, egfr=[90, 30])
    urine = simulate(bodies, Courses.same(2, [Dose(0, 1000, CN, "im")]), [10.0]).urine_ug[:, 0]
    assert urine[1] < urine[0]


def test_sample_on_the_day_of_a_dose_is_taken_before_it():
    with_dose = series(person(), [Dose(10, 1000, OH, "im")], [10.0], "serum_b12_pmol_l")
    assert with_dose == series(person(), [], [10.0], "serum_b12_pmol_l")


def test_serum_at_day_0_is_the_one_given():
    bodies = Bodies.draw(200, seed=4, absorption="metformin", start_serum_b12_pmol_l=np.linspace(60, 900, 200))
    serum = simulate(bodies, Courses.same(200, []), [0.0]).serum_b12_pmol_l[:, 0]
    assert serum == pytest.approx(np.linspace(60, 900, 200), rel=1e-9)


def test_normal_person_in_balance_stays_there():
    serum = series(Bodies.typical(1), [], [0.0, 3000.0], "serum_b12_pmol_l")
    assert serum[1] == pytest.approx(serum[0], rel=1e-9)


def test_depletion_years_before_day_0_equal_the_same_years_simulated():
    later = Bodies.typical(1, absorption="gastrectomy", years_since_absorption_lost=3)
    at_once = Bodies.typical(1, absorption="gastrectomy", years_since_absorption_lost=0)
    walked = series(at_once, [], [3 * 365.25], "store_ug")
    assert series(later, [], [0.0], "store_ug") == pytest.approx(walked, rel=1e-9)


def test_one_person_alone_equals_the_same_person_among_hundreds():
    n = 300
    bodies = Bodies.draw(n, seed=9, absorption="no_intrinsic_factor", start_serum_b12_pmol_l=100)
    people = [[Dose(day + i % 7, 1000, OH, "im") for day in range(0, 300, 20 + i % 50)] for i in range(n)]
    days = np.arange(8) * 40.0 + np.arange(n)[:, None] % 11
    among = all_series(simulate(bodies, Courses.of(people), days))
    for i in (0, 137, 299):
        alone = simulate(bodies.take([i]), Courses.of([people[i]]), days[i])
        assert np.array_equal(all_series(alone)[:, 0], among[:, i])


def test_days_of_sampling_do_not_change_what_is_found():
    bodies = Bodies.draw(20, seed=3, absorption="no_intrinsic_factor", start_serum_b12_pmol_l=90)
    courses = Courses.same(20, LOADING)
    often = simulate(bodies, courses, np.arange(0.0, 201.0))
    once = simulate(bodies, courses, [200.0])
    for name in ("serum_b12_pmol_l", "mma_nmol_l", "homocysteine_umol_l"):
        assert getattr(often, name)[:, -1] == pytest.approx(getattr(once, name)[:, 0], rel=1e-4)


def test_rows_of_days_may_end_early():
    bodies = Bodies.typical(2, start_serum_b12_pmol_l=100)
    markers = simulate(bodies, Courses.same(2, LOADING), [[1.0, 5.0], [5.0, np.nan]])
    assert markers.mma_nmol_l[1, 0] == pytest.approx(markers.mma_nmol_l[0, 1], rel=1e-6)
    assert np.isnan(markers.mma_nmol_l[1, 1])


def test_equal_rates_give_the_limit_and_no_hole():
    body = person()
    level = [
        series(body.replace(kX_CN=36.0 * off, kF_CN=36.0, ka_CN=36.0), [Dose(0, 1000, CN, "im")], [0.05, 1.0])
        for off in (1 - 1e-3, 1.0, 1 + 1e-3)
    ]
    assert np.isfinite(level).all()
    assert level[1] == pytest.approx((level[0] + level[2]) / 2, rel=1e-5)


def test_nearly_empty_stores_stay_finite_for_decades():
    body = Bodies.typical(1, absorption="gastrectomy", years_since_absorption_lost=60)
    markers = simulate(body, Courses.same(1, []), [0.0, 40 * 365.0])
    assert np.isfinite(all_series(markers)).all()
    assert (markers.labile_ug > 0).all()


def test_forty_years_of_weekly_injections_and_daily_tablets_are_followed():
    doses = [Dose(day, 1000, OH, "im") for day in range(0, 14600, 7)]
    doses += [Dose(day, 1000, CN, "oral") for day in range(14600)]
    level = series(person(), doses, [0.0, 7300.0, 14600.0], "serum_b12_pmol_l")
    assert np.isfinite(level).all()
    assert level[2] == pytest.approx(level[1], rel=0.2)


def test_daily_tablets_add_up_tablet_by_tablet():
    tablets = [Dose(day, 1000, CN, "oral") for day in range(20)]
    none = series(person(), [], [30.0])
    one_by_one = sum(series(person(), [tablet], [30.0]) - none for tablet in tablets)
    assert series(person(), tablets, [30.0]) - none == pytest.approx(one_by_one, rel=1e-9)


def test_doses_within_five_hours_share_one_capacity_of_intrinsic_factor():
    body = Bodies.typical(1, absorption="normal", start_serum_b12_pmol_l=200)
    apart, close, one = (
        series(body, [Dose(0, 2, CN, "oral"), Dose(later, dose, CN, "oral")], [3.0])[0]
        for later, dose in ((0.5, 2), (0.1, 2), (0.5, 1e-9))
    )
    assert one < close < apart
    together = series(body, [Dose(0, 4, CN, "oral")], [3.0])[0]
    assert close == pytest.approx(together, abs=0.01)


def test_food_halves_what_is_absorbed_passively():
    start = series(person(), [], [5.0])[0]
    hungry, fed = (
        series(person(), [Dose(0, 1000, CN, "oral", fasting=fasting)], [5.0])[0] - start for fasting in (True, False)
    )
    assert fed == pytest.approx(hungry / 2, rel=1e-9)


def test_equations_without_the_bound_part_give_the_numbers_of_the_sketch():
    settings = {
        "reabsorbed_bile": 0.15,
        "intrinsic_factor": 0.2,
        "diet_absorbed_ug_d": 0.3,
        "egfr": 70,
        "age_years": 70,
    }
    oral = Bodies.typical(1, start_serum_b12_pmol_l=69, **settings).replace(**SKETCH)
    tablets = simulate(oral, Courses.same(1, [Dose(day, 2000, CN, "oral") for day in range(121)]), [120.0])
    assert tablets.serum_b12_pmol_l[0, 0] == pytest.approx(753.1427806, rel=1e-4)
    assert tablets.mma_nmol_l[0, 0] == pytest.approx(154.0921083, rel=1e-4)
    assert tablets.homocysteine_umol_l[0, 0] == pytest.approx(8.5467773, rel=1e-4)
    injected = Bodies.typical(1, start_serum_b12_pmol_l=70, **settings).replace(**SKETCH)
    doses = [Dose(day, 1000, CN, "im") for day in (0, 2, 6, 9, 13, 20, 29, 59, 89)]
    markers = simulate(injected, Courses.same(1, doses), [120.0])
    assert markers.serum_b12_pmol_l[0, 0] == pytest.approx(311.9079557, rel=1e-4)
    assert markers.active_b12_pmol_l[0, 0] == pytest.approx(34.5618018, rel=1e-4)
    assert markers.urine_ug[0, 0] == pytest.approx(6803.4089195, rel=1e-6)


def test_kernel_is_compiled_once_for_one_person_and_for_many():
    simulate(person(), Courses.same(1, LOADING), [1.0])
    simulate(person().take([0] * 500), Courses.same(500, LOADING), np.ones((500, 1)))
    assert len(compiled().signatures) == 1


def test_start_that_no_food_could_keep_is_refused():
    with pytest.raises(CobalaminError, match="give start_serum_b12_pmol_l or years_since_absorption_lost"):
        simulate(Bodies.typical(1, absorption="gastrectomy"), Courses.same(1, []), [1.0])


@pytest.mark.parametrize(
    ("days", "words"),
    [
        ([3.0, 1.0], "must rise"),
        ([-1.0], "count from day 0"),
        ([[np.nan, 1.0]], "NaN only at its end"),
        ([[1.0], [2.0]], "have shape"),
    ],
)
def test_days_that_make_no_sense_are_refused(days, words):
    with pytest.raises(CobalaminError, match=words):
        simulate(person(), Courses.same(1, []), days)


def test_bodies_without_a_course_are_refused():
    with pytest.raises(CobalaminError, match="one course a body"):
        simulate(person(), Courses.same(2, []), [1.0])
