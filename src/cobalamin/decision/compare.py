"""A result against a threshold: in the unit it was reported in, censored or in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
import polars as pl

from cobalamin import units
from cobalamin.decision.kleene import Bits, Kleene
from cobalamin.errors import CobalaminError
from cobalamin.events import FLAGS
from cobalamin.guidance import Threshold
from cobalamin.vocabulary.catalogue import Finding

OPERATORS = ("below", "above", "at_least", "at_most")


@dataclass(frozen=True)
class Values:
    """A column of results: number (NaN = none), sign of a censored one (-1 below, 1 above), word, unit.

    Words and units are places in `FLAGS` and in the list of known units; -1 = none.
    """

    value: npt.NDArray[np.float64]
    sign: npt.NDArray[np.int8]
    word: npt.NDArray[np.int8]
    unit: npt.NDArray[np.int16]


def values_of(frame: pl.DataFrame, findings: Sequence[Finding]) -> dict[str, Values]:
    """The columns of findings (`finding.x`, and `.cmp`, `.flag`, `.unit` of a measurement) as arrays, by name."""
    measured = [finding for finding in findings if finding.kind == "measurement"]
    numbers = frame.select(_number(f.column) for f in findings).to_numpy().T
    signs = frame.select(_sign(f"{f.column}.cmp") for f in measured).to_numpy().T
    words = frame.select(_word_code(f"{f.column}.flag") for f in measured).to_numpy().T
    stated = frame.select(_unit_code(f"{f.column}.unit") for f in measured).to_numpy().T
    place = {finding.name: number for number, finding in enumerate(measured)}
    plain = np.zeros(frame.height, dtype=np.int8), np.full(frame.height, -1, dtype=np.int8), np.full(frame.height, -1)
    found = {}
    for number, finding in enumerate(findings):
        value, at = np.ascontiguousarray(numbers[number]), place.get(finding.name)
        found[finding.name] = Values(value, *(plain if at is None else (signs[at], words[at], stated[at])))
    return found


# Kept: for one person making these expressions takes longer than running them.
@cache
def _number(column: str) -> pl.Expr:
    return pl.col(column).cast(pl.Float64).fill_null(float("nan"))


@cache
def _sign(column: str) -> pl.Expr:
    return pl.col(column).fill_null(0)


@cache
def _word_code(column: str) -> pl.Expr:
    return pl.col(column).to_physical().cast(pl.Int8).fill_null(-1)


@cache
def _unit_places() -> dict[str, int]:
    return {unit: place for place, unit in enumerate(sorted({unit for _, unit in units.conversions()}))}


@cache
def _unit_code(column: str) -> pl.Expr:
    known = pl.col(column).cast(pl.Enum(list(_unit_places())), strict=False)
    return known.to_physical().cast(pl.Int16).fill_null(-1)


def compare(values: Values, finding: Finding, operator: str, threshold: Threshold, where: str) -> Kleene:
    """Whether results lie below or above a threshold (at_least = not below, at_most = not above).

    A threshold published in several units is compared in the one a result was reported in, so no conversion
    moves a person across it. A censored result answers only where all it can be lies on one side. A result in
    words answers where the threshold says which words lie beyond it. Raises CobalaminError for a unit slip.
    """
    if operator in ("at_least", "at_most"):
        return ~compare(values, finding, "below" if operator == "at_least" else "above", threshold, where)
    below = operator == "below"
    limit = _limit(values, finding, threshold, where)
    known = ~np.isnan(values.value)
    beyond: Bits = (values.value < limit) if below else (values.value > limit)
    answer = Kleene(beyond, known & ~beyond)
    if values.sign.any():
        answer = _censored(answer, values, limit, below=below)
    words = threshold.text_below if below else threshold.text_above
    return _in_words(answer, values.word, words, known) if words else answer


def _censored(answer: Kleene, values: Values, limit: npt.NDArray[np.float64] | float, *, below: bool) -> Kleene:
    """Below 133 a result of "<30" lies whatever it is, ">2000" does not, and "<200" may."""
    less, more = np.equal(values.sign, -1), np.equal(values.sign, 1)
    sure_less, sure_more = less & (values.value <= limit), more & (values.value >= limit)
    exact = ~(less | more)
    beyond, short = (sure_less, sure_more) if below else (sure_more, sure_less)
    return Kleene((answer.yes & exact) | beyond, (answer.no & exact) | short)


def _in_words(answer: Kleene, word: npt.NDArray[np.int8], words: tuple[str, ...], known: Bits) -> Kleene:
    spoken = ~known & (word >= 0)
    beyond = _among(words)[word] & spoken
    return Kleene(answer.yes | beyond, answer.no | (spoken & ~beyond))


@cache
def _among(words: tuple[str, ...]) -> Bits:
    """By place of a word, whether it is one of these; the last place (-1) is no word."""
    return np.array([*(one in words for one in FLAGS), False])


def _limit(values: Values, finding: Finding, threshold: Threshold, where: str) -> npt.NDArray[np.float64] | float:
    """The threshold in the canonical unit, for each result by the unit it was reported in."""
    canonical = canonical_limits(finding, threshold, where)
    default = canonical.get(finding.unit, next(iter(canonical.values())))
    if len(set(canonical.values())) == 1:
        return default
    limit = np.full(len(values.value), default)
    for unit, value in canonical.items():
        if value != default:
            for same in _same_units(finding.concepts[0], unit):
                limit[values.unit == same] = value
    return limit


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
