"""One person's record, whatever it is: a patient sheet, or FHIR R4; a file or standard input."""

from __future__ import annotations

import json
import tempfile
from datetime import date
from pathlib import Path

from cobalamin.errors import CobalaminError
from cobalamin.events import Events
from cobalamin.records.ledger import Intake, Ledger

FHIR_ENDINGS = (".ndjson", ".gz", ".jsonl")


def read_one(
    place: Path | str, on: date | None, *, today: date, piped: str | None = None
) -> tuple[Intake, date]:
    """Events and ledger of one record, and the day of decision: `on`, or the sheet's own, or `today`.

    `piped` is the text read from standard input, in place of a file. A record that holds several people is
    returned whole; the caller chooses. Raises CobalaminError for what cannot be read.
    """
    if piped is not None:
        return _read_text(piped, on, today)
    path = Path(place)
    if not path.exists():
        raise CobalaminError(
            f"{path}: there is no such file. Name a patient sheet (.yaml, .json) or a FHIR Bundle."
        )
    if path.is_dir() or path.name.lower().endswith(FHIR_ENDINGS) or _is_fhir(_start_of(path)):
        return _read_fhir(path, on, today)
    from cobalamin.records.sheet import read_sheet

    sheet = read_sheet(path, on=on, today=today)
    return sheet, sheet.on


def _read_text(text: str, on: date | None, today: date) -> tuple[Intake, date]:
    if _is_fhir(text):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "standard input.json"
            path.write_text(text, encoding="utf-8")
            return _read_fhir(path, on, today)
    from cobalamin.records.sheet import read_sheet

    sheet = read_sheet(text if "\n" in text else text + "\n", on=on, today=today)
    return sheet, sheet.on


def _read_fhir(path: Path, on: date | None, today: date) -> tuple[Intake, date]:
    from cobalamin.records.open import read_records

    day = on or today
    chunks = list(read_records(path, not_after=day))
    if not chunks:
        raise CobalaminError(
            f"{path}: no person in this record. A Bundle needs a Patient and entries about it."
        )
    ledger = Ledger()
    for chunk in chunks:
        ledger.add(chunk.ledger)
    if len(chunks) == 1:
        return Intake(chunks[0].events, ledger), day
    import polars as pl

    return Intake(Events.of(pl.concat([chunk.events.frame for chunk in chunks])), ledger), day


def _start_of(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig", errors="replace")
    except OSError as error:
        raise CobalaminError(f"{path}: cannot be read ({error.strerror}).") from None


def _is_fhir(text: str) -> bool:
    """True for JSON whose top level names a resource type; broken JSON that mentions one counts too."""
    if not text.lstrip("\ufeff \t\r\n").startswith(("{", "[")):
        return False
    try:
        top = json.loads(text)
    except (ValueError, RecursionError):
        return '"resourceType"' in text
    first = top[0] if isinstance(top, list) and top else top
    return isinstance(first, dict) and "resourceType" in first
