"""Guidance broken on purpose: each safety test shows with one of these that it can fail."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from cobalamin.guidance import Guideline
from cobalamin.guidance.conditions import parse


def with_term(guideline: Guideline, name: str, when: Any) -> Guideline:
    """The guideline with one term meaning something else."""
    term = replace(guideline.terms[name], when=parse(when, name))
    return replace(guideline, terms=guideline.terms | {name: term})


def with_rule(guideline: Guideline, table: str, rule: str, when: Any) -> Guideline:
    """The guideline with another condition in one row."""
    old = guideline.tables[table]
    rows = tuple(replace(one, when=parse(when, rule)) if one.id == rule else one for one in old.rules)
    return replace(guideline, tables=guideline.tables | {table: replace(old, rules=rows)})


def without_rules(guideline: Guideline, table: str, *start: str) -> Guideline:
    """The guideline without the rows of a table whose names begin so."""
    old = guideline.tables[table]
    rows = tuple(one for one in old.rules if not one.id.startswith(start))
    return replace(guideline, tables=guideline.tables | {table: replace(old, rules=rows)})


def with_dose(guideline: Guideline, regimen: str, dose: float) -> Guideline:
    """The guideline with another dose in every phase of one regimen."""
    old = guideline.regimens[regimen]
    phases = tuple(replace(phase, dose=dose) for phase in old.phases)
    return replace(guideline, regimens=guideline.regimens | {regimen: replace(old, phases=phases)})
