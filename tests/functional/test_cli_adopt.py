"""`cobalamin adopt` as a user runs it: on made people, on the shipped survey, and on bad input."""

from __future__ import annotations

import json
import re
from datetime import date
from importlib.resources import files
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from cobalamin.assess import assess
from cobalamin.audit.adopt_costs import read_costs
from cobalamin.audit.adopt_output import write
from cobalamin.cli.main import app
from cobalamin.cli.people import record_chunks
from cobalamin.engine import write_events
from cobalamin.errors import CobalaminError
from cobalamin.records.ledger import Intake
from tests.unit.test_adopt import events, found_for, practice

NHANES = Path(str(files("cobalamin"))) / "data" / "nhanes_2011_2012"
DAY = ("--on", "2026-01-15", "-w", "1")
LABORATORY = "examples/laboratory_145_ng_l.yaml"


def run(*arguments: object):
    return CliRunner().invoke(app, ["adopt", *(str(one) for one in arguments)])


@pytest.fixture(scope="module")
def records(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("adopt") / "events.parquet"
    write_events([events(*practice())], path)
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return write(found_for("aafp_2017"), read_costs(), tmp_path_factory.mktemp("adopt") / "out")


def test_harm_comes_first_and_the_verdicts_follow(records):
    ran = run("nice_ng239", "aafp_2017", records, *DAY)
    assert ran.exit_code == 0, ran.output
    assert ran.output.startswith("2 people most at risk would lose treatment or testing")
    assert "deficient -> indeterminate" in ran.output
    assert "Nobody's treatment is changed." in ran.output


def test_laboratory_and_policy_can_be_laid_over_b(records):
    laboratory = run("nice_ng239", "nice_ng239", records, "--laboratory-b", LABORATORY, *DAY)
    assert "B  nice_ng239, numbers of Royal United Hospital, Bath" in laboratory.output
    policy = run("nice_ng239", "nice_ng239", records, "--policy", "tablets", *DAY)
    assert "something speaks against tablets" in policy.output


def test_page_stands_alone_and_lists_nobody(folder):
    for page in (folder / "report.html", folder / "shared" / "report.html"):
        text = page.read_text()
        assert text.count("<svg") >= 2
        assert "0 entries read" in text and "built-in" not in text
        assert "<script" not in text and "<link" not in text and "<img" not in text
        addresses = set(re.findall(r'https?://[^"\s<]+', text))
        assert addresses <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}
        assert not any(f">{name}<" in text for name in ("anaemia", "nerves", "normal1", "lifelong"))


def test_shared_data_holds_no_small_number(folder):
    def counts(data: object) -> list[int]:
        if isinstance(data, dict):
            own = [data[key] for key in ("count", "a", "b") if isinstance(data.get(key), int)]
            return own + [one for value in data.values() for one in counts(value)]
        return [one for value in data for one in counts(value)] if isinstance(data, list) else []

    found = counts(json.loads((folder / "shared" / "adopt.json").read_text()))
    assert found and all(number % 5 == 0 for number in found)
    assert "&lt;8" in (folder / "shared" / "report.html").read_text()


def test_analyst_gets_every_person_and_the_harmed_first(folder):
    changes = pl.read_parquet(folder / "analyst" / "changes.parquet")
    assert changes.height == 13
    harmed = pl.read_csv(folder / "analyst" / "harmed.csv")
    assert harmed["patient_id"].to_list()[:2] == ["nerves", "anaemia"]
    flows = pl.read_parquet(folder / "analyst" / "flows.parquet")
    assert set(flows.group_by("field").agg(pl.col("people").sum())["people"]) == {13}


def test_folder_that_is_not_ours_is_refused_and_kept(records, tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    for more in ([], ["--force"]):
        ran = run("nice_ng239", "aafp_2017", records, "--out", tmp_path, *DAY, *more)
        assert isinstance(ran.exception, CobalaminError)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_force_replaces_an_earlier_comparison(tmp_path):
    found = found_for("aafp_2017")
    out = write(found, read_costs(), tmp_path / "out")
    (out / "old.txt").write_text("old")
    write(found, read_costs(), out, force=True)
    assert not (out / "old.txt").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_failure_leaves_nothing_behind(tmp_path, monkeypatch):
    monkeypatch.setattr("cobalamin.audit.adopt_output.adopt_page", lambda data: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        write(found_for("aafp_2017"), read_costs(), tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("nice_ng239", "nice_ng239"), "A and B are the same"),
        (("nice", "aafp_2017"), "No guideline 'nice'. Did you mean 'nice_ng239'?"),
        (("nice_ng239", "aafp_2017", "--policy", "tabletts"), "No policy 'tabletts'. Known: tablets."),
        (("nice_ng239", "aafp_2017", "--laboratory-b", "nothing.yaml"), "nothing.yaml: no such file"),
        (("nice_ng239", "aafp_2017", "--costs", "nothing.yaml"), "nothing.yaml: no such file"),
    ],
)
def test_what_cannot_be_compared_is_refused(records, arguments, says):
    ran = run(*arguments[:2], records, *DAY, *arguments[2:])
    assert isinstance(ran.exception, CobalaminError)
    assert says in str(ran.exception)


@pytest.mark.slow
@pytest.mark.parametrize("more", [["aafp_2017"], ["nice_ng239", "--laboratory-b", LABORATORY]])
def test_survey_reconciles_to_the_person(more, tmp_path):
    """Every adult of the survey is in every flow once, and each margin is what one guideline alone says."""
    b, *options = more
    ran = run("nice_ng239", b, NHANES, "--out", tmp_path / "out", "-w", "1", *options)
    assert ran.exit_code == 0, ran.output
    assert "9,756 people in the records on 2012-06-30" in ran.output
    data = json.loads((tmp_path / "out" / "adopt.json").read_text())
    people = pl.read_csv(NHANES / "people.csv.gz", infer_schema_length=None)
    adults = people.filter(pl.col("age_years") >= 16).height
    assert data["population"]["count"] == adults
    assert all(sum(flow["count"] for flow in flows) == adults for flows in data["flows"].values())
    assert sum(row["people"]["count"] for row in data["ages"]) == adults
    changed = sum(flow["count"] for flow in data["flows"]["status"] if not flow["same"])
    assert data["status_changed"]["count"] == changed == sum(row["status_changed"]["count"] for row in data["ages"])
    assert changed > 0
    persons = pl.read_parquet(tmp_path / "out" / "analyst" / "changes.parquet")
    for row in data["amounts"]:
        for side in ("a", "b"):
            if not row["is_test"]:
                assert row[side] == persons[f"{row['unit']}_{side}"].sum()
    for side in ("a", "b"):
        assert sum(row[side] for row in data["amounts"] if row["is_test"]) == persons[f"tests_{side}"].sum()
    assert data["harmed"]["count"] == pl.read_csv(tmp_path / "out" / "analyst" / "harmed.csv").height


@pytest.mark.slow
def test_each_person_who_changes_has_the_result_that_changes_them(tmp_path):
    """By the survey's own table: 180 and 350 pg/mL become 145 and 180, and nobody else moves."""
    ran = run("nice_ng239", "nice_ng239", NHANES, "--out", tmp_path / "out", "-w", "1", "--laboratory-b", LABORATORY)
    assert ran.exit_code == 0, ran.output
    persons = pl.read_csv(tmp_path / "out" / "analyst" / "changes.csv", infer_schema_length=None)
    survey = pl.read_csv(NHANES / "people.csv.gz", infer_schema_length=None)
    measured = persons.join(survey.select(patient_id="seqn", b12="b12_pg_ml"), on="patient_id", how="left")
    assert measured.height == persons.height
    moved = measured.filter(pl.col("status_a") != pl.col("status_b"))
    low, middle = pl.col("b12").is_between(145, 179), pl.col("b12").is_between(180, 350)
    assert moved.filter(low | middle).height == moved.height > 0
    assert set(moved.filter(low)["status_a"]) == {"deficient"}
    assert set(moved.filter(middle)["status_a"]) == {"indeterminate"}
    # Who stays though the line passes over them is held by something else: methylmalonic acid, or nerves.
    assert moved.filter(pl.col("status_a") == "deficient").height <= measured.filter(low).height


@pytest.mark.slow
@pytest.mark.parametrize("guideline", ["nice_ng239", "aafp_2017"])
def test_each_side_says_of_each_person_what_it_says_alone(guideline, tmp_path):
    """`a` and `b` of the comparison against the same guideline applied to the same records by itself."""
    ran = run("nice_ng239", "aafp_2017", NHANES, "--out", tmp_path / "out", "-w", "1")
    assert ran.exit_code == 0, ran.output
    side = "a" if guideline == "nice_ng239" else "b"
    compared = pl.read_parquet(tmp_path / "out" / "analyst" / "changes.parquet")
    day = date(2012, 6, 30)
    alone = []
    for chunk in record_chunks(NHANES, None, day):
        events = chunk.events if isinstance(chunk, Intake) else chunk.fetch().events
        told = assess(events, guideline, on=day)
        alone.append(told.trace.select("patient_id", pl.col("output.status", "output.route").cast(pl.String)))
    joined = compared.join(pl.concat(alone), on="patient_id", how="left")
    assert joined.height == compared.height
    assert joined[f"status_{side}"].cast(pl.String).equals(joined["output.status"], check_names=False)
    assert joined[f"route_{side}"].cast(pl.String).equals(joined["output.route"], check_names=False)


@pytest.mark.slow
def test_a_day_on_which_nothing_counts_any_more_is_asked_about():
    ran = run("nice_ng239", "nice_ng239", NHANES, "--on", "2026-01-15", "-w", "1", "--laboratory-b", LABORATORY)
    assert ran.exit_code == 0, ran.output
    assert "Nobody's answer changes." in ran.output and "is 2026-01-15 the day meant (--on)?" in ran.output
