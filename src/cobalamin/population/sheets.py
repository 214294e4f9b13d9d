"""Tables on disk that grow chunk by chunk: Parquet or CSV, one file a table, in bounded memory."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Any

import polars as pl


class Sheets:
    """Open tables of one folder. A table is opened by its first rows; an empty frame still gives a header."""

    def __init__(self, folder: Path, *, csv: bool = False) -> None:
        self.folder, self.csv = folder, csv
        self.suffix = ".csv" if csv else ".parquet"
        self._open: dict[str, Any] = {}

    def __enter__(self) -> Sheets:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for writer in self._open.values():
            writer.close()

    def add(self, name: str, frame: pl.DataFrame) -> None:
        """Append rows to the table of that name (without its ending)."""
        path = self.folder / f"{name}{self.suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        if self.csv:
            self._add_csv(path, frame)
        else:
            self._add_parquet(path, frame)

    def _add_csv(self, path: Path, frame: pl.DataFrame) -> None:
        known = str(path) in self._open
        if not known:
            self._open[str(path)] = path.open("wb")
        frame.write_csv(self._open[str(path)], include_header=not known)

    def _add_parquet(self, path: Path, frame: pl.DataFrame) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        table = frame.to_arrow(compat_level=pl.CompatLevel.oldest())
        if str(path) not in self._open:
            self._open[str(path)] = pq.ParquetWriter(path, table.schema, compression="zstd", compression_level=9)
        if isinstance(table, pa.Table) and (table.num_rows or self._open[str(path)].schema):
            self._open[str(path)].write_table(table)
