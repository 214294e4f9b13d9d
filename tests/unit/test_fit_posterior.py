"""Fitting one person's results: what must hold whatever the numbers of the model are."""

from __future__ import annotations

from functools import cache
from itertools import pairwise

import numpy as np
import pytest

from cobalamin.errors import CobalaminError
from cobalamin.physiology.ahead import Candidate, Schedule, one_more, quiet
from cobalamin.physiology.branches import Branch, follow
from cobalamin.physiology.courses import Courses, Dose
from cobalamin.physiology.fit import SURPRISING, Fit, Known, Start, fit
from cobalamin.physiology.likelihood import Result
from cobalamin.physiology.simulate import simulate

B12, MMA = "serum_b12_pmol_l", "mma_nmol_l"
LOADING = [Dose(7 + day, 1000, "hydroxocobalamin", "im") for day in (0, 2, 4, 7, 9, 11)]
MAINTENANCE = [Dose(102 + 84 * k, 1000, "hydroxocobalamin", "im") for k in range(6)]
KNOWN = Known(
    doses=(*LOADING, *MAINTENANCE),
    classes={"no_intrinsic_factor": 1.0},
    covariates={"age_years": 70, "male": False, "egfr": 70},
)
GIVEN = (
    Result(0, B12, 90, 90),
    Result(0, MMA, 900, 900),
    Result(186, B12, 300, 300),
    Result(186, MMA, 210, 210),
    Result(354, B12, 280, 280),
    Result(522, MMA, 200, 200),
)


def middle(found: Fit, field: str) -> float:
    return float(np.median(found.bodies[field][found.posterior(400)]))


@cache
def fitted(given: tuple[Result, ...] = GIVEN, seed: int = 7) -> Fit:
    return fit(KNOWN, given, seed=seed)


def test_same_input_and_seed_give_the_same_answer() -> None:
    again = fit(KNOWN, GIVEN, seed=7)
    assert np.array_equal(fitted().sample.weight, again.sample.weight)
    assert fitted().bodies.people.tobytes() == again.bodies.people.tobytes()
    assert not np.array_equal(fitted(seed=8).sample.scores[:9], again.sample.scores[:9])


def test_the_order_of_results_changes_nothing() -> None:
    assert np.array_equal(fit(KNOWN, GIVEN[::-1], seed=7).sample.weight, fitted().sample.weight)


def test_without_results_the_posterior_is_the_prior() -> None:
    found = fit(KNOWN, [])
    assert np.ptp(found.sample.weight) == pytest.approx(0)
    assert found.sample.effective == pytest.approx(len(found.sample.weight))
    assert abs(found.sample.scores.mean()) < 0.05
    assert found.expected().chance.shape == (0,)


def test_two_seeds_agree_within_the_error_of_drawing() -> None:
    first, second = fitted(), fitted(seed=8)
    assert first.trusted and second.trusted
    assert middle(first, "B_n") == pytest.approx(middle(second, "B_n"), rel=0.15)
    assert middle(first, "M0") == pytest.approx(middle(second, "M0"), rel=0.15)


def test_higher_results_mean_a_higher_own_level() -> None:
    higher = tuple(Result(one.day, one.marker, 2 * one.low, 2 * one.high) if one.day > 0 else one for one in GIVEN)
    assert middle(fitted(higher), "B_n") > 1.3 * middle(fitted(), "B_n")


def test_a_result_that_contradicts_the_others_is_named() -> None:
    wild = (*GIVEN[:-1], Result(522, MMA, 2500, 2500))
    chance = fitted(wild).expected().chance
    assert np.nanargmin(chance) == 5 and chance[5] < SURPRISING
    assert (fitted().expected().chance > SURPRISING).all()


def test_one_wild_result_hardly_moves_the_answer() -> None:
    wild = (*GIVEN, Result(530, B12, 20000, 20000))
    assert middle(fitted(wild), "B_n") == pytest.approx(middle(fitted(), "B_n"), rel=0.25)


def test_what_the_others_made_expect_holds_the_result_within_its_range() -> None:
    found = fitted().expected()
    assert (found.low < found.median).all() and (found.median < found.high).all()
    assert found.low[2] < 300 < found.high[2]


def test_a_censored_result_pulls_towards_its_side() -> None:
    pressed = (*GIVEN[:2], Result(186, B12, 0, 150), *GIVEN[3:4])
    free = (*GIVEN[:2], GIVEN[3])
    assert middle(fitted(pressed), "B_n") < 0.8 * middle(fitted(free), "B_n")


def test_an_open_class_of_absorption_is_weighed_by_the_results() -> None:
    known = Known(
        doses=tuple(Dose(day, 50, "cyanocobalamin", "oral") for day in range(5, 120)),
        classes={"normal": 0.5, "no_intrinsic_factor": 0.5},
        start=Start(100, 0.3),
    )
    found = fit(known, [Result(0, B12, 95, 95), Result(119, B12, 105, 105), Result(119, MMA, 900, 900)])
    share = np.bincount(found.sample.classes, weights=found.sample.weight)
    assert share.sum() == pytest.approx(1)
    assert share[1] > 0.8


@pytest.mark.parametrize(
    ("known", "given", "draws", "said"),
    [
        (KNOWN, [Result(-3, B12, 90, 90)], 200, "lies on day -3; days count from 0"),
        (KNOWN, [], 10, "10 draws: give between"),
        (Known((), {"normal": 0.4}), [], 200, "must be 0 or more and add up to 1"),
        (Known((), {"martian": 1.0}), [], 200, 'no absorption class "martian"'),
    ],
)
def test_what_cannot_be_fitted_is_refused_in_words(known: Known, given: list[Result], draws: int, said: str) -> None:
    with pytest.raises(CobalaminError, match=said):
        fit(known, given, draws=draws)


def test_longer_intervals_lower_the_trough_of_every_draw() -> None:
    found, last = fitted(), KNOWN.doses[-1]
    branches = []
    for weeks in (4, 8, 12, 26):
        schedule = Schedule(last.day + 7 * weeks, 7 * weeks)
        day = schedule.trough_day()
        branches.append(Branch(tuple(schedule.doses(last, day - 1)), (day,)))
    bodies = found.bodies.take(found.posterior(30))
    by_interval = follow(bodies, KNOWN.doses, [], last.day, branches).ahead
    for shorter, longer in pairwise(by_interval):
        assert (longer[B12] < shorter[B12]).all()
        assert (longer[MMA] > shorter[MMA]).all()


def test_a_schedule_ends_with_the_trough_of_about_a_year() -> None:
    twelve = Schedule(first_day=100, every_days=84)
    assert twelve.trough_day() == 100 + 4 * 84
    assert [dose.day for dose in twelve.doses(MAINTENANCE[0], 300)] == [100, 184, 268]
    assert Schedule(100, 84).doses(MAINTENANCE[0], 50) == []


def test_days_after_an_injection_are_quiet_and_the_day_of_the_next_is_not() -> None:
    doses = [Dose(10, 1000, "hydroxocobalamin", "im"), Dose(94, 1000, "hydroxocobalamin", "im")]
    days = np.array([10.0, 11.0, 23.9, 24.0, 94.0])
    assert quiet(doses, B12, days).tolist() == [False, True, True, False, False]
    assert not quiet(doses, MMA, days).any()
    assert not quiet([Dose(10, 1000, "cyanocobalamin", "oral")], B12, days).any()


def test_one_more_result_of_a_marker_narrows_that_marker_most() -> None:
    found, days = fitted(), np.array([605.0, 606.0])
    draws = found.posterior(300)
    markers = simulate(found.bodies.take(draws), Courses.same(300, KNOWN.doses), days)
    seen = {B12: markers.serum_b12_pmol_l, MMA: markers.mma_nmol_l}
    targets = {marker: seen[marker][:, 1] for marker in (B12, MMA)}
    ratios = one_more(found, draws, [Candidate(B12, 605.0), Candidate(MMA, 605.0)], seen, days, targets)
    assert (ratios <= 1.02).all()
    assert ratios[0, 0] < ratios[1, 0] and ratios[1, 1] < ratios[0, 1]
