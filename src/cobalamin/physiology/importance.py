"""Adaptive importance sampling: from draws of the prior, by tempering, to draws where the results put the weight.

The free parameters stand on a scale on which their prior is standard normal. Round by round a Student-t is fitted to
what the results say so far, and new draws are taken from it; while the results single out too few draws, a first
guess from a straight-line approximation (linearised.py) stands in. All rounds count: a draw's weight is prior times
likelihood over the mixture of everything drawn from (the balance heuristic). Draws of the prior itself stay in the
mixture, so no weight can run away. Extreme weights are smoothed by a generalised Pareto tail, whose shape also says
when the answer is not to be trusted (Vehtari et al., Pareto smoothed importance sampling). What is not free is drawn
from its prior in every round and cancels.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import lgamma, log, pi

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Predict = Callable[[Array, NDArray[np.int64]], Array]
Likelihood = Callable[[Array], Array]
Guide = Callable[[Array, Array], tuple[Array, Array]]

DEGREES = 7.0  # of the Student-t that is drawn from: heavier tails than what it is fitted to
WIDENED = 1.2  # its covariance against the fitted one
LEAST_CLASS = 0.05  # no class that was possible before the results is left undrawn
LEAST_VARIANCE = 1e-5
TEMPERED_SHARE = 0.15  # effective draws wanted of a round before the results count in full


@dataclass(frozen=True)
class Proposal:
    """What draws are taken from: Student-t (normal where `degrees` is infinite) and, apart, a class."""

    mean: Array
    root: Array  # lower triangular, covariance = root root'
    degrees: float
    class_share: Array

    def draw(self, n: int, rng: np.random.Generator) -> tuple[Array, NDArray[np.int64]]:
        """Free parameters (n, d) and classes (n,)."""
        normal = rng.standard_normal((n, len(self.mean)))
        if np.isfinite(self.degrees):
            normal /= np.sqrt(rng.chisquare(self.degrees, n) / self.degrees)[:, None]
        classes = _spread(self.class_share, n, rng)
        return self.mean + normal @ self.root.T, classes

    def log_density(self, free: Array, classes: NDArray[np.int64]) -> Array:
        """Log density of draws (n,)."""
        d = len(self.mean)
        z = np.linalg.solve(self.root, (free - self.mean).T)
        squared = (z * z).sum(axis=0)
        volume = np.log(np.diag(self.root)).sum()
        if np.isfinite(self.degrees):
            v = self.degrees
            constant = lgamma((v + d) / 2) - lgamma(v / 2) - d / 2 * log(v * pi)
            continuous = constant - volume - (v + d) / 2 * np.log1p(squared / v)
        else:
            continuous = -d / 2 * log(2 * pi) - volume - squared / 2
        return np.asarray(continuous + np.log(self.class_share)[classes])


def _spread(share: Array, n: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Classes in proportion to their share, as evenly as n allows, in random order."""
    points = (np.arange(n) + rng.random()) / n
    chosen = np.minimum(np.searchsorted(np.cumsum(share), points), len(share) - 1)
    return rng.permutation(chosen).astype(np.int64)


def prior(dimensions: int, class_share: Array) -> Proposal:
    """The prior: standard normal, and the classes by how likely they were before the results."""
    return Proposal(np.zeros(dimensions), np.eye(dimensions), np.inf, class_share)


@dataclass(frozen=True)
class Sample:
    """Weighted draws: `free` (n, d), `classes` (n,), `weight` (n,) with sum 1, and how far they can be trusted."""

    free: Array
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

    `predict(free, classes)` gives log predictions (n, m), `likelihood` of them log likelihoods (n,), and `guide` of
    free parameters and predictions the mean and covariance of a first guess.
    """
    free, classes = start.draw(plan.draws[0], rng)
    predicted = predict(free, classes)
    found = likelihood(predicted)
    proposals, counts, log_base = [start], [plan.draws[0]], np.zeros(len(free))
    for n in plan.draws[1:]:
        weight, power = tempered(found, log_base)
        proposal = fitted(free, classes, weight, start)
        if power < 1:
            last = slice(-counts[-1], None)
            proposal = guided(*guide(free[last], predicted[last]), proposal)
        more, more_classes = proposal.draw(n, rng)
        predicted = np.concatenate([predicted, predict(more, more_classes)])
        found = np.concatenate([found, likelihood(predicted[-n:])])
        free, classes = np.concatenate([free, more]), np.concatenate([classes, more_classes])
        proposals.append(proposal)
        counts.append(n)
        log_base = start.log_density(free, classes) - _log_mixture(proposals, counts, free, classes)
        if len(counts) > 2 and effective_size(normalised(found + log_base)) >= plan.enough:
            break
    log_weight, shape = pareto_smoothed(found + log_base)
    weight = normalised(log_weight)
    return Sample(free, classes, found, log_base, weight, effective_size(weight), shape, tuple(counts))


def _log_mixture(proposals: list[Proposal], counts: list[int], free: Array, classes: NDArray[np.int64]) -> Array:
    parts = np.stack([one.log_density(free, classes) + log(n) for one, n in zip(proposals, counts, strict=True)])
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


def guided(mean: Array, covariance: Array, classes_of: Proposal) -> Proposal:
    """A Student-t around a first guess."""
    root = np.asarray(np.linalg.cholesky(WIDENED * covariance), float)
    return Proposal(mean, root, DEGREES, classes_of.class_share)


def fitted(free: Array, classes: NDArray[np.int64], weight: Array, start: Proposal) -> Proposal:
    """A Student-t with the weighted mean and covariance."""
    d = free.shape[1]
    mean = weight @ free
    away = free - mean
    covariance = (away * weight[:, None]).T @ away
    # Few effective draws make the fitted ellipse too small; the widening makes up for it.
    covariance *= 1 + d / effective_size(weight)
    covariance[np.diag_indices(d)] += LEAST_VARIANCE
    root = np.asarray(np.linalg.cholesky(WIDENED * covariance), float)
    share = np.bincount(classes, weights=weight, minlength=len(start.class_share))
    share = np.where(start.class_share > 0, np.maximum(share, LEAST_CLASS * start.class_share), 0)
    return Proposal(mean, root, DEGREES, share / share.sum())


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
