"""Runs of a medicine: issues that follow each other within a grace period are one spell."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from cobalamin.vocabulary.catalogue import Finding
from tests.reference.answers import Context
from tests.reference.record import Fact, standing


@dataclass
class Spell:
    """A run of a medicine with its first and last day; it runs as long as its latest issue."""

    first: date
    last: date


def spells(issues: list[Fact], on: date, grace_days: int) -> list[Spell]:
    """Spells of dated issues, oldest first."""
    found: list[Spell] = []
    dated = [fact for fact in issues if fact.day is not None]
    for fact in sorted(dated, key=lambda fact: fact.day):  # type: ignore[arg-type,return-value]
        last = fact.end or on
        if found and (fact.day - found[-1].last).days <= grace_days:  # type: ignore[operator]
            found[-1].last = max(found[-1].last, last)
        else:
            found.append(Spell(fact.day, last))  # type: ignore[arg-type]
    return found


def current_spell(issues: list[Fact], on: date, grace_days: int) -> Spell | None:
    """The spell that still runs on the day or ended within the grace period."""
    found = [spell for spell in spells(issues, on, grace_days) if (on - spell.last).days <= grace_days]
    return found[-1] if found else None


def spell_years(finding: Finding, context: Context) -> float | None:
    """Years of the present spell; unknown where any issue has no date, since the spell may have begun with it."""
    issues = standing(context.of(finding))
    if any(fact.day is None for fact in issues):
        return None
    spell = current_spell(issues, context.on, finding.window_days or 0)
    return None if spell is None else (context.on - spell.first).days / 365.25
