"""Doses of B12: when treatment began, what was given, at which interval, and what is due."""

from __future__ import annotations

from datetime import date, datetime
from functools import cache

import polars as pl

from cobalamin.events import event_frame
from cobalamin.findings.prepare import (
    ANY_ROUTE_CONCEPTS,
    B12_CONCEPTS,
    CYANOCOBALAMIN_CONCEPTS,
    INJECTION_CONCEPTS,
    ORAL_CONCEPTS,
    STATUS_ON_INJECTIONS,
    UNNAMED_B12_CONCEPTS,
    Prepared,
    prepare,
)

# A course is broken by a gap no maintenance interval reaches; 400 days is longer than twice-yearly dosing.
COURSE_GAP_DAYS = 400
# Loading doses are days apart; gaps of two weeks and more belong to maintenance.
MAINTENANCE_GAP_DAYS = 14
STILL_ON_DAYS = 200
LOADING_WINDOW_DAYS = 21
# Tablets whose last issue ended within three months are taken as still running.
ORAL_ISSUE_DAYS = 90
# More days than any span of dates: keeps the days of one person apart from the next one's.
SHIFT_A_PERSON = 4_000_000


def b12_rows(prepared: Prepared) -> pl.DataFrame:
    """Rows of treatment with B12, with `injected`, `oral` and `schedule` (a regimen, not a dose).

    Treatment that is on record only by its stop is a row too, begun on an unknown day: a result after such a stop
    must never be read as one from before any B12.
    """
    treatment, how, oral = _treatment()
    rows = prepared.events.lazy().filter(treatment).with_columns(how).with_columns(oral).collect()
    if not prepared.events["concept"].is_in(_ALL_STOPS).any():
        return rows
    return pl.concat([_known_by_their_stop(prepared, rows), rows]).sort("pid", "time", maintain_order=True)


def _known_by_their_stop(prepared: Prepared, rows: pl.DataFrame) -> pl.DataFrame:
    """Stops that no recorded treatment came before, as treatment that began on an unknown day and no longer runs."""
    earliest = rows.group_by("pid").agg(began=pl.col("time").fill_null(datetime(1, 1, 1)).min())
    stops = prepared.events.filter(pl.col("concept").is_in(_ALL_STOPS) & pl.col("present"))
    unexplained = (pl.col("began") > pl.col("time")).fill_null(value=False) | pl.col("began").is_null()
    found = stops.join(earliest, on="pid", how="left", maintain_order="left").filter(unexplained)
    by_needle = pl.col("concept").is_in(_STOPS["stop_day"])
    found = found.with_columns(
        pl.lit(None, pl.Datetime("us")).alias("time"),
        pl.lit(None, pl.Float64).alias("value"),
        pl.lit(None, pl.Float64).alias("every_days"),
        running=pl.lit(value=False),
        injected=by_needle,
        schedule=pl.lit(value=True),
        oral=~by_needle,
    )
    return found.select(rows.columns)


@cache
def _treatment() -> tuple[pl.Expr, tuple[pl.Expr, ...], pl.Expr]:
    concept, route = pl.col("concept"), pl.col("route")
    how = (
        (
            concept.is_in([*INJECTION_CONCEPTS, STATUS_ON_INJECTIONS])
            | (concept.is_in(ANY_ROUTE_CONCEPTS) & route.is_in(["im", "sc", "iv"]).fill_null(value=False))
        ).alias("injected"),
        (
            (concept == STATUS_ON_INJECTIONS)  # a status is no dose that was given
            | pl.col("running")
            | pl.col("every_days").is_not_null()
            | ~pl.col("point")
        ).alias("schedule"),
    )
    by_mouth = concept.is_in(ORAL_CONCEPTS) | route.is_in(["oral", "sublingual", "nasal"]).fill_null(value=False)
    treatment = concept.is_in([*B12_CONCEPTS, STATUS_ON_INJECTIONS]) & pl.col("present")
    return treatment, how, (~pl.col("injected") & by_mouth).alias("oral")


def first_dose(rows: pl.DataFrame) -> pl.DataFrame:
    """First B12 of each person: `pid, first_time, first_clock` (true where a clock time was recorded).

    Rows lie in the order of person and time. Treatment without a date, which lies first, counts as begun before
    everything on record.
    """
    return rows.select(_FIRST_DOSE).unique("pid", keep="first", maintain_order=True)


_FIRST_DOSE = (
    pl.col("pid"),
    pl.col("time").fill_null(datetime(1, 1, 1)).alias("first_time"),
    (pl.col("precision") == "second").alias("first_clock"),
)


def dose_findings(prepared: Prepared, rows: pl.DataFrame) -> pl.DataFrame:
    """One row for each person with any B12: the findings whose selector is `doses.*`, by selector name."""
    if rows.is_empty() and not prepared.events["concept"].is_in(_STOPS_AND_PLACES).any():
        return prepared.people.select("pid", *(pl.lit(None, kind).alias(name) for name, kind in _silent().items()))
    return _lazy_findings(prepared, rows).collect()


@cache
def _silent() -> dict[str, pl.DataType]:
    """The columns of the dose findings with their types: all null for people without any B12 on record."""
    day = date(2000, 1, 1)
    nobody = prepare(event_frame([]), day)
    schema = _lazy_findings(nobody, b12_rows(nobody)).collect_schema()
    return {name: kind for name, kind in schema.items() if name != "pid"}


def _lazy_findings(prepared: Prepared, rows: pl.DataFrame) -> pl.LazyFrame:
    on, lazy = prepared.on, rows.lazy()
    stops = _stops(prepared)
    table = prepared.people.lazy().select("pid")
    for part in (_history(lazy, on), _injections(_given(lazy), on), stops, _tablets(lazy, stops, on)):
        table = table.join(part, on="pid", how="left", maintain_order="left")
    return _combined(table, on)


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
    """When B12 began, which product, and the schedule of injections that runs.

    Some treatment without a date may have come first, so then the first day is not known.
    """
    day, concept = pl.col("time").dt.date(), pl.col("concept")
    injected, running = pl.col("injected"), pl.col("running")
    schedule = injected & pl.col("schedule") & running
    first = pl.when(day.is_not_null().all()).then(day.min())
    now_or_latest = running | (pl.int_range(pl.len()) == pl.len() - 1)
    cyanocobalamin = concept.is_in(CYANOCOBALAMIN_CONCEPTS)
    product = pl.when(~concept.is_in([*UNNAMED_B12_CONCEPTS, *_ALL_STOPS])).then(cyanocobalamin).filter(now_or_latest)
    return rows.group_by("pid").agg(
        ever_treated=pl.lit(value=True),
        ever_injected=injected.any(),
        first_dose=first,
        first_injection=pl.when(day.filter(injected).is_not_null().all()).then(day.filter(injected).min()),
        on_cyanocobalamin=product.any(ignore_nulls=False),
        days_since_first=(pl.lit(on) - first).dt.total_days(),
        schedule_running=schedule.any(),
        schedule_days=pl.col("every_days").filter(schedule).drop_nulls().last(),
        schedule_ug=pl.col("value").filter(schedule).drop_nulls().last(),
        schedule_began=day.filter(schedule).max(),
    )


def _tablets(rows: pl.LazyFrame, stops: pl.LazyFrame, on: date) -> pl.LazyFrame:
    """Tablets taken now, their dose, and when the present spell of them began. Those before a stop are over.

    Rows lie in the order of person and time, so one cumulative maximum, shifted by person, finds the spells.
    """
    day, pid = pl.col("time").dt.date(), pl.col("pid").cast(pl.Int64) * SHIFT_A_PERSON
    kept = rows.filter("oral").join(stops, on="pid", how="left", maintain_order="left")
    kept = kept.filter((day.fill_null(date(1, 1, 1)) > pl.col("oral_stop_day")).fill_null(value=True))
    last = pl.when("running").then(pl.lit(on)).otherwise(pl.col("until").dt.date()).to_physical()
    reach = (pid + last + ORAL_ISSUE_DAYS).cum_max().shift(1)
    kept = kept.with_columns(new=((pid + day.to_physical()) > reach).fill_null(value=True))
    taken = pl.col("running") | (pl.col("ended_days") <= ORAL_ISSUE_DAYS)
    dated = day.is_not_null().all() & taken.any()
    return kept.group_by("pid").agg(
        on_oral=taken.any(),
        oral_ug_day=(pl.col("value") / pl.col("every_days").fill_null(1.0)).filter(taken).last(),
        oral_started=pl.when(dated).then(day.filter("new").last()),
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


_STOPS = {
    "stop_day": ["status_b12_injections_stopped", "care_injections_stopped_with_reason"],
    "oral_stop_day": ["care_oral_b12_stopped"],
    "elsewhere_day": ["care_given_elsewhere", "pref_self_injects"],
}
_ALL_STOPS = [*_STOPS["stop_day"], *_STOPS["oral_stop_day"]]
_STOPS_AND_PLACES = [concept for group in _STOPS.values() for concept in group]


def _stops(prepared: Prepared) -> pl.LazyFrame:
    rows = prepared.events.lazy().filter(pl.col("concept").is_in(_STOPS_AND_PLACES) & pl.col("present"))
    day = pl.col("time").dt.date().fill_null(date(1, 1, 1))
    return rows.group_by("pid").agg(
        **{name: day.filter(pl.col("concept").is_in(group)).max() for name, group in _STOPS.items()}
    )


def _combined(table: pl.LazyFrame, on: date) -> pl.LazyFrame:
    """Read the parts together: stopped, still on injections, interval, due and overdue."""
    never = date(1, 1, 1)
    latest = pl.max_horizontal("last_injection", "schedule_began").fill_null(never)
    stopped = (pl.col("stop_day") >= latest).fill_null(value=False)
    recent = (pl.col("days_since_last_injection") <= STILL_ON_DAYS).fill_null(value=False)
    schedule = pl.col("schedule_running").fill_null(value=False)
    oral_after = (pl.col("oral_started") > pl.col("last_injection")).fill_null(value=False)
    table = table.with_columns(
        stopped=pl.when(pl.col("ever_injected")).then(stopped),
        on_injections=(schedule | recent) & ~stopped & ~(oral_after & ~schedule),
        schedule_running=schedule & ~stopped,
        interval=pl.coalesce("schedule_days", "usual_gap"),
        last_injection_ug=pl.coalesce("last_ug", "schedule_ug"),
        days_on_oral=(pl.lit(on) - pl.col("oral_started")).dt.total_days(),
        # Nobody is asked by silence whether doses are given elsewhere.
        elsewhere=pl.when(pl.col("elsewhere_day").is_not_null()).then(pl.lit(value=True)),
    )
    due = pl.col("last_injection") + pl.duration(days=pl.col("interval").round(0).cast(pl.Int64))
    table = table.with_columns(due=pl.when(pl.col("on_injections")).then(due))
    return table.with_columns(overdue=(pl.lit(on) - pl.col("due")).dt.total_days())
