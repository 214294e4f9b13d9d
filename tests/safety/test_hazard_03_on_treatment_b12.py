"""H03: a B12 taken on treatment is read as cured, or as never deficient."""

from __future__ import annotations

from functools import cache
from typing import Any

import polars as pl
import pytest

from cobalamin.assess import Assessment
from cobalamin.decision import decide
from cobalamin.guidance import Guideline
from tests.safety.people import (
    ON,
    People,
    Row,
    adult,
    asked,
    assessed,
    crowd,
    default,
    fact,
    injection,
    lab,
    one,
    outcomes,
    schedule,
    vignettes,
)

CALM_RESULTS: dict[str, tuple[str, tuple[float, ...]]] = {
    "lab_b12_total": ("pmol/L", (260.0, 600.0, 1480.0)),
    "lab_b12_active": ("pmol/L", (71.0, 250.0)),
    "lab_mma_serum": ("nmol/L", (120.0, 260.0)),
    "lab_homocysteine": ("umol/L", (7.0,)),
}


def decided(row: dict[str, Any]) -> dict[str, Any]:
    """What may not change: status, cause, route and what is stopped."""
    stops = [
        f"rule.{table.name}.{rule.id}"
        for table in default().tables.values()
        for rule in table.rules
        if any(item.kind == "stop" for item in rule.plan)
    ]
    causes = [name for name in row if name.startswith("cause.")]
    return {name: row[name] for name in ("output.status", "output.route", *causes, *stops)}


@cache
def treated() -> tuple[Assessment, People]:
    """People with a first B12 at least a month ago and no result on treatment, so that any added one is the latest."""
    everybody = crowd(500, 303) | vignettes() | by_hand()
    found = assessed(everybody).findings
    begun = (pl.lit(ON) - pl.col("finding.first_b12_dose")).dt.total_days() >= 30
    silent = [
        pl.col(f"finding.{name}").is_null() & pl.col(f"finding.{name}.flag").is_null()
        for name in ("b12_on_treatment", "active_b12_on_treatment", "mma_on_treatment", "homocysteine_on_treatment")
    ]
    kept = found.filter(begun, *silent)["patient_id"].to_list()
    mine = {name: everybody[name] for name in kept}
    return assessed(mine), mine


def by_hand() -> People:
    low = lab("lab_b12_total", 95.0, "pmol/L", -420)
    return {
        "hand-diet": adult(low, fact("diet_vegan", -2000), schedule(-400, 91.3125), *asked()),
        "hand-antibody": adult(low, fact("cond_pernicious_anaemia", -400), schedule(-400, 91.3125), *asked()),
        "hand-legacy": adult(schedule(-900, 91.3125)),
        "hand-nerves": adult(low, fact("sym_numbness", -430, until=None), injection(-400), injection(-100), *asked()),
    }


def with_result(concept: str, value: float, unit: str, days: int) -> People:
    _, people = treated()
    return {name: [*rows, lab(concept, value, unit, days)] for name, rows in people.items()}


@pytest.mark.parametrize("days", [0, -5, -20])
@pytest.mark.parametrize("concept", CALM_RESULTS)
def test_a_normal_or_high_result_on_treatment_changes_nothing(concept: str, days: int) -> None:
    unit, values = CALM_RESULTS[concept]
    before, _ = treated()
    was = outcomes(before)
    for value in values if days == -5 else values[-1:]:
        now = outcomes(assessed(with_result(concept, value, unit, days)))
        changed = {
            name: (decided(was[name]), decided(now[name])) for name in was if decided(was[name]) != decided(now[name])
        }
        assert {name: [key for key in one if one[key] != other[key]] for name, (one, other) in changed.items()} == {}


def test_the_people_are_varied_enough_to_tell() -> None:
    before, people = treated()
    assert len(people) > 60
    assert set(before.trace["output.status"].unique()) >= {"deficient", "indeterminate", "not_established"}
    assert set(before.trace["output.route"].unique()) >= {"injection", "tablets", "undecided"}


def test_reading_it_as_if_from_before_treatment_is_caught() -> None:
    """The control broken: results on treatment stand where those from before it belong."""
    before, _ = treated()
    later = assessed(with_result("lab_b12_total", 600.0, "pmol/L", -5))
    swapped = later.findings.with_columns(
        pl.col(f"finding.b12_on_treatment{part}").alias(f"finding.b12_before_treatment{part}")
        for part in ("", ".unit", ".cmp", ".flag", ".time", ".row")
    )
    was, now = outcomes(before), {row["patient_id"]: row for row in decide(swapped, default()).to_dicts()}
    assert any(decided(was[name]) != decided(now[name]) for name in was)


@pytest.mark.parametrize("flag", ["normal", "high"])
def test_a_result_in_words_on_treatment_changes_nothing_either(flag: str) -> None:
    _, people = treated()
    was = outcomes(treated()[0])
    row = lab("lab_b12_total", None, "", -5, flag=flag, text=flag)
    now = outcomes(assessed({name: [*rows, row] for name, rows in people.items()}))
    assert [name for name in was if decided(was[name]) != decided(now[name])] == []


def test_a_normal_b12_on_injections_says_that_it_proves_nothing() -> None:
    rows = adult(schedule(-900, 91.3125), lab("lab_b12_total", 900.0, "pmol/L", -5))
    found = one(rows)
    assert (found["status"], found["route"]) == ("not_established", "injection")
    assert any("proves nothing" in reason["says"] for reason in found["reasons"])
    assert found["status_basis"] is None


def test_a_sample_on_the_day_of_the_first_dose_still_counts_as_before() -> None:
    rows: list[Row] = adult(injection(-30), lab("lab_b12_total", 90.0, "pmol/L", -30))
    found = one(rows)
    assert found["status"] == "deficient"
    assert found["status_basis"]["before_treatment"] is True


def test_a_low_result_on_treatment_does_count() -> None:
    rows: list[Row] = adult(schedule(-900, 91.3125), lab("lab_b12_total", 90.0, "pmol/L", -5))
    assert one(rows)["status"] == "deficient"


def test_futile_repeats_are_advised_against() -> None:
    found = one(adult(schedule(-900, 91.3125), lab("lab_b12_total", 900.0, "pmol/L", -5)))
    assert found["testing"]["advice"] == "do_not_repeat"
    assert "total_b12" not in found["testing"]["tests"]


def test_status_is_the_same_on_every_guideline_day() -> None:
    """A guideline object that reads results after treatment must not ship: no status row relaxes on one."""
    calm = {"unlikely"}
    after = (
        "b12_on_treatment",
        "active_b12_on_treatment",
        "mma_on_treatment",
        "homocysteine_on_treatment",
        "b12_latest",
    )
    assert _rows_reading(default(), calm, after) == []


def _rows_reading(guideline: Guideline, outcomes_of: set[str], names: tuple[str, ...]) -> list[str]:
    from cobalamin.guidance.conditions import atoms

    found = []
    for rule in guideline.tables["status"].rules:
        read, todo = set(), [rule.when]
        while todo:
            for atom in atoms(todo.pop()):
                name = atom[1] if len(atom) > 1 else ""
                if name in guideline.terms and name not in read:
                    todo.append(guideline.terms[name].when)
                read.add(name)
        if rule.then["status"] in outcomes_of and read & set(names):
            found.append(rule.id)
    return found


@pytest.mark.parametrize(
    "stop", ["status_b12_injections_stopped", "care_injections_stopped_with_reason", "care_oral_b12_stopped"]
)
def test_a_result_after_treatment_known_only_by_its_stop_is_not_from_before_it(stop: str) -> None:
    found = assessed({"x": [*adult(), fact(stop, -300), lab("lab_b12_total", 370.0, "pmol/L", -5)]})
    assert found.findings["finding.ever_b12_treated"].to_list() == [True]
    assert found.findings["finding.b12_before_treatment"].to_list() == [None]
    assert found.trace["output.status"].to_list() == ["not_established"]


def test_a_stop_after_recorded_doses_leaves_the_earlier_result_as_from_before_them() -> None:
    rows = [lab("lab_b12_total", 90.0, "pmol/L", -900), injection(-800), fact("status_b12_injections_stopped", -300)]
    found = assessed({"x": [*adult(), *rows]})
    assert found.findings["finding.b12_before_treatment"].to_list() == [90.0]
