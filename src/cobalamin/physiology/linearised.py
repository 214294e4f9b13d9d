"""A first guess at the posterior: predictions as straight lines of the scores, errors as normal.

Draws of the scores with their predictions give the slopes by least squares. The slopes span the directions that the
results speak about; what they leave over counts as one more error. With normal errors the posterior of a straight line
is known in closed form. Errors of results far off are widened as Student-t would have it. The guess only says where to
draw: the weights of importance.py make the answer exact.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cobalamin.physiology.importance import Guess
from cobalamin.physiology.likelihood import DEGREES, MeasurementError, Results

Array = NDArray[np.float64]

STEPS = 6
RIDGE = 0.002  # of a draw's weight: slopes that rest on few draws shrink
LEAST_DIRECTION = 0.3  # of the measurement error: directions that move the results by less are left to the prior


def linearised(scores: Array, log_predicted: Array, weight: Array, results: Results, error: MeasurementError) -> Guess:
    """Directions, mean and covariance of the scores, whose prior is standard normal.

    `scores` (n, d) and `log_predicted` (n, m) are draws, `weight` (n,) says how near each is to the answer.
    """
    slopes, middle, left_over = _slopes(scores, log_predicted, weight)
    target = np.clip(middle, results.log_low, results.log_high)
    scale = error.scale[results.marker]
    shared = left_over + _shared_shift(results, error)
    basis = _directions(slopes / scale[:, None])
    steep = slopes @ basis
    widened = np.ones(len(results))
    mean: Array = np.zeros(basis.shape[1])
    covariance: Array = np.eye(basis.shape[1])
    for _ in range(STEPS):
        noise = shared + np.diag(scale**2 * widened / results.weight)
        gain = np.linalg.solve(noise, steep)
        covariance = np.asarray(np.linalg.inv(np.eye(basis.shape[1]) + steep.T @ gain), float)
        mean = covariance @ (gain.T @ (target - middle))
        off = (target - middle - steep @ mean) / scale
        widened = np.maximum((DEGREES + off * off) / (DEGREES + 1), 1.0)
    return Guess(basis, mean, covariance)


def _slopes(scores: Array, log_predicted: Array, weight: Array) -> tuple[Array, Array, Array]:
    """Slopes (m, d), value at the prior's middle (m,), covariance of what is left over (m, m)."""
    n, d = scores.shape
    design = np.column_stack([np.ones(n), scores])
    weighted = design * weight[:, None]
    normal = weighted.T @ design
    normal[np.arange(1, d + 1), np.arange(1, d + 1)] += RIDGE
    found = np.linalg.solve(normal, weighted.T @ log_predicted)
    rest = log_predicted - design @ found
    return np.asarray(found[1:].T, float), found[0], (rest * weight[:, None]).T @ rest


def _directions(slopes: Array) -> Array:
    """Orthonormal directions (d, r) along which the results move, in units of their error."""
    if not len(slopes):
        return np.zeros((slopes.shape[1], 0))
    _, sizes, rows = np.linalg.svd(slopes, full_matrices=False)
    return np.asarray(rows[sizes > LEAST_DIRECTION].T, float)


def _shared_shift(results: Results, error: MeasurementError) -> Array:
    """Covariance (m, m) that results of one marker from one laboratory share."""
    same = (results.marker[:, None] == results.marker) & (results.laboratory[:, None] == results.laboratory)
    return np.where(same, error.shift_sd[results.marker] ** 2, 0.0)
