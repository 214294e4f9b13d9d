"""What would change an answer, by trying everything: one changed patient after another through the plain tables."""

from __future__ import annotations

from itertools import combinations, pairwise
from typing import Any

from cobalamin.guidance.model import Condition, Guideline
from cobalamin.vocabulary.catalogue import Finding, catalogue
from tests.reference.conditions import limit_for
from tests.reference.tables import Decision

FIELDS = {"urgency": "urgency", "route": "route", "status": "status", "causes": "cause"}
# A second sample lies within so many per cent of the first; written from `assay_variation.csv`, not read from it.
DOUBT = {
    "lab_b12_total": 23, "lab_b12_active": 15, "lab_mma_serum": 20, "lab_homocysteine": 18, "lab_folate_serum": 25,
    "lab_haemoglobin": 5, "lab_haematocrit": 6, "lab_mcv": 2, "lab_platelets": 15, "lab_neutrophils": 30,
    "lab_wbc": 22, "lab_ferritin": 25, "lab_tsh": 35, "lab_egfr": 15, "lab_creatinine": 12,
}  # fmt: skip
Sets = dict[str, Any]
# One thing found out: the finding, and the columns it sets.
Found = tuple[str, Sets]
Altering = tuple[tuple[Found, ...], dict[str, Any]]


def decided(findings: dict[str, Any], guideline: Guideline, fields: tuple[str, ...]) -> dict[str, Any]:
    """The fields of one patient; causes are those confirmed or probable."""
    decision = Decision(findings, guideline)
    result: dict[str, Any] = {name: decision.outcome(name) for name in fields if name != "causes"}
    if "causes" in fields:
        names = dict.fromkeys(f"cause.{rule.then['cause']}" for rule in guideline.tables["cause"].rules)
        strongest = {name: [grade for grade, fired in decision.collected(name) if fired] for name in names}
        held = [name for name, grades in strongest.items() if set(grades) & {"confirmed", "probable"}]
        result["causes"] = sorted(name.partition(".")[2] for name in held)
    return result


def altered(
    findings: dict[str, Any], tried: list[tuple[Found, ...]], guideline: Guideline, fields: tuple[str, ...]
) -> list[Altering]:
    """What alters a field for this patient when it is found out, and what the field then is."""
    now, kept = decided(findings, guideline, fields), []
    for found in tried:
        changed = dict(findings)
        for _, sets in found:
            changed |= {f"finding.{name}": value for name, value in sets.items()}
        then = decided(changed, guideline, fields)
        if then != now:
            kept.append((found, {name: value for name, value in then.items() if value != now[name]}))
    return kept


def smallest(
    findings: dict[str, Any], things: list[Found], guideline: Guideline, paired: list[Found]
) -> list[Altering]:
    """Every single thing that alters a field; then every pair of `paired` that alters a field no single one does."""
    singles = altered(findings, [(one,) for one in things], guideline, tuple(FIELDS))
    left = left_over(singles)
    different = [(one, two) for one, two in combinations(paired, 2) if one[0] != two[0]] if left else []
    return singles + altered(findings, different, guideline, left)


def left_over(singles: list[Altering]) -> tuple[str, ...]:
    """Fields that nothing found out alone alters."""
    return tuple(name for name in FIELDS if not any(name in then for _, then in singles))


def things_to_find_out(findings: dict[str, Any], guideline: Guideline) -> list[Found]:
    """Single findings nobody has looked for, yes and no or a value in each band; and results in doubt.

    Findings asked in one breath (GROUPS of the questions) are left out: they set several at once.
    """
    found: list[Found] = []
    for name, operators in _read(guideline).items():
        finding, known = catalogue()[name], findings[f"finding.{name}"] is not None
        if findings.get(f"finding.{name}.na"):
            continue
        if finding.kind == "boolean" and not known and finding.ask:
            found += [(name, {name: True}), (name, {name: False})]
        if finding.kind == "number" and not known and finding.ask:
            found += [(name, {name: value}) for value in _bands(_limits(finding, operators, guideline))]
        if finding.kind == "measurement":
            found += _sampled(finding, findings, _limits(finding, operators, guideline))
    return found


def _sampled(finding: Finding, findings: dict[str, Any], limits: list[float]) -> list[Found]:
    """What one more sample may give. Extremes of a treatment move only one way; the past cannot be sampled."""
    column = f"finding.{finding.name}"
    value, name = findings[column], finding.name
    if value is None:
        values = _bands(limits)
    elif findings[f"{column}.cmp"] is None and finding.concepts[0] in DOUBT:
        off = abs(value) * DOUBT[finding.concepts[0]] / 100.0
        ends = [value - off, *(one for one in limits if value - off < one < value + off), value + off]
        values = [(low + high) / 2 for low, high in pairwise(ends)] if len(ends) > 2 else []
    else:
        values = []
    return [
        (name, {name: one, f"{name}.unit": finding.unit, f"{name}.cmp": None, f"{name}.flag": None}) for one in values
    ]


def _bands(limits: list[float]) -> list[float]:
    """A value below all limits, one between each two, one above all."""
    if not limits:
        return []
    between = [(low + high) / 2 for low, high in pairwise(limits)]
    return [limits[0] - 0.01 - 0.1 * abs(limits[0]), *between, limits[-1] + 0.01 + 0.1 * abs(limits[-1])]


def _limits(finding: Finding, thresholds: set[str], guideline: Guideline) -> list[float]:
    return sorted({limit_for(finding, guideline.thresholds[name], finding.unit) for name in thresholds})


def _read(guideline: Guideline) -> dict[str, set[str]]:
    """Findings that any rule or term reads, and the thresholds each is compared with."""
    found: dict[str, set[str]] = {}
    for table in guideline.tables.values():
        for rule in table.rules:
            _into(rule.when, found)
    for term in guideline.terms.values():
        _into(term.when, found)
    return found


def _into(condition: Condition, found: dict[str, set[str]]) -> None:
    kind = condition[0]
    if kind in ("all", "any"):
        for part in condition[1]:
            _into(part, found)
    elif kind in ("not", "count"):
        for part in (condition[1],) if kind == "not" else condition[2]:
            _into(part, found)
    elif len(condition) > 1 and condition[1] in catalogue():
        names = found.setdefault(condition[1], set())
        if kind in ("below", "above", "at_least", "at_most"):
            names.add(condition[2])
