"""A guideline in memory: thresholds, terms, decision tables, regimens. Plain data, read from checked JSON."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Condition = tuple[Any, ...]
"""A condition as nested tuples; `conditions.py` says which forms there are."""

STANDARD_OUTPUTS = frozenset(
    {"scope", "suspicion", "status", "urgency", "advice", "route", "route_strength", "regimen", "response"}
)
"""Outcomes of the first-hit tables any guideline may ship. Where one is silent, conditions on it are open."""


@dataclass(frozen=True)
class Source:
    """Where a statement comes from. `certainty`: seen, recalled, or ours (a judgement of this project)."""

    clause: str
    certainty: str
    url: str = ""


@dataclass(frozen=True)
class Threshold:
    """A number by name, in each unit its source publishes it in.

    `text_below` and `text_above` say which results in words lie beyond it when no number was printed.
    """

    name: str
    values: tuple[tuple[float, str], ...]
    source: Source
    text_below: tuple[str, ...] = ()
    text_above: tuple[str, ...] = ()
    from_date: str | None = None
    until_date: str | None = None


@dataclass(frozen=True)
class Term:
    """A named condition over findings, terms and outputs."""

    name: str
    means: str
    when: Condition
    source: Source


@dataclass(frozen=True)
class PlanItem:
    """Something dated that follows from a rule. Days count from `after` (a date finding, or "on")."""

    kind: str
    what: str
    after: str = "on"
    earliest_days: int | None = None
    due_days: int = 0
    overdue_days: int | None = None
    every_days: float | None = None
    count: int | None = None


@dataclass(frozen=True)
class Rule:
    """A row of a decision table."""

    id: str
    when: Condition
    then: dict[str, str]
    says: str
    source: Source
    hold: bool = False
    basis: tuple[str, ...] = ()
    plan: tuple[PlanItem, ...] = ()
    from_date: str | None = None
    until_date: str | None = None


@dataclass(frozen=True)
class Table:
    """A decision table: `first` (the first row that is yes wins) or `collect` (every row that is yes counts).

    `outputs` are the fields it gives; `undecided` is what a `first` table says when no row may win.
    `relaxes` lists the outcomes of its first output that need every safety exclusion as an explicit no.
    """

    name: str
    guideline: str
    asks: str
    hit_policy: str
    outputs: tuple[str, ...]
    undecided: dict[str, str]
    rules: tuple[Rule, ...]

    @property
    def id(self) -> str:
        """The table's full name, `guideline.table`."""
        return f"{self.guideline}.{self.name}"


@dataclass(frozen=True)
class Phase:
    """A run of equal doses: `count` doses `every_days` apart, or without end where `count` is null."""

    name: str
    every_days: float
    count: int | None
    dose: float
    dose_unit: str
    until: str = ""
    interval_max_days: float | None = None


@dataclass(frozen=True)
class Regimen:
    """A product with its phases, as printed in its source."""

    id: str
    product: str
    route: str
    says: str
    phases: tuple[Phase, ...]
    source: Source
    licensed: bool = True


@dataclass(frozen=True)
class Guideline:
    """One guideline with everything it extends, in force on a day."""

    id: str
    version: str
    title: str
    about: dict[str, Any]
    thresholds: dict[str, Threshold]
    terms: dict[str, Term]
    tables: dict[str, Table]
    regimens: dict[str, Regimen]
    sha256: str
    overrides: tuple[str, ...] = field(default=())
