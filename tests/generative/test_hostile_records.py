"""Records bent and broken at random: never a crash, always a ledger that adds up or one clear message."""

from __future__ import annotations

import copy
import gzip
import json
import random
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cobalamin.errors import CobalaminError
from cobalamin.records.ledger import Ledger
from cobalamin.records.open import read_records

DATA = Path(__file__).parent.parent / "data"
ODD = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=12), st.just(10**400),
    st.just([]),
    st.just({}), st.just([[]]), st.just({"coding": "x"}), st.just({"coding": [None, 3]}), st.just("9999-99-99"),
    st.just({"reference": 7}), st.just({"value": "1e999", "unit": "pg/mL"}), st.just("\u200b\ud7ff"),
    st.just({"start": "2020-01-01", "end": "1999-01-01"}), st.just("0001-01-01"), st.just("9999-12-31"),
)  # fmt: skip
QUICK = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def _real() -> list[dict[str, Any]]:
    found = []
    for file in sorted(DATA.rglob("*.ndjson.gz")):
        lines = gzip.decompress(file.read_bytes()).decode().splitlines()
        found += [json.loads(line) for line in lines[:8]]
    return found + _made()


def _made() -> list[dict[str, Any]]:
    """Kinds that the extracts lack, with everything in them that a reader looks at."""
    subject, product = {"reference": "Patient/p"}, {"text": "Hydroxocobalamin 1mg/1ml solution for injection"}
    timing = {
        "repeat": {
            "frequency": 1,
            "period": 3,
            "periodUnit": "mo",
            "count": 6,
            "boundsPeriod": {"end": "2024"},
        }
    }
    dosage = {
        "text": "every 3 months",
        "timing": timing,
        "doseAndRate": [{"doseQuantity": {"value": 1, "unit": "mg"}}],
    }
    pernicious = {"coding": [{"system": "http://snomed.info/sct", "code": "84027009"}]}
    usual = {"id": "x", "status": "completed", "subject": subject, "patient": subject}
    made = [
        {"resourceType": "MedicationStatement", "medicationCodeableConcept": product, "dosage": [dosage],
         "effectivePeriod": {"start": "2020-01-01", "end": "2021-01-01"}},
        {"resourceType": "MedicationAdministration", "medicationCodeableConcept": product,
         "effectiveDateTime": "2020-01-01", "dosage": {"dose": {"value": 1, "unit": "mg"}}},
        {"resourceType": "MedicationDispense", "medicationCodeableConcept": product,
         "whenHandedOver": "2020-01-01", "daysSupply": {"value": 84, "unit": "d"}, "dosageInstruction": [dosage]},
        {"resourceType": "Immunization", "vaccineCode": product, "occurrenceDateTime": "2020-01-01"},
        {"resourceType": "FamilyMemberHistory", "condition": [{"code": pernicious}], "date": "2020"},
        {"resourceType": "AllergyIntolerance", "code": product,
         "reaction": [{"manifestation": [{"text": "rash"}]}]},
        {"resourceType": "DiagnosticReport", "conclusion": "macrocytes", "effectiveDateTime": "2020-01-01",
         "result": [{"reference": "Observation/x"}],
         "contained": [{"resourceType": "Observation", "id": "in"}]},
        {"resourceType": "Observation", "code": {"text": "Vitamin B12"}, "valueString": "<30 pg/mL",
         "component": [{"code": {"text": "Ferritin"}, "valueQuantity": {"value": 3, "unit": "ug/L"}}],
         "referenceRange": [{"low": {"value": 3}}], "interpretation": [{"text": "L"}]},
    ]  # fmt: skip
    return [{**usual, **each} for each in made]


REAL = _real()


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    found = [path] if path else []
    for key, each in inner:
        found += _places(each, (*path, key))
    return found


def _bent(resource: dict[str, Any], place: tuple[Any, ...], value: Any, drop: bool) -> dict[str, Any]:
    bent = copy.deepcopy(resource)
    holder: Any = bent
    for key in place[:-1]:
        holder = holder[key]
    if drop:
        del holder[place[-1]]
    else:
        holder[place[-1]] = value
    return bent


def _read(path: Path, mapping: Path | None = None) -> Ledger | None:
    """The ledger, proved; None where there was one clear message instead."""
    ledger = Ledger()
    try:
        for intake in read_records(path, mapping):
            ledger.add(intake.ledger)
    except CobalaminError:
        return None
    ledger.check()
    return ledger


@QUICK
@given(st.data())
def test_bent_resources_never_stop_a_reading(data: st.DataObject) -> None:
    resources = []
    for _ in range(data.draw(st.integers(1, 6))):
        resource = data.draw(st.sampled_from(REAL))
        place = data.draw(st.sampled_from(_places(resource)))
        resources.append(_bent(resource, place, data.draw(ODD), data.draw(st.booleans())))
    with TemporaryDirectory() as folder:
        path = Path(folder) / "record.ndjson"
        path.write_text("\n".join(json.dumps(each) for each in resources), encoding="utf-8", errors="surrogatepass")
        ledger = _read(path)
    assert ledger is None or ledger.items_in >= 1


@QUICK
@given(st.binary(max_size=400))
def test_any_bytes_are_a_ledger_or_a_message(content: bytes) -> None:
    with TemporaryDirectory() as folder:
        for name in ("record.json", "record.ndjson", "record.csv"):
            path = Path(folder) / name
            path.write_bytes(content)
            _read(path)


@QUICK
@given(st.integers(0, 10_000), st.integers(0, 10_000), st.binary(min_size=1, max_size=4))
def test_damaged_gz_is_a_ledger_or_a_message(cut: int, hit: int, noise: bytes) -> None:
    packed = bytearray((DATA / "synthea_fhir_r4" / "ndjson" / "MedicationRequest.ndjson.gz").read_bytes())
    packed[hit % len(packed) : hit % len(packed) + len(noise)] = noise
    with TemporaryDirectory() as folder:
        path = Path(folder) / "record.ndjson.gz"
        path.write_bytes(bytes(packed[: 1 + cut % len(packed)]))
        _read(path)


MAPPING = """
on: 2025-03-04
files:
  - file: rows.csv
    patient: id
    time: {column: day}
    columns:
      a: {concept: lab_b12_total, unit: pg/mL}
      b: {concept: cond_coeliac, values: {1: present, 2: absent}}
    long: {code: a, system: loinc, words: b, value: c, unit: d}
    medicines: {words: b, dose: c, dose_unit_column: d}
    rules: [[{when: {c: {above: 3}}, concept: tx_b12_any, value: c, unit: ug, started_days_before: a}]]
"""
CELL = st.one_of(
    st.text(max_size=10),
    st.sampled_from(["", "1", "<30", "2132-9", "B12", "mg", "1e400", "nan", "2025-01-01"]),
    st.integers().map(str), st.floats().map(str),
)  # fmt: skip


@settings(QUICK, max_examples=40)
@given(st.lists(st.lists(CELL, min_size=0, max_size=7), max_size=8))
def test_bent_tables_never_stop_a_reading(rows: list[list[str]]) -> None:
    with TemporaryDirectory() as folder:
        (Path(folder) / "mapping.yaml").write_text(MAPPING, encoding="utf-8")
        lines = ["id,day,a,b,c,d", *(",".join(row) for row in rows)]
        (Path(folder) / "rows.csv").write_text("\n".join(lines), encoding="utf-8", errors="replace")
        _read(Path(folder))


TABLE = st.dictionaries(st.sampled_from(["file", "patient", "columns", "long", "rules", "covers", "keep"]), ODD)
BENT_MAPPING = st.dictionaries(st.sampled_from(["on", "files", "name", "x"]), st.one_of(ODD, st.lists(TABLE)))


@QUICK
@given(BENT_MAPPING)
def test_bent_mapping_is_one_clear_message(mapping: dict[str, Any]) -> None:
    with TemporaryDirectory() as folder:
        (Path(folder) / "rows.csv").write_text("id,a\n1,2\n", encoding="utf-8")
        (Path(folder) / "mapping.yaml").write_text(json.dumps(mapping), encoding="utf-8", errors="replace")
        _read(Path(folder))


@pytest.mark.slow
def test_one_broken_line_in_a_million_costs_itself_alone(tmp_path: Path) -> None:
    line = '{"resourceType":"Location","id":"%d"}\n'
    broken = random.Random(1).randrange(1_000_000)
    with (tmp_path / "record.ndjson").open("w", encoding="utf-8") as file:
        for number in range(1_000_000):
            file.write("{broken\n" if number == broken else line % number)
    ledger = _read(tmp_path / "record.ndjson")
    assert ledger is not None
    assert ledger.set_aside.total() == 1
    assert ledger.examples[0]["source"] == f"record.ndjson:{broken + 1}"
    assert ledger.items_in == 1_000_000
