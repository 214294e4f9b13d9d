"""How common low B12 and raised methylmalonic acid are in the shipped survey, beside published figures.

Weighted by the examination weight; standard errors by Taylor linearisation over strata and sampling units.
`python -m validation.prevalence`
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import polars as pl

from cobalamin.assess import Assessment
from cobalamin.engine import run
from cobalamin.guidance import load
from cobalamin.records.ledger import Ledger
from cobalamin.records.open import read_records
from cobalamin.records.tables.mapping import read_mapping

SURVEY = Path(str(files("cobalamin"))) / "data" / "nhanes_2011_2012"
WEIGHT = "wt_mec_2yr"
ADULT_YEARS = 20
NORMAL_95 = 1.96
CHANGE_POINTS_PMOL_L = (126.0, 287.0)


@dataclass(frozen=True)
class Estimate:
    """A weighted share with its 95 % interval in per cent, and how many people it rests on."""

    percent: float
    low: float
    high: float
    people: int
    cases: int

    def __str__(self) -> str:
        return f"{self.percent:5.1f} %  ({self.low:4.1f} to {self.high:4.1f})  {self.cases:>5,} of {self.people:,}"


def share(people: pl.DataFrame, case: pl.Expr, known: pl.Expr) -> Estimate:
    """Weighted share of cases among those for whom it is known; strata with one unit add no variance."""
    frame = people.filter(known & (pl.col(WEIGHT) > 0)).select(
        "stratum", "psu", weight=WEIGHT, case=case.cast(pl.Float64)
    )
    total = float(frame["weight"].sum())
    mean = float((frame["weight"] * frame["case"]).sum()) / total
    units = frame.with_columns(residual=pl.col("weight") * (pl.col("case") - mean) / total)
    units = units.group_by("stratum", "psu").agg(pl.col("residual").sum())
    strata = units.group_by("stratum").agg(
        spread=((pl.col("residual") - pl.col("residual").mean()) ** 2).sum(), count=pl.len()
    )
    several = strata.filter(pl.col("count") > 1)
    variance = float((several["spread"] * several["count"] / (several["count"] - 1)).sum())
    reach = NORMAL_95 * variance**0.5
    return Estimate(
        100 * mean, max(0.0, 100 * (mean - reach)), 100 * (mean + reach), frame.height, int(frame["case"].sum())
    )


def survey() -> pl.DataFrame:
    """Adults of the survey with their design and our verdict."""
    people = pl.read_csv(SURVEY / "people.csv.gz", infer_schema_length=None)
    adults = people.filter(pl.col("age_years") >= ADULT_YEARS).with_columns(pl.col("seqn").cast(pl.String))
    return adults.join(verdicts(), left_on="seqn", right_on="patient_id", how="left", maintain_order="left")


def verdicts() -> pl.DataFrame:
    """Our status for each person, and the result it was read from, through the whole way of the data."""
    day = read_mapping(SURVEY / "mapping.yaml").on
    guideline = load("nice_ng239", day)
    return pl.concat(run(read_records(SURVEY), guideline, day, work=verdict, workers=1))


def verdict(assessment: Assessment, ledger: Ledger) -> pl.DataFrame:
    """Status and B12 results of each person in one chunk."""
    del ledger
    findings = assessment.findings.select(
        "patient_id", before="finding.b12_before_treatment", latest="finding.b12_latest",
    )  # fmt: skip
    return findings.with_columns(status=assessment.trace["output.status"].cast(pl.String))


def rows(people: pl.DataFrame) -> list[tuple[str, Estimate, str]]:
    """What is estimated, the estimate, and what is published."""
    b12, mma = pl.col("b12_pg_ml"), pl.col("mma_nmol_l")
    tested, measured = b12.is_not_null(), mma.is_not_null()
    old, metformin = pl.col("age_years") >= 60, pl.col("rx_metformin") == 1
    low, high = (b12 * 0.738 < edge for edge in CHANGE_POINTS_PMOL_L)
    aafp, bailey = "2-3 % of US adults deficient (AAFP 2025)", "(Bailey 2013, NHANES 1999-2004)"
    veterans = "7 % on metformin, 3 % off it (US veterans)"
    users, others = people.filter(metformin), people.filter(~metformin)
    deficient, unsure = (pl.col("status") == name for name in ("deficient", "indeterminate"))
    return [
        ("B12 < 180 pg/mL, 20 and over", share(people, b12 < 180, tested), aafp),
        ("B12 < 200 pg/mL, 20 and over", share(people, b12 < 200, tested), aafp),
        ("B12 180-350 pg/mL, 20 and over", share(people, b12.is_between(180, 350), tested), ""),
        ("B12 < 126 pmol/L, 20 and over", share(people, low, tested), f"1.2 % {bailey}"),
        ("B12 126-287 pmol/L, 20 and over", share(people, high & ~low, tested), f"33 % {bailey}"),
        ("B12 < 200 pg/mL, 60 and over", share(people.filter(old), b12 < 200, tested), ""),
        ("MMA > 271 nmol/L, 20 and over", share(people, mma > 271, measured), ""),
        ("MMA > 271 nmol/L, 60 and over", share(people.filter(old), mma > 271, measured), ""),
        ("MMA > 400 nmol/L, 20 and over", share(people, mma > 400, measured), ""),
        ("B12 < 200 and MMA > 271", share(people, (b12 < 200) & (mma > 271), tested & measured), ""),
        ("B12 < 200 pg/mL on metformin", share(users, b12 < 200, tested), veterans),
        ("B12 < 200 pg/mL off metformin", share(others, b12 < 200, tested), veterans),
        ("our verdict: deficient (NG239)", share(people, deficient, tested), aafp),
        ("our verdict: indeterminate (NG239)", share(people, unsure, tested), ""),
    ]  # fmt: skip


COMMENT = """What the differences mean
- AAFP's 2-3 % is for adults of the United States as a whole; its cut-off is not stated where we read it.
- Bailey's change points come from NHANES 1999-2004, ten years earlier and with another assay. Our two bands are a
  quarter to a third smaller; the shape, about one in a hundred and one in three or four, is the same.
- Most with a borderline B12 have a normal methylmalonic acid, and many with a raised one have a normal B12: age and
  kidneys raise it too. That is why neither alone is called a prevalence of deficiency here.
- The veterans on metformin were tested because somebody thought of it; these people were tested because they were
  drawn. Testing on suspicion finds more.
- Our verdict counts only people in whom nothing was given before the sample; whoever takes B12 is "not established",
  so the share of deficient is a floor."""


def agreement(people: pl.DataFrame) -> tuple[int, int]:
    """People whose printed result went through the readers unchanged, and people with a result."""
    tested = people.filter(pl.col("b12_pg_ml").is_not_null())
    from cobalamin import units

    factor = units.conversions()["lab_b12_total", "pg/mL"].factor
    same = tested.filter((pl.col("latest") - pl.col("b12_pg_ml") * factor).abs() < 1e-9)
    return same.height, tested.height


def main() -> int:
    """Print the table; 1 where a result did not reach the decision unchanged."""
    people = survey()
    print("Weighted prevalence in NHANES 2011-2012 (95 % interval), adults\n")
    for what, estimate, published in rows(people):
        print(f"  {what:<36} {estimate!s:<46} {published}")
    same, tested = agreement(people)
    print(f"\n  B12 results that reach the decision unchanged: {same:,} of {tested:,}\n\n{COMMENT}")
    return 0 if same == tested else 1


if __name__ == "__main__":
    sys.exit(main())
