"""FHIR R4 as NDJSON, one file a kind of resource, made of text columns: no loop over people or rows.

What FHIR cannot hold with codes that anybody would understand is left out and named in `LEFT_OUT`; a stop with its
reason keeps the stop and loses the reason.
"""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import IO

import polars as pl

from cobalamin.population.codings import LOCAL, Chunk
from cobalamin.vocabulary.codes import look_up

# FHIR R4's own label of data that are about nobody ("test health data").
TEST_DATA = '{"system":"http://terminology.hl7.org/CodeSystem/v3-ActReason","code":"HTEST"}'

LEFT_OUT = (
    "care_treatment_declined", "care_given_elsewhere", "pref_self_injects", "care_informed_choice",
    "care_prevention_only",
)  # fmt: skip
STOPPED, STOPPED_SNOMED = "care_injections_stopped_with_reason", "170826002"
URIS = {
    "loinc": "http://loinc.org",
    "snomed": "http://snomed.info/sct",
    "dmd": "https://dmd.nhs.uk",
    LOCAL: "urn:oid:2.999.12",  # the arc for examples
}
ROUTES = {"im": "78421000", "oral": "26643006"}
UCUM = "http://unitsofmeasure.org"
UNIT_CODES = {
    "ng/L": "ng/L", "pmol/L": "pmol/L", "nmol/L": "nmol/L", "g/L": "g/L", "fL": "fL", "ug": "ug", "mg": "mg",
    "mL/min/{1.73_m2}": "mL/min/{1.73_m2}",
}  # fmt: skip
ACTIVE = '"clinicalStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/condition-clinical","code":"active"}]}'
CONFIRMED = '"verificationStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/condition-ver-status","code":"confirmed"}]}'
FILES = (
    "Patient", "Encounter", "Observation", "Condition", "Procedure", "MedicationRequest", "MedicationAdministration",
)  # fmt: skip


class FhirWriter:
    """Writes NDJSON, chunk by chunk. Every file is there, an empty one too."""

    def __init__(self, folder: Path, on: date) -> None:
        self.on = on
        self.files: dict[str, IO[bytes]] = {name: (folder / f"{name}.ndjson").open("wb") for name in FILES}

    def add(self, chunk: Chunk) -> None:
        """Append one chunk."""
        self._write("Patient", _patients(chunk.people))
        self._write("Encounter", _registrations(chunk.people, self.on))
        rows = _numbered(chunk.rows)
        medicine, point = pl.col("table") == "medicine", pl.col("kind") == "point"
        note = pl.col("table") == "note"
        symptom = pl.col("concept").str.starts_with("sym_")
        self._write("Observation", _results(rows.filter(pl.col("table") == "laboratory")))
        self._write("Observation", _notes(rows.filter(note & point)))
        self._write("Condition", _conditions(rows.filter(((pl.col("table") == "problem") | note) & (~point | symptom))))
        self._write("Procedure", _procedures(rows.filter(pl.col("table") == "procedure")))
        self._write("MedicationRequest", _requests(rows.filter(medicine & ~point)))
        self._write("MedicationAdministration", _administrations(rows.filter(medicine & point)))

    def close(self) -> None:
        """Close all files."""
        for file in self.files.values():
            file.close()

    def _write(self, name: str, lines: pl.Series) -> None:
        if len(lines):
            self.files[name].write(("\n".join(lines.to_list()) + "\n").encode())


def _numbered(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows that FHIR can hold, with `id` (person and place), `coding` and `subject` as JSON text."""
    kept = rows.filter(~pl.col("concept").is_in(LEFT_OUT))
    stopped = pl.col("concept") == STOPPED
    kept = kept.with_columns(
        system=pl.when(stopped).then(pl.lit("snomed")).otherwise("system"),
        code=pl.when(stopped).then(pl.lit(STOPPED_SNOMED)).otherwise("code"),
        said=pl.when(stopped).then(pl.lit(_display("snomed", STOPPED_SNOMED))).otherwise("said"),
    )
    place = pl.int_range(pl.len()).over("number")
    known = kept.select("system", "code", "said").unique()
    texts = [_concept(*row) for row in known.iter_rows()]
    kept = kept.join(
        known.with_columns(coding=pl.Series(texts, dtype=pl.String)),
        on=["system", "code", "said"],
        how="left",
        maintain_order="left",
    )
    return kept.with_columns(
        id=pl.concat_str(pl.lit('"id":"'), "patient_id", pl.lit("-"), place, pl.lit('"')),
        subject=pl.concat_str(pl.lit('"subject":{"reference":"Patient/'), "patient_id", pl.lit('"}')),
        day=pl.col("date").cast(pl.String),
    )


def _display(system: str, code: str) -> str:
    found = look_up(system, code)
    return found.display if found else ""


def _concept(system: str, code: str, said: str) -> str:
    """A CodeableConcept as JSON text; a local code of ours is only words to others."""
    coding = {"system": URIS[system], "code": code, "display": said}
    body = {"coding": [coding], "text": said}
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False)


def _line(kind: str, *parts: pl.Expr | str) -> pl.Expr:
    """A resource as one line of JSON from its parts, each a text column or a constant; null parts are left out."""
    given = [pl.lit(part) if isinstance(part, str) else part for part in parts]
    body = pl.concat_str(given, separator=",", ignore_nulls=True)
    return pl.concat_str(pl.lit(f'{{"resourceType":"{kind}",'), body, pl.lit("}"))


def _text(key: str, column: str) -> pl.Expr:
    """`"key":"value"`, null where the column is."""
    return pl.concat_str(pl.lit(f'"{key}":"'), pl.col(column), pl.lit('"'))


def _object(key: str, column: str) -> pl.Expr:
    return pl.concat_str(pl.lit(f'"{key}":'), pl.col(column))


def _quantity(key: str) -> pl.Expr:
    """A Quantity of value and unit; without a unit it has none; null without a value."""
    value = pl.col("value").cast(pl.String).str.strip_suffix(".0")
    code = pl.col("unit").replace_strict(UNIT_CODES, default=None, return_dtype=pl.String)
    unit = pl.concat_str(pl.lit(',"unit":"'), "unit", pl.lit(f'","system":"{UCUM}","code":"'), code, pl.lit('"'))
    return pl.concat_str(pl.lit(f'"{key}":{{"value":'), value, unit.fill_null(""), pl.lit("}"))


def _patients(people: pl.DataFrame) -> pl.Series:
    second = people.filter(pl.col("second_birth").is_not_null()).with_columns(born="second_birth")
    everybody = pl.concat([people, second]).sort("number", maintain_order=True).with_columns(
        pl.col("born", "died").cast(pl.String),
        gender=pl.col("sex").replace_strict({"F": "female", "M": "male"}, return_dtype=pl.String),
    )  # fmt: skip
    parts = (
        _text("id", "patient_id"),
        f'"meta":{{"security":[{TEST_DATA}]}}',
        _text("gender", "gender"),
        _text("birthDate", "born"),
        _text("deceasedDateTime", "died"),
    )
    return everybody.select(line=_line("Patient", *parts))["line"]


def _registrations(people: pl.DataFrame, on: date) -> pl.Series:
    """The record of a person runs from registration: an administrative encounter says so, to the day of the export."""
    rows = people.with_columns(pl.col("begins").cast(pl.String))
    parts = (
        pl.concat_str(pl.lit('"id":"'), "patient_id", pl.lit('-registration"')),
        '"status":"in-progress"',
        '"class":{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"AMB","display":"ambulatory"}',
        pl.concat_str(pl.lit('"subject":{"reference":"Patient/'), "patient_id", pl.lit('"}')),
        pl.concat_str(pl.lit('"period":{"start":"'), "begins", pl.lit(f'","end":"{on}"}}')),
    )
    return rows.select(line=_line("Encounter", *parts))["line"]


def _results(rows: pl.DataFrame) -> pl.Series:
    value = (
        pl.when(pl.col("value").is_not_null()).then(_quantity("valueQuantity")).otherwise(_text("valueString", "words"))
    )
    parts = (
        pl.col("id"), _text("status", "status"), _object("code", "coding"), pl.col("subject"),
        _text("effectiveDateTime", "day"), value,
    )  # fmt: skip
    return rows.select(line=_line("Observation", *parts))["line"]


def _notes(rows: pl.DataFrame) -> pl.Series:
    parts = (
        pl.col("id"),
        _text("status", "status"),
        _object("code", "coding"),
        pl.col("subject"),
        _text("effectiveDateTime", "day"),
    )
    return rows.select(line=_line("Observation", *parts))["line"]


def _conditions(rows: pl.DataFrame) -> pl.Series:
    parts = (
        pl.col("id"), ACTIVE, CONFIRMED, _object("code", "coding"), pl.col("subject"), _text("onsetDateTime", "day"),
    )  # fmt: skip
    return rows.select(line=_line("Condition", *parts))["line"]


def _procedures(rows: pl.DataFrame) -> pl.Series:
    parts = (
        pl.col("id"),
        '"status":"completed"',
        _object("code", "coding"),
        pl.col("subject"),
        _text("performedDateTime", "day"),
    )
    return rows.select(line=_line("Procedure", *parts))["line"]


def _route() -> pl.Expr:
    texts = {
        name: '"route":' + json.dumps(
            {"coding": [{"system": URIS["snomed"], "code": code, "display": _display("snomed", code)}]},
            separators=(",", ":"),
        )
        for name, code in ROUTES.items()
    }  # fmt: skip
    return pl.col("route").replace_strict(texts, default=None, return_dtype=pl.String)


def _administrations(rows: pl.DataFrame) -> pl.Series:
    dosage = pl.concat_str(
        pl.lit('"dosage":{'),
        pl.concat_str([_route(), _quantity("dose")], separator=",", ignore_nulls=True),
        pl.lit("}"),
    )
    parts = (
        pl.col("id"), '"status":"completed"', _object("medicationCodeableConcept", "coding"), pl.col("subject"),
        _text("effectiveDateTime", "day"), dosage,
    )  # fmt: skip
    return rows.select(line=_line("MedicationAdministration", *parts))["line"]


def _requests(rows: pl.DataFrame) -> pl.Series:
    rows = rows.with_columns(
        state=pl.when(pl.col("end_date").is_null()).then(pl.lit("active")).otherwise(pl.lit("stopped")),
        last=pl.col("end_date").cast(pl.String),
        every=pl.col("every_days").cast(pl.Int64).cast(pl.String),
    )
    timing = pl.concat_str(
        pl.lit('"timing":{"repeat":{"frequency":1,"period":'), "every", pl.lit(',"periodUnit":"d"}}')
    )
    dose = pl.concat_str(pl.lit('"doseAndRate":[{'), _quantity("doseQuantity"), pl.lit("}]"))
    dosage = pl.concat_str([timing, _route(), dose], separator=",", ignore_nulls=True)
    supply = pl.concat_str(
        pl.lit('"dispenseRequest":{"validityPeriod":{"start":"'), "day", pl.lit('","end":"'), "last", pl.lit('"}}')
    )
    parts = (
        pl.col("id"), _text("status", "state"), '"intent":"order"', _object("medicationCodeableConcept", "coding"),
        pl.col("subject"), _text("authoredOn", "day"),
        pl.concat_str(pl.lit('"dosageInstruction":[{'), dosage, pl.lit("}]")), supply,
    )  # fmt: skip
    return rows.select(line=_line("MedicationRequest", *parts))["line"]
