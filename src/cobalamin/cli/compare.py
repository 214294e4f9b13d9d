"""`cobalamin compare`: one person under every guideline that ships."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from cobalamin.audit.compare import Comparison, Position


class CompareFormat(StrEnum):
    """How the comparison is written."""

    text = "text"
    json = "json"
    html = "html"


def compare_command(
    record: Annotated[Path, typer.Argument(help="Patient sheet (YAML, JSON), FHIR R4 record, or - for stdin.")],
    guidance: Annotated[
        list[str] | None, typer.Option("--guidance", "-g", help="Only these guidelines; repeat the option.")
    ] = None,
    on: Annotated[
        datetime | None, typer.Option("--on", formats=["%Y-%m-%d"], help="Day of decision [sheet's, or today].")
    ] = None,
    form: Annotated[
        CompareFormat, typer.Option("--format", "-f", help="How the comparison is written.")
    ] = CompareFormat.text,
    as_json: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False,
    patient: Annotated[str | None, typer.Option("--patient", "-p", help="Whom, where a record holds several.")] = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Write to this file.")] = None,
) -> None:
    """Ask every guideline about the same person, and show where they part and on which clause.

    Example: cobalamin compare examples/worked_patient.yaml
    """
    from cobalamin.audit.compare import compare
    from cobalamin.cli.assess import Wanted, assess_record
    from cobalamin.cli.output import guideline_named, json_text, safe, write_text
    from cobalamin.guidance import DEFAULT

    names = [guideline_named(name) for name in guidance or []]
    assessment, _ = assess_record(record, Wanted(DEFAULT, on.date() if on else None, patient, None))
    found = compare(assessment.events, assessment.on, names or None)
    if as_json or form is CompareFormat.json:
        write_text(json_text(found.as_dict()), out)
    elif form is CompareFormat.html:
        from cobalamin.report.compare_page import compare_page

        write_text(safe(compare_page(found.as_dict())), out)
    else:
        write_text(safe(comparison_text(found)), out)


def comparison_text(found: Comparison) -> str:
    """What all say, then a table of answers by guideline, then each parting with the clauses behind it."""
    from cobalamin.audit.compare import MANY

    parts = found.parts()
    agreed = [
        f"{_asked(asked)} {_words(asked, those[0].value)}"
        for asked, those in found.positions.items()
        if asked not in parts and those[0].value not in NOTHING
    ]
    lines = [f"{found.patient_id} on {found.on.isoformat()}, {len(found.guidelines)} guidelines"]
    lines += ["", f"The same under all: {'; '.join(agreed)}."] if agreed else []
    if not parts:
        return "\n".join([*lines, "", "Nothing on which they part."])
    lines += _table(found, [question for question in parts if question not in MANY])
    for question in parts:
        by = _by_value if question in MANY else _partings
        lines += ["", f"{_asked(question)}, where they part", *by(question, found.positions[question])]
    old = {one.id: one.about.get("superseded_by") for one in found.guidelines}
    noted = [f"{name} is superseded by {newer}" for name, newer in old.items() if newer]
    return "\n".join([*lines, "", f"Note: {'; '.join(noted)}."] if noted else lines)


def _table(found: Comparison, questions: list[str]) -> list[str]:
    if not questions:
        return []
    rows = [["", *map(_asked, questions)]]
    for place, guideline in enumerate(found.guidelines):
        answers = [_words(question, found.positions[question][place].value) for question in questions]
        rows.append([guideline.id, *answers])
    wide = [max(len(row[column]) for row in rows) for column in range(len(questions) + 1)]
    drawn = ["  ".join(f"{cell:<{width}}" for cell, width in zip(row, wide, strict=True)).rstrip() for row in rows]
    return ["", *drawn]


KINDS = {"tests": "test", "cause": "cause"}
ASKED = {"advice": "testing"}
# Answers on which agreement says nothing.
NOTHING = ("", "none", "not_assessed")


def _asked(question: str) -> str:
    """A question as people call it."""
    return ASKED.get(question, question)


def _words(question: str, value: str) -> str:
    from cobalamin.report.words import word

    kind = KINDS.get(question)
    return ", ".join(word(kind, one) for one in value.split(", ")) if kind else value.replace("_", " ")


def _partings(question: str, positions: tuple[Position, ...]) -> list[str]:
    """Each answer once, with the guidelines that give it; then the reasons, each with whose it is."""
    by_value: dict[str, list[Position]] = {}
    for position in positions:
        by_value.setdefault(position.value, []).append(position)
    lines = []
    for value, those in by_value.items():
        lines.append(f"  {_words(question, value)}: {', '.join(one.guideline for one in those)}")
        whose: dict[tuple[str, str], list[str]] = {}
        for position in those:
            for reason in position.reasons:
                whose.setdefault((reason.says, reason.clause), []).append(position.guideline)
        for (says, clause), names in whose.items():
            lead = f"{', '.join(names)}: " if len(whose) > 1 else ""
            lines.append(f"      {lead}{says}" + (f" [{clause}]" if clause else ""))
    return lines


def _by_value(question: str, positions: tuple[Position, ...]) -> list[str]:
    """What some ask for and others do not, with its clause, by who asks for it."""
    who: dict[tuple[str, ...], dict[str, str]] = {}
    for value in dict.fromkeys(reason.value for one in positions for reason in one.reasons):
        those = [(one.guideline, reason) for one in positions for reason in one.reasons if reason.value == value]
        if len(those) < len(positions):
            named = who.setdefault(tuple(name for name, _ in those), {})
            named[value] = "; ".join(dict.fromkeys(clause for _, one in those for clause in one.clause.split("; ")))
    lines = []
    for names, values in who.items():
        lines.append(f"  {', '.join(names)}{' alone' if len(names) == 1 else ''}:")
        lines += [f"      {_words(question, value)} [{clause}]" for value, clause in values.items()]
    return lines
