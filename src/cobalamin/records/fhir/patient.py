"""Patient: birth with its precision, sex, death, family background."""

from __future__ import annotations

from cobalamin.records.fhir.elements import code_words, items, mapping, moment, text
from cobalamin.records.fhir.outcome import SetAside
from cobalamin.records.fhir.resource import Resource, Row

_RACE = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-race"
_BLACK_OR_AFRICAN_AMERICAN = "2054-5"  # OMB category of the US core race extension


def read_patient(resource: Resource) -> list[Row]:
    """Who the person is. A Patient that was merged into another is set aside."""
    body = resource.body
    links = {text(link.get("type")) for link in items(body.get("link"))}
    if "replaced-by" in links:
        raise SetAside("Patient replaced by another")
    rows = _birth(resource) + _sex(resource) + _death(resource) + _background(resource)
    if not rows:
        raise SetAside("Patient without birth date, sex or death")
    return rows


def _birth(resource: Resource) -> list[Row]:
    when = moment(resource.body.get("birthDate"))
    return [resource.row("person_birth", when)] if when else []


def _sex(resource: Resource) -> list[Row]:
    concept = {"female": "person_female", "male": "person_male"}.get(text(resource.body.get("gender")).lower())
    if concept is None:
        resource.note("sex not stated as female or male")
        return []
    return [resource.row(concept, moment(resource.body.get("birthDate")), until=None)]


def _death(resource: Resource) -> list[Row]:
    when = moment(resource.body.get("deceasedDateTime"))
    if when:
        return [resource.row("person_died", when)]
    return [resource.row("person_died", None)] if resource.body.get("deceasedBoolean") is True else []


def _background(resource: Resource) -> list[Row]:
    for extension in items(resource.body.get("extension")):
        if extension.get("url") != _RACE:
            continue
        for part in items(extension.get("extension")):
            if _BLACK_OR_AFRICAN_AMERICAN in code_words(mapping(part.get("valueCoding"))):
                return [resource.row("person_black_family_background", None)]
    return []
