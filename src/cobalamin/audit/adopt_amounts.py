"""Tests, injections, tablets and appointments that a plan asks for within a year of the day of decision."""

from __future__ import annotations

from datetime import date

import polars as pl

from cobalamin.audit.adopt_people import ORDERED, test_columns

DAYS = 365
APPOINTMENTS = ("injection", "review", "referral")
PLAN_UNITS = (*APPOINTMENTS, "tablet_day", "planned_test")


def plan_amounts(plan: pl.DataFrame, on: date) -> pl.DataFrame:
    """`patient_id` and one column a unit of `PLAN_UNITS`: how many the plan asks for within a year.

    A course that goes on until improvement ends counts with its first dose only, and what follows it on a day
    not yet known is not counted: both sides are counted the same way.
    """
    kind = (
        pl.when((pl.col("kind") == "dose") & (pl.col("route") == "oral"))
        .then(pl.lit("tablet_day"))
        .when(pl.col("kind") == "dose")
        .then(pl.lit("injection"))
        .when(pl.col("kind") == "test")
        .then(pl.lit("planned_test"))
        .when(pl.col("kind").is_in(["review", "referral"]))
        .then(pl.col("kind"))
    )
    counted = plan.select("patient_id", unit=kind, count=_times(on)).filter(pl.col("unit").is_not_null())
    empty = plan.select("patient_id").unique()
    for unit in PLAN_UNITS:
        of_unit = counted.filter(pl.col("unit") == unit).group_by("patient_id").agg(pl.col("count").sum().alias(unit))
        empty = empty.join(of_unit, on="patient_id", how="left")
    return empty.with_columns(pl.col(PLAN_UNITS).fill_null(0).cast(pl.Int32))


def _times(on: date) -> pl.Expr:
    """How often an item falls into the year; an open course of injections counts once."""
    dated = pl.col("kind") == "dose"
    ahead = (pl.col("due") - pl.lit(on)).dt.total_days().clip(lower_bound=0)  # what is overdue is due now
    room = ((DAYS - 1 - ahead) / pl.col("every_days").fill_null(DAYS)).floor() + 1
    loading = dated & (pl.col("what") == "loading") & pl.col("count").is_null()
    most = pl.when(loading | pl.col("every_days").is_null()).then(1).otherwise(pl.col("count").fill_null(DAYS))
    once = pl.when(dated).then(0).otherwise(1)  # a dose without a day is not counted; a review without one is
    times = pl.when(ahead.is_null()).then(once).otherwise(pl.min_horizontal(room, most))
    return times.clip(lower_bound=0).fill_null(0).cast(pl.Int32)


def test_counts(trace: pl.DataFrame) -> dict[str, int]:
    """How many people each test is ordered for."""
    return {
        name.removeprefix("test."): int(trace[name].cast(pl.String).is_in(ORDERED).fill_null(value=False).sum())
        for name in test_columns(trace)
    }
