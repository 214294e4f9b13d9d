"""What is missing, and what each answer to it would change: one frame of variations through the one kernel."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import polars as pl

from cobalamin import units
from cobalamin.decision.compile import rule_column
from cobalamin.decision.decide import decide, program
from cobalamin.findings.columns import findings_schema
from cobalamin.guidance import Guideline
from cobalamin.guidance.conditions import atoms
from cobalamin.guidance.model import Condition, Threshold
from cobalamin.vocabulary.catalogue import Finding, catalogue

# Fields a missing answer is ranked by, most decisive first.
DECISIVE = ("urgency", "route", "status", "alerts", "regimen", "causes", "advice")
# Questions whose reassuring answer is yes; for every other Boolean it is no.
REASSURING_YES = (
    "neurology_denied",
    "agrees_to_tablets",
    "cause_resolved",
    "symptoms_resolved",
    "diet_mixed",
)
# Neither answer is calmer than the other.
NEITHER = ("female", "male")
# Results that say whether B12 is lacking; a calm answer may not settle that.
MARKERS = tuple(f"{name}_before_treatment" for name in ("b12", "active_b12", "mma", "homocysteine"))
NERVES = "neurology_denied"


@dataclass(frozen=True)
class Group:
    """Findings a clinician asks about in one breath: those of a term; `typical` is what a yes most often means."""

    finding: str
    term: str
    ask: str
    typical: tuple[str, ...]


GROUPS = (
    Group(
        "cord_or_eye",
        "cord_or_eye_sign",
        "Weakness, stiff legs, falls, new bladder or bowel change, extensor plantars, or loss of vision?",
        ("extensor_plantar", "limb_weakness", "bladder_bowel_change", "visual_loss"),
    ),
    Group(
        NERVES,
        "neurology_any",
        "Numbness, tingling, burning or unsteadiness; reduced vibration or position sense?",
        ("paraesthesia", "numbness", "reduced_vibration", "reduced_sensation"),
    ),
    Group(
        "malabsorption_other",
        "malabsorption_other",
        "Any operation on the stomach or bowel, or disease of the bowel or pancreas?",
        ("sleeve_gastrectomy", "small_bowel_resection"),
    ),
)


@dataclass(frozen=True)
class Question:
    """Something the record does not say: its finding, the words to ask it with, and possible answers.

    `answers` maps what a person would say to the findings it sets; `reassuring` names the calm one, "" where
    neither is calmer.
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

    Each is answered alone. Where the route is undecided, what a person can be asked is also answered on top of
    calm answers to all the other questions, so that an undecided answer says what it becomes.
    """
    names = _open_inputs(trace.row(0, named=True), findings.row(0, named=True), guideline)
    questions = list(_questions(names, guideline))
    if not questions:
        return []
    asked = [question for question in questions if question.reassuring]
    calm: dict[str, Any] = {
        name: False for name in names if catalogue()[name].kind == "boolean" and name not in NEITHER
    }
    calm |= {
        f"{name}.flag": "normal" for name in names if catalogue()[name].kind == "measurement" and name not in MARKERS
    }
    calm |= {name: value for question in asked for name, value in question.answers[question.reassuring].items()}
    undecided = trace.get_column("output.route", default=pl.Series(["-"]))[0] == "undecided"
    variants: list[dict[str, Any]] = [{}, calm]
    places: list[tuple[int, str, str]] = []
    for number, question in enumerate(questions):
        bases = {"alone": {}, "rest_calm": calm} if undecided and question.reassuring else {"alone": {}}
        for said, sets in question.answers.items():
            for kind, base in bases.items():
                places.append((number, said, kind))
                variants.append({**base, **sets})
    outcomes = _outcomes(decide(_varied(findings, variants), guideline))
    # An undecided route is settled first; otherwise danger comes first.
    order = sorted(DECISIVE, key=lambda name: name != "route") if undecided else list(DECISIVE)
    return _ranked(questions, places, outcomes, order)


def _calm(names: list[str]) -> dict[str, Any]:
    """Calm answers to what nobody would ask one by one: no rare disease, no operation, counts called normal."""
    kinds = {name: catalogue()[name].kind for name in names}
    calm: dict[str, Any] = {name: False for name in names if kinds[name] == "boolean" and name not in NEITHER}
    labs = [name for name in names if kinds[name] == "measurement" and name not in MARKERS]
    return calm | {f"{name}.flag": "normal" for name in labs}


def _questions(names: list[str], guideline: Guideline) -> Iterator[Question]:
    grouped: set[str] = set()
    for group in GROUPS:
        unknown = [name for name in _base_names(guideline, group.term) if name in names and name not in grouped]
        unknown = [name for name in dict.fromkeys(unknown) if catalogue()[name].kind == "boolean"]
        if unknown:
            grouped |= {*unknown}
            yield _group_question(group, unknown)
    for name in names:
        if name not in grouped | {NERVES}:
            question = _question(catalogue()[name], guideline)
            if question is not None:
                yield question


def _group_question(group: Group, unknown: list[str]) -> Question:
    symptoms = [name for name in unknown if name != NERVES]
    alarm = next((name for name in group.typical if name in symptoms), symptoms[0] if symptoms else NERVES)
    calm = dict.fromkeys(symptoms, False) | ({NERVES: True} if group.finding == NERVES else {})
    return Question(group.finding, group.ask, {"yes": {alarm: alarm != NERVES}, "no": calm}, "no")


def _question(finding: Finding, guideline: Guideline) -> Question | None:
    # What nobody would ask (a count of doses, a value only a machine holds) is not a question.
    if not finding.ask and finding.kind != "measurement":
        return None
    ask = finding.ask or f"{finding.means.rstrip('.')}?"
    if finding.kind == "boolean":
        answers: dict[str, dict[str, Any]] = {"yes": {finding.name: True}, "no": {finding.name: False}}
        calm = "yes" if finding.name in REASSURING_YES else "no"
        return Question(finding.name, ask, answers, "" if finding.name in NEITHER else calm)
    if finding.kind in ("measurement", "number"):
        answers = {said: {finding.name: value} for said, value in bands(finding, guideline)}
        return Question(finding.name, ask, answers, "") if answers else None
    return None


def bands(finding: Finding, guideline: Guideline) -> Iterator[tuple[str, float]]:
    """A value in each band that the guideline's thresholds cut for this finding, in its canonical unit."""
    cuts = sorted(_cuts(finding, guideline))
    if not cuts:
        return
    margin = 0.01 + 0.1 * max(abs(cut) for cut in cuts)
    unit = "" if finding.unit in ("1", "") else f" {finding.unit}"
    yield f"below {cuts[0]:g}{unit}", cuts[0] - (margin if cuts[0] <= 0 else 0.01 + 0.1 * cuts[0])
    for low, high in pairwise(cuts):
        yield f"{low:g} to {high:g}{unit}", (low + high) / 2
    yield f"above {cuts[-1]:g}{unit}", cuts[-1] + margin


def _cuts(finding: Finding, guideline: Guideline) -> set[float]:
    names = program(guideline).compared.get(finding.name, ())
    return {canonical_value(finding, guideline.thresholds[name]) for name in names}


def canonical_value(finding: Finding, threshold: Threshold) -> float:
    """A threshold in the finding's canonical unit: as published in it, or else converted."""
    for value, unit in threshold.values:
        if unit == finding.unit:
            return value
    value, unit = threshold.values[0]
    converted = units.convert(finding.concepts[0], value, unit) if finding.concepts else None
    return converted[0] if converted else value


def _open_inputs(trace: dict[str, Any], findings: dict[str, Any], guideline: Guideline) -> list[str]:
    """Findings without data that keep a rule open, each once, in the order of the tables.

    Where the route is undecided, all that its rows read counts: a row can be no only because it asks for
    something to be known.
    """
    look = _Look(trace, findings, guideline)
    for table in guideline.tables.values():
        for rule in table.rules:
            if trace[rule_column(table, rule)] is None:
                look.into(rule.when, everything=False)
    if trace.get("output.route") == "undecided":
        for rule in guideline.tables["route"].rules:
            look.into(rule.when, everything=True)
    return list(look.found)


class _Look:
    """Collects the findings without data that conditions read, through terms, each once."""

    def __init__(self, trace: dict[str, Any], findings: dict[str, Any], guideline: Guideline) -> None:
        self.trace, self.findings, self.guideline = trace, findings, guideline
        self.found: dict[str, None] = {}
        self.terms_seen: set[tuple[str, bool]] = set()

    def into(self, condition: Condition, *, everything: bool) -> None:
        """Look into a condition; only into what is open, or into everything."""
        for kind, name in ((atom[0], atom[1]) for atom in atoms(condition) if len(atom) > 1):
            if name in self.guideline.terms:
                self._term(name, kind, everything=everything)
            elif name in catalogue() and (everything or kind not in ("missing", "known")):
                self._finding(f"finding.{name}", name)

    def _term(self, name: str, kind: str, *, everything: bool) -> None:
        is_open = kind == "yes" and self.trace[f"term.{name}"] is None
        if (everything or is_open) and (name, everything) not in self.terms_seen:
            self.terms_seen.add((name, everything))
            self.into(self.guideline.terms[name].when, everything=everything)

    def _finding(self, column: str, name: str) -> None:
        if self.findings[column] is None and not self.findings.get(f"{column}.na"):
            self.found[name] = None


def _base_names(guideline: Guideline, term: str) -> Iterator[str]:
    if term in guideline.terms:
        for atom in atoms(guideline.terms[term].when):
            if len(atom) > 1:
                yield from (_base_names(guideline, atom[1]) if atom[1] in guideline.terms else [atom[1]])


def _varied(findings: pl.DataFrame, variants: list[dict[str, Any]]) -> pl.DataFrame:
    """The person's row once for each variant, with the findings it sets."""
    frame = findings[[0] * len(variants)]
    now = findings.row(0, named=True)
    columns = []
    for name in dict.fromkeys(name for variant in variants for name in variant):
        column = f"finding.{name}"
        values = [variant.get(name, now[column]) for variant in variants]
        columns.append(pl.Series(column, values, dtype=findings_schema()[column]))
        if name in catalogue() and catalogue()[name].kind == "measurement":
            unit = now[f"{column}.unit"]
            stated = [catalogue()[name].unit if name in variant else unit for variant in variants]
            columns.append(pl.Series(f"{column}.unit", stated, dtype=pl.String))
    return frame.with_columns(columns)


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
