"""From a rule back to the entries of the record it rests on. Reads the trace; decides nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any

import polars as pl

from cobalamin import units
from cobalamin.decision import UNDECIDED
from cobalamin.findings.prepare import B12_CONCEPTS, STATUS_ON_INJECTIONS
from cobalamin.guidance import Guideline, Rule, Table
from cobalamin.guidance.model import Condition
from cobalamin.vocabulary.catalogue import Finding, catalogue

SIGNIFICANT_DIGITS = 6
# Findings that are computed, and the findings they are computed from.
COMPUTED_FROM = {
    "egfr": ("egfr_reported", "creatinine"),
    "combined_b12_indicator": (
        "b12_before_treatment",
        "active_b12_before_treatment",
        "mma_before_treatment",
        "homocysteine_before_treatment",
    ),
    "haemoglobin_rise": ("haemoglobin_before_treatment", "haemoglobin_on_treatment"),
    "days_to_haemoglobin_on_treatment": ("haemoglobin_on_treatment",),
    "days_to_reticulocytes": ("reticulocytes_on_treatment",),
    "if_antibody_days_after_injection": ("if_antibody_positive",),
    "symptom_score_fall_pct": ("symptom_score_before", "symptom_score"),
}


@dataclass(frozen=True)
class Fact:
    """What one finding says, as the record put it: value and unit as reported, day, source."""

    name: str
    value: Any
    unit: str
    comparator: str = ""
    day: date | None = None
    sources: tuple[str, ...] = ()


@dataclass(frozen=True)
class Person:
    """One person's rows of an assessment: findings, trace, plan, and the event table they point into."""

    patient_id: str
    on: date
    guideline: Guideline
    findings: dict[str, Any]
    trace: dict[str, Any]
    plan: list[dict[str, Any]]
    events: pl.DataFrame
    doses: list[dict[str, Any]] = field(default_factory=list)
    # What each term rests on, worked out once: many rules share a term.
    behind_terms: dict[str, tuple[str, ...]] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def own_events(self) -> pl.DataFrame:
        """The events of this person alone."""
        return self.events.filter(pl.col("patient_id") == self.patient_id)

    @cached_property
    def treatment_events(self) -> pl.DataFrame:
        """Rows of B12 given, or of a schedule of it, oldest first."""
        given = pl.col("concept").is_in([*B12_CONCEPTS, STATUS_ON_INJECTIONS]) & pl.col("present")
        return self.own_events.filter(given)

    def value(self, finding: str) -> Any:
        """The finding's value, or None where there is no data or no such finding."""
        return self.findings.get(f"finding.{finding}")

    def event(self, finding: str) -> dict[str, Any] | None:
        """The event that decided the finding, or None where none did."""
        place = self.findings.get(f"finding.{finding}.row")
        return None if place is None or place < 0 else self.events.row(place, named=True)


def known(person: Person, finding: Finding) -> bool:
    """True where there is data: a value, or a result in words."""
    if person.value(finding.name) is not None:
        return True
    return finding.kind == "measurement" and person.findings.get(f"{finding.column}.flag") is not None


def fact(person: Person, name: str) -> Fact:
    """What the record says of a finding, in the unit it was reported in."""
    finding, event = catalogue()[name], person.event(name)
    value, unit, comparator = person.value(name), finding.unit, ""
    if finding.kind == "measurement":
        value, unit, comparator = _as_reported(person, finding, event)
    elif isinstance(value, float):
        value = tidy(value)
    day = event["time"].date() if event and event["time"] is not None else None
    return Fact(name, value, unit, comparator, day, sources(person, name))


def _as_reported(person: Person, finding: Finding, event: dict[str, Any] | None) -> tuple[Any, str, str]:
    value = person.value(finding.name)
    if value is None:
        return person.findings.get(f"{finding.column}.flag"), "", ""
    unit = person.findings.get(f"{finding.column}.unit") or finding.unit
    concept = str(event["concept"]) if event else finding.concepts[0]
    sign = {-1: "<", 1: ">"}.get(person.findings.get(f"{finding.column}.cmp") or 0, "")
    return reported_value(concept, value, unit), unit, sign


def reported_value(concept: str, canonical: float, unit: str) -> float:
    """A canonical value back in the unit it was reported in, rid of the noise of the two conversions."""
    how = units.conversion(concept, unit)
    return tidy(canonical if how is None else (canonical - how.offset) / how.factor)


def tidy(value: float) -> float:
    """The value to six significant digits; whole numbers as such."""
    rounded = float(f"{value:.{SIGNIFICANT_DIGITS}g}")
    return int(rounded) if rounded == int(rounded) else rounded


def sources(person: Person, name: str) -> tuple[str, ...]:
    """Places in the record that a finding rests on; empty where it rests on silence."""
    event = person.event(name)
    if event is not None:
        return (event["source"],) if event["source"] else ()
    finding = catalogue()[name]
    if finding.selector.startswith("doses."):
        return _dose_sources(person, name)
    parts = COMPUTED_FROM.get(name) or ((name.removesuffix("_years"),) if finding.selector == "spell_years" else ())
    return _unique(place for part in parts for place in sources(person, part))


def _dose_sources(person: Person, name: str) -> tuple[str, ...]:
    rows = person.treatment_events
    if not rows.height or not person.value(name):
        return ()
    day = person.value(name)
    if isinstance(day, date):
        rows = rows.filter(pl.col("time").dt.date() == day)
    return _unique(place for place in rows["source"].tail(1).to_list() if place)


def decisive(person: Person, condition: Condition, want: bool = True) -> Iterator[str]:
    """Names of the known base findings that make a condition what it is, through its terms.

    Yes/no findings and terms are read off the findings and the trace. A comparison with a number is not judged
    again: inside an "any" it counts only where no yes/no part explains the outcome.
    """
    kind = condition[0]
    if kind == "not":
        yield from decisive(person, condition[1], not want)
    elif kind in ("all", "any", "count"):
        parts = condition[2] if kind == "count" else condition[1]
        yield from _joined(person, kind, parts, want)
    elif kind != "always":
        yield from _atom(person, condition, want)


def _joined(person: Person, kind: str, parts: tuple[Condition, ...], want: bool) -> Iterator[str]:
    every = kind == "all" if want else kind == "any"
    if every:
        for part in parts:
            yield from decisive(person, part, want)
        return
    judged = [list(decisive(person, part, want)) for part in parts if _settled(person, part) is want]
    rest = [list(decisive(person, part, want)) for part in parts if _settled(person, part) is None]
    for names in judged or rest:
        yield from names


def _settled(person: Person, condition: Condition) -> bool | None:
    """Yes or no where the findings and the trace already say so; None for comparisons and what is open."""
    kind = condition[0]
    if kind == "not":
        inner = _settled(person, condition[1])
        return None if inner is None else not inner
    if kind in ("all", "any"):
        found = [_settled(person, part) for part in condition[1]]
        stop = kind == "any"
        return stop if stop in found else (None if None in found else not stop)
    if kind == "yes":
        return _yes(person, condition[1])
    return None


def _yes(person: Person, name: str) -> bool | None:
    if name in catalogue():
        value = person.value(name)
        return value if isinstance(value, bool) else None
    if f"term.{name}" in person.trace:
        term: bool | None = person.trace[f"term.{name}"]
        return term
    return person.trace[name] is not None if name in person.trace else None


def _atom(person: Person, condition: Condition, want: bool) -> Iterator[str]:
    kind, name = condition[0], condition[1]
    finding = catalogue().get(name)
    if finding is not None:
        holds = person.value(name) is want if kind == "yes" else kind != "missing"
        if holds and known(person, finding):
            yield name
        return
    term = person.guideline.terms.get(name)
    if term is not None and (kind != "yes" or person.trace.get(f"term.{name}") is want):
        yield from _behind_term(person, name, term.when)


def _behind_term(person: Person, name: str, condition: Condition) -> tuple[str, ...]:
    """Names of the known base findings that make a term what it is."""
    if name not in person.behind_terms:
        value = person.trace.get(f"term.{name}")
        found = () if value is None else tuple(dict.fromkeys(decisive(person, condition, value)))
        person.behind_terms[name] = found
    return person.behind_terms[name]


def rule_findings(person: Person, rule: Rule) -> list[str]:
    """The decisive findings of a rule that holds; through earlier outcomes only where it names no finding itself."""
    direct = list(dict.fromkeys(decisive(person, rule.when)))
    if direct:
        return direct
    through = (name for outcome in _outcomes(rule.when) for name in _behind(person, outcome))
    return list(dict.fromkeys(through))


def _outcomes(condition: Condition) -> Iterator[str]:
    kind = condition[0]
    if kind in ("all", "any"):
        for part in condition[1]:
            yield from _outcomes(part)
    elif kind in ("yes", "output"):
        yield condition[1]


def _behind(person: Person, outcome: str) -> Iterator[str]:
    """Decisive findings of the rule or rules that gave an earlier outcome (one step back)."""
    for table in person.guideline.tables.values():
        for rule in fired(person, table):
            field_name = table.outputs[0]
            given = f"{field_name}.{rule.then.get(field_name, '')}"
            if outcome in table.outputs or outcome == given:
                yield from decisive(person, rule.when)


def fired(person: Person, table: Table) -> list[Rule]:
    """The winning rule of a first-hit table, or every rule of a collected one that is yes."""
    if table.hit_policy == "first":
        winner = person.trace.get(f"table.{table.name}")
        return [rule for rule in table.rules if rule.id == winner]
    return [rule for rule in table.rules if person.trace.get(f"rule.{table.name}.{rule.id}")]


def left_open(person: Person, table: Table) -> list[Rule]:
    """The open rows marked hold that kept a first-hit table from deciding."""
    if table.hit_policy != "first" or person.trace.get(f"table.{table.name}") != UNDECIDED:
        return []
    return [r for r in table.rules if r.hold and person.trace.get(f"rule.{table.name}.{r.id}") is None]


def rule_sources(person: Person, rule: Rule) -> list[str]:
    """Places in the record that a rule rests on."""
    return list(_unique(place for name in rule_findings(person, rule) for place in sources(person, name)))


def comparisons(person: Person, condition: Condition, finding: str) -> Iterator[tuple[str, str]]:
    """(operator, threshold) pairs that a condition, through its terms, applies to a finding."""
    kind = condition[0]
    if kind == "not":
        yield from ((_opposite(op), name) for op, name in comparisons(person, condition[1], finding))
    elif kind in ("all", "any"):
        for part in condition[1]:
            yield from comparisons(person, part, finding)
    elif kind in ("below", "above", "at_least", "at_most") and condition[1] == finding:
        yield kind, condition[2]
    elif kind == "yes" and condition[1] in person.guideline.terms:
        term = f"term.{condition[1]}"
        if person.trace.get(term):
            yield from comparisons(person, person.guideline.terms[condition[1]].when, finding)


def _opposite(operator: str) -> str:
    pairs = {"below": "at_least", "above": "at_most"}
    return {**pairs, **{b: a for a, b in pairs.items()}}.get(operator, operator)


def _unique(places: Iterator[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(place for place in places if place))
