"""The likelihood of results, beside numbers worked out by hand."""

from __future__ import annotations

from math import exp, sqrt

import numpy as np
import pytest

from cobalamin.errors import CobalaminError
from cobalamin.physiology.likelihood import (
    MARKERS,
    MeasurementError,
    Result,
    Results,
    distribution,
    log_between,
    log_densities,
    log_density,
    measured,
    measurement_error,
    score,
)

NO_SHIFT = MeasurementError(scale=np.full(4, 0.2), shift_sd=np.zeros(4))
B12, ACTIVE, MMA, HCY = MARKERS


def exact(day: float, marker: str, value: float, **more: float | str) -> Result:
    return Result(day, marker, value, value, **more)


def test_density_at_the_centre_is_three_eighths() -> None:
    # Gamma(5/2) / (sqrt(4 pi) Gamma(2)) = 3/8
    assert exp(log_density(np.array(0.0))) == pytest.approx(3 / 8)


def test_density_two_scales_off_is_the_tabled_one() -> None:
    # 3/8 (1 + 4/4)^(-5/2) = 3/8 / 5.65685
    assert exp(log_density(np.array(2.0))) == pytest.approx(0.375 / sqrt(32))


def test_distribution_agrees_with_printed_critical_values() -> None:
    # Student's table, four degrees: 2.132 is the 95th, 2.776 the 97.5th percentile.
    assert distribution(np.array(2.132)) == pytest.approx(0.95, abs=2e-4)
    assert distribution(np.array(-2.776)) == pytest.approx(0.025, abs=2e-4)
    assert distribution(np.array([-np.inf, 0, np.inf])) == pytest.approx([0, 0.5, 1])


def test_far_tails_keep_their_digits() -> None:
    # P(T > z) tends to 3 z^-4 for four degrees; both sides are the same.
    upper, lower = (exp(log_between(np.array(a), np.array(b))) for a, b in ((100000.0, np.inf), (-np.inf, -100000.0)))
    assert upper == lower == pytest.approx(3e-20, rel=1e-6)


def test_a_single_result_counts_by_its_distance_on_the_log_scale() -> None:
    results = Results.of([exact(30, MMA, 200.0)])
    found = score(np.log([[200.0], [200.0 * exp(0.2)]]), results, NO_SHIFT).total
    # at the centre: 3/8 / 0.2; one scale off: times (1 + 1/4)^(-5/2)
    assert np.exp(found) == pytest.approx([1.875, 1.875 * 1.25**-2.5])


def test_a_result_below_a_limit_counts_by_the_tail() -> None:
    results = Results.of([Result(0, B12, 0, 30)])
    found = score(np.log([[30.0], [30 * exp(0.2 * 2.132)]]), results, NO_SHIFT).total
    assert np.exp(found) == pytest.approx([0.5, 0.05], abs=2e-4)


def test_a_result_above_a_limit_counts_by_the_other_tail() -> None:
    results = Results.of([Result(0, B12, 2000, np.inf)])
    found = score(np.log([[2000.0], [2000 * exp(-0.2 * 2.776)]]), results, NO_SHIFT).total
    assert np.exp(found) == pytest.approx([0.5, 0.025], abs=2e-4)


def test_a_result_in_words_counts_between_the_printed_limits() -> None:
    results = Results.of([Result(0, MMA, 100, 100 * exp(0.4))])
    found = score(np.log([[100 * exp(0.2)]]), results, NO_SHIFT).total
    assert np.exp(found) == pytest.approx(2 * float(distribution(np.array(1.0))) - 1)


def test_half_a_weight_counts_half_on_the_log_scale() -> None:
    whole, half = (Results.of([exact(9, B12, 300, weight=weight)]) for weight in (1.0, 0.5))
    predicted = np.log([[200.0], [320.0]])
    assert score(predicted, half, NO_SHIFT).total == pytest.approx(score(predicted, whole, NO_SHIFT).total / 2)


def test_the_shift_of_a_laboratory_is_shared_by_its_results() -> None:
    error = MeasurementError(scale=np.full(4, 0.2), shift_sd=np.array([0.1, 0, 0, 0]))
    one = Results.of([exact(0, B12, 300, laboratory="A"), exact(90, B12, 300, laboratory="A")])
    two = Results.of([exact(0, B12, 300, laboratory="A"), exact(90, B12, 300, laboratory="B")])
    both_low = np.log([[300 * exp(-0.2), 300 * exp(-0.2)]])
    # By summing over a fine grid of shifts, s ~ N(0, 0.1).
    shifts = np.linspace(-0.8, 0.8, 16001)
    share = np.exp(-0.5 * (shifts / 0.1) ** 2)
    density = np.exp(log_density((0.2 - shifts) / 0.2)) / 0.2
    together = (share * density**2).sum() / share.sum()
    apart = ((share * density).sum() / share.sum()) ** 2
    assert np.exp(score(both_low, one, error).total) == pytest.approx(together, rel=5e-4)
    assert np.exp(score(both_low, two, error).total) == pytest.approx(apart, rel=5e-4)
    assert together > apart


def test_leaving_a_result_out_equals_never_having_had_it() -> None:
    given = [exact(0, B12, 120), exact(90, B12, 400), exact(90, MMA, 210), Result(180, B12, 2000, np.inf)]
    results = Results.of(given)
    predicted = np.log(np.random.default_rng(5).uniform(100, 900, (6, 4)))
    found = score(predicted, results)
    for left_out in range(4):
        kept = [one for one in range(4) if one != left_out]
        fewer = Results(*(getattr(results, name)[kept] for name in Results.__dataclass_fields__))
        total, nodes = found.without(left_out)
        assert total == pytest.approx(score(predicted[:, kept], fewer).total)
        assert np.exp(nodes).sum(axis=1) == pytest.approx(np.ones(6))


def test_the_order_of_results_does_not_matter() -> None:
    given = [exact(90, B12, 400), exact(0, B12, 120), exact(90, MMA, 210)]
    first, second = Results.of(given), Results.of(given[::-1])
    assert all(np.array_equal(getattr(first, name), getattr(second, name)) for name in Results.__dataclass_fields__)


def test_no_results_say_nothing() -> None:
    assert score(np.empty((3, 0)), Results.of([])).total == pytest.approx(np.zeros(3))


@pytest.mark.parametrize(
    ("result", "said"),
    [
        (exact(0, "haemoglobin", 120), "No marker 'haemoglobin' can be fitted"),
        (Result(0, B12, 300, 200), "the limits 300 and 200 cannot be"),
        (exact(0, B12, 0), "cannot be"),
        (exact(float("nan"), B12, 100), "needs a day"),
        (exact(0, B12, 100, weight=0.0), "needs a day, a positive value and a weight"),
    ],
)
def test_an_impossible_result_is_refused_in_words(result: Result, said: str) -> None:
    with pytest.raises(CobalaminError, match=said):
        Results.of([result])


def test_every_marker_has_an_error_with_a_source() -> None:
    assert tuple(measured()) == MARKERS
    assert all(row.source and row.certainty in ("seen", "recalled", "ours") for row in measured().values())
    assert measurement_error().scale == pytest.approx(0.9 * np.array([0.20, 0.15, 0.23, 0.17]))


def test_scale_keeps_bands_honest_where_errors_are_normal() -> None:
    # Spread of the score and curvature agree (information equality) for normal errors of SD 1 at scale 0.90.
    x = np.linspace(-9, 9, 200001)
    share = np.exp(-x * x / 2) / sqrt(2 * np.pi) * (x[1] - x[0])
    r = x / 0.90
    spread = (share * (5 * r / (4 + r * r) / 0.90) ** 2).sum()
    curvature = (share * 5 * (4 - r * r) / (4 + r * r) ** 2 / 0.90**2).sum()
    assert spread == pytest.approx(curvature, rel=0.01)


def test_log_densities_of_no_predictions_is_empty() -> None:
    results = Results.of([exact(0, B12, 120)])
    assert log_densities(np.empty((0, 1)), results, NO_SHIFT).shape == (0, 1)
