"""Measures of people on B12: evidence, cause, enough of it, in time, reviewed."""

from __future__ import annotations

import polars as pl

from cobalamin.audit.facts import REVIEWS, Facts, marked, near, units
from cobalamin.audit.spec import Measure
from cobalamin.findings.doses import COURSE_GAP_DAYS

# A code, operation, antibody or biopsy that explains why injections began; a code of deficiency alone does not.
EVIDENCE = (
    "if_antibody_positive", "gastric_body_atrophy", "pernicious_anaemia", "autoimmune_gastritis", "gastric_surgery",
    "ileal_resection_complete", "ileal_resection_partial", "ileal_resection_unspecified", "right_hemicolectomy",
    "small_bowel_resection", "inborn_error", "b12_nerve_damage_coded", "peripheral_neuropathy_coded",
)  # fmt: skip
NO_QUESTION_OF_CAUSE = (
    "gastrectomy_total", "ileal_resection_complete", "ileal_resection_unspecified", "gastric_bypass",
)  # fmt: skip
TRENDS = ("trend_resolved", "trend_improved", "trend_insufficient", "trend_worse", "trend_plateau")


def injections_without_evidence(facts: Facts, measure: Measure) -> pl.DataFrame:
    """Measure 3: adults with two or more injections in a year, by whether the record shows why they began."""
    regular = pl.col("finding.injection_schedule_running") & (
        pl.col("finding.injection_interval_days") <= measure.days["yearly_schedule"]
    )
    people = facts.people.with_columns(
        two=facts.answers(facts.people, "injections_12_months", "at_least", "injections_two"),
        far=facts.answers(facts.people, "record_reach_months", "at_least", "reach_24_months"),
    ).filter((pl.col("two") | regular).fill_null(value=False))
    results = pl.concat([facts.low_b12(), facts.raised_mma()])
    people = marked(people, results, "result")
    evidence = pl.col("result") | _any_of(EVIDENCE)
    return units(
        people,
        bad={"no low result, antibody, operation or code on record": ~evidence},
        cannot_judge={
            "the record begins less than 24 months before the injections": ~evidence
            & ~pl.col("far").fill_null(value=False)
        },
        excluded={
            "given with pemetrexed": pl.col("finding.pemetrexed"),
            "given for prevention": pl.col("finding.record_says_prevention"),
        },
    )


def cause_not_sought(facts: Facts, measure: Measure) -> pl.DataFrame:
    """Measure 4: adults with proven deficiency, on B12 for six months or more, by whether the cause was sought."""
    proven = facts.before_treatment(pl.concat([facts.low_b12(), facts.raised_mma()]))
    treated = (pl.col("finding.on_injections") | pl.col("finding.on_oral_b12")) & (
        pl.col("finding.days_since_first_b12") >= measure.days["treated_for"]
    )
    people = facts.people.filter(treated.fill_null(value=False)).join(proven, on="patient_id", how="semi")
    people = marked(people, facts.of("lab_if_antibody"), "tested")
    return units(
        people,
        bad={"no intrinsic factor antibody and no cause on record": ~(pl.col("tested") | _cause_known(facts))},
        excluded={"operation that explains it": _any_of(NO_QUESTION_OF_CAUSE)},
    )


def irreversible_undertreated(facts: Facts, measure: Measure) -> pl.DataFrame:
    """Measure 5: adults with a lifelong cause, by whether they had an injection in time."""
    days = measure.days
    people = facts.people.filter(pl.col("term.r7_recorded").fill_null(value=False))
    people = marked(
        people,
        _since(facts, facts.of(*REVIEWS, "care_informed_choice"), days["choice_reviewed_within"]),
        "reviewed",
    )
    people = people.with_columns(dose=facts.answers(people, "oral_b12_ug_day", "at_least", "oral_high_dose_ug"))
    people = people.join(facts.covered("treatment"), on="patient_id", how="left", maintain_order="left")
    recent = pl.col("finding.days_since_last_injection") <= days["injected_within"]
    people = marked(people, facts.schedules_in_words, "scheduled")
    in_words = pl.col("finding.injection_schedule_running") & pl.col("scheduled")
    injected = (recent | in_words).fill_null(value=False)
    seen = (pl.col("covered_to") >= facts.on).fill_null(value=False) | pl.col("finding.ever_b12_treated")
    oral = pl.col("finding.on_oral_b12").fill_null(value=False)
    return units(
        people,
        bad={"tablets only": ~injected & oral, "no injection in 120 days": ~injected},
        cannot_judge={"the record does not cover treatment": ~injected & ~seen.fill_null(value=False)},
        excluded={
            "informed choice of tablets of 1 mg or more, reviewed within a year": ~injected
            & pl.col("finding.informed_choice_tablets") & pl.col("dose") & pl.col("reviewed"),
            "given in hospital or by the person": ~injected & _elsewhere(),
        },
    )  # fmt: skip


def overdue(facts: Facts, measure: Measure) -> pl.DataFrame:
    """Measure 6: adults on maintenance or in their first year, by whether doses came in time.

    Maintenance counts for 400 days after the last dose, unless stopped or changed to tablets: who was forgotten
    is not lost from the denominator.
    """
    days = measure.days
    people = _courses(facts, measure)
    late = (pl.lit(facts.on) - pl.col("finding.last_injection")).dt.total_days() - pl.col(
        "finding.injection_interval_days"
    )
    few = ~facts.answers(people, "loading_doses_21_days", "at_least", "loading_course_doses")
    over = pl.col("finding.days_since_course_start")
    # Prevention has no first course that could be broken.
    first_course = pl.col("loading") & ~_any_of(("record_says_prevention",))
    return units(
        people.with_columns(few=few),
        bad={
            "maintenance dose more than 28 days late": pl.col("maintained") & (late > days["late_after"]),
            "fewer than five first doses within 21 days": first_course
            & pl.col("few") & (over > days["loading_within"]),
            "course for nerve signs ended without a recorded plateau": first_course
            & pl.col("nerves") & ~pl.col("plateau") & (over > days["loading_within"] + days["plateau_gap"]),
        },
        cannot_judge={"a schedule is recorded but no dose with a date": pl.col("words_only")},
        excluded={
            "stopped with a recorded reason": pl.col("stopped_with_reason"),
            "given elsewhere or by the person": _elsewhere(),
        },
    )  # fmt: skip


def review_missed(facts: Facts, measure: Measure) -> pl.DataFrame:
    """Measure 10: adults who began B12 four to fifteen months ago, by whether somebody asked how they are."""
    days = measure.days
    began = (pl.lit(facts.on) - pl.col("finding.first_b12_dose")).dt.total_days()
    people = facts.people.filter(began.is_between(days["begun_to"], days["begun_from"]).fill_null(value=False))
    index = people.select("patient_id", "finding.ever_injected", day="finding.first_b12_dose")
    early = near(index, facts.of("status_pregnancy", "status_breastfeeding"), 300, days["early_to"])
    index = marked(index, early, "early", ("patient_id", "day"))
    reviews = facts.of(*REVIEWS, *TRENDS).select("patient_id", review="day")
    gaps = index.join(reviews, on="patient_id").with_columns(gap=(pl.col("review") - pl.col("day")).dt.total_days())
    in_time = (
        pl.when("early")
        .then(pl.col("gap").is_between(days["early_from"], days["early_to"]))
        .otherwise(pl.col("gap").is_between(days["review_from"], days["review_to"]))
    )
    index = marked(index, gaps.filter(in_time), "reviewed")
    index = index.join(facts.covered("treatment"), on="patient_id", how="left", maintain_order="left")
    begins_late = ~(pl.col("covered_from") < pl.col("day")).fill_null(value=False)
    return units(
        index,
        bad={
            "pregnant or breastfeeding: no review between day 14 and 45": ~pl.col("reviewed") & pl.col("early"),
            "no review between day 60 and 120": ~pl.col("reviewed"),
        },
        cannot_judge={"the record begins too late to tell when treatment began": ~pl.col("reviewed") & begins_late},
    )


def _courses(facts: Facts, measure: Measure) -> pl.DataFrame:
    """People on maintenance or in their first course, with what measure 6 asks of them."""
    days = measure.days
    stopped = facts.of("care_injections_stopped_with_reason").select("patient_id", stop="day")
    plateau = facts.of("trend_plateau").select("patient_id", plateau_day="day")
    people = facts.people.join(facts.covered("treatment"), on="patient_id", how="left", maintain_order="left")
    start = pl.col("finding.course_start")
    reach = (start - pl.col("covered_from")).dt.total_days() >= days["reach_before"]
    first = start == pl.col("finding.first_injection")
    off = pl.col("finding.injections_stopped").fill_null(value=False) | pl.col("finding.on_oral_b12").fill_null(
        value=False
    )
    running = pl.col("finding.days_since_last_injection") <= COURSE_GAP_DAYS
    people = people.with_columns(
        day=start,
        maintained=(running & pl.col("finding.injection_interval_days").is_not_null() & ~off).fill_null(value=False),
        loading=(first & reach & (pl.col("finding.days_since_course_start") <= days["begun_within"])).fill_null(
            value=False
        ),
        words_only=(
            pl.col("finding.injection_schedule_running") & pl.col("finding.last_injection").is_null()
        ).fill_null(value=False),
    ).filter(pl.col("maintained") | pl.col("loading") | pl.col("words_only"))
    dated = people.select("patient_id", "day", "finding.last_injection")
    since = dated.join(plateau, on="patient_id").filter(pl.col("plateau_day") >= pl.col("day"))
    reasoned = dated.join(stopped, on="patient_id").filter(pl.col("stop") >= pl.col("finding.last_injection"))
    people = marked(people, near(dated, facts.of_finding("ever_neurological"), 365, 30), "nerves")
    return marked(marked(people, since, "plateau"), reasoned, "stopped_with_reason").drop("day")


def _any_of(names: tuple[str, ...]) -> pl.Expr:
    return pl.any_horizontal([pl.col(f"finding.{name}").fill_null(value=False) for name in names])


def _cause_known(facts: Facts) -> pl.Expr:
    """A cause the trace calls confirmed or probable."""
    causes = [name for name in facts.people.columns if name.startswith("cause.") and name != "cause.unknown"]
    known = [pl.col(name).is_in(["confirmed", "probable"]).fill_null(value=False) for name in causes]
    return pl.any_horizontal(known) if known else pl.lit(value=False)


def _elsewhere() -> pl.Expr:
    return _any_of(("given_elsewhere", "self_injects"))


def _since(facts: Facts, rows: pl.DataFrame, days: int) -> pl.DataFrame:
    return rows.filter((pl.lit(facts.on) - pl.col("day")).dt.total_days() <= days)
