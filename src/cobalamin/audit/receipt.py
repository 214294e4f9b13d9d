"""The receipt of an answer: what it rests on, by reference and hash, so that it can be derived again."""

from __future__ import annotations

import hashlib
import json
import re
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import polars as pl

from cobalamin.assess import Assessment
from cobalamin.decision.compile import rule_column
from cobalamin.errors import CobalaminError
from cobalamin.findings.prepare import prepare
from cobalamin.guidance import Guideline, available

FORMAT = "cobalamin receipt 1"
# Where an entry was read is no part of what it says: the same record in another folder is the same record.
NOT_CONTENT = ("source", "patient_id")


def receipt(assessment: Assessment, reference: str = "") -> dict[str, Any]:
    """The receipt of an assessment of one person, JSON-ready: hashes and outcomes, never a value of the record.

    `reference` names where the record was read. The same input gives the same receipt; no clock is read.
    Raises CobalaminError where the assessment holds several people.
    """
    if assessment.findings.height != 1:
        raise CobalaminError(f"A receipt is for one person; this assessment holds {assessment.findings.height}.")
    guideline, known = assessment.guideline, _known(assessment)
    content = {
        "format": FORMAT,
        "software": software_version(),
        "on": assessment.on.isoformat(),
        "guidance": {
            "id": guideline.id,
            "version": guideline.version,
            "sha256": guideline.sha256,
            "overrides": overrides_of(guideline),
        },
        "record": {
            "reference": reference,
            "person": _hash(assessment.findings["patient_id"][0]),
            "facts": known.height,
            "sha256": _frame_hash(known),
        },
        "outcomes": outcomes(assessment),
        "rules": sorted(fired(assessment)),
        "plan": _frame_hash(assessment.plan.drop("patient_id")),
    }
    return content | {"sha256": content_hash(content)}


def software_version() -> str:
    """The installed version of the program."""
    try:
        return version("cobalamin")
    except PackageNotFoundError:
        return "not installed"


def content_hash(content: dict[str, Any]) -> str:
    """SHA-256 of a receipt without its own hash, independent of layout."""
    return _hash(json.dumps({name: value for name, value in content.items() if name != "sha256"}, sort_keys=True))


def overrides_of(guideline: Guideline) -> dict[str, Any]:
    """The laboratory's numbers in force, in the form that `guidance.load(overrides=...)` takes back."""
    return {
        name: {
            "values": [{"value": value, "unit": unit} for value, unit in guideline.thresholds[name].values],
            "source": {
                "clause": guideline.thresholds[name].source.clause,
                "certainty": guideline.thresholds[name].source.certainty,
            },
        }
        for name in sorted(guideline.overrides)
    }


def _known(assessment: Assessment) -> pl.DataFrame:
    """What the record knew on the day; a record that has grown since is still the record of that day."""
    frame = assessment.events.frame
    visible = prepare(frame, assessment.on).events
    return visible.select(name for name in frame.columns if name not in NOT_CONTENT).unique()


def _frame_hash(frame: pl.DataFrame) -> str:
    """SHA-256 of the rows, whatever their order."""
    text = frame.select(pl.all().cast(pl.String).fill_null(""))
    return _hash(text.sort(pl.all()).write_csv(separator="\x1f"))


def outcomes(assessment: Assessment) -> dict[str, str]:
    """Every outcome of every table: first-hit outputs, and collected values with their grade."""
    row = assessment.trace.row(0, named=True)
    tables = assessment.guideline.tables.values()
    collected = tuple(f"{table.outputs[0]}." for table in tables if table.hit_policy == "collect")
    return {
        name.removeprefix("output."): str(value)
        for name, value in sorted(row.items())
        if value is not None and name.startswith(("output.", *collected))
    }


def fired(assessment: Assessment) -> set[str]:
    """`table.rule` of each winning row of a first-hit table and of each row of a collected one that is yes."""
    row = assessment.trace.row(0, named=True)
    found = set()
    for table in assessment.guideline.tables.values():
        if table.hit_policy == "first":
            found.add(f"{table.name}.{row[f'table.{table.name}']}")
        else:
            found |= {f"{table.name}.{rule.id}" for rule in table.rules if row[rule_column(table, rule)]}
    return found


def check_receipt(raw: Any, where: str, own: str = "") -> dict[str, Any]:
    """A receipt as read from a file. Raises CobalaminError where it is none, or was changed after it was written.

    `own` is the id of guidance from a folder, under which the answer may have been given too.
    """
    if not isinstance(raw, dict) or raw.get("format") != FORMAT:
        raise CobalaminError(f'{where}: not a receipt ("format" is not {FORMAT!r}). Write one with assess --receipt.')
    if content_hash(raw) != raw.get("sha256"):
        raise CobalaminError(
            f"{where}: the receipt was changed after it was written; its own hash does not match its content. "
            "Take the receipt as it was written."
        )
    _check_fields(raw, where)
    if raw["guidance"]["id"] not in ({own} if own else {*available()}):
        known = own or ", ".join(name for name in available() if name != "common")
        raise CobalaminError(
            f"{where}: the answer was given under {raw['guidance']['id']!r}, which is not at hand. Available: {known}. "
            "Give the folder of that guidance with --guidance."
        )
    return raw


def _check_fields(raw: dict[str, Any], where: str) -> None:
    # Loaded here: only whoever verifies needs a schema.
    from pydantic import ValidationError

    from cobalamin.audit.receipt_schema import ReceiptJson

    try:
        ReceiptJson.model_validate(raw)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise CobalaminError(f"{where}: {place}: {first['msg']}. Write a receipt with assess --receipt.") from None


def day_of(old: dict[str, Any]) -> date:
    """The day of decision of a checked receipt."""
    return date.fromisoformat(old["on"])


def reasons(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """What an answer rests on that is not the same now: person, record, guidance, software. Empty when all is."""
    found = []
    if old["record"]["person"] != new["record"]["person"]:
        found.append("the record is of another person")
    if old["record"]["sha256"] != new["record"]["sha256"]:
        found.append(_other_record(old, new))
    if old["guidance"]["sha256"] != new["guidance"]["sha256"]:
        found.append(_other_guidance(old, new))
    if old["software"] != new["software"]:
        kind = _newer(old["software"], new["software"])
        found.append(f"the software is {kind}: {old['software']} then, {new['software']} now")
    return found


def _other_record(old: dict[str, Any], new: dict[str, Any]) -> str:
    then, now = old["record"]["facts"], new["record"]["facts"]
    how = "says something else" if now == then else "holds more" if now > then else "holds less"
    return f"the record {how} about the time up to {old['on']} ({then} facts then, {now} now)"


def _other_guidance(old: dict[str, Any], new: dict[str, Any]) -> str:
    """Another edition, or the same edition changed: that also happens where a later rule was added to it."""
    then, now = old["guidance"]["version"], new["guidance"]["version"]
    kind = f"of another edition, {_newer(then, now)}" if then != now else "changed within its edition"
    return f"the guidance is {kind}: {_edition(old)} then, {_edition(new)} now"


def _newer(then: str, now: str) -> str:
    """Whether a version came later: numbers in it are compared as numbers (0.10 after 0.9)."""
    parts = [[int(one) for one in re.findall(r"\d+", version)] for version in (then, now)]
    if parts[0] == parts[1]:
        return "another one"
    return "newer" if parts[1] > parts[0] else "older"


def changes(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """How the answer differs: outcomes first, then rules, then the plan. Empty when it is the same answer."""
    found = _changed(old["outcomes"], new["outcomes"])
    gone, come = sorted({*old["rules"]} - {*new["rules"]}), sorted({*new["rules"]} - {*old["rules"]})
    found += [f"rule {rule} fired then and does not now" for rule in gone]
    found += [f"rule {rule} fires now and did not then" for rule in come]
    if old["plan"] != new["plan"]:
        found.append("the plan differs" + ("" if gone or come else " though the same rules fired"))
    return found


def _edition(one: dict[str, Any]) -> str:
    guidance = one["guidance"]
    return f"{guidance['id']} {guidance['version']} ({guidance['sha256'][:12]})"


def _changed(old: dict[str, str], new: dict[str, str]) -> list[str]:
    return [
        f"{name}: {old.get(name, 'absent')} then, {new.get(name, 'absent')} now"
        for name in sorted({*old, *new})
        if old.get(name) != new.get(name)
    ]


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
