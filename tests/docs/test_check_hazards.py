"""The hazard log cannot name a place or a proof that is not there."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from tools.check_hazards import log_problems, proof_exists
from tools.hazards import Control, Hazard, HazardLog, page, read


def log(*controls: Control, ids: tuple[str, ...] = ("H01",)) -> HazardLog:
    common = {"hazard": "A unit slips.", "cause": "c", "effect": "e", "severity": "major"}
    hazards = [Hazard(id=one, controls=list(controls), **common) for one in ids]
    return HazardLog(review="none", residual_risk="none", hazards=hazards)


def control(test: str = "tests/safety/test_a.py", where: str = "src") -> Control:
    return Control(what="A value without a unit is no data.", where=[where], tests=[test])


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "src").mkdir()
    (tmp_path / "tests" / "safety").mkdir(parents=True)
    (tmp_path / "tests" / "safety" / "test_a.py").write_text("def test_one():\n    pass\n", encoding="utf-8")
    return tmp_path


def test_control_with_place_and_proof_is_fine(root):
    assert log_problems(log(control("tests/safety/test_a.py::test_one")), root) == []


def test_missing_test_is_named_with_its_hazard(root):
    found = log_problems(log(control("tests/safety/test_b.py"), control()), root)
    assert [str(one) for one in found] == [
        "docs/safety/hazards.yaml, H01: the test tests/safety/test_b.py does not exist. "
        "Write it: a control without a proof is a hope."
    ]


def test_missing_place_is_named(root):
    assert "lib does not exist." in [one.what for one in log_problems(log(control(where="lib")), root)]


def test_safety_test_that_no_hazard_names_is_found(root):
    (root / "tests" / "safety" / "test_b.py").write_text("def test_two():\n    pass\n", encoding="utf-8")
    assert [one.what for one in log_problems(log(control()), root)] == ["no hazard names this test."]


def test_doubled_id_is_found(root):
    assert "H01 is used twice." in [one.what for one in log_problems(log(control(), ids=("H01", "H01")), root)]


def test_file_without_tests_is_no_proof(root):
    (root / "tests" / "safety" / "test_a.py").write_text("def helper():\n    pass\n", encoding="utf-8")
    assert not proof_exists("tests/safety/test_a.py", root)


def test_hazard_without_control_is_refused():
    with pytest.raises(ValidationError, match="controls"):
        log()


def test_log_names_no_reviewer_yet():
    assert read().review == "not yet reviewed by a clinician"


def test_page_shows_every_hazard_and_its_proofs():
    text = page(read())
    for hazard in read().hazards:
        assert f"## {hazard.id} {hazard.hazard.rstrip('.')}" in text
        assert all(f"`{test}`" in text for one in hazard.controls for test in one.tests)
