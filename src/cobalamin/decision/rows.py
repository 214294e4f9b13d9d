"""One person as many rows, each with something about them changed."""

from __future__ import annotations

from typing import Any

import polars as pl

from cobalamin.findings.columns import findings_schema
from cobalamin.vocabulary.catalogue import catalogue


def varied(findings: pl.DataFrame, variants: list[dict[str, Any]]) -> pl.DataFrame:
    """The person's row once for each variant, with the columns it sets (named without "finding.")."""
    sets: dict[str, tuple[list[int], list[Any]]] = {}
    for place, variant in enumerate(variants):
        for name, value in variant.items():
            for column, one in _columns(name, value):
                places, values = sets.setdefault(column, ([], []))
                places.append(place)
                values.append(one)
    frame = findings[[0] * len(variants)]
    columns = [
        frame[column].scatter(places, pl.Series(values, dtype=findings_schema()[column]))
        for column, (places, values) in sets.items()
    ]
    return frame.with_columns(columns)


def _columns(name: str, value: Any) -> list[tuple[str, Any]]:
    """A finding's column; of a measurement its unit too, since what is set is in the canonical unit."""
    finding = catalogue().get(name)
    column = f"finding.{name}"
    if finding is not None and finding.kind == "measurement":
        return [(column, value), (f"{column}.unit", finding.unit)]
    return [(column, value)]
