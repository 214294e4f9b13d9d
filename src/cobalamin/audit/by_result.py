"""Measures that begin with a blood test: low and untreated, borderline and left, tests that could not help."""

from __future__ import annotations

import polars as pl

from cobalamin.audit.facts import B12_TESTS, REVIEWS, Facts, marked, near, units
from cobalamin.audit.spec import Measure
from cobalamin.vocabulary.catalogue import catalogue

DECISIONS = (
    *REVIEWS, "care_treatment_declined", "care_b12_monitoring", "care_informed_choice", "care_prevention_only",
)  # fmt: skip
REASONS_TO_TEST = ("trend_worse", "trend_insufficient", "trend_symptoms_return_before_dose")
INDEX = ("patient_id", "day")
# Declined shortly before the result or at any time since.
DECLINED_BEFORE_DAYS, WHOLE_LOOKBACK_DAYS = 30, 100_000


def low_untreated(facts: Facts, measure: Measure) -> pl.DataFrame:
    """Measure 1: the first low result before treatment of each adult in the look-back, and whether B12 followed.

    A total B12 in pregnancy counts only where nothing else was low.
    """
    days = measure.days
    low = _recent(facts, facts.before_treatment(facts.low_b12()), days["lookback"])
    low = _with_pregnancy(facts, low).with_columns(
        pregnancy=pl.col("pregnant") & (pl.col("concept") == "lab_b12_total")
    )
    index = low.sort("patient_id", "pregnancy", "day").unique("patient_id", keep="first", maintain_order=True)
    soon = days["treated_by_if_urgent"]
    nerves = near(index, facts.of_finding("ever_neurological"), days["signs_before"], soon)
    anaemic = near(
        index,
        facts.results("haemoglobin", "below", "hb_needs_treatment_in_a_week"),
        days["count_before"],
        soon,
    )
    index = marked(index, pl.concat([nerves, anaemic]), "urgent", INDEX)
    limit = pl.when("urgent").then(soon).otherwise(days["treated_by"])
    index = index.with_columns(due=pl.col("day") + pl.duration(days=limit))
    index = _coverage(facts, index)
    treated = (pl.col("first_day") <= pl.col("due")).fill_null(value=False)
    return units(
        _declined_or_refuted(facts, index),
        bad={
            "nerve signs or haemoglobin under 100 g/L, and no B12 within 7 days": ~treated & pl.col("urgent"),
            "no B12 within 28 days": ~treated,
        },
        cannot_judge={
            "tested too short a time ago to tell": ~treated & (pl.col("due") > facts.on),
            "the record does not cover treatment afterwards": ~treated & ~pl.col("covered"),
        },
        excluded={
            "total B12 in pregnancy": pl.col("pregnancy"),
            "treatment declined": pl.col("declined"),
            "deficiency refuted afterwards": pl.col("refuted"),
        },
    )


def indeterminate_left(facts: Facts, measure: Measure) -> pl.DataFrame:
    """Measure 2: the first borderline result near a symptom of each adult, and whether anything was decided."""
    days = measure.days
    between = _recent(facts, _borderline(facts), days["lookback"])
    symptoms = facts.of_kind("symptom", "sign")
    symptomatic = near(between, symptoms, days["symptom_near"], days["symptom_near"])
    index = between.join(symptomatic, on=list(INDEX), how="semi")
    index = index.sort("patient_id", "day").unique("patient_id", keep="first", maintain_order=True)
    index = index.join(facts.first_doses, on="patient_id", how="left")
    by = days["decided_by"]
    index = index.with_columns(due=pl.col("day").dt.offset_by(f"{by}d"))
    decided = facts.of(*DECISIONS, *catalogue()["b12_deficiency_coded"].concepts)
    steps = pl.concat([near(index, facts.of("lab_mma_serum"), by, by), near(index, decided, 0, by)])
    index = _coverage(facts, marked(index, steps, "stepped", INDEX))
    decided_on = pl.col("stepped") | (pl.col("first_day") <= pl.col("due")).fill_null(value=False)
    return units(
        index,
        bad={"no methylmalonic acid, treatment or recorded decision by day 90": ~decided_on},
        cannot_judge={
            "tested less than 90 days ago": ~decided_on & (pl.col("due") > facts.on),
            "the record does not cover treatment afterwards": ~decided_on & ~pl.col("covered"),
        },
        excluded={"on B12 when the sample was taken": pl.col("first_day") < pl.col("day")},
    )


def futile_tests(facts: Facts, measure: Measure) -> pl.DataFrame:
    """Measure 9: each B12 test of the last year, by whether its result could help anybody. One unit a test."""
    days = measure.days
    tests = _recent(facts, facts.of(*B12_TESTS), days["lookback"]).unique(["patient_id", "day", "concept"])
    index = tests.select("patient_id", "day", "concept").sort("patient_id", "day", "concept")
    index = marked(index, _on_injections(facts, index, days["after_injection"]), "injected", INDEX)
    index = marked(index, _after(index, facts.normal_b12(), days["after_normal"]), "normal_before", INDEX)
    near_reason = days["reason_near"]
    index = marked(index, near(index, facts.of(*REASONS_TO_TEST), near_reason, near_reason), "reason", INDEX)
    return units(
        index,
        bad={
            "taken on B12 injections": pl.col("injected"),
            "within 90 days of a normal result": pl.col("normal_before"),
        },
        excluded={"a reason is recorded (symptoms new, worse or back)": pl.col("reason")},
    )


def _recent(facts: Facts, rows: pl.DataFrame, lookback_days: int) -> pl.DataFrame:
    """Dated rows of registered adults in the look-back."""
    adults = facts.people.select("patient_id")
    age = (pl.lit(facts.on) - pl.col("day")).dt.total_days()
    return rows.filter(age.is_between(0, lookback_days)).join(adults, on="patient_id", how="semi")


def _borderline(facts: Facts) -> pl.DataFrame:
    """Total or active B12 results in the indeterminate band; both boundary values belong to it."""
    found = []
    for finding, name in (("b12_latest", "total_b12"), ("active_b12_before_treatment", "active_b12")):
        above = facts.results(finding, "at_least", f"{name}_deficient")
        below = facts.results(finding, "at_most", f"{name}_unlikely").select("row")
        found.append(above.join(below, on="row", how="semi"))
    return pl.concat(found)


def _with_pregnancy(facts: Facts, index: pl.DataFrame) -> pl.DataFrame:
    """The index with `pregnant`: pregnancy on record at the sample."""
    window = catalogue()["pregnant"].window_days or 0
    return marked(index, near(index, facts.of("status_pregnancy"), window, 0), "pregnant", INDEX)


def _coverage(facts: Facts, index: pl.DataFrame) -> pl.DataFrame:
    """The index with `covered`: the record speaks of treatment up to the day it was due."""
    spans = facts.covered("treatment")
    joined = index.join(spans, on="patient_id", how="left", maintain_order="left")
    return joined.with_columns(covered=(pl.col("covered_to") >= pl.col("due")).fill_null(value=False))


def _declined_or_refuted(facts: Facts, index: pl.DataFrame) -> pl.DataFrame:
    long_after = WHOLE_LOOKBACK_DAYS
    declined = near(index, facts.of("care_treatment_declined"), DECLINED_BEFORE_DAYS, long_after)
    refuted = near(index, facts.of(*catalogue()["b12_deficiency_coded"].concepts, present=False), 0, long_after)
    return marked(marked(index, declined, "declined", INDEX), refuted, "refuted", INDEX)


def _after(index: pl.DataFrame, facts: pl.DataFrame, within_days: int) -> pl.DataFrame:
    """Index rows with a fact on an earlier day, at most so many days before."""
    joined = index.select(*INDEX).unique().join(facts.select("patient_id", fact_day="day"), on="patient_id")
    gap = (pl.col("day") - pl.col("fact_day")).dt.total_days()
    return joined.filter(gap.is_between(1, within_days)).select(*INDEX).unique()


def _on_injections(facts: Facts, index: pl.DataFrame, within_days: int) -> pl.DataFrame:
    """Index rows after an injection within so many days, or while a schedule ran that stands for the doses."""
    given = _after(index, facts.injections, within_days)
    joined = index.select(*INDEX).unique().join(facts.schedules_in_words, on="patient_id")
    begun = pl.col("begins").is_null() | (pl.col("begins") < pl.col("day"))
    lasts = pl.col("ends").is_null() | (pl.col("ends") >= pl.col("day"))
    return pl.concat([given, joined.filter(begun & lasts).select(*INDEX).unique()])
