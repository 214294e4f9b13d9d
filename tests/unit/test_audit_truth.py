"""The audit against the truth: counts that add up, intervals from the literature, and files that are refused."""

from dataclasses import replace
from datetime import date
from types import SimpleNamespace

import polars as pl
import pytest

from cobalamin.audit import audit
from cobalamin.audit.output import write
from cobalamin.audit.truth import Share, judge, read_truth
from cobalamin.audit.truth_present import share_data, truth_data, truth_frame
from cobalamin.errors import CobalaminError
from cobalamin.population.synthesise import Wanted, synthesise
from cobalamin.records.open import read_records

ON = date(2026, 1, 15)
WANTED = Wanted(2500, 8, "tables", ON)


@pytest.fixture(scope="module")
def practice(tmp_path_factory):
    path = synthesise(WANTED, tmp_path_factory.mktemp("practice") / "usual")
    return SimpleNamespace(path=path, result=audit(read_records(path, not_after=ON), on=ON, workers=1))


@pytest.fixture(scope="module")
def truth(practice):
    return read_truth(practice.path / "truth.parquet")


@pytest.mark.parametrize(
    ("numerator", "denominator", "low", "high"),
    [(0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0), (15, 148, 0.0624, 0.1605), (1, 1, 0.2065, 1.0)],
)
def test_wilson_interval_is_that_of_the_literature(numerator, denominator, low, high):
    """15 of 148: Newcombe 1998, Stat Med 17:857, gives 0.0624 to 0.1605; the others by the formula by hand."""
    found = Share(numerator, denominator).interval
    assert found == (pytest.approx(low, abs=2e-4), pytest.approx(high, abs=2e-4))


def test_share_of_nobody_has_no_value_and_no_interval():
    assert Share(0, 0).value is None
    assert Share(0, 0).interval is None
    assert share_data(Share(0, 0))["words"] == "nobody"


def test_found_people_are_those_whom_truth_and_audit_both_name(practice, truth):
    report = judge(practice.result, truth)
    units = practice.result.units.filter((pl.col("measure") == "cause_not_sought") & (pl.col("outcome") == "numerator"))
    cases = set(truth.filter(pl.col("measure_cause_not_sought") == "numerator")["patient_id"])
    named = set(units["patient_id"])
    one = next(each for each in report.measures if each.name == "cause_not_sought")
    assert one.sensitivity == Share(len(cases & named), len(cases))
    assert one.predictive_value == Share(len(cases & named), len(named))
    assert len(cases) > len(cases & named) > 5


def test_every_false_answer_is_told_with_its_reason_and_by_person(practice, truth):
    report = judge(practice.result, truth)
    for one in (*report.measures, *report.statuses, *report.causes):
        assert one.missed.total() == one.false_negative
        assert one.wrongly.total() == one.false_positive
        rows = report.false.filter(pl.col("what") == one.name)
        assert rows.filter(pl.col("kind") == "missed").height == one.false_negative
        assert rows.height == one.false_negative + one.false_positive
    assert report.false["patient_id"].is_in(truth["patient_id"].implode()).all()


def test_whoever_is_named_wrongly_is_told_with_what_is_so(practice, truth):
    nobody = truth.with_columns(measure_cause_not_sought=pl.lit("met"))
    one = next(each for each in judge(practice.result, nobody).measures if each.name == "cause_not_sought")
    assert one.sensitivity == Share(0, 0)
    assert one.predictive_value.numerator == 0
    assert all(reason.startswith("well cared for, named: ") for reason in one.wrongly)


def test_page_data_and_frame_hold_every_measure_status_and_cause(practice, truth):
    report = judge(practice.result, truth)
    data, frame = truth_data(report), truth_frame(report)
    rows = [row for group in data["groups"] for row in group["rows"]]
    assert [row["name"] for row in rows] == frame["name"].to_list()
    assert frame.filter(pl.col("group") == "measure").height == 10
    assert {"status_deficient", "status_unlikely"} <= set(frame["name"])


def test_report_shows_the_truth_and_the_shared_one_does_not(practice, truth, tmp_path):
    judged = replace(practice.result, truth=judge(practice.result, truth))
    folder = write(judged, tmp_path / "audit")
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "How right this audit is" in page
    assert "How right" not in (folder / "shared" / "report.html").read_text(encoding="utf-8")
    assert pl.read_parquet(folder / "analyst" / "truth.parquet").height >= 12
    assert (folder / "analyst" / "false_answers.csv").read_text(encoding="utf-8").startswith("what,patient_id")


def test_report_without_truth_says_nothing_of_it(practice, tmp_path):
    folder = write(practice.result, tmp_path / "audit")
    assert "How right" not in (folder / "report.html").read_text(encoding="utf-8")


def test_truth_of_another_day_is_refused(practice, truth):
    other = truth.with_columns(on=pl.lit(date(2020, 5, 1)))
    with pytest.raises(CobalaminError, match="The truth is of 2020-05-01, the audit of 2026-01-15"):
        judge(practice.result, other)


def test_truth_of_other_people_is_refused(practice, truth):
    other = truth.with_columns(patient_id=pl.concat_str(pl.lit("x"), "patient_id"))
    with pytest.raises(CobalaminError, match="The truth does not know"):
        judge(practice.result, other)


def test_file_that_is_no_truth_is_refused(practice, truth, tmp_path):
    text, other, twice = tmp_path / "truth.txt", tmp_path / "other.parquet", tmp_path / "twice.parquet"
    text.write_text("no", encoding="utf-8")
    truth.drop("cause").write_parquet(other)
    pl.concat([truth, truth]).write_parquet(twice)
    for path, words in ((tmp_path / "none", "no such file"), (text, "not Parquet"), (other, "lacks cause"),
                        (twice, "in it twice")):  # fmt: skip
        with pytest.raises(CobalaminError, match=words):
            read_truth(path)
