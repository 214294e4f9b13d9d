"""Events in a Parquet file: written with a mark, and cut into chunks of whole people without reading them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from cobalamin.errors import CobalaminError
from cobalamin.events import Events, event_frame
from cobalamin.records.ledger import Intake, Ledger

# A file that carries the mark holds rows that `Events` has sorted and checked, so they are not sorted again.
MARK = {b"cobalamin.events": b"proved"}
ROWS_A_GROUP = 1 << 19
IDS_A_TIME = 1 << 20


@dataclass(frozen=True)
class FileSlice:
    """Whole people in a Parquet file of events: fetched where it is decided, not where it is handed out."""

    path: str
    offset: int
    length: int
    proved: bool = False

    def fetch(self) -> Intake:
        """The people of the slice."""
        # In one piece: the kernel takes columns as arrays, and each would be joined there.
        frame = pl.scan_parquet(self.path).slice(self.offset, self.length).collect().rechunk()
        return Intake(Events(event_frame(frame)) if self.proved else Events.of(frame), Ledger())


def write_events(parts: Iterable[Events], path: Path) -> int:
    """Write proved events part by part, people in order, and return the number of rows."""
    import pyarrow.parquet as pq

    rows, writer = 0, None
    for part in parts:
        table = part.frame.to_arrow()
        table = table.replace_schema_metadata({**(table.schema.metadata or {}), **MARK})
        writer = writer or pq.ParquetWriter(path, table.schema, compression="lz4")
        writer.write_table(table, row_group_size=ROWS_A_GROUP)
        rows += part.frame.height
    if writer is not None:
        writer.close()
    return rows


def event_file(path: Path, people: int) -> Iterator[FileSlice]:
    """Cut a Parquet file of events into chunks of whole people, reading only its patient ids, a part at a time.

    The rows of a person must lie together. Raises CobalaminError where they do not (at the latest before the last
    chunk), and for another kind of file.
    """
    proved, begin = _is_proved(path), 0
    waiting, seen = _NOBODY, [_NOBODY["patient_id"]]
    for runs in _runs(path):
        waiting = _joined(pl.concat([waiting, runs]))
        # The last person may go on in the next part.
        whole = max(waiting.height - 1, 0) // people * people
        for length in rows_of_chunks(waiting.head(whole), people):
            yield FileSlice(str(path), begin, length, proved)
            begin += length
        seen.append(waiting["patient_id"].head(whole))
        waiting = waiting.slice(whole)
    if pl.concat([*seen, waiting["patient_id"]]).is_duplicated().any():
        raise CobalaminError(f"{path}: the rows of a person do not lie together. Sort it by patient_id.")
    for length in rows_of_chunks(waiting, people):
        yield FileSlice(str(path), begin, length, proved)
        begin += length


def _joined(runs: pl.DataFrame) -> pl.DataFrame:
    """Runs of one person that follow each other as one run."""
    same = runs.group_by(pl.col("patient_id").rle_id().alias("run"), maintain_order=True)
    return same.agg(pl.col("rows").sum(), pl.col("patient_id").first()).drop("run")


def rows_of_chunks(runs: pl.DataFrame, people: int) -> list[int]:
    """How many rows each chunk of so many people has; `runs` has the `rows` of each person, in order."""
    chunks = runs.with_row_index("chunk").group_by(pl.col("chunk") // people, maintain_order=True)
    return chunks.agg(pl.col("rows").sum())["rows"].to_list()


def _is_proved(path: Path) -> bool:
    with _opened(path) as file:
        metadata = file.schema_arrow.metadata or {}
    return all(metadata.get(key) == value for key, value in MARK.items())


_NOBODY = pl.DataFrame(schema={"rows": pl.Int64, "patient_id": pl.String})


def _runs(path: Path) -> Iterator[pl.DataFrame]:
    """Runs of rows of one person, a part of the file at a time, from the ids alone."""
    with _opened(path) as file:
        rows = file.metadata.num_rows
        if "patient_id" not in file.schema_arrow.names:
            raise CobalaminError(f"{path}: has no column patient_id, so it is no file of events.")
    ids = pl.scan_parquet(path).select(pl.col("patient_id").cast(pl.String))
    for offset in range(0, rows, IDS_A_TIME):
        runs = ids.slice(offset, IDS_A_TIME).collect()["patient_id"].rle().struct.unnest()
        yield runs.select(pl.col("len").cast(pl.Int64).alias("rows"), pl.col("value").alias("patient_id"))


def _opened(path: Path) -> Any:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return pq.ParquetFile(path)
    except (OSError, pa.ArrowException) as error:
        raise CobalaminError(f"{path}: not a Parquet file of events ({type(error).__name__}).") from None
