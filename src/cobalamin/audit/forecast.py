"""The forecast: injection appointments week by week for a year, and what tablets would free."""

from __future__ import annotations

import polars as pl

from cobalamin.audit.facts import Facts
from cobalamin.audit.worklist import may_have_tablets

WEEKS = 52
NOW, NEW, FREED = "on injections now", "first courses, if all began today", "could be freed by tablets"
SCHEMA = pl.Schema({"week": pl.Int32, "kind": pl.String, "appointments": pl.Int64})


def forecast(facts: Facts) -> pl.DataFrame:
    """Appointments by week from the day of decision: columns as `SCHEMA`.

    People on injections keep their interval; a dose that is overdue falls into the first week. People whom the
    plan would begin follow its phases; a course that ends when improvement ends counts only its first dose.
    Freed are the appointments of those for whom the trace says that tablets will do; all others stay.
    """
    running = _maintained(facts)
    weekly = _by_week(running, NOW)
    freed = _by_week(running.filter("tablets"), FREED)
    return pl.concat([weekly.join(freed, on="week", how="left").select("week", kind=pl.lit(NOW), appointments=(
        pl.col("appointments") - pl.col("appointments_right").fill_null(0))), freed, _by_week(_begun(facts), NEW)]
    ).cast(SCHEMA)  # fmt: skip


def freed_people(facts: Facts) -> int:
    """How many people on injections could have tablets, by the trace."""
    return facts.people.filter(may_have_tablets(facts)).height


def _maintained(facts: Facts) -> pl.DataFrame:
    every = pl.coalesce("finding.injection_interval_days", "every_days")
    people = facts.people.with_columns(tablets=may_have_tablets(facts)).filter(
        pl.col("finding.on_injections").fill_null(value=False)
    )
    planned = _doses(facts).filter(pl.col("count").is_null()).unique("patient_id", keep="last", maintain_order=True)
    joined = people.join(planned.select("patient_id", "every_days"), on="patient_id", how="left", maintain_order="left")
    due = pl.coalesce("finding.next_injection_due", pl.lit(facts.on))
    return joined.select(
        "patient_id", "tablets", first=pl.max_horizontal(due, pl.lit(facts.on)), every=every,
        count=pl.lit(None, pl.Int64), on=pl.lit(facts.on),
    )  # fmt: skip


def _begun(facts: Facts) -> pl.DataFrame:
    """Dated doses of plans of people who are not on injections."""
    off = facts.people.filter(~pl.col("finding.on_injections").fill_null(value=False)).select("patient_id")
    doses = _doses(facts).join(off, on="patient_id", how="semi").filter(pl.col("due").is_not_null())
    fixed = pl.when(pl.col("count").is_null() & pl.col("until").is_not_null()).then(1).otherwise(pl.col("count"))
    return doses.select(
        "patient_id", first=pl.max_horizontal("due", pl.lit(facts.on)), every="every_days", count=fixed,
        on=pl.lit(facts.on),
    )  # fmt: skip


def _doses(facts: Facts) -> pl.DataFrame:
    return facts.assessment.plan.filter((pl.col("kind") == "dose") & (pl.col("route") == "im"))


def _by_week(courses: pl.DataFrame, kind: str) -> pl.DataFrame:
    """Doses `every` days from `first`, at most `count` of them, counted by week."""
    ahead = (pl.col("first") - pl.col("on")).dt.total_days()
    reach = ((7 * WEEKS - 1 - ahead) / pl.col("every")).floor().cast(pl.Int64) + 1
    number = pl.min_horizontal(pl.col("count").fill_null(10_000), reach.fill_null(1)).clip(lower_bound=0)
    dated = courses.with_columns(ahead=ahead, number=pl.int_ranges(0, number)).explode("number", empty_as_null=False)
    week = ((pl.col("ahead") + pl.col("number") * pl.col("every").fill_null(0)) / 7).floor().cast(pl.Int32)
    counted = dated.select(week=week).filter(pl.col("week") < WEEKS).group_by("week").agg(appointments=pl.len())
    weeks = pl.DataFrame({"week": range(WEEKS)}, schema={"week": pl.Int32})
    return weeks.join(counted, on="week", how="left", maintain_order="left").select(
        "week", kind=pl.lit(kind), appointments=pl.col("appointments").fill_null(0).cast(pl.Int64)
    )
