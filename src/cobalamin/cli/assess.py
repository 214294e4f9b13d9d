"""`cobalamin assess`: one person, from a sheet or a FHIR Bundle."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from cobalamin.errors import CobalaminError

if TYPE_CHECKING:
    from cobalamin.assess import Assessment
    from cobalamin.records.ledger import Ledger


class Format(StrEnum):
    """How the answer is written."""

    text = "text"
    json = "json"
    html = "html"


def assess_command(
    record: Path = typer.Argument(
        ..., help="A patient sheet (YAML or JSON), a FHIR R4 Bundle, or - for standard input."
    ),
    guidance: str = typer.Option(
        "nice_ng239", "--guidance", "-g", help="Id of a guideline: cobalamin guidance list."
    ),
    on: datetime = typer.Option(
        None, "--on", formats=["%Y-%m-%d"], help="Day of decision; else the sheet's, else today."
    ),
    form: Format = typer.Option(Format.text, "--format", "-f", help="How the answer is written."),
    reasons: bool = typer.Option(
        False, "--reasons", "-r", help="With the rules, their sources and the ledger."
    ),
    patient: str = typer.Option(None, "--patient", "-p", help="Which person, where a Bundle holds several."),
    laboratory: Path = typer.Option(
        None, "--laboratory", "-l", help="The laboratory's thresholds: a YAML file."
    ),
    out: Path = typer.Option(None, "--out", "-o", help="Write to this file instead of the screen."),
) -> None:
    """Assess one person and say what to do, why, and what is not known.

    Examples:

      cobalamin assess examples/worked_patient.yaml

      cobalamin assess bundle.json --format html --out answer.html

      cat sheet.yaml | cobalamin assess - --format json
    """
    from cobalamin.cli.output import write_text
    from cobalamin.report.answer import answer

    assessment, ledger = assess_record(record, guidance, on.date() if on else None, patient, laboratory)
    from cobalamin.decision.variation import missing

    asked = missing(assessment.findings, assessment.trace, assessment.guideline)
    found = answer(assessment, assessment.findings["patient_id"][0], ledger=ledger, missing=asked)
    write_text(_written(found, assessment, form, reasons), out)


def _written(found: dict[str, Any], assessment: Assessment, form: Format, reasons: bool) -> str:
    if form is Format.json:
        import json

        return json.dumps(found, indent=2, ensure_ascii=False)
    if form is Format.html:
        from cobalamin.report.html import html

        return html(found, assessment)
    from cobalamin.report.text import text

    return text(found, reasons=reasons)


def assess_record(
    record: Path, guidance: str, on: date | None, patient: str | None = None, laboratory: Path | None = None
) -> tuple[Assessment, Ledger]:
    """Read one person's record and assess it. Raises CobalaminError with what, where and what to do."""
    from cobalamin.assess import assess
    from cobalamin.events import Events
    from cobalamin.guidance import load
    from cobalamin.guidance.laboratory import read_laboratory
    from cobalamin.records.one import read_one

    intake, day = read_one(record, on or None)
    frame = intake.events.frame
    people = frame["patient_id"].unique(maintain_order=True).to_list()
    if patient is not None:
        people = [name for name in people if name == patient]
    if len(people) != 1:
        raise CobalaminError(
            f"{record}: holds {len(people)} people; assess answers for one. Name one with --patient ID, "
            "or use `cobalamin audit` for many."
        )
    overrides = read_laboratory(laboratory) if laboratory else None
    events = Events(frame.filter(frame["patient_id"] == people[0]))
    return assess(events, load(guidance, day, overrides), on=day), intake.ledger
