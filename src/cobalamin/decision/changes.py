"""What would change an answer, and what would not: the smallest changes, from one frame through the one kernel."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import polars as pl

from cobalamin.decision.compile import collected_names, compile_tables, outcome_values, rule_column
from cobalamin.decision.doubt import assays
from cobalamin.decision.inputs import COSTS, Input, inputs
from cobalamin.decision.machine import Machine, Made
from cobalamin.decision.rows import varied
from cobalamin.guidance import Guideline

# Fields that decide, the most decisive first, and the tables that give them.
FIELDS = {"urgency": "urgency", "route": "route", "status": "status", "causes": "cause"}
CERTAIN = ("confirmed", "probable")
# Answers that are tried two at a time, tests first: their number grows with the square.
PAIRED = 40


@dataclass(frozen=True)
class Part:
    """One thing found out: what it is, what it turned out to be, what it costs to know, and why it is open."""

    finding: str
    ask: str
    said: str
    cost: str
    why: str
    sets: dict[str, Any]


@dataclass(frozen=True)
class Change:
    """A smallest change (one part, or two where no single one alters a field) and the fields it alters."""

    parts: tuple[Part, ...]
    then: dict[str, Any]

    @property
    def rank(self) -> tuple[int, ...]:
        """Most decisive field first, then fewest parts, then cheapest, then most fields."""
        order = list(FIELDS)
        first = min(order.index(name) for name in self.then)
        costs = sorted((COSTS.index(part.cost) for part in self.parts), reverse=True)
        return (first, len(self.parts), costs[0], -len(self.then), sum(costs))


@dataclass(frozen=True)
class WouldChange:
    """What would change an answer, most decisive and cheapest first; and the usual tests that would not.

    `now` holds the fields as they are. `would_not` names tests (as ordered) none of whose results alters a field.
    """

    now: dict[str, Any]
    changes: tuple[Change, ...]
    would_not: tuple[str, ...]


def would_change(findings: pl.DataFrame, guideline: Guideline, events: pl.DataFrame | None = None) -> WouldChange:
    """The smallest changes to what is missing or in doubt that alter urgency, route, status or causes.

    `findings` is one person's row; `events` that person's events, without which no date is in doubt. Every value
    an input may take is a row of one frame and goes through the kernel once; where no single change alters a
    field, the answers of the first inputs (PAIRED of them) go through once more, two at a time.
    """
    fields = tuple(name for name, table in FIELDS.items() if table in guideline.tables)
    if not fields:
        return WouldChange({}, (), ())
    part = _machine(guideline, fields)
    found = inputs(findings.row(0, named=True), part.program.read, guideline, events)
    parts = [Part(o.finding, o.ask, said, o.cost, o.why, sets) for o in found for said, sets in o.answers.items()]
    now, *outcomes = _decided(findings, [{}, *(one.sets for one in parts)], part, fields)
    changes = [_change((one,), now, then) for one, then in zip(parts, outcomes, strict=True)]
    singles = [one for one in changes if one.then]
    left = tuple(name for name in fields if not any(name in one.then for one in singles))
    found_all = sorted([*singles, *_pairs(findings, parts, guideline, left)], key=lambda one: one.rank)
    return WouldChange(now, tuple(found_all), _would_not(found, found_all))


def _pairs(findings: pl.DataFrame, parts: list[Part], guideline: Guideline, fields: tuple[str, ...]) -> list[Change]:
    """Two answers to different questions that alter a field which no single one alters."""
    if not fields:
        return []
    machine = _machine(guideline, fields)
    useful = [one for one in parts if any(name in machine.program.read for name in one.sets)][:PAIRED]
    pairs = [pair for pair in combinations(useful, 2) if pair[0].finding != pair[1].finding]
    now, *outcomes = _decided(findings, [{}, *({**a.sets, **b.sets} for a, b in pairs)], machine, fields)
    changes = [_change(pair, now, then) for pair, then in zip(pairs, outcomes, strict=True) if then != now]
    return [one for one in changes if one.then]


def _change(parts: tuple[Part, ...], now: dict[str, Any], then: dict[str, Any]) -> Change:
    return Change(parts, {name: value for name, value in then.items() if value != now[name]})


def _would_not(found: list[Input], changes: list[Change]) -> tuple[str, ...]:
    """Tests ordered out of habit that occur in no change, in the order of the table of tests."""
    change = {(part.finding, part.why) for one in changes for part in one.parts}
    helps = {one.test for one in found if (one.finding, one.why) in change}
    names = dict.fromkeys(assay.test for assay in assays().values() if assay.test)
    return tuple(name for name in names if name not in helps)


_MACHINES: dict[tuple[int, tuple[str, ...]], Machine] = {}
MACHINES_KEPT = 64


def _machine(guideline: Guideline, fields: tuple[str, ...]) -> Machine:
    """Only the steps that these fields need. Kept with its guideline, so no id is used twice."""
    key = id(guideline), fields
    if key not in _MACHINES:
        if len(_MACHINES) >= MACHINES_KEPT:
            del _MACHINES[next(iter(_MACHINES))]
        _MACHINES[key] = Machine(compile_tables(guideline, [FIELDS[name] for name in fields]))
    return _MACHINES[key]


def _decided(
    findings: pl.DataFrame, variants: list[dict[str, Any]], machine: Machine, fields: tuple[str, ...]
) -> list[dict[str, Any]]:
    """The fields for each variant."""
    made = machine.run(varied(findings, variants))
    columns = {name: _field(machine, FIELDS[name], name, made) for name in fields}
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _field(machine: Machine, table_name: str, field_name: str, made: Made) -> list[Any]:
    program, table = machine.program, machine.guideline.tables[table_name]
    if field_name != "causes":
        values = outcome_values(table, field_name)
        return [values[place] for place in made.winners[program.winners[table_name]]]
    held: list[list[str]] = [[] for _ in range(made.size)]
    for name, rules in collected_names(table).items():
        certain = [program.answers[rule_column(table, rule)] for rule in rules if rule.then.get("grade") in CERTAIN]
        for place in np.flatnonzero(made.says_yes(certain).any(axis=0)):
            held[place].append(name.partition(".")[2])
    return held
