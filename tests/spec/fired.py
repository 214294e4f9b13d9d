"""Which cases fire which rule: all cases of one day and guideline are assessed together."""

from __future__ import annotations

from datetime import date
from functools import cache

import polars as pl

from cobalamin.assess import Assessment, assess
from cobalamin.decision.compile import rule_column
from cobalamin.events import Events
from cobalamin.records.sheet import read_sheet
from tests.spec.case_file import Case, cases

COMMON = "common"


@cache
def firing_cases() -> dict[str, dict[str, list[str]]]:
    """By guideline, then by `table.rule`: the names of the cases that fire it, in order."""
    together: dict[tuple[str, date, str], list[Case]] = {}
    for case in cases():
        together.setdefault((case.guidance, case.day, str(case.laboratory)), []).append(case)
    found: dict[str, dict[str, list[str]]] = {}
    for (guideline, day, _), some in together.items():
        events = Events.of(pl.concat([_events(case, day) for case in some]))
        told = assess(events, some[0].guideline, on=day)
        for rule, names in _fired(told).items():
            found.setdefault(guideline, {}).setdefault(rule, []).extend(names)
    return found


def cases_of(guideline: str) -> dict[str, list[str]]:
    """By `table.rule`, the cases that fire it; a common rule counts through whichever guideline a case runs."""
    if guideline != COMMON:
        return firing_cases().get(guideline, {})
    merged: dict[str, list[str]] = {}
    for rules in firing_cases().values():
        for rule, names in rules.items():
            merged.setdefault(rule, []).extend(names)
    return merged


def _events(case: Case, day: date) -> pl.DataFrame:
    """The events of a case, under the name of the case."""
    return read_sheet(case.sheet, on=day).events.frame.with_columns(patient_id=pl.lit(case.name))


def _fired(told: Assessment) -> dict[str, list[str]]:
    """Rules that won in a first-hit table, or held in a collected one, and for whom."""
    found: dict[str, list[str]] = {}
    people = told.trace["patient_id"]
    for table in told.guideline.tables.values():
        for rule in table.rules:
            if table.hit_policy == "first":
                yes = told.trace[f"table.{table.name}"] == rule.id
            else:
                yes = told.trace[rule_column(table, rule)].fill_null(value=False)
            if yes.any():
                found[f"{table.name}.{rule.id}"] = people.filter(yes).to_list()
    return found
