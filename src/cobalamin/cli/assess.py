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
    guidance: Annotated[
        str, typer.Option("--guidance", "-g", help="Id (`cobalamin guidance list`) or folder.")
    ] = "nice_ng239",
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
    receipt_file: Annotated[
        Path | None,
        typer.Option("--receipt", metavar="FILE", help="Write a receipt too, which `cobalamin verify` can check."),
    ] = None,
) -> None:
    """Assess one person: what to do, why, and what is not known.

    Examples:

      cobalamin assess examples/worked_patient.yaml

      cobalamin assess bundle.json --format html --out answer.html

      cat sheet.yaml | cobalamin assess - --format json
    """
    from cobalamin.cli.output import guideline_named, write_text
    from cobalamin.report.answer import answer

    wanted = Wanted(guideline_named(guidance), on.date() if on else None, patient, laboratory)
    assessment, ledger = assess_record(record, wanted)
    written = _written(answer(assessment, ledger=ledger), assessment, form, reasons=reasons)
    if receipt_file is not None:
        _write_receipt(assessment, record, receipt_file)
    write_text(written, out)


def _write_receipt(assessment: Assessment, record: Path, file: Path) -> None:
    from cobalamin.audit.receipt import receipt
    from cobalamin.cli.output import json_text, write_text

    reference = "standard input" if str(record) == "-" else record.name
    write_text(json_text(receipt(assessment, reference)) + "\n", file)


def _written(found: dict[str, Any], assessment: Assessment, form: Format, *, reasons: bool) -> str:
    from cobalamin.cli.output import json_text, safe

    if form is Format.json:
        return json_text(found)
    if form is Format.html:
        from cobalamin.report.html import html

        return safe(html(found, assessment))
    from cobalamin.report.text import text

    return safe(text(found, reasons=reasons)).rstrip("\n")


def assess_record(record: Path, wanted: Wanted) -> tuple[Assessment, Ledger]:
    """Read one person's record and assess it. Raises CobalaminError with what, where and what to do."""
    from cobalamin.assess import assess
    from cobalamin.events import Events
    from cobalamin.guidance import load
    from cobalamin.records.one import STANDARD_INPUT, read_one, read_stream

    overrides = laboratory_overrides(wanted) if wanted.laboratory else None
    piped = read_stream(sys.stdin.buffer, STANDARD_INPUT) if str(record) == "-" else None
    intake, day = read_one(record, wanted.on, today=date.today(), piped=piped)
    frame = intake.events.frame
    person = _the_person(frame["patient_id"].unique(maintain_order=True).to_list(), record, wanted.patient)
    events = Events(frame.filter(frame["patient_id"] == person))
    return assess(events, load(wanted.guidance, day, overrides), on=day), intake.ledger


def laboratory_overrides(wanted: Wanted) -> dict[str, Any]:
    """The laboratory's thresholds, each of a name that the guideline has."""
    from cobalamin.cli.output import did_you_mean
    from cobalamin.guidance import load
    from cobalamin.guidance.laboratory import read_laboratory

    found = read_laboratory(wanted.laboratory) if wanted.laboratory else {}
    known = load(wanted.guidance).thresholds
    for name in found:
        if name not in known:
            raise CobalaminError(
                f"{wanted.laboratory}: {wanted.guidance} has no threshold {name!r}.{did_you_mean(name, known)} "
                f"`cobalamin guidance show {wanted.guidance}` lists them."
            )
    return found


SHOWN = 5


def _the_person(people: list[str], record: Path, asked: str | None) -> str:
    """The one to assess. Raises CobalaminError where nobody or several could be meant."""
    from cobalamin.cli.output import did_you_mean

    if asked is not None and asked in people:
        return asked
    if asked is None and len(people) == 1:
        return people[0]
    held = ", ".join(people[:SHOWN]) + (f" and {len(people) - SHOWN} more" if len(people) > SHOWN else "")
    if not people:
        raise CobalaminError(f"{record}: nothing in this record is about vitamin B12 or says who it is about.")
    if asked is not None:
        raise CobalaminError(f"{record}: holds no person {asked!r}.{did_you_mean(asked, people)} It holds: {held}.")
    raise CobalaminError(
        f"{record}: holds {len(people)} people ({held}); assess answers for one. Name one with --patient ID, "
        "or use `cobalamin audit` for many."
    )
