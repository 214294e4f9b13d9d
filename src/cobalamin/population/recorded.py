"""From facts to a record as records are: what was never entered, and what was entered wrongly.

Every row keeps `fault`: empty, or the kind of dirt that a writer has to show in its own way (no unit, the other unit,
words that say nothing, an unknown code, an error). `two_birth_dates` is told apart, for it is of the person.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.random import Generator

from cobalamin.population.facts import INJECTION, SCHEMA
from cobalamin.population.life import Life
from cobalamin.population.people import Days, Flags
from cobalamin.population.rates import dirt

ERROR, DUPLICATE, FUTURE = "entered_in_error", "duplicated", "dated_in_the_future"
NO_UNIT, SLIP, WORDS, CODE = "unit_missing", "unit_slip", "result_in_words", "code_unknown"
SAYS_NOTHING = "see letter"
TEN_YEARS = 3653
NUMBERS = ("lab_b12_total", "lab_b12_active", "lab_mma_serum", "lab_haemoglobin", "lab_mcv", "lab_egfr")
NOT_ENTERED = {
    "dose_not_recorded": ("point", (INJECTION,)),
    "review_not_coded": ("point", ("trend_improved", "trend_resolved", "trend_insufficient", "trend_worse")),
    "plateau_not_coded": ("point", ("trend_plateau",)),
    "symptom_not_coded": ("point", ("sym_fatigue", "sym_paraesthesia", "sym_numbness", "sym_memory_concentration")),
    "diet_not_coded": ("lasting", ("diet_vegan",)),
    "decision_not_coded": (
        "point",
        ("care_treatment_declined", "care_injections_stopped_with_reason", "care_given_elsewhere",
         "care_prevention_only", "care_informed_choice", "pref_self_injects",
         "exposure_nitrous_oxide_recreational"),
    ),
}  # fmt: skip
# Old problems come along to a new practice; results and doses do not.
COMES_ALONG = ("proc_", "cond_")


@dataclass(frozen=True)
class Recorded:
    """The rows of a chunk's records, when each record begins, who has two birth dates, and the dirt of each person."""

    rows: pl.DataFrame
    begins: Days
    two_births: Flags
    dirt: pl.Series


def record_of(life: Life, facts: pl.DataFrame, rng: Generator, *, clean: bool) -> Recorded:
    """The record of a chunk: complete and without fault where `clean`, else as records are."""
    n = len(life.people)
    begins = life.people.history_begins
    rows = facts.with_columns(fault=pl.lit("", pl.String))
    if clean:
        return Recorded(rows, begins, np.zeros(n, bool), pl.Series([[]] * n, dtype=pl.List(pl.String)))
    touched: list[pl.DataFrame] = []
    rows, begins = _late(life, rows, rng, touched)
    rows = _left_out(rows, n, rng, touched)
    rows = _spoilt(rows, rng, touched)
    two = rng.random(n) < dirt()["two_birth_dates"]
    touched.append(pl.DataFrame({"person": np.flatnonzero(two), "kind": "two_birth_dates"}))
    return Recorded(
        rows.sort("person", "day", "concept", "value", "fault", nulls_last=True), begins, two, _listed(touched, n)
    )


def _note(touched: list[pl.DataFrame], rows: pl.DataFrame, kind: str) -> None:
    touched.append(rows.select("person", kind=pl.lit(kind)))


def _listed(touched: list[pl.DataFrame], n: int) -> pl.Series:
    """The kinds of dirt of each person, each once, in a fixed order."""
    kinds = pl.concat([one.cast({"person": pl.Int64, "kind": pl.String}) for one in touched]).unique()
    lists = kinds.group_by("person").agg(pl.col("kind").sort())
    everybody = pl.DataFrame({"person": np.arange(n)})
    joined = everybody.join(lists, on="person", how="left", maintain_order="left")
    return joined["kind"].fill_null(pl.Series([[]], dtype=pl.List(pl.String)))


def _chosen(rows: pl.DataFrame, share: float, rng: Generator) -> pl.Series:
    return pl.Series(rng.random(rows.height) < share)


def _late(life: Life, rows: pl.DataFrame, rng: Generator, touched: list[pl.DataFrame]) -> tuple[pl.DataFrame, Days]:
    """People who joined later: what was before is gone, but for most diagnoses and operations, and what still runs."""
    n = len(life.people)
    oldest = life.people.history_begins
    late = rng.random(n) < dirt()["record_begins_late"]
    joined = np.where(late, np.round(oldest * rng.random(n)).astype(np.int64), oldest)
    begins = pl.Series(joined)[rows["person"]]
    before = (rows["day"] < begins).to_frame("before")["before"]
    problem = rows["concept"].str.contains(f"^({'|'.join(COMES_ALONG)})")
    running = (rows["kind"] == "regimen") & rows["end_day"].is_null()
    along = (problem & _chosen(rows, dirt()["problem_brought_along"], rng)) | running
    lost = before & ~along
    _note(touched, rows.filter(lost), "record_begins_late")
    # A medicine that came along is on the list from the day of joining.
    moved = pl.when(before & running).then(begins).otherwise(pl.col("day"))
    return rows.with_columns(day=moved).filter(~lost), joined


def _left_out(rows: pl.DataFrame, n: int, rng: Generator, touched: list[pl.DataFrame]) -> pl.DataFrame:
    """What nobody entered as a code, and schedules that are kept in a head."""
    no_schedule = pl.Series(rng.random(n) < dirt()["schedule_not_recorded"])[rows["person"]]
    gone = (rows["kind"] == "regimen") & (rows["concept"] == INJECTION) & no_schedule
    _note(touched, rows.filter(gone), "schedule_not_recorded")
    for kind, (shape, concepts) in NOT_ENTERED.items():
        here = (rows["kind"] == shape) & rows["concept"].is_in(concepts) & _chosen(rows, dirt()[kind], rng)
        _note(touched, rows.filter(here & ~gone), kind)
        gone = gone | here
    coded = rows["concept"].str.contains("^(cond|proc)_") & _chosen(rows, dirt()["diagnosis_not_coded"], rng)
    _note(touched, rows.filter(coded & ~gone), "diagnosis_not_coded")
    return rows.filter(~(gone | coded))


def _spoilt(rows: pl.DataFrame, rng: Generator, touched: list[pl.DataFrame]) -> pl.DataFrame:
    """Faults of single entries; at most one an entry."""
    number = rows["concept"].is_in(NUMBERS)
    total = rows["concept"] == "lab_b12_total"
    fault = pl.Series([""] * rows.height, dtype=pl.String)
    for kind, where in ((NO_UNIT, number), (WORDS, number), (CODE, number), (SLIP, total), (FUTURE, number | ~number)):
        hit = where & (fault == "") & _chosen(rows, dirt()[kind], rng)
        fault = fault.to_frame("f").select(pl.when(hit).then(pl.lit(kind)).otherwise("f")).to_series()
    rows = rows.with_columns(fault=fault)
    for kind in (NO_UNIT, WORDS, CODE, SLIP, FUTURE):
        _note(touched, rows.filter(pl.col("fault") == kind), kind)
    rows = rows.with_columns(
        day=pl.when(pl.col("fault") == FUTURE).then(pl.col("day").abs() + TEN_YEARS).otherwise("day"),
        unit=_spoilt_unit(),
        value=pl.when(pl.col("fault") != WORDS).then("value"),
        words=pl.when(pl.col("fault") == WORDS).then(pl.lit(SAYS_NOTHING)).otherwise("words"),
    )
    twice = rows.filter((pl.col("fault") == "") & _chosen(rows, dirt()[DUPLICATE], rng))
    wrong = rows.filter(total & (pl.col("fault") == "") & _chosen(rows, dirt()[ERROR], rng))
    wrong = wrong.with_columns(value=pl.lit(60.0), fault=pl.lit(ERROR))
    _note(touched, twice, DUPLICATE)
    _note(touched, wrong, ERROR)
    return pl.concat([rows, twice, wrong]).select(*SCHEMA, "fault")


def _spoilt_unit() -> pl.Expr:
    other = pl.when(pl.col("unit") == "ng/L").then(pl.lit("pmol/L")).otherwise(pl.lit("ng/L"))
    return (
        pl.when(pl.col("fault").is_in([NO_UNIT, WORDS]))
        .then(pl.lit(None, pl.String))
        .when(pl.col("fault") == SLIP)
        .then(other)
        .otherwise("unit")
    )
