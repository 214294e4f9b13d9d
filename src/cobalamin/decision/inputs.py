"""What could be found out about one person, each with all it may turn out to be: missing, to repeat, in doubt."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

import polars as pl

from cobalamin.decision.bands import Scale, Stretch, canonical_value, scale, within
from cobalamin.decision.decide import program
from cobalamin.decision.doubt import assays, reach_of_date, reach_of_result
from cobalamin.decision.questions import questions
from cobalamin.findings.derived import base_findings
from cobalamin.findings.inverse import base_value
from cobalamin.guidance import Guideline
from cobalamin.vocabulary.catalogue import Finding, catalogue
from cobalamin.vocabulary.concepts import read_csv

COSTS = ("ask", "examine", "blood", "special", "endoscopy", "cannot")
# Why an input is open.
NOT_ASKED, NOT_DONE, NOT_RECORDED = "not asked", "not done", "not on record"
IN_DOUBT, DATE_IN_DOUBT = "within its error", "date in doubt"
# Which findings a sample taken today would fill: nothing can be sampled before a treatment that has begun.
FRESH = {False: ("latest", "before"), True: ("latest", "after", "after_lowest", "after_highest")}


@dataclass(frozen=True)
class Input:
    """Something open: `answers` maps what it may turn out to be to the columns it sets (without "finding.").

    `cost` is one of COSTS, cheapest first; `test` the name it is ordered under, "" for all else. Where the answers
    are stretches of a number, `measured` is the scale they lie on and `ends` the two ends of each, by answer.
    """

    finding: str
    ask: str
    cost: str
    why: str
    answers: dict[str, dict[str, Any]]
    test: str = ""
    measured: Scale | None = None
    ends: dict[str, tuple[float, float]] = field(default_factory=dict)


@cache
def _costs() -> dict[str, str]:
    return {row["item"]: row["cost"] for row in read_csv("costs.csv")}


def cost_of(finding: Finding) -> str:
    """How dear it is to find out: by concept, or else by domain."""
    known = _costs()
    return next((known[one] for one in finding.concepts[:1] if one in known), known[finding.domain])


def inputs(
    findings: dict[str, Any], read: Iterable[str], guideline: Guideline, events: pl.DataFrame | None = None
) -> list[Input]:
    """Everything open about a person among the findings that matter (`read`), tests first, each once.

    What is derived from other findings is not varied itself: they are, and it is computed anew.
    """
    wanted = with_bases(read)
    names = [name for name in catalogue() if name in wanted and not findings.get(f"finding.{name}.na")]
    tests = [one for found in _by_concept(names).values() for one in _results(found, findings, guideline)]
    return [*tests, *_dates(names, findings, guideline, events), *_asked(names, findings, guideline)]


def with_bases(read: Iterable[str]) -> set[str]:
    """Findings that come from the record, in place of those derived from them."""
    derived = base_findings()
    return {base for name in read for base in derived.get(name, (name,))}


def _by_concept(names: list[str]) -> dict[str, list[Finding]]:
    found: dict[str, list[Finding]] = {}
    for name in names:
        finding = catalogue()[name]
        if finding.kind == "measurement":
            found.setdefault(finding.concepts[0], []).append(finding)
    return found


def treated(findings: dict[str, Any]) -> bool:
    """True once B12 was ever given: a new sample then is one on treatment."""
    return findings["finding.first_b12_dose"] is not None or bool(findings["finding.ever_b12_treated"])


def _results(found: list[Finding], findings: dict[str, Any], guideline: Guideline) -> Iterator[Input]:
    """A new sample, and a result from before treatment that is lost or may be off."""
    begun = treated(findings)
    fresh = [finding for finding in found if finding.selector in FRESH[begun]]
    if fresh and not _is_computed(fresh[0], findings):
        yield from _result(fresh, findings, guideline, past=False)
    past = [finding for finding in found if begun and finding.selector == "before"]
    if past:
        yield from _result(past, findings, guideline, past=True)


def _is_computed(finding: Finding, row: dict[str, Any]) -> bool:
    """True for the one of creatinine and eGFR that the other stands for.

    An eGFR that creatinine gives is not ordered: the creatinine is what may be off. A creatinine never taken is
    not asked for: the eGFR that comes with it is.
    """
    if _is_known(finding, row):
        return False
    return finding.name == "creatinine" or (finding.name == "egfr_reported" and row["finding.egfr"] is not None)


def _result(sampled: list[Finding], row: dict[str, Any], guideline: Guideline, *, past: bool) -> Iterator[Input]:
    one = next((finding for finding in sampled if _is_known(finding, row)), sampled[0])
    known = _is_known(one, row)
    measured = scale_of(one, guideline, row, sampled)
    reach = reach_of_result(one, row) if known else None
    bands = [] if known and reach is None else within(measured, reach)
    answers = {stretch[0]: _sets(sampled, value, row, past=past) for stretch, value in bands}
    # What was not sampled before treatment can only be found in old letters.
    cost = ("cannot" if known else "ask") if past else cost_of(one)
    assay = assays().get(one.concepts[0])
    asked = one.ask or f"{one.means.rstrip('.')}?"
    test = assay.test if assay is not None and not past else ""
    if answers or test:
        why = IN_DOUBT if known else NOT_RECORDED if past else NOT_DONE
        yield Input(one.name, asked, cost, why, answers, test, measured, _ends(bands))


def _ends(bands: list[tuple[Stretch, float]]) -> dict[str, tuple[float, float]]:
    return {said: (low, high) for (said, low, high), _ in bands}


def _is_known(finding: Finding, row: dict[str, Any]) -> bool:
    return row[finding.column] is not None


def scale_of(finding: Finding, guideline: Guideline, row: Mapping[str, Any], sampled: Iterable[Finding] = ()) -> Scale:
    """The limits that matter for a finding, those of what one sample fills besides, and of what is derived from it."""
    compared, computed = program(guideline).compared, set()
    for derived, bases in base_findings().items():
        if finding.name in bases:
            limits = [canonical_value(catalogue()[derived], guideline.thresholds[n]) for n in compared.get(derived, ())]
            found = [base_value(derived, limit, finding.name, row) for limit in limits]
            computed |= {value for value in found if value is not None}
    return scale(finding, guideline, row, sampled, computed)


def _sets(sampled: list[Finding], value: float, row: dict[str, Any], *, past: bool) -> dict[str, Any]:
    """The columns that a sample with this result fills, in the canonical unit; a new sample is one of today."""
    sets: dict[str, Any] = {}
    for finding in sampled:
        name, held = finding.name, row[finding.column]
        if held is not None and _keeps(finding.selector, held, value):
            continue
        sets |= {name: value, f"{name}.unit": finding.unit, f"{name}.cmp": None, f"{name}.flag": None}
        if not past:
            sets[f"{name}.time"] = datetime.combine(row["on"], datetime.min.time())
    return sets


def _keeps(selector: str, held: float, value: float) -> bool:
    """The lowest stays the lowest where the new value is higher; the highest likewise."""
    return (selector == "after_lowest" and held <= value) or (selector == "after_highest" and held >= value)


def _dates(names: list[str], row: dict[str, Any], guideline: Guideline, events: pl.DataFrame | None) -> Iterator[Input]:
    for name in names:
        finding = catalogue()[name]
        reach = reach_of_date(finding, row, events) if finding.kind == "number" else None
        if reach is not None:
            measured = scale_of(finding, guideline, row)
            bands = within(measured, reach)
            if bands:
                ask = finding.ask or f"{finding.means.rstrip('.')}?"
                answers = {stretch[0]: {name: value} for stretch, value in bands}
                yield Input(name, ask, cost_of(finding), DATE_IN_DOUBT, answers, "", measured, _ends(bands))


def _asked(names: list[str], row: dict[str, Any], guideline: Guideline) -> Iterator[Input]:
    """What nobody has said: yes or no, or a number in each band; examined and asked in one breath where grouped."""
    unknown = [name for name in names if row[f"finding.{name}"] is None and catalogue()[name].kind != "measurement"]
    for question in questions(unknown, guideline, row):
        finding = catalogue().get(question.finding)
        cost = cost_of(finding) if finding is not None else "ask"
        why = NOT_ASKED if cost in ("ask", "examine") else NOT_DONE
        if finding is None or finding.kind != "number":
            answers = {said: sets | _sampled_today(sets, row) for said, sets in question.answers.items()}
            yield Input(question.finding, question.ask, cost, why, answers)
            continue
        measured = scale_of(finding, guideline, row)
        bands = within(measured, None)
        answers = {stretch[0]: {finding.name: value} for stretch, value in bands}
        yield Input(question.finding, question.ask, cost, why, answers, "", measured, _ends(bands))


def _sampled_today(sets: dict[str, Any], row: dict[str, Any]) -> dict[str, Any]:
    """An antibody found today may be found because of an injection shortly before."""
    if not sets.get("if_antibody_positive"):
        return {}
    return {"if_antibody_days_after_injection": row["finding.days_since_last_injection"]}
