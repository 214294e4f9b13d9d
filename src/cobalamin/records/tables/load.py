"""A table from disk as text columns, with the lines that could not be read counted in the ledger."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import polars as pl

from cobalamin.errors import CobalaminError
from cobalamin.records.ledger import Ledger
from cobalamin.records.raw import read_what_there_is
from cobalamin.records.tables.mapping import did_you_mean

_SEPARATORS = {".tsv": "\t", ".tab": "\t"}
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
    try:
        frame = pl.read_csv(content, infer_schema=False, separator=separator, null_values=["", "NA", "NULL"])
    except pl.exceptions.PolarsError:
        frame = _csv_line_by_line(content, separator, file.name, ledger)
    frame = frame.rename({name: name.strip().lstrip("\ufeff") for name in frame.columns})
    return frame if LINE in frame.columns else frame.with_row_index(LINE, 2)


def _csv_line_by_line(content: bytes, separator: str, name: str, ledger: Ledger) -> pl.DataFrame:
    """The slow way round broken lines: each line alone; what does not fit the header is set aside."""
    stream = io.BytesIO(content)
    header = _fields(stream.readline(), separator)
    if not header or len(set(header)) != len(header):
        raise CobalaminError(f"{name}: the first line is no header of distinct columns in UTF-8.")
    good: list[list[str]] = []
    numbers: list[int] = []
    for number, line in enumerate(stream, 2):
        if not line.strip():
            continue
        fields = _fields(line, separator)
        if fields is None or len(fields) != len(header):
            why = (
                "not UTF-8 text; save it as UTF-8"
                if fields is None
                else "a line that does not fit the header"
            )
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
