"""What an audit finds, as plain data: counts that add up, and frames for those who look closer."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

import polars as pl

from cobalamin.audit.spec import Measure, measures, needs
from cobalamin.records.ledger import Ledger

if TYPE_CHECKING:
    from cobalamin.audit.truth import TruthReport

VIRTUAL_PEOPLE = "virtual people"
BAD, GOOD, EXCLUDED, UNJUDGED = "numerator", "met", "excluded", "cannot_judge"
UNITS_SCHEMA = pl.Schema(
    {"measure": pl.String, "patient_id": pl.String, "outcome": pl.String, "reason": pl.String, "day": pl.Date}
)


@dataclass
class Tally:
    """Units (people or tests) of one measure by outcome and reason. Tallies of chunks add up."""

    counts: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, other: Tally) -> None:
        """Take in the counts of another chunk."""
        self.counts.update(other.counts)

    def total(self, outcome: str) -> int:
        """Units with this outcome."""
        return sum(count for (found, _), count in self.counts.items() if found == outcome)

    def reasons(self, outcome: str) -> dict[str, int]:
        """Units with this outcome by reason, most frequent first."""
        found = {reason: count for (kind, reason), count in self.counts.items() if kind == outcome}
        return dict(sorted(found.items(), key=lambda pair: (-pair[1], pair[0])))


@dataclass(frozen=True)
class MeasureResult:
    """One measure of a population. `denominator` holds those who could be judged and were not excluded."""

    measure: Measure
    tally: Tally
    lacks: tuple[str, ...]

    @property
    def numerator(self) -> int:
        """Units for which something should be done."""
        return self.tally.total(BAD)

    @property
    def denominator(self) -> int:
        """Units that could be judged."""
        return self.numerator + self.tally.total(GOOD)

    @property
    def fed(self) -> bool:
        """False where the records lack what the measure cannot do without."""
        return not self.lacks

    @property
    def note(self) -> str:
        """Why nothing could be counted, or an empty string."""
        if self.lacks:
            return "These records cannot feed this measure: " + "; ".join(needs()[name] for name in self.lacks) + "."
        if self.denominator:
            return ""
        unjudged = self.tally.total(UNJUDGED)
        if unjudged:
            return f"{unjudged:,} {self.measure.counts} cannot be judged: {'; '.join(self.tally.reasons(UNJUDGED))}."
        return f"No {self.measure.counts} to whom this applies."


@dataclass
class Summary:
    """Everything of one chunk that the whole needs, small enough to travel between processes."""

    people: int
    who: Counter[str]
    ages: Counter[tuple[str, str]]
    outcomes: Counter[tuple[str, str]]
    tallies: dict[str, Tally]
    present: Counter[str]
    units: pl.DataFrame
    decisions: pl.DataFrame
    worklist: pl.DataFrame
    forecast: pl.DataFrame
    ledger: Ledger


@dataclass
class AuditResult:
    """A population audited on a day under a guideline."""

    on: date
    guideline: dict[str, str]
    people: int
    who: Counter[str]
    ages: Counter[tuple[str, str]]
    outcomes: Counter[tuple[str, str]]
    measures: tuple[MeasureResult, ...]
    worklist: pl.DataFrame
    forecast: pl.DataFrame
    units: pl.DataFrame
    decisions: pl.DataFrame
    ledger: Ledger
    truth: TruthReport | None = None

    @property
    def virtual(self) -> str:
        """In words, that some or all of these people are made by a program; "" where none is."""
        made = self.who[VIRTUAL_PEOPLE]
        if not made:
            return ""
        if made == self.people:
            return (
                "Everybody in these records is virtual, made by a program: nobody here is real, and no count says "
                "anything about a real place."
            )
        return (
            f"{made:,} of these {self.people:,} people are virtual, made by a program, and are mixed with others. "
            "Use no count of this audit: take them out of the records first."
        )


def merge(summaries: list[Summary], on: date, guideline: dict[str, str]) -> AuditResult:
    """Add up the chunks; only here does anything cross from one chunk to another."""
    who: Counter[str] = Counter()
    ages: Counter[tuple[str, str]] = Counter()
    outcomes: Counter[tuple[str, str]] = Counter()
    present: Counter[str] = Counter()
    tallies = {name: Tally() for name in measures()}
    ledger = Ledger()
    for part in summaries:
        who.update(part.who)
        ages.update(part.ages)
        outcomes.update(part.outcomes)
        present.update(part.present)
        ledger.add(part.ledger)
        for name, tally in part.tallies.items():
            tallies[name].add(tally)
    found = tuple(
        MeasureResult(measure, tallies[name], tuple(need for need in measure.needs if not present[need]))
        for name, measure in measures().items()
    )
    return AuditResult(
        on, guideline, sum(part.people for part in summaries), who, ages, outcomes, found,
        _joined([part.worklist for part in summaries]).sort("rank", "patient_id", maintain_order=True),
        _joined([part.forecast for part in summaries]).group_by("week", "kind").agg(pl.col("appointments").sum())
        .sort("week", "kind"),
        _joined([part.units for part in summaries]), _joined([part.decisions for part in summaries]), ledger,
    )  # fmt: skip


def _joined(frames: list[pl.DataFrame]) -> pl.DataFrame:
    return pl.concat(frames, how="vertical")
