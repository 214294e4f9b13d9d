"""What could be found out about one person, each with all it may turn out to be: missing, to repeat, in doubt."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import polars as pl

from cobalamin.decision.doubt import assays, reach_of_date, reach_of_result
from cobalamin.decision.questions import cuts, inside, intervals, questions
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

    `cost` is one of COSTS, cheapest first; `test` the name it is ordered under, "" for all else.
    """

    finding: str
    ask: str
    cost: str
    why: str
    answers: dict[str, dict[str, Any]]
    test: str = ""


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
    """Everything open about a person among the findings that matter (`read`), tests first, each once."""
    names = [name for name in catalogue() if name in set(read) and not findings.get(f"finding.{name}.na")]
    tests = [one for found in _by_concept(names).values() for one in _results(found, findings, guideline)]
    return [*tests, *_dates(names, findings, guideline, events), *_asked(names, findings, guideline)]


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
    if fresh:
        yield from _result(fresh, findings, guideline, past=False)
    past = [finding for finding in found if begun and finding.selector == "before"]
    if past:
        yield from _result(past, findings, guideline, past=True)


def _result(sampled: list[Finding], row: dict[str, Any], guideline: Guideline, *, past: bool) -> Iterator[Input]:
    one = next((finding for finding in sampled if _is_known(finding, row)), sampled[0])
    known = _is_known(one, row)
    limits = sorted({limit for finding in sampled for limit in cuts(finding, guideline)})
    reach = reach_of_result(one, row) if known else None
    bands = [] if known and reach is None else within(limits, one.unit, reach)
    answers = {said: _sets(sampled, value, row) for said, value in bands}
    # What was not sampled before treatment can only be found in old letters.
    cost = ("cannot" if known else "ask") if past else cost_of(one)
    assay = assays().get(one.concepts[0])
    asked = one.ask or f"{one.means.rstrip('.')}?"
    test = assay.test if assay is not None and not past else ""
    if answers or test:
        why = IN_DOUBT if known else NOT_RECORDED if past else NOT_DONE
        yield Input(one.name, asked, cost, why, answers, test)


def _is_known(finding: Finding, row: dict[str, Any]) -> bool:
    return row[finding.column] is not None


def within(limits: list[float], unit: str, reach: tuple[float, float] | None) -> list[tuple[str, float]]:
    """A value in each band that can be reached; none where all that can be reached lies in one band."""
    bands = list(intervals(limits, unit))
    if reach is None:
        return [(said, inside(low, high)) for said, low, high in bands]
    lowest, highest = reach
    cut = [(said, max(low, lowest), min(high, highest)) for said, low, high in bands]
    met = [(said, (low + high) / 2) for said, low, high in cut if low < high]
    return met if len(met) > 1 else []


def _sets(sampled: list[Finding], value: float, row: dict[str, Any]) -> dict[str, Any]:
    """The columns that a sample with this result fills, in the canonical unit."""
    sets: dict[str, Any] = {}
    for finding in sampled:
        name, held = finding.name, row[finding.column]
        if held is not None and _keeps(finding.selector, held, value):
            continue
        sets |= {name: value, f"{name}.unit": finding.unit, f"{name}.cmp": None, f"{name}.flag": None}
    return sets


def _keeps(selector: str, held: float, value: float) -> bool:
    """The lowest stays the lowest where the new value is higher; the highest likewise."""
    return (selector == "after_lowest" and held <= value) or (selector == "after_highest" and held >= value)


def _dates(names: list[str], row: dict[str, Any], guideline: Guideline, events: pl.DataFrame | None) -> Iterator[Input]:
    for name in names:
        finding = catalogue()[name]
        reach = reach_of_date(finding, row, events) if finding.kind == "number" else None
        if reach is not None:
            bands = within(sorted(cuts(finding, guideline)), finding.unit, reach)
            if bands:
                ask = finding.ask or f"{finding.means.rstrip('.')}?"
                yield Input(name, ask, cost_of(finding), DATE_IN_DOUBT, {said: {name: value} for said, value in bands})


def _asked(names: list[str], row: dict[str, Any], guideline: Guideline) -> Iterator[Input]:
    """What nobody has said: yes or no, or a number in each band; examined and asked in one breath where grouped."""
    unknown = [name for name in names if row[f"finding.{name}"] is None and catalogue()[name].kind != "measurement"]
    for question in questions(unknown, guideline):
        finding = catalogue().get(question.finding)
        cost = cost_of(finding) if finding is not None else "ask"
        why = NOT_ASKED if cost in ("ask", "examine") else NOT_DONE
        yield Input(question.finding, question.ask, cost, why, question.answers)
