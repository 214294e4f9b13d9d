"""What would change an answer, and what would not: the smallest changes, from one frame through the one kernel."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np
import polars as pl

from cobalamin.decision.bands import Scale
from cobalamin.decision.compile import collected_names, compile_tables, outcome_values, rule_column
from cobalamin.decision.doubt import assays
from cobalamin.decision.inputs import COSTS, NOT_DONE, Input, inputs, with_bases
from cobalamin.decision.machine import Machine, Made
from cobalamin.decision.rows import varied
from cobalamin.guidance import Guideline

# Fields that decide, the most decisive first, and the tables that give them.
FIELDS = {"urgency": "urgency", "route": "route", "status": "status", "causes": "cause"}
CERTAIN = ("confirmed", "probable")
# Answers that are tried two at a time, tests first: their number grows with the square.
PAIRED = 40
# Results that are read together with another one: methylmalonic acid with the kidneys, homocysteine with folate.
READ_TOGETHER = tuple(f"{name}_before_treatment" for name in ("mma", "homocysteine", "active_b12"))


@dataclass(frozen=True)
class Part:
    """One thing found out: what it is, what it turned out to be, what it costs to know, and why it is open.

    Of a number, `ends` are the ends of the stretch it lies in, on the scale `measured`.
    """

    finding: str
    ask: str
    said: str
    cost: str
    why: str
    sets: dict[str, Any]
    measured: Scale | None = None
    ends: tuple[float, float] = (0.0, 0.0)


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

    `findings` is one person's row; `events` that person's events, without which no date is in doubt. Stretches of
    a number that touch and change the same are told as one.
    """
    found, now, changes = every_change(findings, guideline, events)
    told = sorted(_joined(changes), key=lambda one: one.rank)
    return WouldChange(now, tuple(told), _would_not(found, told))


def every_change(
    findings: pl.DataFrame, guideline: Guideline, events: pl.DataFrame | None = None
) -> tuple[list[Input], dict[str, Any], list[Change]]:
    """What is open, the fields as they are, and each smallest change, stretch by stretch.

    Every value an input may take is a row of one frame and goes through the kernel once. Then two at a time: the
    first answers (PAIRED of them) where no single one alters a field, and tests that are read together for status.
    """
    fields = tuple(name for name, table in FIELDS.items() if table in guideline.tables)
    if not fields:
        return [], {}, []
    part = _machine(guideline, fields)
    found = inputs(findings.row(0, named=True), part.program.read, guideline, events)
    parts = [one for each in found for one in _parts(each)]
    now, *outcomes = _decided(findings, [{}, *(one.sets for one in parts)], part, fields)
    changes = [_change((one,), now, then) for one, then in zip(parts, outcomes, strict=True)]
    singles = [one for one in changes if one.then]
    left = tuple(name for name in fields if not any(name in one.then for one in singles))
    pairs = _pairs(findings, _first_pairs(parts, guideline, left), guideline, left)
    if "status" in fields and "status" not in left:
        alone = {id(one): then["status"] for one, then in zip(parts, outcomes, strict=True)}
        together = _pairs(findings, _test_pairs(found, parts, guideline), guideline, ("status",))
        pairs += [one for one in together if one.then["status"] not in {alone[id(part)] for part in one.parts}]
    return found, now, [*singles, *pairs]


def _parts(one: Input) -> Iterable[Part]:
    for said, sets in one.answers.items():
        yield Part(one.finding, one.ask, said, one.cost, one.why, sets, one.measured, one.ends.get(said, (0.0, 0.0)))


Pair = tuple[Part, Part]


def _first_pairs(parts: list[Part], guideline: Guideline, fields: tuple[str, ...]) -> list[Pair]:
    """Two answers to different questions, of the first that these fields can depend on."""
    useful = _useful(parts, guideline, fields)[:PAIRED] if fields else []
    return [pair for pair in combinations(useful, 2) if pair[0].finding != pair[1].finding]


def _test_pairs(found: list[Input], parts: list[Part], guideline: Guideline) -> list[Pair]:
    """A result that is not read alone, with every other test not done yet."""
    open_tests = {one.finding for one in found if one.why == NOT_DONE and one.measured is not None}
    tests = [one for one in _useful(parts, guideline, ("status",)) if one.finding in open_tests]
    pairs = [pair for pair in combinations(tests, 2) if pair[0].finding != pair[1].finding]
    return [pair for pair in pairs if any(part.finding in READ_TOGETHER for part in pair)]


def _useful(parts: list[Part], guideline: Guideline, fields: tuple[str, ...]) -> list[Part]:
    read = with_bases(_machine(guideline, fields).program.read)
    return [one for one in parts if any(name in read for name in one.sets)]


def _pairs(findings: pl.DataFrame, pairs: list[Pair], guideline: Guideline, fields: tuple[str, ...]) -> list[Change]:
    """The pairs that alter one of the fields."""
    if not pairs:
        return []
    variants = [{}, *({**one.sets, **two.sets} for one, two in pairs)]
    now, *outcomes = _decided(findings, variants, _machine(guideline, fields), fields)
    return [_change(pair, now, then) for pair, then in zip(pairs, outcomes, strict=True) if then != now]


def _joined(changes: list[Change]) -> list[Change]:
    """Neighbouring stretches of a number that change the same, joined: first in the first part, then the second."""
    for place in (0, 1):
        kept: list[Change] = []
        latest: dict[Any, int] = {}
        for one in changes:
            before = latest.get(key := _but_for(one, place))
            if before is not None and _touch(kept[before], one, place):
                kept[before] = replace(kept[before], parts=_with(kept[before].parts, place, one.parts[place]))
            else:
                latest[key] = len(kept)
                kept.append(one)
        changes = kept
    return changes


def _but_for(change: Change, place: int) -> tuple[Any, ...]:
    """What two changes must share to be told as one: all but the stretch of one part."""
    parts = ((p.finding, p.why, "" if at == place else p.said) for at, p in enumerate(change.parts))
    return (*parts, str(change.then))


def _touch(lower: Change, upper: Change, place: int) -> bool:
    if len(lower.parts) <= place:
        return False
    one, two = lower.parts[place], upper.parts[place]
    return one.measured is not None and two.measured is not None and one.ends[1] == two.ends[0]


def _with(parts: tuple[Part, ...], place: int, upper: Part) -> tuple[Part, ...]:
    lower = parts[place]
    ends = lower.ends[0], upper.ends[1]
    said = lower.measured.said(*ends) if lower.measured else lower.said
    return (*parts[:place], replace(lower, said=said, ends=ends), *parts[place + 1 :])


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
    made = machine.run(varied(findings, variants, machine.program.read))
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
