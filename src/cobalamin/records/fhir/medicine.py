"""Medicines: an administration is a dose; a request, statement or dispense is a regimen, never a dose."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from cobalamin.records.fhir.dosage import Dosage, end_of, read_dosage
from cobalamin.records.fhir.elements import (
    DAYS_IN,
    Json,
    Moment,
    after_days,
    code_words,
    items,
    last_moment_of,
    mapping,
    moment,
    number,
    period,
    text,
)
from cobalamin.records.fhir.meaning import PRODUCTS, meanings, words_of
from cobalamin.records.fhir.outcome import NotRelevant, SetAside
from cobalamin.records.fhir.resource import Resource, Row, end_not_before
from cobalamin.records.fhir.routes import LOCAL_FORMS, route_of
from cobalamin.records.fhir.strength import dose_in_canonical
from cobalamin.records.wording import products_of

# A supply of more than ten years is a slip of the pen.
LONGEST_SUPPLY_DAYS = 3653
_REFUSED_INTENTS = {"proposal", "plan", "option"}
_RUNNING = {"active", "in-progress"}
_ENDED = {"completed", "stopped", "on-hold", "cancelled", "ended"}
# What never reached the person, by kind of resource.
_NEVER = {
    "MedicationRequest": {"entered-in-error", "draft", "unknown", "cancelled"},
    "MedicationStatement": {"entered-in-error", "intended", "not-taken", "unknown"},
    "MedicationDispense": {
        "entered-in-error", "cancelled", "declined", "preparation", "on-hold", "stopped", "unknown",
    },
    "MedicationAdministration": {"entered-in-error", "not-done", "unknown", "on-hold", "stopped"},
}  # fmt: skip


def read_medicine(resource: Resource) -> list[Row]:
    """Rows of a medicine, for each substance: a dose for an administration, else one for each instruction."""
    product = _product(resource)
    found = products_of(meanings(product, PRODUCTS))
    if not found:
        raise NotRelevant("medicine")
    words = words_of(product)
    if found[0].startswith("drug_") and re.search(LOCAL_FORMS, words.lower()):
        raise NotRelevant("medicine applied locally")
    status = _status(resource, found[0])
    if resource.kind == "MedicationAdministration":
        return [_administration(resource, concept, words) for concept in found]
    return [row for concept in found for row in _regimens(resource, concept, words, status)]


def _product(resource: Resource) -> Json:
    body = resource.body
    if body.get("medicationCodeableConcept"):
        return body["medicationCodeableConcept"]
    pointer = body.get("medicationReference") or mapping(body.get("medication"))
    found = resource.follow(pointer)
    if found:
        return _with_ingredients(found)
    words = text(mapping(pointer).get("display"))
    if words:
        return {"text": words}
    raise SetAside("a medicine that is referred to and not in the record", "medicine")


def _with_ingredients(medication: dict[str, Json]) -> Json:
    """The Medication's own code, or its only active ingredient where the code is missing."""
    code = medication.get("code")
    if code:
        return code
    ingredients = items(medication.get("ingredient"))
    return ingredients[0].get("itemCodeableConcept") if len(ingredients) == 1 else None


def _status(resource: Resource, concept: str) -> str:
    body, kind = resource.body, resource.kind
    status = next(iter(code_words(body.get("status"))), "")
    if body.get("doNotPerform") is True:
        raise SetAside("do not perform", concept)
    if body.get("wasNotGiven") is True or body.get("wasNotTaken") is True or body.get("notDone") is True:
        raise SetAside("not done", concept)
    if status in _NEVER.get(kind, set()) or status not in _RUNNING | _ENDED:
        raise SetAside(f"status {status}" if status.replace("-", "").isalpha() else "no status", concept)
    intent = next(iter(code_words(body.get("intent"))), "")
    if intent in _REFUSED_INTENTS:
        raise SetAside(f"intent {intent}: not ordered", concept)
    return status


def _administration(resource: Resource, concept: str, words: str) -> Row:
    body = resource.body
    start, end = period(body.get("effectivePeriod") or body.get("effectiveTimePeriod"))
    when = moment(body.get("effectiveDateTime")) or moment(body.get("effectiveTimeDateTime")) or start or end
    if when is None:
        raise SetAside("a dose without a date", concept)
    dosage = read_dosage(mapping(body.get("dosage")))
    amount = dose_in_canonical(concept, dosage.quantity, dosage.unit, words, dosage.words)
    if concept.startswith("drug_metformin"):
        amount = None  # its unit is grams a day, and one dose does not tell the day
    return resource.row(
        concept, when, value=amount, unit=dosage.unit or None, route=route_of(dosage.route, concept, words)
    )


def _regimens(resource: Resource, concept: str, words: str, status: str) -> list[Row]:
    instructions = items(resource.body.get("dosageInstruction")) or items(resource.body.get("dosage"))
    dosages = [read_dosage(each) for each in instructions] or [Dosage()]
    when, known_at = _begin(resource, dosages[0])
    if when is None:
        resource.note("start of a medicine unknown")
    rows, begin = [], when
    for dosage in dosages:
        row = _regimen(resource, concept, words, dosage, begin)
        rows.append(row)
        # Steps follow each other: a loading course ends before maintenance begins.
        if begin and dosage.days and (later := after_days(begin[0], dosage.days)):
            begin = (later, begin[1])
    rows[-1]["until"] = _end(resource, rows[-1], status)
    kept = [row for row in rows[:-1] if row["until"] is not None] + rows[-1:]
    if len(kept) < len(rows):
        resource.note("an earlier step of a dosage without an end left out")
    for row in kept:
        row["known_at"] = known_at
    return kept


def _begin(resource: Resource, first: Dosage) -> tuple[Moment | None, datetime | None]:
    body = resource.body
    written = moment(body.get("authoredOn")) or moment(body.get("dateWritten")) or moment(body.get("dateAsserted"))
    handed = moment(body.get("whenHandedOver")) or moment(body.get("whenPrepared"))
    effective = moment(body.get("effectiveDateTime")) or period(body.get("effectivePeriod"))[0]
    planned = (first.start, "day") if first.start else None
    known = written[0] if written else None
    return effective or planned or handed or written, known


def _regimen(resource: Resource, concept: str, words: str, dosage: Dosage, when: Moment | None) -> Row:
    amount = dose_in_canonical(concept, dosage.quantity, dosage.unit, words, dosage.words)
    every = dosage.every_days
    if every is not None and every < 1 and amount is not None:
        amount, every = amount / every, 1.0
    if concept.startswith("drug_metformin"):
        amount = amount / every if amount is not None and every else None
    start = dosage.start or (when[0] if when else None)
    end = end_of(dosage, start) if start else dosage.end
    return resource.row(
        concept, (start, when[1] if when else "day") if start else None,
        until=end_not_before(start, end), value=amount, unit=dosage.unit or None, every_days=every,
        route=route_of(dosage.route, concept, words),
    )  # fmt: skip


def _end(resource: Resource, row: Row, status: str) -> datetime | None:
    """The end that the record names; else open while it runs, and a day after the start once it is over."""
    body, start = resource.body, row["time"]
    named: datetime | None = _named_end(body, start) or row["until"]
    if start is not None and named is not None and named > start:
        return named
    if start is not None and named is not None:
        named = None  # a period that ends as it begins would look like a dose
    if status in _RUNNING and resource.kind != "MedicationDispense":
        return named
    if start is None:
        if named is None:
            raise SetAside("ended, without any date", row["concept"])
        return named
    resource.note("end of a medicine unknown: closed a day after its start")
    closed: datetime = start + timedelta(days=1)
    return closed


def _named_end(body: dict[str, Json], start: datetime | None) -> datetime | None:
    for holder in (body.get("effectivePeriod"), mapping(body.get("dispenseRequest")).get("validityPeriod")):
        _, end = period(holder)
        if end:
            return end_not_before(start, last_moment_of(end))
    supply = mapping(body.get("daysSupply")) or mapping(
        mapping(body.get("dispenseRequest")).get("expectedSupplyDuration")
    )
    value = number(supply.get("value"))
    unit = DAYS_IN.get(text(supply.get("code")) or text(supply.get("unit")), 1.0)
    repeats = number(mapping(body.get("dispenseRequest")).get("numberOfRepeatsAllowed")) or 0.0
    days = value * unit * (1 + max(repeats, 0.0)) if value else 0.0
    return after_days(start, days) if start and 0 < days < LONGEST_SUPPLY_DAYS else None
