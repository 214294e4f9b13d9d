"""Where rows wait until the whole record has been read: in memory, or, past a limit, on disk by person.

NDJSON exports are sorted by kind of resource, not by person, so nobody is complete before the last file.
Beyond `SPILL_ROWS` rows are written to a temporary folder in `PARTS` parts by a hash of the person; a part
is then read back alone, so memory is that of one part, not of the export.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl

from cobalamin.events import event_schema

FLUSH_ROWS = 50_000
SPILL_ROWS = 1_500_000
PARTS = 64
EVENT, SPAN, DEAD, CONTEXT = "event", "span", "dead", "context"


def waiting_schema() -> dict[str, Any]:
    """Columns of a waiting row: an event's, and where it came from.

    `mark`: event; span (a date that shows how far the record reaches); dead (the newest copy of a resource
    says it is void); context (an encounter or report that dates what has no date of its own).
    `resource` and `item` number what was read; `place` is file and line; `point` tells a point fact;
    `notes` are parted by "|".
    """
    helpers = {
        "mark": pl.Enum([EVENT, SPAN, DEAD, CONTEXT]),
        "resource": pl.Int64(),
        "item": pl.Int64(),
        "version": pl.String(),
        "place": pl.String(),
        "encounter": pl.String(),
        "point": pl.Boolean(),
        "notes": pl.String(),
    }
    return {**dict(event_schema()), **helpers}


class Spool:
    """Collects rows and gives them back by whole people."""

    def __init__(self, spill_rows: int = SPILL_ROWS) -> None:
        self._schema = waiting_schema()
        self._buffer: list[dict[str, Any]] = []
        self._frames: list[pl.DataFrame] = []
        self._held = 0
        self._spill_rows = spill_rows
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._files = 0

    def add(self, row: dict[str, Any]) -> None:
        """Take one row; missing columns are null."""
        self._buffer.append(row)
        if len(self._buffer) >= FLUSH_ROWS:
            self._flush()

    def people(self, chunk_patients: int) -> Iterator[pl.DataFrame]:
        """Frames of whole people, each of about `chunk_patients`. At least one frame, maybe empty."""
        self._flush()
        if self._folder is None:
            whole = pl.concat(self._frames) if self._frames else pl.DataFrame(schema=self._schema)
            yield from _by_people(whole, chunk_patients)
            return
        for part in range(PARTS):
            files = sorted(Path(self._folder.name).glob(f"{part}-*.arrow"))
            if files:
                yield from _by_people(pl.concat([pl.read_ipc(each) for each in files]), chunk_patients)

    def close(self) -> None:
        """Remove the temporary folder."""
        if self._folder is not None:
            self._folder.cleanup()

    def _flush(self) -> None:
        if not self._buffer:
            return
        columns = {name: [row.get(name) for row in self._buffer] for name in self._schema}
        self._frames.append(pl.DataFrame(columns, schema=self._schema))
        self._held += len(self._buffer)
        self._buffer = []
        if self._held >= self._spill_rows:
            self._spill()

    def _spill(self) -> None:
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="cobalamin-")
        whole = pl.concat(self._frames).with_columns(part=pl.col("patient_id").hash(7) % PARTS)
        for (part,), rows in whole.partition_by("part", as_dict=True, include_key=False).items():
            rows.write_ipc(Path(self._folder.name) / f"{part}-{self._files}.arrow")
        self._files += 1
        self._frames, self._held = [], 0
        if self._files == 1:
            self._spill_rows = max(FLUSH_ROWS, self._spill_rows // 4)


def _by_people(whole: pl.DataFrame, chunk_patients: int) -> Iterator[pl.DataFrame]:
    ids = whole["patient_id"].unique().sort()
    if len(ids) <= chunk_patients:
        yield whole
        return
    ordered = whole.sort("patient_id")
    for begin in range(0, len(ids), chunk_patients):
        last = ids[min(begin + chunk_patients, len(ids)) - 1]
        yield ordered.filter(pl.col("patient_id").is_between(pl.lit(ids[begin]), pl.lit(last)))
