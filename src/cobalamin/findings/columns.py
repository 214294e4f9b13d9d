"""The columns of the findings frame, as the catalogue declares them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import polars as pl

from cobalamin.events import FLAGS
from cobalamin.vocabulary.catalogue import Finding, catalogue

VALUE_TYPES: dict[str, pl.DataType | type[pl.DataType]] = {
    "boolean": pl.Boolean,
    "measurement": pl.Float64,
    "number": pl.Float64,
    "date": pl.Date,
}
MEASUREMENT_PARTS: dict[str, pl.DataType | type[pl.DataType]] = {
    "unit": pl.String,
    "cmp": pl.Int8,
    "flag": pl.Enum(FLAGS),
    "time": pl.Datetime("us"),
}


def rests_on_one_event(finding: Finding) -> bool:
    """True where one event decides the finding, so that it has an anchor (`.row`)."""
    return bool(finding.concepts) and finding.selector not in ("derived", "spell_years")


def parts(finding: Finding) -> dict[str, pl.DataType | type[pl.DataType]]:
    """The columns of one finding beside its value: suffix and type."""
    found = dict(MEASUREMENT_PARTS) if finding.kind == "measurement" else {}
    if rests_on_one_event(finding):
        found["row"] = pl.Int32
    if finding.applies_when:
        found["na"] = pl.Boolean
    return found


@cache
def findings_schema() -> pl.Schema:
    """Every column of the findings frame with its type, in order."""
    columns: dict[str, pl.DataType | type[pl.DataType]] = {"patient_id": pl.String, "on": pl.Date}
    for finding in catalogue().values():
        columns[finding.column] = VALUE_TYPES[finding.kind]
        columns |= {f"{finding.column}.{suffix}": kind for suffix, kind in parts(finding).items()}
    return pl.Schema(columns)


@cache
def finding_columns() -> tuple[str, ...]:
    """Names of the columns of the findings frame, in order."""
    return tuple(findings_schema().names())


def split(names: Sequence[str], laid: pl.Series) -> pl.DataFrame:
    """A frame from columns that were made in one piece, laid end to end.

    Hundreds of small columns cost more to make than to fill. For one person the piece is turned on its side,
    which makes all of them in one call.
    """
    if not names:
        return pl.DataFrame()
    size = len(laid) // len(names)
    if size == 1:
        return laid.to_frame().transpose(column_names=names)
    return pl.DataFrame([laid.slice(place * size, size).alias(name) for place, name in enumerate(names)])
