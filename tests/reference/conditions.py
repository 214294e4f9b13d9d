"""Kleene logic over a guideline's conditions for one patient: yes, no, or open (None)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol

from cobalamin import units
from cobalamin.guidance.model import Condition, Threshold
from cobalamin.vocabulary.catalogue import Finding, catalogue


class Answers(Protocol):
    """What a condition may ask: findings by column, terms, outcomes and collected values by name."""

    findings: dict[str, Any]

    def term(self, name: str) -> bool | None: ...
    def outcome(self, name: str) -> str: ...
    def collected(self, name: str) -> list[tuple[str, bool | None]]: ...
    def threshold(self, name: str) -> Threshold: ...
    def kind_of(self, name: str) -> str: ...


def all_of(parts: Iterable[bool | None]) -> bool | None:
    """No if any is no; else open if any is open; else yes."""
    known = list(parts)
    return False if False in known else None if None in known else True


def any_of(parts: Iterable[bool | None]) -> bool | None:
    """Yes if any is yes; else open if any is open; else no."""
    return negated(all_of(map(negated, parts)))


def negated(part: bool | None) -> bool | None:
    """Open stays open."""
    return None if part is None else not part


def at_least(count: int, parts: list[bool | None]) -> bool | None:
    """Yes once enough are yes; no once too many are no."""
    if parts.count(True) >= count:
        return True
    return False if parts.count(True) + parts.count(None) < count else None


def holds(condition: Condition, answers: Answers) -> bool | None:
    """A condition for one patient."""
    kind = condition[0]
    if kind == "all":
        return all_of(holds(part, answers) for part in condition[1])
    if kind == "any":
        return any_of(holds(part, answers) for part in condition[1])
    if kind == "not":
        return negated(holds(condition[1], answers))
    if kind == "count":
        return at_least(condition[1], [holds(part, answers) for part in condition[2]])
    if kind == "always":
        return True
    return _atom(condition, answers)


def _atom(condition: Condition, answers: Answers) -> bool | None:
    kind, name = condition[0], condition[1]
    if name in catalogue():
        return _of_finding(catalogue()[name], condition, answers)
    nature = answers.kind_of(name)
    if nature == "term":
        value = answers.term(name)
        return {"yes": value, "missing": value is None, "known": value is not None}[kind]
    if nature == "output":
        return answers.outcome(name) in condition[2]
    if nature == "silent":
        return None
    graded = answers.collected(name)
    return any_of(fired for _, fired in graded) if kind == "yes" else _grade_in(graded, condition[2])


def _grade_in(graded: list[tuple[str, bool | None]], wanted: tuple[str, ...]) -> bool | None:
    """Whether the best grade is a wanted one; open while an open rule could still change that."""
    possible = set()
    for grade, fired in graded:
        if fired is not False:
            possible.add(grade in wanted)
        if fired:
            break
    else:
        possible.add(False)
    return possible.pop() if len(possible) == 1 else None


def _of_finding(finding: Finding, condition: Condition, answers: Answers) -> bool | None:
    """Where the question makes no sense the condition is no, and never missing."""
    if finding.applies_when and answers.findings[f"finding.{finding.name}.na"]:
        return False
    kind, found = condition[0], answers.findings
    value, flag = found[f"finding.{finding.name}"], found.get(f"finding.{finding.name}.flag")
    if kind in ("missing", "known"):
        return (value is None and flag is None) == (kind == "missing")
    if kind == "flag":
        return None if flag is None else flag == condition[2]
    if kind == "yes":
        return value
    threshold = answers.threshold(condition[2])
    if kind in ("at_least", "at_most"):
        return negated(compare(finding, "below" if kind == "at_least" else "above", threshold, found))
    return compare(finding, kind, threshold, found)


def compare(finding: Finding, operator: str, threshold: Threshold, found: dict[str, Any]) -> bool | None:
    """Strictly below or above a threshold: a number, a censored number, or a result in words."""
    value, sign = found[f"finding.{finding.name}"], found.get(f"finding.{finding.name}.cmp")
    if value is None:
        words = threshold.text_below if operator == "below" else threshold.text_above
        flag = found.get(f"finding.{finding.name}.flag")
        return None if flag is None or not words else flag in words
    limit = limit_for(finding, threshold, found.get(f"finding.{finding.name}.unit"))
    below = _is_below(value, sign, limit)
    above = _is_above(value, sign, limit)
    return below if operator == "below" else above


def _is_below(value: float, sign: int | None, limit: float) -> bool | None:
    """`<30` means somewhere under 30; `>30` somewhere over it."""
    if sign is None:
        return value < limit
    if sign < 0:
        return True if value <= limit else None
    return False if value >= limit else None


def _is_above(value: float, sign: int | None, limit: float) -> bool | None:
    if sign is None:
        return value > limit
    if sign > 0:
        return True if value >= limit else None
    return False if value <= limit else None


def limit_for(finding: Finding, threshold: Threshold, reported: str | None) -> float:
    """The threshold in the canonical unit: the number published for the reported unit, if there is one.

    Units that differ only in name (ng/L and pg/mL) are one. Otherwise the number in the finding's own unit,
    or else the first.
    """
    for value, unit in threshold.values:
        if reported and finding.kind == "measurement" and _same_unit(finding.concepts[0], unit, reported):
            return _canonical(finding, value, unit)
    for value, unit in threshold.values:
        if unit == finding.unit:
            return value
    return _canonical(finding, *threshold.values[0])


def _same_unit(concept: str, one: str, other: str) -> bool:
    known = units.conversions()
    first, second = known.get((concept, one)), known.get((concept, other))
    if first is None or second is None:
        return one == other
    return (first.factor, first.offset) == (second.factor, second.offset)


def _canonical(finding: Finding, value: float, unit: str) -> float:
    if unit == finding.unit:
        return value
    converted = units.convert(finding.concepts[0], value, unit)
    assert converted is not None, f"{finding.name}: no conversion from {unit}"
    return converted[0]
