"""Each past injection judged by the gap before it, and the calendar of what comes next."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import polars as pl

from cobalamin.events import Events
from cobalamin.findings.doses import COURSE_GAP_DAYS, MAINTENANCE_GAP_DAYS, b12_rows
from cobalamin.findings.prepare import prepare
from cobalamin.plan.templates import LOADING_LATE_DAYS, MAINTENANCE_EARLY_DAYS, MAINTENANCE_LATE_DAYS

CALENDAR_DAYS = 366


def judged_doses(events: Events, findings: pl.DataFrame, on: date) -> pl.DataFrame:
    """Past injections: `patient_id, date, product, dose_ug, gap_days, judged`.

    judged: on_time, early, late or course_broken, by the gap to the injection before it. Within loading a gap
    over a week is late; in maintenance the interval of the schedule (or the usual gap) counts, early by more
    than two weeks, late by more than 28 days; a gap over 400 days broke the course. The first dose is on time.
    """
    prepared = prepare(events.frame, on)
    rows = b12_rows(prepared).filter(pl.col("injected") & ~pl.col("schedule") & pl.col("time").is_not_null())
    given = (
        rows.select("patient_id", "concept", "value", day=pl.col("time").dt.date())
        .unique(["patient_id", "day"], keep="first", maintain_order=True)
        .with_columns(gap=(pl.col("day") - pl.col("day").shift(1)).dt.total_days())
        .with_columns(gap=pl.when(pl.col("patient_id") == pl.col("patient_id").shift(1)).then("gap"))
    )
    interval = findings.select("patient_id", interval=pl.col("finding.injection_interval_days"))
    judged = given.join(interval, on="patient_id", how="left", maintain_order="left").with_columns(judged=_judgement())
    product = pl.col("concept").cast(pl.String).str.replace("^(tx|proc)_", "").str.replace("_injection$", "")
    return judged.select("patient_id", "judged", date="day", product=product, dose_ug="value", gap_days="gap")


def _judgement() -> pl.Expr:
    gap, interval = pl.col("gap"), pl.col("interval")
    return (
        pl.when(gap.is_null()).then(pl.lit("on_time"))
        .when(gap > COURSE_GAP_DAYS).then(pl.lit("course_broken"))
        .when((gap > LOADING_LATE_DAYS) & (gap < MAINTENANCE_GAP_DAYS)).then(pl.lit("late"))
        .when(gap < MAINTENANCE_GAP_DAYS).then(pl.lit("on_time"))
        .when(gap > interval + MAINTENANCE_LATE_DAYS).then(pl.lit("late"))
        .when(gap < interval - MAINTENANCE_EARLY_DAYS).then(pl.lit("early"))
        .otherwise(pl.lit("on_time"))
    )  # fmt: skip


def calendar(items: list[dict[str, Any]], days: int = CALENDAR_DAYS) -> list[dict[str, Any]]:
    """The dated injections of a plan for the days ahead: `date, product, dose, dose_unit, route, phase`.

    A phase without a first day or without a count gives its dated doses only as far as they are fixed.
    """
    found = []
    for item in items:
        if item["kind"] != "dose" or item["due"] is None or item["route"] != "im":
            continue
        first = max(item["earliest"] or item["due"], item["due"])
        horizon = first + timedelta(days=days)
        count = item["count"] or (1 if item["until"] else 10_000)
        for number in range(count):
            day = first + timedelta(days=round(number * item["every_days"]))
            if day > horizon:
                break
            found.append(
                {
                    "date": day,
                    "phase": item["what"],
                    **{k: item[k] for k in ("product", "dose", "dose_unit", "route")},
                }
            )
    return sorted(found, key=lambda dose: dose["date"])
