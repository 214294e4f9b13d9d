"""What every layout shares: the base of a row (person, day, place), conditions on columns, and items."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time

import polars as pl

from cobalamin.events import event_schema
from cobalamin.records.tables.cells import key, plain
from cobalamin.records.tables.load import LINE
from cobalamin.records.tables.mapping import UNDATED, Condition, Mapping, Scalar, Table, When

# More days than anyone has lived: a code for "unknown", not a duration.
LONGEST_DAYS = 40_000
_FORMATS = (
    "%Y-%m-%d", "%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M",
    "%Y-%m-%dT%H:%M:%S%.fZ", "%Y/%m/%d", "%d.%m.%Y", "%Y%m%d", "%Y-%m",
)  # fmt: skip


def cell_schema() -> dict[str, pl.DataType | type[pl.DataType]]:
    """Columns of a cell on its way into an event; concepts and flags still as text."""
    text = {name: pl.String() for name in ("precision", "concept", "comparator", "flag", "route")}
    helpers = {"item": pl.UInt64(), "reason": pl.String(), "irrelevant": pl.String()}
    return {**dict(event_schema()), **text, **helpers}


class Numbering:
    """Gives every row or cell that was read its own item number."""

    def __init__(self) -> None:
        self._next = 0

    def number(self, frame: pl.DataFrame) -> pl.DataFrame:
        """The frame with a column `item`."""
        start, self._next = self._next, self._next + frame.height
        return frame.with_columns(item=pl.int_range(start, self._next, dtype=pl.UInt64, eager=True))


def based(frame: pl.DataFrame, table: Table, plan: Mapping, file: str) -> pl.DataFrame:
    """Add patient_id, time, precision, source, reason and irrelevant under names no column has ("__...")."""
    when, precision = _when(table.time, plan.on)
    source = pl.format("{}:{}", pl.lit(file), pl.col(LINE))
    frame = frame.with_columns(
        __patient=pl.lit(plan.patient_prefix) + pl.col(table.patient).pipe(plain),
        __time=when,
        __precision=precision,
        __source=source,
    )
    unreadable = pl.lit(None, pl.String)
    if isinstance(table.time, When):
        given = pl.col(table.time.column)
        unreadable = (
            pl.when(given.is_null()).then(pl.lit("no date"))
            .when(pl.col("__time").is_null()).then(pl.lit("a date that cannot be read"))
        )  # fmt: skip
    no_person = pl.when(pl.col("__patient").is_null()).then(pl.lit("no patient id"))
    return frame.with_columns(__reason=pl.coalesce(no_person, unreadable))


def _when(said: date | When | str | None, on: date | None) -> tuple[pl.Expr, pl.Expr]:
    if isinstance(said, When):
        return moment(said), _precision(said)
    day = on if said is None else said
    if day is None or day == UNDATED:
        return pl.lit(None, pl.Datetime("us")), pl.lit("undated")
    return pl.lit(datetime.combine(day, time.min), pl.Datetime("us")), pl.lit("day")  # type: ignore[arg-type]


def moment(when: When) -> pl.Expr:
    """A column of dates as times; null where a cell is no date."""
    raw = pl.col(when.column)
    formats = (when.format,) if when.format else _FORMATS
    if when.precision == "year" and not when.format:
        return (raw.str.slice(0, 4) + "-01-01").str.to_datetime("%Y-%m-%d", strict=False, time_unit="us")
    return pl.coalesce([_one_format(raw, each) for each in formats])


def _one_format(raw: pl.Expr, form: str) -> pl.Expr:
    if form == "%Y-%m":
        return (raw + "-01").str.to_date("%Y-%m-%d", strict=False).cast(pl.Datetime("us"))
    if "%H" not in form:
        return raw.str.to_date(form, strict=False).cast(pl.Datetime("us"))
    return raw.str.to_datetime(form, strict=False, time_unit="us")


def _precision(when: When) -> pl.Expr:
    if when.precision:
        return pl.lit(when.precision)
    raw = pl.col(when.column)
    return (
        pl.when(raw.str.contains(":", literal=True)).then(pl.lit("second"))
        .when(raw.str.contains(r"^\d{4}-\d\d$")).then(pl.lit("month"))
        .otherwise(pl.lit("day"))
    )  # fmt: skip


def days_of(column: str) -> pl.Expr:
    """A column of days; null where it is blank, negative or a code for unknown."""
    days = pl.col(column).cast(pl.Float64, strict=False)
    return pl.when((days >= 0) & (days < LONGEST_DAYS)).then(days)


def earlier(start: pl.Expr, days: pl.Expr) -> pl.Expr:
    """The time so many days before."""
    return start - pl.duration(seconds=(days * 86400).round(0).cast(pl.Int64))


def meets(conditions: dict[str, Condition | Scalar | list[Scalar]]) -> pl.Expr:
    """All conditions hold; a blank cell meets none."""
    tests = [_test(column, condition) for column, condition in conditions.items()]
    return pl.all_horizontal(tests).fill_null(value=False) if tests else pl.lit(value=True)


def _test(column: str, condition: Condition | Scalar | list[Scalar]) -> pl.Expr:
    if isinstance(condition, list):
        return plain(pl.col(column)).is_in([key(each) for each in condition])
    if not isinstance(condition, Condition):
        return plain(pl.col(column)) == key(condition)
    return pl.all_horizontal(list(_comparisons(column, condition)) or [pl.col(column).is_not_null()])


def _comparisons(column: str, condition: Condition) -> Iterator[pl.Expr]:
    number = pl.col(column).cast(pl.Float64, strict=False)
    if condition.in_ is not None:
        yield plain(pl.col(column)).is_in([key(each) for each in condition.in_])
    if condition.above is not None:
        yield number > condition.above
    if condition.at_least is not None:
        yield number >= condition.at_least
    if condition.below is not None:
        yield number < condition.below
    if condition.at_most is not None:
        yield number <= condition.at_most
    if condition.matches is not None:
        yield pl.col(column).str.contains(f"(?i){condition.matches}")
    if condition.not_matches is not None:
        yield ~pl.col(column).str.contains(f"(?i){condition.not_matches}")


def complete(cells: pl.DataFrame) -> pl.DataFrame:
    """The frame with exactly the columns of a cell."""
    return cells.select(
        (pl.col(name).cast(kind) if name in cells.columns else pl.lit(None, kind)).alias(name)
        for name, kind in cell_schema().items()
    )
