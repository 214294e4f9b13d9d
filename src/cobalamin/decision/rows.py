"""One person as many rows, each with something about them changed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

import numpy as np
import polars as pl

from cobalamin.findings.columns import findings_schema, parts
from cobalamin.findings.derived import base_findings, derived_anew
from cobalamin.vocabulary.catalogue import catalogue

# Of a changed column: which rows it is changed in, and to what.
Cells = tuple[list[int], list[Any]]


def varied(
    findings: pl.DataFrame, variants: Sequence[dict[str, Any]], read: Iterable[str] | None = None
) -> pl.DataFrame:
    """The person's row once for each variant, with the columns it sets (named without "finding.").

    What is derived from a changed finding is computed anew. `read` names the findings that will be read, where
    these are not all: what nobody reads is left out.
    """
    changed: dict[str, Cells] = {}
    for place, variant in enumerate(variants):
        for name, value in variant.items():
            for column, one in _columns(name, value):
                places, values = changed.setdefault(column, ([], []))
                places.append(place)
                values.append(one)
    held = {series.name: series for series in findings.get_columns()}
    kept = held if read is None else dict.fromkeys([*_needed(tuple(read)), *changed])
    same = pl.DataFrame([held[column] for column in kept if column not in changed])
    rows = {series.name: series for series in same[np.zeros(len(variants), dtype=np.int64)].get_columns()}
    rows |= {series.name: series for series in _written(held, changed, len(variants))}
    return derived_anew(pl.DataFrame([rows[column] for column in kept]), changed.keys())


def _columns(name: str, value: Any) -> list[tuple[str, Any]]:
    """A finding's column; of a measurement its unit too, since what is set is in the canonical unit."""
    finding = catalogue().get(name)
    column = f"finding.{name}"
    if finding is not None and finding.kind == "measurement":
        return [(column, value), (f"{column}.unit", finding.unit)]
    return [(column, value)]


@cache
def _needed(read: tuple[str, ...]) -> tuple[str, ...]:
    """The columns of these findings and of those they are derived from."""
    bases = [base for name in read for base in base_findings().get(name, ())]
    # Whether a question makes sense hangs on sex and age.
    bases += ["male", "age_years"] if any(catalogue()[name].applies_when for name in read) else []
    names = dict.fromkeys([*read, *bases])
    suffixes = [(catalogue()[name].column, ("", *(f".{part}" for part in parts(catalogue()[name])))) for name in names]
    return ("patient_id", "on", *(column + suffix for column, each in suffixes for suffix in each))


def _written(held: dict[str, pl.Series], changed: dict[str, Cells], size: int) -> list[pl.Series]:
    """The changed columns. Those of one type are written end to end: a hundred small writes cost more than one."""
    by_type: dict[pl.DataType, list[str]] = {}
    for column in changed:
        by_type.setdefault(findings_schema()[column], []).append(column)
    found = []
    for kind, columns in by_type.items():
        now = pl.concat([held[column] for column in columns], rechunk=True)
        laid = now.gather(np.repeat(np.arange(len(columns)), size))
        cells = [at * size + place for at, column in enumerate(columns) for place in changed[column][0]]
        values = [value for column in columns for value in changed[column][1]]
        laid = laid.scatter(cells, pl.Series(values, dtype=kind))
        found += [laid.slice(at * size, size).alias(column) for at, column in enumerate(columns)]
    return found
