"""The audit against the truth of a virtual practice: how often it is right, and what went wrong where it is not.

For a measure, whoever truly needs something done is a case, and whoever it counts as such is found. Everybody whom it
truly concerns, or whom it counted, is judged; specificity over the rest of the practice would always look well.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from cobalamin.audit.forecast import FREED, NOW, WEEKS
from cobalamin.audit.result import BAD, EXCLUDED, GOOD, UNJUDGED, AuditResult
from cobalamin.audit.spec import measures
from cobalamin.errors import CobalaminError
from cobalamin.vocabulary.catalogue import catalogue

NORMAL_95 = 1.959963984540054
NEEDED = (
    "patient_id", "on", "registered", "cause", "deficient_now", "deficient_when_tested", "last_untreated_test",
    "treatment_begun", "on_injections",
    "interval_days", "next_injection_due", "futile_test_days", "futile_test_outcomes", "dirt",
)  # fmt: skip
FUTILE = "futile_tests"
NO_DIRT = "without a fault"
FALSE_SCHEMA = pl.Schema(
    {"what": pl.String(), "patient_id": pl.String(), "day": pl.Date(), "kind": pl.String(), "truth": pl.String(),
     "audit": pl.String(), "dirt": pl.List(pl.String())}
)  # fmt: skip
SAID = {BAD: "", GOOD: "counted as well cared for", EXCLUDED: "left out", UNJUDGED: "not judged", "": "not seen"}
TRULY = {"met": "well cared for", "excluded": "rightly left out", "open": "too early to tell", "": "not concerned"}


@dataclass(frozen=True)
class Share:
    """A share with its 95 % interval by Wilson; null where there is nobody."""

    numerator: int
    denominator: int

    @property
    def value(self) -> float | None:
        """The share itself."""
        return self.numerator / self.denominator if self.denominator else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """Wilson's interval. Source: Wilson 1927, J Am Stat Assoc 22:209."""
        n = self.denominator
        if not n:
            return None
        share, z2 = self.numerator / n, NORMAL_95**2
        middle = (share + z2 / (2 * n)) / (1 + z2 / n)
        reach = NORMAL_95 * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n)) / (1 + z2 / n)
        return max(0.0, middle - reach), min(1.0, middle + reach)


@dataclass(frozen=True)
class Judged:
    """One thing the audit says, against the truth. `missed` and `wrongly`: what it said, or what was so, instead."""

    name: str
    title: str
    true_positive: int
    false_negative: int
    false_positive: int
    true_negative: int
    missed: Counter[str]
    wrongly: Counter[str]
    missed_dirt: Counter[str]
    wrongly_dirt: Counter[str]

    @property
    def sensitivity(self) -> Share:
        """Of those who are so, how many are found."""
        return Share(self.true_positive, self.true_positive + self.false_negative)

    @property
    def specificity(self) -> Share:
        """Of those who are not so, how many are not counted."""
        return Share(self.true_negative, self.true_negative + self.false_positive)

    @property
    def predictive_value(self) -> Share:
        """Of those who are counted, how many are so."""
        return Share(self.true_positive, self.true_positive + self.false_positive)


@dataclass(frozen=True)
class TruthReport:
    """Everything the truth says about an audit. `false` holds each false answer by person, for the analyst."""

    people: int
    measures: tuple[Judged, ...]
    statuses: tuple[Judged, ...]
    causes: tuple[Judged, ...]
    status_shares: tuple[tuple[str, Share], ...]
    never_tested: Share
    forecast: tuple[tuple[int, int, int], ...]
    due_right: Share
    false: pl.DataFrame


def read_truth(path: Path) -> pl.DataFrame:
    """The truth file of a virtual practice. Raises CobalaminError where it is none."""
    if not path.is_file():
        raise CobalaminError(f"{path}: no such file. The truth lies beside a virtual practice as truth.parquet.")
    try:
        frame = pl.read_parquet(path)
    except (OSError, pl.exceptions.PolarsError):
        raise CobalaminError(
            f"{path}: not Parquet. Give the truth.parquet that `cobalamin synthesise` wrote."
        ) from None
    needed = [*NEEDED, *(f"measure_{name}" for name in measures() if name != FUTILE)]
    lacking = [name for name in needed if name not in frame.columns]
    if lacking:
        raise CobalaminError(
            f"{path}: lacks {', '.join(lacking[:4])}, so it is not the truth of a virtual practice. "
            "Give the truth.parquet that `cobalamin synthesise` wrote."
        )
    if frame["patient_id"].n_unique() != frame.height:
        raise CobalaminError(f"{path}: somebody is in it twice. Give the file as `cobalamin synthesise` wrote it.")
    return frame


def judge(result: AuditResult, truth: pl.DataFrame) -> TruthReport:
    """Compare an audit with the truth of the same people on the same day.

    Raises CobalaminError where the day differs, or where the people are others.
    """
    _check_same(result, truth)
    registered = truth.filter("registered")
    parts = [_measure(result, truth, name) for name in measures()]
    told = registered.join(_decisions(result), on="patient_id", how="left")
    tested = told.filter(pl.col("deficient_when_tested").is_not_null() & _still_counts(result))
    statuses = [_status(tested, "deficient", positive=True), _status(tested, "unlikely", positive=False)]
    deficient = tested.filter("deficient_when_tested")
    causes = [_cause(deficient, name) for name in sorted(set(deficient["cause"]) - {"none"})]
    everything = [*parts, *statuses, *causes]
    untested = registered.filter(pl.col("deficient_when_tested").is_null())
    return TruthReport(
        truth.height,
        tuple(one for one, _ in parts), tuple(one for one, _ in statuses), tuple(one for one, _ in causes),
        _status_shares(tested), Share(int(untested["deficient_now"].sum()), int(registered["deficient_now"].sum())),
        _forecast(result, truth), _due_right(told), pl.concat([false for _, false in everything]),
    )  # fmt: skip


def _check_same(result: AuditResult, truth: pl.DataFrame) -> None:
    days = truth["on"].unique().to_list()
    if days != [result.on]:
        said = ", ".join(str(day) for day in days[:3]) or "no day"
        raise CobalaminError(f"The truth is of {said}, the audit of {result.on}. Audit with --on {said}.")
    known = set(truth["patient_id"])
    strangers = set(result.decisions["patient_id"]) - known
    if strangers:
        raise CobalaminError(
            f"The truth does not know {len(strangers):,} of {result.decisions.height:,} adults in the records, "
            f'such as "{min(strangers)}". Give the truth that lies beside these records.'
        )


def _decisions(result: AuditResult) -> pl.DataFrame:
    """What the audit says of each adult that the truth can be asked about; a guideline may be silent on status."""
    found = result.decisions
    status = pl.col("output.status") if "output.status" in found.columns else pl.lit(None, pl.String)
    causes = [name for name in found.columns if name.startswith("cause.")]
    return found.select("patient_id", "next_injection", *causes, status=status)


def _still_counts(result: AuditResult) -> pl.Expr:
    """A result from before treatment answers for those who are treated; for all others it grows too old."""
    window = catalogue()["b12_before_treatment"].window_days or 0
    age = (pl.lit(result.on) - pl.col("last_untreated_test")).dt.total_days()
    return (age <= window) | pl.col("treatment_begun").is_not_null()


def _measure(result: AuditResult, truth: pl.DataFrame, name: str) -> tuple[Judged, pl.DataFrame]:
    units = result.units.filter(pl.col("measure") == name).select("patient_id", "day", "outcome", "reason")
    if name == FUTILE:
        lists = truth.select("patient_id", day="futile_test_days", truth="futile_test_outcomes")
        true = lists.explode("day", "truth", empty_as_null=True).drop_nulls()
        joined = true.join(units, on=["patient_id", "day"], how="full", coalesce=True)
    else:
        true = truth.select("patient_id", truth=f"measure_{name}").filter(pl.col("truth") != "")
        joined = true.join(units, on="patient_id", how="full", coalesce=True)
    joined = joined.with_columns(pl.col("truth", "outcome", "reason").fill_null(""))
    concerned = pl.col("truth").is_in([BAD, GOOD]) | pl.col("outcome").is_in([BAD, GOOD])
    case = joined.filter(concerned).with_columns(
        case=pl.col("truth") == BAD, found=pl.col("outcome") == BAD,
        said=pl.concat_str(_worded("outcome", SAID), pl.when(pl.col("reason") != "").then(
            pl.concat_str(pl.when(pl.col("outcome") == BAD).then(pl.lit("")).otherwise(pl.lit(": ")), "reason")
        ).otherwise(pl.lit(""))),
        truly=_worded("truth", TRULY),
    )  # fmt: skip
    title = f"{measures()[name].number}. {measures()[name].title}"
    return _judged(name, title, case, truth)


def _worded(column: str, words: dict[str, str]) -> pl.Expr:
    return pl.col(column).replace(words)


def _judged(name: str, title: str, frame: pl.DataFrame, truth: pl.DataFrame) -> tuple[Judged, pl.DataFrame]:
    """Counts of a frame with `patient_id, day, case, found, said, truly`, and its false rows with their dirt."""
    counts = frame.group_by("case", "found").len()
    number = {(case, found): count for case, found, count in counts.iter_rows()}
    wrong = frame.filter(pl.col("case") != pl.col("found")).join(
        truth.select("patient_id", "dirt"), on="patient_id", how="left"
    )
    missed, wrongly = wrong.filter("case"), wrong.filter(~pl.col("case"))
    false = wrong.select(
        what=pl.lit(name), patient_id="patient_id", day="day",
        kind=pl.when("case").then(pl.lit("missed")).otherwise(pl.lit("wrongly counted")),
        truth="truly", audit="said", dirt="dirt",
    ).cast(FALSE_SCHEMA)  # fmt: skip
    judged = Judged(
        name, title, number.get((True, True), 0), number.get((True, False), 0), number.get((False, True), 0),
        number.get((False, False), 0), Counter(missed["said"].to_list()), _wrongly(wrongly),
        _dirt(missed), _dirt(wrongly),
    )  # fmt: skip
    return judged, false


def _wrongly(frame: pl.DataFrame) -> Counter[str]:
    """What was so instead, and what the audit said."""
    return Counter(f"{truly}, named: {said}" for truly, said in frame.select("truly", "said").iter_rows())


def _dirt(frame: pl.DataFrame) -> Counter[str]:
    """The kinds of dirt in the records of these people; a record may have several."""
    found: Counter[str] = Counter()
    for kinds in frame["dirt"].to_list():
        found.update(kind.replace("_", " ") for kind in kinds or [])
        if not kinds:
            found[NO_DIRT] += 1
    return found


def _status(tested: pl.DataFrame, status: str, *, positive: bool) -> tuple[Judged, pl.DataFrame]:
    """A status as a test of true deficiency (or of its absence) among people tested before treatment."""
    truly = pl.col("deficient_when_tested") == positive
    said = pl.col("status").fill_null("not in the audit").replace("", "nothing said")
    frame = tested.select(
        "patient_id", day=pl.lit(None, pl.Date), case=truly, found=said == status,
        said=said.str.replace_all("_", " "), truly=pl.when("deficient_when_tested").then(
            pl.lit("truly deficient")).otherwise(pl.lit("not deficient")),
    )  # fmt: skip
    meaning = "truly deficient" if positive else "truly not deficient"
    return _judged(f"status_{status}", f"Status {status}: {meaning}", frame, tested)


def _status_shares(tested: pl.DataFrame) -> tuple[tuple[str, Share], ...]:
    """Of people with each status, how many are truly deficient."""
    counted = tested.group_by("status").agg(pl.col("deficient_when_tested").sum().alias("yes"), pl.len().alias("all"))
    rows = [(status or "nothing said", Share(int(yes), int(number))) for status, yes, number in counted.iter_rows()]
    return tuple(sorted(rows, key=lambda row: -(row[1].value or 0.0)))


def _cause(deficient: pl.DataFrame, cause: str) -> tuple[Judged, pl.DataFrame]:
    """A cause, whatever its grade, among people truly deficient when tested."""
    column = f"cause.{cause}"
    listed = pl.col(column).is_not_null() if column in deficient.columns else pl.lit(value=False)
    named = [name for name in deficient.columns if name.startswith("cause.")]
    others = pl.concat_str(
        [pl.when(pl.col(name).is_not_null()).then(pl.lit(name.removeprefix("cause."))) for name in named],
        separator=", ", ignore_nulls=True,
    ) if named else pl.lit("")  # fmt: skip
    frame = deficient.select(
        "patient_id", day=pl.lit(None, pl.Date), case=pl.col("cause") == cause, found=listed,
        said=pl.when(others == "").then(pl.lit("no cause")).otherwise(others).str.replace_all("_", " "),
        truly=pl.col("cause").str.replace_all("_", " "),
    )  # fmt: skip
    return _judged(f"cause_{cause}", cause.replace("_", " ").capitalize(), frame, deficient)


def _forecast(result: AuditResult, truth: pl.DataFrame) -> tuple[tuple[int, int, int], ...]:
    """Week, appointments forecast for people on injections, and appointments that are truly due."""
    told = result.forecast.filter(pl.col("kind").is_in([NOW, FREED])).group_by("week").agg(pl.col("appointments").sum())
    said: dict[int, int] = dict(told.iter_rows())
    true = [0] * WEEKS
    running = truth.filter("on_injections").select("next_injection_due", "interval_days").drop_nulls()
    for due, every in running.iter_rows():
        for ahead in range(max((due - result.on).days, 0), 7 * WEEKS, every):
            true[ahead // 7] += 1
    return tuple((week, int(said.get(week, 0)), true[week]) for week in range(WEEKS))


def _due_right(told: pl.DataFrame) -> Share:
    """Of people truly on injections, for how many the next one is dated within a week of the truth."""
    running = told.filter("on_injections")
    apart = (pl.col("next_injection") - pl.col("next_injection_due")).dt.total_days().abs()
    return Share(running.filter(apart <= 7).height, running.height)
