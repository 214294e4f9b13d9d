"""A first guess at the posterior: predictions as straight lines of the free parameters, errors as normal.

Draws of the free parameters with their predictions give the slopes by least squares; what the slopes leave over is
the effect of everything that is not free. With normal errors the posterior of a straight line is known in closed form.
Errors of results far off are widened as Student-t would have it. The guess only says where to draw: the weights of
importance.py make the answer exact.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cobalamin.physiology.likelihood import DEGREES, MeasurementError, Results

Array = NDArray[np.float64]

STEPS = 6
RIDGE = 1e-3


def linearised(free: Array, log_predicted: Array, results: Results, error: MeasurementError) -> tuple[Array, Array]:
    """Mean (d,) and covariance (d, d) of the free parameters, whose prior is standard normal.

    `free` (n, d) and `log_predicted` (n, m) are draws around where the answer is sought.
    """
    d = free.shape[1]
    slopes, middle, left_over = _slopes(free, log_predicted)
    target = _targets(middle, results)
    scale = error.scale[results.marker]
    widened = np.ones(len(results))
    shared = left_over + _shared_shift(results, error)
    mean: Array = np.zeros(d)
    covariance: Array = np.eye(d)
    for _ in range(STEPS):
        noise = shared + np.diag(scale**2 * widened / results.weight)
        gain = np.linalg.solve(noise, slopes)
        covariance = np.asarray(np.linalg.inv(np.eye(d) + slopes.T @ gain), float)
        mean = covariance @ (gain.T @ (target - middle))
        off = (target - middle - slopes @ mean) / scale
        widened = np.maximum((DEGREES + off * off) / (DEGREES + 1), 1.0)
    return mean, covariance


def _slopes(free: Array, log_predicted: Array) -> tuple[Array, Array, Array]:
    """Slopes (m, d), value at the prior's middle (m,), covariance of what is left over (m, m)."""
    n, d = free.shape
    design = np.column_stack([np.ones(n), free])
    normal = design.T @ design / n
    normal[np.diag_indices(d + 1)] += RIDGE
    found = np.linalg.solve(normal, design.T @ log_predicted / n)
    rest = log_predicted - design @ found
    return found[1:].T, found[0], rest.T @ rest / n


def _targets(middle: Array, results: Results) -> Array:
    """Results as numbers: those known within limits stand at the limit nearest to what is expected."""
    return np.clip(middle, results.log_low, results.log_high)


def _shared_shift(results: Results, error: MeasurementError) -> Array:
    """Covariance (m, m) that results of one marker from one laboratory share."""
    same = (results.marker[:, None] == results.marker) & (results.laboratory[:, None] == results.laboratory)
    return np.where(same, error.shift_sd[results.marker] ** 2, 0.0)
