"""Every item a guideline can ask for, laid out once: what it says, and how its days count."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from cobalamin.decision.compile import UNDECIDED
from cobalamin.findings.facts import NO_DAY
from cobalamin.guidance import Guideline, Regimen, Rule, Table
from cobalamin.guidance.kept import KeptByGuideline
from cobalamin.guidance.model import Phase, PlanItem

PLAN_SCHEMA = pl.Schema(
    {
        "patient_id": pl.String,
        "kind": pl.String,
        "what": pl.String,
        "product": pl.String,
        "dose": pl.Float64,
        "dose_unit": pl.String,
        "route": pl.String,
        "earliest": pl.Date,
        "due": pl.Date,
        "overdue": pl.Date,
        "every_days": pl.Float64,
        "until": pl.String,
        "count": pl.Int64,
        "says": pl.String,
        "rule": pl.String,
    }
)
DUE_DATES = ("earliest", "due", "overdue")
SAID = tuple(name for name in PLAN_SCHEMA if name not in ("patient_id", *DUE_DATES))
# How far from its due day a dose may lie [ours]: loading doses at least a day apart and broken after a week;
# a maintenance dose is late 28 days past its interval (measure 6) and early more than two weeks before it.
LOADING_EARLY_DAYS, LOADING_LATE_DAYS = 1, 7
MAINTENANCE_EARLY_DAYS, MAINTENANCE_LATE_DAYS = 14, 28
# The doses of a regimen come first, phase by phase; a stop before everything else that is asked for.
KIND_ORDER = {"stop": 10, "dose": 11, "referral": 12, "test": 13, "review": 14, "advice": 15}

RECORDED_DAYS = ("first_b12_dose", "next_injection_due", "course_start", "last_injection", "first_injection")
# Days of a person that items count from. `first_dose` is the next dose, today at the earliest; `was_due` the day it
# was due; a regimen opens on `begins`, and its first dose stands at `began_due` where that is past.
DAYS = ("on", *RECORDED_DAYS, "was_due", "first_dose", "begins", "began_due")


@dataclass(frozen=True)
class Asked:
    """What one rule asks for: the column of the trace that tells whom, and the places of its items in the templates.

    The column is Boolean, or, in a first-hit table, names the rule that won: `word`.
    `waits_days` is how far ahead a due dose may lie that the regimen of this rule still waits for; None where it
    waits for any.
    """

    column: str
    word: str
    items: tuple[int, ...]
    waits_days: float | None


@dataclass(frozen=True)
class Templates:
    """All items, a row each in the order of the guideline, and who asks for them.

    `said` is what is said (a frame), `order` what comes first; `counts_from` and `days` have a column for the
    earliest, the due and the overdue day: the place of the day in `DAYS` it counts from, and the days after it.
    """

    collected: tuple[Asked, ...]
    first_hit: tuple[Asked, ...]
    said: pl.DataFrame
    order: npt.NDArray[np.int32]
    counts_from: npt.NDArray[np.intp]
    days: npt.NDArray[np.int32]


@dataclass(frozen=True)
class _Item:
    """A row of the templates."""

    said: dict[str, Any]
    order: int
    counts_from: tuple[str, str, str]
    days: tuple[int | None, int | None, int | None]


def _make(guideline: Guideline) -> Templates:
    items: list[_Item] = []
    asked: dict[str, list[Asked]] = {"collect": [], "first": []}
    for table in guideline.tables.values():
        for rule_id, made, waits_days in _of_table(table, guideline):
            column = f"table.{table.name}" if table.hit_policy == "first" else f"rule.{table.name}.{rule_id}"
            places = tuple(range(len(items), len(items) + len(made)))
            asked[table.hit_policy].append(Asked(column, rule_id, places, waits_days))
            items += made
    days = [[NO_DAY if one is None else one for one in item.days] for item in items]
    return Templates(
        tuple(asked["collect"]),
        tuple(asked["first"]),
        pl.DataFrame([one.said for one in items], schema={name: PLAN_SCHEMA[name] for name in SAID}),
        np.array([one.order for one in items], dtype=np.int32),
        np.array([[DAYS.index(day) for day in one.counts_from] for one in items], dtype=np.intp).reshape(-1, 3),
        np.array(days, dtype=np.int32).reshape(-1, 3),
    )


templates = KeptByGuideline(_make)


def _of_table(table: Table, guideline: Guideline) -> Iterator[tuple[str, list[_Item], float | None]]:
    """For each row that asks for anything: its name, its items, and how long its regimen waits."""
    outcomes = [(rule.id, rule.then, [_item(table, rule, item) for item in rule.plan]) for rule in table.rules]
    for rule_id, then, items in [*outcomes, (UNDECIDED, table.undecided, [])]:
        regimen = guideline.regimens.get(then.get("regimen", "")) if table.name == "regimen" else None
        if regimen is not None:
            yield rule_id, [*_doses(regimen, rule_id), *items], _waits_days(regimen.phases[0])
        elif items:
            yield rule_id, items, None


def _waits_days(opening: Phase) -> float | None:
    """Loading does not wait for a maintenance dose that lies further ahead than one of its own intervals."""
    return opening.every_days if opening.name == "loading" else None


def _doses(regimen: Regimen, rule_id: str) -> list[_Item]:
    """The doses of a regimen, an item for each phase, counted from the day it begins."""
    made: list[_Item] = []
    begins: int | None = 0
    for place, phase in enumerate(regimen.phases):
        early, late = _tolerance(phase)
        said = _said(
            kind="dose", what=phase.name, product=regimen.product, dose=phase.dose, dose_unit=phase.dose_unit,
            route=regimen.route, every_days=phase.every_days, until=phase.until or None, count=phase.count,
            says=regimen.says, rule=f"regimen.{rule_id}",
        )  # fmt: skip
        days = (None, None, None) if begins is None else (begins - (early if place else 0), begins, begins + late)
        # A dose that is overdue is given today; the day it was due is kept.
        made.append(_Item(said, place, ("begins", "begins" if place else "began_due", "begins"), days))
        begins = _after(begins, phase, regimen.phases[place + 1 :])
    return made


def _tolerance(phase: Phase) -> tuple[int, int]:
    """Days early and late that a dose may be given."""
    if phase.name == "loading":
        return LOADING_EARLY_DAYS, LOADING_LATE_DAYS
    if phase.every_days <= 1:
        return 0, 1
    return MAINTENANCE_EARLY_DAYS, MAINTENANCE_LATE_DAYS


def _after(begins: int | None, phase: Phase, rest: tuple[Phase, ...]) -> int | None:
    """First day of the next phase: one of its intervals after the last dose; unknown for an open count."""
    if begins is None or phase.count is None or not rest:
        return None
    return begins + round((phase.count - 1) * phase.every_days + rest[0].every_days)


def _item(table: Table, rule: Rule, item: PlanItem) -> _Item:
    said = _said(
        kind=item.kind, what=item.what, every_days=item.every_days, count=item.count, says=rule.says,
        rule=f"{table.name}.{rule.id}",
    )  # fmt: skip
    days = (item.earliest_days, item.due_days, item.overdue_days)
    return _Item(said, KIND_ORDER[item.kind], (item.after, item.after, item.after), days)


def _said(**said: object) -> dict[str, Any]:
    return {**dict.fromkeys(SAID), **said}
