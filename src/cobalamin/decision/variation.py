"""What is missing, and what each answer to it would change: one frame of variations through the one kernel."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import polars as pl

from cobalamin.decision.bands import bands, canonical_value
from cobalamin.decision.changes import Change, Part, WouldChange, would_change
from cobalamin.decision.decide import decide
from cobalamin.decision.questions import MARKERS, SEXES, Question, open_inputs, questions
from cobalamin.decision.rows import varied
from cobalamin.guidance import Guideline
from cobalamin.vocabulary.catalogue import catalogue

__all__ = ["Change", "Missing", "Part", "WouldChange", "bands", "canonical_value", "missing", "would_change"]

# Fields a missing answer is ranked by, most decisive first.
DECISIVE = ("urgency", "route", "status", "alerts", "regimen", "causes", "advice")


@dataclass
class Missing:
    """A question with what each answer would change, compared with the answer now."""

    finding: str
    ask: str
    would_change: list[dict[str, Any]] = field(default_factory=list)
    rank: tuple[int, ...] = ()


def missing(findings: pl.DataFrame, trace: pl.DataFrame, guideline: Guideline) -> list[Missing]:
    """Questions for one person (one-row frames), most decisive first.

    Each is answered alone. Where the route is undecided, what a person can be asked is also answered on top of
    calm answers to all the other questions, so that an undecided answer says what it becomes.
    """
    row = findings.row(0, named=True)
    names = open_inputs(trace.row(0, named=True), row, guideline)
    found = list(questions(names, guideline, row))
    if not found:
        return []
    asked = [question for question in found if question.reassuring]
    calm = _calm(names)
    calm |= {name: value for question in asked for name, value in question.answers[question.reassuring].items()}
    undecided = trace.get_column("output.route", default=pl.Series(["-"]))[0] == "undecided"
    variants: list[dict[str, Any]] = [{}, calm]
    places: list[tuple[int, str, str]] = []
    for number, question in enumerate(found):
        bases = {"alone": {}, "rest_calm": calm} if undecided and question.reassuring else {"alone": {}}
        for said, sets in question.answers.items():
            for kind, base in bases.items():
                places.append((number, said, kind))
                variants.append({**base, **sets})
    outcomes = _outcomes(decide(varied(findings, variants), guideline))
    # An undecided route is settled first; otherwise danger comes first.
    order = sorted(DECISIVE, key=lambda name: name != "route") if undecided else list(DECISIVE)
    return _ranked(found, places, outcomes, order)


def _calm(names: list[str]) -> dict[str, Any]:
    """Calm answers to what nobody would ask one by one: no rare disease, no operation, counts called normal."""
    kinds = {name: catalogue()[name].kind for name in names}
    calm: dict[str, Any] = {name: False for name in names if kinds[name] == "boolean" and name not in SEXES}
    labs = [name for name in names if kinds[name] == "measurement" and name not in MARKERS]
    return calm | {f"{name}.flag": "normal" for name in labs}


def _outcomes(trace: pl.DataFrame) -> list[dict[str, Any]]:
    outputs = {name: f"output.{name}" for name in DECISIVE if f"output.{name}" in trace.columns}
    frame = trace.select([pl.col(column).cast(pl.String).alias(name) for name, column in outputs.items()])
    alerts, causes = _held(trace, "alert.", ("critical",)), _held(trace, "cause.", ("confirmed", "probable"))
    return [row | {"alerts": a, "causes": c} for row, a, c in zip(frame.to_dicts(), alerts, causes, strict=True)]


def _held(trace: pl.DataFrame, prefix: str, grades: tuple[str, ...]) -> list[list[str]]:
    """For each row the collected values of a kind that hold with one of these grades."""
    names = [name for name in trace.columns if name.startswith(prefix)]
    rows = trace.select(pl.col(names).cast(pl.String)).rows()
    return [[n.removeprefix(prefix) for n, grade in zip(names, row, strict=True) if grade in grades] for row in rows]


def _ranked(
    questions: list[Question],
    places: list[tuple[int, str, str]],
    outcomes: list[dict[str, Any]],
    order: list[str],
) -> list[Missing]:
    now, calm = outcomes[0], outcomes[1]
    found = [Missing(question.finding, question.ask) for question in questions]
    weights = [[0] * len(order) for _ in questions]
    for (number, said, kind), outcome in zip(places, outcomes[2:], strict=True):
        against = now if kind == "alone" or questions[number].reassuring == said else calm
        changes = {name: value for name, value in outcome.items() if value != against[name]}
        if kind == "rest_calm":
            changes = {name: value for name, value in changes.items() if name in ("route", "regimen")}
        if changes:
            found[number].would_change.append({"if": said, "then": changes, "given": kind})
            for place, name in enumerate(order):
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
