"""Policies that can be laid over a guideline for `adopt`. They show what would differ and switch nobody."""

from __future__ import annotations

from dataclasses import dataclass, replace

from cobalamin.audit.adopt_people import SUITABLE
from cobalamin.errors import CobalaminError
from cobalamin.guidance import Guideline
from cobalamin.guidance.model import Condition, Table

AGREES = "agrees_to_tablets"
EITHER, TABLETS = "either", "tablets"


@dataclass(frozen=True)
class Policy:
    """A policy by name, and what it does in words."""

    name: str
    says: str


POLICIES = {
    "tablets": Policy(
        "tablets",
        "Tablets for everybody on injections in whom every reason against them is an explicit no (their agreement is "
        "assumed unless they declined), and wherever the guidance offers either. Whoever has something unknown keeps "
        "injections.",
    )
}


def with_policy(guideline: Guideline, policy: str | None) -> Guideline:
    """The guideline as it would answer under a policy. Raises CobalaminError for an unknown one."""
    if policy is None:
        return guideline
    if policy not in POLICIES:
        raise CobalaminError(f"No policy {policy!r}. Known: {', '.join(POLICIES)}.")
    if SUITABLE not in guideline.terms or "route" not in guideline.tables:
        raise CobalaminError(f"{guideline.id} does not say who may change to tablets, so the policy cannot be applied.")
    term = guideline.terms[SUITABLE]
    terms = guideline.terms | {SUITABLE: replace(term, when=_unless_declined(term.when, AGREES))}
    return replace(
        guideline, terms=terms, tables=guideline.tables | {"route": _tablets_first(guideline.tables["route"])}
    )


def _unless_declined(when: Condition, name: str) -> Condition:
    """A conjunction in which silence about one thing is taken for a yes; an explicit no stays a no."""
    kind, parts = when[0], when[1]
    assumed = ("any", (("yes", name), ("missing", name)))
    return (kind, tuple(assumed if part == ("yes", name) else part for part in parts))


def _tablets_first(table: Table) -> Table:
    rules = tuple(
        replace(rule, then=rule.then | {"route": TABLETS}) if rule.then.get("route") == EITHER else rule
        for rule in table.rules
    )
    return replace(table, rules=rules)
