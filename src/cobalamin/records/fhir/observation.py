"""Observation: laboratory results, scores, and coded findings, symptoms and states."""

from __future__ import annotations

from datetime import datetime

from cobalamin.records.fhir.elements import Json, Moment, code_words, items, mapping, moment, period
from cobalamin.records.fhir.meaning import FACTS, RESULTS, meanings
from cobalamin.records.fhir.outcome import NotRelevant, SetAside
from cobalamin.records.fhir.resource import Resource, Row
from cobalamin.records.fhir.results import Result, printed_range, read_result, yes_or_no
from cobalamin.records.wording import kind_of

_USABLE = {"final", "amended", "corrected", "appended"}
_LASTING_KINDS = {"diet"}


def read_observation(resource: Resource) -> list[Row]:
    """The result of the Observation itself. Its components are read one by one by `components`."""
    body = resource.body
    return _read(resource, body, body.get("code"))


def components(resource: Resource) -> list[dict[str, Json]]:
    """The parts of a panel; each counts as an item of its own in the ledger."""
    return items(resource.body.get("component"))


def read_component(resource: Resource, component: dict[str, Json]) -> list[Row]:
    """The result of one component, with the day and state of its Observation."""
    return _read(resource, component, component.get("code"))


def _read(resource: Resource, holder: dict[str, Json], code: Json) -> list[Row]:
    found = meanings(code, RESULTS | FACTS)
    if not found:
        found = _said_by_value(holder)
        if not found:
            raise NotRelevant("observation")
        _refuse_state(resource.body, found[0])
        return [_fact(resource, concept, present=True) for concept in found]
    concept = found[0]
    if _is_panel(holder):
        raise NotRelevant("panel whose parts are counted one by one")
    _refuse_state(resource.body, concept)
    if kind_of(concept) == "lab":
        return [_result_row(resource, holder, concept)]
    return [_fact(resource, concept, present=yes_or_no(holder, concept))]


def _is_panel(holder: dict[str, Json]) -> bool:
    has_parts = bool(holder.get("component") or holder.get("hasMember") or holder.get("related"))
    return has_parts and not any(key.startswith("value") for key in holder)


def _said_by_value(holder: dict[str, Json]) -> list[str]:
    """An unknown question with a known answer ("diet" = "vegan") says what the answer says."""
    answer = holder.get("valueCodeableConcept")
    return meanings(answer, FACTS - {"allergy", "procedure"}) if answer else []


def _refuse_state(body: dict[str, Json], item: str) -> None:
    status = next(iter(code_words(body.get("status"))), "")
    if status not in _USABLE:
        raise SetAside(f"status {status}" if status.replace("-", "").isalpha() else "no status", item)


def _when(resource: Resource) -> tuple[Moment | None, datetime | None]:
    body = resource.body
    start, end = period(body.get("effectivePeriod"))
    events = mapping(body.get("effectiveTiming")).get("event")
    listed = moment(events[0]) if isinstance(events, list) and events else None
    sampled = moment(body.get("effectiveDateTime")) or moment(body.get("effectiveInstant")) or end or start or listed
    issued = moment(body.get("issued"))
    if sampled is None and issued:
        resource.note("day of the sample unknown: day of issue used")
    return sampled or issued, issued[0] if issued else None


def _fact(resource: Resource, concept: str, present: bool) -> Row:
    when, known_at = _when(resource)
    row = resource.row(concept, when, present=present, known_at=known_at, encounter=resource.encounter())
    if kind_of(concept) in _LASTING_KINDS and present:
        row["until"] = None
    return row


def _result_row(resource: Resource, holder: dict[str, Json], concept: str) -> Row:
    result: Result = read_result(holder, concept)
    low, high = printed_range(holder, concept, result.unit)
    when, known_at = _when(resource)
    if result.note:
        resource.note(result.note)
    return resource.row(
        concept, when, known_at=known_at, value=result.value, unit=result.unit, comparator=result.comparator,
        flag=result.flag, text=result.text, low=low, high=high, encounter=resource.encounter(),
    )  # fmt: skip
