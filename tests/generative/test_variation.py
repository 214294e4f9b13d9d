"""The smallest changes, found by the kernel in one frame, are those that trying everything one by one finds.

`COBALAMIN_PEOPLE=2000 pytest tests/generative/test_variation.py` tries more people; `COBALAMIN_SEED` others.
"""

from __future__ import annotations

import os
from typing import Any

import polars as pl
import pytest

from cobalamin.decision import decide
from cobalamin.decision.changes import PAIRED
from cobalamin.decision.compile import compile_tables
from cobalamin.decision.inputs import inputs, treated
from cobalamin.decision.questions import GROUPS
from cobalamin.decision.rows import varied
from cobalamin.decision.variation import Change, WouldChange, would_change
from cobalamin.events import Events
from cobalamin.findings import find
from cobalamin.guidance import DEFAULT, load
from cobalamin.vocabulary.catalogue import catalogue
from tests.generative.patients import patients
from tests.generative.thresholds import ON
from tests.reference.variation import FIELDS, Altering, altered, smallest, things_to_find_out

PEOPLE = int(os.environ.get("COBALAMIN_PEOPLE", "18"))
SEED = int(os.environ.get("COBALAMIN_SEED", "1"))
PARTS = 6
GUIDELINE = load(DEFAULT, ON)
GROUPED = {group.finding for group in GROUPS}
Told = tuple[tuple[Any, ...], dict[str, Any]]


def people(count: int, seed: int) -> list[tuple[pl.DataFrame, pl.DataFrame]]:
    """One-row findings and the events of each."""
    events = Events.of([row for rows in patients(count, seed).values() for row in rows])
    return [
        (row, events.frame.filter(pl.col("patient_id") == row["patient_id"][0]))
        for row in find(events, ON).iter_slices(1)
    ]


def key(finding: str, sets: dict[str, Any]) -> tuple[Any, ...]:
    value = sets.get(finding)
    return finding, round(value, 6) if isinstance(value, float) else tuple(sorted(sets.items(), key=str))


def plain(then: dict[str, Any]) -> dict[str, Any]:
    return {name: sorted(value) if name == "causes" else value for name, value in then.items()}


def by_kernel(found: WouldChange) -> list[Told]:
    told = [(tuple(key(part.finding, part.sets) for part in one.parts), plain(one.then)) for one in found.changes]
    return sorted(told, key=str)


@pytest.mark.slow
@pytest.mark.parametrize("part", range(PARTS))
def test_single_changes_are_those_found_one_by_one(part: int) -> None:
    for row, _ in people(PEOPLE // PARTS, SEED * 1000 + part):
        now = row.row(0, named=True)
        left_out = skipped(now)
        kernel = [one for one in by_kernel(would_change(row, GUIDELINE)) if len(one[0]) == 1]
        kernel = [one for one in kernel if one[0][0][0] not in left_out]
        assert kernel == sorted(tried(now), key=str), now["patient_id"]


def tried(now: dict[str, Any]) -> list[Told]:
    """Every single thing found out alone that alters a field."""
    alone = [(one,) for one in things_to_find_out(now, GUIDELINE) if one[0] not in skipped(now)]
    return [said(one) for one in altered(now, alone, GUIDELINE, tuple(FIELDS))]


def said(one: Altering) -> Told:
    return tuple(key(*found) for found in one[0]), one[1]


def skipped(now: dict[str, Any]) -> set[str]:
    """What is asked in one breath, and samples on treatment, which set several findings at once."""
    fresh = ("latest", "before") if not treated(now) else ("latest",)
    sampled = {name for name, one in catalogue().items() if one.kind == "measurement" and one.selector not in fresh}
    grouped = {
        name
        for one in inputs(now, catalogue(), GUIDELINE)
        if one.finding in GROUPED
        for answer in one.answers.values()
        for name in answer
    }
    return sampled | grouped | GROUPED


def test_smallest_changes_pairs_too_are_those_found_by_trying_all() -> None:
    read = compile_tables(GUIDELINE, list(FIELDS.values())).read
    for row, events in people(max(PEOPLE // 50, 4), SEED * 77):
        now = row.row(0, named=True)
        found = would_change(row, GUIDELINE, events)
        things = [(one.finding, sets) for one in inputs(now, read, GUIDELINE, events) for sets in one.answers.values()]
        left = tuple(
            name for name in FIELDS if not any(name in one.then for one in found.changes if len(one.parts) == 1)
        )
        needed = compile_tables(GUIDELINE, [FIELDS[name] for name in left]).read
        paired = [one for one in things if any(name in needed for name in one[1])][:PAIRED]
        expected = [said(one) for one in smallest(now, things, GUIDELINE, paired)]
        assert by_kernel(found) == sorted(expected, key=str), now["patient_id"]


@pytest.mark.parametrize("part", range(3))
def test_a_change_it_names_alters_the_answer_and_what_would_not_does_not(part: int) -> None:
    read = compile_tables(GUIDELINE, list(FIELDS.values())).read
    for row, events in people(PEOPLE * 2, SEED * 5000 + part):
        found = would_change(row, GUIDELINE, events)
        now = row.row(0, named=True)
        in_vain = [one for one in inputs(now, read, GUIDELINE, events) if one.test in found.would_not]
        sets = [_sets(one) for one in found.changes] + [answer for one in in_vain for answer in one.answers.values()]
        trace = decide(varied(row, [{}, *sets]), GUIDELINE)
        outcomes = trace.select([f"output.{name}" for name in FIELDS if name != "causes"] + [pl.col("^cause\\..*$")])
        first, *others = outcomes.rows()
        changed = [one != first for one in others]
        assert all(changed[: len(found.changes)])
        decisive = [one[:3] != first[:3] for one in others]
        assert not any(decisive[len(found.changes) :])


def _sets(change: Change) -> dict[str, Any]:
    return {name: value for part in change.parts for name, value in part.sets.items()}
