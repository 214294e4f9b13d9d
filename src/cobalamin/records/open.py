"""Open a record whatever it is: FHIR or tables, one file or a folder, told apart by content."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

from cobalamin.errors import CobalaminError
from cobalamin.records.fhir import read_fhir
from cobalamin.records.fhir.files import fhir_files
from cobalamin.records.ledger import Intake
from cobalamin.records.raw import DAMAGED, open_plain

MAPPING_NAME = "mapping.yaml"
_TABLES = (".csv", ".tsv", ".tab", ".parquet", ".csv.gz", ".tsv.gz", ".parquet.gz")


def read_records(
    path: str | Path,
    mapping: str | Path | None = None,
    *,
    not_after: date | None = None,
    chunk_patients: int = 10_000,
) -> Iterator[Intake]:
    """Chunks of whole patients, each with its events and a ledger that adds up.

    FHIR R4 (Bundle, resource, NDJSON; plain or gz; file or folder) needs no mapping. Tables (CSV, Parquet)
    need one: `mapping`, or `mapping.yaml` in the folder. `not_after`: entries dated later are set aside as in
    the future; give the day of reading. Raises CobalaminError where there is nothing that can be read.
    """
    place = Path(path)
    if not place.exists():
        raise CobalaminError(f"{place}: no such file or folder.")
    plan = Path(mapping) if mapping else _mapping_beside(place)
    if plan is not None:
        # Loaded here: a FHIR record needs neither the mapping schema nor a YAML parser.
        from cobalamin.records.tables import read_tables

        return read_tables(place, plan, not_after=not_after, chunk_patients=chunk_patients)
    if _holds_fhir(place):
        return read_fhir(place, not_after=not_after, chunk_patients=chunk_patients)
    raise CobalaminError(_neither(place))


def _mapping_beside(place: Path) -> Path | None:
    found = place / MAPPING_NAME if place.is_dir() else None
    return found if found is not None and found.is_file() else None


def _holds_fhir(place: Path) -> bool:
    if place.is_dir():
        return bool(fhir_files(place))
    with open_plain(place) as stream:
        try:
            start = stream.read(4096).lstrip(b"\xef\xbb\xbf \t\r\n")
        except DAMAGED:
            return place.name.lower().endswith((".json.gz", ".ndjson.gz"))
    return start[:1] in (b"{", b"[") or ".ndjson" in place.name.lower()


def _neither(place: Path) -> str:
    names = [place.name] if place.is_file() else sorted(each.name for each in place.iterdir())
    if any(name.lower().endswith(_TABLES) for name in names):
        return (
            f"{place}: tables need a mapping file that says which column means what. "
            f"Give one with --mapping, or put {MAPPING_NAME} into the folder."
        )
    held = f" It holds: {', '.join(names[:10])}." if names and place.is_dir() else ""
    return (
        f"{place}: no record here.{held} Expected FHIR (.json, .ndjson, .jsonl, also .gz) "
        f"or tables (.csv, .parquet) with a mapping file."
    )
