"""Decision to dated items: the doses of the chosen regimen, and what the rules that fired ask for.

No table is made for a rule: an item is a person and a template, and its dates are a day of the person and a number
of days after it, so all items of all people are made in a few gathers.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import polars as pl

from cobalamin.decision.compare import laid_end_to_end
from cobalamin.findings.facts import NO_DAY
from cobalamin.guidance import Guideline
from cobalamin.plan.templates import (
    DAYS,
    DUE_DATES,
    PLAN_SCHEMA,
    RECORDED_DAYS,
    Asked,
    Templates,
    templates,
)

People = npt.NDArray[np.intp]
Days = npt.NDArray[np.int32]
DUE = DUE_DATES.index("due")


def plan(findings: pl.DataFrame, trace: pl.DataFrame, guideline: Guideline) -> pl.DataFrame:
    """The plan: one row a dated item, people in order, the urgent kinds first.

    Columns as `PLAN_SCHEMA`; dates are null where the day depends on the person.
    """
    made = templates(guideline)
    fired = [*_collected(trace, made.collected), *_won(trace, made.first_hit)]
    days = _days(findings, fired)
    pairs = [(people, item) for asked, people in fired for item in asked.items]
    person = np.concatenate([np.empty(0, dtype=np.intp), *(people for people, _ in pairs)])
    item = np.repeat(np.array([item for _, item in pairs], dtype=np.intp), [len(people) for people, _ in pairs])
    dates = _dates(made, days, person, item)
    # Of items of one order the first due comes first, those without a day last; then as the guideline has them.
    due = np.where(dates[DUE] == NO_DAY, np.iinfo(np.int32).max, dates[DUE])
    order = np.lexsort((item, due, made.order[item], person))
    return _frame(findings, made, person[order], item[order], dates[:, order])


Fired = tuple[Asked, People]


def _collected(trace: pl.DataFrame, asked: Sequence[Asked]) -> list[Fired]:
    """Whom each rule of the tables that collect fired for; rules that fired for nobody are left out."""
    if not asked:
        return []
    laid = laid_end_to_end(trace, [one.column for one in asked]).fill_null(value=False)
    return _by_rule(asked, laid.to_numpy().reshape(len(asked), trace.height))


def _won(trace: pl.DataFrame, asked: Sequence[Asked]) -> list[Fired]:
    """Whom each rule of the first-hit tables won for; rules that won for nobody are left out."""
    if not asked:
        return []
    tables = list(dict.fromkeys(one.column for one in asked))
    laid = laid_end_to_end(trace, tables)
    place = {word: place for place, word in enumerate(laid.dtype.categories)}  # type: ignore[attr-defined]
    winners = laid.to_physical().to_numpy().reshape(len(tables), trace.height)
    wanted = np.array([[place[one.word]] for one in asked])
    return _by_rule(asked, winners[[tables.index(one.column) for one in asked]] == wanted)


def _by_rule(asked: Sequence[Asked], fired: npt.NDArray[np.bool_]) -> list[Fired]:
    rules, people = np.nonzero(fired)
    bounds = np.searchsorted(rules, np.arange(len(asked) + 1))
    found = zip(asked, pairwise(bounds.tolist()), strict=True)
    return [(one, people[begin:end]) for one, (begin, end) in found if end > begin]


def _days(findings: pl.DataFrame, fired: Sequence[Fired]) -> Days:
    """The days that items count from, a row for each of `DAYS` and a column for each person; NO_DAY where unknown."""
    days = np.full((len(DAYS), findings.height), NO_DAY, dtype=np.int32)
    at = {name: days[place] for place, name in enumerate(DAYS)}
    recorded = laid_end_to_end(findings, ["on", *(f"finding.{name}" for name in RECORDED_DAYS)])
    # They are the first of `DAYS`, in the same order.
    days[: 1 + len(RECORDED_DAYS)] = recorded.to_physical().fill_null(NO_DAY).to_numpy().reshape(-1, findings.height)
    on_injections = findings["finding.on_injections"].fill_null(value=False).to_numpy()
    at["was_due"][:] = np.where(on_injections, at["next_injection_due"], NO_DAY)
    # A dose that is overdue is due now. Nothing due is the earliest of days, so then it is today.
    at["first_dose"][:] = np.maximum(at["was_due"], at["on"])
    at["begins"][:] = at["first_dose"]
    for asked, people in fired:
        if asked.waits_days is not None:
            ahead = at["first_dose"][people] - at["on"][people] > asked.waits_days
            at["begins"][people[ahead]] = at["on"][people[ahead]]
    past = (at["was_due"] != NO_DAY) & (at["was_due"] < at["begins"])
    at["began_due"][:] = np.where(past, at["was_due"], at["begins"])
    return days


def _dates(made: Templates, days: Days, person: People, item: People) -> Days:
    """The earliest, due and overdue day of each item (a row each); NO_DAY where it has none."""
    dates = np.empty((len(DUE_DATES), len(item)), dtype=np.int32)
    for place, found in enumerate(dates):
        begins, after = days[made.counts_from[item, place], person], made.days[item, place]
        found[:] = np.where((begins == NO_DAY) | (after == NO_DAY), NO_DAY, begins + after)
    return dates


def _frame(findings: pl.DataFrame, made: Templates, person: People, item: People, dates: Days) -> pl.DataFrame:
    found = pl.DataFrame({"person": person, **dict(zip(DUE_DATES, dates, strict=True))})
    patient = findings["patient_id"].gather(found["person"])
    return pl.concat(
        [patient.to_frame(), made.said.select(pl.all().gather(item)), found.select(_AS_DATES)], how="horizontal"
    ).select(PLAN_SCHEMA.names())


_AS_DATES = [pl.when(pl.col(name) != NO_DAY).then(name).cast(pl.Date).alias(name) for name in DUE_DATES]
