"""What must never change an answer, and what must never relax one, for generated people under every guideline."""

from __future__ import annotations

import random
from collections import Counter
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import polars as pl
import pytest

from cobalamin.assess import assess
from cobalamin.findings import find
from cobalamin.guidance import Guideline
from cobalamin.vocabulary.catalogue import catalogue
from cobalamin.vocabulary.concepts import concepts
from tests.generative.compare import Rows, by_patient, events_of
from tests.generative.patients import patients
from tests.generative.thresholds import ON, guidelines
from tests.generative.varied import asked_findings, caution, varied

SHIPPED = [pytest.param(guideline, id=guideline.id) for guideline in guidelines()[1:]]
# An injection becomes a tablet only where each of these is an explicit answer (clinician's rule R9).
ASKED_BEFORE_TABLETS = (
    "if_antibody_positive", "pernicious_anaemia", "autoimmune_gastritis", "gastrectomy_total",
    "gastrectomy_unspecified", "ileal_resection_complete", "ileal_resection_unspecified", "leber", "optic_disease",
    "ever_neurological", "adherence_poor", "swallowing_difficulty", "agrees_to_tablets",
)  # fmt: skip
Answer = dict[str, Any]


@cache
def population() -> dict[str, Rows]:
    """The same people for every test of this file."""
    return patients(150, seed=77)


def answers(people: dict[str, Rows], guideline: Guideline) -> dict[str, Answer]:
    """Findings (without the places of their rows), trace and plan of each person."""
    made = assess(events_of(people), guideline, on=ON)
    findings = made.findings.drop([name for name in made.findings.columns if name.endswith(".row")])
    found = by_patient(findings)
    for name, trace in by_patient(made.trace).items():
        found[name] = found[name] | trace | {"plan": []}
    for item in made.plan.to_dicts():
        found[item["patient_id"]]["plan"].append(item)
    return found


def default() -> Guideline:
    """The guideline that is used when none is named."""
    return guidelines()[1]


def test_order_copies_and_irrelevant_events_change_nothing() -> None:
    chance = random.Random(5)
    used = {name for finding in catalogue().values() for name in finding.concepts}
    idle = [name for name, one in concepts().items() if one.kind in ("lab", "condition") and name not in used]
    changed = {}
    for name, rows in population().items():
        copies = [dict(row) | {"source": "zz copy"} for row in rows if chance.random() < 0.5]
        moment = datetime.combine(ON, datetime.min.time()) - timedelta(days=chance.randint(0, 900))
        noise = [{"patient_id": name, "concept": one, "time": moment, "until": moment, "value": 1.0, "source": "noise"}
                 for one in chance.sample(idle, 3)]  # fmt: skip
        changed[name] = [*rows, *copies, *noise]
        chance.shuffle(changed[name])
    assert answers(changed, default()) == answers(population(), default())


def test_alone_and_among_many_the_answer_is_the_same() -> None:
    together = answers(population(), default())
    for name in list(population())[:10]:
        assert answers({name: population()[name]}, default())[name] == together[name]


def test_what_is_learnt_later_never_matters_before() -> None:
    night = datetime.combine(ON, datetime.max.time())
    learnt = {
        name: [row for row in rows if (row.get("known_at") or row["time"] or night) <= night]
        for name, rows in population().items()
    }
    learnt = {name: rows for name, rows in learnt.items() if rows}
    before = answers(population(), default())
    assert answers(learnt, default()) == {name: before[name] for name in learnt}


def test_the_family_changes_nothing_about_the_person() -> None:
    day = datetime.combine(ON, datetime.min.time()) - timedelta(days=100)
    family = [name for name in concepts() if name.startswith("family_")]
    told = {
        name: [
            *rows,
            *({"patient_id": name, "concept": one, "time": day, "until": None, "source": "family"} for one in family),
        ]
        for name, rows in population().items()
    }
    own = [column for column in find(events_of(told), ON).columns if not column.startswith("finding.family_")]
    own = [column for column in own if not column.endswith(".row")]
    assert find(events_of(told), ON).select(own).equals(find(events_of(population()), ON).select(own))


LATER_RESULTS = {
    "lab_b12_total": ((400.0, "normal"), (2000.0, "high")),
    "lab_b12_active": ((100.0, "normal"), (250.0, "high")),
    "lab_mma_serum": ((150.0, "normal"),),
    "lab_homocysteine": ((8.0, "normal"),),
}
NEVER_CHANGES = ("output.status", "output.route", "output.route_strength", "output.regimen")


ON_TREATMENT = {
    "lab_b12_total": "b12_on_treatment",
    "lab_b12_active": "active_b12_on_treatment",
    "lab_mma_serum": "mma_on_treatment",
    "lab_homocysteine": "homocysteine_on_treatment",
}


@pytest.mark.parametrize("guideline", SHIPPED)
@pytest.mark.parametrize("marker", LATER_RESULTS)
def test_a_first_reassuring_result_after_treatment_changes_no_verdict(guideline: Guideline, marker: str) -> None:
    assert not changed_by_a_later_result(guideline, marker, only_the_first=True)


@pytest.mark.parametrize("guideline", SHIPPED)
def test_a_reassuring_result_after_a_low_one_on_treatment_changes_no_verdict(guideline: Guideline) -> None:
    changed = [changed_by_a_later_result(guideline, marker, only_the_first=False) for marker in LATER_RESULTS]
    assert not any(changed)


def changed_by_a_later_result(guideline: Guideline, marker: str, *, only_the_first: bool) -> Counter[str]:
    """How often each verdict changed when treated people had a reassuring result today."""
    before = before_a_later_result(guideline.id)
    earlier = [f"finding.{ON_TREATMENT[marker]}{part}" for part in ("", ".flag")]
    treated = [name for name, found in before.items() if _treated_before_today(found)]
    if only_the_first:
        treated = [name for name in treated if all(before[name][column] is None for column in earlier)]
    assert len(treated) > 30
    changed: Counter[str] = Counter()
    for value, word in LATER_RESULTS[marker]:
        told = {name: [*population()[name], _today(name, marker, value, word)] for name in treated}
        for name, found in answers(told, guideline).items():
            changed.update(_verdicts_that_differ(before[name], found))
    return changed


@cache
def before_a_later_result(guideline: str) -> dict[str, Answer]:
    """The answers without it, under the guideline of an id."""
    return answers(population(), next(one for one in guidelines() if one.id == guideline))


def _treated_before_today(found: Answer) -> bool:
    first = found["finding.first_b12_dose"]
    return first is not None and first < ON


def _verdicts_that_differ(was: Answer, now: Answer) -> list[str]:
    causes = [column for column in now if column.startswith("cause.")]
    stops = [[item["what"] for item in answer["plan"] if item["kind"] == "stop"] for answer in (was, now)]
    differ = [column for column in (*NEVER_CHANGES, *causes) if was[column] != now[column]]
    return differ + (["stop"] if stops[0] != stops[1] else [])


def _today(name: str, marker: str, value: float, word: str) -> dict[str, Any]:
    moment = datetime.combine(ON, datetime.max.time()).replace(microsecond=0)
    return {"patient_id": name, "concept": marker, "time": moment, "until": moment, "precision": "second",
            "value": value, "unit": concepts()[marker].unit, "flag": word, "source": "later"}  # fmt: skip


@cache
def some_findings() -> pl.DataFrame:
    """Findings of the people whose single answers are varied."""
    return find(events_of(patients(24, seed=78)), ON)


@pytest.mark.slow
@pytest.mark.parametrize("guideline", SHIPPED)
def test_not_knowing_is_never_calmer_than_knowing_it_is_absent(guideline: Guideline) -> None:
    frame = pl.concat(varied(some_findings(), finding) for finding in asked_findings(guideline))
    calmer = {key: one for key, one in caution(frame, guideline).items() if is_calmer_unknown(one)}
    assert not calmer, list(calmer.items())[:5]


def is_calmer_unknown(one: dict[str, dict[str, Any]]) -> bool:
    """Unknown gives less urgency, less than an injection, nothing, or a stop, where neither yes nor no does so."""
    unknown, no, yes = (one[word] for word in ("unknown", "no", "yes"))
    less_urgent = unknown["urgency"] < min(no["urgency"], yes["urgency"])
    tablets = unknown["relaxed"] and no["route"] == yes["route"] == "injection"
    nothing = unknown["route"] == "none" and "none" not in (no["route"], yes["route"])
    stop = unknown["stop"] and not (no["stop"] or yes["stop"])
    return less_urgent or tablets or nothing or stop


@cache
def injected_people() -> pl.DataFrame:
    """Findings of people who are on injections."""
    return find(events_of(patients(400, seed=79)), ON).filter("finding.on_injections")


@pytest.mark.slow
@pytest.mark.parametrize("guideline", SHIPPED)
def test_injections_never_become_tablets_while_a_safety_question_is_open(guideline: Guideline) -> None:
    frame = pl.concat(varied(injected_people(), finding) for finding in ASKED_BEFORE_TABLETS)
    switched = [key for key, one in caution(frame, guideline).items() if one["unknown"]["route"] == "tablets"]
    assert not switched
