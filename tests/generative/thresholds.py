"""Which numbers matter for which finding: read off the conditions of every guideline that ships."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import cache

from cobalamin.guidance import Guideline
from cobalamin.guidance.conditions import COMPARISONS, atoms
from cobalamin.guidance.load import available, load
from cobalamin.guidance.model import Condition, Threshold
from cobalamin.vocabulary.catalogue import catalogue
from tests.generative.toy import toy_guideline

ON = date(2026, 1, 15)


@cache
def guidelines() -> tuple[Guideline, ...]:
    """A toy with every form of condition, then every guideline that ships, in force on the day."""
    return (toy_guideline(), *(load(name, ON) for name in available() if name != "common"))


def conditions(guideline: Guideline) -> Iterator[Condition]:
    """Every condition of a guideline: its terms, then its rules."""
    yield from (term.when for term in guideline.terms.values())
    for table in guideline.tables.values():
        yield from (rule.when for rule in table.rules)


@cache
def compared() -> tuple[tuple[str, str, Threshold], ...]:
    """Each finding, guideline and threshold that some condition brings together, once."""
    found: dict[tuple[str, tuple[tuple[float, str], ...]], tuple[str, str, Threshold]] = {}
    for guideline in guidelines():
        for condition in conditions(guideline):
            for atom in atoms(condition):
                if atom[0] in COMPARISONS and atom[1] in catalogue():
                    threshold = guideline.thresholds[atom[2]]
                    found.setdefault((atom[1], threshold.values), (atom[1], guideline.id, threshold))
    return tuple(found.values())


@cache
def interesting() -> dict[str, tuple[tuple[float, str], ...]]:
    """For each laboratory concept the numbers, with unit, that lie on some line."""
    found: dict[str, list[tuple[float, str]]] = {}
    for name, _, threshold in compared():
        finding = catalogue()[name]
        if finding.kind == "measurement" or finding.selector == "value":
            for concept in finding.concepts:
                found.setdefault(concept, []).extend(threshold.values)
    return {concept: tuple(dict.fromkeys(values)) for concept, values in found.items()}
