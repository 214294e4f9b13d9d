"""Doses of B12: when treatment began, what was given, at which interval, and what is due."""

from __future__ import annotations

from datetime import date, datetime

import polars as pl

from cobalamin.findings.prepare import (
    ANY_ROUTE_CONCEPTS,
    B12_CONCEPTS,
    CYANOCOBALAMIN_CONCEPTS,
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
# Tablets issued within three months are taken as still running.
ORAL_ISSUE_DAYS = 90


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
    table = prepared.people.lazy().select("pid")
    for part in (_history(lazy, on), _injections(_given(lazy), on), _stops(prepared)):
        table = table.join(part, on="pid", how="left", maintain_order="left")
    return _combined(table, on).collect()


def _given(rows: pl.LazyFrame) -> pl.LazyFrame:
    """Injections recorded as given, one a day, in order, with the gap before each and the start of its course."""
    given = rows.filter(pl.col("injected") & ~pl.col("schedule") & pl.col("time").is_not_null())
    gap = (pl.col("day") - pl.col("day").shift(1)).dt.total_days()
    begins = pl.col("gap").is_null() | (pl.col("gap") > COURSE_GAP_DAYS)
    return (
        given.select("pid", "value", day=pl.col("time").dt.date())
        .unique(["pid", "day"], keep="first", maintain_order=True)
        .with_columns(gap=pl.when(pl.col("pid") == pl.col("pid").shift(1)).then(gap))
        # Each person's first dose begins a course, so filling forward never reaches into another person.
        .with_columns(course=pl.when(begins).then("day").forward_fill())
    )


def _history(rows: pl.LazyFrame, on: date) -> pl.LazyFrame:
    """When B12 began, what runs: schedules of injections and tablets."""
    day = pl.col("time").dt.date()
    injected, running = pl.col("injected"), pl.col("running")
    schedule = injected & pl.col("schedule") & running
    tablets = pl.col("oral") & (running | (pl.col("age_days") <= ORAL_ISSUE_DAYS)).fill_null(value=False)
    per_day = pl.col("value") / pl.col("every_days").fill_null(1.0)
    return rows.group_by("pid").agg(
        ever_treated=pl.lit(value=True),
        ever_injected=injected.any(),
        first_dose=day.min(),
        first_injection=day.filter(injected).min(),
        on_cyanocobalamin=pl.col("concept").is_in(CYANOCOBALAMIN_CONCEPTS).last(),
        days_since_first=(pl.lit(on) - day.min()).dt.total_days(),
        schedule_running=schedule.any(),
        schedule_days=pl.col("every_days").filter(schedule).last(),
        schedule_ug=pl.col("value").filter(schedule).last(),
        on_oral=tablets.any(),
        oral_ug_day=per_day.filter(tablets).last(),
        days_on_oral=(pl.lit(on) - day.filter(tablets).min()).dt.total_days(),
        oral_started=day.filter(tablets).max(),
    )


def _injections(given: pl.LazyFrame, on: date) -> pl.LazyFrame:
    """What was given: latest, counts, the usual gap, and the present course with its loading doses."""
    gap, day = pl.col("gap"), pl.col("day")
    usual = gap.filter((gap >= MAINTENANCE_GAP_DAYS) & (gap <= COURSE_GAP_DAYS))
    course = pl.col("course")
    loading = (course == course.last()) & (day <= course.dt.offset_by(f"{LOADING_WINDOW_DAYS}d"))
    return given.group_by("pid").agg(
        last_injection=day.max(),
        days_since_last_injection=(pl.lit(on) - day.max()).dt.total_days(),
        injections=pl.len(),
        injections_12m=(day > pl.lit(on).dt.offset_by("-365d")).sum(),
        usual_gap=usual.tail(3).median(),
        last_ug=pl.col("value").last(),
        course_start=course.last(),
        days_since_course_start=(pl.lit(on) - course.last()).dt.total_days(),
        loading=loading.sum(),
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
