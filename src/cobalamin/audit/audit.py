"""The audit of a population: chunk by chunk through the kernel, then added up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import date
from itertools import pairwise

import polars as pl

from cobalamin.assess import Assessment
from cobalamin.audit.by_medicine import folic_acid_untested, metformin_untested
from cobalamin.audit.by_result import futile_tests, indeterminate_left, low_untreated
from cobalamin.audit.by_treatment import (
    TRENDS,
    cause_not_sought,
    injections_without_evidence,
    irreversible_undertreated,
    overdue,
    review_missed,
)
from cobalamin.audit.facts import B12_TESTS, REVIEWS, Facts
from cobalamin.audit.forecast import forecast
from cobalamin.audit.result import UNITS_SCHEMA, VIRTUAL_PEOPLE, AuditResult, Summary, Tally, merge
from cobalamin.audit.spec import Measure, measures
from cobalamin.audit.worklist import worklist
from cobalamin.engine import run
from cobalamin.engine.local import Source
from cobalamin.errors import CobalaminError
from cobalamin.events import VIRTUAL_ID
from cobalamin.guidance import DEFAULT, Guideline, load
from cobalamin.records.ledger import Ledger

MEASURES: dict[str, Callable[[Facts, Measure], pl.DataFrame]] = {
    "low_untreated": low_untreated,
    "indeterminate_left": indeterminate_left,
    "injections_without_evidence": injections_without_evidence,
    "cause_not_sought": cause_not_sought,
    "irreversible_undertreated": irreversible_undertreated,
    "overdue": overdue,
    "metformin_untested": metformin_untested,
    "folic_acid_untested": folic_acid_untested,
    "futile_tests": futile_tests,
    "review_missed": review_missed,
}
AGE_BANDS = (16, 30, 40, 50, 60, 70, 80)


def audit(
    chunks: Iterable[Source],
    guidance: Guideline | str = DEFAULT,
    on: date | None = None,
    *,
    workers: int | None = None,
    progress: Callable[[int], object] | None = None,
) -> AuditResult:
    """Audit the people of all chunks on a day under a guideline.

    Raises CobalaminError where there is nobody, for unknown guidance, and where the ledger does not add up.
    """
    if on is None:
        raise CobalaminError("The day of decision is missing. Give it as on=date(...); the clock is not read here.")
    guideline = load(guidance, on) if isinstance(guidance, str) else guidance
    parts = list(run(chunks, guideline, on, work=summarise, workers=workers, progress=progress))
    if not any(part.people for part in parts):
        raise CobalaminError("The records hold nobody: no person with a fact that could be used. See the mapping.")
    about = guideline.about
    named = {
        "id": guideline.id,
        "version": guideline.version,
        "title": guideline.title,
        "sha256": guideline.sha256,
    }
    result = merge(parts, on, named | {"review_by": str(about.get("review_by", ""))})
    result.ledger.check()
    return result


def summarise(assessment: Assessment, ledger: Ledger) -> Summary:
    """Everything the whole needs to know of one chunk."""
    facts = Facts(assessment)
    judged = [_judged(facts, name) for name in MEASURES]
    units = pl.concat(judged)
    return Summary(
        people=assessment.findings.height,
        who=_who(facts),
        ages=_ages(facts),
        outcomes=_outcomes(facts),
        tallies={name: _tally(frame) for name, frame in zip(MEASURES, judged, strict=True)},
        present=_present(facts),
        units=units,
        decisions=_decisions(facts),
        worklist=worklist(facts, units),
        forecast=forecast(facts),
        ledger=ledger,
    )


def _judged(facts: Facts, name: str) -> pl.DataFrame:
    found = MEASURES[name](facts, measures()[name])
    return found.with_columns(measure=pl.lit(name)).cast(UNITS_SCHEMA)


def _tally(units: pl.DataFrame) -> Tally:
    counted = units.group_by("outcome", "reason").len()
    return Tally(Counter({(outcome, reason): count for outcome, reason, count in counted.iter_rows()}))


def _who(facts: Facts) -> Counter[str]:
    findings = facts.assessment.findings
    adults = facts.people
    tested = facts.of(*B12_TESTS).select("patient_id").unique()

    def flag(name: str) -> int:
        return int(adults[f"finding.{name}"].fill_null(value=False).sum())

    virtual = int(findings["patient_id"].str.starts_with(VIRTUAL_ID).sum())
    return Counter(
        {
            "people in the records": findings.height,
            **({VIRTUAL_PEOPLE: virtual} if virtual else {}),
            "age not known": int(findings["finding.age_years"].null_count()),
            "adults registered on the day": adults.height,
            "with a B12 result": adults.join(tested, on="patient_id", how="semi").height,
            "on B12 injections": flag("on_injections"),
            "on B12 tablets": flag("on_oral_b12"),
            "on metformin": flag("metformin"),
        }
    )


def _ages(facts: Facts) -> Counter[tuple[str, str]]:
    band = pl.lit(f"{AGE_BANDS[-1]} and over")
    for low, high in reversed(list(pairwise(AGE_BANDS))):
        band = pl.when(pl.col("finding.age_years") < high).then(pl.lit(f"{low}-{high - 1}")).otherwise(band)
    sex = (
        pl.when(pl.col("finding.female"))
        .then(pl.lit("women"))
        .when(pl.col("finding.male"))
        .then(pl.lit("men"))
        .otherwise(pl.lit("sex not stated"))
    )
    counted = facts.people.select(band=band, sex=sex).group_by("band", "sex").len()
    return Counter({(age, kind): count for age, kind, count in counted.iter_rows()})


def _outcomes(facts: Facts) -> Counter[tuple[str, str]]:
    """How many adults have each outcome, and each collected value (whatever its grade)."""
    found: Counter[tuple[str, str]] = Counter()
    for column in _decided(facts):
        counted = facts.people[column].drop_nulls().cast(pl.String).value_counts()
        for value, count in counted.iter_rows():
            is_output = column.startswith("output.")
            key = (column.removeprefix("output."), value) if is_output else tuple(column.split(".", 1))
            found[key[0], key[1]] += count
    return found


def _decided(facts: Facts) -> list[str]:
    families = ("rule.", "term.", "table.", "finding.")
    return [name for name in facts.assessment.trace.columns if "." in name and not name.startswith(families)]


def _decisions(facts: Facts) -> pl.DataFrame:
    """The outcomes of each adult, for the analyst."""
    outcomes = [pl.col(name).cast(pl.String) for name in _decided(facts)]
    due = pl.col("finding.next_injection_due").alias("next_injection")
    return facts.people.select("patient_id", pl.col("finding.age_years").alias("age_years"), *outcomes, due)


def _present(facts: Facts) -> Counter[str]:
    """How many rows there are of each thing a measure cannot do without."""
    folic = facts.of("tx_folic_acid").filter(pl.col("value").is_not_null())
    dated = facts.doses.filter(pl.col("day").is_not_null())
    return Counter(
        {
            "b12_results": facts.of(*B12_TESTS).height,
            "dated_treatment": dated.height,
            "dated_injections": facts.injections.height,
            "symptoms": facts.of_kind("symptom", "sign").height,
            "metformin": facts.of_finding("metformin").height,
            "folic_acid": folic.height,
            "reviews": facts.of(*REVIEWS, *TRENDS).height,
        }
    )
