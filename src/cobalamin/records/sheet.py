"""The patient sheet: one patient typed by a person, YAML or JSON → events and a ledger of every entry.

A missing key, null, an empty list and "not stated" mean *not stated*; "none", "no" and false mean
*asked: no*. What is not understood is set aside in the ledger, never dropped.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from cobalamin.errors import CobalaminError
from cobalamin.events import Events
from cobalamin.records.dates import read_date
from cobalamin.records.ledger import Intake
from cobalamin.records.sheet_complaints import (
    read_preference,
    read_preferences,
    read_response,
    read_signs,
    read_symptoms,
)
from cobalamin.records.sheet_desk import Desk, is_missing
from cobalamin.records.sheet_history import read_history
from cobalamin.records.sheet_labs import read_labs
from cobalamin.records.sheet_load import load_sheet
from cobalamin.records.sheet_person import PERSON_KEYS, read_person
from cobalamin.records.sheet_treatment import read_treatment

_OPTIONAL = ("adherence", "swallowing", "needle_fear", "refuses_injections", "agrees_to_tablets")
_TOP = (
    "on",
    "patient",
    "history",
    "symptoms",
    "signs",
    "labs",
    "treatment_so_far",
    "preferences",
    "response",
    "record_begins",
    "id",
    "patient_id",
    "notes",
)


@dataclass(frozen=True)
class SheetIntake(Intake):
    """Events and ledger of one sheet, the day of decision and the person's id."""

    on: date
    patient_id: str


def read_sheet(
    source: Mapping[str, Any] | str | Path, on: date | None = None, *, today: date | None = None, name: str = "sheet"
) -> SheetIntake:
    """Read one patient's sheet.

    `source` is a mapping, a path, or the sheet's text (a string with a line break, or one that begins
    with "{"). `on` overrules the sheet's own day of decision; `today` stands in where neither is given, so that
    the clock stays with the caller. `name` names a mapping or a text in messages. Raises CobalaminError where the
    sheet cannot be read at all, naming file and line; whatever can be read is, and the rest is in the ledger.
    """
    sheet, name = load_sheet(source, name)
    day = _day_of_decision(sheet, name, on, today)
    desk = Desk(_patient_id(sheet, source), day)
    try:
        _read(desk, sheet)
    except OverflowError:
        raise CobalaminError(f"{name}: a date or a duration is out of range (years 1 to 9999).") from None
    desk.ledger.check()
    return SheetIntake(Events.of(desk.rows), desk.ledger, day, desk.patient_id)


def _read(desk: Desk, sheet: dict[str, Any]) -> None:
    patient = _mapping(desk, sheet.get("patient"), "patient")
    read_person(desk, patient | {key: sheet[key] for key in PERSON_KEYS if key in sheet and key not in patient})
    history = _mapping(desk, sheet.get("history"), "history")
    apart = {key: history.pop(key) for key in (*_OPTIONAL, "record_begins", "response") if key in history}
    read_history(desk, history)
    read_symptoms(desk, sheet.get("symptoms"))
    read_signs(desk, sheet.get("signs"))
    read_labs(desk, sheet.get("labs"))
    read_treatment(desk, sheet.get("treatment_so_far"))
    _responses(desk, sheet)
    preferences = sheet.get("preferences")
    if isinstance(preferences, Mapping):
        preferences = dict(preferences)
        apart |= {key: preferences.pop(key) for key in ("record_begins", "response") if key in preferences}
        apart |= {key: preferences.pop(key) for key in list(preferences) if key in PERSON_KEYS}
    read_preferences(desk, preferences)
    _rest(desk, {**{k: v for k, v in sheet.items() if k not in _TOP and k not in PERSON_KEYS}, **apart})
    _record_begins(desk, sheet.get("record_begins", apart.get("record_begins")))


def _day_of_decision(sheet: Mapping[str, Any], name: str, on: date | None, today: date | None) -> date:
    stated = sheet.get("on")
    # YAML 1.1 tools write the key `on` as true; it is still the day of decision.
    stated = sheet.get(True, stated) if stated is None else stated  # type: ignore[call-overload]
    if on is not None:
        return on.date() if isinstance(on, datetime) else on
    if is_missing(stated):
        if today is not None:
            return today
        raise CobalaminError(f"{name}: no day of decision. Write `on: 2026-01-15` into the sheet, or pass the day.")
    when = read_date(stated)
    if when is None or when.precision not in ("day", "second"):
        raise CobalaminError(f"{name}: `on: {stated}` is not a day. Write it as YYYY-MM-DD.")
    return when.time.date()


def _patient_id(sheet: Mapping[str, Any], source: object) -> str:
    patient = sheet.get("patient")
    stated = patient.get("id") if isinstance(patient, Mapping) else None
    stated = stated if not is_missing(stated) else sheet.get("patient_id", sheet.get("id"))
    if not is_missing(stated):
        return str(stated)
    is_path = isinstance(source, Path) or (isinstance(source, str) and "\n" not in source and "{" not in source)
    return Path(str(source)).stem if is_path else "patient"


def _mapping(desk: Desk, value: object, key: str) -> dict[str, Any]:
    if isinstance(value, Mapping):
        return {str(name): item for name, item in value.items()}
    if is_missing(value):
        desk.ledger.pass_over("not stated")
    else:
        desk.aside(key, f"`{key}` is a mapping of keys and values", key)
    return {}


def _responses(desk: Desk, sheet: Mapping[str, Any]) -> None:
    if "response" in sheet:
        read_response(desk, sheet["response"])
    listed = sheet.get("treatment_so_far")
    for number, entry in enumerate(listed if isinstance(listed, list | tuple) else []):
        if isinstance(entry, Mapping) and not is_missing(entry.get("response")):
            read_response(desk, entry["response"], f"treatment_so_far[{number}].response")


def _rest(desk: Desk, entries: Mapping[Any, Any]) -> None:
    """Optional keys stand at the top or inside a part; anything else is named and set aside."""
    for key, value in entries.items():
        if key == "record_begins" or key is True:
            continue
        if key == "response":
            read_response(desk, value)
        elif key in PERSON_KEYS:
            read_person(desk, {key: value})
        elif key in _OPTIONAL or str(key).startswith("pref"):
            read_preference(desk, str(key), value, str(key))
        else:
            desk.aside(key, f"unknown key; known are {', '.join(_TOP[:8])}", str(key))


def _record_begins(desk: Desk, value: object) -> None:
    """How far back the record reaches: what was given since then would be in it."""
    if is_missing(value):
        return
    when = read_date(value)
    if when is None or desk.wrong_time(when):
        desk.aside("record_begins", "not a day of the past: write YYYY-MM-DD", "record_begins")
        return
    desk.covers("treatment", "record_begins", when)
    desk.ledger.use()


__all__ = ["SheetIntake", "read_sheet"]
