"""The smallest changes, found by the kernel in one frame, are those that trying everything one by one finds.

`COBALAMIN_PEOPLE=2000 pytest tests/generative/test_variation.py` tries more people; `COBALAMIN_SEED` others.
"""

from __future__ import annotations

import os
import random
from datetime import timedelta
from typing import Any

import polars as pl
import pytest

from cobalamin.decision import decide
from cobalamin.decision.changes import PAIRED, every_change
from cobalamin.decision.compile import compile_tables
from cobalamin.decision.inputs import NOT_DONE, Input, inputs, treated, with_bases
from cobalamin.decision.questions import GROUPS, SEXES
from cobalamin.decision.rows import varied
from cobalamin.decision.variation import Change, would_change
from cobalamin.events import Events
from cobalamin.findings import find
from cobalamin.guidance import DEFAULT, Guideline, available, load
from cobalamin.vocabulary.catalogue import catalogue
from tests.generative.facts import fact
from tests.generative.patients import patients
from tests.generative.thresholds import ON
from tests.reference.variation import FIELDS, Altering, Found, altered, smallest, things_to_find_out

PEOPLE = int(os.environ.get("COBALAMIN_PEOPLE", "18"))
SEED = int(os.environ.get("COBALAMIN_SEED", "1"))
GUIDELINES = [load(name, ON) for name in available() if name != "common"]
GUIDELINE = load(DEFAULT, ON)
# Each part runs under another guideline.
PARTS = len(GUIDELINES)
GROUPED = {group.finding for group in GROUPS}
# What eGFR and the combined indicator are computed from: between which values, and the unit.
COMPUTED_FROM = {
    "lab_creatinine": (40, 260, "umol/L"),
    "lab_b12_total": (90, 400, "pmol/L"),
    "lab_b12_active": (15, 90, "pmol/L"),
    "lab_mma_serum": (150, 2600, "nmol/L"),
    "lab_homocysteine": (8, 40, "umol/L"),
}
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
    return finding, float(f"{value:.8g}") if isinstance(value, float) else tuple(sorted(sets.items(), key=str))


def plain(then: dict[str, Any]) -> dict[str, Any]:
    return {name: sorted(value) if name == "causes" else value for name, value in then.items()}


def by_kernel(changes: list[Change]) -> list[Told]:
    told = [(tuple(key(part.finding, part.sets) for part in one.parts), plain(one.then)) for one in changes]
    return sorted(told, key=str)


@pytest.mark.slow
@pytest.mark.parametrize("part", range(PARTS))
def test_single_changes_are_those_found_one_by_one(part: int) -> None:
    guideline = GUIDELINES[part]
    for row, _ in people(PEOPLE // PARTS, SEED * 1000 + part):
        now = row.row(0, named=True)
        left_out = skipped(now, guideline)
        _, _, changes = every_change(row, guideline)
        kernel = [one for one in by_kernel(changes) if len(one[0]) == 1]
        kernel = [one for one in kernel if one[0][0][0] not in left_out]
        assert kernel == sorted(tried(now, guideline), key=str), now["patient_id"]


def with_kidneys_and_markers(count: int, seed: int) -> list[pl.DataFrame]:
    """Generated people who also have what eGFR and the combined indicator are computed from."""
    chance, rows = random.Random(seed), patients(count, seed)
    for name, own in rows.items():
        day = ON - timedelta(days=chance.randint(0, 20))
        for concept, (low, high, unit) in COMPUTED_FROM.items():
            if chance.random() < 0.85:
                told = {
                    "patient_id": name,
                    "source": "made",
                    "value": round(chance.uniform(low, high), 1),
                    "unit": unit,
                }
                own.append(fact(chance, ON, concept, day) | told)
    return list(find(Events.of([row for own in rows.values() for row in own]), ON).iter_slices(1))


@pytest.mark.slow
@pytest.mark.parametrize("part", range(PARTS))
def test_what_is_derived_follows_creatinine_age_and_the_four_markers(part: int) -> None:
    crossed, guideline = 0, GUIDELINES[part]
    for row in with_kidneys_and_markers(PEOPLE // 3, SEED * 3000 + part):
        now = row.row(0, named=True)
        _, _, changes = every_change(row, guideline)
        alone = [one for one in by_kernel(changes) if len(one[0]) == 1 and one[0][0][0] not in skipped(now, guideline)]
        assert alone == sorted(tried(now, guideline), key=str), now["patient_id"]
        tried_values = [one for one in things_to_find_out(now, guideline) if one[0] in ("creatinine", "egfr_reported")]
        crossed += len(tried_values)
    assert crossed > 0


def tried(now: dict[str, Any], guideline: Guideline) -> list[Told]:
    """Every single thing found out alone that alters a field."""
    alone: list[tuple[Found, ...]] = [
        (one,) for one in things_to_find_out(now, guideline) if one[0] not in skipped(now, guideline)
    ]
    return [said(one) for one in altered(now, alone, guideline, tuple(FIELDS))]


def said(one: Altering) -> Told:
    return tuple(key(*found) for found in one[0]), one[1]


def skipped(now: dict[str, Any], guideline: Guideline) -> set[str]:
    """What is asked in one breath, and samples on treatment, which set several findings at once."""
    fresh = ("latest", "before") if not treated(now) else ("latest",)
    sampled = {name for name, one in catalogue().items() if one.kind == "measurement" and one.selector not in fresh}
    grouped = {
        name
        for one in inputs(now, catalogue(), guideline)
        if one.finding in GROUPED
        for answer in one.answers.values()
        for name in answer
    }
    return sampled | grouped | GROUPED | {*SEXES}


def test_smallest_changes_pairs_too_are_those_found_by_trying_all() -> None:
    for row, events in people(max(PEOPLE // 50, 4), SEED * 77):
        now = row.row(0, named=True)
        found, _, changes = every_change(row, GUIDELINE, events)
        things = [(one.finding, sets) for one in found for sets in one.answers.values()]
        left = tuple(name for name in FIELDS if not any(name in one.then for one in changes if len(one.parts) == 1))
        paired = [one for one in things if depends(one[1], left)][:PAIRED]
        expected = [said(one) for one in smallest(now, things, GUIDELINE, paired, read_together(found))]
        assert by_kernel(changes) == sorted(expected, key=str), now["patient_id"]


def read_together(found: list[Input]) -> list[tuple[str, dict[str, Any]]]:
    """Tests not done yet that status can depend on."""
    tests = [one for one in found if one.why == NOT_DONE and one.measured is not None]
    return [(one.finding, sets) for one in tests for sets in one.answers.values() if depends(sets, ("status",))]


def depends(sets: dict[str, Any], fields: tuple[str, ...]) -> bool:
    read = with_bases(compile_tables(GUIDELINE, [FIELDS[name] for name in fields]).read)
    return any(name in read for name in sets)


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
