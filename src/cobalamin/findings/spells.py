"""Spells of a medicine: issues that follow each other within a grace period are one spell."""

from __future__ import annotations

from datetime import date
from functools import cache

import numpy as np
import polars as pl

from cobalamin.findings.prepare import Prepared
from cobalamin.vocabulary.catalogue import Finding


def spell_years(prepared: Prepared, findings: list[Finding]) -> list[pl.Series]:
    """Years of the spell that runs on the day, one column a finding; null where none runs or none began.

    One sort and one pass over all (medicine, person) groups; never a window per group.
    """
    if not prepared.events["concept"].is_in(_concepts_of(tuple(findings))).any():
        return [pl.repeat(None, prepared.size, dtype=pl.Float64, eager=True).alias(one.column) for one in findings]
    member = pl.DataFrame(
        [
            {"concept": concept, "medicine": number, "grace": finding.window_days or 0}
            for number, finding in enumerate(findings)
            for concept in finding.concepts
        ],
        schema_overrides={"concept": prepared.events.schema["concept"]},
    )
    rows = (
        prepared.events.lazy()
        .filter(pl.col("present") & ~pl.col("superseded"))
        .select("concept", "pid", "row", "running", "until", "age_days", start=pl.col("time").dt.date())
        .join(member.lazy(), on="concept")
    )
    spells = current_spells(rows, prepared.on).collect()
    days = (pl.lit(prepared.on) - pl.col("start")).dt.total_days()
    years = np.full((len(findings), prepared.size), np.nan)
    lasted = spells.select(days=days)["days"].to_numpy() / 365.25
    years[spells["medicine"].to_numpy(), spells["pid"].to_numpy()] = lasted
    return [pl.Series(finding.column, years[number]).fill_nan(None) for number, finding in enumerate(findings)]


@cache
def _concepts_of(findings: tuple[Finding, ...]) -> list[str]:
    return [concept for finding in findings for concept in finding.concepts]


def current_spells(rows: pl.LazyFrame, on: date) -> pl.LazyFrame:
    """The spell that runs on the day: `medicine, pid, start`, from rows `medicine, pid, row, start, until, running,
    grace`. None where some row has no start.
    """
    end = pl.when("running").then(pl.lit(on)).otherwise(pl.col("until").dt.date())
    # The group number shifts each group's days past those of the group before it, so one cumulative
    # maximum over the whole column never reaches back into another person.
    group = pl.struct("medicine", "pid").rle_id().cast(pl.Int64) * 4_000_000
    ordered = rows.filter(pl.col("start").is_not_null()).sort("medicine", "pid", "start", "row")
    ordered = ordered.with_columns(end=end, group=group)
    begin_key = pl.col("group") + pl.col("start").to_physical().cast(pl.Int64)
    reach = (pl.col("group") + pl.col("end").to_physical() + pl.col("grace")).cum_max().shift(1)
    new = (begin_key > reach).fill_null(value=True) | (pl.col("group") != pl.col("group").shift(1)).fill_null(
        value=True
    )
    spells = (
        ordered.with_columns(spell=new.cum_sum())
        .group_by("spell", maintain_order=True)
        .agg(
            pl.col("medicine", "pid", "grace", "start").first(),
            pl.col("end").max(),
        )
    )
    current = spells.filter((pl.lit(on) - pl.col("end")).dt.total_days() <= pl.col("grace"))
    undated = rows.filter(pl.col("start").is_null()).select("medicine", "pid").unique()
    latest = current.unique(["medicine", "pid"], keep="last", maintain_order=True)
    # Some run that began on an unknown day: the true spell may be longer than the dated part shows.
    return latest.join(undated, on=["medicine", "pid"], how="anti").select("medicine", "pid", "start")
