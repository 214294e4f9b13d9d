"""One compiler: a guideline's terms and tables become Polars expressions over the findings, in stages.

Each stage needs only columns of the stages before it. Kleene logic throughout: yes, no, or open (null).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import reduce
from graphlib import CycleError, TopologicalSorter
from operator import and_, or_

import polars as pl

from cobalamin import units
from cobalamin.errors import CobalaminError
from cobalamin.guidance import Guideline, Rule, Table
from cobalamin.guidance.conditions import names
from cobalamin.guidance.model import Condition, Threshold
from cobalamin.vocabulary.catalogue import Finding, catalogue

UNDECIDED = "undecided"
GRADES = ("confirmed", "probable", "possible", "critical", "warning", "info", "now", "before_first_dose")
COLLECTED = {"causes": "cause", "other_explanations": "other", "alerts": "alert"}


@dataclass(frozen=True)
class Program:
    """A guideline ready to run: stages of expressions and the columns of the trace they make."""

    guideline: Guideline
    stages: tuple[tuple[pl.Expr, ...], ...]
    columns: tuple[str, ...]


@dataclass(frozen=True)
class Node:
    """A column to compute, the names it needs, and how to build its expression."""

    name: str
    needs: tuple[str, ...]
    build: Callable[[], pl.Expr]


def compile_guideline(guideline: Guideline) -> Program:
    """Expressions for every term and table, ordered by need.

    Raises CobalaminError for a cycle or an unknown name.
    """
    writer = _Writer(guideline)
    nodes = {node.name: node for node in writer.nodes()}
    return Program(guideline, tuple(_stages(nodes)), tuple(name for name in nodes if not name.startswith("_")))


def _stages(nodes: dict[str, Node]) -> Iterator[tuple[pl.Expr, ...]]:
    sorter = TopologicalSorter({node.name: [n for n in node.needs if n in nodes] for node in nodes.values()})
    try:
        sorter.prepare()
    except CycleError as error:
        raise CobalaminError(f"Guidance goes in a circle: {' needs '.join(error.args[1])}. Break it.") from error
    while sorter.is_active():
        ready = sorter.get_ready()
        yield tuple(nodes[name].build().alias(name) for name in ready)
        sorter.done(*ready)


def collected_names(table: Table) -> dict[str, list[Rule]]:
    """The columns of a collected table and the rules that give each (`cause.dietary`: [...])."""
    field = table.outputs[0]
    found: dict[str, list[Rule]] = {}
    for rule in table.rules:
        found.setdefault(f"{field}.{rule.then[field]}", []).append(rule)
    return found


class _Writer:
    """Turns conditions into expressions; knows what each name of a guideline is."""

    def __init__(self, guideline: Guideline) -> None:
        self.guideline = guideline
        self.outputs = {
            name: table for table in guideline.tables.values() if table.hit_policy == "first" for name in table.outputs
        }
        self.collected = {
            name: (table, rules)
            for table in guideline.tables.values()
            if table.hit_policy == "collect"
            for name, rules in collected_names(table).items()
        }

    def nodes(self) -> Iterator[Node]:
        for term in self.guideline.terms.values():
            where = f"{self.guideline.id}: term {term.name}"
            yield Node(f"term.{term.name}", self._needs(term.when), self._builder(term.when, where))
        for table in self.guideline.tables.values():
            for rule in table.rules:
                where = f"{table.id}: {rule.id}"
                yield Node(rule_column(table, rule), self._needs(rule.when), self._builder(rule.when, where))
            yield from self._first(table) if table.hit_policy == "first" else self._collect(table)

    def _builder(self, condition: Condition, where: str) -> Callable[[], pl.Expr]:
        return lambda: self.expression(condition, where)

    def _needs(self, condition: Condition) -> tuple[str, ...]:
        return tuple(column for name in names(condition) for column in self._columns_of(name))

    def _columns_of(self, name: str) -> list[str]:
        if name in self.guideline.terms:
            return [f"term.{name}"]
        if name in self.outputs:
            return [f"output.{name}"]
        if name in self.collected:
            table, rules = self.collected[name]
            return [name, *(rule_column(table, rule) for rule in rules)]
        return []

    def _first(self, table: Table) -> Iterator[Node]:
        """The first row that is yes; then whether an open row marked hold would have changed the outcome."""
        columns = tuple(rule_column(table, rule) for rule in table.rules)
        candidate, winner = f"_candidate.{table.name}", f"table.{table.name}"
        yield Node(candidate, columns, lambda: _first_yes(columns))
        yield Node(winner, (candidate, *columns), lambda: _held(table, candidate, columns))
        for output in table.outputs:
            yield Node(f"output.{output}", (winner,), lambda output=output: _looked_up(table, winner, output))

    def _collect(self, table: Table) -> Iterator[Node]:
        for name, rules in collected_names(table).items():
            columns = tuple(rule_column(table, rule) for rule in rules)
            graded = sorted(zip(rules, columns, strict=True), key=lambda pair: grade_rank(pair[0]))
            yield Node(name, columns, lambda graded=graded: _best_grade(graded))

    def expression(self, condition: Condition, where: str) -> pl.Expr:
        """The Kleene expression of a condition."""
        kind = condition[0]
        if kind == "all":
            return reduce(and_, (self.expression(part, where) for part in condition[1]))
        if kind == "any":
            return reduce(or_, (self.expression(part, where) for part in condition[1]))
        if kind == "not":
            return ~self.expression(condition[1], where)
        if kind == "count":
            return _at_least(condition[1], [self.expression(part, where) for part in condition[2]])
        if kind == "always":
            return pl.lit(value=True)
        return self._atom(condition, where)

    def _atom(self, condition: Condition, where: str) -> pl.Expr:
        kind, name = condition[0], condition[1]
        finding = catalogue().get(name)
        if finding is not None:
            return _applicable(finding, self._finding_atom(finding, condition, where))
        if kind == "yes" and name in self.collected:
            table, rules = self.collected[name]
            return reduce(or_, (pl.col(rule_column(table, rule)) for rule in rules))
        if kind == "output" and name in self.collected:
            return _grade_in(self.collected[name], condition[2])
        if name in self.guideline.terms and kind in ("yes", "missing", "known"):
            column = pl.col(f"term.{name}")
            return {"yes": column, "missing": column.is_null(), "known": column.is_not_null()}[kind]
        if name in self.outputs and kind == "output":
            return pl.col(f"output.{name}").is_in(list(condition[2]))
        raise CobalaminError(f"{where}: {name!r} ({kind}) is no finding, term, outcome or collected value of it.")

    def _finding_atom(self, finding: Finding, condition: Condition, where: str) -> pl.Expr:
        kind, column = condition[0], pl.col(finding.column)
        if kind == "yes" and finding.kind == "boolean":
            return column
        if kind in ("missing", "known"):
            empty = column.is_null()
            if finding.kind == "measurement":
                empty = empty & pl.col(f"{finding.column}.flag").is_null()
            return empty if kind == "missing" else ~empty
        if kind == "flag" and finding.kind == "measurement":
            return pl.col(f"{finding.column}.flag") == condition[2]
        if kind in ("below", "above", "at_least", "at_most") and finding.kind in ("measurement", "number"):
            threshold = self.guideline.thresholds.get(condition[2])
            if threshold is None:
                raise CobalaminError(f"{where}: no threshold named {condition[2]!r}.")
            return compare(finding, kind, threshold, where)
        raise CobalaminError(f"{where}: {finding.name} is a {finding.kind}; the condition {kind!r} does not fit it.")


def _applicable(finding: Finding, expression: pl.Expr) -> pl.Expr:
    """Where the question makes no sense the condition is no, and never missing."""
    return expression & ~pl.col(f"{finding.column}.na") if finding.applies_when else expression


def rule_column(table: Table, rule: Rule) -> str:
    """The trace column of a rule."""
    return f"rule.{table.name}.{rule.id}"


def grade_rank(rule: Rule) -> int:
    """Strongest grade first."""
    grade = rule.then.get("grade", "")
    return GRADES.index(grade) if grade in GRADES else len(GRADES)


def compare(finding: Finding, operator: str, threshold: Threshold, where: str) -> pl.Expr:
    """A value against a threshold, in the unit it was reported in where the guideline publishes one for it.

    A censored value answers only where its whole range lies on one side. A result in words answers where the
    threshold says which words lie beyond it.
    """
    if operator in ("at_least", "at_most"):
        return ~compare(finding, "below" if operator == "at_least" else "above", threshold, where)
    column, below = pl.col(finding.column), operator == "below"
    limit = _limit(finding, threshold, where)
    answer = column < limit if below else column > limit
    if finding.kind != "measurement":
        return answer
    sign = pl.col(f"{finding.column}.cmp")
    less = pl.when(column <= limit).then(below) if below else pl.when(column <= limit).then(~pl.lit(value=True))
    more = pl.when(column >= limit).then(pl.lit(value=False) if below else pl.lit(value=True))
    numeric = pl.when(sign == -1).then(less).when(sign == 1).then(more).otherwise(answer)
    words = threshold.text_below if below else threshold.text_above
    if not words:
        return numeric
    flag = pl.col(f"{finding.column}.flag")
    return pl.when(column.is_null()).then(flag.is_in(list(words))).otherwise(numeric)


def _limit(finding: Finding, threshold: Threshold, where: str) -> pl.Expr:
    canonical = {unit: _canonical(finding, value, unit, where) for value, unit in threshold.values}
    default = canonical.get(finding.unit, next(iter(canonical.values())))
    limit = pl.lit(default)
    if len(canonical) == 1:
        return limit
    reported = pl.col(f"{finding.column}.unit")
    for unit, value in canonical.items():
        if value != default:
            limit = pl.when(reported.is_in(_same_units(finding.concepts[0], unit))).then(value).otherwise(limit)
    return limit


def _same_units(concept: str, unit: str) -> list[str]:
    """Units of a concept that differ from this one in name only (pg/mL and ng/L)."""
    one = units.conversions()[concept, unit]
    return [
        other.unit
        for other in units.conversions().values()
        if other.concept == concept and (other.factor, other.offset) == (one.factor, one.offset)
    ]


def _canonical(finding: Finding, value: float, unit: str, where: str) -> float:
    if unit == finding.unit:
        return value
    converted = units.convert(finding.concepts[0], value, unit) if finding.kind == "measurement" else None
    if converted is None:
        raise CobalaminError(f"{where}: {finding.name} is in {finding.unit}; the threshold's unit {unit!r} is not.")
    return float(converted[0])


def _at_least(count: int, parts: list[pl.Expr]) -> pl.Expr:
    sure = pl.sum_horizontal([part.fill_null(value=False).cast(pl.Int32) for part in parts])
    hopeful = pl.sum_horizontal([part.fill_null(value=True).cast(pl.Int32) for part in parts])
    return pl.when(sure >= count).then(pl.lit(value=True)).when(hopeful < count).then(pl.lit(value=False))


def _first_yes(columns: tuple[str, ...]) -> pl.Expr:
    places = [pl.when(pl.col(column)).then(pl.lit(place, pl.Int16)) for place, column in enumerate(columns)]
    return pl.coalesce([*places, pl.lit(-1, pl.Int16)])


def _held(table: Table, candidate: str, columns: tuple[str, ...]) -> pl.Expr:
    """The winning row's id, or undecided where an open row marked hold above it has another outcome."""
    found = pl.col(candidate)
    rank = pl.when(found < 0).then(len(columns)).otherwise(found)
    held: list[pl.Expr] = []
    for place, (rule, column) in enumerate(zip(table.rules, columns, strict=True)):
        if rule.hold:
            same = [other for other, row in enumerate(table.rules) if row.then == rule.then]
            differs = ~found.is_in(same)
            held.append(pl.col(column).is_null() & (rank > place) & differs)
    ids = [rule.id for rule in table.rules]
    winner = pl.when(found >= 0).then(found)
    if held:
        winner = pl.when(~reduce(or_, held) & (found >= 0)).then(found)
    named = winner.replace_strict(list(range(len(ids))), ids, return_dtype=pl.Enum([*ids, UNDECIDED]))
    return named.fill_null(UNDECIDED)


def _looked_up(table: Table, winner: str, output: str) -> pl.Expr:
    values = {rule.id: rule.then.get(output, "") for rule in table.rules} | {
        UNDECIDED: table.undecided.get(output, UNDECIDED)
    }
    kinds = pl.Enum(list(dict.fromkeys(values.values())))
    return pl.col(winner).cast(pl.String).replace_strict(values, return_dtype=kinds)


def _grade_in(collected: tuple[Table, list[Rule]], wanted: tuple[str, ...]) -> pl.Expr:
    """Whether the best grade is a wanted one; open while a rule that is open could still change that."""
    table, rules = collected
    answer: pl.Expr = pl.lit(value=False)
    for rule in sorted(rules, key=grade_rank, reverse=True):
        fired, fits = pl.col(rule_column(table, rule)), pl.lit(rule.then.get("grade", "yes") in wanted)
        undecided = pl.when(answer == fits).then(fits)
        answer = pl.when(fired).then(fits).when(~fired).then(answer).otherwise(undecided)
    return answer


def _best_grade(graded: list[tuple[Rule, str]]) -> pl.Expr:
    return pl.coalesce([pl.when(pl.col(column)).then(pl.lit(rule.then.get("grade", "yes"))) for rule, column in graded])
