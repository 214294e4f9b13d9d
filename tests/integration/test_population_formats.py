"""One practice in four formats: the same events, and an audit that equals the truth where the record is complete."""

from dataclasses import replace
from datetime import date

import polars as pl
import pytest

from cobalamin.audit import audit
from cobalamin.audit.truth import judge, read_truth
from cobalamin.population.synthesise import FORMATS, Wanted, synthesise
from cobalamin.population.write_fhir import LEFT_OUT, STOPPED
from cobalamin.records.open import read_records

ON = date(2026, 1, 15)
CLEAN = Wanted(4000, 2, "tables", ON, dirt="none")
# OMOP drugs are ingredients; the readers call the same thing by the less specific name.
INGREDIENT = {
    "tx_hydroxocobalamin_injection": "tx_hydroxocobalamin", "tx_cyanocobalamin_oral": "tx_cyanocobalamin"
}  # fmt: skip


@pytest.fixture(scope="module")
def clean(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clean")
    return {form: synthesise(replace(CLEAN, format=form), folder / form) for form in FORMATS}


@pytest.fixture(scope="module")
def dirty(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dirty")
    wanted = replace(CLEAN, people=3000, dirt="usual")
    return {form: synthesise(replace(wanted, format=form), folder / form) for form in FORMATS}


def events(path):
    """What the readers make of a record; when a sex began and what is covered is the format's own business."""
    frame = pl.concat([part.events.frame for part in read_records(path, not_after=ON)])
    frame = frame.with_columns(pl.col("concept").cast(pl.String).replace(INGREDIENT))
    frame = frame.filter(~pl.col("concept").str.starts_with("covers_"))
    sex = pl.col("concept").is_in(["person_female", "person_male"])
    return frame.select(
        "patient_id", "concept", "present", "unit", "every_days", pl.col("value").round(3),
        pl.when(~sex).then(pl.col("time").dt.date()).alias("day"), until=pl.col("until").dt.date(),
        flag=pl.col("flag").cast(pl.String), route=pl.col("route").cast(pl.String),
    ).unique()  # fmt: skip


def only_in(one, other):
    return one.join(other, on=one.columns, how="anti", nulls_equal=True)


@pytest.mark.parametrize("form", ["omop", "meds"])
def test_the_same_events_come_out_of_a_complete_practice(clean, form):
    reference, found = events(clean["tables"]), events(clean[form])
    assert reference.height > 15_000
    assert only_in(reference, found).is_empty()
    assert only_in(found, reference).is_empty()


def test_fhir_holds_all_but_what_is_named(clean):
    reference, found = events(clean["tables"]), events(clean["fhir"])
    assert set(only_in(reference, found)["concept"]) <= {*LEFT_OUT, STOPPED}
    assert set(only_in(found, reference)["concept"]) <= {"status_b12_injections_stopped"}


def test_a_complete_practice_leaves_nothing_aside_in_any_format(clean):
    for path in clean.values():
        ledger = next(iter(read_records(path, not_after=ON))).ledger
        assert not ledger.set_aside, path


def test_a_dirty_practice_gives_the_same_events_but_for_what_a_format_cannot_hold(dirty):
    """OMOP has one birth date a person; a conversion drops errors, which the readers set aside elsewhere."""
    reference = events(dirty["tables"])
    for form in ("omop", "meds"):
        found = events(dirty[form])
        assert set(only_in(reference, found)["concept"]) <= {"person_birth"}, form
        assert only_in(found, reference).is_empty(), form
    found = events(dirty["fhir"])
    # FHIR sets a person with two birth dates aside, for two births may be two people.
    allowed = {*LEFT_OUT, STOPPED, "person_birth", "person_female", "person_male"}
    assert set(only_in(reference, found)["concept"]) <= allowed
    assert set(only_in(found, reference)["concept"]) <= {"status_b12_injections_stopped"}


def test_dirt_is_set_aside_with_its_reason(dirty):
    reasons = next(iter(read_records(dirty["fhir"], not_after=ON))).ledger.set_aside
    assert reasons["dated in the future"] > 0
    assert reasons["a result without a unit"] > 0
    assert reasons["status entered-in-error"] > 0


def by_unit(result, truth, name):
    units = result.units.filter(pl.col("measure") == name)
    units = units.select("patient_id", "day", outcome=pl.col("outcome").replace("cannot_judge", "open"))
    if name == "futile_tests":
        named = truth.select("patient_id", day="futile_test_days", truth="futile_test_outcomes")
        true = named.explode("day", "truth", empty_as_null=True).drop_nulls()
        key = ["patient_id", "day"]
    else:
        true = truth.filter(pl.col(f"measure_{name}") != "").select("patient_id", truth=f"measure_{name}")
        key = ["patient_id"]
    return true.join(units, on=key, how="full", coalesce=True)


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """Enough people that every outcome of every measure occurs."""
    path = synthesise(replace(CLEAN, people=12_000, seed=5), tmp_path_factory.mktemp("large") / "practice")
    return audit(read_records(path, not_after=ON), on=ON, workers=1), pl.read_parquet(path / "truth.parquet")


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    ["low_untreated", "indeterminate_left", "injections_without_evidence", "cause_not_sought",
     "irreversible_undertreated", "overdue", "metformin_untested", "folic_acid_untested", "futile_tests",
     "review_missed"],
)  # fmt: skip
def test_the_audit_of_a_complete_record_equals_the_truth(large, name):
    compared = by_unit(*large, name)
    assert compared.filter(pl.col("truth") == "numerator").height >= 3
    assert compared.filter(pl.col("truth") == "met").height >= 3
    wrong = compared.filter(pl.col("truth").ne_missing(pl.col("outcome")))
    assert wrong.is_empty(), wrong


@pytest.mark.slow
def test_the_forecast_of_a_complete_record_equals_the_appointments_that_are_due(large):
    result, truth = large
    running = result.forecast.filter(pl.col("kind") != "first courses, if all began today")
    weekly = running.group_by("week").agg(pl.col("appointments").sum()).sort("week")["appointments"].to_list()
    expected = [0] * 52
    for due, every in truth.filter("on_injections").select("next_injection_due", "interval_days").iter_rows():
        for ahead in range(max((due - ON).days, 0), 52 * 7, every):
            expected[ahead // 7] += 1
    assert sum(expected) > 500
    assert weekly == expected


def test_records_and_truth_speak_of_the_same_people(clean):
    for path in clean.values():
        truth = pl.read_parquet(path / "truth.parquet")
        assert set(truth["patient_id"]) == set(events(path)["patient_id"])


# Of those who need something done, so many are found at least, and of the others so many are left alone, in records
# with the usual dirt. The rest is lost in free text, in letters and with the years before somebody joined.
STATED = {
    "low_untreated": (0.65, 0.9), "indeterminate_left": (0.35, 0.9), "injections_without_evidence": (0.65, 0.95),
    "cause_not_sought": (0.65, 0.95), "irreversible_undertreated": (0.5, 0.8), "overdue": (0.35, 0.9),
    "metformin_untested": (0.6, 0.9), "folic_acid_untested": (0.9, 0.9), "futile_tests": (0.8, 0.98),
    "review_missed": (0.9, 0.5),
}  # fmt: skip


@pytest.fixture(scope="module")
def usual(tmp_path_factory):
    wanted = replace(CLEAN, people=20_000, seed=21, dirt="usual")
    path = synthesise(wanted, tmp_path_factory.mktemp("usual") / "practice")
    result = audit(read_records(path, not_after=ON), on=ON, workers=1)
    return judge(result, read_truth(path / "truth.parquet"))


@pytest.mark.slow
@pytest.mark.parametrize("name", list(STATED))
def test_the_audit_of_dirty_records_finds_what_is_stated(usual, name):
    one = next(each for each in usual.measures if each.name == name)
    found, spared = STATED[name]
    assert one.sensitivity.denominator >= 10
    assert one.sensitivity.value >= found
    assert one.specificity.value >= spared


@pytest.mark.slow
def test_what_dirty_records_hide_is_told_by_its_dirt(usual):
    borderline = next(each for each in usual.measures if each.name == "indeterminate_left")
    assert borderline.missed_dirt.most_common(1)[0][0] == "symptom not coded"
    causes = next(each for each in usual.measures if each.name == "cause_not_sought")
    assert causes.missed_dirt.most_common(1)[0][0] == "record begins late"


@pytest.mark.slow
def test_late_doses_and_broken_courses_are_told_apart_as_they_are(large):
    result, truth = large
    named = result.units.filter((pl.col("measure") == "overdue") & (pl.col("outcome") == "numerator"))
    told = named.join(truth, on="patient_id")
    late = told.filter(pl.col("reason").str.starts_with("maintenance dose more than 28 days late"))
    broken = told.filter(pl.col("reason").str.starts_with("fewer than five first doses"))
    plateau = told.filter(pl.col("reason").str.starts_with("course for nerve signs ended"))
    assert late.height and broken.height and plateau.height
    assert late["injection_overdue"].all()
    assert broken["course_broken"].all()
    assert plateau["plateau_missing"].all()
