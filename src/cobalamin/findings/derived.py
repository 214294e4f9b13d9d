"""Findings computed row-wise from other findings: age, eGFR, the combined indicator, rises and days."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from datetime import date
from functools import cache

import polars as pl

from cobalamin.vocabulary.catalogue import catalogue

# Fedosov 2015 (Clin Chem Lab Med 53:1215): the age factor's constants are recalled, not re-read.
CB12_AGE_SCALE, CB12_AGE_YEARS, CB12_AGE_POWER = 3.79, 230.0, 2.6
CB12_SAMPLES_WITHIN_DAYS = 14
UMOL_PER_MG_CREATININE = 88.40
DAYS_PER_MONTH = 30.4375
CKD_EPI, CKD_EPI_ABOVE, CKD_EPI_AGE, CKD_EPI_FEMALE, CKD_EPI_FROM_YEARS = 141.0, -1.209, 0.993, 1.018, 18
FERTILE_BELOW_YEARS = 60
# The last digit of a power depends on how many people are worked out together; the answer must not.
DECIMALS = 9
FOUR_MARKERS = tuple(f"{name}_before_treatment" for name in ("active_b12", "b12", "mma", "homocysteine"))


def finding(name: str) -> pl.Expr:
    """The column of a finding."""
    return pl.col(f"finding.{name}")


def age_years(on: date) -> pl.Expr:
    """Whole years since birth, or else the stated age carried forward. [years]"""
    born = pl.col("born")
    had_birthday = (born.dt.month() < on.month) | ((born.dt.month() == on.month) & (born.dt.day() <= on.day))
    from_birth = on.year - born.dt.year() - pl.when(had_birthday).then(0).otherwise(1)
    stated = pl.col("stated_age") + (pl.col("stated_days").fill_null(0) / 365.25).floor()
    return pl.coalesce(from_birth.cast(pl.Float64), stated).alias("finding.age_years")


def egfr() -> pl.Expr:
    """Reported eGFR, or else CKD-EPI 2009 from creatinine, age and sex, without ethnicity. [mL/min/1.73 m2]

    Source: Levey 2009 (Ann Intern Med 150:604), recalled. Null under 18 and where sex or age is unknown.
    """
    scr = finding("creatinine") / UMOL_PER_MG_CREATININE
    female = finding("female").fill_null(value=False)
    kappa = pl.when(female).then(0.7).otherwise(0.9)
    alpha = pl.when(female).then(-0.329).otherwise(-0.411)
    ratio = scr / kappa
    low, high = pl.min_horizontal(ratio, 1.0), pl.max_horizontal(ratio, 1.0)
    age = finding("age_years")
    by_sex = pl.when(female).then(CKD_EPI_FEMALE).otherwise(1)
    value = CKD_EPI * low.pow(alpha) * high.pow(CKD_EPI_ABOVE) * pl.lit(CKD_EPI_AGE).pow(age) * by_sex
    known = (finding("female") | finding("male")) & (age >= CKD_EPI_FROM_YEARS) & scr.is_not_null()
    return pl.coalesce(finding("egfr_reported"), pl.when(known).then(value.round(DECIMALS)))


def combined_b12_indicator() -> pl.Expr:
    """4cB12: log10(active x total / (MMA x homocysteine)) minus the age factor; below -0.5 is low. [1]

    pmol/L, pmol/L, umol/L, umol/L. Null unless all four are exact numbers from before treatment, sampled
    within 14 days of each other. Source: Fedosov 2015; the constants of the age factor are recalled.
    """
    exact = pl.all_horizontal([pl.col(f"finding.{name}.cmp").is_null() for name in FOUR_MARKERS])
    times = [pl.col(f"finding.{name}.time") for name in FOUR_MARKERS]
    # The span of undated samples is not known; `max_horizontal` would pass over them.
    dated = pl.all_horizontal([time.is_not_null() for time in times])
    spread = pl.when(dated).then(pl.max_horizontal(times) - pl.min_horizontal(times)).dt.total_days()
    active, total, mma, homocysteine = (finding(name) for name in FOUR_MARKERS)
    ratio = active * total / (mma / 1000.0 * homocysteine)
    age_factor = CB12_AGE_SCALE / (1 + (finding("age_years") / CB12_AGE_YEARS).pow(CB12_AGE_POWER))
    return pl.when(exact & (spread <= CB12_SAMPLES_WITHIN_DAYS)).then((ratio.log10() - age_factor).round(DECIMALS))


def _days_from_first_dose(name: str) -> pl.Expr:
    return (pl.col(f"finding.{name}.time").dt.date() - finding("first_b12_dose")).dt.total_days()


@cache
def derived() -> list[pl.Expr]:
    """The derived findings that need the age already present, in one step."""
    reach = (finding("first_injection") - pl.col("treatment_covered_from")).dt.total_days() / DAYS_PER_MONTH
    before, after = finding("symptom_score_before"), finding("symptom_score")
    return [
        reach.alias("finding.record_reach_months"),
        egfr().alias("finding.egfr"),
        combined_b12_indicator().alias("finding.combined_b12_indicator"),
        (finding("haemoglobin_on_treatment") - finding("haemoglobin_before_treatment")).alias(
            "finding.haemoglobin_rise"
        ),
        _days_from_first_dose("haemoglobin_on_treatment").cast(pl.Float64).alias(
            "finding.days_to_haemoglobin_on_treatment"
        ),
        _days_from_first_dose("reticulocytes_on_treatment").cast(pl.Float64).alias("finding.days_to_reticulocytes"),
        (100.0 * (before - after) / pl.when(before > 0).then(before)).alias("finding.symptom_score_fall_pct"),
    ]  # fmt: skip


@cache
def derived_inputs() -> tuple[str, ...]:
    """Columns the age and the derived findings are computed from."""
    roots = {root for expression in derived() for root in expression.meta.root_names()}
    return tuple(sorted((roots | {"born", "stated_age", "stated_days", "finding.male"}) - {"finding.age_years"}))


@cache
def derived_outputs() -> tuple[str, ...]:
    """Columns that are made here."""
    return ("finding.age_years", *(expression.meta.output_name() for expression in derived()))


def not_applicable() -> list[pl.Expr]:
    """Where a question makes no sense; unknown sex or age still asks it."""
    never = (pl.col("finding.male") | (pl.col("finding.age_years") >= FERTILE_BELOW_YEARS)).fill_null(value=False)
    return [never.alias(f"{f.column}.na") for f in catalogue().values() if f.applies_when == "fertile"]


@cache
def _from_findings() -> tuple[tuple[str, pl.Expr, frozenset[str]], ...]:
    """What can be computed anew from findings alone: the column, how, and the columns it is computed from."""
    made = [(one.meta.output_name(), one, frozenset(one.meta.root_names())) for one in (*derived(), *not_applicable())]
    return tuple(one for one in made if all(root.startswith("finding.") for root in one[2]))


def derived_anew(findings: pl.DataFrame, changed: AbstractSet[str]) -> pl.DataFrame:
    """The findings with those of its columns computed again that are derived from any of the `changed` ones."""
    held = {*findings.columns}
    again = [one for column, one, roots in _from_findings() if column in held and roots & changed]
    return findings.with_columns(again) if again else findings


def computed_from(columns: AbstractSet[str]) -> frozenset[str]:
    """The columns that those of `columns` are computed from which are derived from findings alone."""
    return frozenset().union(*(roots for column, _, roots in _from_findings() if column in columns))


@cache
def base_findings() -> dict[str, tuple[str, ...]]:
    """For each finding that is derived from findings alone: the findings it is derived from, without "finding."."""
    return {
        column.removeprefix("finding."): tuple(
            sorted({root.removeprefix("finding.").partition(".")[0] for root in roots})
        )
        for column, _, roots in _from_findings()
        if not column.endswith(".na")
    }
