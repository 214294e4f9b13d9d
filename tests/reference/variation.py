"""What would change an answer, by trying everything: one changed patient after another through the plain tables."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from itertools import combinations, pairwise
from typing import Any

from cobalamin.guidance.model import Condition, Guideline
from cobalamin.vocabulary.catalogue import Finding, catalogue
from tests.reference.conditions import limit_for
from tests.reference.derived import FOUR_MARKERS, derived
from tests.reference.tables import Decision

FIELDS = {"urgency": "urgency", "route": "route", "status": "status", "causes": "cause"}
# A second sample lies within so many per cent of the first; written from `assay_variation.csv`, not read from it.
DOUBT = {
    "lab_b12_total": 23, "lab_b12_active": 15, "lab_mma_serum": 23, "lab_homocysteine": 17, "lab_folate_serum": 25,
    "lab_haemoglobin": 5, "lab_haematocrit": 6, "lab_mcv": 2.7, "lab_platelets": 15, "lab_neutrophils": 30,
    "lab_wbc": 22, "lab_ferritin": 25, "lab_tsh": 35, "lab_egfr": 15, "lab_creatinine": 12,
}  # fmt: skip
# Results that are not read alone.
READ_TOGETHER = ("mma_before_treatment", "homocysteine_before_treatment", "active_b12_before_treatment")
# Derived findings and what they are derived from.
BASES = {
    "egfr": ("egfr_reported", "creatinine", "age_years", "female", "male"),
    "combined_b12_indicator": (*FOUR_MARKERS, "age_years"),
}
LOWEST, HIGHEST, HALVINGS = 1e-9, 1e12, 200
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


def changed_by(findings: dict[str, Any], sets: Sets) -> dict[str, Any]:
    """The patient with something else true, and all that is computed from it computed again."""
    changed = findings | {f"finding.{name}": value for name, value in sets.items()}
    named = {column.removeprefix("finding."): value for column, value in changed.items()}
    changed |= {f"finding.{name}": value for name, value in derived(named).items()}
    male, age = named["male"], named["age_years"]
    never = male is True or (age is not None and age >= 60)
    return changed | {f"{one.column}.na": never for one in catalogue().values() if one.applies_when}


def altered(
    findings: dict[str, Any], tried: list[tuple[Found, ...]], guideline: Guideline, fields: tuple[str, ...]
) -> list[Altering]:
    """What alters a field for this patient when it is found out, and what the field then is."""
    now, kept = decided(findings, guideline, fields), []
    for found in tried:
        sets = {name: value for _, each in found for name, value in each.items()}
        then = decided(changed_by(findings, sets), guideline, fields)
        if then != now:
            kept.append((found, {name: value for name, value in then.items() if value != now[name]}))
    return kept


def smallest(
    findings: dict[str, Any], things: list[Found], guideline: Guideline, paired: list[Found], tests: list[Found]
) -> list[Altering]:
    """Every single thing that alters a field, and the pairs that do what neither of the two does alone.

    Pairs of `paired` alter a field that no single thing alters; pairs of `tests` give a status of their own.
    """
    singles = altered(findings, [(one,) for one in things], guideline, tuple(FIELDS))
    left = left_over(singles)
    pairs = altered(findings, of_two(paired), guideline, left) if left else []
    if "status" in left:
        return singles + pairs
    tried = [pair for pair in of_two(tests) if any(name in READ_TOGETHER for name, _ in pair)]
    together = altered(findings, tried, guideline, ("status",))
    own = [one for one in together if one[1]["status"] not in {_status(findings, part, guideline) for part in one[0]}]
    return singles + pairs + own


def of_two(things: list[Found]) -> list[tuple[Found, ...]]:
    """Every two of different findings."""
    return [(one, two) for one, two in combinations(things, 2) if one[0] != two[0]]


def _status(findings: dict[str, Any], part: Found, guideline: Guideline) -> Any:
    return decided(changed_by(findings, part[1]), guideline, ("status",))["status"]


def left_over(singles: list[Altering]) -> tuple[str, ...]:
    """Fields that nothing found out alone alters."""
    return tuple(name for name in FIELDS if not any(name in then for _, then in singles))


def things_to_find_out(findings: dict[str, Any], guideline: Guideline) -> list[Found]:
    """Single findings nobody has looked for, yes and no or a value in each band; and results in doubt.

    Findings asked in one breath (GROUPS of the questions, the sexes) are left out: they set several at once.
    """
    found: list[Found] = []
    read = _read(guideline)
    for name in [name for name in catalogue() if any(name in (one, *BASES.get(one, ())) for one in read)]:
        finding, known = catalogue()[name], findings[f"finding.{name}"] is not None
        if findings.get(f"finding.{name}.na") or name in BASES:
            continue
        if finding.kind == "boolean" and not known and finding.ask:
            found += [(name, {name: True} | _found_today(name, findings)), (name, {name: False})]
        limits = sorted(
            {*_limits(finding, read.get(name, set()), guideline), *_crossings(finding, findings, guideline)}
        )
        if finding.kind == "number" and not known and finding.ask:
            found += [(name, {name: value}) for value in _bands(limits)]
        if finding.kind == "measurement" and not _stood_for(name, findings):
            found += _sampled(finding, findings, limits)
    return found


def _found_today(name: str, findings: dict[str, Any]) -> Sets:
    since = findings["finding.days_since_last_injection"]
    return {"if_antibody_days_after_injection": since} if name == "if_antibody_positive" else {}


def _stood_for(name: str, findings: dict[str, Any]) -> bool:
    """A creatinine nobody took is not asked for, and neither is an eGFR that a creatinine gives."""
    if findings[f"finding.{name}"] is not None:
        return False
    return name == "creatinine" or (name == "egfr_reported" and findings["finding.egfr"] is not None)


def _crossings(finding: Finding, findings: dict[str, Any], guideline: Guideline) -> list[float]:
    """Values at which something computed from this finding meets a threshold, found by halving again and again."""
    today = datetime.combine(findings["on"], datetime.min.time())
    sampled = {f"{finding.name}.time": today, f"{finding.name}.cmp": None} if finding.kind == "measurement" else {}
    found = []
    for name in [name for name, bases in BASES.items() if finding.name in bases and finding.kind != "boolean"]:

        def computed(value: float, name: str = name) -> float | None:
            result = changed_by(findings, {finding.name: value} | sampled)[f"finding.{name}"]
            return None if result is None else float(result)

        limits = _limits(catalogue()[name], _read(guideline).get(name, set()), guideline)
        found += [at for limit in limits if (at := _where(computed, limit, finding)) is not None]
    return found


def _where(computed: Callable[[float], float | None], limit: float, finding: Finding) -> float | None:
    low, high = (18.0, 1e4) if finding.name == "age_years" else (LOWEST, HIGHEST)
    first, last = computed(low), computed(high)
    if first is None or last is None or not min(first, last) < limit < max(first, last):
        return None
    rising = first < last
    for _ in range(HALVINGS):
        middle = (low * high) ** 0.5
        value = computed(middle)
        assert value is not None
        low, high = (middle, high) if (value < limit) is rising else (low, middle)
    return low


def _sampled(finding: Finding, findings: dict[str, Any], limits: list[float]) -> list[Found]:
    """What one more sample, taken today, may give. The past cannot be sampled."""
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
    parts: Sets = {"unit": finding.unit, "cmp": None, "flag": None}
    parts["time"] = datetime.combine(findings["on"], datetime.min.time())
    return [(name, {name: one} | {f"{name}.{part}": said for part, said in parts.items()}) for one in values]


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
