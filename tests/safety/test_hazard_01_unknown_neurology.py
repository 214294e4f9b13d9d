"""H01: unknown nerve symptoms are read as "no"."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import polars as pl
import pytest

from cobalamin.assess import Assessment
from cobalamin.decision import decide
from cobalamin.findings import find
from cobalamin.guidance import Guideline
from cobalamin.guidance.conditions import atoms
from cobalamin.vocabulary.catalogue import catalogue
from tests.safety.broken import with_term
from tests.safety.people import (
    ON,
    adult,
    asked,
    assessed,
    blanked,
    booleans,
    crowd,
    default,
    events_of,
    fact,
    lab,
    one,
    tablets,
    told,
    vignettes,
    word,
)

URGENCIES = ("none", "routine", "urgent", "emergency")
RELAXED = ("tablets", "either", "none")
# Verdicts rest on a result, or on another explanation that fits: they may stand while a question is open, and the
# answer then asks it. Tablets that already run are kept, not begun, by their own row.
VERDICTS = {"unlikely", "under_16_unlikely", "cord_or_eye_not_b12", "explained_elsewhere"}
KEPT = {"tablets_run"}
CALM = {
    "unlikely",
    "other_explanation_iron",
    "other_explanation_medicine_blood",
    "other_explanation_medicine_nerves",
    "other_explanation_one_nerve",
}
# Reasons against beginning tablets that count where they are on record; nobody is asked for all of them first.
ON_RECORD = {
    "leber",
    "family_leber",
    "optic_disease",
    "swallowing_difficulty",
    "adherence_poor",
    "oral_failed",
    "cognitive_impairment",
    "dementia",
    "frailty",
    "confusion",
    "psychosis",
    "personality_change",
    "cognitive_test_low",
    "pancytopenia_coded",
    "refuses_injections",
}


@dataclass(frozen=True)
class Change:
    """What the answer was with a finding, and what it became when nobody had asked for it."""

    patient: str
    finding: str
    said: bool
    denied_as_a_whole: bool
    before: dict[str, Any]
    after: dict[str, Any]

    @property
    def route(self) -> tuple[str, str]:
        return self.before["output.route"], self.after["output.route"]

    @property
    def urgency(self) -> tuple[int, int]:
        return URGENCIES.index(self.before["output.urgency"]), URGENCIES.index(self.after["output.urgency"])

    @property
    def new_stops(self) -> list[str]:
        return [name for name in stop_columns() if self.after[name] and not self.before[name]]

    def __str__(self) -> str:
        rows = [(name, self.before[name], self.after[name]) for name in ("table.route", "table.urgency")]
        return f"{self.patient} {self.finding}={self.said}: {rows} stops {self.new_stops}"


@cache
def stop_columns() -> tuple[str, ...]:
    """Trace columns of the rows that plan a stop of B12 (a stop of nitrous oxide relaxes nothing)."""
    return tuple(
        f"rule.{table.name}.{rule.id}"
        for table in default().tables.values()
        for rule in table.rules
        if any(item.kind == "stop" and item.what.startswith("B12") for item in rule.plan)
    )


@cache
def people() -> Assessment:
    return assessed(crowd(100, 101) | vignettes())


def changes(guideline: Guideline, names: list[str]) -> Iterator[Change]:
    """Each person once for each yes-or-no finding that is known of them, with that one blanked."""
    findings = people().findings
    columns = ["table.route", "table.urgency", "output.route", "output.urgency", *stop_columns()]
    before = decide(findings, guideline).select("patient_id", *columns)
    for start in range(0, len(names), 40):
        parts = []
        for name in names[start : start + 40]:
            known = findings.filter(pl.col(f"finding.{name}").is_not_null())
            parts.append(blanked(known, name).with_columns(name=pl.lit(name), said=known[f"finding.{name}"]))
        frame = pl.concat(parts)
        after = decide(frame, guideline).select(pl.col(columns).name.suffix(".after"))
        both = frame.select("patient_id", "name", "said", "finding.neurology_denied").hstack(after)
        for row in both.join(before, on="patient_id", how="left").iter_rows(named=True):
            yield Change(
                row["patient_id"],
                row["name"],
                row["said"],
                bool(row["finding.neurology_denied"]),
                {name: row[name] for name in columns},
                {name: row[f"{name}.after"] for name in columns},
            )


def relaxed(change: Change) -> bool:
    """True where not knowing made the answer calmer than it may."""
    if change.said is False:
        return _calmer(change) or bool(change.new_stops)
    was, now = change.route
    row = change.after["table.route"]
    to_tablets = was == "injection" and now in RELAXED and row not in VERDICTS | KEPT
    excused = (
        change.denied_as_a_whole or change.finding in ON_RECORD or catalogue()[change.finding].domain == "laboratory"
    )
    drops, now_urgency = change.urgency[1] < change.urgency[0], change.after["table.urgency"]
    to_nothing = drops and change.urgency[1] == 0 and now_urgency not in CALM
    return (to_tablets and not excused) or to_nothing or bool(change.new_stops)


def _calmer(change: Change) -> bool:
    was, now = change.route
    return (
        change.urgency[1] < change.urgency[0]
        or (was in ("injection", "undecided") and now in RELAXED)
        or (was == "either" and now in ("tablets", "none"))
    )


@cache
def found() -> tuple[Change, ...]:
    return tuple(changes(default(), booleans()))


def test_the_people_are_varied_enough_to_tell() -> None:
    """Without every outcome among them, silence would prove nothing."""
    routes = {change.before["output.route"] for change in found()}
    urgencies = {change.before["output.urgency"] for change in found()}
    assert routes >= {"injection", "tablets", "none", "undecided"}
    assert urgencies == set(URGENCIES)
    assert len(found()) > 4_000
    assert len({change.finding for change in found()}) > 120


def test_an_answer_no_that_was_never_given_relaxes_nothing() -> None:
    """Urgency, route and stop with "not asked" are never calmer than with an explicit no."""
    assert [str(change) for change in found() if change.said is False and relaxed(change)] == []


def test_a_danger_nobody_asked_for_never_ends_in_tablets_or_none() -> None:
    """With the finding injections, without it tablets or no B12: only a verdict from results may do that."""
    assert [str(change) for change in found() if change.said and relaxed(change)] == []


def test_reading_open_as_no_is_caught() -> None:
    """The control broken: nerves count as absent when they are only not recorded."""
    broken = with_term(default(), "neurology_absent", {"neurology_recorded": False})
    assert any(relaxed(change) for change in changes(broken, booleans("symptoms", "signs")))


def test_relaxing_rows_read_no_term_that_turns_unknown_into_no_for_nerves_and_lifelong_causes() -> None:
    """Rows that begin tablets for the deficient lean on `tablets_safe_at_start`, whose nerves are explicit."""
    terms = default().terms
    safe = {atom[1] for atom in atoms(terms["tablets_safe_at_start"].when)}
    assert {"neurology_absent", "r7_by_history"} <= safe
    assert not {"neurology_recorded", "r7_recorded"} & safe
    excluded = {atom[1] for atom in atoms(terms["tablets_exclusions_all_no"].when)}
    assert {
        "never_neurological",
        "r7_lifelong",
        "count_normal",
        "leber",
        "family_leber",
        "optic_disease",
        "adherence_poor",
        "swallowing_difficulty",
        "agrees_to_tablets",
    } <= excluded


@pytest.mark.parametrize(
    "name", booleans("symptoms", "signs", "conditions", "procedures", "allergies", "family", "history")
)
def test_silence_is_no_only_inside_coverage_and_only_where_the_catalogue_says_so(name: str) -> None:
    finding = catalogue()[name]
    silent, covered = _silent_and_covered()
    assert silent[finding.column] is None
    assert covered[finding.column] is (False if finding.silence == "no" else None)


@cache
def _silent_and_covered() -> tuple[dict[str, Any], dict[str, Any]]:
    domains = {one.domain for one in catalogue().values()} - {"derived"}
    people = {"silent": adult(), "whole": adult(*asked(*sorted(domains)))}
    frame = find(events_of(people), ON)
    rows = {row["patient_id"]: row for row in frame.to_dicts()}
    return rows["silent"], rows["whole"]


LOW = {"name": "Vitamin B12", "value": 95, "unit": "pmol/L", "day": -5}


def test_low_b12_and_nobody_asked_gives_dose_1_and_asks_about_nerves_among_the_first() -> None:
    found = told({"patient": {"age": 58, "sex": "female"}, "labs": [LOW]}, questions=True)
    assert (found["route"], found["urgency"]) == ("injection", "routine")
    first = next(one for one in found["missing"][:3] if one["finding"] == "neurology_denied")
    assert any(change["then"].get("urgency") in ("urgent", "emergency") for change in first["would_change"])
    assert "ask_about_nerves" in {alert["id"] for alert in found["alerts"]}


def test_tablets_that_run_are_kept_only_with_the_question_that_would_end_them() -> None:
    rows = adult(lab("lab_b12_total", 95.0, "pmol/L", -60), tablets(-30), fact("diet_vegan"))
    found = one(rows)
    assert found["route"] in ("tablets", "undecided", "injection")
    asked_now = told(
        {
            "patient": {"age": 58, "sex": "female"},
            "history": {"diet": "vegan"},
            "labs": [{**LOW, "day": -60}],
            "treatment_so_far": [
                {"drug": "cyanocobalamin", "route": "oral", "dose": "1 mg", "schedule": "daily", "start_day": -30}
            ],
        },
        questions=True,
    )
    question = next(one for one in asked_now["missing"] if one["finding"] == "neurology_denied")
    assert any(change["then"].get("route") == "injection" for change in question["would_change"])


def test_tablets_stop_only_where_nerves_were_asked_about() -> None:
    """Settled, cause dealt with, nothing lifelong: a stop still waits for the answer about nerves."""
    rows = adult(
        lab("lab_b12_total", 95.0, "pmol/L", -200),
        tablets(-190),
        fact("diet_improved", -100),
        fact("trend_resolved", -5),
        word("lab_if_antibody", "negative"),
        *asked("conditions", "procedures"),
    )
    people = {"unasked": rows, "denied": [*rows, fact("sym_neurological_none")], "numb": [*rows, fact("sym_numbness")]}
    stops = assessed(people).plan.filter(pl.col("kind") == "stop")["patient_id"].to_list()
    assert stops == ["denied"]
