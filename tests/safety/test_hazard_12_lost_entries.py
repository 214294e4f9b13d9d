"""H12: part of the record is lost in silence."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from cobalamin.records.ledger import Intake, Ledger
from cobalamin.records.one import read_one
from cobalamin.records.open import read_records
from cobalamin.records.sheet import read_sheet
from cobalamin.report.text import text
from tests.safety.coded import condition, low_b12, observation, person, read
from tests.safety.people import ON, told

SHEET: dict[str, Any] = {
    "patient": {"age": 60, "sex": "female"},
    "history": {"conditions": ["zorblax syndrome", "type 2 diabetes"], "medicines": ["flurbinol 3 mg", "metformin"]},
    "symptoms": ["a glimmering of the elbows", "tired"],
    "labs": [
        {"name": "Vitamin B12", "value": 150, "unit": "pmol/L", "day": -3},
        {"name": "Quuxase", "value": 3, "unit": "U/L"},
    ],
    "shoe_size": 42,
}


def balanced(ledger: Ledger) -> bool:
    return ledger.items_in == ledger.used + ledger.not_relevant.total() + ledger.set_aside.total()


def test_every_entry_of_a_sheet_is_accounted_for_and_what_is_not_understood_is_named() -> None:
    intake = read_sheet(SHEET, on=ON)
    assert balanced(intake.ledger)
    named = " ".join(example["item"] for example in intake.ledger.examples)
    for word in ("zorblax", "glimmering", "shoe_size"):
        assert word in named


def test_a_word_more_is_an_item_more() -> None:
    """The control seen working: nothing can be added to a sheet without the count rising."""
    before = read_sheet(SHEET, on=ON).ledger.items_in
    longer = SHEET | {"symptoms": [*SHEET["symptoms"], "xyzzy"]}
    assert read_sheet(longer, on=ON).ledger.items_in == before + 1


def test_the_answer_carries_the_ledger_and_the_words_print_it() -> None:
    found = told(SHEET)
    assert any("zorblax" in one["item"] for one in found["ledger"]["set_aside"])
    counts = found["ledger"]
    assert counts["items"] == counts["used"] + sum(counts["not_relevant"].values()) + sum(
        counts["set_aside_counts"].values()
    )
    assert "zorblax" in text(found, reasons=True)


@pytest.mark.parametrize(
    "resource",
    [
        {
            "resourceType": "Observation",
            "id": "u",
            "status": "final",
            "subject": {"reference": "Patient/p1"},
            "code": {"coding": [{"system": "urn:nobody", "code": "?"}]},
            "valueQuantity": {"value": 1, "unit": "x"},
        },
        {"resourceType": "Nonsense", "id": "n"},
        condition("84027009", "Pernicious anemia", subject=None),
        observation("2132-9", 150, "furlongs"),
    ],
)
def test_every_resource_is_counted_used_or_not(tmp_path: Path, resource: dict[str, Any]) -> None:
    before = read(tmp_path, person(), low_b12()).ledger
    after = read(tmp_path, person(), low_b12(), resource).ledger
    assert balanced(before) and balanced(after)
    assert after.items_in > before.items_in
    assert after.used == before.used


def lines(*resources: dict[str, Any]) -> str:
    return "\n".join(json.dumps(one) for one in resources) + "\n"


def all_of(path: Path) -> Ledger:
    ledger = Ledger()
    for chunk in read_records(path, not_after=ON):
        ledger.add(chunk.ledger)
    return ledger


def test_a_broken_line_is_named_with_its_place_and_the_rest_is_read(tmp_path: Path) -> None:
    path = tmp_path / "record.ndjson"
    path.write_text(lines(person()) + '{"resourceType": "Observation", "id"\n' + lines(low_b12()), encoding="utf-8")
    ledger = all_of(path)
    assert balanced(ledger)
    assert [one["source"] for one in ledger.examples] == ["record.ndjson:2"]
    intake, _ = read_one(path, ON, today=ON)
    assert "lab_b12_total" in intake.events.frame["concept"].to_list()


def test_a_truncated_file_is_named_and_what_stands_before_the_cut_is_read(tmp_path: Path) -> None:
    whole = gzip.compress(
        lines(person(), *(low_b12(id=f"o{n}", note=[{"text": str(n) * 50}]) for n in range(400))).encode()
    )
    path = tmp_path / "record.ndjson.gz"
    path.write_bytes(whole[: len(whole) * 2 // 3])
    ledger = all_of(path)
    assert balanced(ledger)
    assert ledger.used > 1
    assert ledger.set_aside.total() >= 1


def test_a_ledger_that_does_not_add_up_is_refused() -> None:
    """The control broken: an item that went in and is nowhere."""
    from cobalamin.errors import CobalaminError

    with pytest.raises(CobalaminError, match="does not add up"):
        Ledger(items_in=2, used=1).check()


def test_nothing_that_was_given_is_missing_from_the_sum_of_chunks(tmp_path: Path) -> None:
    path = tmp_path / "record.ndjson"
    people = [person(id=f"p{n}") for n in range(30)]
    results = [low_b12(id=f"o{n}", subject={"reference": f"Patient/p{n}"}) for n in range(30)]
    path.write_text(lines(*people, *results), encoding="utf-8")
    chunks: list[Intake] = list(read_records(path, not_after=ON, chunk_patients=7))
    assert len(chunks) > 1
    assert all(balanced(chunk.ledger) for chunk in chunks)
    assert sum(chunk.ledger.items_in for chunk in chunks) == 60
