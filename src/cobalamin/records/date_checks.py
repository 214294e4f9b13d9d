"""Dates that cannot be: in the future, before birth, ending before they begin."""

from __future__ import annotations

from datetime import date, datetime, time

import polars as pl

EARLIEST = datetime(1880, 1, 1)


def end_of_day(day: date | None) -> datetime | None:
    """The last moment of a day."""
    return datetime.combine(day, time.max) if day else None


def refuse(rows: pl.DataFrame, condition: pl.Expr, reason: str) -> pl.DataFrame:
    """Write the reason into `reason` where the condition holds and no reason stands yet."""
    hit = condition.fill_null(value=False) & pl.col("reason").is_null()
    return rows.with_columns(reason=pl.when(hit).then(pl.lit(reason)).otherwise("reason"))


def refuse_impossible_dates(rows: pl.DataFrame, not_after: date | None) -> pl.DataFrame:
    """Reasons for rows (event columns and `reason`) whose dates cannot be.

    A date of month or year precision is before birth only if all of it is.
    """
    concept, time_ = pl.col("concept").cast(pl.String), pl.col("time")
    birth = (
        rows.filter((concept == "person_birth") & pl.col("reason").is_null())
        .group_by("patient_id")
        .agg(born=time_.min())
    )
    rows = rows.join(birth, on="patient_id", how="left", maintain_order="left")
    latest = end_of_day(not_after)
    if latest is not None:
        rows = refuse(rows, time_ > latest, "dated in the future")
    rows = refuse(rows, time_ < EARLIEST, "dated before 1880")
    before_birth = ~concept.str.starts_with("person_") & (_end_of_precision() <= pl.col("born"))
    rows = refuse(rows, before_birth, "dated before birth")
    rows = refuse(rows, (concept == "person_died") & (_end_of_precision() <= pl.col("born")), "died before birth")
    rows = refuse(rows, pl.col("until") < time_, "ends before it begins")
    return rows.drop("born")


def _end_of_precision() -> pl.Expr:
    time_ = pl.col("time")
    return (
        pl.when(pl.col("precision") == "year").then(time_.dt.offset_by("1y"))
        .when(pl.col("precision") == "month").then(time_.dt.offset_by("1mo"))
        .otherwise(time_.dt.offset_by("1d"))
    )  # fmt: skip
