"""Tables in, events and ledger out: CSV and Parquet with a mapping file, whole columns at a time.

Every mapped cell of a wide table and every row of any other is one item of the ledger.
A table is held in memory as columns while it is read; a nation comes in parts, one folder after the other.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import polars as pl

from cobalamin.errors import CobalaminError
from cobalamin.events import Events, event_frame, event_schema
from cobalamin.records.date_checks import refuse_impossible_dates
from cobalamin.records.ledger import Intake, Ledger
from cobalamin.records.tables.layouts import long, ruled, wide
from cobalamin.records.tables.load import load_table
from cobalamin.records.tables.mapping import Coverage, Mapping, Table, When, read_mapping
from cobalamin.records.tables.medicines import medicines
from cobalamin.records.tables.rows import Numbering, based, cell_schema, complete, meets

EXAMPLES_EACH = 3


def read_tables(
    path: Path, mapping: Path, *, not_after: date | None = None, chunk_patients: int = 10_000
) -> Iterator[Intake]:
    """Chunks of whole people from the files that the mapping names, in a folder or beside a file.

    The first chunk's ledger accounts for every item of all files.
    Raises CobalaminError for a mapping that does not fit: unknown columns, concepts or units, missing files.
    """
    plan = read_mapping(mapping)
    ledger = Ledger()
    parts, covers = [pl.DataFrame(schema=cell_schema())], [event_frame([])]
    numbering = Numbering()
    for table in plan.files:
        for file in _files(path, table, mapping):
            cells, covered = _read_file(file, table, plan, numbering, ledger)
            parts.append(cells)
            covers.append(covered)
    cells = refuse_impossible_dates(pl.concat(parts), not_after)
    _account(cells, ledger)
    ledger.check()
    good = cells.filter(pl.col("reason").is_null() & pl.col("irrelevant").is_null())
    frame = pl.concat([event_frame(good.select(event_schema().names())), *covers])
    yield from _chunks(frame, ledger, chunk_patients)


def _files(path: Path, table: Table, mapping: Path) -> list[Path]:
    folder = path if path.is_dir() else path.parent
    found = sorted(each for each in folder.glob(table.file) if path.is_dir() or each == path)
    if not found and path.is_dir():
        there = sorted(each.name for each in folder.iterdir() if each.is_file())
        raise CobalaminError(
            f'{mapping}: no file "{table.file}" in {folder}. There are: {", ".join(there[:20]) or "none"}.'
        )
    return found


def _read_file(
    file: Path, table: Table, plan: Mapping, numbering: Numbering, ledger: Ledger
) -> tuple[pl.DataFrame, pl.DataFrame]:
    frame = load_table(file, needed_columns(table), ledger)
    kept = frame.filter(meets(table.keep))
    if frame.height > kept.height:
        ledger.pass_over("a row outside the mapping's filter", frame.height - kept.height)
    base = based(kept, table, plan, file.name)
    parts = [pl.DataFrame(schema=cell_schema()), *wide(base, table, numbering)]
    if table.long:
        parts.append(long(base, table.long, numbering))
    if table.medicines:
        parts.append(medicines(base, table.medicines, numbering))
    parts += [ruled(base, group, numbering) for group in table.rules]
    known = base.filter(pl.col("__reason").is_null())
    covers = [_covered(known, coverage, file.name) for coverage in table.covers]
    return pl.concat([complete(part) for part in parts]), pl.concat([event_frame([]), *covers])


def needed_columns(table: Table) -> list[str]:
    """Every column that the mapping of a table names."""
    names = [table.patient, *table.columns, *table.keep]
    if isinstance(table.time, When):
        names.append(table.time.column)
    if table.long:
        layout = table.long
        names += [layout.code, layout.system_column, layout.words, layout.value, layout.unit]  # type: ignore[list-item]
        names += [layout.low, layout.high, layout.flag]  # type: ignore[list-item]
    if table.medicines:
        given = table.medicines
        names += [given.words, given.code, given.dose, given.started_days_before]  # type: ignore[list-item]
        names += [given.dose_unit_column, given.route_column, given.every_days_column]  # type: ignore[list-item]
        names += [given.ended.column] if given.ended else []
    for rule in (rule for group in table.rules for rule in group):
        names += [*rule.when, rule.value, rule.started_days_before]  # type: ignore[list-item]
    for coverage in table.covers:
        names += list(coverage.when)
    return [name for name in dict.fromkeys(names) if name]


def _covered(base: pl.DataFrame, coverage: Coverage, file: str) -> pl.DataFrame:
    rows = base.filter(meets(coverage.when)).group_by("__patient").agg(pl.col("__time").min())
    start = pl.col("__time") - timedelta(days=coverage.days_before)
    return event_frame(
        rows.select(
            patient_id="__patient",
            time=start,
            precision=pl.when(pl.col("__time").is_null()).then(pl.lit("undated")).otherwise(pl.lit("day")),
            until=pl.lit(None, pl.Datetime("us")) if coverage.running else pl.col("__time"),
            concept=pl.lit(f"covers_{coverage.domain}"),
            source=pl.lit(f"{file} (mapping)"),
        )
    )


def _account(cells: pl.DataFrame, ledger: Ledger) -> None:
    """One entry an item: used if any of its rows is; else why not, with the first places of each reason."""
    items = cells.group_by("item", maintain_order=True).agg(
        used=(pl.col("reason").is_null() & pl.col("irrelevant").is_null()).any(),
        reason=pl.col("reason").first(),
        irrelevant=pl.col("irrelevant").first(),
        concept=pl.col("concept").first(),
        source=pl.col("source").first(),
    )
    ledger.use(int(items["used"].sum()))
    rest = items.filter(~pl.col("used"))
    passed = rest.filter(pl.col("irrelevant").is_not_null())
    for why, count in passed["irrelevant"].value_counts(sort=True).iter_rows():
        ledger.pass_over(why, count)
    aside = rest.filter(pl.col("irrelevant").is_null())
    grouped = aside.group_by("concept", "reason", maintain_order=True).agg(
        pl.col("source").head(EXAMPLES_EACH), count=pl.len()
    )
    for concept, reason, places, count in grouped.iter_rows():
        for place in places[1:]:
            ledger.put_aside(concept or "row", reason, place)
        ledger.put_aside(concept or "row", reason, places[0], count - len(places) + 1)


def _chunks(frame: pl.DataFrame, ledger: Ledger, chunk_patients: int) -> Iterator[Intake]:
    ids = frame["patient_id"].unique().sort()
    for begin in range(0, max(len(ids), 1), chunk_patients):
        part = frame
        if len(ids) > chunk_patients:
            last = ids[min(begin + chunk_patients, len(ids)) - 1]
            part = frame.filter(pl.col("patient_id").is_between(pl.lit(ids[begin]), pl.lit(last)))
        yield Intake(Events.of(part), ledger if begin == 0 else Ledger())
