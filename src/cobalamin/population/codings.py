"""Codes and displays of facts, and the chunk as all writers take it.

Every code is one that the vocabulary lists, with the display it lists; what has no code there gets a local code and
words of its own. OMOP concept ids are those of the vocabulary; where it has none the id is 0, and the source code says
what is meant.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache

import polars as pl

from cobalamin.population.rates import rows
from cobalamin.population.recorded import CODE, ERROR
from cobalamin.vocabulary.codes import look_up

LOCAL = "local"
UNKNOWN_CODE, UNKNOWN_WORDS = "ZZ-917", "Send-away test 917"


@dataclass(frozen=True)
class Chunk:
    """People and record rows of one chunk, coded and dated, for the writers.

    `people`: patient_id, number, sex, born, second_birth, died, begins. `rows`: patient_id, number, date, end_date and
    the columns of facts with table, system, code, display, omop, status, words.
    """

    on: date
    people: pl.DataFrame
    rows: pl.DataFrame


@cache
def codings() -> pl.DataFrame:
    """One row a concept and unit: table, system, code, display, omop (0 where the vocabulary has none), words."""
    found = []
    for row in rows("codings.csv"):
        coded = look_up(row["system"], row["code"])
        display = coded.display if coded else row["words"]
        found.append({**row, "display": display, "omop": int(row["omop"] or 0), "said": row["words"] or display})
    frame = pl.DataFrame(found, infer_schema_length=None).drop("words").rename({"unit": "coded_unit"})
    return frame.with_columns(pl.col("omop").cast(pl.Int64))


def coded(rows_: pl.DataFrame) -> pl.DataFrame:
    """Record rows with table, system, code, display, omop, said and status."""
    unit = pl.col("unit").fill_null("")
    joined = rows_.with_columns(coded_unit=unit).join(
        codings(), on=["concept", "coded_unit"], how="left", maintain_order="left"
    )
    unknown = pl.col("fault") == CODE
    return joined.with_columns(
        system=pl.when(unknown).then(pl.lit(LOCAL)).otherwise("system"),
        code=pl.when(unknown).then(pl.lit(UNKNOWN_CODE)).otherwise("code"),
        display=pl.when(unknown).then(pl.lit(UNKNOWN_WORDS)).otherwise("display"),
        said=pl.when(unknown).then(pl.lit(UNKNOWN_WORDS)).otherwise("said"),
        omop=pl.when(unknown).then(0).otherwise("omop"),
        status=pl.when(pl.col("fault") == ERROR).then(pl.lit("entered-in-error")).otherwise(pl.lit("final")),
    ).drop("coded_unit")
