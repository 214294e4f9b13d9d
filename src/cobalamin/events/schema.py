"""The event table: one fact a row. Its columns, their types and their meaning; nothing clinical."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

import polars as pl

from cobalamin.vocabulary.concepts import concept_type

PRECISIONS = ("second", "day", "month", "year", "undated")
COMPARATORS = ("<", ">")
FLAGS = ("low", "normal", "high", "positive", "negative", "borderline")
# The id of a person whom a program made begins so, in every format; nobody real may be given such an id.
VIRTUAL_ID = "virtual-"
ROUTES = ("im", "sc", "iv", "oral", "sublingual", "nasal", "other")


@cache
def event_schema() -> pl.Schema:
    """Columns of the event table in their order.

    `time` is null only where `precision` is "undated": a fact without a date, taken as before everything.
    `until` equals `time` for a point fact and is null for one that still runs.
    `value`, `low` and `high` are in the concept's canonical unit; `unit` is the unit as reported.
    `flag` is the result in words; `text` keeps what was printed when it was not a plain number.
    """
    return pl.Schema(
        {
            "patient_id": pl.String(),
            "time": pl.Datetime("us"),
            "precision": pl.Enum(PRECISIONS),
            "until": pl.Datetime("us"),
            "known_at": pl.Datetime("us"),
            "concept": concept_type(),
            "present": pl.Boolean(),
            "value": pl.Float64(),
            "unit": pl.String(),
            "comparator": pl.Enum(COMPARATORS),
            "flag": pl.Enum(FLAGS),
            "text": pl.String(),
            "low": pl.Float64(),
            "high": pl.Float64(),
            "route": pl.Enum(ROUTES),
            "every_days": pl.Float64(),
            "source": pl.String(),
        }
    )


DEFAULTS: dict[str, Any] = {"precision": "day", "present": True}


def event_frame(rows: pl.DataFrame | Iterable[Mapping[str, Any]]) -> pl.DataFrame:
    """A frame with exactly the event columns; columns left out are filled with their default or null."""
    schema = event_schema()
    frame = rows if isinstance(rows, pl.DataFrame) else _from_rows(list(rows), schema)
    columns = [
        pl.col(name).cast(dtype) if name in frame.columns else pl.lit(None, dtype).alias(name)
        for name, dtype in schema.items()
    ]
    filled = [pl.col(name).fill_null(value) for name, value in DEFAULTS.items()]
    return frame.select(columns).with_columns(filled)


def _from_rows(rows: list[Mapping[str, Any]], schema: pl.Schema) -> pl.DataFrame:
    return pl.DataFrame({name: [row.get(name) for row in rows] for name in schema.names()}, schema=schema)
