"""Events in a Parquet file: written with a mark, and cut into chunks of whole people without reading them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import polars as pl

from cobalamin.errors import CobalaminError
from cobalamin.events import Events, event_frame
from cobalamin.records.ledger import Intake, Ledger

# A file that carries the mark holds rows that `Events` has sorted and checked, so they are not sorted again.
MARK = {b"cobalamin.events": b"proved"}
ROWS_A_GROUP = 1 << 19


@dataclass(frozen=True)
class FileSlice:
    """Whole people in a Parquet file of events: fetched where it is decided, not where it is handed out."""

    path: str
    offset: int
    length: int
    proved: bool = False

    def fetch(self) -> Intake:
        """The people of the slice."""
        frame = pl.scan_parquet(self.path).slice(self.offset, self.length).collect()
        return Intake(Events(event_frame(frame)) if self.proved else Events.of(frame), Ledger())


def write_events(parts: Iterable[Events], path: Path) -> int:
    """Write proved events part by part, people in order, and return the number of rows."""
    import pyarrow.parquet as pq

    rows, writer = 0, None
    for part in parts:
        table = part.frame.to_arrow()
        table = table.replace_schema_metadata({**(table.schema.metadata or {}), **MARK})
        writer = writer or pq.ParquetWriter(path, table.schema, compression="zstd")
        writer.write_table(table, row_group_size=ROWS_A_GROUP)
        rows += part.frame.height
    if writer is not None:
        writer.close()
    return rows


def event_file(path: Path, people: int) -> Iterator[FileSlice]:
    """Cut a Parquet file of events into chunks of whole people, reading only its patient ids.

    The rows of a person must lie together. Raises CobalaminError where they do not, and for
    another kind of file.
    """
    starts: list[int] = []
    seen: set[str] = set()
    last: str | None = None
    rows = 0
    proved = _is_proved(path)
    for ids in _patient_ids(path):
        runs = ids.rle().struct.unnest()
        for length, name in zip(runs["len"].to_list(), runs["value"].to_list(), strict=True):
            if name != last:
                if name in seen:
                    raise CobalaminError(f"{path}: the rows of a person do not lie together. Sort it by patient_id.")
                seen.add(name)
                starts.append(rows)
                last = name
            rows += length
    for offset, length in spans(starts, rows, people):
        yield FileSlice(str(path), offset, length, proved)


def spans(starts: list[int], rows: int, people: int) -> Iterator[tuple[int, int]]:
    """Offset and length of chunks of so many people, from the first row of each person."""
    for begin, end in pairwise([*starts[::people], rows]):
        yield begin, end - begin


def _is_proved(path: Path) -> bool:
    with _opened(path) as file:
        metadata = file.schema_arrow.metadata or {}
    return all(metadata.get(key) == value for key, value in MARK.items())


def _patient_ids(path: Path) -> Iterator[pl.Series]:
    with _opened(path) as file:
        if "patient_id" not in file.schema_arrow.names:
            raise CobalaminError(f"{path}: has no column patient_id, so it is no file of events.")
        for batch in file.iter_batches(columns=["patient_id"], batch_size=1 << 18):
            yield pl.Series(pl.from_arrow(batch.column(0)))


def _opened(path: Path) -> Any:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return pq.ParquetFile(path)
    except (OSError, pa.ArrowException) as error:
        raise CobalaminError(f"{path}: not a Parquet file of events ({type(error).__name__}).") from None
