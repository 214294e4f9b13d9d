"""One resource on its way into events: its place, its person, and what it refers to."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cobalamin.records.fhir.elements import Json, Moment, items, mapping, reference, text
from cobalamin.records.fhir.files import Entry
from cobalamin.records.fhir.outcome import NotRelevant, SetAside

Row = dict[str, Any]


@dataclass
class Resource:
    """A FHIR resource with its address ("Observation/abc") and the means to follow its references.

    `number` counts the resources of a reading; `elsewhere` holds what may be referred to (Medication).
    """

    entry: Entry
    number: int = 0
    elsewhere: dict[str, dict[str, Json]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @property
    def body(self) -> dict[str, Json]:
        """The resource itself."""
        return self.entry.body

    @property
    def kind(self) -> str:
        """The type of the resource."""
        return str(self.body["resourceType"])

    @property
    def address(self) -> str:
        """Where an answer points to: type and id, or else file and line."""
        own = text(self.body.get("id"))
        return f"{self.kind}/{own}" if own else f"{self.entry.place} ({self.kind})"

    def follow(self, value: Json) -> dict[str, Json]:
        """The contained or known resource that a Reference means; {} where it is not here."""
        target = reference(value)
        if target.startswith("#"):
            return next((each for each in items(self.body.get("contained")) if each.get("id") == target[1:]), {})
        return self.elsewhere.get(self.resolve(target), {})

    def resolve(self, target: str) -> str:
        """A reference as "Type/id", whatever form it has."""
        if target in self.entry.addresses:
            return self.entry.addresses[target]
        parts = target.split("/_history/", maxsplit=1)[0].split("/")
        return "/".join(parts[-2:]) if len(parts) > 1 else target

    def person(self) -> str:
        """The id of the person the resource is about.

        Raises SetAside where nobody is named, NotRelevant where it is not about a person.
        """
        value = self.body.get("subject", self.body.get("patient"))
        target = reference(value)
        if not target:
            named = mapping(mapping(value).get("identifier")).get("value")
            raise SetAside("subject only by identifier or in words" if named or value else "no subject")
        if target.startswith("#"):
            return self._contained_person(target)
        kind, _, own = self.resolve(target).rpartition("/")
        if kind and kind != "Patient":
            raise NotRelevant(f"subject is not a person but a {kind}" if kind.isalpha() else "subject is elsewhere")
        if not kind or "?" in own:
            raise SetAside("subject that cannot be found")
        return own

    def _contained_person(self, target: str) -> str:
        if self.follow({"reference": target}).get("resourceType") != "Patient":
            raise SetAside("subject that cannot be found")
        return f"{text(self.body.get('id')) or self.entry.place}{target}"

    def note(self, words: str) -> None:
        """A note for the ledger, kept only if the resource is used."""
        self.notes.append(words)

    def row(self, concept: str, when: Moment | None, **columns: Any) -> Row:
        """An event about this resource; a point in time unless `until` is given. No date: undated."""
        time, precision = when or (None, "undated")
        row: Row = {
            "concept": concept,
            "time": time,
            "precision": precision,
            "until": time,
            "source": self.address,
        }
        row["point"] = "until" not in columns
        row.update(columns)
        return row

    def encounter(self) -> str | None:
        """The encounter the resource belongs to, as "Encounter/id"."""
        target = reference(self.body.get("encounter")) or reference(self.body.get("context"))
        found = self.resolve(target) if target else ""
        return found if found.startswith("Encounter/") else None


def refuse_what_could_reverse(body: dict[str, Json]) -> None:
    """A modifier extension or implicit rules may turn any meaning round: such a resource is not used."""
    if body.get("modifierExtension"):
        raise SetAside("modifierExtension: it could reverse the meaning")
    if body.get("implicitRules"):
        raise SetAside("implicitRules: they could reverse the meaning")


def end_not_before(start: datetime | None, end: datetime | None) -> datetime | None:
    """The end, or SetAside where it lies before the start."""
    if start is not None and end is not None and end < start:
        raise SetAside("ends before it begins")
    return end
