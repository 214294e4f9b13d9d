"""H17: everyday words are misread."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from cobalamin.findings import find
from cobalamin.records.sheet import SheetIntake, read_sheet
from tests.safety.people import ON

# Words under their heading, and the finding that they must not make present.
NOT_PRESENT: list[tuple[str, str, str]] = [
    ("symptoms", "no numbness", "numbness"),
    ("symptoms", "denies tingling", "paraesthesia"),
    ("symptoms", "without pins and needles", "paraesthesia"),
    ("symptoms", "no balance problems", "balance_problem"),
    ("symptoms", "never any loss of vision", "visual_loss"),
    ("symptoms", "no weakness of the legs", "limb_weakness"),
    ("symptoms", "not tired", "fatigue"),
    ("signs", "no extensor plantars", "extensor_plantar"),
    ("signs", "plantars not extensor", "extensor_plantar"),
    ("signs", "vibration sense not reduced", "reduced_vibration"),
    ("signs", "no sensory level", "sensory_level"),
    ("conditions", "no pernicious anaemia", "pernicious_anaemia"),
    ("conditions", "pernicious anaemia ruled out", "pernicious_anaemia"),
    ("conditions", "query pernicious anaemia", "pernicious_anaemia"),
    ("conditions", "? pernicious anaemia", "pernicious_anaemia"),
    ("conditions", "possible coeliac disease", "coeliac_disease"),
    ("conditions", "query coeliac", "coeliac_disease"),
    ("conditions", "mother has pernicious anaemia", "pernicious_anaemia"),
    ("conditions", "father had type 1 diabetes", "type_1_diabetes"),
    ("conditions", "family history of coeliac disease", "coeliac_disease"),
    ("conditions", "sister with Leber hereditary optic neuropathy", "leber"),
    ("surgery", "no gastrectomy", "gastrectomy_unspecified"),
    ("surgery", "gastrectomy planned", "gastrectomy_unspecified"),
    ("medicines", "not on metformin", "metformin"),
    ("medicines", "metformin stopped 5 years ago", "metformin"),
    ("medicines", "no digoxin", "digoxin"),
]
PRESENT: list[tuple[str, str, str]] = [
    ("symptoms", "numbness of the feet", "numbness"),
    ("symptoms", "pins and needles", "paraesthesia"),
    ("symptoms", "no energy", "fatigue"),
    ("signs", "extensor plantars", "extensor_plantar"),
    ("signs", "reduced vibration sense", "reduced_vibration"),
    ("conditions", "pernicious anaemia", "pernicious_anaemia"),
    ("conditions", "coeliac disease", "coeliac_disease"),
    ("surgery", "stomach removed", "gastrectomy_unspecified"),
    ("medicines", "Glucophage", "metformin"),
]
HISTORY = ("conditions", "surgery", "medicines")


def read(heading: str, words: str) -> SheetIntake:
    listed: dict[str, Any] = {heading: [words]}
    sheet = {"history": listed} if heading in HISTORY else listed
    return read_sheet({"patient": {"age": 50, "sex": "female"}, **sheet}, on=ON)


@cache
def findings(heading: str, words: str) -> dict[str, Any]:
    return find(read(heading, words).events, ON).row(0, named=True)


@pytest.mark.parametrize("heading, words, finding", NOT_PRESENT)
def test_negated_uncertain_and_family_words_never_make_a_finding_present(
    heading: str, words: str, finding: str
) -> None:
    assert findings(heading, words)[f"finding.{finding}"] is not True


@pytest.mark.parametrize("heading, words, finding", PRESENT)
def test_the_plain_words_do(heading: str, words: str, finding: str) -> None:
    """The other side: the words above are known, and only their turn keeps them from counting."""
    assert findings(heading, words)[f"finding.{finding}"] is True


@pytest.mark.parametrize("words", ["query pernicious anaemia", "? pernicious anaemia", "possible coeliac disease"])
def test_an_uncertain_diagnosis_is_neither_yes_nor_no(words: str) -> None:
    found = findings("conditions", words)
    for name in ("pernicious_anaemia", "coeliac_disease"):
        assert found[f"finding.{name}.row"] is None
    assert read("conditions", words).ledger.set_aside.total() == 1


@pytest.mark.parametrize("heading", ["symptoms", "signs", "conditions", "surgery", "medicines"])
@pytest.mark.parametrize("words", ["flimmering of the glorb", "xyzzy"])
def test_what_is_not_understood_is_listed_never_dropped(heading: str, words: str) -> None:
    ledger = read(heading, words).ledger
    assert ledger.set_aside.total() + ledger.not_relevant.total() >= 1
    assert heading in HISTORY or any(words in example["item"] for example in ledger.examples)


def test_a_denial_is_kept_as_an_explicit_no() -> None:
    assert findings("symptoms", "no numbness")["finding.numbness"] is False
    assert findings("symptoms", "none")["finding.paraesthesia"] is False


@pytest.mark.parametrize("value", [None, [], "not stated"])
def test_silence_is_not_a_denial(value: object) -> None:
    intake = read_sheet({"patient": {"age": 50, "sex": "female"}, "symptoms": value, "signs": value}, on=ON)
    found = find(intake.events, ON).row(0, named=True)
    assert found["finding.numbness"] is None and found["finding.extensor_plantar"] is None
