"""`cobalamin audit` as a user runs it: on the shipped survey, on known people, and on bad input."""

from __future__ import annotations

import json
import re
from importlib.resources import files
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from cobalamin.audit import audit
from cobalamin.audit.output import write
from cobalamin.cli.main import app
from cobalamin.engine import chunks_of, write_events
from cobalamin.errors import CobalaminError
from cobalamin.events import Events
from tests.unit.audit_people import ON, dose, fact, guideline, lasting, person

NHANES = Path(str(files("cobalamin"))) / "data" / "nhanes_2011_2012"


def practice() -> Events:
    """Forty people: ten low and untreated, twenty on time, six overdue, three tired at 200, one with a cord sign."""
    people = [person(f"low{n}", fact("lab_b12_total", -100, 90.0)) for n in range(10)]
    people += [person(f"onTime{n}", *[dose(day - n) for day in range(-800, 0, 91)]) for n in range(20)]
    people += [person(f"late{n}", *[dose(-150 - 91 * k) for k in range(9)]) for n in range(6)]
    people += [person(f"tired{n}", fact("lab_b12_total", -200, 200.0), fact("sym_fatigue", -210)) for n in range(3)]
    cord = [lasting("sign_extensor_plantar", -3), lasting("sym_weakness_limb", -9), fact("lab_b12_total", -5, 80.0)]
    people.append(person("=cord", *cord))
    return Events.of([row for rows in people for row in rows])


@pytest.fixture(scope="module")
def result():
    return audit(chunks_of(practice(), 15), guideline("nice_ng239", ON), ON, workers=1)


@pytest.fixture(scope="module")
def folder(result, tmp_path_factory) -> Path:
    return write(result, tmp_path_factory.mktemp("audit") / "out")


def measure(result, name):
    return next(one for one in result.measures if one.measure.id == name)


def test_counts_over_chunks_are_the_counts_of_the_practice(result):
    assert result.people == 40
    assert (measure(result, "low_untreated").numerator, measure(result, "low_untreated").denominator) == (10, 10)
    assert (measure(result, "overdue").numerator, measure(result, "overdue").denominator) == (6, 26)
    assert measure(result, "indeterminate_left").numerator == 3


def test_measure_without_its_data_says_so(result):
    one = measure(result, "metformin_untested")
    assert not one.fed
    assert one.note == "These records cannot feed this measure: no metformin."


def test_worklist_is_one_row_a_person_most_urgent_first(result):
    rows = result.worklist
    assert rows["patient_id"].n_unique() == rows.height
    assert rows["patient_id"][0] == "=cord"
    assert rows["priority"][0] == "emergency"
    assert rows["rank"].is_sorted()
    assert rows.filter(pl.col("patient_id").str.starts_with("late"))["reasons"].str.contains("28 days late").all()


def test_nothing_critical_may_be_accepted_together(result):
    hard = result.worklist.filter(pl.col("priority").is_in(["emergency", "urgent", "critical alert"]))
    assert hard.height > 0
    assert set(hard["sign_off"]) == {"decide one by one"}


def test_forecast_holds_every_running_injection_and_frees_none_unasked(result):
    now = result.forecast.filter(pl.col("kind") == "on injections now")
    assert now.height == 52
    assert now.filter(pl.col("week") == 0)["appointments"].item() >= 6
    assert 26 * 4 <= now["appointments"].sum() <= 26 * 5
    assert result.forecast.filter(pl.col("kind") == "could be freed by tablets")["appointments"].sum() == 0


def test_shared_files_hold_no_small_number_and_nobody(folder):
    measures = pl.read_csv(folder / "shared" / "measures.csv")
    counts = measures["numerator"].drop_nulls().to_list() + measures["denominator"].drop_nulls().to_list()
    assert all(count % 5 == 0 for count in counts)
    assert measures.filter(pl.col("id") == "overdue")["numerator"].item() is None
    page = (folder / "shared" / "report.html").read_text()
    assert "late1" not in page and "onTime1" not in page and "=cord" not in page
    assert "&lt;8 of 25" in page


def test_report_needs_nothing_from_elsewhere(folder):
    page = (folder / "report.html").read_text()
    addresses = set(re.findall(r'https?://[^"\s<]+', page)) - {
        "http://www.w3.org/2000/svg",
        "http://www.w3.org/1999/xlink",
    }
    assert not addresses
    assert "<script" not in page and "<link" not in page and "<img" not in page
    assert page.count("<svg") >= 4


def test_analyst_files_agree_with_the_summary(folder):
    units = pl.read_parquet(folder / "analyst" / "units.parquet")
    summary = json.loads((folder / "summary.json").read_text())
    for one in summary["measures"]:
        bad = units.filter((pl.col("measure") == one["id"]) & (pl.col("outcome") == "numerator")).height
        assert bad == one["numerator"]


def test_cell_that_a_spreadsheet_would_run_is_made_harmless(folder):
    assert "'=cord" in (folder / "worklist.csv").read_text()


def test_folder_that_is_not_empty_is_refused_and_kept(result, tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(CobalaminError, match="is not empty"):
        write(result, tmp_path)
    with pytest.raises(CobalaminError, match="something else than an earlier result"):
        write(result, tmp_path, force=True)
    assert (tmp_path / "mine.txt").read_text() == "mine"


def test_force_replaces_an_earlier_audit_and_leaves_nothing_behind(result, tmp_path):
    out = tmp_path / "out"
    write(result, out)
    (out / "old.txt").write_text("old")
    write(result, out, force=True)
    assert not (out / "old.txt").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_failure_leaves_nothing_behind(result, tmp_path, monkeypatch):
    monkeypatch.setattr("cobalamin.audit.output.audit_page", lambda data: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        write(result, tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_command_audits_a_file_of_events(tmp_path):
    path = tmp_path / "events.parquet"
    write_events([practice()], path)
    ran = CliRunner().invoke(app, ["audit", str(path), "--on", "2026-01-15", "--out", str(tmp_path / "out"), "-w", "1"])
    assert ran.exit_code == 0, ran.output
    assert "Low B12, not treated" in ran.output and "10 of 10" in ran.output
    assert (tmp_path / "out" / "report.html").is_file()


@pytest.mark.parametrize("records", ["nothing_here", "."])
def test_records_that_cannot_be_read_leave_no_folder(records, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ran = CliRunner().invoke(app, ["audit", records, "--out", "out"])
    assert isinstance(ran.exception, CobalaminError)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_survey_of_real_people_is_audited_and_says_what_it_cannot_feed(tmp_path):
    ran = CliRunner().invoke(app, ["audit", str(NHANES), "--out", str(tmp_path / "out"), "-w", "1"])
    assert ran.exit_code == 0, ran.output
    assert "9,756 people on 2012-06-30" in ran.output
    assert "cannot feed this measure: no injection with a date" in ran.output
    ledger = json.loads((tmp_path / "out" / "analyst" / "ledger.json").read_text())
    left = sum(ledger["not_relevant"].values()) + sum(ledger["set_aside_counts"].values())
    assert ledger["items"] == ledger["used"] + left
