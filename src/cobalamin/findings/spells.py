"""Spells of a medicine: issues that follow each other within a grace period are one spell."""

from __future__ import annotations

from datetime import date
from functools import cache, lru_cache

import numpy as np
import numpy.typing as npt
import polars as pl

from cobalamin.events import event_schema
from cobalamin.findings.columns import split
from cobalamin.findings.prepare import Prepared
from cobalamin.vocabulary.catalogue import Finding

# More days than any span of dates.
SHIFT_A_GROUP = 4_000_000
EPOCH = date(1970, 1, 1)


def day_number(day: date) -> int:
    """Days since the epoch, as dates are stored."""
    return (day - EPOCH).days


def spell_years(prepared: Prepared, findings: tuple[Finding, ...]) -> pl.DataFrame:
    """Years of the spell that runs on the day, one column a finding; null where none runs or none began.

    One sort and one pass over all (medicine, person) groups; never a window per group.
    """
    years = np.full((len(findings), prepared.size), np.nan)
    if prepared.events["concept"].is_in(_concepts_of(findings)).any():
        rows = prepared.events.lazy().filter(pl.col("present") & ~pl.col("superseded")).select(_issues(prepared.on))
        issues = rows.join(_members(findings).lazy(), on="concept").collect()
        years = current_spells(issues, len(findings), prepared.size, day_number(prepared.on)) / 365.25
    laid = pl.Series(years.ravel(), nan_to_null=True)
    return split([finding.column for finding in findings], laid)


@cache
def _concepts_of(findings: tuple[Finding, ...]) -> list[str]:
    return [concept for finding in findings for concept in finding.concepts]


@cache
def _members(findings: tuple[Finding, ...]) -> pl.DataFrame:
    """Which concepts are issues of which medicine (the place of its finding), and its days of grace."""
    return pl.DataFrame(
        [
            {"concept": concept, "medicine": number, "grace": finding.window_days or 0}
            for number, finding in enumerate(findings)
            for concept in finding.concepts
        ],
        schema_overrides={"concept": event_schema()["concept"]},
    )


@lru_cache(maxsize=8)
def _issues(on: date) -> tuple[pl.Expr, ...]:
    end = pl.when("running").then(pl.lit(on)).otherwise(pl.col("until").dt.date())
    dated = pl.col("time").is_not_null()
    return (
        pl.col("concept"),
        pl.col("pid").cast(pl.Int64),
        pl.col("time").dt.date().to_physical().cast(pl.Int64).fill_null(0).alias("start"),
        end.to_physical().cast(pl.Int64).fill_null(0).alias("end"),
        dated.alias("dated"),
    )


def current_spells(issues: pl.DataFrame, medicines: int, people: int, on: int) -> npt.NDArray[np.float64]:
    """Days since the running spell began, medicine by person; NaN where none runs or some issue has no date.

    `issues` has `medicine, pid, grace, dated` and the days `start` and `end`, in the order of person and time.
    """
    days = np.full((medicines, people), np.nan)
    medicine, pid, dated = (issues[name].to_numpy() for name in ("medicine", "pid", "dated"))
    start, end, grace = (issues[name].to_numpy()[dated] for name in ("start", "end", "grace"))
    group = (medicine * people + pid)[dated]
    order = np.lexsort((start, group))
    group, start, end, grace = group[order], start[order], end[order], grace[order]
    # Each group's days are shifted past those of the group before it, so one cumulative maximum over the whole
    # column never reaches back into another person.
    shift = group * SHIFT_A_GROUP
    reach = np.maximum.accumulate(shift + end + grace)
    new = np.append(True, shift[1:] + start[1:] > reach[:-1])[: group.size]
    first = np.flatnonzero(new)
    if first.size:
        last_end = np.maximum.reduceat(end, first)
        runs = first[on - last_end <= grace[first]]
        # The latest spell of a group is written last.
        days.ravel()[group[runs]] = on - start[runs]
    # Some run that began on an unknown day: the true spell may be longer than the dated part shows.
    days.ravel()[(medicine * people + pid)[~dated]] = np.nan
    return days
