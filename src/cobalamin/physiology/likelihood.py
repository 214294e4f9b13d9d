"""How likely results are, given what the model predicts: robust, censored, one shift for each laboratory.

On the log scale a result is the prediction plus the laboratory's shift plus an error with a Student-t of four
degrees of freedom, so that a single wild value does not move the answer. The shift is shared by all results of one
marker from one laboratory and is integrated out. A result known only within limits ("<30", ">2000", "low" beside a
printed range) counts by the probability of lying within them. Errors by marker, with sources: measurement.csv.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from cobalamin.errors import CobalaminError

Array = NDArray[np.float64]

MARKERS = ("serum_b12_pmol_l", "active_b12_pmol_l", "mma_nmol_l", "homocysteine_umol_l")
DEGREES = 4
# With this scale the curvature and the spread of the score agree where errors are normal with the SD of the table
# (information equality, computed for four degrees of freedom), so bands are as wide as they should be.
SCALE_PER_SD = 0.90
_LOG_CONSTANT = float(np.log(3 / 8))  # of the density of Student-t with four degrees
_NODES, _NODE_WEIGHTS = np.polynomial.hermite_e.hermegauss(7)
_LOG_NODE_WEIGHTS = np.log(_NODE_WEIGHTS / _NODE_WEIGHTS.sum())
_LEAST = 1e-300


@dataclass(frozen=True)
class Result:
    """One result of a person: `low` and `high` are equal for a number, 0 or infinite where it is open to a side.

    `day` counts from day 0 of the courses; values are in the unit of the marker's name; `weight` between 0 and 1 says
    how much it counts; results with the same `laboratory` share its shift.
    """

    day: float
    marker: str
    low: float
    high: float
    weight: float = 1.0
    laboratory: str = ""


@dataclass(frozen=True)
class Results:
    """Results of one person as arrays of length m; `marker` and `laboratory` are indices, limits natural logarithms."""

    day: Array
    marker: NDArray[np.int64]
    log_low: Array
    log_high: Array
    weight: Array
    laboratory: NDArray[np.int64]

    @classmethod
    def of(cls, results: Sequence[Result]) -> Results:
        """From a list in any order. Raises CobalaminError for a marker or limits that cannot be."""
        for one in results:
            _check(one)
        ordered = sorted(results, key=lambda one: (one.day, one.marker, one.low, one.high, one.laboratory, one.weight))
        names = sorted({one.laboratory for one in ordered})
        with np.errstate(divide="ignore"):
            return cls(
                day=np.array([one.day for one in ordered], float),
                marker=np.array([MARKERS.index(one.marker) for one in ordered], np.int64),
                log_low=np.log(np.array([one.low for one in ordered], float)),
                log_high=np.log(np.array([one.high for one in ordered], float)),
                weight=np.array([one.weight for one in ordered], float),
                laboratory=np.array([names.index(one.laboratory) for one in ordered], np.int64),
            )

    def __len__(self) -> int:
        return len(self.day)

    @property
    def exact(self) -> NDArray[np.bool_]:
        """True where the result is a number."""
        return np.asarray(self.log_low == self.log_high)


def _check(one: Result) -> None:
    if one.marker not in MARKERS:
        raise CobalaminError(f"No marker {one.marker!r} can be fitted. Known: {', '.join(MARKERS)}.")
    if not (0 <= one.low <= one.high and one.high > 0 and one.low < np.inf):
        raise CobalaminError(
            f"{one.marker} on day {one.day:g}: the limits {one.low:g} and {one.high:g} cannot be. "
            "Give 0 <= low <= high; equal for a number, and above 0."
        )
    if one.low == one.high == 0 or not np.isfinite(one.day) or not 0 < one.weight <= 1:
        raise CobalaminError(f"{one.marker}: a result needs a day, a positive value and a weight above 0, at most 1.")


@dataclass(frozen=True)
class MeasurementError:
    """Scales of Student-t by marker, and SD of the shift of a laboratory by marker, all on the log scale."""

    scale: Array
    shift_sd: Array


@dataclass(frozen=True)
class Measured:
    """One row of measurement.csv."""

    marker: str
    log_sd: float
    shift_log_sd: float
    quiet_days: dict[str, float]
    source: str
    certainty: str


@cache
def measured() -> dict[str, Measured]:
    """Within-person and assay variation by marker, with sources."""
    text = (files("cobalamin.physiology") / "measurement.csv").read_text(encoding="utf-8")
    return {
        row["marker"]: Measured(
            row["marker"],
            float(row["log_sd"]),
            float(row["shift_log_sd"]),
            {form: float(row[f"quiet_days_{form}"]) for form in ("cyanocobalamin", "hydroxocobalamin")},
            row["source"],
            row["certainty"],
        )
        for row in csv.DictReader(text.splitlines())
    }


@cache
def measurement_error() -> MeasurementError:
    """The errors of measurement.csv as arrays in the order of MARKERS."""
    rows = [measured()[name] for name in MARKERS]
    return MeasurementError(
        scale=SCALE_PER_SD * np.array([row.log_sd for row in rows]),
        shift_sd=np.array([row.shift_log_sd for row in rows]),
    )


def log_density(z: Array) -> Array:
    """Log density of Student-t with four degrees of freedom."""
    return _LOG_CONSTANT - 2.5 * np.log1p(z * z / DEGREES)


def distribution(z: Array) -> Array:
    """P(T <= z) of Student-t with four degrees of freedom, in closed form."""
    tail = _tail(np.abs(z))
    return np.where(z > 0, 1 - tail, tail)


def _tail(z: Array) -> Array:
    """P(T > z) for z >= 0: (2 - u)^2 (4 + u) / 32 with u = z / sqrt(1 + z^2/4), without cancellation."""
    with np.errstate(invalid="ignore", over="ignore"):
        root = np.sqrt(1 + z * z / DEGREES)
        short = 4 / (root * (2 * root + z))
    return np.asarray(short * short * (6 - short) / 32)


def log_between(low: Array, high: Array) -> Array:
    """Probability of low < T < high, as its logarithm; far tails keep their digits."""
    mirrored = low > 0
    a, b = np.where(mirrored, -high, low), np.where(mirrored, -low, high)
    return np.log(np.maximum(distribution(b) - distribution(a), _LEAST))


def log_densities(log_predicted: Array, results: Results, error: MeasurementError, shift: Array | float = 0.0) -> Array:
    """Log density (or probability, where censored) of each result, weighted. `log_predicted` (n, m) -> (n, m)."""
    scale = error.scale[results.marker]
    centre = log_predicted + shift
    found = log_density((results.log_low - centre) / scale) - np.log(scale) if results.exact.any() else 0.0
    if not results.exact.all():
        between = log_between((results.log_low - centre) / scale, (results.log_high - centre) / scale)
        found = np.where(results.exact, found, between)
    return np.asarray(found * results.weight)


@dataclass(frozen=True)
class Score:
    """Log likelihoods of n draws for m results, kept by laboratory so that one result can be left out again.

    `parts[g]` (n, results of the group, nodes of the shift); `members[g]` the results in the group.
    """

    members: list[NDArray[np.int64]]
    parts: list[Array]
    draws: int

    @property
    def total(self) -> Array:
        """Log likelihood of all results (n,)."""
        return sum((_over_shift(part.sum(axis=1)) for part in self.parts), np.zeros(self.draws))

    def without(self, result: int) -> tuple[Array, Array]:
        """All results but one: log likelihood (n,), and log weights of the shift given the others (n, nodes)."""
        total, nodes = np.zeros(self.draws), np.zeros((self.draws, 1))
        for members, part in zip(self.members, self.parts, strict=True):
            joint = part.sum(axis=1)
            if result in members:
                joint = joint - part[:, int(np.flatnonzero(members == result)[0])]
                nodes = joint + _log_weights(joint) - _over_shift(joint)[:, None]
            total = total + _over_shift(joint)
        return total, nodes

    def shift_share(self, result: int) -> Array:
        """How likely each node of the shift of a result's laboratory is, in each draw (n, nodes)."""
        for members, part in zip(self.members, self.parts, strict=True):
            if result in members:
                joint = part.sum(axis=1)
                return np.asarray(np.exp(joint + _log_weights(joint) - _over_shift(joint)[:, None]))
        raise IndexError(result)


def score(log_predicted: Array, results: Results, error: MeasurementError | None = None) -> Score:
    """Log likelihoods of predictions (n, m), on the log scale, for m results."""
    error = error or measurement_error()
    members, parts = [], []
    for group in _groups(results):
        sd = error.shift_sd[results.marker[group[0]]]
        chosen = _take(results, group)
        nodes = sd * _NODES if sd > 0 else np.zeros(1)
        part = [log_densities(log_predicted[:, group], chosen, error, shift) for shift in nodes]
        members.append(group)
        parts.append(np.stack(part, axis=2))
    return Score(members, parts, len(log_predicted))


def shift_nodes(results: Results, result: int, error: MeasurementError | None = None) -> Array:
    """The shifts at which `Score` is kept for a result's laboratory (nodes,)."""
    sd = (error or measurement_error()).shift_sd[results.marker[result]]
    return sd * _NODES if sd > 0 else np.zeros(1)


def _groups(results: Results) -> Iterator[NDArray[np.int64]]:
    """Results that share a shift: one marker of one laboratory."""
    keys = results.marker * (results.laboratory.max(initial=0) + 1) + results.laboratory
    for key in np.unique(keys):
        yield np.flatnonzero(keys == key)


def _take(results: Results, chosen: NDArray[np.int64]) -> Results:
    return Results(*(getattr(results, name)[chosen] for name in Results.__dataclass_fields__))


def _log_weights(joint: Array) -> Array:
    return _LOG_NODE_WEIGHTS if joint.shape[1] > 1 else np.zeros(1)


def _over_shift(joint: Array) -> Array:
    """Integrate the shift out: (n, nodes) -> (n,)."""
    weighted = joint + _log_weights(joint)
    top = weighted.max(axis=1)
    return np.asarray(top + np.log(np.exp(weighted - top[:, None]).sum(axis=1)))
