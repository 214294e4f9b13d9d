"""Every rule of every shipped guideline is fired by at least one case.

A rule that no situation reaches is either superfluous or wrong, and nobody would notice which. A common rule
counts as covered through whichever guideline a case runs; a guideline's own rules only through its own cases.
"""

from __future__ import annotations

from functools import cache

import pytest

from cobalamin.guidance import Rule, available, load
from tests.spec.fired import COMMON, cases_of


@cache
def rules_of(guideline: str) -> dict[str, Rule]:
    tables = load(guideline).tables.values()
    return {f"{table.name}.{rule.id}": rule for table in tables for rule in table.rules}


def own_rules(guideline: str) -> set[str]:
    """The rules a guideline must cover: those it does not share, word for word, with the common tables."""
    shared = {} if guideline == COMMON else rules_of(COMMON)
    return {name for name, rule in rules_of(guideline).items() if shared.get(name) != rule}


@pytest.mark.parametrize("guideline", sorted(available()))
def test_every_rule_is_fired_by_a_case(guideline: str) -> None:
    unfired = sorted(own_rules(guideline) - set(cases_of(guideline)))
    assert not unfired, f"{guideline}: no case fires {', '.join(unfired)}. Write one, or take it out."
