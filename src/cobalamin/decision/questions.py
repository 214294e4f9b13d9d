"""What a record leaves open, as questions: the words to ask with, the possible answers, the findings each sets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cobalamin.decision.bands import bands
from cobalamin.decision.compile import rule_column
from cobalamin.guidance import Guideline
from cobalamin.guidance.conditions import atoms
from cobalamin.guidance.model import Condition
from cobalamin.vocabulary.catalogue import Finding, catalogue

# Questions whose reassuring answer is yes; for every other Boolean it is no.
REASSURING_YES = (
    "neurology_denied",
    "agrees_to_tablets",
    "cause_resolved",
    "symptoms_resolved",
    "diet_mixed",
)
# Asked as one question, of which neither answer is calmer than the other.
SEXES = ("female", "male")
# What is derived cannot be told by itself; the result that gives it can.
ORDERED_AS = {"egfr": "egfr_reported"}
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


def questions(names: list[str], guideline: Guideline, row: Mapping[str, Any] | None = None) -> Iterator[Question]:
    """Questions for findings without data: those of a group as one, then each that has words to ask or is a test.

    `row` holds the person's findings: numbers are then told in the unit of their own results.
    """
    grouped: set[str] = set()
    for group in GROUPS:
        unknown = [name for name in _base_names(guideline, group.term) if name in names and name not in grouped]
        unknown = [name for name in dict.fromkeys(unknown) if catalogue()[name].kind == "boolean"]
        if _is_asked_together(group, unknown):
            grouped |= {*unknown}
            yield _group_question(group, unknown)
    for name in names:
        if name == SEXES[0] and {*SEXES} <= {*names}:
            yield _sex_question()
        elif name not in {*grouped, NERVES, *SEXES}:
            question = _question(catalogue()[name], guideline, row)
            if question is not None:
                yield question


def _is_asked_together(group: Group, unknown: list[str]) -> bool:
    """Where all symptoms and signs of the nerves are known, a diagnosis not on record is a question of its own."""
    felt_or_seen = any(catalogue()[name].domain != "conditions" for name in unknown)
    return felt_or_seen if group.finding == NERVES else bool(unknown)


def _group_question(group: Group, unknown: list[str]) -> Question:
    symptoms = [name for name in unknown if name != NERVES]
    alarm = next((name for name in group.typical if name in symptoms), symptoms[0] if symptoms else NERVES)
    calm = dict.fromkeys(symptoms, False) | ({NERVES: True} if group.finding == NERVES else {})
    return Question(group.finding, group.ask, {"yes": {alarm: alarm != NERVES}, "no": calm}, "no")


def _sex_question() -> Question:
    """One question with two answers; where one sex is recorded the other is not asked."""
    answers = {one: {other: other == one for other in SEXES} for one in SEXES}
    return Question(SEXES[0], catalogue()[SEXES[0]].ask, answers, "")


def _question(finding: Finding, guideline: Guideline, row: Mapping[str, Any] | None) -> Question | None:
    # What nobody would ask (a count of doses, a value only a machine holds) is not a question.
    if not finding.ask and finding.kind != "measurement":
        return None
    ask = finding.ask or f"{finding.means.rstrip('.')}?"
    if finding.kind == "boolean":
        answers: dict[str, dict[str, Any]] = {"yes": {finding.name: True}, "no": {finding.name: False}}
        return Question(finding.name, ask, answers, "yes" if finding.name in REASSURING_YES else "no")
    if finding.kind in ("measurement", "number"):
        told = ORDERED_AS.get(finding.name, finding.name)
        answers = {said: {told: value} for said, value in bands(finding, guideline, row)}
        return Question(finding.name, ask, answers, "") if answers else None
    return None


def open_inputs(trace: dict[str, Any], findings: dict[str, Any], guideline: Guideline) -> list[str]:
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
