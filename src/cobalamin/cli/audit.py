"""`cobalamin audit`: a population's measures, worklist and forecast."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from cobalamin.audit import AuditResult


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
    truth: Annotated[
        Path | None, typer.Option("--truth", help="truth.parquet of a virtual practice: how right the audit is.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an earlier audit in that folder.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Exit code 1 if any entry was set aside.")] = False,
) -> None:
    """Audit a population: ten measures, a worklist, a forecast of injections, and a report with pictures.

    Examples:

      cobalamin audit exports/2026-01 --out audit-2026-01

      cobalamin audit tables/ --mapping mapping.yaml --on 2026-01-15 --out audit --force

      cobalamin audit practice --truth practice/truth.parquet --out audit
    """
    from cobalamin.audit import audit
    from cobalamin.audit.output import MARK, write
    from cobalamin.audit.truth import judge, read_truth
    from cobalamin.cli.output import guideline_named
    from cobalamin.cli.people import people_bar, record_chunks, stated_day
    from cobalamin.engine.folder import check_target
    from cobalamin.guidance import load
    from cobalamin.guidance.laboratory import read_laboratory

    check_target(out, MARK, force=force)
    known = read_truth(truth) if truth is not None else None
    day = on.date() if on is not None else stated_day(records, mapping) or date.today()
    guideline = load(guideline_named(guidance), day, read_laboratory(laboratory) if laboratory is not None else None)
    with people_bar() as advance:
        result = audit(record_chunks(records, mapping, day), guideline, day, workers=workers, progress=advance)
    if known is not None:
        result.truth = judge(result, known)
    folder = write(result, out, force=force)
    typer.echo(summary_text(result, folder))
    if strict and result.ledger.set_aside:
        raise typer.Exit(1)


def summary_text(result: AuditResult, folder: Path) -> str:
    """What the audit found, on one screen."""
    ledger = result.ledger
    lines = [
        f"{result.people:,} people on {result.on}, {result.guideline['title']} ({result.guideline['version']}).",
        f"{ledger.items_in:,} entries: {ledger.used:,} used, {ledger.not_relevant.total():,} not about B12, "
        f"{ledger.set_aside.total():,} set aside.",
        *([result.virtual] if result.virtual else []),
        "",
    ]
    for one in result.measures:
        found = f"{one.numerator:,} of {one.denominator:,}" if one.fed and one.denominator else "-"
        lines.append(f"{one.measure.number:>3}. {one.measure.title:<48} {found:>16}")
        if one.note:
            lines.append(f"     {one.note}")
    lines += truth_lines(result)
    counts = result.worklist.group_by("rank", "priority").len().sort("rank")
    said = ", ".join(f"{number:,} {name}" for _, name, number in counts.iter_rows()) or "nobody"
    lines += ["", f"Worklist: {said}.", f"Report:   {folder / 'report.html'}"]
    return "\n".join(lines)


def truth_lines(result: AuditResult) -> list[str]:
    """Where the truth is known: how often each measure is right."""
    if result.truth is None:
        return []
    lines = ["", f"Against the truth:{'found':>43} {'rightly counted':>16}"]
    for one in [*result.truth.measures, *result.truth.statuses]:
        found, right = (f"{each.numerator:,}/{each.denominator:,}" for each in (one.sensitivity, one.predictive_value))
        lines.append(f"{one.title:<52} {found:>9} {right:>16}")
    return lines
