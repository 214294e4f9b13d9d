"""Doses of B12: when treatment began, what was given, at which interval, and what is due."""

from __future__ import annotations

from datetime import date, datetime

import polars as pl

from cobalamin.findings.prepare import (
    ANY_ROUTE_CONCEPTS,
    B12_CONCEPTS,
    INJECTION_CONCEPTS,
    ORAL_CONCEPTS,
    STATUS_ON_INJECTIONS,
    Prepared,
)

# A course is broken by a gap no maintenance interval reaches; 400 days is longer than twice-yearly dosing.
COURSE_GAP_DAYS = 400
# Loading doses are days apart; gaps of two weeks and more belong to maintenance.
MAINTENANCE_GAP_DAYS = 14
STILL_ON_DAYS = 200
LOADING_WINDOW_DAYS = 21


def b12_rows(prepared: Prepared) -> pl.DataFrame:
    """Rows of treatment with B12, with `injected`, `oral` and `schedule` (a regimen, not a dose)."""
    concept, route = pl.col("concept"), pl.col("route")
    return (
        prepared.events.filter(concept.is_in([*B12_CONCEPTS, STATUS_ON_INJECTIONS]) & pl.col("present"))
        .with_columns(
            injected=concept.is_in([*INJECTION_CONCEPTS, STATUS_ON_INJECTIONS])
            | (concept.is_in(ANY_ROUTE_CONCEPTS) & route.is_in(["im", "sc", "iv"]).fill_null(value=False)),
            schedule=pl.col("running")
            | pl.col("every_days").is_not_null()
            | (pl.col("until") > pl.col("time")),
        )
        .with_columns(
            oral=~pl.col("injected")
            & (
                concept.is_in(ORAL_CONCEPTS)
                | route.is_in(["oral", "sublingual", "nasal"]).fill_null(value=False)
            ),
        )
    )


def first_dose(rows: pl.DataFrame) -> pl.DataFrame:
    """First B12 of each person: `pid, first_time, first_clock` (true where a clock time was recorded).

    Treatment without a date counts as begun before everything on record.
    """
    return rows.group_by("pid").agg(
        first_time=pl.col("time").fill_null(datetime(1, 1, 1)).min(),
        first_clock=(pl.col("precision") == "second").first(),
    )


def dose_findings(prepared: Prepared, rows: pl.DataFrame) -> pl.DataFrame:
    """One row for each person with any B12: the findings whose selector is `doses.*`, by selector name."""
    on, lazy = prepared.on, rows.lazy()
    given = _given(lazy)
    parts = [_history(lazy, on), _injections(given, on), _course(given, on), _oral(lazy, on), _schedules(lazy)]
    table = prepared.people.lazy().select("pid")
    for part in (*parts, _stops(prepared)):
        table = table.join(part, on="pid", how="left", maintain_order="left")
    return _combined(table, on).collect()


def _given(rows: pl.LazyFrame) -> pl.LazyFrame:
    """Injections recorded as given, one a day, in order, with the gap to the one before."""
    given = rows.filter(pl.col("injected") & ~pl.col("schedule") & pl.col("time").is_not_null())
    return (
        given.select("pid", "value", "concept", day=pl.col("time").dt.date())
        .unique(["pid", "day"], keep="first", maintain_order=True)
        .with_columns(gap=(pl.col("day") - pl.col("day").shift(1)).dt.total_days())
        .with_columns(gap=pl.when(pl.col("pid") == pl.col("pid").shift(1)).then("gap"))
    )


def _history(rows: pl.LazyFrame, on: date) -> pl.LazyFrame:
    day = pl.col("time").dt.date()
    return rows.group_by("pid").agg(
        ever_treated=pl.lit(value=True),
        ever_injected=pl.col("injected").any(),
        first_dose=day.min(),
        first_injection=day.filter(pl.col("injected")).min(),
        on_cyanocobalamin=pl.col("concept").cast(pl.String).str.contains("cyanocobalamin").last(),
        days_since_first=(pl.lit(on) - day.min()).dt.total_days(),
    )


def _injections(given: pl.LazyFrame, on: date) -> pl.LazyFrame:
    maintenance = pl.col("gap").filter(pl.col("gap") >= MAINTENANCE_GAP_DAYS)
    return given.group_by("pid").agg(
        last_injection=pl.col("day").max(),
        days_since_last_injection=(pl.lit(on) - pl.col("day").max()).dt.total_days(),
        injections=pl.len(),
        injections_12m=(pl.col("day") > pl.lit(on).dt.offset_by("-365d")).sum(),
        usual_gap=maintenance.filter(maintenance <= COURSE_GAP_DAYS).tail(3).median(),
        last_ug=pl.col("value").last(),
    )


def _course(given: pl.LazyFrame, on: date) -> pl.LazyFrame:
    begins = pl.col("gap").is_null() | (pl.col("gap") > COURSE_GAP_DAYS)
    starts = given.filter(begins).group_by("pid").agg(course_start=pl.col("day").max())
    within = given.join(starts, on="pid").filter(
        (pl.col("day") >= pl.col("course_start"))
        & (pl.col("day") <= pl.col("course_start").dt.offset_by(f"{LOADING_WINDOW_DAYS}d"))
    )
    return within.group_by("pid").agg(
        course_start=pl.col("course_start").first(),
        days_since_course_start=(pl.lit(on) - pl.col("course_start").first()).dt.total_days(),
        loading=pl.len(),
    )


def _oral(rows: pl.LazyFrame, on: date) -> pl.LazyFrame:
    running = pl.col("running") | (pl.col("age_days") <= 90)
    current = rows.filter(pl.col("oral") & running)
    per_day = pl.col("value") / pl.col("every_days").fill_null(1.0)
    return current.group_by("pid").agg(
        on_oral=pl.lit(value=True),
        oral_ug_day=per_day.last(),
        days_on_oral=(pl.lit(on) - pl.col("time").dt.date().min()).dt.total_days(),
        oral_started=pl.col("time").dt.date().max(),
    )


def _schedules(rows: pl.LazyFrame) -> pl.LazyFrame:
    running = rows.filter(pl.col("injected") & pl.col("schedule") & pl.col("running"))
    return running.group_by("pid").agg(
        schedule_running=pl.lit(value=True),
        schedule_days=pl.col("every_days").last(),
        schedule_ug=pl.col("value").last(),
    )


def _stops(prepared: Prepared) -> pl.LazyFrame:
    names = {
        "stop_day": ["status_b12_injections_stopped", "care_injections_stopped_with_reason"],
        "oral_stop_day": ["care_oral_b12_stopped"],
        "elsewhere_day": ["care_given_elsewhere", "pref_self_injects"],
    }
    wanted = [concept for group in names.values() for concept in group]
    rows = prepared.events.lazy().filter(pl.col("concept").is_in(wanted) & pl.col("present"))
    day = pl.col("time").dt.date().fill_null(date(1, 1, 1))
    return rows.group_by("pid").agg(
        **{name: day.filter(pl.col("concept").is_in(group)).max() for name, group in names.items()}
    )


def _combined(table: pl.LazyFrame, on: date) -> pl.LazyFrame:
    """Read the parts together: stopped, still on injections, interval, due and overdue."""
    stopped = (pl.col("stop_day") >= pl.col("last_injection").fill_null(date(1, 1, 1))).fill_null(value=False)
    recent = (pl.col("days_since_last_injection") <= STILL_ON_DAYS).fill_null(value=False)
    schedule = pl.col("schedule_running").fill_null(value=False)
    oral_after = (pl.col("oral_started") > pl.col("last_injection")).fill_null(value=False)
    oral_stopped = (pl.col("oral_stop_day") >= pl.col("oral_started")).fill_null(value=False)
    table = table.with_columns(
        stopped=pl.when(pl.col("ever_injected")).then(stopped),
        on_injections=(schedule | recent) & ~stopped & ~(oral_after & ~schedule),
        schedule_running=schedule & ~stopped,
        interval=pl.coalesce("schedule_days", "usual_gap"),
        last_injection_ug=pl.coalesce("last_ug", "schedule_ug"),
        on_oral=pl.col("on_oral").fill_null(value=False) & ~oral_stopped,
        elsewhere=pl.col("elsewhere_day").is_not_null(),
    )
    due = pl.col("last_injection") + pl.duration(days=pl.col("interval").round(0).cast(pl.Int64))
    table = table.with_columns(due=pl.when(pl.col("on_injections")).then(due))
    return table.with_columns(overdue=(pl.lit(on) - pl.col("due")).dt.total_days())
