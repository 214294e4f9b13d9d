"""FHIR R4 → events and ledger: one promise a test."""

from __future__ import annotations

import gzip
import json
import subprocess
from datetime import date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from cobalamin.errors import CobalaminError
from cobalamin.records.fhir import read_fhir
from cobalamin.records.ledger import Ledger
from cobalamin.records.open import read_records
from tools.fetch_fhir_examples import examples_folder

DATA = Path(__file__).parent.parent / "data"
Json = dict[str, Any]

PATIENT: Json = {"resourceType": "Patient", "id": "p1", "gender": "female", "birthDate": "1950-06-01"}
SUBJECT = {"reference": "Patient/p1"}
B12 = {"coding": [{"system": "http://loinc.org", "code": "2132-9"}]}
CONFIRMED = {"coding": [{"code": "confirmed"}]}
PERNICIOUS = {"coding": [{"system": "http://snomed.info/sct", "code": "84027009"}]}
HYDROXOCOBALAMIN = {"text": "Hydroxocobalamin 1mg/1ml solution for injection ampoules"}


def coded(code: str) -> Json:
    return {"coding": [{"code": code}]}


def observation(**fields: Any) -> Json:
    usual = {
        "resourceType": "Observation", "id": "o1", "status": "final", "code": B12, "subject": SUBJECT,
        "effectiveDateTime": "2025-03-04", "valueQuantity": {"value": 150, "unit": "pg/mL"},
    }  # fmt: skip
    return {**usual, **fields}


def condition(**fields: Any) -> Json:
    usual = {
        "resourceType": "Condition", "id": "c1", "code": PERNICIOUS, "subject": SUBJECT,
        "clinicalStatus": coded("active"), "verificationStatus": CONFIRMED, "onsetDateTime": "2019-05",
    }  # fmt: skip
    return {**usual, **fields}


def request(**fields: Any) -> Json:
    usual = {
        "resourceType": "MedicationRequest", "id": "m1", "status": "active", "intent": "order",
        "medicationCodeableConcept": HYDROXOCOBALAMIN, "subject": SUBJECT, "authoredOn": "2024-01-10",
        "dosageInstruction": [{
            "timing": {"repeat": {"frequency": 1, "period": 3, "periodUnit": "mo"}},
            "route": {"text": "intramuscular"},
            "doseAndRate": [{"doseQuantity": {"value": 1, "unit": "mg"}}],
        }],
    }  # fmt: skip
    return {**usual, **fields}


class Read:
    """What a reading gave: rows of events as dictionaries (coverage apart), and the ledger."""

    def __init__(self, path: Path, **options: Any) -> None:
        self.ledger, frames = Ledger(), []
        for intake in read_fhir(path, **options):
            self.ledger.add(intake.ledger)
            frames.append(intake.events.frame)
        self.ledger.check()
        self.frame = pl.concat(frames)
        rows = self.frame.with_columns(pl.col("concept").cast(pl.String)).to_dicts()
        self.events = [row for row in rows if not row["concept"].startswith(("covers_", "person_"))]
        self.everything = rows

    def of(self, concept: str) -> list[Json]:
        return [row for row in self.everything if row["concept"] == concept]

    @property
    def one(self) -> Json:
        (row,) = self.events
        return row

    @property
    def why(self) -> list[str]:
        return list(self.ledger.set_aside)


@pytest.fixture
def read(tmp_path: Path) -> Any:
    def reading(*resources: Json, **options: Any) -> Read:
        path = tmp_path / "record.ndjson"
        path.write_text("\n".join(json.dumps(each) for each in resources), encoding="utf-8")
        return Read(path, **options)

    return reading


def test_result_is_canonical_and_keeps_the_reported_unit(read: Any) -> None:
    row = read(PATIENT, observation()).one
    assert row["concept"] == "lab_b12_total"
    assert row["value"] == 150 * 0.7378
    assert row["unit"] == "pg/mL"
    assert row["time"] == row["until"] == datetime(2025, 3, 4)
    assert row["source"] == "Observation/o1"


@pytest.mark.parametrize(
    ("value", "comparator", "expected", "flag"),
    [
        ({"valueQuantity": {"value": 50, "unit": "pmol/L", "comparator": "<"}}, "<", 50.0, None),
        ({"valueQuantity": {"value": 1476, "unit": "pmol/L", "comparator": ">="}}, ">", 1476.0, None),
        ({"valueString": "<50 pmol/L"}, "<", 50.0, None),
        ({"valueString": "low"}, None, None, "low"),
        ({"valueCodeableConcept": {"text": "normal"}}, None, None, "normal"),
    ],
)
def test_censored_and_worded_results_are_understood(
    read: Any, value: Json, comparator: str | None, expected: float | None, flag: str | None
) -> None:
    bare = {key: each for key, each in observation().items() if key != "valueQuantity"}
    row = read(PATIENT, {**bare, **value}).one
    assert (row["comparator"], row["value"], row["flag"]) == (comparator, expected, flag)


def test_printed_range_and_interpretation_are_kept_in_the_canonical_unit(read: Any) -> None:
    printed = [{"low": {"value": 200, "unit": "pg/mL"}, "high": {"value": 900}}]
    row = read(PATIENT, observation(referenceRange=printed, interpretation=[coded("L")])).one
    assert (row["low"], row["high"], row["flag"]) == (200 * 0.7378, 900 * 0.7378, "low")


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"valueQuantity": {"value": 150}}, "a result without a unit"),
        ({"valueQuantity": {"value": 150, "unit": "ng"}}, 'unit "ng" cannot be used'),
        ({"valueQuantity": {"value": -3, "unit": "pg/mL"}}, "impossible value: negative"),
        ({"valueQuantity": {"value": 1e300, "unit": "pg/mL"}}, "impossible value"),
        ({"valueQuantity": None, "dataAbsentReason": coded("unknown")}, "no result: unknown"),
        ({"status": "entered-in-error"}, "status entered-in-error"),
        ({"status": "cancelled"}, "status cancelled"),
        ({"status": "preliminary"}, "status preliminary"),
        ({"subject": None}, "no subject"),
        ({"subject": {"reference": "Patient/else"}}, "subject unknown"),
        ({"effectiveDateTime": "1940-01-01"}, "dated before birth"),
        ({"effectiveDateTime": "2031-01-01"}, "dated in the future"),
        ({"effectiveDateTime": "2025-02-30"}, "a date that does not exist"),
        ({"effectiveDateTime": "yesterday"}, "a date that cannot be read"),
        ({"modifierExtension": [{"url": "x"}]}, "modifierExtension"),
        ({"code": {"coding": [{"system": "http://snomed.info/sct", "code": "2132-9"}]}}, "a code of loinc"),
    ],
)
def test_what_cannot_be_used_is_set_aside_with_its_line(read: Any, fields: Json, reason: str) -> None:
    result = read(PATIENT, observation(**fields), not_after=date(2026, 1, 15))
    assert result.events == []
    (why,) = result.why
    assert why.startswith(reason)
    assert "record.ndjson:2" in result.ledger.examples[0]["source"]


def test_each_component_of_a_panel_is_an_item_of_its_own(read: Any) -> None:
    haemoglobin = {"coding": [{"system": "http://loinc.org", "code": "718-7"}]}
    parts = [
        {"code": haemoglobin, "valueQuantity": {"value": 11.2, "unit": "g/dL"}},
        {"code": B12, "valueQuantity": {"value": 150}},
    ]
    panel = {**observation(code={"text": "panel"}, component=parts), "valueQuantity": None}
    result = read(PATIENT, panel)
    assert result.one["concept"] == "lab_haemoglobin"
    assert result.ledger.items_in == 4
    assert result.why == ["a result without a unit"]


def test_amended_copy_replaces_the_older_one(read: Any) -> None:
    older = observation(meta={"lastUpdated": "2025-03-04T10:00:00Z"})
    newer = observation(
        status="amended",
        meta={"lastUpdated": "2025-03-05T10:00:00Z"},
        valueQuantity={"value": 250, "unit": "pg/mL"},
    )
    assert read(PATIENT, newer, older).one["value"] == 250 * 0.7378


def test_copy_entered_in_error_erases_the_older_one(read: Any) -> None:
    older = observation(meta={"lastUpdated": "2025-03-04T10:00:00Z"})
    void = observation(status="entered-in-error", meta={"lastUpdated": "2025-03-05T10:00:00Z"})
    assert read(PATIENT, older, void).events == []


def test_two_birth_dates_for_one_id_are_both_set_aside(read: Any) -> None:
    result = read(PATIENT, {**PATIENT, "birthDate": "1960-06-01"}, observation())
    assert result.of("person_birth") == []
    assert result.ledger.set_aside["two birth dates for one id"] == 2
    assert len(result.events) == 1


def test_birth_keeps_its_precision(read: Any) -> None:
    (birth,) = read({**PATIENT, "birthDate": "1950"}).of("person_birth")
    assert (birth["time"], birth["precision"]) == (datetime(1950, 1, 1), "year")


def test_active_condition_runs_on_and_abated_one_ends(read: Any) -> None:
    abated = condition(id="c2", clinicalStatus=coded("resolved"), abatementDateTime="2021-07")
    running, ended = sorted(read(PATIENT, condition(), abated).events, key=lambda row: row["source"])
    assert (running["until"], running["precision"]) == (None, "month")
    assert ended["until"] == datetime(2021, 7, 31, 23, 59, 59)


def test_condition_over_on_an_unknown_day_closes_at_its_start(read: Any) -> None:
    result = read(PATIENT, condition(clinicalStatus=coded("inactive")))
    assert result.one["until"] == result.one["time"]
    assert result.ledger.notes["end unknown: closed at its start"] == 1


@pytest.mark.parametrize("status", ["refuted", "entered-in-error", "differential", "provisional", "unconfirmed"])
def test_doubtful_or_refuted_condition_is_no_fact(read: Any, status: str) -> None:
    result = read(PATIENT, condition(verificationStatus=coded(status)))
    assert result.events == []
    assert result.why == [status]


@pytest.mark.parametrize(
    "words", ["No evidence of pernicious anaemia", "Pernicious anaemia ruled out", "? pernicious anaemia"]
)
def test_words_that_turn_the_meaning_set_the_condition_aside(read: Any, words: str) -> None:
    result = read(PATIENT, condition(code={**PERNICIOUS, "text": words}))
    assert result.events == []
    assert result.why == ["words that could reverse the meaning"]


@pytest.mark.parametrize("words", ["Standard pregnancy test", "Pulmonary hypertension", "Skin test for tuberculosis"])
def test_words_that_only_name_a_disease_are_no_diagnosis(read: Any, words: str) -> None:
    assert read(PATIENT, condition(code={"text": words})).events == []


def test_request_is_a_regimen_and_never_a_dose(read: Any) -> None:
    row = read(PATIENT, request()).one
    assert (row["every_days"], row["value"], row["unit"], row["route"]) == (91.3125, 1000.0, "mg", "im")
    assert row["time"] == datetime(2024, 1, 10)
    assert row["until"] is None


def test_ended_request_without_an_end_still_does_not_look_like_a_dose(read: Any) -> None:
    row = read(PATIENT, request(status="completed", dosageInstruction=[])).one
    assert row["until"] > row["time"]


def test_loading_steps_end_before_maintenance_begins(read: Any) -> None:
    loading = {"timing": {"repeat": {"frequency": 1, "period": 2, "periodUnit": "d", "count": 6}}}
    maintenance = {"timing": {"repeat": {"frequency": 1, "period": 2, "periodMax": 3, "periodUnit": "mo"}}}
    first, second = read(PATIENT, request(dosageInstruction=[loading, maintenance])).events
    assert (first["every_days"], first["until"]) == (2.0, datetime(2024, 1, 22))
    assert (second["every_days"], second["time"], second["until"]) == (91.3125, datetime(2024, 1, 22), None)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"status": "entered-in-error"}, "status entered-in-error"),
        ({"status": "draft"}, "status draft"),
        ({"intent": "proposal"}, "intent proposal: not ordered"),
        ({"doNotPerform": True}, "do not perform"),
        (
            {"dosageInstruction": [{"doseAndRate": [{"doseQuantity": {"value": 1, "unit": "g"}}]}]},
            "a B12 dose over 5 mg: is the unit right?",
        ),
    ],
)
def test_request_that_was_not_meant_is_set_aside(read: Any, fields: Json, reason: str) -> None:
    result = read(PATIENT, request(**fields))
    assert (result.events, result.why) == ([], [reason])


def administration(**fields: Any) -> Json:
    usual = {
        "resourceType": "MedicationAdministration", "id": "a1", "status": "completed", "subject": SUBJECT,
        "medicationReference": {"reference": "#product"}, "effectiveDateTime": "2024-04-10T09:30:00+02:00",
        "contained": [{"resourceType": "Medication", "id": "product", "code": HYDROXOCOBALAMIN}],
        "dosage": {"dose": {"value": 1, "unit": "mL"}, "route": {"text": "IM"}},
    }  # fmt: skip
    return {**usual, **fields}


def test_administration_of_a_contained_product_is_a_dose(read: Any) -> None:
    row = read(PATIENT, administration()).one
    assert row["time"] == row["until"] == datetime(2024, 4, 10, 9, 30)
    assert (row["value"], row["route"], row["every_days"]) == (1000.0, "im", None)


def test_administration_not_done_is_no_dose(read: Any) -> None:
    assert read(PATIENT, administration(status="not-done")).why == ["status not-done"]


def test_medication_may_come_after_what_refers_to_it(read: Any) -> None:
    given = administration(contained=None, medicationReference={"reference": "Medication/x"})
    product = {"resourceType": "Medication", "id": "x", "code": HYDROXOCOBALAMIN}
    assert len(read(PATIENT, given, product).events) == 1


def test_statement_not_taken_is_set_aside(read: Any) -> None:
    statement = {**request(), "resourceType": "MedicationStatement", "status": "not-taken"}
    assert read(PATIENT, statement).why == ["status not-taken"]


def test_metformin_is_read_in_grams_a_day(read: Any) -> None:
    twice = {
        "timing": {"repeat": {"frequency": 2, "period": 1, "periodUnit": "d"}},
        "doseAndRate": [{"doseQuantity": {"value": 1, "unit": "tablet"}}],
    }
    medicine = {"text": "Metformin hydrochloride 500 MG Oral Tablet"}
    row = read(PATIENT, request(medicationCodeableConcept=medicine, dosageInstruction=[twice])).one
    assert (row["concept"], row["value"]) == ("drug_metformin", 1.0)


def test_eye_drops_of_a_medicine_are_not_that_medicine(read: Any) -> None:
    drops = {"text": "Chloramphenicol 0.5% eye drops"}
    assert read(PATIENT, request(medicationCodeableConcept=drops)).events == []


def test_injection_recorded_as_a_procedure_is_a_dose(read: Any) -> None:
    given = {"coding": [{"system": "http://snomed.info/sct", "code": "308752009"}]}
    done = {"resourceType": "Procedure", "id": "x", "status": "completed", "code": given, "subject": SUBJECT,
            "performedDateTime": "2024-05-01"}  # fmt: skip
    row = read(PATIENT, done).one
    assert (row["route"], row["until"]) == ("im", datetime(2024, 5, 1))
    assert read(PATIENT, {**done, "status": "not-done"}).why == ["status not-done"]


def test_injection_recorded_as_an_immunization_is_a_dose(read: Any) -> None:
    given = {"resourceType": "Immunization", "id": "x", "status": "completed", "patient": SUBJECT,
             "vaccineCode": {"text": "Vitamin B12 injection"}, "occurrenceDateTime": "2024-05-01"}  # fmt: skip
    row = read(PATIENT, given).one
    assert (row["route"], row["time"], row["until"]) == ("im", datetime(2024, 5, 1), datetime(2024, 5, 1))


def test_anaphylaxis_to_a_cobalamin_is_told_from_other_reactions(read: Any) -> None:
    allergy = {"resourceType": "AllergyIntolerance", "id": "x", "patient": SUBJECT, "code": HYDROXOCOBALAMIN,
               "reaction": [{"manifestation": [{"text": "Anaphylaxis"}]}]}  # fmt: skip
    severe = {row["concept"] for row in read(PATIENT, allergy).events}
    assert severe == {"allergy_cobalamin_adverse_reaction", "allergy_cobalamin_anaphylaxis"}
    mild = {row["concept"] for row in read(PATIENT, {**allergy, "reaction": []}).events}
    assert mild == {"allergy_cobalamin_adverse_reaction"}
    assert read(PATIENT, {**allergy, "verificationStatus": coded("refuted")}).why == ["refuted"]


def test_relatives_never_become_the_patient(read: Any) -> None:
    family = {"resourceType": "FamilyMemberHistory", "id": "x", "status": "completed", "patient": SUBJECT,
              "relationship": {"text": "mother"}, "condition": [{"code": PERNICIOUS}]}  # fmt: skip
    assert {row["concept"] for row in read(PATIENT, family).events} == {"family_b12_deficiency"}


def test_report_dates_the_results_it_lists(read: Any) -> None:
    result = {**observation(), "effectiveDateTime": None}
    report = {"resourceType": "DiagnosticReport", "id": "r", "status": "final", "subject": SUBJECT,
              "code": {"text": "panel"}, "effectiveDateTime": "2025-01-02",
              "result": [{"reference": "Observation/o1"}]}  # fmt: skip
    assert read(PATIENT, result, report).one["time"] == datetime(2025, 1, 2)


def test_film_report_in_words_is_a_result(read: Any) -> None:
    report = {"resourceType": "DiagnosticReport", "id": "r", "status": "final", "subject": SUBJECT,
              "code": {"text": "Blood film"}, "effectiveDateTime": "2025-01-02",
              "conclusion": "Hypersegmented neutrophils and oval macrocytes."}  # fmt: skip
    row = read(PATIENT, report).events[0]
    assert (row["concept"], row["flag"]) == ("lab_film_megaloblastic", "positive")


def test_contained_results_of_a_report_are_read(read: Any) -> None:
    inner = {key: value for key, value in observation(id="in").items() if key not in ("subject", "effectiveDateTime")}
    report = {"resourceType": "DiagnosticReport", "id": "r", "status": "final", "subject": SUBJECT,
              "code": {"text": "panel"}, "effectiveDateTime": "2025-01-02", "contained": [inner]}  # fmt: skip
    assert read(PATIENT, report).one["source"] == "Observation/r#in"


def test_condition_without_a_date_is_dated_by_its_encounter(read: Any) -> None:
    visit = {"resourceType": "Encounter", "id": "e", "subject": SUBJECT, "period": {"start": "2020-02-02"}}
    undated = {**condition(encounter={"reference": "Encounter/e"}), "onsetDateTime": None}
    assert read(PATIENT, undated, visit).one["time"] == datetime(2020, 2, 2)
    assert read(PATIENT, {**undated, "encounter": None}).one["precision"] == "undated"


def test_record_covers_only_the_kinds_it_holds(read: Any) -> None:
    covered = {row["concept"] for row in read(PATIENT, condition(recordedDate="2020-01-01")).everything}
    assert "covers_conditions" in covered
    assert not {"covers_medicines", "covers_procedures", "covers_laboratory"} & covered


def test_coverage_reaches_from_the_first_entry_of_a_person_to_the_last_of_the_export(read: Any) -> None:
    second = {**PATIENT, "id": "p2"}
    later = observation(id="o2", subject={"reference": "Patient/p2"}, effectiveDateTime="2025-09-09")
    result = read(PATIENT, second, observation(), later)
    (mine,) = [row for row in result.of("covers_laboratory") if row["patient_id"] == "p1"]
    assert (mine["time"], mine["until"]) == (datetime(2025, 3, 4), datetime(2025, 9, 9))


def test_transaction_bundle_resolves_its_uuids(tmp_path: Path) -> None:
    entries = [
        {"fullUrl": "urn:uuid:1", "resource": {**PATIENT, "id": None}},
        {"fullUrl": "urn:uuid:2", "resource": observation(subject={"reference": "urn:uuid:1"})},
    ]
    path = tmp_path / "bundle.json"
    path.write_text(json.dumps({"resourceType": "Bundle", "type": "transaction", "entry": entries}, indent=2))
    result = Read(path)
    assert result.one["patient_id"] == result.of("person_birth")[0]["patient_id"] == "1"


def test_broken_line_costs_itself_alone(tmp_path: Path) -> None:
    path = tmp_path / "record.ndjson"
    lines = [json.dumps(PATIENT), '{"resourceType": "Obs', json.dumps(observation())]
    path.write_text("\n".join(lines), encoding="utf-8")
    result = Read(path)
    assert len(result.events) == 1
    assert result.ledger.examples == [
        {"item": "line", "reason": "not JSON: broken or cut off", "source": "record.ndjson:2"}
    ]


def test_truncated_gz_is_read_up_to_the_cut(tmp_path: Path) -> None:
    lines = "\n".join(json.dumps(observation(id=f"o{n}", effectiveDateTime=f"2025-03-{n % 28 + 1:02}"))
                      for n in range(3000))  # fmt: skip
    packed = gzip.compress((json.dumps(PATIENT) + "\n" + lines).encode())
    path = tmp_path / "record.ndjson.gz"
    path.write_bytes(packed[: len(packed) * 2 // 3])
    result = Read(path)
    assert result.events
    assert any(why.startswith("the file ends early") for why in result.why)


@pytest.mark.parametrize("content", [b"", b"hello", b'{"resourceType": "Bun', b"[1, 2]", b"\xff\xfe{\x00"])
def test_nothing_to_read_is_one_clear_message(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "record.json"
    path.write_bytes(content)
    with pytest.raises(CobalaminError, match=r"record\.json"):
        list(read_fhir(path))


def test_empty_folder_says_what_was_expected(tmp_path: Path) -> None:
    with pytest.raises(CobalaminError, match=r"no record here.*Expected FHIR"):
        read_records(tmp_path)


def test_missing_path_is_named(tmp_path: Path) -> None:
    with pytest.raises(CobalaminError, match="no such file"):
        read_records(tmp_path / "gone")


def test_people_arrive_whole_whatever_the_chunk_and_the_spill() -> None:
    def events(**options: Any) -> pl.DataFrame:
        return pl.concat([each.events.frame for each in read_fhir(DATA / "synthea_fhir_r4", **options)])

    whole = events()
    assert events(chunk_patients=1).equals(whole)
    assert events(spill_rows=1).sort(whole.columns).equals(whole.sort(whole.columns))


@pytest.mark.parametrize("folder", ["synthea_fhir_r4", "mimic_iv_demo_fhir"])
def test_real_extract_adds_up_and_sets_nothing_aside(folder: str) -> None:
    result = Read(DATA / folder)
    assert result.ledger.used > 50
    assert result.why == []


def test_pernicious_anaemia_of_a_real_patient_is_found() -> None:
    (row,) = Read(DATA / "mimic_iv_demo_fhir").of("cond_pernicious_anaemia")
    assert row["precision"] == "day"


@pytest.mark.slow
def test_all_official_examples_pass_and_add_up() -> None:
    try:
        folder = examples_folder()
    except (OSError, subprocess.TimeoutExpired) as error:
        pytest.skip(f"the official examples could not be fetched: {error}")
    result = Read(folder)
    assert result.ledger.items_in > 5_000
    assert "not in the shape of FHIR" not in result.ledger.set_aside
