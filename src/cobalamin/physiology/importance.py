"""Adaptive importance sampling: from draws of the prior to draws where the results put the weight.

Scores are standard normal before the results. Results speak about a few directions of the scores only; across them
the posterior is the prior. So a proposal is a Student-t in those directions and the prior across them, and a draw's
density against the prior is a matter of the few directions. A first round from the prior gives the directions and a
first guess by straight lines (linearised.py); later rounds fit the Student-t to what has been drawn. All rounds
count: a draw's weight is likelihood times prior over the mixture of everything drawn from (the balance heuristic).
Draws of the prior itself stay in the mixture, so no weight can run away. Extreme weights are smoothed by a generalised
Pareto tail, whose shape also says when the answer is not to be trusted (Vehtari et al., Pareto smoothed importance
sampling).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import lgamma, log

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Predict = Callable[[Array, NDArray[np.int64]], Array]
Likelihood = Callable[[Array], Array]
Guide = Callable[[Array, Array, Array], "Guess"]

DEGREES = 7.0  # of the Student-t that is drawn from: heavier tails than what it is fitted to
WIDENED = 1.15  # its covariance against the fitted one
LEAST_CLASS = 0.05  # no class that was possible before the results is left undrawn
LEAST_VARIANCE = 1e-5
TEMPERED_SHARE = 0.1  # effective draws wanted of those drawn so far before they are fitted to with full weight


@dataclass(frozen=True)
class Guess:
    """Directions the results speak about, `basis` (d, r) with orthonormal columns; mean and covariance along them."""

    basis: Array
    mean: Array
    covariance: Array


@dataclass(frozen=True)
class Proposal:
    """What draws are taken from: Student-t along `basis` (d, r), the prior across it, and, apart, a class."""

    basis: Array
    mean: Array
    root: Array  # lower triangular (r, r), covariance = root root'
    class_share: Array
    prior_share: Array

    def draw(self, n: int, rng: np.random.Generator) -> tuple[Array, NDArray[np.int64]]:
        """Scores (n, d) and classes (n,)."""
        d, r = self.basis.shape
        scores = rng.standard_normal((n, d))
        if r:
            along = rng.standard_normal((n, r)) / np.sqrt(rng.chisquare(DEGREES, n) / DEGREES)[:, None]
            wanted = self.mean + along @ self.root.T
            scores += (wanted - scores @ self.basis) @ self.basis.T
        return scores, _spread(self.class_share, n, rng)

    def log_ratio(self, scores: Array, classes: NDArray[np.int64]) -> Array:
        """Log of density over density of the prior (n,)."""
        possible = np.where(self.prior_share > 0, self.prior_share, 1)
        found = np.log(np.maximum(self.class_share, 1e-300) / possible)[classes]
        r = len(self.mean)
        if not r:
            return np.asarray(found)
        along = scores @ self.basis
        z = np.linalg.solve(self.root, (along - self.mean).T)
        constant = lgamma((DEGREES + r) / 2) - lgamma(DEGREES / 2) - r / 2 * log(DEGREES / 2)
        student = constant - (DEGREES + r) / 2 * np.log1p((z * z).sum(axis=0) / DEGREES)
        return np.asarray(found + student - np.log(np.diag(self.root)).sum() + (along * along).sum(axis=1) / 2)


def _spread(share: Array, n: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Classes in proportion to their share, as evenly as n allows, in random order."""
    points = (np.arange(n) + rng.random()) / n
    chosen = np.minimum(np.searchsorted(np.cumsum(share), points), len(share) - 1)
    return rng.permutation(chosen).astype(np.int64)


def prior(dimensions: int, class_share: Array) -> Proposal:
    """The prior: standard normal, and the classes by how likely they were before the results."""
    return Proposal(np.zeros((dimensions, 0)), np.zeros(0), np.zeros((0, 0)), class_share, class_share)


@dataclass(frozen=True)
class Sample:
    """Weighted draws: `scores` (n, d), `classes` (n,), `weight` (n,) with sum 1, and how far they can be trusted."""

    scores: Array
    classes: NDArray[np.int64]
    log_likelihood: Array
    log_base: Array  # log prior less log of the mixture drawn from
    weight: Array
    effective: float
    tail_shape: float
    counts: tuple[int, ...]  # draws of each round; those of the first are draws of the prior


@dataclass(frozen=True)
class Rounds:
    """How many draws each round takes, and with how many effective ones the later rounds can be spared."""

    draws: tuple[int, ...]
    enough: float = np.inf


def effective_size(weight: Array) -> float:
    """How many independent draws the weighted ones are worth (Kish)."""
    return float(weight.sum() ** 2 / (weight * weight).sum())


def normalised(log_weight: Array) -> Array:
    """Weights with sum 1."""
    weight = np.exp(log_weight - log_weight.max())
    return np.asarray(weight / weight.sum())


def sample(
    predict: Predict, likelihood: Likelihood, guide: Guide, start: Proposal, plan: Rounds, rng: np.random.Generator
) -> Sample:
    """Draw in rounds, the first from the prior `start`; stop once enough effective draws are there.

    `predict(scores, classes)` gives log predictions (n, m), `likelihood` of them log likelihoods (n,), and `guide` of
    scores, predictions and weights a first guess.
    """
    scores, classes = start.draw(plan.draws[0], rng)
    predicted = predict(scores, classes)
    found = likelihood(predicted)
    proposals, counts, log_base = [start], [plan.draws[0]], np.zeros(len(scores))
    for n in plan.draws[1:]:
        weight, power = tempered(found, log_base)
        near = weight if power == 1.0 else _last_round(counts)
        guess = guide(scores, predicted, near)
        if power == 1.0:
            guess = fitted(scores, weight, guess.basis)
        proposal = proposed(guess, classes, weight, start)
        more, more_classes = proposal.draw(n, rng)
        predicted = np.concatenate([predicted, predict(more, more_classes)])
        found = np.concatenate([found, likelihood(predicted[-n:])])
        scores, classes = np.concatenate([scores, more]), np.concatenate([classes, more_classes])
        proposals.append(proposal)
        counts.append(n)
        log_base = -_log_mixture(proposals, counts, scores, classes)
        if effective_size(normalised(found + log_base)) >= plan.enough:
            break
    log_weight, shape = pareto_smoothed(found + log_base)
    weight = normalised(log_weight)
    return Sample(scores, classes, found, log_base, weight, effective_size(weight), shape, tuple(counts))


def _last_round(counts: list[int]) -> Array:
    """Equal weights on the draws of the last round: while few draws carry the weight, those around the last guess."""
    weight = np.zeros(sum(counts))
    weight[-counts[-1] :] = 1 / counts[-1]
    return weight


def _log_mixture(proposals: list[Proposal], counts: list[int], scores: Array, classes: NDArray[np.int64]) -> Array:
    """Log of the density of everything drawn from, against the prior (n,)."""
    parts = np.stack([one.log_ratio(scores, classes) + log(n) for one, n in zip(proposals, counts, strict=True)])
    top = parts.max(axis=0)
    return np.asarray(top + np.log(np.exp(parts - top).sum(axis=0)) - log(sum(counts)))


def tempered(log_likelihood: Array, log_base: Array) -> tuple[Array, float]:
    """Weights in which the likelihood counts in full, or to the power that leaves enough effective draws."""
    wanted = TEMPERED_SHARE * len(log_base)
    low, high = 0.0, 1.0
    if effective_size(normalised(log_base + log_likelihood)) >= wanted:
        return normalised(log_base + log_likelihood), 1.0
    for _ in range(12):
        power = (low + high) / 2
        enough = effective_size(normalised(log_base + power * log_likelihood)) >= wanted
        low, high = (power, high) if enough else (low, power)
    return normalised(log_base + low * log_likelihood), low


def fitted(scores: Array, weight: Array, basis: Array) -> Guess:
    """Weighted mean and covariance along the directions; few effective draws make it a little wider."""
    along = scores @ basis
    mean = weight @ along
    away = along - mean
    covariance = (away * weight[:, None]).T @ away * (1 + basis.shape[1] / effective_size(weight))
    return Guess(basis, mean, covariance)


def proposed(guess: Guess, classes: NDArray[np.int64], weight: Array, start: Proposal) -> Proposal:
    """A Student-t around a guess, and the classes as the weights have them."""
    covariance = WIDENED * guess.covariance + LEAST_VARIANCE * np.eye(len(guess.mean))
    share = np.bincount(classes, weights=weight, minlength=len(start.class_share))
    share = np.where(start.class_share > 0, np.maximum(share, LEAST_CLASS * start.class_share), 0)
    root = np.asarray(np.linalg.cholesky(covariance), float)
    return Proposal(guess.basis, guess.mean, root, share / share.sum(), start.class_share)


def pareto_smoothed(log_weight: Array) -> tuple[Array, float]:
    """Log weights with their largest replaced by quantiles of a Pareto tail fitted to them, and the tail's shape.

    A shape above 0.7 means that few draws decide the answer.
    """
    n = len(log_weight)
    tail = int(min(n // 5, 3 * n**0.5))
    order = np.argsort(log_weight, kind="stable")
    cut = order[-tail - 1]
    largest = order[-tail:]
    top = log_weight.max()
    threshold = np.exp(log_weight[cut] - top)
    excess = np.exp(log_weight[largest] - top) - threshold
    if tail < 5 or excess[-1] <= 0 or excess[0] < 0 or excess[tail // 4] <= 0:
        return log_weight, -np.inf
    shape, scale = _pareto(excess)
    at = (np.arange(1, tail + 1) - 0.5) / tail
    smooth = threshold + (
        scale * np.expm1(-shape * np.log1p(-at)) / shape if abs(shape) > 1e-6 else -scale * np.log1p(-at)
    )
    found = log_weight.copy()
    found[largest] = np.minimum(np.log(np.maximum(smooth, 1e-300)), 0.0) + top
    return found, float(shape)


def _pareto(excess: Array) -> tuple[float, float]:
    """Shape and scale of a generalised Pareto distribution (Zhang and Stephens 2009, with their weak prior)."""
    n = len(excess)
    grid = 30 + int(n**0.5)
    quartile = excess[int(n / 4 + 0.5) - 1]
    b = 1 / excess[-1] + (1 - np.sqrt(grid / (np.arange(1, grid + 1) - 0.5))) / (3 * quartile)
    b = b[b != 0]
    shapes = np.log1p(-b[:, None] * excess).mean(axis=1)
    profile = n * (np.log(-b / shapes) - shapes - 1)
    weight = 1 / np.exp(profile - profile[:, None]).sum(axis=1)
    best = float((b * weight).sum() / weight.sum())
    shape = float(np.log1p(-best * excess).mean())
    return (n * shape + 10 * 0.5) / (n + 10), -shape / best


def quantiles(values: Array, weight: Array, at: Array) -> Array:
    """Weighted quantiles of each column: values (n, k), weight (n,), at (q,) -> (q, k)."""
    order = np.argsort(values, axis=0, kind="stable")
    ordered = np.take_along_axis(values, order, axis=0)
    summed = np.cumsum(weight[order], axis=0) - weight[order] / 2
    columns = [np.interp(at, summed[:, k], ordered[:, k]) for k in range(values.shape[1])]
    return np.stack(columns, axis=1) if columns else np.empty((len(at), 0))


def resampled(weight: Array, n: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Indices of n equally weighted draws, taken evenly (systematic resampling)."""
    points = (np.arange(n) + rng.random()) / n
    return np.minimum(np.searchsorted(np.cumsum(weight) / weight.sum(), points), len(weight) - 1).astype(np.int64)
