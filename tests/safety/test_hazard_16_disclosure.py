"""H16: a record's content leaks."""

from __future__ import annotations

import json
import warnings
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from cobalamin.audit import audit
from cobalamin.audit.disclosure import LARGEST_SMALL, shared_count
from cobalamin.audit.output import write
from cobalamin.audit.result import AuditResult
from cobalamin.errors import CobalaminError
from cobalamin.records.ledger import Intake, Ledger
from cobalamin.records.one import read_one
from tests.safety.coded import condition, low_b12, medicine, observation, person, read
from tests.safety.people import ON, adult, clinic_person, events_of, fact, injection, lab

SECRETS = ("Zebedee", "31415", "27182", "Wibblethorpe")
NAMED = person(name=[{"family": "Wibblethorpe", "given": ["Zebedee"]}], identifier=[{"value": "31415"}])
BAD = [
    observation("2132-9", 31415, "furlongs"),
    observation("2132-9", -27182, "pg/mL"),
    observation("2132-9", None, "", valueString="Zebedee has 31415"),
    low_b12(effectiveDateTime="31415-02-30"),
    condition("84027009", "Pernicious anemia in Zebedee", verificationStatus={"coding": [{"code": "refuted"}]}),
    medicine({"text": "Hydroxocobalamin"}, status="draft", note=[{"text": "for Wibblethorpe"}]),
    low_b12(subject={"reference": "Patient/else", "display": "Zebedee Wibblethorpe"}),
]


@pytest.mark.parametrize("number", range(len(BAD)))
def test_the_ledger_names_places_and_codes_never_what_a_person_has(tmp_path: Path, number: int) -> None:
    ledger = read(tmp_path, NAMED, BAD[number]).ledger
    said = json.dumps(ledger.as_dict())
    assert ledger.set_aside.total() + ledger.not_relevant.total() > 0
    assert [secret for secret in SECRETS if secret in said] == []


@pytest.mark.parametrize(
    "content", ['{"resourceType": "Patient", "name": "Zebedee 31415"', '{"resourceType": "Bundle", "entry": "Zebedee"}']
)
def test_messages_hold_no_content_of_the_record(tmp_path: Path, content: str) -> None:
    path = tmp_path / "record.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(CobalaminError) as raised:
        read_one(path, ON, today=ON)
    assert [secret for secret in SECRETS if secret in str(raised.value)] == []


def practice() -> dict[str, list[dict[str, Any]]]:
    """Forty people, few enough for small numbers in every measure; ids that can be searched for."""
    import random

    chance = random.Random(1616)
    people = {f"NHS-4{number:07d}": clinic_person(chance) for number in range(36)}
    for number in range(4):
        rows = adult(lab("lab_b12_total", 90.0, "pmol/L", -200), *(injection(-days) for days in (900, 300, 200)))
        people[f"NHS-9{number:07d}"] = [*rows, fact("covers_treatment", -4000)]
    return people


@cache
def audited() -> AuditResult:
    return audit([Intake(events_of(practice()), Ledger())], on=ON, workers=1)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return write(audited(), tmp_path_factory.mktemp("audit") / "out")


def test_what_is_meant_to_be_shared_names_nobody(folder: Path) -> None:
    for path in sorted((folder / "shared").rglob("*")):
        if path.is_file():
            assert "NHS-" not in path.read_text(encoding="utf-8"), path.name


def test_what_is_not_meant_to_be_shared_does_and_says_so(folder: Path) -> None:
    """The other side: the ids are there to be found."""
    assert "NHS-" in (folder / "worklist.csv").read_text(encoding="utf-8")
    assert "do not pass it on" in (folder / "README.txt").read_text(encoding="utf-8")


def test_small_numbers_are_not_printed_in_what_is_shared(folder: Path) -> None:
    small = [one for one in audited().measures if 1 <= one.numerator <= LARGEST_SMALL]
    assert small
    import polars as pl

    shared = pl.read_csv(folder / "shared" / "measures.csv")
    for one in small:
        assert shared.filter(pl.col("id") == one.measure.id)["numerator"].to_list() == [None]
    counts = [value for name in ("numerator", "denominator") for value in shared[name].drop_nulls().to_list()]
    assert all(value % 5 == 0 and not 1 <= value <= LARGEST_SMALL for value in counts)


@pytest.mark.parametrize("count, shown", [(0, 0), (1, None), (7, None), (8, 10), (12, 10), (13, 15)])
def test_the_rule_of_small_numbers(count: int, shown: int | None) -> None:
    assert shared_count(count) == shown
