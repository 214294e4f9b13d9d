"""MEDS: one long table of subject, time, code and number in Parquet shards, with its metadata and a mapping file.

MEDS has a code and a number; what else a fact needs (unit, words, route, interval, end) stands in columns of ours,
which the standard allows. Shards hold whole subjects in order. An entry in error is not exported.
"""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import polars as pl

from cobalamin.events import VIRTUAL_ID
from cobalamin.population.codings import LOCAL, UNKNOWN_CODE, UNKNOWN_WORDS, Chunk, codings
from cobalamin.population.write_tables import COVERS

MEDS_VERSION = "0.4.0"
CHUNKS_A_SHARD = 10
PREFIX = {"loinc": "LOINC", "snomed": "SNOMED", "dmd": "DMD", LOCAL: "LOCAL"}
BIRTH, DEATH, REGISTRATION, FEMALE, MALE = "MEDS_BIRTH", "MEDS_DEATH", "REGISTRATION", "GENDER//F", "GENDER//M"
OWN_CODES = {
    BIRTH: "Birth", DEATH: "Death", REGISTRATION: "Registered with the practice", FEMALE: "Female", MALE: "Male",
}  # fmt: skip


class MedsWriter:
    """Writes shards of whole subjects; memory holds one shard."""

    def __init__(self, folder: Path, on: date) -> None:
        self.folder, self.on = folder, on
        self._waiting: list[pl.DataFrame] = []
        self._shards = 0
        (folder / "data").mkdir()
        (folder / "metadata").mkdir()

    def add(self, chunk: Chunk) -> None:
        """Append one chunk."""
        self._waiting.append(_events(chunk))
        if len(self._waiting) >= CHUNKS_A_SHARD:
            self._flush()

    def close(self) -> None:
        """Write the last shard, the codes, the description and the mapping."""
        self._flush()
        _codes().write_parquet(self.folder / "metadata" / "codes.parquet")
        about = {
            "dataset_name": "cobalamin virtual practice (synthetic)", "dataset_version": str(self.on),
            "etl_name": "cobalamin synthesise", "etl_version": "1", "meds_version": MEDS_VERSION,
            "license": "Apache-2.0",
        }  # fmt: skip
        text = json.dumps(about, indent=2) + "\n"
        (self.folder / "metadata" / "dataset.json").write_text(text, encoding="utf-8")
        (self.folder / "mapping.yaml").write_text(mapping_text(self.on), encoding="utf-8")

    def _flush(self) -> None:
        if self._waiting or not self._shards:
            frame = pl.concat(self._waiting) if self._waiting else pl.DataFrame()
            frame.write_parquet(self.folder / "data" / f"{self._shards}.parquet", compression_level=9)
            self._shards += 1
            self._waiting = []


def _events(chunk: Chunk) -> pl.DataFrame:
    rows = chunk.rows.filter(pl.col("status") == "final")
    prefix = pl.col("system").replace_strict(PREFIX, return_dtype=pl.String)
    facts = rows.select(
        subject_id="number", time=pl.col("date").cast(pl.Datetime("us")),
        code=pl.concat_str(prefix, pl.lit("/"), "code"),
        numeric_value=pl.col("value").cast(pl.Float32),
        text_value=pl.coalesce("words", pl.col("value").cast(pl.String).str.strip_suffix(".0")),
        unit="unit", kind=_kind(), route="route", every_days=pl.col("every_days").cast(pl.Float32),
        end=pl.col("end_date").cast(pl.Datetime("us")),
    )  # fmt: skip
    people = _person_events(chunk.people)
    both = pl.concat([people, facts], how="diagonal").select(facts.columns)
    return both.sort("subject_id", "time", "code", maintain_order=True)


def _kind() -> pl.Expr:
    medicine, point = pl.col("table") == "medicine", pl.col("kind") == "point"
    return (
        pl.when(medicine & point).then(pl.lit("dose"))
        .when(medicine).then(pl.lit("medicine"))
        .when(pl.col("table") == "laboratory").then(pl.lit("result"))
        .otherwise(pl.lit("fact"))
    )  # fmt: skip


def _person_events(people: pl.DataFrame) -> pl.DataFrame:
    sex = pl.col("sex").replace_strict({"F": FEMALE, "M": MALE}, return_dtype=pl.String)
    parts = [
        people.select(subject_id="number", time="born", code=pl.lit(BIRTH), kind=pl.lit("birth")),
        people.filter(pl.col("second_birth").is_not_null()).select(
            subject_id="number", time="second_birth", code=pl.lit(BIRTH), kind=pl.lit("birth")
        ),
        people.select(subject_id="number", time="born", code=sex, kind=pl.lit("person")),
        people.filter(pl.col("died").is_not_null()).select(
            subject_id="number", time="died", code=pl.lit(DEATH), kind=pl.lit("death")
        ),
        people.select(subject_id="number", time="begins", code=pl.lit(REGISTRATION), kind=pl.lit("registration")),
    ]
    return pl.concat(parts).with_columns(pl.col("time").cast(pl.Datetime("us")))


def _codes() -> pl.DataFrame:
    listed = codings().select("system", "code", "said").unique(maintain_order=True)
    rows: list[tuple[str, str, list[str]]] = [(code, words, []) for code, words in OWN_CODES.items()]
    rows += [(f"{PREFIX[system]}/{code}", said, []) for system, code, said in listed.iter_rows()]
    rows.append((f"{PREFIX[LOCAL]}/{UNKNOWN_CODE}", UNKNOWN_WORDS, []))
    schema = pl.Schema({"code": pl.String(), "description": pl.String(), "parent_codes": pl.List(pl.String())})
    return pl.DataFrame(rows, schema=schema, orient="row").unique("code", keep="first", maintain_order=True)


def mapping_text(on: date) -> str:
    """The mapping file by which `cobalamin audit` reads the shards."""
    covers = "\n".join(f"      - domain: {domain}" for domain in COVERS)
    named = codings().unique(["system", "code"], keep="first", maintain_order=True)
    concepts = "\n".join(
        f'        "{PREFIX[row["system"]]}/{row["code"]}": {row["concept"]}    # {row["said"]}'
        for row in named.iter_rows(named=True)
    )
    return f"""# How MEDS shards of this synthetic practice become events. No real person is in it.
name: Virtual practice (MEDS)
source: cobalamin synthesise (synthetic)
licence: Apache-2.0, as the program
patient_prefix: {VIRTUAL_ID}
on: {on}

files:
  - file: data/*.parquet
    patient: subject_id
    time: {{column: time}}
    keep: {{kind: person}}
    columns:
      code: {{values: {{"{FEMALE}": person_female, "{MALE}": person_male}}}}
  - file: data/*.parquet
    patient: subject_id
    keep: {{kind: birth}}
    columns:
      time: {{concept: person_birth, date: day}}
  - file: data/*.parquet
    patient: subject_id
    keep: {{kind: death}}
    columns:
      time: {{concept: person_died, date: day}}
  - file: data/*.parquet
    patient: subject_id
    time: {{column: time}}
    keep: {{kind: registration}}
    covers:
{covers}
{_facts(concepts)}"""


def _facts(concepts: str) -> str:
    """The part of the mapping about results, notes, doses and medicines."""
    return f"""  - file: data/*.parquet
    patient: subject_id
    time: {{column: time, precision: day}}
    keep: {{kind: [result, fact]}}
    long:
      code: code
      value: text_value
      unit: unit
      concepts: &codes
{concepts}
  - file: data/*.parquet
    patient: subject_id
    time: {{column: time, precision: day}}
    keep: {{kind: dose}}
    medicines:
      code: code
      given: true
      dose: numeric_value
      dose_unit_column: unit
      route_column: route
      concepts: *codes
  - file: data/*.parquet
    patient: subject_id
    time: {{column: time, precision: day}}
    keep: {{kind: medicine}}
    medicines:
      code: code
      ended: {{column: end}}
      dose: numeric_value
      dose_unit_column: unit
      route_column: route
      every_days_column: every_days
      concepts: *codes
"""
