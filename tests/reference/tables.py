"""Decision tables for one patient: every rule's answer, the winning row, the outcomes."""

from __future__ import annotations

from typing import Any

from cobalamin.guidance.model import Guideline, Rule, Table, Threshold
from tests.reference.conditions import holds

UNDECIDED = "undecided"
# Strongest first; a grade that is not listed comes after these, in the order of the rules.
STRENGTH = ("confirmed", "probable", "possible", "critical", "warning", "info", "now", "before_first_dose")


class Decision:
    """One patient under one guideline. Each answer is worked out when first asked and kept."""

    def __init__(self, findings: dict[str, Any], guideline: Guideline) -> None:
        self.findings = findings
        self.guideline = guideline
        self._kept: dict[tuple[str, ...], Any] = {}
        self._table_of, self._rules_of = _names(guideline)

    def threshold(self, name: str) -> Threshold:
        """A threshold by name."""
        return self.guideline.thresholds[name]

    def kind_of(self, name: str) -> str:
        """A term, an outcome of a first-hit table, a collected value, or nothing this guideline speaks of."""
        if name in self.guideline.terms:
            return "term"
        if name in self._table_of:
            return "output"
        return "collected" if name in self._rules_of else "silent"

    def term(self, name: str) -> bool | None:
        """A term: yes, no or open."""
        key = ("term", name)
        if key not in self._kept:
            self._kept[key] = holds(self.guideline.terms[name].when, self)
        return self._kept[key]

    def rule(self, table: Table, rule: Rule) -> bool | None:
        """A row of a table: yes, no or open."""
        key = ("rule", table.name, rule.id)
        if key not in self._kept:
            self._kept[key] = holds(rule.when, self)
        return self._kept[key]

    def winner(self, table: Table) -> Rule | None:
        """The first row that is yes, unless an open row marked hold above it says otherwise."""
        chosen = next((rule for rule in table.rules if self.rule(table, rule)), None)
        for rule in table.rules:
            if chosen is None or rule is chosen:
                return chosen
            if rule.hold and self.rule(table, rule) is None and rule.then != chosen.then:
                return None
        return None

    def outcome(self, name: str) -> str:
        """An outcome of a first-hit table."""
        table = self._table_of[name]
        key = ("outcome", name)
        if key not in self._kept:
            chosen = self.winner(table)
            given = table.undecided.get(name, UNDECIDED) if chosen is None else chosen.then.get(name, "")
            self._kept[key] = given
        return self._kept[key]

    def collected(self, name: str) -> list[tuple[str, bool | None]]:
        """The rules that give a collected value, strongest grade first: grade, and whether the rule fired."""
        return [(rule.then.get("grade", "yes"), self.rule(table, rule)) for table, rule in self._rules_of[name]]


def _strength(rule: Rule) -> int:
    grade = rule.then.get("grade", "yes")
    return STRENGTH.index(grade) if grade in STRENGTH else len(STRENGTH)


Names = tuple[dict[str, Table], dict[str, list[tuple[Table, Rule]]]]
_NAMES: dict[int, tuple[Guideline, Names]] = {}


def _names(guideline: Guideline) -> Names:
    """The first-hit table of each outcome; the rules of each collected value, strongest first."""
    if id(guideline) not in _NAMES:
        outcomes, collected = {}, {}
        for table in guideline.tables.values():
            if table.hit_policy == "first":
                outcomes |= dict.fromkeys(table.outputs, table)
                continue
            field = table.outputs[0]
            for rule in sorted(table.rules, key=_strength):
                collected.setdefault(f"{field}.{rule.then[field]}", []).append((table, rule))
        _NAMES[id(guideline)] = (guideline, (outcomes, collected))
    return _NAMES[id(guideline)][1]


def decide_one(findings: dict[str, Any], guideline: Guideline) -> dict[str, Any]:
    """The trace of one patient, by column."""
    decision = Decision(findings, guideline)
    trace: dict[str, Any] = {"patient_id": findings["patient_id"], "on": findings["on"]}
    trace |= {f"term.{name}": decision.term(name) for name in guideline.terms}
    for table in guideline.tables.values():
        trace |= {f"rule.{table.name}.{rule.id}": decision.rule(table, rule) for rule in table.rules}
        trace |= _first(table, decision) if table.hit_policy == "first" else _collected(table, decision)
    return trace


def _first(table: Table, decision: Decision) -> dict[str, Any]:
    chosen = decision.winner(table)
    named = {f"table.{table.name}": UNDECIDED if chosen is None else chosen.id}
    return named | {f"output.{output}": decision.outcome(output) for output in table.outputs}


def _collected(table: Table, decision: Decision) -> dict[str, Any]:
    field, found = table.outputs[0], {}
    for rule in table.rules:
        name = f"{field}.{rule.then[field]}"
        found[name] = next((grade for grade, fired in decision.collected(name) if fired), None)
    return found
