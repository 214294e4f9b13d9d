"""A linter a clinician can read: names, units, gaps, overlaps and rows that can never fire.

Names and units are proved by compiling. Reach is tried out: for every row, people are made up who fulfil its
conditions, and the tables are run on them.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date
from typing import Any

import polars as pl

from cobalamin.decision.compile import rule_column
from cobalamin.decision.decide import decide
from cobalamin.decision.variation import bands, canonical_value
from cobalamin.errors import CobalaminError
from cobalamin.findings import findings_schema
from cobalamin.guidance import Guideline, Rule, Table
from cobalamin.guidance.conditions import names
from cobalamin.guidance.model import STANDARD_OUTPUTS, Condition
from cobalamin.vocabulary.catalogue import catalogue

TRIES, CLOSER_TRIES, ROUNDS = 15, 90, 40
DEPTH = 40
SOME_NUMBER, SOME_DAY = 100.0, date(2020, 1, 1)


class Contradiction(Exception):
    """The conditions tried cannot hold together; another choice may."""


def check(guideline: Guideline) -> list[str]:
    """Problems of a guideline, one sentence each: what, where, what to do. Empty when it is sound."""
    try:
        unreached = _unreached(guideline)
    except CobalaminError as error:
        return [str(error)]
    return [*unreached, *_repeated(guideline), *_uncited(guideline), *_catch_alls(guideline)]


def _unreached(guideline: Guideline) -> list[str]:
    """Rows that can never be yes, or that never win. A suspect is tried closely, again and again, before it is
    named.
    """
    solver = _Solver(guideline, random.Random(12))
    silent = STANDARD_OUTPUTS - {name for table in guideline.tables.values() for name in table.outputs}
    rows = [
        (table, rule)
        for table in guideline.tables.values()
        for rule in table.rules
        if not silent & _used(guideline, rule.when)
    ]
    trace = decide(_made_up(solver, [rule.when for _, rule in rows], TRIES), guideline)
    suspects = [row for row in rows if not _reached(*row, trace)]
    for _ in range(ROUNDS):
        if not suspects:
            break
        conditions = [condition for row in suspects for condition in (row[1].when, _winning(*row))]
        closer = decide(_made_up(solver, conditions, CLOSER_TRIES), guideline)
        suspects = [row for row in suspects if not _reached(*row, closer)]
    return [
        f"{table.id}: {rule.id} is never reached: its conditions exclude each other, or the rows above it always "
        "win. Move, mend or remove it."
        for table, rule in suspects
    ]


def _reached(table: Table, rule: Rule, trace: pl.DataFrame) -> bool:
    if table.hit_policy == "first":
        return bool((trace[f"table.{table.name}"] == rule.id).any())
    return bool(trace[rule_column(table, rule)].any())


def _winning(table: Table, rule: Rule) -> Condition:
    """The rule's condition, and in a first-hit table that of no row above it."""
    above = table.rules[: table.rules.index(rule)] if table.hit_policy == "first" else ()
    return ("all", (rule.when, *(("not", other.when) for other in above)))


def _used(guideline: Guideline, condition: Condition) -> set[str]:
    """Names a condition rests on, through terms."""
    found = set(names(condition))
    terms = [guideline.terms[name] for name in found if name in guideline.terms]
    return found.union(*(_used(guideline, term.when) for term in terms))


def _repeated(guideline: Guideline) -> Iterator[str]:
    for table in guideline.tables.values():
        seen: dict[Any, str] = {}
        for rule in table.rules:
            key = (rule.when, tuple(sorted(rule.then.items())) if table.hit_policy == "collect" else ())
            if key in seen:
                yield f"{table.id}: {rule.id} has the same conditions as {seen[key]}. Join them."
            seen.setdefault(key, rule.id)


def _uncited(guideline: Guideline) -> Iterator[str]:
    for table in guideline.tables.values():
        for rule in table.rules:
            unknown = set(rule.then) - {*table.outputs, "grade", "reversible"}
            if unknown:
                yield f"{table.id}: {rule.id} gives {', '.join(sorted(unknown))}, which the table does not declare."


def _catch_alls(guideline: Guideline) -> Iterator[str]:
    for table in guideline.tables.values():
        for rule in table.rules:
            outcome = {name: rule.then.get(name) for name in table.outputs}
            if table.hit_policy == "first" and rule.when == ("always",) and outcome != table.undecided:
                yield f"{table.id}: {rule.id} catches everybody; it may only give the undecided outcome."


def _made_up(solver: _Solver, conditions: list[Condition], tries: int) -> pl.DataFrame:
    """Made-up people: for every condition some who should fulfil it, the rest of them silent, well or at random."""
    people = [solver.person(condition, calm=number % 3) for condition in conditions for number in range(tries)]
    schema = findings_schema()
    used = sorted({name for person in people for name in person})
    frame = pl.DataFrame({name: [person.get(name) for person in people] for name in used}, schema_overrides=schema)
    silent = [pl.lit(None, kind).alias(name) for name, kind in schema.items() if name not in used]
    frame = frame.with_columns(silent).with_columns(pl.col("^finding.*[.]na$").fill_null(value=False))
    return frame.select(schema.names())


class _Solver:
    """Chooses findings that make a condition come out as wanted."""

    def __init__(self, guideline: Guideline, chance: random.Random) -> None:
        self.guideline = guideline
        self.chance = chance
        self.first = {
            name: table for table in guideline.tables.values() if table.hit_policy == "first" for name in table.outputs
        }
        findings = catalogue().values()
        self.bands = {
            finding.name: list(bands(finding, guideline)) for finding in findings if finding.kind != "boolean"
        }
        self.booleans = [finding.column for finding in findings if finding.kind == "boolean"]
        self.numbers = [(catalogue()[name].column, values) for name, values in self.bands.items() if values]

    def person(self, condition: Condition, calm: int) -> dict[str, Any]:
        """Findings columns of someone who fulfils the condition, if a few tries find one."""
        found: dict[str, Any] = {}
        for _ in range(8):
            found = {}
            try:
                self._want(condition, True, found, DEPTH)
                break
            except (Contradiction, RecursionError):
                continue
        chosen = {name: value for name, value in found.items() if not name.startswith("?")}
        return self._background(calm) | chosen | self._censored(chosen)

    def _censored(self, chosen: dict[str, Any]) -> dict[str, Any]:
        """Now and then a result is printed only as under a figure."""
        if self.chance.random() < 0.8:
            return {}
        measured = [
            one for one in catalogue().values() if one.kind == "measurement" and chosen.get(one.column) is not None
        ]
        return {f"{finding.column}.cmp": -1 for finding in measured}

    def _background(self, calm: int) -> dict[str, Any]:
        """The rest of the person: silent, healthy, or at random."""
        if calm == 0:
            return {}
        person: dict[str, Any] = {}
        for name in self.booleans:
            person[name] = False if calm == 1 else self.chance.choice([True, False, False, None])
        for column, values in self.numbers if calm == 2 else ():
            if self.chance.random() < 0.5:
                person[column] = self.chance.choice(values)[1]
        return person

    def _want(self, condition: Condition, wanted: bool, found: dict[str, Any], depth: int) -> None:
        if depth == 0:
            raise Contradiction
        kind = condition[0]
        if kind == "not":
            self._want(condition[1], not wanted, found, depth - 1)
        elif kind in ("all", "any"):
            every = (kind == "all") == wanted
            self._some(condition[1], len(condition[1]) if every else 1, wanted, found, depth)
        elif kind == "count":
            need = condition[1] if wanted else len(condition[2]) - condition[1] + 1
            self._some(condition[2], need, wanted, found, depth)
        elif kind == "always":
            if not wanted:
                raise Contradiction
        else:
            self._atom(condition, wanted, found, depth)

    def _some(self, parts: tuple[Condition, ...], need: int, wanted: bool, found: dict[str, Any], depth: int) -> None:
        done = 0
        for part in self.chance.sample(parts, len(parts)):
            trial = dict(found)
            try:
                self._want(part, wanted, trial, depth - 1)
            except Contradiction:
                if need == len(parts):
                    raise
                continue
            found.update(trial)
            done += 1
            if done == need:
                return
        raise Contradiction

    def _atom(self, condition: Condition, wanted: bool, found: dict[str, Any], depth: int) -> None:
        kind, name = condition[0], condition[1]
        if name in catalogue():
            self._finding(condition, wanted, found)
        elif name in self.guideline.terms:
            when = self.guideline.terms[name].when
            if kind == "missing" or (kind == "known" and not wanted):
                return
            self._want(when, wanted if kind == "yes" else self.chance.random() < 0.5, found, depth - 1)
        else:
            self._outcome(condition, wanted, found, depth)

    def _outcome(self, condition: Condition, wanted: bool, found: dict[str, Any], depth: int) -> None:
        kind, name = condition[0], condition[1]
        if name in self.first:
            table = self.first[name]
            asked = [rule for rule in table.rules if (rule.then.get(name) in condition[2]) == wanted]
            undecided = (table.undecided.get(name) in condition[2]) == wanted
            if not asked or (undecided and self.chance.random() < 0.4):
                return
            self._want(self.chance.choice(asked).when, True, found, depth - 1)
            return
        if wanted:
            grades = condition[2] if kind == "output" else None
            rules = [r for r in self._collected(name) if grades is None or r.then.get("grade") in grades]
            if not rules:
                raise Contradiction
            self._want(self.chance.choice(rules).when, True, found, depth - 1)

    def _collected(self, name: str) -> list[Rule]:
        field, _, value = name.partition(".")
        tables = [t for t in self.guideline.tables.values() if t.hit_policy == "collect" and t.outputs[0] == field]
        return [rule for table in tables for rule in table.rules if rule.then[field] == value]

    def _finding(self, condition: Condition, wanted: bool, found: dict[str, Any]) -> None:
        kind, finding = condition[0], catalogue()[condition[1]]
        column = finding.column
        if kind == "yes":
            self._set(found, column, wanted)
        elif kind in ("missing", "known"):
            if (kind == "missing") == wanted:
                self._set(found, column, None)
            elif found.get(column) is None:
                self._set(found, column, self._some_value(condition[1]))
        elif kind == "flag":
            self._set(found, f"{column}.flag", condition[2] if wanted else "normal")
        else:
            self._number(condition, wanted, found)

    def _some_value(self, name: str) -> Any:
        finding = catalogue()[name]
        if finding.kind == "boolean":
            return self.chance.choice([True, False])
        if finding.kind == "date":
            return SOME_DAY
        # A number that no rule compares may be any number.
        return self.chance.choice(self.bands[name])[1] if self.bands[name] else SOME_NUMBER

    def _number(self, condition: Condition, wanted: bool, found: dict[str, Any]) -> None:
        """A value on the wanted side that fits what was chosen before: `?column` keeps what is still possible."""
        operator, name, threshold = condition
        column = catalogue()[name].column
        limit = self._limit(name, threshold)
        below = operator in ("below", "at_most")
        side = below == wanted
        values = found.get(f"?{column}") or [value for _, value in self.bands[name]] + [limit]
        fits = [v for v in values if (v < limit if side else v > limit) or (v == limit and self._at(operator, wanted))]
        if not fits:
            raise Contradiction
        found[f"?{column}"] = fits
        found[column] = self.chance.choice(fits)

    @staticmethod
    def _at(operator: str, wanted: bool) -> bool:
        return (operator in ("at_least", "at_most")) == wanted

    def _limit(self, name: str, threshold: str) -> float:
        return canonical_value(catalogue()[name], self.guideline.thresholds[threshold])

    @staticmethod
    def _set(found: dict[str, Any], column: str, value: Any) -> None:
        if column in found and found[column] != value:
            raise Contradiction
        found[column] = value
