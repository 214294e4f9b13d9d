"""`cobalamin fit`: what one person's results say about B12 in their blood."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cobalamin.cli.assess import Format

if TYPE_CHECKING:
    from cobalamin.outlook.fit_said import FitSaid

DRAWS = 600


def fit_command(
    record: Annotated[Path, typer.Argument(help="Patient sheet (YAML, JSON), FHIR R4 record, or - for stdin.")],
    form: Annotated[Format, typer.Option("--format", "-f", help="How the answer is written.")] = Format.text,
    draws: Annotated[
        int, typer.Option("--draws", help="How many independent draws the answer should be worth.")
    ] = DRAWS,
    seed: Annotated[int, typer.Option("--seed", help="Same seed, same numbers.")] = 7,
    guidance: Annotated[str, typer.Option("--guidance", "-g", help="Whose limits are used.")] = "nice_ng239",
    on: Annotated[
        datetime | None,
        typer.Option("--on", formats=["%Y-%m-%d"], help="Day of decision [sheet's, or today]."),
    ] = None,
    patient: Annotated[str | None, typer.Option("--patient", "-p", help="Whom, where a record holds several.")] = None,
    laboratory: Annotated[
        Path | None,
        typer.Option("--laboratory", "-l", help="YAML file with the laboratory's own thresholds."),
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Write to this file.")] = None,
) -> None:
    """Fit the model to one person's results: what they say, what surprises, what one more test would tell.

    Markers only: never symptoms, never an interval to choose, never against guidance. Outside its domain it refuses
    with exit code 2 and says why; with --format json the reasons are data.

    Examples:

      cobalamin fit examples/injections_with_results.yaml

      cobalamin fit sheet.yaml --format html --out fit.html

      cobalamin fit sheet.yaml --format json --draws 2000 --seed 1
    """
    from cobalamin.cli.assess import Wanted, assess_record
    from cobalamin.cli.output import guideline_named, refusal_as_data, write_text
    from cobalamin.outlook.fit import fit_person

    wanted = Wanted(guideline_named(guidance), on.date() if on else None, patient, laboratory)
    assessment, _ = assess_record(record, wanted)
    with refusal_as_data(as_json=form is Format.json, out=out):
        said = fit_person(assessment, draws=draws, seed=seed)
    write_text(_written(said, form), out)


def _written(said: FitSaid, form: Format) -> str:
    from cobalamin.cli.output import json_text, safe

    if form is Format.json:
        return json_text(said.as_dict())
    if form is Format.html:
        from cobalamin.report.outlook_fit_page import page

        return safe(page(said))
    from cobalamin.report.outlook_fit import text

    return safe(text(said))
