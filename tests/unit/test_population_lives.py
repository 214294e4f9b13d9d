"""Lives: the same from the same seed, whatever the size, and true to the body."""

from dataclasses import replace
from datetime import date

import numpy as np
import polars as pl
import pytest

from cobalamin.audit.spec import measures
from cobalamin.errors import CobalaminError
from cobalamin.population import rates, true_measures
from cobalamin.population.care import INJECTIONS, PREVENTED_AFTER
from cobalamin.population.life import live
from cobalamin.population.people import NEVER
from cobalamin.population.synthesise import FORMATS, Wanted, chunks, made
from cobalamin.vocabulary.codes import concept_of
from cobalamin.vocabulary.concepts import read_csv

ON = date(2026, 1, 15)
WANTED = Wanted(500, 3, "tables", ON)


@pytest.fixture(scope="module")
def life():
    return live(2000, 3, 0)


def both(wanted):
    made_chunks = list(chunks(wanted))
    return pl.concat([chunk.rows for chunk, _ in made_chunks]), pl.concat([truth for _, truth in made_chunks])


def test_same_seed_gives_same_records_and_truth():
    assert all(one.equals(other) for one, other in zip(both(WANTED), both(WANTED), strict=True))


def test_a_larger_practice_begins_with_the_people_of_a_smaller_one():
    rows, truth = both(WANTED)
    more_rows, more_truth = both(replace(WANTED, people=2600))
    assert more_truth.height == 2600
    assert more_truth.head(500).equals(truth)
    assert more_rows.filter(pl.col("number") <= 500).equals(rows)


def test_another_seed_gives_other_people():
    assert not both(WANTED)[1].equals(both(replace(WANTED, seed=4))[1])


def test_dirt_changes_no_life():
    _, dirty = made(WANTED, 0, 500)
    _, clean = made(replace(WANTED, dirt="none"), 0, 500)
    assert dirty.drop("dirt").equals(clean.drop("dirt"))
    assert clean["dirt"].list.len().sum() == 0
    assert dirty["dirt"].list.len().sum() > 100


def test_children_have_no_test_no_complaint_and_no_b12(life):
    child = ~life.people.adult
    assert child.sum() > 100
    assert not child[life.tests.person].any()
    assert not child[life.complaints.person].any()
    assert (life.care.begun[child] == NEVER).all()


def test_people_without_intrinsic_factor_become_deficient_and_normal_ones_mostly_not(life):
    ill = life.background.has("autoimmune_gastritis") & (life.background.onset < -10 * 365)
    well = life.people.adult & (life.background.absorption == "normal") & ~life.background.has("nitrous_oxide")
    assert (life.deficient_since[ill] < NEVER).mean() > 0.8
    assert (life.deficient_since[well] < NEVER).mean() < 0.06


def test_nitrous_oxide_leaves_b12_normal_and_raises_methylmalonic_acid():
    life = live(12000, 1, 0)
    gas = life.background.has("nitrous_oxide") & (life.care.begun == NEVER)
    well = life.people.adult & (life.background.absorption == "normal") & ~gas & (life.care.begun == NEVER)
    assert life.deficient_now[gas].all()
    b12, mma = life.now["serum_b12_pmol_l"], life.now["mma_nmol_l"]
    assert np.median(mma[gas]) > 2.5 * np.median(mma[well])
    assert 0.7 < np.median(b12[gas]) / np.median(b12[well]) < 1.4


def test_injections_that_are_kept_up_end_deficiency(life):
    treated = (life.care.treatment == INJECTIONS) & (life.given.ended == "") & ~life.given.course_broken
    steady = treated & (life.given.adherence == "regular") & (life.care.begun < -400) & (life.background.gas_since > 0)
    assert steady.sum() > 10
    assert life.deficient_now[steady].mean() < 0.2
    assert np.median(life.now["serum_b12_pmol_l"][steady]) > 300


def test_no_dose_lies_before_treatment_or_after_its_end(life):
    given = life.given
    assert (given.day >= life.care.begun[given.person]).all()
    assert (given.day <= 0).all()
    assert (given.day < given.end[given.person]).all()


def test_tests_are_sorted_and_one_a_day(life):
    keys = life.tests.person * NEVER + life.tests.day
    assert (np.diff(keys) > 0).all()


def test_printed_results_scatter_about_the_true_marker():
    life = live(6000, 2, 0)
    untreated = life.tests.day <= life.care.begun[life.tests.person]
    plain = untreated & ~life.tests.active & (life.people.pregnant_since[life.tests.person] == NEVER)
    steady = plain & (life.background.absorption[life.tests.person] == "normal")
    pmol = np.where(life.tests.in_pmol, life.printed, life.printed * 0.7378)
    kept = steady & (life.care.begun == NEVER)[life.tests.person]
    log_ratio = np.log(pmol / life.now["serum_b12_pmol_l"][life.tests.person])[kept]
    assert abs(log_ratio.mean()) < 0.02
    assert 0.18 < log_ratio.std() < 0.22


@pytest.mark.parametrize("file", ["rates.csv", "dirt.csv", "by_age.csv", "causes.csv", "age_sex.csv"])
def test_every_rate_has_a_source_and_a_certainty(file):
    for row in rates.rows(file):
        assert row["source"].strip(), row
        assert row["certainty"] in rates.CERTAINTIES, row


def test_what_is_chosen_says_so():
    for row in rates.rows("rates.csv"):
        if row["source"].startswith("Chosen:"):
            assert row["certainty"] == "choice", row


def test_every_code_means_its_concept_in_the_vocabulary():
    for row in rates.rows("codings.csv"):
        if row["system"] == "local":
            assert row["words"], row
        else:
            assert concept_of(row["system"], row["code"]) == row["concept"], row
        general = {
            "tx_hydroxocobalamin_injection": "tx_hydroxocobalamin",
            "tx_cyanocobalamin_oral": "tx_cyanocobalamin",
        }
        if row["omop"]:
            assert concept_of("omop", row["omop"]) == general.get(row["concept"], row["concept"]), row


def test_units_of_omop_are_those_of_the_vocabulary():
    from cobalamin.population.write_omop import UNITS

    assert set(UNITS.values()) <= {row["display"] for row in read_csv("omop_units.csv")}


def test_truth_judges_by_the_same_durations_as_the_audit():
    limit, days = true_measures.limits(), {name: one.days for name, one in measures().items()}
    same = {
        "low_lookback": ("low_untreated", "lookback"), "low_treated_by": ("low_untreated", "treated_by"),
        "low_treated_by_if_urgent": ("low_untreated", "treated_by_if_urgent"),
        "low_signs_before": ("low_untreated", "signs_before"), "low_count_before": ("low_untreated", "count_before"),
        "borderline_lookback": ("indeterminate_left", "lookback"),
        "borderline_symptom_near": ("indeterminate_left", "symptom_near"),
        "borderline_decided_by": ("indeterminate_left", "decided_by"),
        "injected_recently": ("injections_without_evidence", "recent"),
        "treated_for": ("cause_not_sought", "treated_for"),
        "lifelong_injected_within": ("irreversible_undertreated", "injected_within"),
        "choice_reviewed_within": ("irreversible_undertreated", "choice_reviewed_within"),
        "late_after": ("overdue", "late_after"), "loading_within": ("overdue", "loading_within"),
        "begun_within": ("overdue", "begun_within"), "plateau_gap": ("overdue", "plateau_gap"),
        "metformin_signs_within": ("metformin_untested", "signs_within"),
        "metformin_test_before": ("metformin_untested", "test_before"),
        "folic_begun_within": ("folic_acid_untested", "begun_within"),
        "folic_test_before": ("folic_acid_untested", "test_before"),
        "folic_test_after": ("folic_acid_untested", "test_after"),
        "futile_lookback": ("futile_tests", "lookback"), "futile_after_injection": ("futile_tests", "after_injection"),
        "futile_after_normal": ("futile_tests", "after_normal"), "futile_reason_near": ("futile_tests", "reason_near"),
        "review_begun_from": ("review_missed", "begun_from"), "review_begun_to": ("review_missed", "begun_to"),
        "review_from": ("review_missed", "review_from"), "review_to": ("review_missed", "review_to"),
        "review_early_from": ("review_missed", "early_from"), "review_early_to": ("review_missed", "early_to"),
    }  # fmt: skip
    assert {name: limit[name] for name in same} == {name: days[one][day] for name, (one, day) in same.items()}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"people": 0}, "--people is 0"),
        ({"people": -5}, "--people is -5"),
        ({"people": 10**9}, "--people is 1,000,000,000"),
        ({"seed": -1}, "--seed is -1"),
        ({"format": "hl7v2"}, "There are: fhir, tables, omop, meds"),
        ({"dirt": "some"}, "There are: usual, none"),
        ({"on": date(1800, 1, 1)}, "out of reach"),
        ({"format": "meds", "csv": True}, "--csv goes with tables and omop"),
    ],
)
def test_what_cannot_be_made_is_refused_in_words(change, words):
    with pytest.raises(CobalaminError, match=words):
        replace(WANTED, **change).check()


def test_every_format_has_a_page_of_files():
    from cobalamin.population.read_me import FILES

    assert set(FILES) == set(FORMATS)


def test_prevention_choice_and_injections_at_home_are_lived_and_judged():
    life = live(6000, 11, 0)
    care, given = life.care, life.given
    assert np.isin(life.background.absorption[care.prevented], PREVENTED_AFTER).all() and care.prevented.sum() > 5
    assert (care.treatment[care.prevented] == "injections").all()
    assert (care.deficiency_coded[care.prevented] == NEVER).all()
    first = np.bincount(given.person[given.day <= care.begun[given.person] + 21], minlength=6000)
    assert (first[care.prevented & ~given.elsewhere] == 1).all()
    assert given.at_home.sum() > 0 and (given.elsewhere | ~given.at_home).all()
    chose = given.choice <= 0
    assert chose.sum() > 0 and (given.ended[chose] == "to_tablets").all()
    assert (given.choice_again[chose] > given.choice[chose]).all()
    seen = true_measures.Seen(life)
    assert set(true_measures.MEASURES["injections_without_evidence"](seen)[care.prevented & seen.registered]) <= {
        "excluded",
        "",
    }
    assert not (true_measures.course_broken(seen) & care.prevented).any()
