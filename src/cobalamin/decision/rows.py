"""One person as many rows, each with something about them changed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

import numpy as np
import polars as pl

from cobalamin.findings.columns import findings_schema, parts
from cobalamin.findings.derived import computed_from, derived_anew
from cobalamin.vocabulary.catalogue import catalogue

# Of a changed column: which rows it is changed in, and to what.
Cells = tuple[list[int], list[Any]]
# Parts of a finding that a decision may look at: not when, and not where in the record.
LOOKED_AT = ("unit", "cmp", "flag", "na")


def varied(
    findings: pl.DataFrame, variants: Sequence[dict[str, Any]], read: Iterable[str] | None = None
) -> pl.DataFrame:
    """The person's row once for each variant, with the columns it sets (named without "finding.").

    What is derived from a changed finding is computed anew. `read` names the findings that a decision will read,
    where these are not all: what it does not look at is left out.
    """
    held = dict(zip(findings.columns, findings.get_columns(), strict=True))
    kept = tuple(held) if read is None else _needed(tuple(read))
    changed = _changed(variants, frozenset(kept))
    same = [column for column in kept if column not in changed]
    repeated = pl.DataFrame([held[column] for column in same])[np.zeros(len(variants), dtype=np.int64)]
    rows = dict(zip(same, repeated.get_columns(), strict=True)) | _written(held, changed, len(variants))
    return derived_anew(pl.DataFrame([rows[column] for column in kept]), changed.keys())


def _changed(variants: Sequence[dict[str, Any]], kept: frozenset[str]) -> dict[str, Cells]:
    """Of the columns that are kept, those that a variant sets."""
    changed: dict[str, Cells] = {}
    for place, variant in enumerate(variants):
        for name, value in variant.items():
            for column, one in _columns(name, value):
                if column in kept:
                    places, values = changed.setdefault(column, ([], []))
                    places.append(place)
                    values.append(one)
    return changed


def _columns(name: str, value: Any) -> list[tuple[str, Any]]:
    """A finding's column; of a measurement its unit too, since what is set is in the canonical unit."""
    finding = catalogue().get(name)
    column = f"finding.{name}"
    if finding is not None and finding.kind == "measurement":
        return [(column, value), (f"{column}.unit", finding.unit)]
    return [(column, value)]


@cache
def _needed(read: tuple[str, ...]) -> tuple[str, ...]:
    """The columns a decision looks at, and those from which what is derived among them is computed."""
    found = ["patient_id", "on"]
    for finding in (catalogue()[name] for name in read):
        found += [finding.column, *(f"{finding.column}.{part}" for part in parts(finding) if part in LOOKED_AT)]
    return tuple(dict.fromkeys([*found, *sorted(computed_from(frozenset(found)))]))


def _written(held: dict[str, pl.Series], changed: dict[str, Cells], size: int) -> dict[str, pl.Series]:
    """The changed columns. Those of one type are written end to end: a hundred small writes cost more than one."""
    by_type: dict[pl.DataType, list[str]] = {}
    for column in changed:
        by_type.setdefault(findings_schema()[column], []).append(column)
    found: dict[str, pl.Series] = {}
    for kind, columns in by_type.items():
        now = pl.concat([held[column] for column in columns], rechunk=True)
        laid = now.gather(np.repeat(np.arange(len(columns)), size))
        cells = [at * size + place for at, column in enumerate(columns) for place in changed[column][0]]
        values = [value for column in columns for value in changed[column][1]]
        laid = laid.scatter(cells, pl.Series(values, dtype=kind))
        found |= {column: laid.slice(at * size, size).alias(column) for at, column in enumerate(columns)}
    return found
