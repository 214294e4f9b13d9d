"""Importance sampling, beside posteriors that are known in closed form."""

from __future__ import annotations

import numpy as np
import pytest

from cobalamin.physiology.importance import (
    Proposal,
    Rounds,
    Sample,
    effective_size,
    pareto_smoothed,
    prior,
    quantiles,
    resampled,
    sample,
)
from cobalamin.physiology.likelihood import MeasurementError, Result, Results, score
from cobalamin.physiology.linearised import linearised

SLOPES = np.array([[0.5, 0.1, -0.2], [0.1, 0.4, 0.3]])
MIDDLE = np.log([300.0, 200.0])
ERROR = MeasurementError(scale=np.full(4, 0.2), shift_sd=np.zeros(4))


def results() -> Results:
    b12 = Result(0, "serum_b12_pmol_l", 420, 420)
    mma = Result(0, "mma_nmol_l", 150, 150)
    return Results.of([b12, mma])


def columns(free: np.ndarray) -> np.ndarray:
    """Straight-line predictions in the order of the results (by marker's name: MMA before serum B12)."""
    return (MIDDLE + free @ SLOPES.T)[:, ::-1]


def sampled(seed: int, rounds: tuple[int, ...] = (400, 600, 3000)) -> Sample:
    given = results()
    return sample(
        predict=lambda scores, classes: columns(scores),
        likelihood=lambda predicted: score(predicted, given, ERROR).total,
        guide=lambda scores, predicted, weight: linearised(scores, predicted, weight, given, ERROR),
        start=prior(3, np.ones(1)),
        plan=Rounds(rounds),
        rng=np.random.default_rng(seed),
    )


def on_a_grid() -> tuple[np.ndarray, np.ndarray]:
    """Mean and SD of the same posterior, summed over a fine grid of the three parameters."""
    axis = np.linspace(-5, 5, 81)
    grid = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1).reshape(-1, 3)
    log_share = score(columns(grid), results(), ERROR).total - 0.5 * (grid**2).sum(axis=1)
    share = np.exp(log_share - log_share.max())
    share /= share.sum()
    mean = share @ grid
    return mean, np.sqrt(share @ (grid - mean) ** 2)


def test_posterior_agrees_with_a_grid_that_tries_everything() -> None:
    mean, sd = on_a_grid()
    found = sampled(seed=3)
    error = sd / np.sqrt(found.effective)
    ours = found.weight @ found.scores
    assert found.effective > 1000
    assert np.abs(ours - mean) == pytest.approx(np.zeros(3), abs=float((4 * error).max()))
    assert np.sqrt(found.weight @ (found.scores - ours) ** 2) == pytest.approx(sd, rel=0.1)


def test_same_seed_same_draws_and_weights() -> None:
    first, second, other = sampled(seed=3), sampled(seed=3), sampled(seed=4)
    assert np.array_equal(first.scores, second.scores) and np.array_equal(first.weight, second.weight)
    assert not np.array_equal(first.scores, other.scores)


def test_without_results_the_posterior_is_the_prior() -> None:
    nothing = Results.of([])
    found = sample(
        predict=lambda scores, classes: np.empty((len(scores), 0)),
        likelihood=lambda predicted: score(predicted, nothing).total,
        guide=lambda scores, predicted, weight: linearised(scores, predicted, weight, nothing, ERROR),
        start=prior(2, np.array([0.3, 0.7])),
        plan=Rounds((2000, 2000)),
        rng=np.random.default_rng(1),
    )
    mean = found.weight @ found.scores
    assert mean == pytest.approx([0, 0], abs=0.07)
    assert found.weight @ found.scores**2 == pytest.approx([1, 1], abs=0.1)
    assert np.bincount(found.classes, weights=found.weight) == pytest.approx([0.3, 0.7], abs=0.02)


def test_the_class_that_explains_the_results_gains() -> None:
    given = Results.of([Result(0, "serum_b12_pmol_l", 600, 600)])
    found = sample(
        predict=lambda scores, classes: np.log(np.where(classes == 0, 200.0, 600.0))[:, None] + 0.1 * scores,
        likelihood=lambda predicted: score(predicted, given, ERROR).total,
        guide=lambda scores, predicted, weight: linearised(scores, predicted, weight, given, ERROR),
        start=prior(1, np.array([0.9, 0.1])),
        plan=Rounds((500, 500, 1000)),
        rng=np.random.default_rng(2),
    )
    # Odds 1:9 times the ratio of two Student-t densities, 0 and ln 3 off, smeared by 0.1.
    assert np.bincount(found.classes, weights=found.weight)[1] > 0.8


def test_straight_lines_with_normal_errors_are_solved_exactly() -> None:
    scores = np.random.default_rng(8).standard_normal((4000, 3))
    given = Results.of([Result(0, "serum_b12_pmol_l", 300, 300), Result(0, "mma_nmol_l", 200, 200)])
    guess = linearised(scores, columns(scores), np.full(4000, 1 / 4000), given, ERROR)
    assert guess.basis.T @ guess.basis == pytest.approx(np.eye(2), abs=1e-9)
    assert guess.mean == pytest.approx(np.zeros(2), abs=0.01)
    covariance = np.linalg.inv(np.eye(3) + SLOPES.T @ SLOPES / 0.2**2)
    assert guess.covariance == pytest.approx(guess.basis.T @ covariance @ guess.basis, abs=0.01)


def test_a_guess_leaves_alone_what_the_results_do_not_speak_about() -> None:
    scores = np.random.default_rng(8).standard_normal((4000, 3))
    given = Results.of([Result(0, "serum_b12_pmol_l", 300, 300)])
    guess = linearised(scores, np.log(300) + scores[:, :1] * 0.5, np.full(4000, 1 / 4000), given, ERROR)
    assert abs(guess.basis[:, 0]) == pytest.approx([1, 0, 0], abs=0.02)


def test_density_of_a_proposal_sums_to_one() -> None:
    share = np.array([0.25, 0.75])
    one = Proposal(np.array([[1.0]]), np.array([0.5]), np.array([[0.4]]), share, np.array([0.5, 0.5]))
    axis = np.linspace(-30, 30, 200001)[:, None]
    normal = np.exp(-0.5 * axis[:, 0] ** 2) / np.sqrt(2 * np.pi) * (axis[1, 0] - axis[0, 0])
    total = sum(0.5 * (normal * np.exp(one.log_ratio(axis, np.full(len(axis), c)))).sum() for c in (0, 1))
    assert total == pytest.approx(1, abs=1e-4)


def test_draws_follow_the_proposal_along_its_directions_and_the_prior_across() -> None:
    basis = np.array([[0.6], [0.8], [0.0]])
    one = Proposal(basis, np.array([2.0]), np.array([[0.1]]), np.ones(1), np.ones(1))
    scores, _ = one.draw(20000, np.random.default_rng(1))
    assert (scores @ basis).mean() == pytest.approx(2, abs=0.01)
    across = scores - (scores @ basis) @ basis.T
    assert across.std(axis=0) == pytest.approx([0.8, 0.6, 1.0], abs=0.02)


def test_one_draw_that_outweighs_all_is_worth_one() -> None:
    assert effective_size(np.array([1.0, 0, 0, 0])) == 1
    assert effective_size(np.full(4, 0.25)) == pytest.approx(4)


def test_heavy_tails_of_weights_are_recognised() -> None:
    rng = np.random.default_rng(4)
    tame, wild = rng.exponential(size=4000) ** 0.3, rng.pareto(0.9, size=4000) + 1
    smoothed, shape = pareto_smoothed(np.log(wild))
    assert shape > 0.7
    assert pareto_smoothed(np.log(tame))[1] < 0.3
    assert smoothed.max() <= np.log(wild).max()


def test_weighted_quantiles_are_those_of_repeated_values() -> None:
    values, weight = np.array([[1.0], [2.0], [3.0]]), np.array([0.2, 0.6, 0.2])
    assert quantiles(values, weight, np.array([0.1, 0.5, 0.9]))[:, 0] == pytest.approx([1, 2, 3])


def test_resampling_takes_draws_in_proportion() -> None:
    chosen = resampled(np.array([0.1, 0.0, 0.9]), 1000, np.random.default_rng(0))
    assert np.bincount(chosen, minlength=3) == pytest.approx([100, 0, 900], abs=1)
