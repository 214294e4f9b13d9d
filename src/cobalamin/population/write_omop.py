"""OMOP CDM 5.4 tables, as a careful conversion of a practice would make them, with a mapping file to read them back.

An entry in error or with a code that nobody can look up does not survive such a conversion, or keeps concept id 0.
A person has one birth date. Drugs are ingredients: a product's strength is not in the concept.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl

from cobalamin.events import VIRTUAL_ID
from cobalamin.population.codings import LOCAL, Chunk
from cobalamin.population.sheets import Sheets
from cobalamin.population.write_tables import COVERS, local_codes
from cobalamin.vocabulary.concepts import read_csv

# Athena: Gender 8507 MALE, 8532 FEMALE; Type Concept 32817 EHR (seen in public OMOP code and test data).
GENDER, TYPE_EHR = {"M": 8507, "F": 8532}, 32817
# Unit concept ids by UCUM code, each of which vocabulary/omop_units.csv lists with this name.
UNITS = {
    "ng/L": "nanogram per liter", "pmol/L": "picomole per liter", "nmol/L": "nanomole per liter",
    "g/L": "gram per liter", "fL": "femtoliter", "mL/min/{1.73_m2}": "milliliter per minute per 1.73 square meter",
}  # fmt: skip


class OmopWriter:
    """Writes the clinical tables chunk by chunk; ids of events count on from chunk to chunk."""

    def __init__(self, folder: Path, on: date, *, csv: bool = False) -> None:
        self.on, self.folder = on, folder
        self.sheets = Sheets(folder, csv=csv)
        self._last = dict.fromkeys(
            ("measurement", "drug_exposure", "condition_occurrence", "procedure_occurrence", "observation"), 0
        )

    def add(self, chunk: Chunk) -> None:
        """Append one chunk."""
        people, rows = chunk.people, chunk.rows.filter(pl.col("status") == "final")
        self.sheets.add("person", _people(people))
        self.sheets.add("observation_period", _periods(people, self.on))
        self.sheets.add("death", _deaths(people))
        note = pl.col("table") == "note"
        self._events("measurement", _measurements(rows.filter(pl.col("table") == "laboratory")))
        self._events("drug_exposure", _drugs(rows.filter(pl.col("table") == "medicine"), self.on))
        self._events("condition_occurrence", _occurrences(rows.filter(pl.col("table") == "problem"), "condition"))
        self._events("procedure_occurrence", _occurrences(rows.filter(pl.col("table") == "procedure"), "procedure"))
        self._events("observation", _occurrences(rows.filter(note), "observation"))

    def close(self) -> None:
        """Close the tables and write the mapping."""
        self.sheets.__exit__(None, None, None)
        (self.folder / "mapping.yaml").write_text(mapping_text(self.on, self.sheets.suffix), encoding="utf-8")

    def _events(self, name: str, frame: pl.DataFrame) -> None:
        start = self._last[name] + 1
        self._last[name] += frame.height
        key = "observation_id" if name == "observation" else f"{name}_id"
        numbered = frame.select(
            pl.int_range(start, start + frame.height, dtype=pl.Int64, eager=True).alias(key), pl.all()
        )
        self.sheets.add(name, numbered)


def _people(people: pl.DataFrame) -> pl.DataFrame:
    born = pl.col("born")
    return people.select(
        person_id="number", gender_concept_id=pl.col("sex").replace_strict(GENDER, return_dtype=pl.Int64),
        year_of_birth=born.dt.year(), month_of_birth=born.dt.month(), day_of_birth=born.dt.day(),
        birth_datetime=born.cast(pl.Datetime("us")), race_concept_id=pl.lit(0, pl.Int64),
        ethnicity_concept_id=pl.lit(0, pl.Int64), person_source_value="patient_id", gender_source_value="sex",
    )  # fmt: skip


def _periods(people: pl.DataFrame, on: date) -> pl.DataFrame:
    return people.select(
        observation_period_id="number", person_id="number", observation_period_start_date="begins",
        observation_period_end_date=pl.coalesce("died", pl.lit(on)),
        period_type_concept_id=pl.lit(TYPE_EHR, pl.Int64),
    )  # fmt: skip


def _deaths(people: pl.DataFrame) -> pl.DataFrame:
    gone = people.filter(pl.col("died").is_not_null())
    return gone.select(person_id="number", death_date="died", death_type_concept_id=pl.lit(TYPE_EHR, pl.Int64))


def _measurements(rows: pl.DataFrame) -> pl.DataFrame:
    ids = {row["display"]: int(row["code"]) for row in read_csv("omop_units.csv")}
    units = {unit: ids[name] for unit, name in UNITS.items()}
    return rows.select(
        person_id="number", measurement_concept_id="omop", measurement_date="date",
        measurement_type_concept_id=pl.lit(TYPE_EHR, pl.Int64), value_as_number="value",
        unit_concept_id=pl.col("unit").replace_strict(units, default=0, return_dtype=pl.Int64),
        measurement_source_value="code", unit_source_value="unit",
        value_source_value=pl.coalesce("words", pl.col("value").cast(pl.String).str.strip_suffix(".0")),
    )  # fmt: skip


def _drugs(rows: pl.DataFrame, on: date) -> pl.DataFrame:
    """A dose is one day; a medicine that runs is exposed until the day of the export, as conversions write it."""
    point = pl.col("kind") == "point"
    return rows.select(
        person_id="number", drug_concept_id="omop", drug_exposure_start_date="date",
        drug_exposure_end_date=pl.when(point).then("date").otherwise(pl.coalesce("end_date", pl.lit(on))),
        verbatim_end_date="end_date", drug_type_concept_id=pl.lit(TYPE_EHR, pl.Int64), quantity="value",
        sig=pl.when(point).then(pl.lit("given")).otherwise(_sig()),
        drug_source_value="code", route_source_value="route", dose_unit_source_value="unit",
    )  # fmt: skip


def _sig() -> pl.Expr:
    return pl.format("every {} days", pl.col("every_days").cast(pl.Int64))


def _occurrences(rows: pl.DataFrame, domain: str) -> pl.DataFrame:
    begins = f"{domain}_start_date" if domain == "condition" else f"{domain}_date"
    return rows.select(
        pl.col("number").alias("person_id"), pl.col("omop").alias(f"{domain}_concept_id"),
        pl.col("date").alias(begins), pl.lit(TYPE_EHR, pl.Int64).alias(f"{domain}_type_concept_id"),
        pl.col("code").alias(f"{domain}_source_value"), pl.col("said").alias("source_name"),
    ).drop("source_name")  # fmt: skip


def mapping_text(on: date, suffix: str) -> str:
    """The mapping file by which `cobalamin audit` reads the tables: concept ids first, else source codes."""
    covers = "\n".join(f"      - domain: {domain}" for domain in COVERS)
    intervals = (1, 7, 28, 56, 84, 91, 182)
    drugs = "\n".join(_drug_table(suffix, days) for days in intervals)
    return f"""# How OMOP CDM 5.4 tables of this synthetic practice become events. No real person is in it.
name: Virtual practice (OMOP)
source: cobalamin synthesise (synthetic)
licence: Apache-2.0, as the program
patient_prefix: {VIRTUAL_ID}
on: {on}

files:
  - file: person{suffix}
    patient: person_id
    time: undated
    columns:
      gender_concept_id: {{values: {{8532: person_female, 8507: person_male}}}}    # 8532 FEMALE, 8507 MALE
      birth_datetime: {{concept: person_birth, date: day}}
  - file: death{suffix}
    patient: person_id
    columns:
      death_date: {{concept: person_died, date: day}}
  - file: observation_period{suffix}
    patient: person_id
    time: {{column: observation_period_start_date}}
    covers:
{covers}
{_result_tables(suffix)}
{drugs}
  - file: drug_exposure{suffix}
    patient: person_id
    time: {{column: drug_exposure_start_date}}
    keep: {{sig: given}}
    medicines: {{code: drug_concept_id, system: omop, given: true, dose: quantity, dose_unit_column: dose_unit_source_value, route_column: route_source_value}}
{_occurrence_tables(suffix)}
"""  # noqa: E501


def _result_tables(suffix: str) -> str:
    both = []
    for code, system, keep in (
        ("measurement_concept_id", "omop", "{above: 0}"), ("measurement_source_value", "loinc", "{at_most: 0}")
    ):  # fmt: skip
        both.append(
            f"""  - file: measurement{suffix}
    patient: person_id
    time: {{column: measurement_date}}
    keep: {{measurement_concept_id: {keep}}}
    long: {{code: {code}, system: {system}, value: value_source_value, unit: unit_source_value}}"""
        )
    return "\n".join(both)


def _drug_table(suffix: str, days: int) -> str:
    return f"""  - file: drug_exposure{suffix}
    patient: person_id
    time: {{column: drug_exposure_start_date}}
    keep: {{sig: every {days} days}}
    medicines: {{code: drug_concept_id, system: omop, ended: {{column: verbatim_end_date}}, dose: quantity, dose_unit_column: dose_unit_source_value, route_column: route_source_value, every_days: {days}}}"""  # noqa: E501


def _occurrence_tables(suffix: str) -> str:
    local = "\n".join(f"        {code}: {concept}    # {words}" for code, concept, words in local_codes())
    parts = []
    for domain, table, day in (
        ("condition", "condition_occurrence", "condition_start_date"),
        ("procedure", "procedure_occurrence", "procedure_date"),
        ("observation", "observation", "observation_date"),
    ):
        for code, system, keep in (
            (f"{domain}_concept_id", "omop", "{above: 0}"), (f"{domain}_source_value", "snomed", "{at_most: 0}")
        ):  # fmt: skip
            extra = f"\n      concepts:\n{local}" if domain == "observation" and system == "snomed" else ""
            parts.append(
                f"""  - file: {table}{suffix}
    patient: person_id
    time: {{column: {day}}}
    keep: {{{domain}_concept_id: {keep}}}
    long:
      code: {code}
      system: {system}{extra}"""
            )
    return "\n".join(parts)


__all__ = ["LOCAL", "OmopWriter", "mapping_text"]
