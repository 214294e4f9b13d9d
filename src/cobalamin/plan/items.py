"""Decision to dated items: the doses of the chosen regimen, and what the rules that fired ask for."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from cobalamin.guidance import Guideline, Regimen, Rule, Table
from cobalamin.guidance.model import Phase, PlanItem

PLAN_SCHEMA = pl.Schema(
    {
        "patient_id": pl.String,
        "kind": pl.String,
        "what": pl.String,
        "product": pl.String,
        "dose": pl.Float64,
        "dose_unit": pl.String,
        "route": pl.String,
        "earliest": pl.Date,
        "due": pl.Date,
        "overdue": pl.Date,
        "every_days": pl.Float64,
        "until": pl.String,
        "count": pl.Int64,
        "says": pl.String,
        "rule": pl.String,
    }
)
# How far from its due day a dose may lie [ours]: loading doses at least a day apart and broken after a week;
# a maintenance dose is late 28 days past its interval (measure 6) and early more than two weeks before it.
LOADING_EARLY_DAYS, LOADING_LATE_DAYS = 1, 7
MAINTENANCE_EARLY_DAYS, MAINTENANCE_LATE_DAYS = 14, 28


def plan(findings: pl.DataFrame, trace: pl.DataFrame, guideline: Guideline) -> pl.DataFrame:
    """The plan: one row a dated item, people in order, the urgent kinds first.

    Columns as `PLAN_SCHEMA`; dates are null where the day depends on the person.
    """
    # Only the dates and the regimen travel with the people: choosing rows of the whole trace for each rule that
    # fired costs more than all the rest.
    regimen = [name for name in ("output.regimen", "table.regimen") if name in trace.columns]
    frame = pl.concat([_anchors(findings), trace.select("on", *regimen)], how="horizontal").with_row_index("pid")
    parts = [*_regimen_items(frame, guideline), *_rule_items(frame, trace, guideline)]
    empty = pl.DataFrame(schema={"pid": pl.UInt32, "order": pl.Int32, **PLAN_SCHEMA})
    found = pl.concat([empty, *parts], how="vertical")
    return found.sort("pid", "order", "due", nulls_last=True, maintain_order=True).select(PLAN_SCHEMA.names())


DATES = ("first_b12_dose", "next_injection_due", "course_start", "last_injection", "first_injection")


def _anchors(findings: pl.DataFrame) -> pl.DataFrame:
    days = {name: pl.col(f"finding.{name}") for name in DATES}
    due = pl.when(pl.col("finding.on_injections").fill_null(value=False)).then(days["next_injection_due"])
    # A dose that is overdue is due now; the day it was due is kept beside it.
    first = pl.max_horizontal(due, pl.col("on"))
    return findings.select("patient_id", first_dose=pl.coalesce(first, "on"), was_due=due, **days)


def _row(frame: pl.DataFrame, order: int, columns: dict[str, pl.Expr | None]) -> pl.DataFrame:
    filled = [
        (pl.lit(None) if columns.get(name) is None else columns[name]).cast(kind).alias(name)  # type: ignore[union-attr]
        for name, kind in PLAN_SCHEMA.items()
        if name != "patient_id"
    ]
    return frame.select("pid", pl.lit(order, pl.Int32).alias("order"), "patient_id", *filled)


def _regimen_items(frame: pl.DataFrame, guideline: Guideline) -> Iterator[pl.DataFrame]:
    if "output.regimen" not in frame.columns:
        return
    chosen = pl.col("output.regimen").cast(pl.String)
    for regimen in guideline.regimens.values():
        people = frame.filter(chosen == regimen.id)
        if people.height:
            yield from _phases(people, regimen)


def _phases(people: pl.DataFrame, regimen: Regimen) -> Iterator[pl.DataFrame]:
    start = _begins(regimen.phases[0])
    rule = pl.concat_str(pl.lit("regimen."), "table.regimen")
    for place, phase in enumerate(regimen.phases):
        first = place == 0
        early, late = _tolerance(phase)
        yield _row(
            people,
            place,
            {
                "kind": pl.lit("dose"),
                "what": pl.lit(phase.name),
                "product": pl.lit(regimen.product),
                "dose": pl.lit(phase.dose),
                "dose_unit": pl.lit(phase.dose_unit),
                "route": pl.lit(regimen.route),
                "earliest": start if first else start.dt.offset_by(f"-{early}d"),
                # A dose that is overdue is given today; the day it was due is kept.
                "due": pl.min_horizontal("was_due", start) if first else start,
                "overdue": start.dt.offset_by(f"{late}d"),
                "every_days": pl.lit(phase.every_days),
                "until": pl.lit(phase.until or None),
                "count": pl.lit(phase.count),
                "says": pl.lit(regimen.says),
                "rule": rule,
            },
        )
        start = _after(start, phase, regimen.phases[place + 1 :])


def _begins(phase: Phase) -> pl.Expr:
    """The first dose: when the next one is due, but loading does not wait for a maintenance dose that lies ahead."""
    if phase.name != "loading":
        return pl.col("first_dose")
    ahead = (pl.col("first_dose") - pl.col("on")).dt.total_days()
    return pl.when(ahead > phase.every_days).then("on").otherwise("first_dose")


def _tolerance(phase: Phase) -> tuple[int, int]:
    if phase.name == "loading":
        return LOADING_EARLY_DAYS, LOADING_LATE_DAYS
    if phase.every_days <= 1:
        return 0, 1
    return MAINTENANCE_EARLY_DAYS, MAINTENANCE_LATE_DAYS


def _after(start: pl.Expr, phase: Phase, rest: tuple[Phase, ...]) -> pl.Expr:
    """First day of the next phase: one of its intervals after the last dose; unknown for an open count."""
    if phase.count is None or not rest:
        return pl.lit(None, pl.Date)
    days = round((phase.count - 1) * phase.every_days + rest[0].every_days)
    return start.dt.offset_by(f"{days}d")


def _rule_items(frame: pl.DataFrame, trace: pl.DataFrame, guideline: Guideline) -> Iterator[pl.DataFrame]:
    for table in guideline.tables.values():
        for rule in table.rules:
            if rule.plan:
                fired = _fired(trace, table, rule)
                # Most rules fire for nobody in a small group; asking first saves the rest of the work.
                if fired.any():
                    people = frame.filter(fired)
                    yield from (_item(people, table, rule, item) for item in rule.plan)


def _fired(trace: pl.DataFrame, table: Table, rule: Rule) -> pl.Series:
    """Who a rule fired for; in a first-hit table, who it won for."""
    answer = trace[f"rule.{table.name}.{rule.id}"]
    if table.hit_policy == "collect" or not answer.any():
        return answer
    return trace[f"table.{table.name}"] == rule.id


KIND_ORDER = {"stop": 10, "dose": 11, "referral": 12, "test": 13, "review": 14, "advice": 15}


def _item(people: pl.DataFrame, table: Table, rule: Rule, item: PlanItem) -> pl.DataFrame:
    def shift(days: int | None) -> pl.Expr | None:
        return None if days is None else pl.col(item.after).dt.offset_by(f"{days}d")

    return _row(
        people,
        KIND_ORDER[item.kind],
        {
            "kind": pl.lit(item.kind),
            "what": pl.lit(item.what),
            "earliest": shift(item.earliest_days),
            "due": shift(item.due_days),
            "overdue": shift(item.overdue_days),
            "every_days": pl.lit(item.every_days),
            "count": pl.lit(item.count),
            "says": pl.lit(rule.says),
            "rule": pl.lit(f"{table.name}.{rule.id}"),
        },
    )
