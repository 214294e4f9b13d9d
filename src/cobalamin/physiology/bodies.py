"""Bodies: everything the model needs to know of each person, one entry a person.

A person differs from the middle of the parameter set by scores that are standard normal, one for each parameter with
a spread (`ParameterSet.scores`). `draw` takes them at random, `typical` sets them to zero, `from_scores` takes what
is given: a fit moves scores, whose prior is standard normal by definition.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TypedDict, Unpack

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cobalamin.errors import CobalaminError
from cobalamin.physiology.absorption import Absorption, absorption_class, absorption_classes
from cobalamin.physiology.parameters import DEFAULT, Parameter, ParameterSet, parameter_set, rows

Array = NDArray[np.float64]
CLASS_FIELDS = ("IF", "fEHC", "diet")
DRAWN_IN_PLACE_OF_CLASS = ("intrinsic_factor", "reabsorbed_bile", "diet_absorbed_ug_d")


class Covariates(TypedDict, total=False):
    """What is known of the people, each a scalar or an array (n,); NaN or None is not known. covariates.csv."""

    absorption: str | Sequence[str]
    parameters: str
    age_years: ArrayLike
    male: ArrayLike
    egfr: ArrayLike
    folate_ng_ml: ArrayLike
    weight_kg: ArrayLike
    start_serum_b12_pmol_l: ArrayLike | None
    years_since_absorption_lost: ArrayLike | None
    intrinsic_factor: ArrayLike | None
    reabsorbed_bile: ArrayLike | None
    diet_absorbed_ug_d: ArrayLike | None
    haemoglobin_g_dl: ArrayLike | None
    mcv_fl: ArrayLike | None
    own_haemoglobin_g_dl: ArrayLike | None
    marrow_limit: ArrayLike


@dataclass(frozen=True)
class Bodies:
    """`people`: one record a person, with a field for each parameter, covariate and what the class sets."""

    people: NDArray[np.void]
    parameters: ParameterSet

    @classmethod
    def typical(cls, n: int = 1, **covariates: Unpack[Covariates]) -> Bodies:
        """People in the middle of the parameter set: they differ by what is known of them alone."""
        return cls.from_scores({}, n, **covariates)

    @classmethod
    def draw(cls, n: int, seed: int, **covariates: Unpack[Covariates]) -> Bodies:
        """People drawn at random. The first m of n are the m that the same seed gives."""
        names = parameter_set(covariates.get("parameters", DEFAULT)).scores
        scores = np.random.default_rng(seed).standard_normal((n, len(names)))
        return cls.from_scores(dict(zip(names, scores.T, strict=True)), n, **covariates)

    @classmethod
    def from_scores(cls, scores: Mapping[str, Array], n: int, **covariates: Unpack[Covariates]) -> Bodies:
        """People with these standard normal scores (n,), independent of each other; what is not named is zero.

        Correlations of the set are applied here. Raises CobalaminError on an unknown symbol or covariate.
        """
        chosen = parameter_set(covariates.get("parameters", DEFAULT))
        people = np.zeros(n, dtype=_layout())
        _fill_covariates(people, covariates)
        joint = _joint_scores(chosen, scores, n)
        for one in chosen:
            people[one.symbol] = _value(one, joint[one.score] if one.score else 0.0)
        _fill_class(people, covariates.get("absorption", "normal"))
        return cls(people, chosen)

    def __len__(self) -> int:
        return len(self.people)

    def __getitem__(self, field: str) -> Array:
        """Values (n,) of a parameter, a covariate, or IF, fEHC, diet (ug/d)."""
        return np.asarray(self.people[field], float)

    def replace(self, **values: ArrayLike) -> Bodies:
        """The same people with some fields set to values, each a scalar or (n,)."""
        people = self.people.copy()
        for field, value in values.items():
            if field not in (people.dtype.names or ()):
                raise CobalaminError(f'A body has no "{field}". It has: {", ".join(people.dtype.names or ())}.')
            people[field] = value
        return Bodies(people, self.parameters)

    def take(self, index: ArrayLike) -> Bodies:
        """The people at these places, in that order; a place may come more than once."""
        return Bodies(self.people[np.asarray(index)], self.parameters)


@cache
def _layout() -> np.dtype[np.void]:
    symbols = [one.symbol for one in parameter_set()]
    return np.dtype([(name, np.float64) for name in (*symbols, *_limits(), *CLASS_FIELDS)])


@cache
def _limits() -> dict[str, tuple[float, float, float, str]]:
    """Covariate -> default (NaN: not known), low, high, unit."""
    return {
        row["name"]: (float(row["default"] or "nan"), float(row["low"]), float(row["high"]), row["unit"])
        for row in rows("covariates.csv")
    }


def _fill_covariates(people: NDArray[np.void], given: Mapping[str, object]) -> None:
    unknown = set(given) - set(_limits()) - {"absorption", "parameters"}
    if unknown:
        raise CobalaminError(f"Not a covariate: {', '.join(sorted(unknown))}. Known: {', '.join(_limits())}.")
    for name, (default, low, high, unit) in _limits().items():
        value = given.get(name)
        people[name] = default if value is None else _within(name, value, len(people), (low, high, unit))


def _within(name: str, value: object, n: int, limits: tuple[float, float, str]) -> Array:
    values = np.asarray(value, float)
    if values.shape not in ((), (n,)):
        raise CobalaminError(f"{name} has shape {values.shape}; give one value, or one for each of {n} people.")
    low, high, unit = limits
    outside = (values < low) | (values > high)
    if outside.any():
        first = float(np.atleast_1d(values)[np.atleast_1d(outside)][0])
        raise CobalaminError(f"{name} is {first:g}; the model knows {low:g} to {high:g} {unit}.".replace(" .", "."))
    return np.broadcast_to(values, (n,))


def _joint_scores(chosen: ParameterSet, scores: Mapping[str, Array], n: int) -> dict[str, Array]:
    unknown = set(scores) - set(chosen.scores)
    if unknown:
        raise CobalaminError(
            f"No score: {', '.join(sorted(unknown))}. Parameters with one: {', '.join(chosen.scores)}."
        )
    joint = {name: np.broadcast_to(np.asarray(scores.get(name, 0.0), float), (n,)) for name in chosen.scores}
    for first, second, correlation in chosen.correlations:
        joint[second] = correlation * joint[first] + np.sqrt(1 - correlation**2) * joint[second]
    return joint


def _value(one: Parameter, score: Array | float) -> Array:
    """The parameter of people with these scores; the middle of the set is the median."""
    if one.score is None:
        return np.asarray(one.value)
    if one.spread_kind == "normal":
        return np.asarray(one.value + one.spread * score, float)
    return np.asarray(one.value * np.exp(np.sqrt(np.log1p(one.spread**2)) * score), float)


def _fill_class(people: NDArray[np.void], absorption: str | Sequence[str]) -> None:
    """Set what the class sets, unless it was given for the person."""
    names = np.broadcast_to(np.asarray(absorption), (len(people),))
    for name in np.unique(names):
        one, here = absorption_class(str(name)), names == name
        people["IF"][here] = _intrinsic_factor(one, people["IF_place"][here])
        people["fEHC"][here] = _shifted(one.reabsorbed_bile, people["bile_shift"][here])
        people["diet"][here] = one.diet_absorbed_ug_d * people["diet_factor"][here]
        people["fpas"][here] *= one.passive_factor
    for field, name in zip(CLASS_FIELDS, DRAWN_IN_PLACE_OF_CLASS, strict=True):
        people[field] = np.where(np.isnan(people[name]), people[field], people[name])


def _intrinsic_factor(one: Absorption, place: Array) -> Array:
    """The class's own value at 0, its limits far out; between them as the error function runs."""
    share = np.tanh(place * 0.8)  # near 2 Phi(place) - 1, without a special function
    reach = np.where(
        share < 0,
        one.intrinsic_factor - one.intrinsic_factor_low,
        one.intrinsic_factor_high - one.intrinsic_factor,
    )
    return np.asarray(one.intrinsic_factor + share * reach, float)


def _shifted(fraction: float, shift: Array) -> Array:
    if fraction <= 0:
        return np.zeros_like(shift)
    return np.asarray(1 / (1 + (1 - fraction) / fraction * np.exp(-shift)), float)


def known_absorption_classes() -> tuple[str, ...]:
    """Names that `absorption` may have."""
    return tuple(absorption_classes())
