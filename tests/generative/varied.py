"""People whose single findings are turned to yes, no and unknown, and how cautious each answer is."""

from __future__ import annotations

import re
from typing import Any

import polars as pl

from cobalamin.decision import decide
from cobalamin.guidance import Guideline
from cobalamin.guidance.conditions import names
from cobalamin.vocabulary.catalogue import catalogue
from tests.generative.thresholds import conditions

URGENCY = ("none", "routine", "urgent", "emergency")
RELAXED_ROUTES = ("tablets", "either", "none")
STOPPED = re.compile("b12|inject|tablet", re.IGNORECASE)
VALUES = {"yes": True, "no": False, "unknown": None}


def asked_findings(guideline: Guideline) -> list[str]:
    """Yes-or-no findings that some condition of a guideline uses."""
    used = {name for condition in conditions(guideline) for name in names(condition)}
    return [name for name, finding in catalogue().items() if name in used and finding.kind == "boolean"]


def varied(frame: pl.DataFrame, finding: str) -> pl.DataFrame:
    """Each person three times, told apart by id: the finding yes, no and unknown."""
    column = f"finding.{finding}"
    return pl.concat(
        frame.with_columns(
            pl.lit(value, pl.Boolean).alias(column),
            pl.format("{}|{}|{}", pl.lit(finding), "patient_id", pl.lit(word)).alias("patient_id"),
        )
        for word, value in VALUES.items()
    )


def stopping_rules(guideline: Guideline) -> list[pl.Expr]:
    """The trace columns of the rules that plan a stop of B12."""
    found = [
        pl.col(f"rule.{table.name}.{rule.id}").fill_null(value=False)
        for table in guideline.tables.values()
        for rule in table.rules
        if any(item.kind == "stop" and STOPPED.search(item.what) for item in rule.plan)
    ]
    return found or [pl.lit(value=False)]


def caution(frame: pl.DataFrame, guideline: Guideline) -> dict[tuple[str, str], dict[str, dict[str, Any]]]:
    """By finding and person, for yes, no and unknown: urgency as a rank, whether the route is relaxed, whether
    the plan stops B12."""
    trace = decide(frame, guideline)
    stops = set(trace.filter(pl.any_horizontal(stopping_rules(guideline)))["patient_id"])
    found: dict[tuple[str, str], dict[str, dict[str, Any]]] = {}
    shown = trace.select(pl.col("patient_id"), pl.col("output.urgency", "output.route").cast(pl.String))
    for name, urgency, route in shown.rows():
        finding, person, word = name.split("|")
        found.setdefault((finding, person), {})[word] = {
            "urgency": URGENCY.index(urgency),
            "relaxed": route in RELAXED_ROUTES,
            "route": route,
            "stop": name in stops,
        }
    return found
