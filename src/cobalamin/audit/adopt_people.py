"""Each person under A and under B: what changes, who could be harmed by the change, and who gains."""

from __future__ import annotations

from itertools import pairwise

import polars as pl

FIELDS = ("status", "route", "advice", "urgency", "regimen")
SIDES = ("a", "b")
AGE_BANDS = (16, 30, 40, 50, 60, 70, 80)
NO_ANSWER = "no answer"
TREATED = ("injection", "tablets", "either")
TESTING = ("offer", "consider", "clinical_judgement")
URGENCIES = ("emergency", "urgent", "routine", "none")
ORDERED = ("now", "before_first_dose")
"""Grades of a test that is done; what is asked only "if available" is not counted."""

# Who has most to lose, the most first, by the terms that every guideline shares.
# Nerves nobody asked about are not sound nerves, so whoever is deficient without an answer is listed too, last.
NERVES_UNKNOWN = "deficient, and the record does not say whether nerves are involved"
SERIOUS = {
    "deficient with nerve symptoms or signs": {"status": "deficient", "yes": "neurology_recorded"},
    "deficient with anaemia": {"status": "deficient", "yes": "anaemia_recorded"},
    "with a lifelong cause": {"yes": "r7_recorded"},
    "with nerve symptoms or signs, not proven deficient": {"yes": "neurology_recorded"},
    NERVES_UNKNOWN: {"status": "deficient", "unknown": "neurology_any"},
}


SUITABLE = "tablets_exclusions_all_no"
MAY = "every reason against tablets is an explicit no"
AGAINST = "something speaks against tablets"
UNKNOWN = "something is not recorded, so injections stay"


def outcomes_of(trace: pl.DataFrame, side: str) -> pl.DataFrame:
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
    named: list[pl.Expr] = [pl.when(pl.col(name)).then(pl.lit(name.removeprefix("test."))) for name in tests] or [
        pl.lit(None, pl.String)
    ]
    count = pl.sum_horizontal(pl.col(name).cast(pl.Int32) for name in tests) if tests else pl.lit(0)
    return frame.select(
        *answers,
        count.cast(pl.Int32).alias(f"tests_{side}"),
        pl.concat_str(named, separator=" ", ignore_nulls=True).alias(f"test_names_{side}"),
    )


def tablets_possible(findings: pl.DataFrame, trace: pl.DataFrame) -> pl.Series:
    """For people on injections, whether tablets would do, by the trace; null for all others."""
    answer = trace[f"term.{SUITABLE}"] if f"term.{SUITABLE}" in trace.columns else pl.Series([None] * trace.height)
    frame = pl.DataFrame({"on": findings["finding.on_injections"], "answer": answer.cast(pl.Boolean)})
    words = pl.when("answer").then(pl.lit(MAY)).when(~pl.col("answer")).then(pl.lit(AGAINST)).otherwise(pl.lit(UNKNOWN))
    return frame.select(pl.when("on").then(words).alias("tablets")).to_series()


def test_columns(trace: pl.DataFrame) -> list[str]:
    """The columns of tests that a guideline may ask for."""
    return [name for name in trace.columns if name.startswith("test.")]


def serious(trace: pl.DataFrame) -> dict[str, pl.Series]:
    """Which of the serious groups each person belongs to on one side."""
    found = {}
    for words, wanted in SERIOUS.items():
        held = pl.col("output.status") == wanted["status"] if "status" in wanted else pl.lit(value=True)
        yes = pl.col(f"term.{wanted['yes']}") if "yes" in wanted else pl.col(f"term.{wanted['unknown']}").is_null()
        found[words] = trace.select((yes & held).fill_null(value=False).alias(words)).to_series()
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
