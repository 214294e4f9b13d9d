"""The worklist: one row a person, most urgent first, with every reason in words."""

from __future__ import annotations

import polars as pl

from cobalamin.audit.facts import Facts
from cobalamin.audit.result import BAD
from cobalamin.audit.spec import measures
from cobalamin.decision.compile import UNDECIDED, rule_column
from cobalamin.guidance import Guideline

PRIORITIES = ("emergency", "urgent", "critical alert", "overdue", "treatment to begin", "measure")
EMERGENCY, URGENT, CRITICAL, OVERDUE, BEGIN, MEASURE = range(len(PRIORITIES))
ONE_BY_ONE, TOGETHER = "decide one by one", "may be booked together"
# Measures whose next step is a booking or a test; the others weigh a treatment and are decided one by one.
BOOKABLE = ("overdue", "metformin_untested", "folic_acid_untested", "review_missed", "low_untreated")
SCHEMA = pl.Schema(
    {
        "rank": pl.Int32,
        "priority": pl.String,
        "patient_id": pl.String,
        "age_years": pl.Float64,
        "sex": pl.String,
        "reasons": pl.String,
        "next_step": pl.String,
        "sign_off": pl.String,
        "status": pl.String,
        "route": pl.String,
        "measures": pl.String,
        "last_injection": pl.Date,
        "next_injection_due": pl.Date,
        "days_overdue": pl.Float64,
    }
)


def worklist(facts: Facts, units: pl.DataFrame) -> pl.DataFrame:
    """Registered adults for whom something is to be done; columns as `SCHEMA`.

    `units` are the judged units of all measures. Nothing that stops, switches or is critical may be accepted in
    one go: `sign_off` says which rows are decided one by one.
    """
    found = pl.concat([_urgent(facts), _critical(facts), _untreated(facts), _measures(units)]).join(
        facts.people.select("patient_id"), on="patient_id", how="semi"
    )
    rows = found.sort("patient_id", "rank", "order").group_by("patient_id", maintain_order=True).agg(
        pl.col("rank").first(),
        pl.col("reason").unique(maintain_order=True).str.join(" ").alias("reasons"),
        pl.col("next_step").drop_nulls().first(),
        pl.col("number").drop_nulls().unique(maintain_order=True).cast(pl.String).str.join(" ").alias("measures"),
        pl.col("alone").any(),
    )  # fmt: skip
    rows = rows.join(_people(facts), on="patient_id", how="left", maintain_order="left")
    alone = pl.col("alone") | pl.col("switch").fill_null(value=False) | _stops(facts, rows)
    named = rows.with_columns(
        priority=pl.col("rank").replace_strict(dict(enumerate(PRIORITIES)), return_dtype=pl.String),
        sign_off=pl.when(alone).then(pl.lit(ONE_BY_ONE)).otherwise(pl.lit(TOGETHER)),
    )
    return named.select(pl.col(name).cast(kind) for name, kind in SCHEMA.items())


def _row(
    people: pl.DataFrame, rank: int, reason: pl.Expr, step: pl.Expr, number: int | None, alone: bool
) -> pl.DataFrame:
    return people.select(
        "patient_id",
        rank=pl.lit(rank, pl.Int32),
        order=pl.lit(number or 0, pl.Int32),
        reason=reason.cast(pl.String),
        next_step=step.cast(pl.String),
        number=pl.lit(number, pl.Int32),
        alone=pl.lit(alone),
    )


def _urgent(facts: Facts) -> pl.DataFrame:
    """Emergencies and urgent people, in the words of the rule that said so."""
    parts = [_row(facts.people.clear(), EMERGENCY, pl.lit(""), pl.lit(""), None, alone=True)]
    if facts.has("output.urgency"):
        says = {rule.id: rule.says for rule in facts.guideline.tables["urgency"].rules} | {UNDECIDED: ""}
        words = pl.col("table.urgency").cast(pl.String).replace_strict(says, return_dtype=pl.String)
        for rank, name, step in (
            (EMERGENCY, "emergency", "See today."),
            (URGENT, "urgent", "See within the week."),
        ):
            people = facts.people.filter(pl.col("output.urgency") == name)
            parts.append(_row(people, rank, words, pl.lit(step), None, alone=True))
    return pl.concat(parts)


def _critical(facts: Facts) -> pl.DataFrame:
    parts = [_row(facts.people.clear(), CRITICAL, pl.lit(""), pl.lit(""), None, alone=True)]
    for column, says in _critical_rules(facts.guideline).items():
        people = facts.people.filter(pl.col(column).fill_null(value=False))
        parts.append(
            _row(
                people,
                CRITICAL,
                pl.lit(says),
                pl.lit("Open the answer and act on the alert."),
                None,
                alone=True,
            )
        )
    return pl.concat(parts)


def _critical_rules(guideline: Guideline) -> dict[str, str]:
    table = guideline.tables.get("alerts")
    rules = [rule for rule in table.rules if rule.then.get("grade") == "critical"] if table else []
    return {rule_column(table, rule): rule.says for rule in rules} if table else {}


def _untreated(facts: Facts) -> pl.DataFrame:
    """Deficient by the trace and not on B12: a new result is work before it is a missed deadline."""
    treated = pl.col("finding.on_injections") | pl.col("finding.on_oral_b12")
    deficient = (_outcome(facts, "status") == "deficient").fill_null(value=False)
    people = facts.people.filter(deficient & ~treated.fill_null(value=False))
    reason, step = pl.lit("Deficient, and no B12 on record."), pl.lit("Open the answer; begin as its plan says.")
    return _row(people, BEGIN, reason, step, None, alone=True)


def _measures(units: pl.DataFrame) -> pl.DataFrame:
    parts = [_row(units.clear(), MEASURE, pl.lit(""), pl.lit(""), None, alone=False)]
    for name, measure in measures().items():
        people = units.filter((pl.col("measure") == name) & (pl.col("outcome") == BAD))
        reason = pl.concat_str(pl.lit(f"{measure.title}: "), "reason", pl.lit("."))
        rank = OVERDUE if name == "overdue" else MEASURE
        action = pl.lit(measure.action)
        parts.append(_row(people, rank, reason, action, measure.number, alone=name not in BOOKABLE))
    return pl.concat(parts)


def _people(facts: Facts) -> pl.DataFrame:
    sex = pl.when(pl.col("finding.female")).then(pl.lit("female")).when(pl.col("finding.male")).then(pl.lit("male"))
    return facts.people.select(
        "patient_id",
        age_years="finding.age_years",
        sex=sex,
        status=_outcome(facts, "status"),
        route=_outcome(facts, "route"),
        switch=may_have_tablets(facts),
        last_injection="finding.last_injection",
        next_injection_due="finding.next_injection_due",
        days_overdue=pl.col("finding.injection_overdue_days").clip(lower_bound=0),
    )


def may_have_tablets(facts: Facts) -> pl.Expr:
    """On injections, and the trace says that tablets will do."""
    route = _outcome(facts, "route") == "tablets"
    return (pl.col("finding.on_injections") & route).fill_null(value=False)


def _outcome(facts: Facts, field: str) -> pl.Expr:
    name = f"output.{field}"
    return pl.col(name).cast(pl.String) if facts.has(name) else pl.lit(None, pl.String)


def _stops(facts: Facts, rows: pl.DataFrame) -> pl.Series:
    """Whose plan holds a stop."""
    stops = facts.assessment.plan.filter(pl.col("kind") == "stop")["patient_id"].unique()
    return rows["patient_id"].is_in(stops.implode())
