"""Records of many people: opened by what they hold, judged on their own day, with a line that says how far it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cobalamin.engine.local import Source


def record_chunks(records: Path, mapping: Path | None, day: date) -> Iterator[Source]:
    """The people of a record in chunks: FHIR, tables with a mapping, or a Parquet file of events."""
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


def stated_day(records: Path, mapping: Path | None) -> date | None:
    """The day that the mapping of tables gives to rows without one: a survey is judged on its own day."""
    from cobalamin.records.open import MAPPING_NAME

    plan = mapping or (records / MAPPING_NAME)
    if not plan.is_file():
        return None
    from cobalamin.records.tables.mapping import read_mapping

    return read_mapping(plan).on


@contextmanager
def people_bar(doing: str = "Assessing", total: int | None = None) -> Iterator[Callable[[int], object]]:
    """A line on standard error that says how many people are done; nothing where nobody watches."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    columns = (TextColumn(doing), BarColumn(), TextColumn("{task.completed:,.0f} people"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("people", total=total)
        yield lambda people: progress.advance(task, people)
