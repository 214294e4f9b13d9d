"""Every rule of every shipped guideline is fired by at least one case.

A rule that no situation reaches is either superfluous or wrong, and nobody would notice which. A common rule
counts as covered through whichever guideline a case runs; a guideline's own rules only through its own cases.
"""

from __future__ import annotations

from datetime import date
from functools import cache

import polars as pl
import pytest

from cobalamin.assess import Assessment, assess
from cobalamin.decision.compile import rule_column
from cobalamin.events import Events
from cobalamin.guidance import Rule, available, load
from cobalamin.records.sheet import read_sheet
from tests.spec.case_file import Case, cases

COMMON = "common"


@cache
def fired() -> dict[str, frozenset[str]]:
    """`table.rule` of what the cases of each guideline fire. All cases of one day are assessed at once."""
    together: dict[tuple[str, date], list[pl.DataFrame]] = {}
    for case in cases():
        day = date.fromisoformat(str(case.sheet["on"]))
        together.setdefault((case.guidance, day), []).append(_events(case, day))
    found: dict[str, frozenset[str]] = {}
    for (guideline, day), frames in together.items():
        told = assess(Events.of(pl.concat(frames)), guideline, on=day)
        found[guideline] = found.get(guideline, frozenset()) | _yes(told)
    return found


def _events(case: Case, day: date) -> pl.DataFrame:
    """The events of a case, under the name of the case."""
    return read_sheet(case.sheet, on=day).events.frame.with_columns(patient_id=pl.lit(case.name))


def _yes(told: Assessment) -> frozenset[str]:
    """Rules that won in a first-hit table, or held in a collected one, for anybody."""
    rules = set()
    for table in told.guideline.tables.values():
        if table.hit_policy == "first":
            rules |= {f"{table.name}.{winner}" for winner in told.trace[f"table.{table.name}"].unique()}
        else:
            yes = [rule.id for rule in table.rules if told.trace[rule_column(table, rule)].any()]
            rules |= {f"{table.name}.{rule}" for rule in yes}
    return frozenset(rules)


@cache
def rules_of(guideline: str) -> dict[str, Rule]:
    tables = load(guideline).tables.values()
    return {f"{table.name}.{rule.id}": rule for table in tables for rule in table.rules}


def own_rules(guideline: str) -> set[str]:
    """The rules a guideline must cover: those it does not share, word for word, with the common tables."""
    shared = {} if guideline == COMMON else rules_of(COMMON)
    return {name for name, rule in rules_of(guideline).items() if shared.get(name) != rule}


def covered(guideline: str) -> frozenset[str]:
    everything: frozenset[str] = frozenset().union(*fired().values())
    return everything if guideline == COMMON else fired().get(guideline, frozenset())


@pytest.mark.parametrize("guideline", sorted(available()))
def test_every_rule_is_fired_by_a_case(guideline: str) -> None:
    unfired = sorted(own_rules(guideline) - covered(guideline))
    assert not unfired, f"{guideline}: no case fires {', '.join(unfired)}. Write one, or take it out."
