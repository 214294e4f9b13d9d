"""H20: virtual records are taken for real ones. Every format tells, and the audit says so wherever it is read."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from cobalamin.audit.audit import audit
from cobalamin.audit.output import write
from cobalamin.cli.audit import summary_text
from cobalamin.cli.people import record_chunks
from cobalamin.engine import chunks_of
from cobalamin.events import VIRTUAL_ID, Events
from cobalamin.population.synthesise import Wanted, synthesise

ON = date(2026, 1, 15)
PEOPLE = 40


@pytest.fixture(scope="module", params=["fhir", "tables", "omop", "meds"])
def practice(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp(request.param) / "practice"
    synthesise(Wanted(PEOPLE, 5, request.param, ON), folder)
    return folder


def events_of(practice: Path) -> list[Events]:
    mapping = practice / "mapping.yaml"
    return [chunk.events for chunk in record_chunks(practice, mapping if mapping.exists() else None, ON)]


def test_every_id_read_from_every_format_tells_that_the_person_is_virtual(practice: Path) -> None:
    ids = {name for events in events_of(practice) for name in events.frame["patient_id"].to_list()}
    assert len(ids) > PEOPLE // 2 and all(name.startswith(VIRTUAL_ID) for name in ids)
    assert "Nobody in it exists" in (practice / "README.md").read_text(encoding="utf-8")


def test_fhir_patients_carry_the_label_of_test_data(practice: Path) -> None:
    for file in practice.glob("Patient.ndjson"):
        for line in file.read_text(encoding="utf-8").splitlines():
            assert [one["code"] for one in json.loads(line)["meta"]["security"]] == ["HTEST"]


def test_the_audit_says_it_on_the_screen_in_the_data_and_on_both_pages(practice: Path, tmp_path: Path) -> None:
    chunks = [part for events in events_of(practice) for part in chunks_of(events)]
    result = audit(chunks, on=ON)
    folder = write(result, tmp_path / "audit")
    said = "Everybody in these records is virtual"
    assert said in summary_text(result, folder)
    assert said in json.loads((folder / "summary.json").read_text(encoding="utf-8"))["virtual"]
    assert all(said in (folder / name).read_text(encoding="utf-8") for name in ("report.html", "shared/report.html"))


def test_virtual_people_among_others_make_the_counts_unusable_and_others_alone_do_not(practice: Path) -> None:
    frame = events_of(practice)[0].frame
    first = frame["patient_id"][0]
    renamed = frame.with_columns(frame["patient_id"].replace(first, "12345").alias("patient_id"))
    mixed = audit(chunks_of(Events.of(renamed)), on=ON)
    assert "mixed with others" in mixed.virtual
    alone = audit(chunks_of(Events.of(renamed.filter(renamed["patient_id"] == "12345"))), on=ON)
    assert alone.virtual == "" and "virtual" not in " ".join(alone.who)
