"""Tables as a practice system exports them: people, results, injections, medicines, problems, with a mapping file."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl

from cobalamin.population.codings import LOCAL, Chunk, codings
from cobalamin.population.sheets import Sheets

COVERS = ("person", "laboratory", "conditions", "procedures", "medicines", "treatment")


class TablesWriter:
    """Writes the tables of each chunk; `close` adds nothing that grows with the people."""

    def __init__(self, folder: Path, on: date, *, csv: bool = False) -> None:
        self.on, self.folder = on, folder
        self.sheets = Sheets(folder, csv=csv)

    def add(self, chunk: Chunk) -> None:
        """Append one chunk."""
        rows = chunk.rows
        self.sheets.add("people", people_rows(chunk.people))
        self.sheets.add("results", _results(rows.filter(pl.col("table") == "laboratory")))
        medicine = pl.col("table") == "medicine"
        self.sheets.add("injections", _injections(rows.filter(medicine & (pl.col("kind") == "point"))))
        self.sheets.add("medicines", _medicines(rows.filter(medicine & (pl.col("kind") == "regimen"))))
        self.sheets.add("problems", _problems(rows.filter(pl.col("table").is_in(["problem", "procedure", "note"]))))

    def close(self) -> None:
        """Close the tables and write the mapping."""
        self.sheets.__exit__(None, None, None)
        (self.folder / "mapping.yaml").write_text(mapping_text(self.on, self.sheets.suffix), encoding="utf-8")


def people_rows(people: pl.DataFrame) -> pl.DataFrame:
    """One row a person; two for somebody with two birth dates."""
    columns = ("patient_id", "sex", "born", "died", "begins")
    second = people.filter(pl.col("second_birth").is_not_null()).with_columns(born="second_birth")
    rows = pl.concat([people.select("number", *columns), second.select("number", *columns)])
    named = rows.sort("number", maintain_order=True).select(*columns)
    return named.rename({"born": "birth_date", "died": "death_date", "begins": "registered_on"})


def _results(rows: pl.DataFrame) -> pl.DataFrame:
    value = pl.coalesce(pl.col("value").cast(pl.String).str.strip_suffix(".0"), "words")
    return rows.select(
        "patient_id", "date", code="code", name="said", value=value, unit="unit", status="status", system="system"
    )


def _injections(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.select("patient_id", "date", code="code", product="said", dose="value", unit="unit", route="route")


def _medicines(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.select(
        "patient_id", started="date", ended="end_date", code="code", product="said", dose="value", unit="unit",
        route="route", every_days="every_days",
    )  # fmt: skip


def _problems(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.select("patient_id", "date", code="code", name="said", system="system")


def local_codes() -> list[tuple[str, str, str]]:
    """Local code, what it stands for, and its words: what the vocabulary has no code for."""
    found = codings().filter(pl.col("system") == LOCAL)
    return [(row["code"], row["concept"], row["said"]) for row in found.iter_rows(named=True)]


def mapping_text(on: date, suffix: str) -> str:
    """The mapping file by which `cobalamin audit` reads the tables."""
    covers = "\n".join(f"      - domain: {domain}" for domain in COVERS)
    local = "\n".join(f"        {code}: {concept}    # {words}" for code, concept, words in local_codes())
    return f"""# How the columns of this synthetic practice become events. No real person is in it.
name: Virtual practice
source: cobalamin synthesise (synthetic)
licence: Apache-2.0, as the program
on: {on}

files:
  - file: people{suffix}
    patient: patient_id
    time: {{column: registered_on}}
    columns:
      sex: {{values: {{F: person_female, M: person_male}}}}
      birth_date: {{concept: person_birth, date: day}}
      death_date: {{concept: person_died, date: day}}
    # From the day of registration on the record would hold what happened.
    covers:
{covers}

  - file: results{suffix}
    patient: patient_id
    time: {{column: date}}
    keep: {{status: final}}
    long: {{code: code, system_column: system, value: value, unit: unit}}

  - file: injections{suffix}
    patient: patient_id
    time: {{column: date}}
    medicines: {{code: code, system: dmd, given: true, dose: dose, dose_unit_column: unit, route_column: route}}

  - file: medicines{suffix}
    patient: patient_id
    time: {{column: started}}
    medicines:
      code: code
      system: dmd
      ended: {{column: ended}}
      dose: dose
      dose_unit_column: unit
      route_column: route
      every_days_column: every_days

  - file: problems{suffix}
    patient: patient_id
    time: {{column: date}}
    long:
      code: code
      system_column: system
      concepts:
{local}
"""
