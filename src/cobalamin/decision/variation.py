"""What is missing, and what each answer to it would change: one frame of variations through the one kernel."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import polars as pl

from cobalamin import units
from cobalamin.decision.compile import rule_column
from cobalamin.decision.decide import decide
from cobalamin.guidance import Guideline
from cobalamin.guidance.conditions import atoms
from cobalamin.guidance.model import Condition, Threshold
from cobalamin.vocabulary.catalogue import Finding, catalogue

# Fields a missing answer is ranked by, most decisive first.
DECISIVE = ("urgency", "route", "status", "regimen", "advice")
# Questions whose reassuring answer is yes; for every other Boolean it is no.
REASSURING_YES = (
    "neurology_denied",
    "agrees_to_tablets",
    "cause_resolved",
    "symptoms_resolved",
    "diet_mixed",
)
NERVES = "neurology_denied"
NERVE_TERM = "neurology_any"
NERVE_ASK = "Any numbness, tingling, weakness, unsteadiness, falls, bladder or bowel change, or loss of vision?"


@dataclass(frozen=True)
class Question:
    """Something the record does not say: its finding, the words to ask it with, and possible answers.

    `answers` maps what a person would say to the findings it sets; `reassuring` names the calm one.
    """

    finding: str
    ask: str
    answers: dict[str, dict[str, Any]]
    reassuring: str


@dataclass
class Missing:
    """A question with what each answer would change, compared with the answer now."""

    finding: str
    ask: str
    would_change: list[dict[str, Any]] = field(default_factory=list)
    rank: tuple[int, ...] = ()


def missing(findings: pl.DataFrame, trace: pl.DataFrame, guideline: Guideline) -> list[Missing]:
    """Questions for one person (one-row frames), most decisive first.

    Each is answered alone first; where several must be answered together to relax an answer, each is also
    answered alone on top of calm answers to the rest, so that an undecided answer says what it becomes.
    """
    questions = list(_questions(findings, trace, guideline))
    if not questions:
        return []
    calm = {name: value for question in questions for name, value in question.answers[question.reassuring].items()}
    variants: list[dict[str, Any]] = [{}, calm]
    places: list[tuple[int, str, str]] = []
    for number, question in enumerate(questions):
        for said, sets in question.answers.items():
            for kind, base in (("alone", {}), ("rest_calm", calm)):
                places.append((number, said, kind))
                variants.append({**base, **sets})
    outcomes = _outcomes(decide(_varied(findings, variants), guideline))
    return _ranked(questions, places, outcomes)


def _questions(findings: pl.DataFrame, trace: pl.DataFrame, guideline: Guideline) -> Iterator[Question]:
    names = dict.fromkeys(_open_inputs(trace.row(0, named=True), findings.row(0, named=True), guideline))
    nerves = set(_base_names(guideline, NERVE_TERM)) | {NERVES}
    unknown_nerves = [name for name in names if name in nerves]
    if unknown_nerves:
        calm = {name: False for name in unknown_nerves if name != NERVES} | {NERVES: True}
        alarm = next((name for name in unknown_nerves if name != NERVES), None)
        yes = {alarm: True} if alarm else {NERVES: False}
        yield Question(NERVES, NERVE_ASK, {"yes": yes, "no": calm}, "no")
    for name in names:
        if name not in nerves:
            question = _question(catalogue()[name], guideline)
            if question is not None:
                yield question


def _question(finding: Finding, guideline: Guideline) -> Question | None:
    ask = finding.ask or f"{finding.means.rstrip('.')}?"
    if finding.kind == "boolean":
        answers: dict[str, dict[str, Any]] = {"yes": {finding.name: True}, "no": {finding.name: False}}
        return Question(finding.name, ask, answers, "yes" if finding.name in REASSURING_YES else "no")
    if finding.kind in ("measurement", "number"):
        answers = {said: {finding.name: value} for said, value in bands(finding, guideline)}
        # The calm answer to a number is not known beforehand: the middle of its bands stands in.
        return Question(finding.name, ask, answers, list(answers)[len(answers) // 2]) if answers else None
    return None


def bands(finding: Finding, guideline: Guideline) -> Iterator[tuple[str, float]]:
    """A value in each band that the guideline's thresholds cut for this finding, in its canonical unit."""
    cuts = sorted(_cuts(finding, guideline))
    if not cuts:
        return
    yield f"below {cuts[0]:g} {finding.unit}", cuts[0] * 0.9 - 0.01
    for low, high in pairwise(cuts):
        yield f"{low:g} to {high:g} {finding.unit}", (low + high) / 2
    yield f"above {cuts[-1]:g} {finding.unit}", cuts[-1] * 1.1 + 0.01


def _cuts(finding: Finding, guideline: Guideline) -> set[float]:
    return {
        canonical_value(finding, guideline.thresholds[atom[2]])
        for condition in _all_conditions(guideline)
        for atom in atoms(condition)
        if len(atom) == 3 and atom[1] == finding.name and atom[2] in guideline.thresholds
    }


def canonical_value(finding: Finding, threshold: Threshold) -> float:
    """A threshold in the finding's canonical unit: as published in it, or else converted."""
    for value, unit in threshold.values:
        if unit == finding.unit:
            return value
    value, unit = threshold.values[0]
    converted = units.convert(finding.concepts[0], value, unit) if finding.concepts else None
    return converted[0] if converted else value


def _all_conditions(guideline: Guideline) -> Iterator[Condition]:
    yield from (term.when for term in guideline.terms.values())
    yield from (rule.when for table in guideline.tables.values() for rule in table.rules)


def _open_inputs(trace: dict[str, Any], findings: dict[str, Any], guideline: Guideline) -> Iterator[str]:
    """Findings without data that keep a rule open, in the order of the tables."""
    for table in guideline.tables.values():
        for rule in table.rules:
            if trace[rule_column(table, rule)] is None:
                yield from _open_names(rule.when, trace, findings, guideline)


def _open_names(
    condition: Condition, trace: dict[str, Any], findings: dict[str, Any], guideline: Guideline
) -> Iterator[str]:
    for atom in atoms(condition):
        if atom[0] in ("missing", "known") or len(atom) < 2:
            continue
        name = atom[1]
        if name in guideline.terms and trace[f"term.{name}"] is None:
            yield from _open_names(guideline.terms[name].when, trace, findings, guideline)
        elif name in catalogue() and findings[f"finding.{name}"] is None and not findings.get(f"finding.{name}.na"):
            yield name


def _base_names(guideline: Guideline, term: str) -> Iterator[str]:
    if term in guideline.terms:
        for atom in atoms(guideline.terms[term].when):
            if len(atom) > 1:
                yield from (_base_names(guideline, atom[1]) if atom[1] in guideline.terms else [atom[1]])


def _varied(findings: pl.DataFrame, variants: list[dict[str, Any]]) -> pl.DataFrame:
    """The person's row once for each variant, with the findings it sets."""
    frame = pl.concat([findings] * len(variants))
    changed = dict.fromkeys(name for variant in variants for name in variant)
    columns = []
    for name in changed:
        finding = catalogue()[name]
        now = findings[finding.column][0]
        values = [variant.get(name, now) for variant in variants]
        columns.append(pl.Series(finding.column, values, dtype=findings.schema[finding.column]))
        if finding.kind == "measurement":
            stated = [
                finding.unit if name in variant else findings[f"{finding.column}.unit"][0] for variant in variants
            ]
            columns.append(pl.Series(f"{finding.column}.unit", stated, dtype=pl.String))
    return frame.with_columns(columns)


def _outcomes(trace: pl.DataFrame) -> list[dict[str, Any]]:
    fields = {name: f"output.{name}" for name in DECISIVE if f"output.{name}" in trace.columns}
    frame = trace.select([pl.col(column).cast(pl.String).alias(name) for name, column in fields.items()])
    return frame.to_dicts()


def _ranked(
    questions: list[Question], places: list[tuple[int, str, str]], outcomes: list[dict[str, Any]]
) -> list[Missing]:
    now, calm = outcomes[0], outcomes[1]
    found = [Missing(question.finding, question.ask) for question in questions]
    weights = [[0] * len(DECISIVE) for _ in questions]
    for (number, said, kind), outcome in zip(places, outcomes[2:], strict=True):
        against = now if kind == "alone" else calm
        changes = {name: value for name, value in outcome.items() if value != against[name]}
        if kind == "rest_calm" and questions[number].reassuring == said:
            changes = {name: value for name, value in outcome.items() if value != now[name]}
        if changes:
            found[number].would_change.append({"if": said, "then": changes, "given": kind})
            for place, name in enumerate(DECISIVE):
                weights[number][place] += (name in changes) * (2 if kind == "alone" else 1)
    for one, weight in zip(found, weights, strict=True):
        one.rank = tuple(-value for value in weight)
        one.would_change = _without_repeats(one.would_change)
    return sorted(found, key=lambda one: (not one.would_change, one.rank))


def _without_repeats(changes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """An answer that changes the same alone and on top of calm answers is said once."""
    kept: list[dict[str, Any]] = []
    for change in changes:
        if not any(one["if"] == change["if"] and one["then"] == change["then"] for one in kept):
            kept.append(change)
    return kept
