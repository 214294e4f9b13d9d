"""DiagnosticReport: film reports and other conclusions in words; numbers are read as Observations."""

from __future__ import annotations

from cobalamin.records.fhir.elements import code_words, items, moment, period, text
from cobalamin.records.fhir.meaning import FACTS, RESULTS, meanings
from cobalamin.records.fhir.outcome import NotRelevant, SetAside
from cobalamin.records.fhir.resource import Resource, Row
from cobalamin.records.wording import understood_report, understood_result

_USABLE = {"final", "amended", "corrected", "appended"}


def read_report(resource: Resource) -> list[Row]:
    """What a conclusion says about the blood film, antibodies and the like."""
    body = resource.body
    conclusion = text(body.get("conclusion"))
    coded = [each for code in items(body.get("conclusionCode")) for each in meanings(code, FACTS)]
    facts = [(concept, None) for concept in coded] + _said(body, conclusion)
    if not facts:
        raise NotRelevant("report whose results are read as Observations")
    status = next(iter(code_words(body.get("status"))), "")
    if status not in _USABLE:
        raise SetAside(f"status {status}" if status.replace("-", "").isalpha() else "no status", facts[0][0])
    when = moment(body.get("effectiveDateTime")) or period(body.get("effectivePeriod"))[1]
    issued = moment(body.get("issued"))
    if when is None and issued is None:
        raise SetAside("a report without a date", facts[0][0])
    return [
        resource.row(concept, when or issued, known_at=issued[0] if issued else None, flag=flag, text=words)
        for concept, flag in facts
        for words in [conclusion or None]
    ]


def _said(body: dict[str, object], conclusion: str) -> list[tuple[str, str | None]]:
    """Film words in the conclusion; a plain "positive" answers the test the report is named after."""
    if not conclusion:
        return []
    found = understood_report(conclusion)
    if found:
        return list(found)
    tests, flag = meanings(body.get("code"), RESULTS), understood_result(conclusion)
    return [(tests[0], flag)] if tests and flag else []
