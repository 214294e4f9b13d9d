"""What one more result would tell: how much narrower the prediction is expected to be after it.

For each result that could be ordered (a marker on a day), outcomes are taken from what the model expects now; each
outcome reweights the draws, and the spread that is left of the level asked about is averaged over the outcomes.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cobalamin.physiology.likelihood import DEGREES

Array = NDArray[np.float64]

OUTCOMES = 64


def narrowing(log_result: Array, scale: Array, log_target: Array, shift: Array, rng: np.random.Generator) -> Array:
    """Expected SD after one more result over SD now, on the log scale: (candidates, targets), 1 = tells nothing.

    `log_result` (n, c): equally weighted draws of what each candidate would measure; `scale` (c,) its error;
    `shift` (n, c) the laboratory's shift in each draw; `log_target` (n, t): the levels that one wants to know.
    """
    n = len(log_target)
    now = log_target.std(axis=0)
    centred = log_target - log_target.mean(axis=0)
    outcome_of = ((np.arange(OUTCOMES) + rng.random()) / OUTCOMES * n).astype(np.int64)
    error = _student_quantiles(OUTCOMES, rng)
    seen = log_result + shift
    ratios = np.empty((log_result.shape[1], log_target.shape[1]))
    for c in range(log_result.shape[1]):
        outcome = seen[outcome_of, c] + scale[c] * error
        weight = _density((outcome[:, None] - seen[:, c]) / scale[c])
        weight /= weight.sum(axis=1, keepdims=True)
        mean = weight @ centred
        variance = np.maximum(weight @ centred**2 - mean**2, 0)
        ratios[c] = np.sqrt(variance).mean(axis=0) / np.where(now > 0, now, 1)
    return ratios


def _density(z: Array) -> Array:
    """Student-t density, not normalised: products instead of powers, for this is the inner loop."""
    base = 1 + z * z / DEGREES
    return np.asarray(1 / (base * base * np.sqrt(base)))


def _student_quantiles(n: int, rng: np.random.Generator) -> Array:
    """Evenly spread quantiles of Student-t with four degrees, in random order (closed form)."""
    p = (np.arange(n) + 0.5) / n
    alpha = np.sqrt(4 * p * (1 - p))
    root = np.sqrt(np.cos(np.arccos(alpha) / 3) / alpha - 1)
    return rng.permutation(np.sign(p - 0.5) * 2 * root)
