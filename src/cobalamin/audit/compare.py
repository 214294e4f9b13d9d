"""The same person under every guideline that ships, side by side, and where the guidelines part."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from cobalamin.assess import Assessment
from cobalamin.decision import decide
from cobalamin.decision.compile import grade_rank, rule_column
from cobalamin.errors import CobalaminError
from cobalamin.events import Events
from cobalamin.findings import find
from cobalamin.guidance import Guideline, available, load
from cobalamin.guidance.model import Rule, Table
from cobalamin.plan import plan

# The questions on which guidelines can part, in the order a clinician reads them: question and its table.
QUESTIONS = {
    "urgency": "urgency",
    "status": "status",
    "advice": "testing",
    "tests": "tests",
    "cause": "cause",
    "route": "route",
    "regimen": "regimen",
    "response": "response",
}
SILENT, NOTHING = "silent", "none"
MANY = ("tests", "cause")
"""Questions with several answers at once, from tables in which every row counts."""


@dataclass(frozen=True)
class Reason:
    """A row that says so, with its clause; `value` is what it gives, where a question has several answers."""

    value: str
    rule: str
    says: str
    clause: str
    certainty: str


@dataclass(frozen=True)
class Position:
    """What one guideline answers to one question, and the rows that say so."""

    guideline: str
    value: str
    reasons: tuple[Reason, ...]


@dataclass(frozen=True)
class Comparison:
    """Answers by question, then by guideline, in the order they ship."""

    patient_id: str
    on: date
    guidelines: tuple[Guideline, ...]
    positions: dict[str, tuple[Position, ...]]

    def parts(self) -> list[str]:
        """Questions that guidelines answer differently; silence is no difference."""
        return [
            question
            for question, positions in self.positions.items()
            if len({one.value for one in positions if one.value != SILENT}) > 1
        ]

    def as_dict(self) -> dict[str, Any]:
        """The comparison as JSON-ready data."""
        return {
            "patient_id": self.patient_id,
            "on": self.on.isoformat(),
            "guidelines": [_named(guideline) for guideline in self.guidelines],
            "parts": self.parts(),
            "positions": {
                question: [
                    {
                        "guideline": one.guideline,
                        "value": one.value,
                        "reasons": [vars(reason) for reason in one.reasons],
                    }
                    for one in positions
                ]
                for question, positions in self.positions.items()
            },
        }


def compare(events: Events, on: date, guidelines: list[str] | None = None) -> Comparison:
    """One person's answer under each guideline (all that ship, but `common`).

    Raises CobalaminError for an unknown guideline, and where the events are of nobody or of several people.
    """
    names = guidelines or [name for name in available() if name != "common"]
    # What the record says is the same under every guideline, so it is found once.
    findings = find(events, on)
    if findings.height != 1:
        raise CobalaminError(f"A comparison is for one person; these events hold {findings.height}.")
    found = []
    for name in dict.fromkeys(names):
        guideline = load(name, on)
        trace = decide(findings, guideline)
        found.append(Assessment(on, guideline, events, findings, trace, plan(findings, trace, guideline)))
    positions = {question: tuple(_position(one, question) for one in found) for question in QUESTIONS}
    return Comparison(findings["patient_id"][0], on, tuple(one.guideline for one in found), positions)


def _named(guideline: Guideline) -> dict[str, str]:
    return {
        "id": guideline.id,
        "version": guideline.version,
        "title": guideline.title,
        "sha256": guideline.sha256,
        "superseded_by": str(guideline.about.get("superseded_by") or ""),
    }


def _position(assessment: Assessment, question: str) -> Position:
    guideline = assessment.guideline
    table = guideline.tables.get(QUESTIONS[question])
    if table is None:
        return Position(guideline.id, SILENT, ())
    if question in MANY:
        return _all_of(assessment, table)
    value = str(assessment.trace[f"output.{question}"][0])
    won = str(assessment.trace[f"table.{table.name}"][0])
    rule = next((rule for rule in table.rules if rule.id == won), None)
    undecided = Reason(value, won, "No row may decide yet; something is not known.", "", "")
    return Position(guideline.id, value, (_reason(rule, value) if rule else undecided,))


def _all_of(assessment: Assessment, table: Table) -> Position:
    """Every value of a collected table, each by its strongest row."""
    output, trace = table.outputs[0], assessment.trace
    rules = [rule for rule in sorted(table.rules, key=grade_rank) if trace[rule_column(table, rule)][0]]
    first = {rule.then[output]: rule for rule in reversed(rules)}
    values = sorted(first)
    return Position(
        assessment.guideline.id, ", ".join(values) or NOTHING, tuple(_reason(first[value], value) for value in values)
    )


def _reason(rule: Rule, value: str) -> Reason:
    return Reason(value, rule.id, rule.says, rule.source.clause, rule.source.certainty)
