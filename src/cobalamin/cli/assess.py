"""`cobalamin assess`: one person, from a sheet or a FHIR Bundle."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

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


@dataclass(frozen=True)
class Wanted:
    """What to assess: whose record, under which guidance, on which day."""

    guidance: str
    on: date | None
    patient: str | None
    laboratory: Path | None


def assess_command(
    record: Annotated[Path, typer.Argument(help="Patient sheet (YAML, JSON), FHIR R4 record, or - for stdin.")],
    guidance: Annotated[str, typer.Option("--guidance", "-g", help="Id: `cobalamin guidance list`.")] = "nice_ng239",
    on: Annotated[
        datetime | None,
        typer.Option("--on", formats=["%Y-%m-%d"], help="Day of decision [sheet's, or today]."),
    ] = None,
    form: Annotated[Format, typer.Option("--format", "-f", help="How the answer is written.")] = Format.text,
    reasons: Annotated[bool, typer.Option("--reasons", "-r", help="With rules, sources and ledger.")] = False,
    patient: Annotated[str | None, typer.Option("--patient", "-p", help="Whom, where a record holds several.")] = None,
    laboratory: Annotated[
        Path | None,
        typer.Option("--laboratory", "-l", help="YAML file with the laboratory's own thresholds."),
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Write to this file.")] = None,
) -> None:
    """Assess one person: what to do, why, and what is not known.

    Examples:

      cobalamin assess examples/worked_patient.yaml

      cobalamin assess bundle.json --format html --out answer.html

      cat sheet.yaml | cobalamin assess - --format json
    """
    from cobalamin.cli.output import write_text
    from cobalamin.report.answer import answer

    wanted = Wanted(guidance, on.date() if on else None, patient, laboratory)
    assessment, ledger = assess_record(record, wanted)
    found = answer(assessment, ledger=ledger)
    write_text(_written(found, assessment, form, reasons=reasons), out)


def _written(found: dict[str, Any], assessment: Assessment, form: Format, *, reasons: bool) -> str:
    if form is Format.json:
        import json

        return json.dumps(found, indent=2, ensure_ascii=False)
    if form is Format.html:
        from cobalamin.report.html import html

        return html(found, assessment)
    from cobalamin.report.text import text

    return text(found, reasons=reasons)


def assess_record(record: Path, wanted: Wanted) -> tuple[Assessment, Ledger]:
    """Read one person's record and assess it. Raises CobalaminError with what, where and what to do."""
    from cobalamin.assess import assess
    from cobalamin.events import Events
    from cobalamin.guidance import load
    from cobalamin.guidance.laboratory import read_laboratory
    from cobalamin.records.one import read_one

    piped = _standard_input() if str(record) == "-" else None
    intake, day = read_one(record, wanted.on, today=date.today(), piped=piped)
    frame = intake.events.frame
    people = frame["patient_id"].unique(maintain_order=True).to_list()
    if wanted.patient is not None:
        people = [name for name in people if name == wanted.patient]
    if len(people) != 1:
        raise CobalaminError(
            f"{record}: holds {len(people)} people with that choice; assess answers for one. Name one with "
            "--patient ID, or use `cobalamin audit` for many."
        )
    overrides = read_laboratory(wanted.laboratory) if wanted.laboratory else None
    events = Events(frame.filter(frame["patient_id"] == people[0]))
    return assess(events, load(wanted.guidance, day, overrides), on=day), intake.ledger


def _standard_input() -> str:
    try:
        return sys.stdin.buffer.read().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CobalaminError(f"standard input: not UTF-8 text (byte {error.start + 1}).") from None
