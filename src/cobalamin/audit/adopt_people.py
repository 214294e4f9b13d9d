"""Each person under A and under B: what changes, who could be harmed by the change, and who gains."""

from __future__ import annotations

from itertools import pairwise

import polars as pl

from cobalamin.guidance import Guideline

FIELDS = ("status", "route", "advice", "urgency", "regimen")
SIDES = ("a", "b")
AGE_BANDS = (16, 30, 40, 50, 60, 70, 80)
NO_ANSWER = "no answer"
TREATED = ("injection", "tablets", "either")
TESTING = ("offer", "consider", "clinical_judgement")
URGENCIES = ("emergency", "urgent", "routine", "none")
ORDERED = ("now", "before_first_dose")
"""Grades of a test that is done; what is asked only "if available" is not counted."""

# Who has most to lose (ranks as listed), by the terms that every guideline shares.
SERIOUS = {
    "deficient with nerve symptoms or signs": ("deficient", ("neurology_recorded",)),
    "deficient with anaemia": ("deficient", ("anaemia_recorded",)),
    "a lifelong cause": (None, ("r7_recorded",)),
    "not established as deficient, with nerve symptoms or signs": (None, ("neurology_recorded",)),
}


def outcomes_of(trace: pl.DataFrame, guideline: Guideline, side: str) -> pl.DataFrame:
    """Answers of one side, one row a person: `status_a` ..., and `tests_a` with its `test_names_a`."""
    answers = [
        (pl.col(f"output.{field}").cast(pl.String) if f"output.{field}" in trace.columns else pl.lit(NO_ANSWER)).alias(
            f"{field}_{side}"
        )
        for field in FIELDS
    ]
    tests = {name: trace[name].cast(pl.String).is_in(ORDERED) for name in test_columns(trace)}
    ordered = [pl.Series(name, found.fill_null(value=False)) for name, found in tests.items()]
    frame = trace.with_columns(ordered) if ordered else trace
    named = [pl.when(pl.col(name)).then(pl.lit(name.removeprefix("test."))) for name in tests] or [
        pl.lit(None, pl.String)
    ]
    count = pl.sum_horizontal(pl.col(name).cast(pl.Int32) for name in tests) if tests else pl.lit(0)
    return frame.select(
        *answers,
        count.cast(pl.Int32).alias(f"tests_{side}"),
        pl.concat_str(named, separator=" ", ignore_nulls=True).alias(f"test_names_{side}"),
    )


def test_columns(trace: pl.DataFrame) -> list[str]:
    """The columns of tests that a guideline may ask for."""
    return [name for name in trace.columns if name.startswith("test.")]


def serious(trace: pl.DataFrame) -> dict[str, pl.Series]:
    """Which of the serious groups each person belongs to on one side."""
    found = {}
    for words, (status, terms) in SERIOUS.items():
        yes = pl.any_horizontal(pl.col(f"term.{term}").fill_null(value=False) for term in terms)
        needed = pl.col("output.status") == status if status else pl.lit(value=True)
        found[words] = trace.select((yes & needed).fill_null(value=False).alias(words)).to_series()
    return found


def person_columns() -> list[pl.Expr]:
    """Who a person is, from the findings: age in years, its band, and sex."""
    age = pl.col("finding.age_years")
    sex = pl.when(pl.col("finding.female")).then(pl.lit("female")).when(pl.col("finding.male")).then(pl.lit("male"))
    return [pl.col("patient_id"), age.alias("age_years"), band(age).alias("band"), sex.alias("sex")]


def band(age: pl.Expr) -> pl.Expr:
    """The age group of an adult."""
    words = pl.lit(f"{AGE_BANDS[-1]} and over")
    for low, high in reversed(list(pairwise(AGE_BANDS))):
        words = pl.when(age < high).then(pl.lit(f"{low}-{high - 1}")).otherwise(words)
    return words


def bands() -> list[str]:
    """All age groups, youngest first."""
    return [*(f"{low}-{high - 1}" for low, high in pairwise(AGE_BANDS)), f"{AGE_BANDS[-1]} and over"]


def losses(frame: pl.DataFrame, old: str, new: str) -> pl.Series:
    """What each person loses from side `old` to side `new`, in words; null where nothing is lost.

    Nobody's treatment is changed by this: it is what the other guidance would say.
    """
    was, now = pl.col(f"route_{old}"), pl.col(f"route_{new}")
    said, says = pl.col(f"advice_{old}"), pl.col(f"advice_{new}")
    rank = {name: place for place, name in enumerate(URGENCIES)}
    urgent, calmer = (
        pl.col(f"urgency_{side}").replace_strict(rank, default=len(rank), return_dtype=pl.Int32) for side in (old, new)
    )
    lost = {
        "treatment is no longer advised": was.is_in(TREATED) & (now == "none"),
        "treatment waits": was.is_in(TREATED) & ~now.is_in([*TREATED, "none"]),
        "injections become tablets or a choice": (was == "injection") & now.is_in(["tablets", "either"]),
        "testing is no longer advised": said.is_in(TESTING) & says.is_in(["not_indicated", "do_not_repeat"]),
        "no test is ordered any more": (pl.col(f"tests_{old}") > 0) & (pl.col(f"tests_{new}") == 0),
        "less urgent": (urgent < calmer) & (urgent <= URGENCIES.index("urgent")),
    }
    words = [pl.when(condition).then(pl.lit(text)) for text, condition in lost.items()]
    joined = pl.concat_str(words, separator="; ", ignore_nulls=True)
    return frame.select(pl.when(joined != "").then(joined).alias("losses")).to_series()


def harmed(frame: pl.DataFrame, groups: dict[str, pl.Series], old: str, new: str) -> pl.DataFrame:
    """`rank`, `group` and `loses` of each person of a serious group who loses something; null for all others."""
    loses = losses(frame, old, new)
    rank = pl.Series([None] * frame.height, dtype=pl.Int32)
    for place, belongs in reversed(list(enumerate(groups.values()))):
        rank = pl.select(
            pl.when(belongs & loses.is_not_null()).then(pl.lit(place, pl.Int32)).otherwise(rank)
        ).to_series()
    names = dict(enumerate(groups))
    return pl.DataFrame({"rank": rank, "loses": loses}).select(
        "rank",
        pl.col("rank").replace_strict(names, default=None, return_dtype=pl.String).alias("group"),
        pl.when(pl.col("rank").is_not_null()).then("loses").alias("loses"),
    )
