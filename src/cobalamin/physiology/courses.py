"""Courses: the doses of many people as flat arrays; who takes what is a stretch of them.

People on the same course share one stretch, so a million people on one regimen cost what one person costs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cobalamin.errors import CobalaminError

Array = NDArray[np.float64]

FORMS = ("cyanocobalamin", "hydroxocobalamin")
ROUTES = ("im", "sc", "oral")
ORAL = ROUTES.index("oral")
HIGHEST_DOSE_UG = 10_000.0  # the largest ampoule of B12 sold for deficiency; poisoning by cyanide is another matter
LAST_DAY = 200 * 365.0


@dataclass(frozen=True)
class Dose:
    """One dose. `day` counts from day 0, when the simulation begins; decimals are hours."""

    day: float
    dose_ug: float
    form: str
    route: str
    fasting: bool = True


@dataclass(frozen=True)
class Courses:
    """Doses by rising day within each person's stretch `first[i]:last[i]`; `form` and `route` index FORMS, ROUTES."""

    first: NDArray[np.int64]
    last: NDArray[np.int64]
    day: Array
    dose_ug: Array
    form: NDArray[np.int8]
    route: NDArray[np.int8]
    fasting: NDArray[np.bool_]

    @classmethod
    def same(cls, n: int, doses: Sequence[Dose]) -> Courses:
        """Everybody takes these doses, in whatever order they are given."""
        day, dose_ug, form, route, fasting = _columns(doses)
        order = np.argsort(day, kind="stable")
        return cls(
            np.zeros(n, np.int64), np.full(n, len(doses), np.int64),
            day[order], dose_ug[order], form[order], route[order], fasting[order],
        )  # fmt: skip

    @classmethod
    def of(cls, people: Sequence[Sequence[Dose]]) -> Courses:
        """One list of doses a person, in whatever order."""
        everyone = [dose for doses in people for dose in doses]
        person = np.repeat(np.arange(len(people)), [len(doses) for doses in people])
        day, dose_ug, form, route, fasting = _columns(everyone)
        return cls._sorted(len(people), person, (day, dose_ug, form, route, fasting))

    @classmethod
    def from_arrays(
        cls, n: int, person: ArrayLike, day: ArrayLike, dose_ug: ArrayLike, form: ArrayLike, route: ArrayLike,
        fasting: ArrayLike = True,
    ) -> Courses:  # fmt: skip
        """One entry a dose: whose it is (0 to n - 1), then as in Dose; forms and routes by name or by index."""
        whose = np.asarray(person, np.int64)
        if len(whose) and (whose.min() < 0 or whose.max() >= n):
            raise CobalaminError(f"Doses for person {whose.min()} to {whose.max()}; people are counted 0 to {n - 1}.")
        shape = whose.shape
        columns = (
            np.broadcast_to(np.asarray(day, float), shape),
            np.broadcast_to(np.asarray(dose_ug, float), shape),
            np.broadcast_to(_codes(form, FORMS, "form"), shape),
            np.broadcast_to(_codes(route, ROUTES, "route"), shape),
            np.broadcast_to(np.asarray(fasting, bool), shape),
        )
        return cls._sorted(n, whose, columns)

    @classmethod
    def _sorted(cls, n: int, person: NDArray[np.int64], columns: tuple[NDArray, ...]) -> Courses:
        _check(columns[0], columns[1])
        order = np.lexsort((columns[0], person))
        edges = np.searchsorted(person[order], np.arange(n + 1))
        day, dose_ug, form, route, fasting = (np.ascontiguousarray(column[order]) for column in columns)
        return cls(edges[:-1], edges[1:], day, dose_ug, form, route, fasting)

    def __len__(self) -> int:
        return len(self.first)

    def take(self, index: ArrayLike) -> Courses:
        """The courses of the people at these places; the doses themselves are shared, not copied."""
        places = np.asarray(index)
        return Courses(
            self.first[places], self.last[places], self.day, self.dose_ug, self.form, self.route, self.fasting
        )


def _columns(doses: Sequence[Dose]) -> tuple[Array, Array, NDArray[np.int8], NDArray[np.int8], NDArray[np.bool_]]:
    day = np.array([dose.day for dose in doses], float)
    dose_ug = np.array([dose.dose_ug for dose in doses], float)
    _check(day, dose_ug)
    form = _codes([dose.form for dose in doses], FORMS, "form")
    route = _codes([dose.route for dose in doses], ROUTES, "route")
    return day, dose_ug, form, route, np.array([dose.fasting for dose in doses], bool)


def _codes(values: ArrayLike, names: tuple[str, ...], what: str) -> NDArray[np.int8]:
    given = np.asarray(values)
    if given.size == 0:
        return np.zeros(given.shape, np.int8)
    if given.dtype.kind in "iu":
        wrong = (given < 0) | (given >= len(names))
        codes = given.astype(np.int8)
    else:
        codes = np.full(given.shape, -1, np.int8)
        for code, name in enumerate(names):
            codes[given == name] = code
        wrong = codes < 0
    if wrong.any():
        first = np.atleast_1d(given)[np.atleast_1d(wrong)][0]
        raise CobalaminError(f'A dose has the {what} "{first}". Known: {", ".join(names)}.')
    return codes


def _check(day: Array, dose_ug: Array) -> None:
    _refuse(~((dose_ug > 0) & (dose_ug <= HIGHEST_DOSE_UG)), dose_ug, f"ug; doses are over 0 to {HIGHEST_DOSE_UG:g} ug")
    _refuse(~((day >= 0) & (day <= LAST_DAY)), day, "as its day; days count from 0, when the simulation begins")


def _refuse(wrong: NDArray[np.bool_], values: Array, words: str) -> None:
    if wrong.any():
        raise CobalaminError(f"A dose has {values[wrong][0]:g} {words}.")
