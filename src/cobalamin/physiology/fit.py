"""Fit the model to one person's results: from what is usual to what is left possible.

What differs between people are standard normal scores (bodies.py), so the prior is standard normal by definition. All
of them are free: importance sampling finds the directions that the results speak about and leaves the rest to the
prior, so that the bands hold for a person who differs in any of them. Serum B12 before treatment is free as well,
since a measured one has its error. Where the class of absorption is not known, it is a mixture.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cobalamin.errors import CobalaminError
from cobalamin.physiology.absorption import absorption_class
from cobalamin.physiology.bodies import Bodies
from cobalamin.physiology.courses import Courses, Dose
from cobalamin.physiology.importance import Rounds, Sample, prior, resampled, sample
from cobalamin.physiology.likelihood import MARKERS, Array, Result, Results, measurement_error, score
from cobalamin.physiology.linearised import linearised
from cobalamin.physiology.parameters import DEFAULT, parameter_set
from cobalamin.physiology.simulate import simulate
from cobalamin.physiology.surprise import Expected, expected

START = "start"
UNSURE = "covariate:"
DRAWS = 200  # effective ones wanted
LEAST_DRAWS, MOST_DRAWS = 50, 20_000
ROUND = 240  # draws a round takes at least: fewer do not show the slopes of some thirty scores
MOST_ROUNDS = 16
LEAST_EFFECTIVE = 100  # below, nine-tenths ranges are too rough to show
WORST_TAIL = 0.7
SURPRISING = 0.02


@dataclass(frozen=True)
class Start:
    """What serum B12 on day 0 may be before any result is seen: median and SD of its logarithm."""

    median_pmol_l: float
    log_sd: float


@cache
def usual_start(situation: str) -> Start:
    """The start of people in a situation of fit_start.csv: `treated` or `untreated`."""
    text = (files("cobalamin.physiology") / "fit_start.csv").read_text(encoding="utf-8")
    rows = {row["situation"]: row for row in csv.DictReader(text.splitlines())}
    return Start(float(rows[situation]["serum_b12_pmol_l"]), float(rows[situation]["log_sd"]))


@dataclass(frozen=True)
class Known:
    """What is known of a person apart from the results.

    `doses` from day 0 on; `covariates` as Bodies takes them, one value each; `unsure` covariate -> median and SD of its
    logarithm where it is not on record (of `male` the share of men, and no SD); `classes` absorption class -> how
    likely before the results, with sum 1.
    """

    doses: tuple[Dose, ...]
    classes: Mapping[str, float] = field(default_factory=lambda: {"normal": 1.0})
    covariates: Mapping[str, Any] = field(default_factory=dict)
    unsure: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    start: Start | None = None
    parameters: str = DEFAULT

    @property
    def began(self) -> Start:
        """The start, or the usual one of people who are treated, or are not."""
        return self.start or usual_start("treated" if self.doses else "untreated")


@dataclass(frozen=True)
class Fit:
    """Weighted draws of one person's body. `bodies` has an entry a draw; `log_predicted` (n, m) its results."""

    known: Known
    results: Results
    sample: Sample
    bodies: Bodies
    log_predicted: Array
    seed: int

    @property
    def trusted(self) -> bool:
        """True where enough draws carry the weight to show ranges."""
        return self.sample.effective >= LEAST_EFFECTIVE and self.sample.tail_shape <= WORST_TAIL

    def posterior(self, n: int) -> NDArray[np.int64]:
        """Places of n equally weighted draws of what the results leave possible."""
        return resampled(self.sample.weight, n, np.random.default_rng(self.seed + 1))

    def prior(self, n: int) -> NDArray[np.int64]:
        """Places of n draws of what is usual before the results."""
        return np.arange(min(n, self.sample.counts[0]))

    def expected(self) -> Expected:
        """Each result beside what the others made expect."""
        return expected(self.log_predicted, self.results, self.sample.log_base, measurement_error(), self.seed + 2)


def fit(known: Known, results: Sequence[Result], *, draws: int = DRAWS, seed: int = 7) -> Fit:
    """Weigh draws of the body by a person's results. Same input and seed, same answer; the order does not matter.

    Draws are taken in rounds until they are worth `draws` independent ones, or until MOST_ROUNDS. Without results they
    are the prior. Raises CobalaminError for results before day 0, classes that do not add up, or too few draws.
    """
    _check(known, results, draws)
    given = Results.of(results)
    names = score_names(known)
    model = _Model(known, given)
    error = measurement_error()
    found = sample(
        predict=model.predict,
        likelihood=lambda predicted: score(predicted, given, error).total,
        guide=lambda scores, predicted, weight: linearised(scores, predicted, weight, given, error),
        start=prior(len(names), np.array(list(known.classes.values()), float)),
        plan=_rounds(draws, len(given)),
        rng=np.random.default_rng(seed),
    )
    people = np.concatenate([one.people for one in model.bodies])
    bodies = Bodies(people, model.bodies[0].parameters)
    return Fit(known, given, found, bodies, np.concatenate(model.predicted), seed)


def _check(known: Known, results: Sequence[Result], draws: int) -> None:
    if not LEAST_DRAWS <= draws <= MOST_DRAWS:
        raise CobalaminError(f"{draws} draws: give between {LEAST_DRAWS} and {MOST_DRAWS}.")
    early = [one for one in results if one.day < 0]
    if early:
        raise CobalaminError(f"{early[0].marker} lies on day {early[0].day:g}; days count from 0, the first on record.")
    if not known.classes or abs(sum(known.classes.values()) - 1) > 1e-6 or min(known.classes.values()) < 0:
        raise CobalaminError("The shares of the absorption classes must be 0 or more and add up to 1.")
    for name in known.classes:
        absorption_class(name)


def _rounds(draws: int, results: int) -> Rounds:
    size = max(ROUND, draws // 2)
    return Rounds((size,) * MOST_ROUNDS, enough=draws) if results else Rounds((size,))


def score_names(known: Known) -> tuple[str, ...]:
    """What is free: every score of the parameter set, the start, and covariates that are not on record."""
    return (*parameter_set(known.parameters).scores, START, *(f"{UNSURE}{name}" for name in known.unsure))


class _Model:
    """Makes bodies of scores, keeps them, and predicts their results. Called once a round."""

    def __init__(self, known: Known, results: Results) -> None:
        self.known, self.results = known, results
        self.bodies: list[Bodies] = []
        self.predicted: list[Array] = []

    def predict(self, scores: Array, classes: NDArray[np.int64]) -> Array:
        """Log predictions (n, m)."""
        bodies = bodies_of(self.known, dict(zip(score_names(self.known), scores.T, strict=True)), classes)
        predicted = log_predictions(bodies, Courses.same(len(scores), self.known.doses), self.results)
        self.bodies.append(bodies)
        self.predicted.append(predicted)
        return predicted


def bodies_of(known: Known, scores: Mapping[str, Array], classes: NDArray[np.int64]) -> Bodies:
    """Bodies with the scores of `score_names`, and the classes by their place in `known.classes`."""
    n, own = len(classes), dict(scores)
    start = known.began.median_pmol_l * np.exp(known.began.log_sd * own.pop(START))
    names = list(known.classes)
    absorption: Any = names[0] if len(names) == 1 else np.asarray(names)[classes]
    covariates: Any = dict(known.covariates)
    for name, (median, log_sd) in known.unsure.items():
        covariates[name] = _covariate(name, own.pop(f"{UNSURE}{name}"), median, log_sd)
    return Bodies.from_scores(
        own,
        n,
        absorption=absorption,
        parameters=known.parameters,
        start_serum_b12_pmol_l=np.clip(start, *START_LIMITS),
        **covariates,
    )


START_LIMITS = (5.0, 5000.0)
COVARIATE_LIMITS = {"egfr": (15.0, 200.0), "folate_ng_ml": (0.5, 200.0)}


def _covariate(name: str, scores: Array, median: float, log_sd: float) -> Array:
    """A covariate that is not on record, by its standard normal scores (n,)."""
    if name == "male":
        return np.asarray(scores < NormalDist().inv_cdf(median), float)
    return np.asarray(np.clip(median * np.exp(log_sd * scores), *COVARIATE_LIMITS.get(name, (0.0, np.inf))), float)


def log_predictions(bodies: Bodies, courses: Courses, results: Results) -> Array:
    """Logarithms of what each body's results would be without error (n, m)."""
    if not len(results):
        return np.empty((len(bodies), 0))
    days, place = np.unique(results.day, return_inverse=True)
    markers = simulate(bodies, courses, days)
    found = np.empty((len(bodies), len(results)))
    for j, (marker, k) in enumerate(zip(results.marker, place, strict=True)):
        found[:, j] = getattr(markers, MARKERS[marker])[:, k]
    return np.log(found)
