"""The columns of the findings frame, as the catalogue declares them."""

from __future__ import annotations

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
