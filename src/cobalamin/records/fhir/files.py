"""FHIR from disk: Bundles, resources, NDJSON, plain or gz, one file or a folder, as a stream of entries.

What cannot be read is counted in the ledger with its file and line; reading goes on behind it.
NDJSON is streamed by the line; a Bundle is one JSON document and is held in memory while it is read.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cobalamin.records.ledger import Ledger
from cobalamin.records.raw import DAMAGED, open_plain

ENDINGS = (".json", ".ndjson", ".jsonl", ".json.gz", ".ndjson.gz", ".jsonl.gz")
_BAD_JSON = (ValueError, RecursionError)
_WIDE_BYTE_ORDER_MARKS = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True)
class Entry:
    """One resource, where it was found ("labs.ndjson:14"), and the addresses its Bundle gave."""

    place: str
    body: dict[str, Any]
    addresses: dict[str, str] = field(default_factory=dict)


def fhir_files(path: Path) -> list[Path]:
    """The files of a folder that can hold FHIR, in the order of their names; a file is a list of one."""
    if path.is_file():
        return [path]
    return sorted(
        each for each in path.rglob("*")
        if each.is_file() and each.name.lower().endswith(ENDINGS) and not each.name.startswith(".")
    )  # fmt: skip


def entries(path: Path, ledger: Ledger) -> Iterator[Entry]:
    """All resources of a file or folder, in order."""
    for file in fhir_files(path):
        name = file.name if path.is_file() else file.relative_to(path).as_posix()
        yield from _entries_of_file(file, name, ledger)


def _entries_of_file(file: Path, name: str, ledger: Ledger) -> Iterator[Entry]:
    with open_plain(file) as stream:
        try:
            first = stream.readline()
            if first.startswith(_WIDE_BYTE_ORDER_MARKS):
                ledger.put_aside("file", "not UTF-8 text; save it as UTF-8", name)
            elif _is_lines(file, first):
                yield from _entries_of_lines(first, stream, name, ledger)
            else:
                yield from _entries_of_document(first + stream.read(), name, ledger)
        except DAMAGED:
            ledger.put_aside("file", "the file ends early or is damaged; read up to there", name)


def _is_lines(file: Path, first: bytes) -> bool:
    if any(ending in file.name.lower() for ending in (".ndjson", ".jsonl")):
        return True
    try:
        return isinstance(json.loads(first), dict)
    except _BAD_JSON:
        return False


def _entries_of_lines(first: bytes, stream: io.BufferedIOBase, name: str, ledger: Ledger) -> Iterator[Entry]:
    line, count = first, 1
    while line:
        if line.strip():
            yield from _entries_of_text(line, f"{name}:{count}", ledger)
        line, count = stream.readline(), count + 1


def _entries_of_document(content: bytes, name: str, ledger: Ledger) -> Iterator[Entry]:
    if not content.strip():
        ledger.put_aside("file", "an empty file", name)
        return
    try:
        document = json.loads(content)
    except _BAD_JSON:
        yield from _entries_of_broken_document(content, name, ledger)
        return
    yield from _entries_of_json(document, name, ledger)


def _entries_of_broken_document(content: bytes, name: str, ledger: Ledger) -> Iterator[Entry]:
    """Lines of JSON under another name whose first line is broken, or else one unreadable document."""
    lines = content.splitlines(keepends=True)
    if len(lines) > 1 and lines[1].lstrip().startswith(b'{"'):
        yield from _entries_of_lines(lines[0], io.BytesIO(b"".join(lines[1:])), name, ledger)
    else:
        ledger.put_aside("file", _why_not_json(content), name)


def _entries_of_text(line: bytes, place: str, ledger: Ledger) -> Iterator[Entry]:
    try:
        document = json.loads(line)
    except _BAD_JSON:
        ledger.put_aside("line", _why_not_json(line), place)
        return
    yield from _entries_of_json(document, place, ledger)


def _why_not_json(content: bytes) -> str:
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return "not UTF-8 text; save it as UTF-8"
    return "not JSON: broken or cut off"


def _entries_of_json(document: object, place: str, ledger: Ledger) -> Iterator[Entry]:
    if isinstance(document, list):
        for count, each in enumerate(document, 1):
            yield from _entries_of_json(each, f"{place} item {count}", ledger)
    elif not isinstance(document, dict) or not isinstance(document.get("resourceType"), str):
        ledger.put_aside("JSON", "not a FHIR resource: no resourceType", place)
    elif document["resourceType"] == "Bundle":
        yield from _entries_of_bundle(document, place, ledger)
    else:
        yield Entry(place, document)


def _entries_of_bundle(bundle: dict[str, Any], place: str, ledger: Ledger) -> Iterator[Entry]:
    listed = bundle.get("entry")
    listed = listed if isinstance(listed, list) else []
    addresses: dict[str, str] = {}
    for entry in listed:
        _note_address(entry, addresses)
    for count, entry in enumerate(listed, 1):
        where = f"{place} entry {count}"
        body = entry.get("resource") if isinstance(entry, dict) else None
        if not isinstance(body, dict) or not isinstance(body.get("resourceType"), str):
            ledger.pass_over("a Bundle entry without a resource")
        elif body["resourceType"] == "Bundle":
            yield from _entries_of_bundle(body, where, ledger)
        else:
            yield Entry(where, body, addresses)


def _note_address(entry: object, addresses: dict[str, str]) -> None:
    """Learn "urn:uuid:..." or an absolute address; a resource without an id takes the uuid as its own."""
    if not isinstance(entry, dict) or not isinstance(body := entry.get("resource"), dict):
        return
    url, kind = entry.get("fullUrl"), body.get("resourceType")
    if not isinstance(url, str) or not isinstance(kind, str):
        return
    if not isinstance(body.get("id"), str) or not body["id"]:
        body["id"] = url.removeprefix("urn:uuid:").rsplit("/", 1)[-1]
    addresses[url] = f"{kind}/{body['id']}"
