"""A table from disk as text columns, with the lines that could not be read counted in the ledger."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import polars as pl
import pyarrow as pa
from pyarrow import csv as csv_arrow

from cobalamin.errors import CobalaminError
from cobalamin.records.ledger import Ledger
from cobalamin.records.raw import read_what_there_is
from cobalamin.records.tables.mapping import did_you_mean

_SEPARATORS = {".tsv": "\t", ".tab": "\t"}
_NULLS = ["", "NA", "NULL"]
LINE = "__line__"


def load_table(file: Path, needed: list[str], ledger: Ledger) -> pl.DataFrame:
    """The needed columns of a CSV or Parquet file (also gz) as text, blanks as null, and `__line__`.

    Raises CobalaminError where the file is no table or lacks a column.
    """
    frame = _parquet(file) if ".parquet" in file.name.lower() else _csv(file, ledger)
    for name in needed:
        if name not in frame.columns:
            raise CobalaminError(f'{file}: no column "{name}"{did_you_mean(name, frame.columns)}')
    columns = list(dict.fromkeys(needed))
    frame = frame.select(LINE, *columns)
    text = pl.col(columns).str.strip_chars()
    return frame.with_columns(pl.when(text != "").then(text).name.keep())


def _parquet(file: Path) -> pl.DataFrame:
    try:
        frame = pl.read_parquet(file)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise CobalaminError(f"{file}: not Parquet: {' '.join(str(error).split())[:120]}") from None
    nested = [name for name, kind in frame.schema.items() if kind.is_nested()]
    return frame.drop(nested).cast(pl.String).with_row_index(LINE, 1)


def _csv(file: Path, ledger: Ledger) -> pl.DataFrame:
    content, whole = read_what_there_is(file)
    if not whole:
        ledger.put_aside("file", "the file ends early or is damaged; read up to there", file.name)
    if not content.strip():
        raise CobalaminError(f"{file}: an empty file. Expected a header line and rows.")
    separator = _SEPARATORS.get(Path(file.name.removesuffix(".gz")).suffix, ",")
    header = _fields(content.split(b"\n", 1)[0], separator)
    if not header or len(set(header)) != len(header):
        raise CobalaminError(f"{file}: the first line is no header of distinct columns in UTF-8.")
    try:
        return _csv_at_once(content, separator, header, file.name, ledger)
    except pa.ArrowInvalid:
        return _csv_line_by_line(content, separator, header, file.name, ledger)


def _csv_at_once(content: bytes, separator: str, header: list[str], name: str, ledger: Ledger) -> pl.DataFrame:
    """Arrow's reader, which reports rows that do not fit the header instead of padding them."""
    unfit: list[int] = []

    def skip(row: csv_arrow.InvalidRow) -> str:
        unfit.append(row.number or 0)
        return "skip"

    # Row numbers of unfit rows are only given on one thread. Text with line breaks stays one row.
    table = csv_arrow.read_csv(
        io.BytesIO(content),
        read_options=csv_arrow.ReadOptions(use_threads=False, column_names=header, skip_rows=1),
        parse_options=csv_arrow.ParseOptions(
            delimiter=separator, invalid_row_handler=skip, newlines_in_values=b'"' in content
        ),
        convert_options=csv_arrow.ConvertOptions(
            column_types=dict.fromkeys(header, pa.string()), strings_can_be_null=True, null_values=_NULLS
        ),
    )
    for number in unfit:
        ledger.put_aside("line", "a line that does not fit the header", f"{name}:{number}")
    frame = pl.DataFrame(pl.from_arrow(table))
    lines = pl.int_range(2, 2 + frame.height + len(unfit), dtype=pl.UInt32, eager=True)
    return frame.with_columns(lines.filter(~lines.is_in(unfit)).alias(LINE))


def _csv_line_by_line(content: bytes, separator: str, header: list[str], name: str, ledger: Ledger) -> pl.DataFrame:
    """The slow way round text in another encoding: each line alone; what does not fit is set aside."""
    stream = io.BytesIO(content)
    stream.readline()
    good: list[list[str]] = []
    numbers: list[int] = []
    for number, line in enumerate(stream, 2):
        if not line.strip():
            continue
        fields = _fields(line, separator)
        if fields is None or len(fields) != len(header):
            why = "not UTF-8 text; save it as UTF-8" if fields is None else "a line that does not fit the header"
            ledger.put_aside("line", why, f"{name}:{number}")
        else:
            good.append(fields)
            numbers.append(number)
    frame = pl.DataFrame(good, schema=dict.fromkeys(header, pl.String), orient="row")
    return frame.with_columns(pl.Series(LINE, numbers, pl.UInt32))


def _fields(line: bytes, separator: str) -> list[str] | None:
    try:
        written = line.decode("utf-8-sig").rstrip("\r\n")
    except UnicodeDecodeError:
        return None
    try:
        return next(csv.reader([written], delimiter=separator), [])
    except csv.Error:
        return []
