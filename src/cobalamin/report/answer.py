"""The answer for one person: everything said of them on one day, as JSON-ready data. Read off the trace."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import Any, Protocol

import polars as pl

from cobalamin.decision import variation
from cobalamin.decision.compile import collected_names, grade_rank
from cobalamin.errors import CobalaminError
from cobalamin.events import Events
from cobalamin.guidance import Guideline, Rule, Table
from cobalamin.guidance.conditions import atoms
from cobalamin.guidance.model import Condition
from cobalamin.plan import judged_doses
from cobalamin.records.ledger import Ledger
from cobalamin.report.evidence import (
    Person,
    comparisons,
    fact,
    fired,
    known,
    left_open,
    rule_sources,
    sources,
)
from cobalamin.report.words import number, sentence, unit_words
from cobalamin.vocabulary.catalogue import Finding, catalogue

SILENT = "guideline is silent"
CHECK_THE_SOURCE = "(check the source)"
PAIRS_SHOWN = 6
REVERSIBLE = {"yes": True, "no": False}
# The order in which reasons are read; tables of a guideline that are not named here come after.
READING_ORDER = (
    "scope", "alerts", "urgency", "status", "interpretation", "suspicion", "testing", "tests", "route", "regimen",
    "cause", "other_explanations", "response", "response_checklist", "follow_up", "stewardship",
)  # fmt: skip
FIELD_TABLES = {
    "testing": "testing", "status": "status", "suspicion": "suspicion", "causes": "cause",
    "other_explanations": "other_explanations", "urgency": "urgency", "route": "route", "response": "response",
    "response_checklist": "response_checklist", "alerts": "alerts", "stewardship": "stewardship",
}  # fmt: skip

Finder = Callable[[pl.DataFrame, pl.DataFrame, Guideline], list[Any]]


class Assessed(Protocol):
    """What the report needs of an assessment."""

    @property
    def on(self) -> date:
        """Day of decision."""

    @property
    def guideline(self) -> Guideline:
        """What was applied."""

    @property
    def events(self) -> Events:
        """The record."""

    @property
    def findings(self) -> pl.DataFrame:
        """One row a person."""

    @property
    def trace(self) -> pl.DataFrame:
        """One row a person, in the same order."""

    @property
    def plan(self) -> pl.DataFrame:
        """One row a dated item."""


def answers(
    assessment: Assessed,
    ledgers: Mapping[str, Ledger] | Ledger | None = None,
    missing: Finder | None = variation.missing,
) -> list[dict[str, Any]]:
    """The answer for each person, in the order of the assessment. Fields and values as in the answer's reference.

    `ledgers`: one for all, or one a person by id. `missing`: finds the open questions; None leaves them out.
    """
    doses = judged_doses(assessment.events, assessment.findings, assessment.on)
    return [_answer(assessment, place, doses, ledgers, missing) for place in range(assessment.findings.height)]


def answer(
    assessment: Assessed,
    patient_id: str | None = None,
    ledger: Ledger | None = None,
    missing: Finder | None = variation.missing,
) -> dict[str, Any]:
    """The answer for one person; the only one where no id is given. Raises CobalaminError for an unknown id."""
    ids = assessment.findings["patient_id"].to_list()
    wanted = patient_id if patient_id is not None or len(ids) != 1 else ids[0]
    if wanted not in ids:
        raise CobalaminError(f"No person {wanted!r} in this assessment of {len(ids)}. Known: {', '.join(ids[:5])}.")
    doses = judged_doses(assessment.events, assessment.findings, assessment.on)
    return _answer(assessment, ids.index(wanted), doses, ledger, missing)


def person_at(assessment: Assessed, place: int, doses: pl.DataFrame | None = None) -> Person:
    """One person's rows of an assessment."""
    findings = assessment.findings.row(place, named=True)
    patient = findings["patient_id"]
    mine = pl.col("patient_id") == patient
    return Person(
        patient_id=patient,
        on=assessment.on,
        guideline=assessment.guideline,
        findings=findings,
        trace=assessment.trace.row(place, named=True),
        plan=assessment.plan.filter(mine).drop("patient_id").to_dicts(),
        events=assessment.events.frame,
        doses=[] if doses is None else doses.filter(mine).drop("patient_id").to_dicts(),
    )


def _answer(
    assessment: Assessed,
    place: int,
    doses: pl.DataFrame,
    ledgers: Mapping[str, Ledger] | Ledger | None,
    missing: Finder | None,
) -> dict[str, Any]:
    person = person_at(assessment, place, doses)
    questions, changes = [], variation.WouldChange({}, (), ())
    if missing is not None:
        rows = assessment.findings.slice(place, 1), assessment.trace.slice(place, 1)
        questions = [_question(one) for one in missing(*rows, assessment.guideline)]
        changes = variation.would_change(rows[0], assessment.guideline, person.own_events)
    ledger = ledgers.get(person.patient_id) if isinstance(ledgers, Mapping) else ledgers
    return {
        "patient_id": person.patient_id,
        "on": person.on.isoformat(),
        "guidance": _guidance(person),
        "scope": _scope(person),
        **_decided(person),
        "treatment_history": _history(person),
        "doses": [_jsonable(dose) for dose in person.doses],
        "plan": [_jsonable(item) for item in person.plan],
        "alerts": list(_alerts(person)),
        "stewardship": [value for value, _ in _collected(person, "stewardship")],
        "missing": questions,
        "would_change": list(_changes(changes)),
        "would_not_change": list(changes.would_not),
        "reasons": list(reasons(person)),
        "findings": list(_findings(person)),
        "taken_as_absent": list(_taken_as_absent(person)),
        "ledger": ledger.as_dict() if ledger is not None else None,
        "silent": [field for field, table in FIELD_TABLES.items() if table not in person.guideline.tables],
    }


def _decided(person: Person) -> dict[str, Any]:
    """The fields that a table gives, in their order."""
    return {
        "testing": {
            "advice": _outcome(person, "advice"),
            "tests": [value for value, _ in _collected(person, "tests")],
            "when": {value: rules[0].then.get("grade", "") for value, rules in _collected(person, "tests")},
        },
        "status": _outcome(person, "status"),
        "status_basis": _status_basis(person),
        "suspicion": _outcome(person, "suspicion"),
        "causes": list(_causes(person)),
        "other_explanations": [value for value, _ in _collected(person, "other_explanations")],
        "other_explanations_detail": [
            {"explanation": value, "certainty": rules[0].then.get("grade", "")}
            for value, rules in _collected(person, "other_explanations")
        ],
        "urgency": _outcome(person, "urgency"),
        "route": _outcome(person, "route"),
        "route_strength": _outcome(person, "route_strength"),
        "response": _outcome(person, "response"),
        "response_checklist": [
            {"check": value, "says": _says(rules[0])} for value, rules in _collected(person, "response_checklist")
        ],
    }


def _guidance(person: Person) -> dict[str, Any]:
    guideline = person.guideline
    found = {"id": guideline.id, "version": guideline.version, "sha256": guideline.sha256, "title": guideline.title}
    return found | {"overrides": list(guideline.overrides), "banner": _banner(guideline, person.on)}


def _banner(guideline: Guideline, on: date) -> str | None:
    if guideline.about.get("own"):
        return "Guidance from a folder of your own: it does not ship with cobalamin, and no case here covers it."
    due = str(guideline.about.get("review_by") or "")
    if due and due < on.isoformat():
        return f"This guidance was due for review by {due}. Check each statement before relying on it."
    if guideline.about.get("superseded_by"):
        return f"This guideline is superseded by {guideline.about['superseded_by']}; shown for comparison."
    return None


def _outcome(person: Person, output: str) -> str:
    value = person.trace.get(f"output.{output}", SILENT)
    return str(value)


def _scope(person: Person) -> dict[str, Any]:
    table = person.guideline.tables.get("scope")
    if table is None:
        return {"in": True, "why": SILENT}
    why = " ".join(sentence(rule.says) for rule in fired(person, table))
    return {"in": _outcome(person, "scope") != "out", "why": why}


def _collected(person: Person, table_name: str) -> list[tuple[str, list[Rule]]]:
    """Values of a collected table that hold, strongest first, each with its rules, strongest first."""
    table = person.guideline.tables.get(table_name)
    if table is None:
        return []
    found = []
    for column, rules in collected_names(table).items():
        held = [rule for rule in rules if person.trace.get(f"rule.{table.name}.{rule.id}")]
        if held:
            found.append((column.partition(".")[2], sorted(held, key=grade_rank)))
    return sorted(found, key=lambda pair: grade_rank(pair[1][0]))


def _causes(person: Person) -> Iterator[dict[str, Any]]:
    for cause, rules in _collected(person, "cause"):
        said = [rule.then.get("reversible", "unknown") for rule in rules]
        reversible = "no" if "no" in said else said[0]
        yield {
            "cause": cause,
            "certainty": rules[0].then.get("grade", ""),
            "reversible": REVERSIBLE.get(reversible),
        }


def _status_basis(person: Person) -> dict[str, Any] | None:
    """The result the status rests on, and the threshold it was held against; None where it rests on none."""
    table = person.guideline.tables.get("status")
    for rule in fired(person, table) if table else []:
        for name in rule.basis:
            finding = catalogue()[name]
            if known(person, finding):
                return _basis(person, rule, finding)
    return None


def _basis(person: Person, rule: Rule, finding: Finding) -> dict[str, Any]:
    found = fact(person, finding.name)
    event = {"name": finding.name, "value": found.value, "unit": found.unit, "comparator": found.comparator}
    limits = list(dict.fromkeys(comparisons(person, rule.when, finding.name)))
    own = person.guideline.overrides
    return {
        "event": event | {"evidence": list(found.sources)},
        "date": found.day.isoformat() if found.day else None,
        "before_treatment": finding.selector == "before",
        "against": _against(person.guideline, limits, found.unit),
        "clause": next((_clause(person.guideline, name) for _, name in limits if name in own), rule.source.clause),
    }


def _clause(guideline: Guideline, threshold: str) -> str:
    return guideline.thresholds[threshold].source.clause


def _against(guideline: Guideline, limits: list[tuple[str, str]], unit: str) -> str:
    """Thresholds as "below 133 pmol/L" or "180 to 350 ng/L" in the unit of the result, or as published."""
    words = {"below": "below", "above": "above", "at_least": "from", "at_most": "up to"}
    said = {op: _threshold(guideline, name, unit) for op, name in limits if name in guideline.thresholds}
    low, high = said.get("at_least"), said.get("at_most")
    if low and high and low[1] == high[1]:
        return f"{low[0]} to {high[0]} {unit_words(low[1])}".strip()
    return ", ".join(f"{words[op]} {value} {unit_words(one)}".strip() for op, (value, one) in said.items())


def _threshold(guideline: Guideline, name: str, unit: str) -> tuple[str, str]:
    values = {one: value for value, one in guideline.thresholds[name].values}
    same = {"pg/mL": "ng/L", "ng/L": "pg/mL"}.get(unit, unit)
    chosen = next((one for one in (unit, same) if one in values), next(iter(values)))
    return number(values[chosen]), chosen if chosen != same else unit


def _history(person: Person) -> dict[str, Any]:
    """When and on what evidence treatment began, what runs now, and how far back the record reaches."""
    first = person.value("first_b12_dose")
    evidence = [name for name, one in catalogue().items() if one.selector == "before" and known(person, one)]
    began = _record_begins(person)
    return {
        "treated": person.value("ever_b12_treated"),
        "first_dose": _day(first),
        "evidence": list(sources(person, "first_b12_dose")),
        "results_before": [_finding(person, name) for name in evidence] if first is not None else [],
        "on_injections": person.value("on_injections"),
        "on_tablets": person.value("on_oral_b12"),
        "last_injection": _day(person.value("last_injection")),
        "next_injection_due": _day(person.value("next_injection_due")),
        "interval_days": person.value("injection_interval_days"),
        "record_begins": _day(began),
    }


def _record_begins(person: Person) -> date | None:
    """First day of the stretch for which treatment is recorded, or of the first dated entry that is not the birth."""
    concept, dated = pl.col("concept").cast(pl.String), pl.col("time").is_not_null()
    rows = person.own_events.filter(dated & ~concept.str.starts_with("person_"))
    covered = rows.filter(concept == "covers_treatment")
    first = (covered if covered.height else rows)["time"].dt.date().min()
    return first if isinstance(first, date) else None


def _alerts(person: Person) -> Iterator[dict[str, Any]]:
    for alert, rules in _collected(person, "alerts"):
        strongest = rules[0]
        yield {
            "id": alert,
            "severity": strongest.then.get("grade", ""),
            "says": _says(strongest),
            "rule": f"alerts.{strongest.id}",
        }


def _says(rule: Rule) -> str:
    text = sentence(rule.says)
    return f"{text} {CHECK_THE_SOURCE}" if rule.source.certainty == "recalled" else text


def reasons(person: Person) -> Iterator[dict[str, Any]]:
    """Every rule that decided something, in reading order, with its clause and the entries it rests on."""
    tables = person.guideline.tables
    order = sorted(tables, key=lambda name: READING_ORDER.index(name) if name in READING_ORDER else len(tables))
    for name in order:
        yield from _table_reasons(person, tables[name])
        if name == "regimen":
            yield from _regimen_reason(person)


def _table_reasons(person: Person, table: Table) -> Iterator[dict[str, Any]]:
    for rule in fired(person, table):
        says = _says(rule) + _own_numbers(person.guideline, rule)
        yield _reason(table.name, rule.id, says, rule, rule_sources(person, rule))
    for rule in left_open(person, table):
        yield _reason(table.name, rule.id, f"Not known, and it would decide: {_says(rule)}", rule, [])


def _own_numbers(guideline: Guideline, rule: Rule) -> str:
    """What a laboratory's own thresholds put in place of the numbers a rule names."""
    used = [name for name in guideline.overrides if name in _thresholds_of(guideline, rule.when)]
    if not used:
        return ""
    said = [f"{_threshold(guideline, name, '')[0]} {unit_words(_threshold(guideline, name, '')[1])}" for name in used]
    own = _clause(guideline, used[0])
    return f" Here the laboratory's own number applies: {' and '.join(said)} [{own}]."


def _thresholds_of(guideline: Guideline, condition: Condition) -> set[str]:
    """Names of the thresholds a condition compares with, through its terms."""
    found: set[str] = set()
    for atom in atoms(condition):
        if atom[0] in ("below", "above", "at_least", "at_most"):
            found.add(atom[2])
        elif len(atom) > 1 and atom[1] in guideline.terms:
            found |= _thresholds_of(guideline, guideline.terms[atom[1]].when)
    return found


def _reason(table: str, rule_id: str, says: str, rule: Any, evidence: list[str]) -> dict[str, Any]:
    return {
        "table": table,
        "rule": rule_id,
        "says": says,
        "clause": rule.source.clause,
        "certainty": rule.source.certainty,
        "evidence": evidence,
    }


def _regimen_reason(person: Person) -> Iterator[dict[str, Any]]:
    regimen = person.guideline.regimens.get(_outcome(person, "regimen"))
    if regimen is not None:
        off_label = "" if regimen.licensed else " This use is outside the product's licence."
        says = sentence(regimen.says) + off_label
        says += f" {CHECK_THE_SOURCE}" if regimen.source.certainty == "recalled" else ""
        yield _reason("regimens", regimen.id, says, regimen, [])


def _findings(person: Person) -> Iterator[dict[str, Any]]:
    """What the record says, each with its entry; what rests on silence is in `taken_as_absent`."""
    for name, finding in catalogue().items():
        if known(person, finding) and not _is_silent_no(person, finding):
            yield _finding(person, name)


def _finding(person: Person, name: str) -> dict[str, Any]:
    found = fact(person, name)
    value = f"{found.comparator}{number(found.value)}" if found.comparator else found.value
    return {
        "name": name,
        "value": _plain(value),
        "unit": found.unit,
        "date": found.day.isoformat() if found.day else None,
        "evidence": list(found.sources),
    }


def _is_silent_no(person: Person, finding: Finding) -> bool:
    return person.value(finding.name) is False and not sources(person, finding.name)


def _taken_as_absent(person: Person) -> Iterator[str]:
    """Findings that are no only because the record lists their whole domain and does not name them."""
    for name, finding in catalogue().items():
        if finding.silence == "no" and finding.concepts and _is_silent_no(person, finding):
            yield name


def _question(one: Any) -> dict[str, Any]:
    changes = [{"if": change["if"], "then": change["then"]} for change in one.would_change]
    return {"finding": one.finding, "ask": one.ask, "would_change": changes}


def _changes(found: variation.WouldChange) -> Iterator[dict[str, Any]]:
    """Single things found out, then the first of the pairs: hundreds of pairs may differ in a symptom only."""
    pairs = [one for one in found.changes if len(one.parts) > 1][:PAIRS_SHOWN]
    for one in found.changes:
        if len(one.parts) == 1 or one in pairs:
            parts = [
                {"finding": part.finding, "ask": part.ask, "is": part.said, "cost": part.cost, "why": part.why}
                for part in one.parts
            ]
            yield {"if": parts, "then": one.then}


def _day(value: date | None) -> str | None:
    return value.isoformat() if value is not None else None


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def _jsonable(row: dict[str, Any]) -> dict[str, Any]:
    return {name: _plain(value) for name, value in row.items()}
