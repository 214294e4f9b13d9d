"""`cobalamin audit`: a population's measures, worklist and forecast."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from cobalamin.audit import AuditResult
    from cobalamin.engine.local import Source


def audit_command(
    records: Annotated[
        Path, typer.Argument(help="FHIR R4 (file or folder), tables with a mapping, or events.parquet.")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder to make; it appears when everything is written.")],
    guidance: Annotated[str, typer.Option("--guidance", "-g", help="Id: `cobalamin guidance list`.")] = "nice_ng239",
    on: Annotated[
        datetime | None,
        typer.Option("--on", formats=["%Y-%m-%d"], help="Day of decision [the mapping's, or today]."),
    ] = None,
    mapping: Annotated[
        Path | None, typer.Option("--mapping", "-m", help="Mapping of tables [mapping.yaml beside them].")
    ] = None,
    laboratory: Annotated[
        Path | None, typer.Option("--laboratory", "-l", help="YAML file with the laboratory's own thresholds.")
    ] = None,
    workers: Annotated[int | None, typer.Option("--workers", "-w", min=1, help="Processes [one a core].")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an earlier audit in that folder.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Exit code 1 if any entry was set aside.")] = False,
) -> None:
    """Audit a population: ten measures, a worklist, a forecast of injections, and a report with pictures.

    Examples:

      cobalamin audit exports/2026-01 --out audit-2026-01

      cobalamin audit tables/ --mapping mapping.yaml --on 2026-01-15 --out audit --force
    """
    from cobalamin.audit import audit
    from cobalamin.audit.output import check_target, write
    from cobalamin.cli.output import guideline_named
    from cobalamin.guidance import load
    from cobalamin.guidance.laboratory import read_laboratory

    check_target(out, force=force)
    day = on.date() if on is not None else _stated_day(records, mapping) or date.today()
    guideline = load(guideline_named(guidance), day, read_laboratory(laboratory) if laboratory is not None else None)
    with _bar() as advance:
        result = audit(_chunks(records, mapping, day), guideline, day, workers=workers, progress=advance)
    folder = write(result, out, force=force)
    typer.echo(summary_text(result, folder))
    if strict and result.ledger.set_aside:
        raise typer.Exit(1)


def _chunks(records: Path, mapping: Path | None, day: date) -> Iterator[Source]:
    from cobalamin.engine import PEOPLE_A_CHUNK, event_file
    from cobalamin.records.open import read_records

    if records.suffix == ".parquet" and mapping is None and _holds_events(records):
        return event_file(records, PEOPLE_A_CHUNK)
    return read_records(records, mapping, not_after=day)


def _holds_events(file: Path) -> bool:
    import polars as pl

    if not file.is_file():
        return False
    try:
        names = pl.scan_parquet(file).collect_schema().names()
    except (OSError, pl.exceptions.PolarsError):
        return False
    return {"patient_id", "time", "concept"} <= set(names)


def _stated_day(records: Path, mapping: Path | None) -> date | None:
    """The day that the mapping of tables gives to rows without one: a survey is judged on its own day."""
    from cobalamin.records.open import MAPPING_NAME

    plan = mapping or (records / MAPPING_NAME)
    if not plan.is_file():
        return None
    from cobalamin.records.tables.mapping import read_mapping

    return read_mapping(plan).on


@contextmanager
def _bar() -> Iterator[Callable[[int], object]]:
    """A line on standard error that says how many people are done; nothing where nobody watches."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    columns = (TextColumn("Assessing"), BarColumn(), TextColumn("{task.completed:,.0f} people"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("people", total=None)
        yield lambda people: progress.advance(task, people)


def summary_text(result: AuditResult, folder: Path) -> str:
    """What the audit found, on one screen."""
    ledger = result.ledger
    lines = [
        f"{result.people:,} people on {result.on}, {result.guideline['title']} ({result.guideline['version']}).",
        f"{ledger.items_in:,} entries: {ledger.used:,} used, {ledger.not_relevant.total():,} not about B12, "
        f"{ledger.set_aside.total():,} set aside.",
        "",
    ]
    for one in result.measures:
        found = f"{one.numerator:,} of {one.denominator:,}" if one.fed and one.denominator else "-"
        lines.append(f"{one.measure.number:>3}. {one.measure.title:<48} {found:>16}")
        if one.note:
            lines.append(f"     {one.note}")
    counts = result.worklist.group_by("rank", "priority").len().sort("rank")
    said = ", ".join(f"{number:,} {name}" for _, name, number in counts.iter_rows()) or "nobody"
    lines += ["", f"Worklist: {said}.", f"Report:   {folder / 'report.html'}"]
    return "\n".join(lines)
