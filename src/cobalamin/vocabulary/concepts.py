"""The project's concepts: one slug for each thing a record can say."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import polars as pl


@dataclass(frozen=True)
class Concept:
    """One thing a record can say; `unit` is the canonical unit of its value ("" where it has none)."""

    slug: str
    label: str
    kind: str
    domain: str
    unit: str


def read_csv(name: str) -> list[dict[str, str]]:
    """Rows of one of the vocabulary's CSV files."""
    with files("cobalamin.vocabulary").joinpath(name).open(encoding="utf-8") as file:
        # Not a DictReader: thousands of phrases are read before the first answer, and it takes twice as long.
        rows = csv.reader(file)
        header = next(rows)
        return [dict(zip(header, row, strict=True)) for row in rows if row]


@cache
def concepts() -> dict[str, Concept]:
    """All concepts by slug, in the order of `concepts.csv`."""
    return {
        row["concept"]: Concept(row["concept"], row["label"], row["kind"], row["domain"], row["unit"])
        for row in read_csv("concepts.csv")
    }


@cache
def concept_type() -> pl.Enum:
    """The Polars type of an event's `concept` column."""
    return pl.Enum(list(concepts()))
