"""One chunk as the measures read it: visible facts with days, dated B12, and results against thresholds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property

import polars as pl

from cobalamin.assess import Assessment
from cobalamin.audit.result import BAD, EXCLUDED, GOOD, UNITS_SCHEMA, UNJUDGED
from cobalamin.decision.compare import Comparison, Comparisons, values_of
from cobalamin.findings import columns
from cobalamin.findings.doses import b12_rows
from cobalamin.findings.facts import unit_type
from cobalamin.findings.prepare import Prepared, prepare
from cobalamin.guidance import Guideline, Threshold, threshold_editions
from cobalamin.vocabulary.catalogue import catalogue
from cobalamin.vocabulary.concepts import concepts

LAST_DAY = date(9999, 12, 31)
B12_TESTS = ("lab_b12_total", "lab_b12_active")
REVIEWS = ("care_symptom_review", "q_symptom_score")


@dataclass(frozen=True)
class Facts:
    """The chunk. Frames hold one row a fact with `patient_id` and `day`; answers are read from the assessment."""

    assessment: Assessment

    @property
    def on(self) -> date:
        """The day of decision."""
        return self.assessment.on

    @property
    def guideline(self) -> Guideline:
        """The guideline in force."""
        return self.assessment.guideline

    @cached_property
    def prepared(self) -> Prepared:
        """What the record knew on the day."""
        return prepare(self.assessment.events.frame, self.on)

    @cached_property
    def rows(self) -> pl.DataFrame:
        """Every visible fact, with its day (null where undated)."""
        return self.prepared.events.with_columns(day=pl.col("time").dt.date())

    @cached_property
    def people(self) -> pl.DataFrame:
        """Findings and trace side by side, of adults who are registered and alive on the day."""
        everyone = pl.concat(
            [self.assessment.findings, self.assessment.trace.drop("patient_id", "on")], how="horizontal"
        )
        gone = self.of("person_left", "person_died").select("patient_id").unique()
        adult = self.answers(everyone, "age_years", "at_least", "age_16")
        return everyone.filter(adult.fill_null(value=False)).join(gone, on="patient_id", how="anti")

    @cached_property
    def doses(self) -> pl.DataFrame:
        """Rows of B12 treatment with `injected`, `oral`, `schedule` and `day`."""
        return b12_rows(self.prepared).with_columns(day=pl.col("time").dt.date())

    @cached_property
    def injections(self) -> pl.DataFrame:
        """Injections recorded as given, one a day: `patient_id, day`."""
        given = self.doses.filter(pl.col("injected") & ~pl.col("schedule") & pl.col("day").is_not_null())
        return given.select("patient_id", "day").unique().sort("patient_id", "day")

    @cached_property
    def schedules_in_words(self) -> pl.DataFrame:
        """Injection schedules that stand for the doses themselves: no injection with a date since they began.

        Where doses are recorded one by one, a schedule that nobody ended does not show that they went on.
        Columns: `patient_id, begins, ends` (null: undated, or still running).
        """
        rows = self.doses.filter(pl.col("injected") & pl.col("schedule"))
        named = rows.select("patient_id", begins="day", ends=pl.col("until").dt.date())
        last = self.injections.group_by("patient_id").agg(last=pl.col("day").max())
        joined = named.join(last, on="patient_id", how="left", maintain_order="left")
        dosed = pl.col("last") >= pl.col("begins").fill_null(date(1, 1, 1))
        return joined.filter(~dosed.fill_null(value=False)).drop("last")

    @cached_property
    def first_doses(self) -> pl.DataFrame:
        """First B12 of each person: `patient_id, first_day`; undated treatment is before everything."""
        first = self.doses.unique("patient_id", keep="first", maintain_order=True)
        return first.select("patient_id", first_day=pl.col("day").fill_null(date.min))

    def of(self, *names: str, present: bool = True) -> pl.DataFrame:
        """Facts of these concepts, or with `present=False` their recorded negatives."""
        return self.rows.filter(pl.col("concept").is_in(names) & (pl.col("present") == present))

    def of_finding(self, *names: str) -> pl.DataFrame:
        """Facts of the concepts that the catalogue lists for these findings."""
        listed = [concept for name in names for concept in catalogue()[name].concepts]
        return self.of(*dict.fromkeys(listed))

    def of_kind(self, *kinds: str) -> pl.DataFrame:
        """Facts of concepts of these kinds; how symptoms went and their denials are not symptoms."""
        listed = [
            name
            for name, one in concepts().items()
            if one.kind in kinds and not name.startswith("trend_") and not name.endswith("_none")
        ]
        return self.of(*listed).filter(pl.col("concept") != "sign_neurological_normal")

    def answers(self, frame: pl.DataFrame, finding: str, operator: str, threshold: str) -> pl.Series:
        """A finding of each row of a frame against a threshold in force on the day of decision: yes, no or null."""
        return self._beyond(frame, finding, operator, self.guideline.thresholds[threshold])

    def _beyond(self, frame: pl.DataFrame, finding: str, operator: str, limit: Threshold) -> pl.Series:
        asked = catalogue()[finding]
        yes, no = Comparisons([Comparison(asked, operator, limit, "audit")]).answers(values_of(frame, [asked]))
        return columns.answers(["answer"], yes, yes | no)["answer"]

    def results(self, finding: str, operator: str, threshold: str) -> pl.DataFrame:
        """Results of a finding's concept that answer yes, all of them whatever their age.

        Each is held against the threshold in force on the day it was taken; an undated one against that of today.
        """
        rows = self.of(*catalogue()[finding].concepts).with_columns(taken=pl.col("day").fill_null(self.on))
        editions = threshold_editions(self.guideline, threshold)
        ends = [*(first for first, _ in editions[1:]), date.max]
        kept = [
            self._results_beyond(rows.filter(pl.col("taken").is_between(first, end, "left")), finding, operator, limit)
            for (first, limit), end in zip(editions, ends, strict=True)
        ]
        return pl.concat(kept).drop("taken")

    def _results_beyond(self, rows: pl.DataFrame, finding: str, operator: str, limit: Threshold) -> pl.DataFrame:
        column = catalogue()[finding].column
        sign = pl.when(pl.col("comparator") == "<").then(-1).when(pl.col("comparator") == ">").then(1)
        named = rows.select(
            pl.col("value").alias(column),
            pl.col("unit").cast(unit_type(), strict=False).alias(f"{column}.unit"),
            pl.col("flag").alias(f"{column}.flag"),
            sign.cast(pl.Int8).alias(f"{column}.cmp"),
        )
        return rows.filter(self._beyond(named, finding, operator, limit).fill_null(value=False))

    def low_b12(self) -> pl.DataFrame:
        """Total or active B12 results that mean deficiency."""
        return pl.concat(
            [
                self.results("b12_latest", "below", "total_b12_deficient"),
                self.results("active_b12_before_treatment", "below", "active_b12_deficient"),
            ]
        )

    def normal_b12(self) -> pl.DataFrame:
        """Total or active B12 results above the indeterminate band."""
        return pl.concat(
            [
                self.results("b12_latest", "above", "total_b12_unlikely"),
                self.results("active_b12_before_treatment", "above", "active_b12_unlikely"),
            ]
        )

    def raised_mma(self) -> pl.DataFrame:
        """Methylmalonic acid above the laboratory's range, or above the common limit where none was printed."""
        rows = self.of("lab_mma_serum")
        above = self.results("mma_before_treatment", "above", "mma_raised_without_range")
        unprinted = above.filter(pl.col("flag").is_null())
        return pl.concat([rows.filter(pl.col("flag") == "high"), unprinted])

    def before_treatment(self, results: pl.DataFrame) -> pl.DataFrame:
        """Dated results from before the first B12; the same day counts as before."""
        joined = results.join(self.first_doses, on="patient_id", how="left")
        before = pl.col("first_day").is_null() | (pl.col("day") <= pl.col("first_day"))
        return joined.filter(before & pl.col("day").is_not_null())

    def covered(self, domain: str) -> pl.DataFrame:
        """From when to when the record covers a domain: `patient_id, covered_from, covered_to`."""
        end = pl.col("until").dt.date().fill_null(LAST_DAY)
        rows = self.of(f"covers_{domain}")
        return rows.group_by("patient_id").agg(
            covered_from=pl.col("day").fill_null(date(1, 1, 1)).min(), covered_to=end.max()
        )

    def who(self, condition: pl.Expr) -> pl.DataFrame:
        """`patient_id` of the registered adults whose findings and trace meet a condition."""
        return self.people.filter(condition.fill_null(value=False)).select("patient_id")

    def has(self, column: str) -> bool:
        """True where the guideline gives this column."""
        return column in self.people.columns


def near(index: pl.DataFrame, facts: pl.DataFrame, before_days: int, after_days: int) -> pl.DataFrame:
    """Rows of `index` (with `patient_id, day`) that have a fact within the days before and after it.

    A fact that still runs counts from its own day on.
    """
    other = facts.select("patient_id", fact_day="day", fact_until=pl.col("until").dt.date())
    joined = index.select("patient_id", "day").unique().join(other, on="patient_id")
    begins = pl.col("fact_day") <= pl.col("day").dt.offset_by(f"{after_days}d")
    lasts = pl.col("fact_until").fill_null(LAST_DAY) >= pl.col("day").dt.offset_by(f"-{before_days}d")
    return joined.filter(begins & lasts).select("patient_id", "day").unique()


def units(
    frame: pl.DataFrame,
    *,
    bad: dict[str, pl.Expr],
    excluded: dict[str, pl.Expr] | None = None,
    cannot_judge: dict[str, pl.Expr] | None = None,
) -> pl.DataFrame:
    """One row a unit with its outcome and reason. Exclusions come first, then what cannot be judged.

    The first reason that is yes stands. `frame` has `patient_id`, and `day` where the unit has one.
    """
    outcome, reason = pl.lit(GOOD), pl.lit("")
    for kind, reasons in ((BAD, bad), (UNJUDGED, cannot_judge or {}), (EXCLUDED, excluded or {})):
        for words, condition in reversed(reasons.items()):
            yes = condition.fill_null(value=False)
            outcome = pl.when(yes).then(pl.lit(kind)).otherwise(outcome)
            reason = pl.when(yes).then(pl.lit(words)).otherwise(reason)
    day = pl.col("day") if "day" in frame.columns else pl.lit(None, pl.Date)
    judged = frame.select(measure=pl.lit(""), patient_id="patient_id", outcome=outcome, reason=reason, day=day)
    return judged.cast(UNITS_SCHEMA)


def marked(frame: pl.DataFrame, people: pl.DataFrame, name: str, on: tuple[str, ...] = ("patient_id",)) -> pl.DataFrame:
    """The frame with a yes/no column: whether the row's person (or person and day) is among `people`."""
    flags = people.select(on).unique().with_columns(pl.lit(value=True).alias(name))
    return frame.join(flags, on=list(on), how="left", maintain_order="left").with_columns(
        pl.col(name).fill_null(value=False)
    )
