"""FHIR R4 in, events and ledger out. One resource is one item, and so is each component of a panel."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime
from pathlib import Path

from cobalamin.errors import CobalaminError
from cobalamin.records.date_checks import EARLIEST
from cobalamin.records.fhir.allergy import read_allergy
from cobalamin.records.fhir.condition import read_condition
from cobalamin.records.fhir.elements import Json, code_words, items, mapping, moment, period, reference, text
from cobalamin.records.fhir.family import read_family
from cobalamin.records.fhir.files import Entry, entries, fhir_files
from cobalamin.records.fhir.finish import Reach, finish
from cobalamin.records.fhir.medicine import read_medicine
from cobalamin.records.fhir.observation import components, read_component, read_observation
from cobalamin.records.fhir.outcome import NotRelevant, SetAside
from cobalamin.records.fhir.patient import read_patient
from cobalamin.records.fhir.procedure import read_immunization, read_procedure
from cobalamin.records.fhir.report import read_report
from cobalamin.records.fhir.resource import Resource, Row, refuse_what_could_reverse
from cobalamin.records.fhir.spool import CONTEXT, DEAD, EVENT, SPAN, SPILL_ROWS, Spool
from cobalamin.records.ledger import Intake, Ledger

READERS: dict[str, Callable[[Resource], list[Row]]] = {
    "Patient": read_patient,
    "Observation": read_observation,
    "Condition": read_condition,
    "MedicationRequest": read_medicine,
    "MedicationStatement": read_medicine,
    "MedicationAdministration": read_medicine,
    "MedicationDispense": read_medicine,
    "Procedure": read_procedure,
    "Immunization": read_immunization,
    "AllergyIntolerance": read_allergy,
    "FamilyMemberHistory": read_family,
    "DiagnosticReport": read_report,
}
# Dates that show when somebody wrote something down; an onset long ago does not stretch the record.
_WRITTEN = (
    "recordedDate", "assertedDate", "authoredOn", "dateAsserted", "effectiveDateTime", "issued",
    "performedDateTime", "occurrenceDateTime", "whenHandedOver",
)  # fmt: skip
_PERIODS = ("effectivePeriod", "performedPeriod", "period")
_PASSED_ON = ("subject", "effectiveDateTime", "effectivePeriod", "issued", "encounter")
_VOID = {"entered-in-error", "refuted"}
# A resource that waits for a Medication further down; past this number it is read without.
DEFERRED_MOST = 100_000
SPANS_HELD = 50_000
LONGEST_KIND = 50
_SHAPE_ERRORS = (AttributeError, KeyError, IndexError, TypeError, ValueError, OverflowError, RecursionError)


def read_fhir(
    path: Path, *, not_after: date | None = None, chunk_patients: int = 10_000, spill_rows: int = SPILL_ROWS
) -> Iterator[Intake]:
    """Chunks of whole people from a Bundle, a resource, NDJSON (plain or gz) or a folder of these.

    `not_after`: entries dated after this day are set aside as in the future; null checks nothing.
    The first chunk's ledger also holds what belongs to nobody: broken lines, kinds that are not read.
    Raises CobalaminError where there is nothing to read at all.
    """
    if not fhir_files(path):
        raise CobalaminError(
            f"{path}: no FHIR here. Expected .json, .ndjson or .jsonl files (also .gz) in or below it."
        )
    reading = _Reading(Reach(not_after=not_after), Spool(spill_rows))
    try:
        for entry in entries(path, reading.ledger):
            reading.take(entry)
        reading.take_deferred()
        if reading.resources == 0:
            raise CobalaminError(_nothing(path, reading.ledger))
        yield from reading.chunks(chunk_patients)
    finally:
        reading.spool.close()


def _nothing(path: Path, ledger: Ledger) -> str:
    why = "; ".join(f"{each['source']}: {each['reason']}" for each in ledger.examples[:3]) or "no resources in it"
    return f"{path}: no FHIR resource could be read ({why}). Give a Bundle, a resource or NDJSON in UTF-8."


class _Reading:
    """The state of one pass over a record."""

    def __init__(self, reach: Reach, spool: Spool) -> None:
        self.reach, self.spool, self.ledger = reach, spool, Ledger()
        self.resources = 0
        self.items = 0
        self._known: dict[str, dict[str, Json]] = {}
        self._deferred: list[Resource] = []
        self._spans: dict[str, tuple[datetime, datetime]] = {}

    def take(self, entry: Entry) -> None:
        """Read one resource, or keep it until its Medication has been seen."""
        self.resources += 1
        if entry.body["resourceType"] == "Medication" and (own := text(entry.body.get("id"))):
            self._known[f"Medication/{own}"] = entry.body
        resource = Resource(entry, self.resources, self._known)
        if self._must_wait(resource):
            self._deferred.append(resource)
        else:
            self._read(resource)

    def take_deferred(self) -> None:
        """Read what waited for a Medication."""
        for resource in self._deferred:
            self._read(resource)
        self._deferred = []
        self.flush_spans()

    def chunks(self, chunk_patients: int) -> Iterator[Intake]:
        """The finished chunks; each ledger is proved to add up."""
        pending = self.ledger
        for waiting in self.spool.people(chunk_patients):
            intake = finish(waiting, self.reach)
            pending.add(intake.ledger)
            pending.check()
            yield Intake(intake.events, pending)
            pending = Ledger()

    def _must_wait(self, resource: Resource) -> bool:
        pointer = mapping(resource.body.get("medicationReference")).get("reference")
        if not isinstance(pointer, str) or pointer.startswith("#") or len(self._deferred) >= DEFERRED_MOST:
            return False
        return not resource.follow({"reference": pointer})

    def _read(self, resource: Resource) -> None:
        reader = READERS.get(resource.kind)
        if reader is None:
            if resource.kind == "Encounter":
                self._encounter(resource)
            kind = resource.kind if resource.kind.isalpha() and len(resource.kind) < LONGEST_KIND else "unknown"
            self.ledger.pass_over(f"kind of resource: {kind}")
            return
        self._one(resource, lambda: reader(resource))
        self._span(resource)
        if resource.kind == "Patient" and (own := text(resource.body.get("id"))):
            self.spool.add({"mark": CONTEXT, "patient_id": own, "source": resource.address})
        if resource.kind == "DiagnosticReport":
            self._report(resource)
        if resource.kind == "Observation":
            for component in components(resource):
                self._one(resource, lambda component=component: read_component(resource, component))  # type: ignore[misc]

    def _one(self, resource: Resource, read: Callable[[], list[Row]]) -> None:
        """One item: its rows to the spool, or its entry in the ledger."""
        self.items += 1
        resource.notes = []
        place = f"{resource.entry.place} ({resource.address})"
        try:
            rows = read()
            person = self._person(resource)
            refuse_what_could_reverse(resource.body)
        except NotRelevant as why:
            # Only what was really recorded shows that the record covers its kind; what was set aside does not.
            self.reach.kinds.add(resource.kind)
            self.ledger.pass_over(str(why))
        except SetAside as why:
            self.ledger.put_aside(why.item or resource.kind, why.reason, place)
            self._bury(resource)
        except _SHAPE_ERRORS:
            self.ledger.put_aside(resource.kind, "not in the shape of FHIR", place)
        else:
            self.reach.kinds.add(resource.kind)
            self._keep(resource, person, rows)

    def _person(self, resource: Resource) -> str:
        if resource.kind != "Patient":
            return resource.person()
        own = text(resource.body.get("id"))
        if not own:
            raise SetAside("Patient without an id")
        return own

    def _keep(self, resource: Resource, person: str, rows: list[Row]) -> None:
        common: Row = {
            "mark": EVENT, "patient_id": person, "resource": resource.number, "item": self.items,
            "version": _version(resource.body), "place": resource.entry.place,
            "notes": "|".join(resource.notes) or None,
        }  # fmt: skip
        for row in rows:
            self.spool.add({**row, **common})
            if row["concept"].startswith(("lab_", "finding_")):
                self.reach.kinds.add("laboratory")

    def _span(self, resource: Resource) -> None:
        """Remember how far the record of a person reaches; what is not read as an event counts too."""
        try:
            person = self._person(resource)
        except (SetAside, NotRelevant, *_SHAPE_ERRORS):
            return
        dates = [when[0] for when in _written_dates(resource.body) if when[0] >= EARLIEST]
        if not dates:
            return
        end = self.reach.end
        latest = max((each for each in dates if end is None or each <= end), default=None)
        if latest is not None and (self.reach.latest is None or latest > self.reach.latest):
            self.reach.latest = latest
        known = self._spans.get(person)
        first, last = (min(dates), max(dates)) if known is None else (min(known[0], *dates), max(known[1], *dates))
        self._spans[person] = (first, last)
        if len(self._spans) > SPANS_HELD:
            self.flush_spans()

    def flush_spans(self) -> None:
        """Hand the reach of each person to the spool."""
        for person, (first, last) in self._spans.items():
            self.spool.add({"mark": SPAN, "patient_id": person, "time": first, "until": last})
        self._spans = {}

    def _bury(self, resource: Resource) -> None:
        """A void resource also ends older copies of itself."""
        body = resource.body
        words = code_words(body.get("status")) | code_words(body.get("verificationStatus"))
        own = text(body.get("id"))
        if not words & _VOID or not own:
            return
        try:
            person = self._person(resource)
        except (SetAside, NotRelevant):
            return
        self.spool.add(
            {"mark": DEAD, "patient_id": person, "resource": resource.number, "source": resource.address,
             "version": _version(body), "place": resource.entry.place}
        )  # fmt: skip

    def _encounter(self, resource: Resource) -> None:
        try:
            start, end = period(resource.body.get("period"))
            person = resource.person()
        except (SetAside, NotRelevant):
            return
        when = end or start
        if when is None or resource.address.endswith(")"):
            return
        self._span(resource)
        self.spool.add({"mark": CONTEXT, "patient_id": person, "time": when[0], "encounter": resource.address})

    def _report(self, resource: Resource) -> None:
        """A report dates the results it lists; results that it contains are read as Observations."""
        body = resource.body
        try:
            when = moment(body.get("effectiveDateTime")) or period(body.get("effectivePeriod"))[1]
            person = resource.person()
        except (SetAside, NotRelevant):
            return
        for result in items(body.get("result")) if when else []:
            target = resource.resolve(reference(result))
            self.spool.add({"mark": CONTEXT, "patient_id": person, "time": when[0], "encounter": target})  # type: ignore[index]
        for inner in items(body.get("contained")):
            if inner.get("resourceType") == "Observation":
                given = {key: body[key] for key in _PASSED_ON if key in body}
                own = {**given, **inner, "id": f"{text(body.get('id'))}#{text(inner.get('id'))}"}
                self.resources += 1
                self._read(Resource(Entry(f"{resource.entry.place} contained", own), self.resources, self._known))


def _version(body: dict[str, Json]) -> str | None:
    """What orders copies of a resource: when it was last updated, else its version number."""
    meta = mapping(body.get("meta"))
    number = text(meta.get("versionId"))
    return text(meta.get("lastUpdated")) or (number.rjust(12, "0") if number.isdigit() else None)


def _written_dates(body: dict[str, Json]) -> list[tuple[datetime, str]]:
    found: list[tuple[datetime, str]] = []
    values = [body[key] for key in _WRITTEN if key in body]
    values += [mapping(body[key]).get("start") for key in _PERIODS if key in body]
    for value in values:
        try:
            when = moment(value)
        except SetAside:
            continue
        if when:
            found.append(when)
    return found
