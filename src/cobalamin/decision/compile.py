"""One compiler: a guideline's terms and tables become a list of steps over columns, each made once.

A condition that occurs in many rules is one step. Steps need only steps before them; a circle is an error.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import polars as pl

from cobalamin.decision.compare import OPERATORS, canonical_limits, compare, values_of
from cobalamin.decision.kleene import Kleene, all_of, any_of, at_least, decided
from cobalamin.errors import CobalaminError
from cobalamin.events import FLAGS
from cobalamin.guidance import Guideline, Rule, Table
from cobalamin.guidance.model import STANDARD_OUTPUTS, Condition
from cobalamin.vocabulary.catalogue import Finding, catalogue

UNDECIDED = "undecided"
GRADES = ("confirmed", "probable", "possible", "critical", "warning", "info", "now", "before_first_dose")

Step = tuple[Any, ...]
Winner = npt.NDArray[np.int16]


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
            return answer if kind == "yes" else self.step(kind, answer)
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
            step = self.step(f"no_{kind}" if kind == "known" else "no_data", finding.column, finding.kind)
        elif kind == "flag" and finding.kind == "measurement":
            step = self.step("flag", finding.column, condition[2])
        elif kind in OPERATORS and finding.kind in ("measurement", "number"):
            step = self._comparison(finding, kind, condition[2], where)
        else:
            raise CobalaminError(f"{where}: {finding.name} is a {finding.kind}; {kind!r} does not fit it.")
        return self.step("applies", step, f"{finding.column}.na") if finding.applies_when else step

    def _comparison(self, finding: Finding, operator: str, threshold: str, where: str) -> int:
        if threshold not in self.guideline.thresholds:
            raise CobalaminError(f"{where}: no threshold named {threshold!r}.")
        canonical_limits(finding, self.guideline.thresholds[threshold], where)
        self.program.compared.setdefault(finding.name, set()).add(threshold)
        return self.step("compare", finding.name, operator, threshold, where.split(":", maxsplit=1)[0])


def run(program: Program, findings: pl.DataFrame) -> list[Any]:
    """What each step makes of the findings: a `Kleene`, or the winning row of a table (-1 = undecided)."""
    made: list[Any] = []
    machine = _Machine(program, findings, made)
    for step in program.steps:
        made.append(machine.RUN[step[0]](machine, *step[1:]))
    return made


class _Machine:
    """Runs one step after another over the columns of the findings."""

    def __init__(self, program: Program, findings: pl.DataFrame, made: list[Any]) -> None:
        self.guideline = program.guideline
        self.findings = findings
        self.made = made
        read = program.read.values()
        booleans = [finding.column for finding in read if finding.kind == "boolean"]
        booleans += [f"{finding.column}.na" for finding in read if finding.applies_when]
        coded = findings.select(pl.col(booleans).cast(pl.Int8).fill_null(-1)).to_numpy().T
        self.coded = dict(zip(booleans, np.ascontiguousarray(coded), strict=True))
        self.values = values_of(findings, [finding for finding in read if finding.kind in ("measurement", "number")])

    def _finding(self, column: str) -> Kleene:
        return Kleene(self.coded[column] == 1, self.coded[column] == 0)

    def _no_data(self, column: str, kind: str) -> Kleene:
        if kind == "boolean":
            return decided(self.coded[column] < 0)
        if kind == "date":
            return decided(self.findings[column].is_null().to_numpy())
        values = self.values[column.removeprefix("finding.")]
        return decided(np.isnan(values.value) & (values.word < 0))

    def _no_known(self, column: str, kind: str) -> Kleene:
        return ~self._no_data(column, kind)

    def _flag(self, column: str, word: str) -> Kleene:
        said, place = self.values[column.removeprefix("finding.")].word, FLAGS.index(word)
        right = np.equal(said, place)
        return Kleene(right, (said >= 0) & ~right)

    def _compare(self, name: str, operator: str, threshold: str, where: str) -> Kleene:
        return compare(self.values[name], catalogue()[name], operator, self.guideline.thresholds[threshold], where)

    def _applies(self, step: int, column: str) -> Kleene:
        """Where the question makes no sense the condition is no, and never missing."""
        never = self.coded[column] == 1
        return Kleene(self.made[step].yes & ~never, self.made[step].no | never)

    def _always(self) -> Kleene:
        return decided(np.ones(self.findings.height, dtype=np.bool_))

    def _open(self) -> Kleene:
        """The guideline is silent on this outcome: neither yes nor no, so nothing is alarmed or relaxed by it."""
        nobody = np.zeros(self.findings.height, dtype=np.bool_)
        return Kleene(nobody, nobody)

    def _all(self, parts: Sequence[int]) -> Kleene:
        return all_of([self.made[part] for part in parts])

    def _any(self, parts: Sequence[int]) -> Kleene:
        return any_of([self.made[part] for part in parts])

    def _not(self, step: int) -> Kleene:
        inverted: Kleene = ~self.made[step]
        return inverted

    def _count(self, count: int, parts: Sequence[int]) -> Kleene:
        return at_least(count, [self.made[part] for part in parts])

    def _missing(self, step: int) -> Kleene:
        return decided(self.made[step].open)

    def _known(self, step: int) -> Kleene:
        return decided(~self.made[step].open)

    def _output(self, table: str, output: str, wanted: tuple[str, ...], winner: int) -> Kleene:
        values = outcome_values(self.guideline.tables[table], output)
        return decided(np.array([value in wanted for value in values])[self.made[winner]])

    def _grade(self, graded: Sequence[tuple[str, int]], wanted: tuple[str, ...]) -> Kleene:
        """Whether the best grade is a wanted one; open while a rule that is open could still change that."""
        answer = ~self._always()
        for grade, step in reversed(graded):
            rule, fits = self.made[step], grade in wanted
            yes = (rule.yes & fits) | (answer.yes & (rule.no | (rule.open & fits)))
            no = (rule.yes & (not fits)) | (answer.no & (rule.no | (rule.open & (not fits))))
            answer = Kleene(yes, no)
        return answer

    def _first(self, table: str, rules: Sequence[int]) -> Winner:
        return first_hit(self.guideline.tables[table], [self.made[rule] for rule in rules])

    RUN: ClassVar[dict[str, Callable[..., Any]]] = {
        "finding": _finding, "no_data": _no_data, "no_known": _no_known, "flag": _flag, "compare": _compare,
        "applies": _applies, "always": _always, "open": _open, "all": _all, "any": _any, "not": _not, "count": _count,
        "missing": _missing, "known": _known, "output": _output, "grade": _grade, "first": _first,
    }  # fmt: skip


def first_hit(table: Table, answers: Sequence[Kleene]) -> Winner:
    """The first row that is yes, or -1 where none is, or where an open row marked hold above it differs."""
    yes = np.stack([answer.yes for answer in answers])
    found = np.where(yes.any(axis=0), yes.argmax(axis=0), -1).astype(np.int16)
    outcomes = [tuple(sorted(rule.then.items())) for rule in table.rules]
    held = np.zeros(len(found), dtype=np.bool_)
    for place, (rule, answer) in enumerate(zip(table.rules, answers, strict=True)):
        if rule.hold:
            differs = np.array([outcome != outcomes[place] for outcome in outcomes] + [True])
            held |= answer.open & ((found > place) | (found < 0)) & differs[found]
    return np.where(held, np.int16(-1), found)


def outcome_values(table: Table, output: str) -> list[str]:
    """What each row gives for an output; the last entry (place -1) is what the table gives undecided."""
    return [rule.then.get(output, "") for rule in table.rules] + [table.undecided.get(output, UNDECIDED)]


def best_grade(graded: Sequence[tuple[str, int]], made: Sequence[Any]) -> npt.NDArray[np.int16]:
    """For each person the place of the strongest rule that is yes, -1 where none is."""
    best = np.full(len(made[graded[0][1]].yes), -1, dtype=np.int16)
    for place in range(len(graded) - 1, -1, -1):
        best[made[graded[place][1]].yes] = place
    return best
