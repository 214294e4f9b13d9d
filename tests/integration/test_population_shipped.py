"""The practice that ships: it is what the program makes today, and the audit tells how right it is."""

from datetime import date
from importlib.resources import files
from pathlib import Path

import polars as pl
import pytest
from ruamel.yaml import YAML

from cobalamin.audit import audit
from cobalamin.audit.truth import judge, read_truth
from cobalamin.population.synthesise import MARK, Wanted, synthesise
from cobalamin.records.open import read_records

PRACTICE = Path(str(files("cobalamin"))) / "data" / "virtual_practice"
MOST_BYTES = 1_500_000


def stated() -> Wanted:
    said = YAML(typ="safe").load((PRACTICE / MARK).read_text(encoding="utf-8"))
    return Wanted(said["people"], said["seed"], said["format"], said["on"], said["dirt"])


@pytest.fixture(scope="module")
def again(tmp_path_factory):
    return synthesise(stated(), tmp_path_factory.mktemp("again") / "practice")


@pytest.fixture(scope="module")
def report():
    result = audit(read_records(PRACTICE, not_after=stated().on), on=stated().on, workers=1)
    return judge(result, read_truth(PRACTICE / "truth.parquet"))


def test_shipped_practice_is_made_of_the_same_files_as_today(again):
    assert {each.name for each in PRACTICE.iterdir()} == {each.name for each in again.iterdir()}


@pytest.mark.parametrize("name", ["people", "results", "injections", "medicines", "problems", "truth"])
def test_shipped_table_is_what_the_program_makes_today(again, name):
    shipped, made = (pl.read_parquet(folder / f"{name}.parquet") for folder in (PRACTICE, again))
    assert shipped.equals(made), f"Make it again: cobalamin synthesise ... --out {PRACTICE} --force"


@pytest.mark.parametrize("name", ["mapping.yaml", "README.md", MARK])
def test_shipped_text_is_what_the_program_makes_today(again, name):
    assert (PRACTICE / name).read_bytes() == (again / name).read_bytes()


def test_shipped_practice_is_small_and_says_that_nobody_in_it_exists():
    assert sum(each.stat().st_size for each in PRACTICE.iterdir()) < MOST_BYTES
    assert "Nobody in it exists" in (PRACTICE / "README.md").read_text(encoding="utf-8")
    assert stated().on == date(2026, 1, 15)


def test_every_measure_has_somebody_to_find_in_it(report):
    assert all(one.sensitivity.denominator > 0 for one in report.measures), report.measures


def test_status_unlikely_is_hardly_ever_given_to_somebody_deficient(report):
    unlikely = next(each for each in report.statuses if each.name == "status_unlikely")
    assert unlikely.predictive_value.denominator > 100
    assert unlikely.predictive_value.value > 0.97
