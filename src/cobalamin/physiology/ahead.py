"""What is asked of a fitted body: doses ahead, days too near an injection, and what one more result would tell."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cobalamin.physiology.courses import Dose
from cobalamin.physiology.fit import Fit
from cobalamin.physiology.likelihood import MARKERS, Array, measured, measurement_error, score, shift_nodes
from cobalamin.physiology.next_test import narrowing

YEAR_DAYS = 365.0

Levels = dict[str, Array]


@dataclass(frozen=True)
class Schedule:
    """Doses ahead at a steady interval: the first on `first_day`, then every `every_days`."""

    first_day: float
    every_days: float

    def doses(self, like: Dose, until_day: float) -> list[Dose]:
        """The doses up to and including `until_day`."""
        count = math.floor((until_day - self.first_day) / self.every_days + 1e-9) + 1
        days = self.first_day + self.every_days * np.arange(max(count, 0))
        return [Dose(float(day), like.dose_ug, like.form, like.route, like.fasting) for day in days]

    def trough_day(self) -> float:
        """The last day of about a year at this interval, just before the dose of that day."""
        return self.first_day + self.every_days * max(1, round(YEAR_DAYS / self.every_days))


def quiet(doses: Sequence[Dose], marker: str, days: Array) -> NDArray[np.bool_]:
    """True on days too near after an injection for the marker to be foretold; the day of a dose is before it."""
    found = np.zeros(len(days), bool)
    for form, width in measured()[marker].quiet_days.items():
        given = np.sort([dose.day for dose in doses if dose.form == form and dose.route != "oral"])
        if width and len(given):
            place = np.searchsorted(given, days, side="left") - 1
            since = days - given[np.maximum(place, 0)]
            found |= (place >= 0) & (since < width)
    return found


@dataclass(frozen=True)
class Candidate:
    """One more result that could be ordered."""

    marker: str
    day: float


def one_more(
    fit: Fit, draws: NDArray[np.int64], candidates: Sequence[Candidate], seen: Levels, days: Array, targets: Levels
) -> Array:
    """Expected SD of log targets after each candidate over SD now: (candidates, targets).

    `seen` holds the levels of the draws on `days`, which include the candidates' days; `targets` levels (n,).
    """
    if not candidates:
        return np.empty((0, len(targets)))
    error = measurement_error()
    places = [int(np.searchsorted(days, one.day)) for one in candidates]
    results = np.column_stack([np.log(seen[one.marker][:, k]) for one, k in zip(candidates, places, strict=True)])
    rng = np.random.default_rng(fit.seed + 3)
    shifts = {one.marker: shift_draws(fit, draws, one.marker, rng) for one in candidates}
    return narrowing(
        results,
        np.array([error.scale[MARKERS.index(one.marker)] for one in candidates]),
        np.log(np.column_stack(list(targets.values()))),
        np.column_stack([shifts[one.marker] for one in candidates]),
        rng,
    )


def shift_draws(fit: Fit, draws: NDArray[np.int64], marker: str, rng: np.random.Generator) -> Array:
    """The shift (n,) of the laboratory of the marker's latest result, in each draw; of any laboratory without one."""
    index = MARKERS.index(marker)
    mine = np.flatnonzero(fit.results.marker == index)
    sd = measurement_error().shift_sd[index]
    if not len(mine) or sd == 0:
        return np.asarray(sd * rng.standard_normal(len(draws)))
    latest = int(mine[-1])
    share = score(fit.log_predicted[draws], fit.results).shift_share(latest)
    above = rng.random((len(draws), 1)) > np.cumsum(share, axis=1)
    return np.asarray(shift_nodes(fit.results, latest)[np.minimum(above.sum(axis=1), share.shape[1] - 1)])
