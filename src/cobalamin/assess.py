"""The whole way on one screen: events → findings → decision → plan. Pure: same input, same answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import polars as pl

from cobalamin.decision import decide
from cobalamin.events import Events
from cobalamin.findings import find
from cobalamin.guidance import DEFAULT, Guideline, load
from cobalamin.plan import plan


@dataclass(frozen=True)
class Assessment:
    """What was decided for each person of `events` on a day, and everything it rests on.

    `findings` and `trace` have one row a person in the same order; `plan` one row a dated item.
    """

    on: date
    guideline: Guideline
    events: Events
    findings: pl.DataFrame
    trace: pl.DataFrame
    plan: pl.DataFrame


def assess(events: Events, guidance: Guideline | str = DEFAULT, *, on: date) -> Assessment:
    """Assess one person or a million on a day, under a guideline (or its id).

    Raises CobalaminError for an unknown guideline. The clock is never read here: `on` is an input.
    """
    guideline = load(guidance, on) if isinstance(guidance, str) else guidance
    findings = find(events, on)
    trace = decide(findings, guideline)
    return Assessment(on, guideline, events, findings, trace, plan(findings, trace, guideline))
