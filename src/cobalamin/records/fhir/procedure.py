"""Procedure and Immunization: operations, and injections of B12 recorded as something done."""

from __future__ import annotations

from typing import Any

from cobalamin.records.fhir.elements import Moment, code_words, moment, period, text
from cobalamin.records.fhir.meaning import FACTS_AND_PRODUCTS, PRODUCTS, meanings
from cobalamin.records.fhir.outcome import NotRelevant, SetAside
from cobalamin.records.fhir.resource import Resource, Row
from cobalamin.records.fhir.routes import route_of
from cobalamin.records.wording import is_b12

_DONE = {"completed", "in-progress"}


def read_procedure(resource: Resource) -> list[Row]:
    """An operation is a point on its day. A B12 injection done is a dose, its amount unknown."""
    body = resource.body
    found = meanings(body.get("code"), FACTS_AND_PRODUCTS)
    if not found:
        raise NotRelevant("procedure")
    _refuse_not_done(body, found[0])
    if body.get("notDone") is True:  # R3
        raise SetAside("not done", found[0])
    when = _performed(resource)
    return [_row(resource, concept, when) for concept in found]


def read_immunization(resource: Resource) -> list[Row]:
    """No vaccine is B12; some records keep B12 injections here, known by product code or words."""
    body = resource.body
    found = [each for each in meanings(body.get("vaccineCode"), PRODUCTS) if is_b12(each)]
    if not found:
        raise NotRelevant("immunization")
    _refuse_not_done(body, found[0])
    when = moment(body.get("occurrenceDateTime")) or moment(body.get("date"))
    if when is None:
        raise SetAside("a dose without a date", found[0])
    return [resource.row(found[0], when, route=route_of(body.get("route"), found[0]) or "im")]


def _refuse_not_done(body: dict[str, Any], item: str) -> None:
    words = code_words(body.get("status"))
    status = next(iter(words), "")
    if status not in _DONE:
        raise SetAside(f"status {status}" if status.replace("-", "").isalpha() else "no status", item)
    if text(body.get("statusReason")) or body.get("wasNotGiven") is True:
        raise SetAside("not done", item)


def _performed(resource: Resource) -> Moment | None:
    body = resource.body
    start, end = period(body.get("performedPeriod"))
    return moment(body.get("performedDateTime")) or start or end


def _row(resource: Resource, concept: str, when: Moment | None) -> Row:
    encounter = resource.encounter() if when is None else None
    if concept != "proc_b12_injection" and not is_b12(concept):
        return resource.row(concept, when, encounter=encounter)
    if when is None and encounter is None:
        raise SetAside("a dose without a date", concept)
    return resource.row(concept, when, route=route_of(None, concept) or "im", encounter=encounter)
