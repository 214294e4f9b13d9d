"""`cobalamin compare` as a user runs it."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from cobalamin.cli.main import app
from cobalamin.errors import CobalaminError

SHEET = "examples/worked_patient.yaml"


def run(*arguments: str):
    return CliRunner().invoke(app, ["compare", *arguments])


def test_text_shows_agreement_partings_and_clauses():
    ran = run(SHEET)
    assert ran.exit_code == 0, ran.output
    assert "The same under all: urgency urgent" in ran.output
    assert "status, where they part" in ran.output
    assert "[NG239 Table 1]" in ran.output
    assert "aafp_2017 is superseded by aafp_2025" in ran.output


def test_json_holds_the_same_answers():
    found = json.loads(run(SHEET, "--json", "-g", "nice_ng239", "-g", "aafp_2017").output)
    assert found["parts"] == ["status", "advice", "tests", "regimen"]
    assert [one["value"] for one in found["positions"]["status"]] == ["deficient", "indeterminate"]
    assert found["positions"]["status"][0]["reasons"][0]["clause"] == "NG239 Table 1"


def test_page_stands_alone_and_escapes(tmp_path):
    sheet = tmp_path / "sheet.yaml"
    sheet.write_text('on: 2026-01-15\npatient: {id: "<b>x</b>", age: 67, sex: female}\nsymptoms: [fatigue]\n')
    ran = run(
        str(sheet), "--format", "html", "--out", str(tmp_path / "page.html"), "-g", "nice_ng239", "-g", "nhg_2014"
    )
    assert ran.exit_code == 0, ran.output
    page = (tmp_path / "page.html").read_text()
    assert "&lt;b&gt;x" in page and "<b>x</b>" not in page
    assert "<script" not in page and "http" not in page.replace('http-equiv="', "")


def test_one_guideline_alone_has_nothing_to_part_from():
    assert "Nothing on which they part." in run(SHEET, "-g", "nice_ng239").output


def test_unknown_guideline_is_named_with_the_nearest():
    ran = run(SHEET, "-g", "nice_ng29")
    assert isinstance(ran.exception, CobalaminError)
    assert "Did you mean 'nice_ng239'?" in str(ran.exception)


@pytest.mark.parametrize("record", ["nothing.yaml", "docs"])
def test_record_that_cannot_be_read_is_refused(record):
    assert isinstance(run(record).exception, CobalaminError)
