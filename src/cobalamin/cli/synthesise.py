"""`cobalamin synthesise`: a virtual practice with known truth, as records of any format."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer


def synthesise_command(
    people: Annotated[int, typer.Option("--people", "-n", help="How many people.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder to make; it appears when everything is written.")],
    form: Annotated[str, typer.Option("--format", "-f", help="fhir, tables, omop or meds.")] = "tables",
    seed: Annotated[int, typer.Option("--seed", "-s", help="Same seed, same people.")] = 1,
    on: Annotated[
        datetime | None, typer.Option("--on", formats=["%Y-%m-%d"], help="Day of the practice [today].")
    ] = None,
    dirt: Annotated[str, typer.Option("--dirt", help="usual: faults as records have them; none: complete.")] = "usual",
    csv: Annotated[bool, typer.Option("--csv", help="CSV instead of Parquet (tables, omop).")] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace an earlier virtual practice in that folder.")] = False,
) -> None:
    """Make a virtual practice: people who do not exist, their records, and the truth about them.

    A larger practice begins with the same people. Beside the records lies truth.parquet, by which
    `cobalamin audit RECORDS --truth truth.parquet` tells how often it is right.

    Examples:

      cobalamin synthesise --people 5000 --out practice

      cobalamin synthesise --people 100000 --seed 7 --format meds --on 2026-01-15 --out region

      cobalamin synthesise --people 200 --format fhir --dirt none --out clean
    """
    from cobalamin.cli.people import people_bar
    from cobalamin.engine.folder import check_target
    from cobalamin.population.synthesise import MARK, Wanted, synthesise

    wanted = Wanted(people, seed, form, on.date() if on is not None else date.today(), dirt, csv)
    wanted.check()
    check_target(out, MARK, force=force)
    with people_bar("Making", people) as advance:
        folder = synthesise(wanted, out, force=force, progress=advance)
    typer.echo(f"{people:,} virtual people on {wanted.on}, seed {seed}, as {form}: {folder}")
    typer.echo(f"Truth: {folder / 'truth.parquet'}")
    typer.echo(f"Next:  cobalamin audit {out} --truth {out / 'truth.parquet'} --on {wanted.on} --out audit")
