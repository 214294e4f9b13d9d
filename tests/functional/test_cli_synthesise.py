"""`cobalamin synthesise` as a person types it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

ON = ("--on", "2026-01-15")
PROGRAM = Path(sys.executable).parent / "cobalamin"


def run(*arguments):
    return subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def practice(tmp_path_factory):
    out = tmp_path_factory.mktemp("made") / "practice"
    return out, run("synthesise", "--people", 300, "--seed", 4, *ON, "--out", out)


def test_it_says_what_it_made_and_what_to_do_next(practice):
    out, done = practice
    assert done.returncode == 0, done.stderr
    assert "300 virtual people on 2026-01-15, seed 4, as tables" in done.stdout
    assert f"cobalamin audit {out} --truth {out / 'truth.parquet'}" in done.stdout


def test_the_folder_holds_records_truth_and_a_page(practice):
    out, _ = practice
    names = {each.name for each in out.iterdir()}
    assert {"README.md", "mapping.yaml", "truth.parquet", "people.parquet", "synthesis.yaml"} <= names
    assert pl.read_parquet(out / "truth.parquet").height == 300


@pytest.mark.parametrize(
    ("form", "file"),
    [("fhir", "Patient.ndjson"), ("omop", "person.parquet"), ("meds", "data/0.parquet"), ("tables", "people.parquet")],
)
def test_every_format_can_be_audited_as_it_is(tmp_path, form, file):
    done = run("synthesise", "--people", 120, "--format", form, *ON, "--out", tmp_path / "practice")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "practice" / file).is_file()
    audited = run("audit", tmp_path / "practice", "--truth", tmp_path / "practice" / "truth.parquet", *ON,
                  "--out", tmp_path / "audit", "--workers", 1)  # fmt: skip
    assert audited.returncode == 0, audited.stderr
    assert "Against the truth:" in audited.stdout


def test_csv_tables_are_read_like_parquet_ones(tmp_path):
    done = run("synthesise", "--people", 80, "--csv", *ON, "--out", tmp_path / "practice")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "practice" / "people.csv").read_text(encoding="utf-8").startswith("patient_id,sex,birth_date")
    audited = run("audit", tmp_path / "practice", *ON, "--out", tmp_path / "audit", "--workers", 1)
    assert audited.returncode == 0, audited.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--people", "-3"), "--people is -3; give a number from 1"),
        (("--people", "0"), "--people is 0"),
        (("--people", "5", "--seed", "-1"), "--seed is -1"),
        (("--people", "5", "--format", "pdf"), "There are: fhir, tables, omop, meds"),
        (("--people", "5", "--dirt", "much"), "There are: usual, none"),
        (("--people", "5", "--on", "1900-01-01"), "out of reach"),
        (("--people", "5", "--format", "fhir", "--csv"), "--csv goes with tables and omop"),
    ],
)
def test_what_cannot_be_made_is_refused_in_one_line_and_nothing_is_written(tmp_path, arguments, words):
    done = run("synthesise", *arguments, "--out", tmp_path / "practice")
    assert done.returncode == 2
    assert words in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_not_empty_is_kept(tmp_path):
    (tmp_path / "letters.txt").write_text("mine", encoding="utf-8")
    done = run("synthesise", "--people", "5", "--out", tmp_path)
    assert done.returncode == 2
    assert "is not empty" in done.stderr
    forced = run("synthesise", "--people", "5", "--out", tmp_path, "--force")
    assert forced.returncode == 2
    assert "something else than an earlier result" in forced.stderr
    assert (tmp_path / "letters.txt").read_text(encoding="utf-8") == "mine"


def test_an_earlier_practice_is_replaced_with_force(practice):
    out, _ = practice
    done = run("synthesise", "--people", 40, *ON, "--out", out, "--force")
    assert done.returncode == 0, done.stderr
    assert pl.read_parquet(out / "truth.parquet").height == 40


def test_audit_refuses_a_truth_file_that_is_none(tmp_path):
    run("synthesise", "--people", "40", *ON, "--out", tmp_path / "practice")
    (tmp_path / "truth.txt").write_text("no", encoding="utf-8")
    done = run("audit", tmp_path / "practice", "--truth", tmp_path / "truth.txt", "--out", tmp_path / "audit")
    assert done.returncode == 2
    assert "not Parquet" in done.stderr
    assert not (tmp_path / "audit").exists()
