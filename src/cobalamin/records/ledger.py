"""The ledger: what became of every item of a record. In = used + not relevant + set aside, always."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from cobalamin.errors import CobalaminError
from cobalamin.events import Events

EXAMPLES_KEPT = 200


@dataclass
class Ledger:
    """Counts every item that was read, and keeps the first examples of what was set aside.

    `item` names a thing (a code, a word, a kind of resource) and never a value of a person.
    """

    items_in: int = 0
    used: int = 0
    not_relevant: Counter[str] = field(default_factory=Counter)
    set_aside: Counter[str] = field(default_factory=Counter)
    notes: Counter[str] = field(default_factory=Counter)
    examples: list[dict[str, str]] = field(default_factory=list)

    def use(self, count: int = 1) -> None:
        """Count items that became events."""
        self.items_in += count
        self.used += count

    def pass_over(self, reason: str, count: int = 1) -> None:
        """Count items that say nothing about vitamin B12."""
        self.items_in += count
        self.not_relevant[reason] += count

    def put_aside(self, item: str, reason: str, source: str = "", count: int = 1) -> None:
        """Count items that could matter and could not be used, with the reason and the place."""
        self.items_in += count
        self.set_aside[reason] += count
        if len(self.examples) < EXAMPLES_KEPT:
            self.examples.append({"item": item, "reason": reason, "source": source})

    def note(self, text: str, count: int = 1) -> None:
        """Say something about items that were used ("end unknown, closed at its start")."""
        self.notes[text] += count

    def add(self, other: Ledger) -> None:
        """Take the counts of another ledger into this one."""
        self.items_in += other.items_in
        self.used += other.used
        for mine, theirs in ((self.not_relevant, other.not_relevant), (self.set_aside, other.set_aside)):
            mine.update(theirs)
        self.notes.update(other.notes)
        self.examples.extend(other.examples[: max(0, EXAMPLES_KEPT - len(self.examples))])

    def check(self) -> None:
        """Raise unless every item is accounted for."""
        accounted = self.used + self.not_relevant.total() + self.set_aside.total()
        if accounted != self.items_in:
            raise CobalaminError(
                f"The ledger does not add up: {self.items_in} items in, {accounted} accounted for. "
                "This is a fault of the reader; please report it with the kind of record."
            )

    def as_dict(self) -> dict[str, object]:
        """The ledger as the answer shows it."""
        return {
            "items": self.items_in,
            "used": self.used,
            "not_relevant": dict(self.not_relevant),
            "set_aside": self.examples,
            "set_aside_counts": dict(self.set_aside),
            "notes": dict(self.notes),
        }


@dataclass(frozen=True)
class Intake:
    """What a reader returns: the events and the ledger of where they came from."""

    events: Events
    ledger: Ledger
