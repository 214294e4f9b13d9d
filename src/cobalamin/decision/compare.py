"""A result against a threshold: in the unit it was reported in, censored or in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from cobalamin import units
from cobalamin.decision.kleene import Bools
from cobalamin.errors import CobalaminError
from cobalamin.events import FLAGS
from cobalamin.guidance import Threshold
from cobalamin.vocabulary.catalogue import Finding

OPERATORS = ("below", "above", "at_least", "at_most")
# The denial of each: not below, not above.
DENIED = {"at_least": "below", "at_most": "above"}


@dataclass(frozen=True)
class Values:
    """Results of several findings, a row for each finding and a column for each person.

    Number (NaN = none), sign of a censored one (-1 below, 1 above), word and unit; words and units are places in
    `FLAGS` and in the list of known units, -1 = none.
    """

    row: Mapping[str, int]
    value: npt.NDArray[np.float64]
    sign: npt.NDArray[np.int8]
    word: npt.NDArray[np.int8]
    unit: npt.NDArray[np.int16]


def values_of(frame: pl.DataFrame, findings: Sequence[Finding]) -> Values:
    """The columns of findings (`finding.x`, and `.cmp`, `.flag`, `.unit` of a measurement) as arrays."""
    measured = [finding for finding in findings if finding.kind == "measurement"]
    ordered = [*measured, *(finding for finding in findings if finding.kind != "measurement")]
    stack = _Stack(frame, len(ordered))
    names = [finding.column for finding in measured]
    return Values(
        {finding.name: place for place, finding in enumerate(ordered)},
        stack.rows([finding.column for finding in ordered], _number, np.nan, np.float64),
        stack.rows([f"{name}.cmp" for name in names], _sign, 0, np.int8),
        stack.rows([f"{name}.flag" for name in names], _word, -1, np.int8),
        stack.rows([f"{name}.unit" for name in names], _unit, -1, np.int16),
    )


@dataclass(frozen=True)
class _Stack:
    """Lays columns end to end before reading them: one step for all of them, where each would cost a step."""

    frame: pl.DataFrame
    height: int

    def rows(self, names: list[str], read: Callable[[pl.Series], pl.Series], none: float, kind: type) -> Any:
        """A matrix with a row for each column; rows beyond them hold `none`."""
        size = self.frame.height
        found: npt.NDArray[Any] = np.full((self.height, size), none, dtype=kind)
        if names:
            laid = read(laid_end_to_end(self.frame, names))
            found[: len(names)] = laid.fill_null(none).to_numpy().reshape(len(names), size)
        return found


def laid_end_to_end(frame: pl.DataFrame, names: Sequence[str]) -> pl.Series:
    """The columns of one type as one column."""
    return pl.concat([frame[name] for name in names], rechunk=True)


def _number(laid: pl.Series) -> pl.Series:
    return laid.cast(pl.Float64)


def _sign(laid: pl.Series) -> pl.Series:
    return laid.cast(pl.Int8)


def _word(laid: pl.Series) -> pl.Series:
    return laid.cast(pl.Enum(FLAGS)).to_physical().cast(pl.Int8)


def _unit(laid: pl.Series) -> pl.Series:
    return laid.to_physical().cast(pl.Int16)


@cache
def _unit_places() -> dict[str, int]:
    return {unit: place for place, unit in enumerate(units.unit_names())}


@dataclass(frozen=True)
class Comparison:
    """A finding against a threshold; `where` names the rule that asks."""

    finding: Finding
    operator: str
    threshold: Threshold
    where: str

    @property
    def side(self) -> str:
        """Below or above; "at least" is not below, "at most" not above."""
        return DENIED.get(self.operator, self.operator)


class Comparisons:
    """Whether results lie below or above thresholds, all comparisons in one pass.

    A threshold published in several units is compared in the one a result was reported in, so no conversion
    moves a person across it. A censored result answers only where all it can be lies on one side. A result in
    words answers where the threshold says which words lie beyond it. Raises CobalaminError for a unit slip.
    """

    def __init__(self, asked: Sequence[Comparison]) -> None:
        self.names = [one.finding.name for one in asked]
        self.below = np.array([[one.side == "below"] for one in asked])
        limits = [_limits(one) for one in asked]
        self.limits = np.array(limits)
        self.by_unit = [place for place, limit in enumerate(limits) if (limit != limit[-1]).any()]
        self.beyond = np.array([_words_beyond(one) for one in asked])
        self.worded = np.array([_text(one) != () for one in asked])
        self.denied = np.array([place for place, one in enumerate(asked) if one.operator in DENIED], dtype=np.intp)

    def answers(self, values: Values) -> tuple[Bools, Bools]:
        """Yes and no of each comparison (a row) for each person (a column); neither where it is open."""
        at = np.array([values.row[name] for name in self.names], dtype=np.intp)
        number, default = values.value[at], self.limits[:, -1:]
        yes = np.where(self.below, number < default, number > default)
        for place in self.by_unit:
            yes[place] = self._beyond(place, number[place], values.unit[at[place]])
        no = ~(yes | np.isnan(number))
        # Few results are censored or in words, so those comparisons are made one by one.
        censored: Bools = np.any(values.sign != 0, axis=1)
        for place in np.flatnonzero(censored[at]).tolist():
            yes[place], no[place] = self._censored(place, values, at[place], (yes[place], no[place]))
        in_words: Bools = np.any(values.word >= 0, axis=1)
        for place in np.flatnonzero(self.worded & in_words[at]).tolist():
            word = values.word[at[place]]
            spoken, beyond = (word >= 0) & np.isnan(number[place]), self.beyond[place][word]
            yes[place] |= spoken & beyond
            no[place] |= spoken & ~beyond
        yes[self.denied], no[self.denied] = no[self.denied], yes[self.denied]
        return yes, no

    def _beyond(self, place: int, number: Any, unit: npt.NDArray[np.int16]) -> Bools:
        """Whether results lie beyond the limit of one comparison, each in the unit it was reported in."""
        limit = self.limits[place][unit]
        found: Bools = number < limit if self.below[place] else number > limit
        return found

    def _censored(self, place: int, values: Values, row: int, exact: tuple[Bools, Bools]) -> tuple[Bools, Bools]:
        """Below 133 a result of "<30" lies whatever it is, ">2000" does not, and "<200" may."""
        number, sign, limit = values.value[row], values.sign[row], self.limits[place][values.unit[row]]
        # "Above" is "below" with every sign turned.
        turn = 1 if self.below[place] else -1
        turned, bound, sign = number * turn, limit * turn, sign * turn
        yes, no = (answer & (sign == 0) for answer in exact)
        return yes | ((sign < 0) & (turned <= bound)), no | ((sign > 0) & (turned >= bound))


def _text(one: Comparison) -> tuple[str, ...]:
    return one.threshold.text_below if one.side == "below" else one.threshold.text_above


def _words_beyond(one: Comparison) -> list[bool]:
    """By place of a word, whether it lies beyond the threshold; the last place (-1) is no word."""
    return [*(word in _text(one) for word in FLAGS), False]


def _limits(one: Comparison) -> npt.NDArray[np.float64]:
    """By place of a unit, the limit for a result that was reported in it; the last place (-1) is any other."""
    canonical = canonical_limits(one.finding, one.threshold, one.where)
    default = canonical.get(one.finding.unit, next(iter(canonical.values())))
    limits = np.full(len(_unit_places()) + 1, default)
    for unit, value in canonical.items():
        if value != default:
            limits[list(_same_units(one.finding.concepts[0], unit))] = value
    return limits


def canonical_limits(finding: Finding, threshold: Threshold, where: str) -> Mapping[str, float]:
    """The threshold's numbers by the unit they are published in, each in the finding's canonical unit."""
    return {unit: _canonical(finding, value, unit, where) for value, unit in threshold.values}


def _canonical(finding: Finding, value: float, unit: str, where: str) -> float:
    if unit == finding.unit:
        return value
    converted = units.convert(finding.concepts[0], value, unit) if finding.kind == "measurement" else None
    if converted is None:
        raise CobalaminError(f"{where}: {finding.name} is in {finding.unit}; the threshold's unit {unit!r} is not.")
    return float(converted[0])


@cache
def _same_units(concept: str, unit: str) -> tuple[int, ...]:
    """Places of the units of a concept that differ from this one in name only (pg/mL and ng/L)."""
    one = units.conversions()[concept, unit]
    return tuple(
        _unit_places()[other.unit]
        for other in units.conversions().values()
        if other.concept == concept and (other.factor, other.offset) == (one.factor, one.offset)
    )
