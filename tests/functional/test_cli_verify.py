"""A receipt written by `assess --receipt` and derived again by `verify`."""

from __future__ import annotations

import json
import shutil
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
        ({"software": "0.0.1"}, "the software is newer: 0.0.1 then"),
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
    assert "the guidance is changed within its edition: nice_ng239 2024-03-06 (aaaaaaaaaaaa) then" in ran.output


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


DATED = Path("tests/data/guidance/dated_example")
CASE = DATED / "cases" / "b12_of_170_ng_l_the_day_before_the_change.yaml"


def sheet_of(case: Path, target: Path, value: int = 170) -> Path:
    """The sheet of a case as a file of its own."""
    lines = case.read_text().partition("sheet:\n")[2].partition("expect:")[0]
    target.write_text("\n".join(line.removeprefix("  ") for line in lines.splitlines()).replace("170", str(value)))
    return target


def second_edition(target: Path, **changed: str) -> Path:
    """The invented guideline with some of its words changed, in another folder of the same name."""
    shutil.copytree(DATED, target / DATED.name)
    for file in (target / DATED.name).glob("*.yaml"):
        text = file.read_text()
        for old, new in changed.items():
            text = text.replace(old, new)
        file.write_text(text)
    return target / DATED.name


@pytest.fixture
def of_that_day(tmp_path) -> tuple[Path, Path]:
    """An answer of the last day of the first edition, as receipt and sheet."""
    sheet, file = sheet_of(CASE, tmp_path / "sheet.yaml"), tmp_path / "receipt.json"
    ran = run("assess", sheet, "--guidance", DATED, "--receipt", file)
    assert ran.exit_code == 0, ran.output
    assert "indeterminate. B12 170 ng/L" in ran.output and "Guidance from a folder of your own" in ran.output
    return file, sheet


def test_past_answer_is_derived_under_the_guidance_of_its_day(of_that_day):
    file, sheet = of_that_day
    ran = run("verify", file, sheet, "--guidance", DATED)
    assert ran.exit_code == 0, ran.output
    assert ran.output.startswith("The same answer as of 2025-06-30 under dated_example: status indeterminate")


def test_a_later_rule_leaves_the_past_answer_as_it_was_and_is_told(of_that_day, tmp_path):
    file, sheet = of_that_day
    third = second_edition(tmp_path / "third", **{"value: 200": "value: 250", 'version: "2"': 'version: "3"'})
    ran = run("verify", file, sheet, "--guidance", third)
    assert ran.exit_code == 1
    assert "The same answer as of 2025-06-30 under dated_example, though not from the same things." in ran.output
    assert "the guidance is of another edition, newer: dated_example 2 (" in ran.output


def test_an_edit_of_the_past_is_told_with_what_it_did(of_that_day, tmp_path):
    file, sheet = of_that_day
    ran = run("verify", file, sheet, "--guidance", second_edition(tmp_path / "edited", **{"value: 150": "value: 190"}))
    assert ran.exit_code == 1
    assert "the guidance is changed within its edition: dated_example 2 (" in ran.output
    assert "status: indeterminate then, deficient now" in ran.output


def test_a_record_that_says_something_else_is_told_apart_from_the_guidance(of_that_day, tmp_path):
    file, _ = of_that_day
    ran = run("verify", file, sheet_of(CASE, tmp_path / "other.yaml", 140), "--guidance", DATED)
    assert ran.exit_code == 1
    assert "the record says something else about the time up to 2025-06-30" in ran.output
    assert "the guidance" not in ran.output and "status: indeterminate then, deficient now" in ran.output


def test_guidance_of_a_folder_is_asked_for_where_it_is_not_given(of_that_day):
    file, sheet = of_that_day
    ran = run("verify", file, sheet)
    assert isinstance(ran.exception, CobalaminError)
    assert "under 'dated_example', which is not at hand" in str(ran.exception) and "--guidance" in str(ran.exception)


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
