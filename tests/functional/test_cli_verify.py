"""A receipt written by `assess --receipt` and derived again by `verify`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cobalamin.audit.receipt import content_hash
from cobalamin.cli.main import app
from cobalamin.errors import CobalaminError

SHEET = Path("examples/worked_patient.yaml")


def run(*arguments: object):
    return CliRunner().invoke(app, [str(one) for one in arguments])


@pytest.fixture(scope="module")
def written(tmp_path_factory) -> Path:
    file = tmp_path_factory.mktemp("receipt") / "receipt.json"
    ran = run("assess", SHEET, "--receipt", file)
    assert ran.exit_code == 0, ran.output
    return file


def forged(written: Path, target: Path, **changed: object) -> Path:
    """The receipt with some fields changed and its own hash made to fit."""
    content = json.loads(written.read_text()) | changed
    target.write_text(json.dumps(content | {"sha256": content_hash(content)}))
    return target


def test_answer_is_derived_again(written):
    ran = run("verify", written, SHEET)
    assert ran.exit_code == 0, ran.output
    assert ran.output.startswith(
        "The same answer as of 2026-01-15 under nice_ng239: status deficient, route injection."
    )


def test_record_with_another_value_and_another_name_is_told(written, tmp_path):
    other = tmp_path / "other.yaml"
    other.write_text(SHEET.read_text().replace("value: 128", "value: 600").replace("worked-example", "somebody"))
    ran = run("verify", written, other)
    assert ran.exit_code == 1
    assert "the record is of another person" in ran.output
    assert "status: deficient then" in ran.output


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"software": "0.0.1"}, "the software differs: 0.0.1 then"),
        ({"on": "2025-01-15"}, "the record says something else"),
    ],
)
def test_forged_receipt_is_told_from_the_answer(written, tmp_path, changed, says):
    ran = run("verify", forged(written, tmp_path / "r.json", **changed), SHEET)
    assert ran.exit_code == 1
    assert says in ran.output


def test_other_edition_of_the_guidance_is_told(written, tmp_path):
    guidance = json.loads(written.read_text())["guidance"] | {"sha256": "a" * 64}
    ran = run("verify", forged(written, tmp_path / "r.json", guidance=guidance), SHEET)
    assert ran.exit_code == 1
    assert "The same answer as of 2026-01-15 under nice_ng239, though not from the same things." in ran.output
    assert "the guidance differs: nice_ng239 2024-03-06 (aaaaaaaaaaaa) then" in ran.output


def test_laboratory_of_the_receipt_is_used_again(tmp_path):
    laboratory = tmp_path / "laboratory.yaml"
    laboratory.write_text(
        "laboratory: L\nsource: {clause: handbook, certainty: seen}\n"
        "thresholds: {total_b12_deficient: {values: [{value: 90, unit: pmol/L}]}}\n"
    )
    file = tmp_path / "receipt.json"
    assert run("assess", SHEET, "--laboratory", laboratory, "--receipt", file).exit_code == 0
    laboratory.unlink()
    ran = run("verify", file, SHEET)
    assert ran.exit_code == 0, ran.output
    assert "status indeterminate" in ran.output


@pytest.mark.parametrize("content", ["", "{", "[" * 100_000, '{"on": NaN}', "\x00", "null", "[]", '{"format": 1}'])
def test_what_is_no_receipt_is_refused(tmp_path, content):
    file = tmp_path / "r.json"
    file.write_text(content)
    ran = run("verify", file, SHEET)
    assert isinstance(ran.exception, CobalaminError)
    assert "not a receipt" in str(ran.exception)


def test_receipt_that_cannot_be_read_is_refused(tmp_path):
    for place in (tmp_path / "none.json", tmp_path):
        assert isinstance(run("verify", place, SHEET).exception, CobalaminError)
    (tmp_path / "big.json").write_text(" " * 2_000_000)
    assert "too large" in str(run("verify", tmp_path / "big.json", SHEET).exception)


def test_receipt_that_cannot_be_written_leaves_nothing(tmp_path):
    ran = run("assess", SHEET, "--receipt", tmp_path / "no" / "receipt.json")
    assert isinstance(ran.exception, CobalaminError)
    assert ran.output == ""
    assert list(tmp_path.iterdir()) == []
