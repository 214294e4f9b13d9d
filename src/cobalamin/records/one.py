"""One person's record, whatever it is: a patient sheet, or FHIR R4; a file or standard input."""

from __future__ import annotations

import json
import tempfile
from datetime import date
from pathlib import Path
from typing import BinaryIO

from cobalamin.errors import CobalaminError
from cobalamin.events import Events
from cobalamin.records.ledger import Intake, Ledger

FHIR_ENDINGS = (".ndjson", ".gz", ".jsonl")


def read_one(place: Path | str, on: date | None, *, today: date, piped: str | None = None) -> tuple[Intake, date]:
    """Events and ledger of one record, and the day of decision: `on`, or the sheet's own, or `today`.

    `piped` is the text read from standard input, in place of a file. A record that holds several people is
    returned whole; the caller chooses. Raises CobalaminError for what cannot be read.
    """
    if piped is not None:
        return _read_text(piped, on, today)
    path = Path(place)
    if not path.exists():
        raise CobalaminError(f"{path}: there is no such file. Name a patient sheet (.yaml, .json) or a FHIR Bundle.")
    if not path.is_dir() and not path.is_file():
        # A pipe such as <(command) can be read only once.
        return _read_text(_whole(path), on, today, str(path))
    if path.is_dir() or path.name.lower().endswith(FHIR_ENDINGS) or _is_fhir(_start_of(path)):
        return _read_fhir(path, on, today)
    from cobalamin.records.sheet import read_sheet

    sheet = read_sheet(path, on=on, today=today)
    return sheet, sheet.on


STANDARD_INPUT = "standard input"
MOST_BYTES = 500_000_000


def read_stream(stream: BinaryIO, name: str) -> str:
    """The text of a pipe. Raises CobalaminError where it is not UTF-8, or has no end."""
    content = stream.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise CobalaminError(f"{name}: more than 500 MB for one person. Name a file, or use `cobalamin audit`.")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CobalaminError(f"{name}: not UTF-8 text (byte {error.start + 1}). Send it as UTF-8.") from None


def _whole(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            return read_stream(stream, str(path))
    except OSError as error:
        raise CobalaminError(f"{path}: cannot be read ({error.strerror}).") from None


def _read_text(text: str, on: date | None, today: date, name: str = STANDARD_INPUT) -> tuple[Intake, date]:
    if _is_fhir(text):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "record.json"
            path.write_text(text, encoding="utf-8")
            try:
                return _read_fhir(path, on, today)
            except CobalaminError as error:
                # The temporary file's name would help nobody.
                raise CobalaminError(str(error).replace(str(path), name).replace(path.name, name)) from None
    from cobalamin.records.sheet import read_sheet

    sheet = read_sheet(text if "\n" in text else text + "\n", on=on, today=today, name=name)
    return sheet, sheet.on


def _read_fhir(path: Path, on: date | None, today: date) -> tuple[Intake, date]:
    from cobalamin.records.open import read_records

    day = on or today
    chunks = list(read_records(path, not_after=day))
    if not chunks:
        raise CobalaminError(f"{path}: no person in this record. A Bundle needs a Patient and entries about it.")
    ledger = Ledger()
    for chunk in chunks:
        ledger.add(chunk.ledger)
    if len(chunks) == 1:
        return Intake(chunks[0].events, ledger), day
    import polars as pl

    return Intake(Events.of(pl.concat([chunk.events.frame for chunk in chunks])), ledger), day


def _start_of(path: Path) -> str:
    try:
        with path.open("rb") as file:
            # Only what begins as JSON can be FHIR; a large file of anything else is not read for that.
            start = file.read(4096).decode("utf-8-sig", errors="replace")
            return start + file.read().decode("utf-8", errors="replace") if _begins_as_json(start) else start
    except OSError as error:
        raise CobalaminError(f"{path}: cannot be read ({error.strerror}).") from None


def _is_fhir(text: str) -> bool:
    """True for JSON whose top level names a resource type; broken JSON that mentions one counts too."""
    if not _begins_as_json(text):
        return False
    try:
        top = json.loads(text)
    except (ValueError, RecursionError):
        return '"resourceType"' in text
    first = top[0] if isinstance(top, list) and top else top
    return isinstance(first, dict) and "resourceType" in first


def _begins_as_json(text: str) -> bool:
    return text.lstrip("\ufeff \t\r\n").startswith(("{", "["))
