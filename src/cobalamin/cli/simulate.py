"""`cobalamin simulate`: what is usual under a regimen in people like this one."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cobalamin.cli.assess import Format

if TYPE_CHECKING:
    from cobalamin.assess import Assessment
    from cobalamin.outlook.expect import Expected
    from cobalamin.physiology.regimen import Regimen

DAYS, PEOPLE = 365, 1000


def simulate_command(
    record: Annotated[Path, typer.Argument(help="Patient sheet (YAML, JSON), FHIR R4 record, or - for stdin.")],
    regimen: Annotated[
        str | None,
        typer.Option("--regimen", help="In words, or guideline:regimen. [the guidance's own]"),
    ] = None,
    against: Annotated[str | None, typer.Option("--against", help="A second regimen beside it.")] = None,
    days: Annotated[int, typer.Option("--days", help="How many days ahead.")] = DAYS,
    until: Annotated[
        datetime | None, typer.Option("--until", formats=["%Y-%m-%d"], help="Last day, in place of --days.")
    ] = None,
    people: Annotated[int, typer.Option("--people", help="How many bodies are drawn.")] = PEOPLE,
    seed: Annotated[int, typer.Option("--seed", help="Same seed, same numbers.")] = 7,
    form: Annotated[Format, typer.Option("--format", "-f", help="How the answer is written.")] = Format.text,
    guidance: Annotated[str, typer.Option("--guidance", "-g", help="Whose plan stands beside it.")] = "nice_ng239",
    on: Annotated[
        datetime | None,
        typer.Option("--on", formats=["%Y-%m-%d"], help="Day of decision [sheet's, or today]."),
    ] = None,
    patient: Annotated[str | None, typer.Option("--patient", "-p", help="Whom, where a record holds several.")] = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Write to this file.")] = None,
) -> None:
    """Simulate a regimen: B12, active B12, MMA and homocysteine to expect, and the blood count in anaemia.

    Markers only: never symptoms, never potassium, never against guidance. Outside its domain it refuses with exit
    code 2 and says why; with --format json the reasons are data.

    Examples:

      cobalamin simulate examples/worked_patient.yaml

      cobalamin simulate sheet.yaml --regimen "hydroxocobalamin 1 mg IM every 12 weeks"
      --against "cyanocobalamin 1 mg oral daily" --format html --out expected.html

      cobalamin simulate sheet.yaml --regimen "stop and see" --days 730
    """
    from cobalamin.cli.assess import Wanted, assess_record
    from cobalamin.cli.output import guideline_named, refusal_as_data, write_text
    from cobalamin.outlook.expect import expect
    from cobalamin.physiology.regimen import parse_regimen
    from cobalamin.report.answer import answer
    from cobalamin.report.outlook_expect import guidance_line

    guideline = guideline_named(guidance)
    wanted = [parse_regimen(words, guideline) for words in (regimen, against) if words is not None]
    assessment, ledger = assess_record(record, Wanted(guideline, on.date() if on else None, patient, None))
    if until is not None:
        days = (until.date() - assessment.on).days
    with refusal_as_data(as_json=form is Format.json, out=out):
        if regimen is None:
            wanted.insert(0, _own_regimen(assessment))
        said = expect(assessment, wanted, days=days, people=people, seed=seed)
    said = replace(said, planned=guidance_line(answer(assessment, ledger=ledger)))
    write_text(_written(said, form), out)


def _own_regimen(assessment: Assessment) -> Regimen:
    """The regimen that the guidance gives this person."""
    from cobalamin.outlook.domain import Refusal, Unspoken
    from cobalamin.physiology.regimen import parse_regimen

    column = "output.regimen"
    name = assessment.trace[column][0] if column in assessment.trace.columns else None
    if name not in assessment.guideline.regimens:
        reason = f"{assessment.guideline.id} gives this person no regimen to simulate."
        do = 'Say one, for instance --regimen "hydroxocobalamin 1 mg IM every 12 weeks" or --regimen "no treatment".'
        refusal = Refusal("no_regimen", reason, do)
        raise Unspoken(assessment.findings["patient_id"][0], "nothing is simulated.", (refusal,))
    return parse_regimen(f"{assessment.guideline.id}:{name}")


def _written(said: Expected, form: Format) -> str:
    from cobalamin.cli.output import json_text, safe

    if form is Format.json:
        return json_text(said.as_dict())
    if form is Format.html:
        from cobalamin.report.outlook_expect_page import page

        return safe(page(said))
    from cobalamin.report.outlook_expect import text

    return safe(text(said))
