"""Facts: one person's rows of an assessment, with the record they point into."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

import polars as pl

from cobalamin.errors import CobalaminError
from cobalamin.events import Events
from cobalamin.guidance import Guideline


class Assessed(Protocol):
    """What is needed of an assessment, which is made above this room."""

    @property
    def on(self) -> date:
        """Day of decision."""

    @property
    def guideline(self) -> Guideline:
        """What was applied."""

    @property
    def events(self) -> Events:
        """The record."""

    @property
    def findings(self) -> pl.DataFrame:
        """One row a person."""

    @property
    def trace(self) -> pl.DataFrame:
        """One row a person."""

    @property
    def plan(self) -> pl.DataFrame:
        """One row a dated item."""


@dataclass(frozen=True)
class Facts:
    """One person on one day. `findings` and `trace` by column; `plan` as rows; `events` only the person's own."""

    patient_id: str
    on: date
    guideline: Guideline
    findings: Mapping[str, Any]
    trace: Mapping[str, Any]
    plan: tuple[Mapping[str, Any], ...]
    events: pl.DataFrame

    def value(self, finding: str) -> Any:
        """The record's answer: yes, no, a value, or None where it holds no data. What does not apply is a no."""
        if self.findings.get(f"finding.{finding}.na"):
            return False
        return self.findings[f"finding.{finding}"]

    def is_yes(self, finding: str) -> bool:
        """True where the record says yes; a number or date counts as yes."""
        value = self.value(finding)
        return value is not None and value is not False

    def day(self, finding: str) -> date | None:
        """The day of the result that answers a finding."""
        time: datetime | None = self.findings.get(f"finding.{finding}.time")
        return time.date() if time else None

    def term(self, name: str) -> bool | None:
        """A named condition of the guidance: yes, no or open."""
        answer: bool | None = self.trace.get(f"term.{name}")
        return answer

    def outcome(self, output: str) -> str | None:
        """What a decision table says: status, route, regimen, ..."""
        found: str | None = self.trace.get(f"output.{output}")
        return found

    def cause(self, name: str) -> str | None:
        """How certain a cause is: confirmed, probable, possible; None where it is not thought of."""
        certainty: str | None = self.trace.get(f"cause.{name}")
        return certainty


def facts_of(assessment: Assessed, patient_id: str | None = None) -> Facts:
    """One person of an assessment; the only one where no name is given. Raises CobalaminError where that is unclear."""
    ids = assessment.findings["patient_id"].to_list()
    whom: str | None = patient_id if patient_id is not None else ids[0] if len(ids) == 1 else None
    if whom is None or whom not in ids:
        raise CobalaminError(f"The assessment holds {len(ids)} people; name one of them.")
    own = pl.col("patient_id") == whom
    place = ids.index(whom)
    return Facts(
        patient_id=whom,
        on=assessment.on,
        guideline=assessment.guideline,
        findings=assessment.findings.row(place, named=True),
        trace=assessment.trace.row(place, named=True),
        plan=tuple(assessment.plan.filter(own).to_dicts()),
        events=assessment.events.frame.filter(own),
    )
