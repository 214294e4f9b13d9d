"""Events as arrays without nulls: one place a row, in the order of person and time.

Findings ask hundreds of small questions of the same few columns. An array answers one in microseconds, for one
person as for ten thousand; a frame needs a query for each.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date
from functools import cache, cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from cobalamin.units import unit_names
from cobalamin.vocabulary.concepts import concepts

Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int32]
Moments = npt.NDArray[np.int64]
Codes = npt.NDArray[np.int16]
Floats = npt.NDArray[np.float64]
Places = npt.NDArray[np.intp]

MICROSECONDS_A_DAY = 86_400_000_000
# Earlier than every date: an undated fact is before everything. Its day is as early, and no arithmetic on it overflows.
UNDATED = -(1 << 61)
UNDATED_DAY = UNDATED // MICROSECONDS_A_DAY
# Where there is no such day at all: earlier still.
NO_DAY = np.iinfo(np.int32).min
# The end of what still runs.
NO_END = np.iinfo(np.int64).max
FOR_EVER = 1_000_000
# Ages that every window holds and that none does.
ALWAYS, NEVER = -FOR_EVER, 2 * FOR_EVER
EPOCH = date(1970, 1, 1)


def day_number(day: date) -> int:
    """Days since the epoch, as dates are stored."""
    return (day - EPOCH).days


@dataclass(frozen=True)
class Facts:
    """Columns of events: `row` in the full table, place `pid` of the person, and what the record says.

    `time` and `day` are UNDATED and UNDATED_DAY without a date; `until` is NO_END for what runs; `value` and
    `every_days` are NaN where there is none; concepts, words, signs, routes and units are places in their lists,
    -1 = none. `clock` is true where the time of day is known. `on` is the number of the day of decision.
    """

    on: int
    row: Ints
    pid: Ints
    concept: Codes
    time: Moments
    day: Ints
    clock: Bools
    until: Moments
    present: Bools
    denied: Bools
    value: Floats
    every_days: Floats
    comparator: Codes
    flag: Codes
    route: Codes
    unit: Codes

    def at(self, places: Places | Bools) -> Facts:
        """The facts at these places, or where true."""
        return Facts(self.on, *(getattr(self, one.name)[places] for one in fields(self)[1:]))

    @cached_property
    def dated(self) -> Bools:
        """True where the fact has a date."""
        dated: Bools = self.time != UNDATED
        return dated

    @cached_property
    def running(self) -> Bools:
        """True where it had not ended on the day."""
        running: Bools = self.until == NO_END
        return running

    @cached_property
    def point(self) -> Bools:
        """True where it ended as it began: a fact of one moment."""
        point: Bools = self.until == self.time
        return point

    @cached_property
    def age_days(self) -> Ints:
        """Days before the day of decision; ALWAYS where undated."""
        return np.where(self.dated, np.int32(self.on) - self.day, np.int32(ALWAYS))

    @cached_property
    def ended_days(self) -> Ints:
        """Days since it ended; NEVER where it runs."""
        ended = np.where(self.running, 0, self.until) // MICROSECONDS_A_DAY
        return np.where(self.running, np.int32(NEVER), np.int32(self.on) - ended.astype(np.int32))

    @cached_property
    def by_concept(self) -> dict[int, Places]:
        """The places of each concept, by its place in the list of concepts; in the order of person and time."""
        order = np.argsort(self.concept, kind="stable")
        if not order.size:
            return {}
        together = self.concept[order]
        begins = np.flatnonzero(np.diff(together, prepend=np.int16(-1)))
        return dict(zip(together[begins].tolist(), np.split(order, begins[1:]), strict=True))

    def places_of(self, names: tuple[str, ...]) -> Places:
        """The places of some concepts, in the order of person and time."""
        found = [self.by_concept[code] for code in codes_of(names) if code in self.by_concept]
        if len(found) == 1:
            return found[0]
        return np.sort(np.concatenate(found)) if found else np.empty(0, dtype=np.intp)


@cache
def codes_of(names: tuple[str, ...]) -> tuple[int, ...]:
    """The places of concepts in the list of concepts."""
    place = _places()
    return tuple(place[name] for name in dict.fromkeys(names))


@cache
def _places() -> dict[str, int]:
    return {name: place for place, name in enumerate(concepts())}


@cache
def has_code(names: tuple[str, ...]) -> Bools:
    """By place in the list of concepts, whether it is one of these."""
    found = np.zeros(len(concepts()), dtype=np.bool_)
    found[list(codes_of(names))] = True
    return found


def facts_of(frame: pl.DataFrame, pid: Ints, flags: pl.Series, on: date) -> Facts:
    """The columns of an event table as arrays; `flags` are the results in words, printed ranges read."""
    read: dict[str, npt.NDArray[Any]] = {
        column.name: column.to_numpy() for column in frame.with_columns(flags).select(_columns()).get_columns()
    }
    day = (read["time"] // MICROSECONDS_A_DAY).astype(np.int32)
    return Facts(on=day_number(on), row=np.arange(frame.height, dtype=np.int32), pid=pid, day=day, **read)


@cache
def unit_type() -> pl.Enum:
    """The Polars type of the unit a measurement was reported in."""
    return pl.Enum(unit_names())


@cache
def _columns() -> tuple[pl.Expr, ...]:
    # A unit we do not convert is none; a measurement is never told in one.
    unit = pl.col("unit").cast(unit_type(), strict=False)
    codes = [_code(one) for one in (pl.col("comparator"), pl.col("flag"), pl.col("route"), unit)]
    return (
        pl.col("concept").to_physical().cast(pl.Int16),
        pl.col("time").to_physical().fill_null(UNDATED),
        (pl.col("precision") == "second").fill_null(value=False).alias("clock"),
        pl.col("until").to_physical().fill_null(NO_END),
        pl.col("present").fill_null(value=False),
        (~pl.col("present")).fill_null(value=False).alias("denied"),
        pl.col("value", "every_days").fill_null(float("nan")),
        *codes,
    )


def _code(word: pl.Expr) -> pl.Expr:
    return word.to_physical().cast(pl.Int16).fill_null(-1)
