"""Which result the model did not expect: each one against what all the others predict."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cobalamin.physiology.importance import effective_size, normalised, resampled
from cobalamin.physiology.likelihood import MeasurementError, Results, distribution, score, shift_nodes

Array = NDArray[np.float64]

RANGE = (0.05, 0.5, 0.95)
PAIRS, GRID = 400, 81
LEAST_EFFECTIVE = 40  # below, the other results say too little through these draws to judge by


@dataclass(frozen=True)
class Expected:
    """For each of m results: the chance of one as far off or farther, and what the others made expect.

    `chance` (m,) is two-sided, NaN where the draws are too few to judge; `low`, `median`, `high` (m,) are the 90 %
    range and the middle of the result that was to be expected, in the marker's unit.
    """

    chance: Array
    low: Array
    median: Array
    high: Array


def expected(log_predicted: Array, results: Results, log_base: Array, error: MeasurementError, seed: int) -> Expected:
    """Leave each result out in turn. `log_predicted` (n, m); `log_base` (n,) log prior less log proposal."""
    found = score(log_predicted, results, error)
    rows = []
    for j in range(len(results)):
        total, node_weight = found.without(j)
        weight = normalised(log_base + total)
        if effective_size(weight) < LEAST_EFFECTIVE:
            rows.append((np.nan, np.nan, np.nan, np.nan))
            continue
        centre = log_predicted[:, j, None] + shift_nodes(results, j, error)
        joint = (weight[:, None] * np.exp(node_weight)).ravel()
        scale = float(error.scale[results.marker[j]])
        rows.append(_judged(centre.ravel(), joint, scale, (results.log_low[j], results.log_high[j]), seed))
    return Expected(*np.array(rows, float).reshape(-1, 4).T)


def _judged(
    centre: Array, weight: Array, scale: float, limits: tuple[float, float], seed: int
) -> tuple[float, float, float, float]:
    """Chance and range of one result: a mixture of Student-t around `centre` (p,) with `weight` (p,)."""
    low, high = limits
    above = float(weight @ distribution((centre - low) / scale)) if np.isfinite(low) else 1.0
    below = float(weight @ distribution((high - centre) / scale)) if np.isfinite(high) else 1.0
    chosen = centre[resampled(weight, PAIRS, np.random.default_rng(seed))]
    values = np.linspace(chosen.min() - 6 * scale, chosen.max() + 6 * scale, GRID)
    cumulative = distribution((values[:, None] - chosen) / scale).mean(axis=1)
    at = np.exp(np.interp(RANGE, cumulative, values))
    return min(1.0, 2 * min(above, below)), float(at[0]), float(at[1]), float(at[2])
