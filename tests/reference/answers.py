"""Findings that rest on one event: was it ever, is it now, what was measured, since when."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from cobalamin.vocabulary.catalogue import Finding
from tests.reference.record import Fact, standing

COVERAGE_LAPSE_DAYS = 365
# In these domains a fact that ended lately still counts: issues of a medicine follow each other with gaps, and an
# exposure of last month is a recent exposure. A pregnancy or a symptom that has ended is over.
LINGERING = ("medicines", "history", "treatment")


@dataclass(frozen=True)
class Context:
    """One patient's facts on a day, by concept, and the first B12 on record (null: never given)."""

    on: date
    by_concept: dict[str, list[Fact]]
    first_b12: Fact | None

    def of(self, finding: Finding) -> list[Fact]:
        """Facts of the concepts that feed a finding, in the order of the record."""
        found = [fact for concept in finding.concepts for fact in self.by_concept.get(concept, [])]
        return sorted(found, key=lambda fact: fact.row)

    def days_ago(self, day: date) -> int:
        """Whole days before the day of decision."""
        return (self.on - day).days


def is_recent(fact: Fact, finding: Finding, context: Context) -> bool:
    """Within the recency window; undated facts and findings without a window always are."""
    if finding.window_days is None or fact.day is None:
        return True
    return context.days_ago(fact.day) <= finding.window_days


def holds(fact: Fact, finding: Finding, context: Context) -> bool:
    """Current on the day: it runs, or it happened (or, where facts linger, ended) within the window."""
    if fact.end is None:
        return True
    lingers = fact.point or finding.domain in LINGERING
    return lingers and (finding.window_days is None or context.days_ago(fact.end) <= finding.window_days)


def covered(domain: str, context: Context) -> list[Fact]:
    """Statements that the record covers a domain now: they run, or lapsed within a year."""
    said = [fact for fact in context.by_concept.get(f"covers_{domain}", []) if fact.present]
    return [f for f in said if f.end is None or context.days_ago(f.end) <= COVERAGE_LAPSE_DAYS]


def yes_or_no(finding: Finding, context: Context) -> tuple[bool | None, int | None]:
    """Yes, no or unknown, with the row that decided."""
    yes, no = EVIDENCE[finding.selector](finding, context)
    if yes:
        return True, yes[-1].row
    if no:
        return False, no[-1].row
    silent_no = finding.silence == "no" and covered(finding.domain, context)
    return (False if silent_no else None), None


def _ever(finding: Finding, context: Context) -> tuple[list[Fact], list[Fact]]:
    yes = [fact for fact in context.of(finding) if fact.present]
    no = [fact for fact in context.of(finding) if not fact.present and fact.concept == finding.concepts[0]]
    return yes, no


def _current(finding: Finding, context: Context) -> tuple[list[Fact], list[Fact]]:
    yes = [fact for fact in standing(context.of(finding)) if holds(fact, finding, context)]
    denied = [fact for fact in context.of(finding) if not fact.present and fact.concept == finding.concepts[0]]
    return yes, [fact for fact in denied if holds(fact, finding, context)]


def _is_positive(fact: Fact) -> bool:
    return fact.present and fact.flag in ("positive", "high")


def _flag_ever(finding: Finding, context: Context) -> tuple[list[Fact], list[Fact]]:
    known = [fact for fact in context.of(finding) if is_recent(fact, finding, context)]
    return [fact for fact in known if _is_positive(fact)], [fact for fact in known if fact.denies]


def _flag_latest(finding: Finding, context: Context) -> tuple[list[Fact], list[Fact]]:
    known = [fact for fact in context.of(finding) if is_recent(fact, finding, context)]
    yes = [fact for fact in standing(context.of(finding)) if _is_positive(fact) and is_recent(fact, finding, context)]
    return yes, [fact for fact in known if fact.denies]


EVIDENCE: dict[str, Callable[[Finding, Context], tuple[list[Fact], list[Fact]]]] = {
    "ever": _ever,
    "current": _current,
    "flag_ever": _flag_ever,
    "flag_latest": _flag_latest,
}


def measured(finding: Finding, context: Context) -> Fact | None:
    """The result that a measurement finding rests on."""
    results = [fact for fact in context.of(finding) if fact.says_something]
    if finding.selector == "before":
        results = [f for f in results if _is_before(f, context) and _recent_before(f, finding, context)]
    else:
        results = [fact for fact in results if is_recent(fact, finding, context)]
    if finding.selector.startswith("after"):
        results = [fact for fact in results if not _is_before(fact, context)]
    if finding.selector == "after_lowest":
        results.sort(key=lambda fact: -_extent(fact, nowhere=math.inf))
    if finding.selector == "after_highest":
        results.sort(key=lambda fact: _extent(fact, nowhere=-math.inf))
    if finding.selector == "previous":
        results = results[:-1]
    return results[-1] if results else None


def _extent(fact: Fact, *, nowhere: float) -> float:
    """The number; "low" lies below all numbers and "high" above; other words are nowhere."""
    if fact.value is not None:
        return fact.value
    return {"low": -math.inf, "high": math.inf}.get(fact.flag or "", nowhere)


def _is_before(fact: Fact, context: Context) -> bool:
    """Taken before the first B12; the same day counts as before unless both clocks say otherwise."""
    first = context.first_b12
    if first is None:
        return True
    if fact.day is None or first.day is None:
        return False
    if fact.day == first.day and fact.clock and first.clock:
        return fact.when <= first.when  # type: ignore[operator]
    return fact.day <= first.day


def _recent_before(fact: Fact, finding: Finding, context: Context) -> bool:
    """The window counts back from the first B12, or from the day of decision where none was given."""
    if context.first_b12 is None or fact.day is None or finding.window_days is None:
        return is_recent(fact, finding, context)
    return (context.first_b12.day - fact.day).days <= finding.window_days  # type: ignore[operator]


def plain_value(finding: Finding, context: Context) -> tuple[float | None, int | None]:
    """A number on the day: doses per day, weeks of pregnancy carried forward to the day of decision."""
    usable = [fact for fact in standing(context.of(finding)) if fact.value is not None]
    usable = [fact for fact in usable if holds(fact, finding, context)]
    if not usable:
        return None, None
    fact, value = usable[-1], usable[-1].value
    if finding.unit == "weeks":
        value = None if fact.day is None else value + context.days_ago(fact.day) / 7.0  # type: ignore[operator]
    elif finding.domain == "medicines":
        value = value / (fact.every_days or 1.0)  # type: ignore[operator]
    return value, fact.row


def weeks_since_onset(finding: Finding, context: Context) -> tuple[float | None, int | None]:
    """Weeks since the earliest of the symptoms that still run began; a symptom first told today has no onset."""
    running = [fact for fact in standing(context.of(finding)) if fact.runs and fact.day is not None]
    begun = [fact for fact in running if fact.day < context.on]  # type: ignore[operator]
    if not begun:
        return None, None
    return context.days_ago(begun[0].day) / 7.0, begun[0].row  # type: ignore[arg-type]
