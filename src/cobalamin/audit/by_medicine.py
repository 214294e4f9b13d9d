"""Measures that begin with a medicine: long metformin with signs, high-dose folic acid."""

from __future__ import annotations

import polars as pl

from cobalamin.audit.facts import B12_TESTS, Facts, marked, near, units
from cobalamin.audit.spec import Measure
from cobalamin.vocabulary.catalogue import catalogue

NERVE_SIGNS = ("peripheral_neuropathy_coded", "paraesthesia", "numbness", "burning_feet")
UNSEEN_TESTS = "the record's blood tests do not reach back that far"
EXEMPT = ("methotrexate", "pemetrexed")


def metformin_untested(facts: Facts, measure: Measure) -> pl.DataFrame:
    """Measure 7: adults four years or more on metformin with nerve or blood signs, by whether B12 was tested."""
    days = measure.days
    issued = facts.of_finding("metformin").filter(
        pl.col("running") | ((pl.lit(facts.on) - pl.col("day")).dt.total_days() <= days["issued_within"])
    )
    people = facts.people.filter(pl.col("finding.metformin").fill_null(value=False)).join(
        issued, on="patient_id", how="semi"
    )
    years = facts.answers(people, "metformin_years", "at_least", "long_metformin_years")
    signs = _signs(facts, days["signs_within"]).group_by("patient_id").agg(day=pl.col("day").min())
    people = people.with_columns(years=years).join(signs, on="patient_id")
    people = people.filter(pl.col("years").fill_null(value=True))
    tests = facts.of(*B12_TESTS).select("patient_id", test="day")
    tested = people.select("patient_id", "day").join(tests, on="patient_id")
    tested = tested.filter((pl.col("day") - pl.col("test")).dt.total_days() <= days["test_before"])
    people = _seen_from(facts, marked(people, tested, "tested"), days["test_before"])
    return units(
        people,
        bad={"no B12 test from a year before the sign until today": ~pl.col("tested")},
        cannot_judge={
            "start of metformin unknown": ~pl.col("tested") & pl.col("years").is_null(),
            UNSEEN_TESTS: ~pl.col("tested") & ~pl.col("seen"),
        },
        excluded={"on B12": pl.col("finding.on_injections") | pl.col("finding.on_oral_b12")},
    )


def folic_acid_untested(facts: Facts, measure: Measure) -> pl.DataFrame:
    """Measure 8: adults begun on 1 mg or more of folic acid a day within a year, by whether B12 was tested."""
    days = measure.days
    high = facts.results("folic_acid_mg_day", "at_least", "folic_acid_masks_mg")
    # Folic acid of long ago is another course: a year without it makes the next one a start.
    high = high.filter(
        ((pl.lit(facts.on) - pl.col("day")).dt.total_days() <= 2 * days["begun_within"]).fill_null(value=True)
    )
    started = high.group_by("patient_id").agg(day=pl.col("day").min(), undated=pl.col("day").is_null().any())
    age = (pl.lit(facts.on) - pl.col("day")).dt.total_days()
    index = started.filter((age <= days["begun_within"]) & ~pl.col("undated")).join(facts.people, on="patient_id")
    index = index.join(facts.first_doses, on="patient_id", how="left")
    index = marked(index, _tested_around(facts, index, days["test_before"], days["test_after"]), "tested")
    index = _seen_from(facts, index, days["test_before"])
    window = catalogue()["pregnant"].window_days or 0
    index = marked(index, near(index, facts.of("status_pregnancy"), window, 0), "pregnancy")
    safe = pl.col("tested") | (pl.col("first_day") <= pl.col("day")).fill_null(value=False)
    recent = pl.col("day").dt.offset_by(f"{days['test_after']}d") > facts.on
    return units(
        index,
        bad={"no B12 test around the start, and no B12": ~safe},
        cannot_judge={"begun less than 14 days ago": ~safe & recent, UNSEEN_TESTS: ~safe & ~pl.col("seen")},
        excluded={
            "in pregnancy": pl.col("pregnancy"),
            "with methotrexate": pl.col(f"finding.{EXEMPT[0]}"),
            "with pemetrexed": pl.col(f"finding.{EXEMPT[1]}"),
        },
    )


def _signs(facts: Facts, within_days: int) -> pl.DataFrame:
    """Nerve signs, anaemia and large red cells of the window; what still runs counts from its beginning."""
    begin = pl.lit(facts.on).dt.offset_by(f"-{within_days}d")
    nerves = facts.of_finding(*NERVE_SIGNS)
    blood = [
        _of_sex(facts, facts.results("haemoglobin", "below", "hb_anaemia_men"), "male"),
        _of_sex(facts, facts.results("haemoglobin", "below", "hb_anaemia_women"), "female"),
        facts.results("mcv", "above", "mcv_macrocytosis"),
        facts.of("lab_anaemia_in_words").filter(pl.col("flag") == "positive"),
    ]
    rows = pl.concat([part.select("patient_id", "day", "running") for part in (nerves, *blood)])
    current = rows.filter((pl.col("day") >= begin) | pl.col("running"))
    return current.with_columns(day=pl.max_horizontal(pl.col("day").fill_null(begin), begin))


def _seen_from(facts: Facts, index: pl.DataFrame, before_days: int) -> pl.DataFrame:
    """The index with `seen`: blood tests are on record from so many days before the day."""
    spans = facts.covered("laboratory")
    joined = index.join(spans, on="patient_id", how="left", maintain_order="left")
    reach = pl.col("covered_from") <= pl.col("day").dt.offset_by(f"-{before_days}d")
    return joined.with_columns(seen=reach.fill_null(value=False))


def _of_sex(facts: Facts, rows: pl.DataFrame, sex: str) -> pl.DataFrame:
    return rows.join(facts.who(pl.col(f"finding.{sex}")), on="patient_id", how="semi")


def _tested_around(facts: Facts, index: pl.DataFrame, before_days: int, after_days: int) -> pl.DataFrame:
    tests = facts.of(*B12_TESTS).select("patient_id", test="day")
    joined = index.select("patient_id", "day").join(tests, on="patient_id")
    return joined.filter((pl.col("test") - pl.col("day")).dt.total_days().is_between(-before_days, after_days))
