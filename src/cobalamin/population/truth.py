"""The truth of each person as one row: what the body, the practice and the ten measures really were."""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cobalamin.population.care import GROUNDS
from cobalamin.population.life import Life
from cobalamin.population.people import NEVER, Days
from cobalamin.population.rates import rows
from cobalamin.population.true_measures import MEASURES, Seen, course_broken, futile_tests, late_dose, plateau_missing

KINDS: dict[str, pl.DataType] = {
    "text": pl.String(), "day": pl.Date(), "yes or no": pl.Boolean(), "number": pl.Float64(),
    "whole number": pl.Int64(), "days": pl.List(pl.Date()), "texts": pl.List(pl.String()),
}  # fmt: skip


@cache
def columns() -> dict[str, tuple[pl.DataType, str]]:
    """Type and meaning of each column of the truth, in order (truth_columns.csv)."""
    return {row["name"]: (KINDS[row["kind"]], row["meaning"]) for row in rows("truth_columns.csv")}


def truth_of(life: Life, ids: list[str], on: date, dirt: pl.Series) -> pl.DataFrame:
    """One row a person, in the order of the chunk: the columns of `columns()`."""
    seen = Seen(life)
    values: dict[str, Any] = {
        "patient_id": ids, "on": [on] * len(ids), "registered": seen.registered,
        **_body(life, on), **_treatment(life, seen, on),
        **{f"measure_{name}": measure(seen) for name, measure in MEASURES.items()},
        **_futile(seen, on), "dirt": dirt,
    }  # fmt: skip
    frame = pl.DataFrame(values)
    return frame.select(pl.col(name).cast(kind) for name, (kind, _) in columns().items())


def dates(day: Days, on: date) -> pl.Series:
    """Days as dates; NEVER, and what has no meaning, as null."""
    base = np.datetime64(on, "D")
    valid = np.abs(day) < NEVER // 2
    found = pl.Series((base + np.where(valid, day, 0)).astype("datetime64[D]"))
    return found.to_frame("day").select(pl.when(pl.Series(valid)).then("day")).to_series()


def _body(life: Life, on: date) -> dict[str, Any]:
    cause = life.background.answer_cause
    ever = life.deficient_since < NEVER
    lifelong = life.background.lifelong
    return {
        "cause": np.where((cause == "none") & ever, "unknown", cause),
        "absorption": life.background.absorption,
        "lifelong_cause": lifelong,
        "onset": dates(life.background.onset, on),
        "deficient_since": dates(life.deficient_since, on),
        "deficient_now": life.deficient_now,
        **_when_tested(life, on),
        "labile_store_ug": pl.Series(life.now["labile_ug"], nan_to_null=True).round(2),
        "serum_b12_pmol_l": pl.Series(life.now["serum_b12_pmol_l"], nan_to_null=True).round(1),
        "mma_nmol_l": pl.Series(life.now["mma_nmol_l"], nan_to_null=True).round(1),
        "injections_indicated": lifelong & ever,
        "injections_unneeded": (life.care.treatment == "injections") & (life.given.ended == "") & ~ever,
    }


def _when_tested(life: Life, on: date) -> dict[str, pl.Series]:
    """Each person's last test on or before the first dose: its day, and whether the person was truly deficient."""
    tests = life.tests
    before = np.flatnonzero(tests.day <= life.care.begun[tests.person])
    last = np.full(len(life.people), -1)
    last[tests.person[before]] = before
    found = pl.Series(life.deficient_at_test[last] if len(tests) else np.zeros(len(last), bool))
    day = np.where(last >= 0, tests.day[last] if len(tests) else NEVER, NEVER)
    yes = found.to_frame("yes").select(pl.when(pl.Series(last >= 0)).then("yes")).to_series()
    return {"deficient_when_tested": yes, "last_untreated_test": dates(day, on)}


def _treatment(life: Life, seen: Seen, on: date) -> dict[str, Any]:
    given, injected = life.given, seen.injected
    due = np.where(injected, seen.last + given.interval_days, NEVER)
    return {
        "treatment": life.care.treatment,
        "treatment_begun": dates(life.care.begun, on),
        "grounds": np.array(GROUNDS)[life.care.grounds],
        "adherence": np.where(given.on_injections, given.adherence, ""),
        "ended": given.ended,
        "on_injections": seen.on_injections & seen.registered,
        "interval_days": pl.Series(np.where(injected, given.interval_days, 0)).replace(0, None),
        "last_injection": dates(np.where(injected, seen.last, NEVER), on),
        "next_injection_due": dates(due, on),
        "injection_overdue": injected & seen.on_injections & late_dose(seen),
        "course_broken": course_broken(seen),
        "plateau_missing": plateau_missing(seen),
    }


def _futile(seen: Seen, on: date) -> dict[str, pl.Series]:
    """Days and outcomes of the tests that measure 9 concerns, one list a person."""
    outcome = futile_tests(seen)
    here: NDArray[np.int64] = np.flatnonzero(outcome != "")
    tests = seen.life.tests
    frame = pl.DataFrame({"person": tests.person[here], "day": dates(tests.day[here], on), "outcome": outcome[here]})
    lists = frame.group_by("person", maintain_order=True).agg("day", "outcome")
    joined = pl.DataFrame({"person": seen.who}).join(lists, on="person", how="left", maintain_order="left")
    empty = pl.lit([])
    filled = joined.select(
        pl.col("day").fill_null(empty.cast(pl.List(pl.Date))),
        pl.col("outcome").fill_null(empty.cast(pl.List(pl.String))),
    )
    return {"futile_test_days": filled["day"], "futile_test_outcomes": filled["outcome"]}
