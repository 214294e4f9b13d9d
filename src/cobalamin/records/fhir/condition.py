"""Condition: diagnoses, past operations, diets and symptoms that were coded."""

from __future__ import annotations

from cobalamin.records.fhir.elements import Json, Moment, code_words, last_moment_of, moment, period
from cobalamin.records.fhir.meaning import FACTS, meanings
from cobalamin.records.fhir.outcome import NotRelevant, SetAside
from cobalamin.records.fhir.resource import Resource, Row, end_not_before
from cobalamin.vocabulary.concepts import concepts

_UNCERTAIN = {"provisional", "differential", "unconfirmed"}
_DENIED = {"refuted", "entered-in-error"}
_ENDED = {"resolved", "inactive", "remission"}
_RUNNING = {"", "active", "recurrence", "relapse"}
# These last: the person is still vegan, pregnant or frail until the record says otherwise.
_LASTING = {"condition", "diet", "status"}


def read_condition(resource: Resource) -> list[Row]:
    """A diagnosis runs from its onset to its abatement, or on; a coded symptom or operation is a point."""
    found = meanings(resource.body.get("code"), FACTS)
    if not found:
        raise NotRelevant("condition")
    _refuse_doubt(resource.body, found[0])
    when, known_at = _onset(resource)
    rows = [_row(resource, concept, when) for concept in found]
    for row in rows:
        row["known_at"] = known_at
        row["encounter"] = resource.encounter() if when is None else None
    return rows


def _refuse_doubt(body: dict[str, Json], item: str) -> None:
    status = code_words(body.get("verificationStatus"))
    for word in status & (_DENIED | _UNCERTAIN):
        raise SetAside(word, item)
    if body.get("verificationStatus") is not None and not status:
        raise SetAside("verification status that cannot be read", item)


def _onset(resource: Resource) -> tuple[Moment | None, object]:
    body = resource.body
    recorded = moment(body.get("recordedDate")) or moment(body.get("assertedDate"))
    when = moment(body.get("onsetDateTime")) or period(body.get("onsetPeriod"))[0]
    if when is None and recorded:
        resource.note("onset unknown: day of recording used")
    return when or recorded, recorded[0] if recorded else None


def _row(resource: Resource, concept: str, when: Moment | None) -> Row:
    kind = concepts()[concept].kind
    status = _clinical_status(resource.body, concept)
    abated = _abatement(resource.body)
    start = when[0] if when else None
    if abated:
        return resource.row(concept, when, until=end_not_before(start, last_moment_of(abated)))
    if kind not in _LASTING:
        return resource.row(concept, when)
    if status in _RUNNING and not _abated_in_words(resource.body):
        return resource.row(concept, when, until=None)
    if when is None:
        raise SetAside("ended, without any date", concept)
    resource.note("end unknown: closed at its start")
    return resource.row(concept, when)


def _clinical_status(body: dict[str, Json], concept: str) -> str:
    words = code_words(body.get("clinicalStatus"))
    if body.get("clinicalStatus") is not None and not words & (_ENDED | _RUNNING):
        raise SetAside("clinical status that cannot be read", concept)
    return next(iter(words & _ENDED), "active")


def _abatement(body: dict[str, Json]) -> Moment | None:
    start, end = period(body.get("abatementPeriod"))
    return moment(body.get("abatementDateTime")) or end or start


def _abated_in_words(body: dict[str, Json]) -> bool:
    """An abatement as an age, a range, "true" or words: it is over, on a day unknown."""
    return any(key.startswith("abatement") and value is not False and value for key, value in body.items())
