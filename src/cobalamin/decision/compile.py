"""One compiler: a guideline's terms and tables become a list of steps over columns, each made once.

A condition that occurs in many rules is one step. Steps need only steps before them; a circle is an error.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from cobalamin.decision.compare import OPERATORS, canonical_limits
from cobalamin.errors import CobalaminError
from cobalamin.guidance import Guideline, Rule, Table
from cobalamin.guidance.model import STANDARD_OUTPUTS, Condition
from cobalamin.vocabulary.catalogue import Finding, catalogue

UNDECIDED = "undecided"
GRADES = ("confirmed", "probable", "possible", "critical", "warning", "info", "now", "before_first_dose")

Step = tuple[Any, ...]


@dataclass
class Program:
    """A guideline ready to run: its steps in order, and which step makes which column of the trace.

    `compared` names the thresholds that each finding is compared with; `read` the findings it reads at all.
    """

    guideline: Guideline
    steps: list[Step] = field(default_factory=list)
    answers: dict[str, int] = field(default_factory=dict)
    winners: dict[str, int] = field(default_factory=dict)
    compared: dict[str, set[str]] = field(default_factory=dict)
    read: dict[str, Finding] = field(default_factory=dict)


def rule_column(table: Table, rule: Rule) -> str:
    """The trace column of a rule."""
    return f"rule.{table.name}.{rule.id}"


def grade_rank(rule: Rule) -> int:
    """Strongest grade first."""
    grade = rule.then.get("grade", "")
    return GRADES.index(grade) if grade in GRADES else len(GRADES)


def collected_names(table: Table) -> dict[str, list[Rule]]:
    """The columns of a collected table and the rules that give each, strongest first (`cause.dietary`: [...])."""
    output = table.outputs[0]
    found: dict[str, list[Rule]] = {}
    for rule in table.rules:
        found.setdefault(f"{output}.{rule.then[output]}", []).append(rule)
    return {name: sorted(rules, key=grade_rank) for name, rules in found.items()}


def compile_guideline(guideline: Guideline) -> Program:
    """The steps of every term and table. Raises CobalaminError for a circle, an unknown name or a unit slip."""
    writer = _Writer(guideline)
    for term in guideline.terms:
        writer.answer_of(f"term.{term}")
    for table in guideline.tables.values():
        for rule in table.rules:
            writer.answer_of(rule_column(table, rule))
        if table.hit_policy == "first":
            writer.winner_of(table)
    return writer.program


def compile_tables(guideline: Guideline, names: Sequence[str]) -> Program:
    """Only the steps that these tables need; `read` then names the findings they can depend on."""
    writer = _Writer(guideline)
    for table in (guideline.tables[name] for name in names):
        for rule in table.rules:
            writer.answer_of(rule_column(table, rule))
        if table.hit_policy == "first":
            writer.winner_of(table)
    return writer.program


class _Writer:
    """Turns conditions into steps; knows what each name of a guideline is."""

    def __init__(self, guideline: Guideline) -> None:
        self.guideline = guideline
        self.program = Program(guideline)
        self.numbers: dict[Step, int] = {}
        self.under_way: list[str] = []
        tables = guideline.tables.values()
        self.outputs = {name: table for table in tables if table.hit_policy == "first" for name in table.outputs}
        self.collected = {
            name: (table, rules)
            for table in tables
            if table.hit_policy == "collect"
            for name, rules in collected_names(table).items()
        }
        self.conditions = {f"term.{term.name}": term.when for term in guideline.terms.values()} | {
            rule_column(table, rule): rule.when for table in tables for rule in table.rules
        }

    def step(self, *step: Any) -> int:
        """The number of a step; the same step is made once."""
        if step not in self.numbers:
            self.numbers[step] = len(self.program.steps)
            self.program.steps.append(step)
        return self.numbers[step]

    def answer_of(self, column: str) -> int:
        """The step that answers a term or rule, by its trace column."""
        if column not in self.program.answers:
            if column in self.under_way:
                circle = " needs ".join([*self.under_way[self.under_way.index(column) :], column])
                raise CobalaminError(f"{self.guideline.id}: guidance goes in a circle: {circle}. Break it.")
            self.under_way.append(column)
            self.program.answers[column] = self.condition(self.conditions[column], column)
            self.under_way.pop()
        return self.program.answers[column]

    def winner_of(self, table: Table) -> int:
        """The step that finds the winning row of a first-hit table."""
        if table.name not in self.program.winners:
            rules = tuple(self.answer_of(rule_column(table, rule)) for rule in table.rules)
            self.program.winners[table.name] = self.step("first", table.name, rules)
        return self.program.winners[table.name]

    def condition(self, condition: Condition, where: str) -> int:
        """The step that answers a condition."""
        kind = condition[0]
        if kind in ("all", "any"):
            return self.step(kind, tuple(dict.fromkeys(self.condition(part, where) for part in condition[1])))
        if kind == "not":
            return self.step("not", self.condition(condition[1], where))
        if kind == "count":
            return self.step("count", condition[1], tuple(self.condition(part, where) for part in condition[2]))
        if kind == "always":
            return self.step("always")
        return self._atom(condition, where)

    def _atom(self, condition: Condition, where: str) -> int:
        kind, name = condition[0], condition[1]
        if name in catalogue():
            return self._finding_atom(catalogue()[name], condition, where)
        if name in self.guideline.terms and kind in ("yes", "missing", "known"):
            answer = self.answer_of(f"term.{name}")
            return answer if kind == "yes" else self._missing(self.step("missing", answer), kind)
        if name in self.outputs and kind == "output":
            table = self.outputs[name]
            return self.step("output", table.name, name, condition[2], self.winner_of(table))
        if name in self.collected and kind == "yes":
            table, rules = self.collected[name]
            return self.step("any", tuple(self.answer_of(rule_column(table, rule)) for rule in rules))
        if name in self.collected and kind == "output":
            table, rules = self.collected[name]
            graded = tuple((rule.then.get("grade", "yes"), self.answer_of(rule_column(table, rule))) for rule in rules)
            return self.step("grade", graded, condition[2])
        if name in STANDARD_OUTPUTS and kind == "output":
            return self.step("open")
        raise CobalaminError(f"{where}: {name!r} ({kind}) is no finding, term, outcome or collected value of it.")

    def _finding_atom(self, finding: Finding, condition: Condition, where: str) -> int:
        kind = condition[0]
        self.program.read[finding.name] = finding
        if kind == "yes" and finding.kind == "boolean":
            step = self.step("finding", finding.column)
        elif kind in ("missing", "known"):
            step = self._missing(self.step("no_data", finding.name), kind)
        elif kind == "flag" and finding.kind == "measurement":
            step = self.step("flag", finding.name, condition[2])
        elif kind in OPERATORS and finding.kind in ("measurement", "number"):
            step = self._comparison(finding, kind, condition[2], where)
        else:
            raise CobalaminError(f"{where}: {finding.name} is a {finding.kind}; {kind!r} does not fit it.")
        # Where the question makes no sense the condition is no, and never missing.
        return self.step("all", (step, self.step("applies", finding.column))) if finding.applies_when else step

    def _missing(self, missing: int, kind: str) -> int:
        return missing if kind == "missing" else self.step("not", missing)

    def _comparison(self, finding: Finding, operator: str, threshold: str, where: str) -> int:
        if threshold not in self.guideline.thresholds:
            raise CobalaminError(f"{where}: no threshold named {threshold!r}.")
        canonical_limits(finding, self.guideline.thresholds[threshold], where)
        self.program.compared.setdefault(finding.name, set()).add(threshold)
        return self.step("compare", finding.name, operator, threshold)


def outcome_values(table: Table, output: str) -> list[str]:
    """What each row gives for an output; the last entry (place -1) is what the table gives undecided."""
    return [rule.then.get(output, "") for rule in table.rules] + [table.undecided.get(output, UNDECIDED)]
