"""H09: stale, negated, family, duplicate or another laboratory's data decide."""

from __future__ import annotations

from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from cobalamin.assess import Assessment, assess
from cobalamin.findings import find
from cobalamin.guidance.load import load
from cobalamin.vocabulary.catalogue import Finding, catalogue
from tests.safety.coded import (
    SUBJECT,
    Json,
    anaphylaxis,
    concept,
    condition,
    medicine,
    observation,
    person,
    read,
)
from tests.safety.people import (
    ON,
    Row,
    adult,
    asked,
    assessed,
    crowd,
    default,
    events_of,
    fact,
    lab,
    one,
    outcomes,
    told,
    word,
)

BASE = [
    person(),
    observation("14685-2", 210, "pmol/L"),
    observation("718-7", 128, "g/L"),
    condition("44054006", "Type 2 diabetes"),
    medicine({"text": "Paracetamol 500mg tablets"}, -2500),
    anaphylaxis(id="a0", code={"text": "Penicillin"}),
    {
        "resourceType": "Procedure",
        "id": "p0",
        "status": "completed",
        "subject": SUBJECT,
        "performedDateTime": "2010-01-01",
        "code": concept("snomed", "80146002", "Appendectomy"),
    },
]
STATUS = {
    "refuted": {"verificationStatus": {"coding": [{"code": "refuted"}]}},
    "entered in error": {"verificationStatus": {"coding": [{"code": "entered-in-error"}]}},
}
NOISE: dict[str, Json] = {
    **{
        f"pernicious anaemia {why}": condition("84027009", "Pernicious anemia", **fields)
        for why, fields in STATUS.items()
    },
    **{
        f"neuropathy {why}": condition("302226006", "Peripheral nerve disease", **fields)
        for why, fields in STATUS.items()
    },
    **{f"Leber's {why}": condition("58610003", "Leber's optic atrophy", **fields) for why, fields in STATUS.items()},
    "B12 result in error": observation("14685-2", 40, "pmol/L", -5, status="entered-in-error"),
    "B12 result cancelled": observation("14685-2", 40, "pmol/L", -5, status="cancelled"),
    "gastrectomy not done": {
        "resourceType": "Procedure",
        "id": "x",
        "status": "not-done",
        "subject": SUBJECT,
        "code": concept("snomed", "26452005", "Total gastrectomy"),
        "performedDateTime": "2020-01-01",
    },
    "injection not given": {
        "resourceType": "MedicationAdministration",
        "id": "x",
        "status": "not-done",
        "subject": SUBJECT,
        "medicationCodeableConcept": {"text": "Hydroxocobalamin 1mg/1ml solution for injection"},
        "effectiveDateTime": "2025-12-01",
    },
    "B12 not taken": {
        **medicine({"text": "Cyanocobalamin 1mg tablets"}),
        "resourceType": "MedicationStatement",
        "status": "not-taken",
    },
    "digoxin in draft": {**medicine(concept("atc", "C01AA05", "digoxin")), "status": "draft"},
    "anaphylaxis refuted": anaphylaxis(verificationStatus={"coding": [{"code": "refuted"}]}),
    "a result of tomorrow": observation("14685-2", 40, "pmol/L", 1),
    "a disease of no importance": condition("195967001", "Asthma"),
}


def assessed_bundle(folder: Path, *resources: Json) -> Assessment:
    return assess(read(folder, *resources).events, default(), on=ON)


def same(one_of: Assessment, other: Assessment) -> bool:
    return one_of.trace.equals(other.trace) and one_of.plan.equals(other.plan)


@pytest.mark.parametrize("name", NOISE)
def test_what_is_not_true_of_the_person_changes_nothing_and_is_named(tmp_path: Path, name: str) -> None:
    plain, noisy = assessed_bundle(tmp_path, *BASE), assessed_bundle(tmp_path, *BASE, NOISE[name])
    assert same(plain, noisy)
    ledger = read(tmp_path, *BASE, NOISE[name]).ledger
    assert ledger.set_aside.total() + ledger.not_relevant.total() >= 1


@pytest.mark.parametrize(
    "resource",
    [
        condition("84027009", "Pernicious anemia"),
        condition("302226006", "Peripheral nerve disease"),
        observation("14685-2", 40, "pmol/L", -5),
    ],
)
def test_the_same_facts_when_true_do_change_it(tmp_path: Path, resource: Json) -> None:
    """The other side: the comparison above can fail."""
    assert not same(assessed_bundle(tmp_path, *BASE), assessed_bundle(tmp_path, *BASE, resource))


def test_a_relatives_disease_is_never_the_persons(tmp_path: Path) -> None:
    family = {
        "resourceType": "FamilyMemberHistory",
        "id": "x",
        "status": "completed",
        "patient": SUBJECT,
        "relationship": {"text": "mother"},
        "condition": [
            {"code": concept("snomed", "84027009", "Pernicious anemia")},
            {"code": concept("snomed", "302226006")},
        ],
    }
    plain, found = assessed_bundle(tmp_path, *BASE), assessed_bundle(tmp_path, *BASE, family)
    row = found.findings.row(0, named=True)
    assert row["finding.family_b12_deficiency"] is True
    assert not row["finding.pernicious_anaemia"] and not row["finding.peripheral_neuropathy_coded"]
    for name in ("output.status", "output.route", "output.urgency", "term.r7_recorded", "term.neurology_recorded"):
        assert plain.trace[name].to_list() == found.trace[name].to_list()


@pytest.mark.parametrize(
    "words",
    ["mother has pernicious anaemia", "father: gastrectomy", "no pernicious anaemia", "query pernicious anaemia"],
)
def test_family_and_negated_words_of_a_sheet_are_not_the_person(words: str) -> None:
    base = {
        "patient": {"age": 60, "sex": "female"},
        "labs": [{"name": "Vitamin B12", "value": 200, "unit": "pmol/L", "day": -2}],
    }
    plain, found = told(base), told(base | {"history": {"conditions": [words]}})
    assert (plain["route"], plain["status"]) == (found["route"], found["status"])
    assert "autoimmune_gastritis" not in {
        cause["cause"] for cause in found["causes"] if cause["certainty"] == "confirmed"
    }


def test_copies_and_the_order_of_entries_change_nothing(tmp_path: Path) -> None:
    more = [*BASE, condition("302226006", "Peripheral nerve disease"), medicine(concept("atc", "C01AA05", "digoxin"))]
    copies = [
        {**resource, "id": f"copy-{number}"}
        for number, resource in enumerate(more)
        if resource["resourceType"] != "Patient"
    ]
    assert same(assessed_bundle(tmp_path, *more), assessed_bundle(tmp_path, *reversed(copies), *more))


def test_doubled_events_change_nothing_in_a_crowd() -> None:
    people = crowd(150, 909)
    doubled = {name: [*({**row, "source": "copy"} for row in rows), *rows] for name, rows in people.items()}
    assert same(assessed(people), assessed(doubled))


STALE: dict[str, Row] = {
    "potassium": lab("lab_potassium", 2.5, "mmol/L", -31),
    "INR": lab("lab_inr", 6.0, "1", -31),
    "magnesium": lab("lab_magnesium", 0.3, "mmol/L", -31),
    "blasts": word("lab_film_blasts", "positive", -366),
    "inflammation": lab("lab_crp", 200.0, "mg/L", -91),
}


@pytest.mark.parametrize("name", STALE)
def test_a_result_past_its_window_decides_nothing(name: str) -> None:
    people = crowd(150, 909)
    was = assessed(people)
    now = assessed({name_of: [*rows, STALE[name]] for name_of, rows in people.items()})
    assert same(was, now)


# Findings that rest on one fact whose age decides; each gets one a day inside and one a day outside its window.
EDGED = [
    each.name
    for each in catalogue().values()
    if each.window_days and each.selector in ("current", "latest", "flag_latest", "before", "value")
]


def evidence(finding: Finding, days: int) -> Row:
    """One fact that answers this finding, so many days ago."""
    if finding.selector == "flag_latest":
        return word(finding.concepts[0], "positive", -days)
    if finding.kind in ("measurement", "number"):
        return lab(finding.concepts[0], 40.0, finding.unit, -days)
    when = fact(finding.concepts[0], -days)["time"]
    return fact(finding.concepts[0], -days, until=when)


@cache
def at_the_edges() -> dict[str, dict[str, Any]]:
    people = {
        f"{name}|{side}": adult(evidence(catalogue()[name], (catalogue()[name].window_days or 0) + side), age_years=40)
        for name in EDGED
        for side in (0, 1)
    }
    return {row["patient_id"]: row for row in find(events_of(people), ON).to_dicts()}


@pytest.mark.parametrize("name", EDGED)
def test_evidence_counts_on_the_last_day_of_its_window_and_not_on_the_next(name: str) -> None:
    column = catalogue()[name].column
    inside, outside = at_the_edges()[f"{name}|0"][column], at_the_edges()[f"{name}|1"][column]
    assert inside is not None and inside is not False
    assert outside is None


def test_most_findings_with_a_window_are_tested_at_its_edges() -> None:
    windowed = [each.name for each in catalogue().values() if each.window_days]
    assert len(EDGED) > 0.9 * len(windowed)


def test_a_printed_range_of_another_laboratory_does_not_move_ng239s_lines() -> None:
    """190 ng/L printed as low by its laboratory stays indeterminate; methylmalonic acid is left to that range."""
    low = lab("lab_b12_total", 190 * 0.7378, "ng/L", low=200 * 0.7378, high=900 * 0.7378)
    assert one(adult(low, fact("sym_fatigue")))["status"] == "indeterminate"
    mma = lab("lab_mma_serum", 320.0, "nmol/L", low=0.0, high=280.0)
    assert one(adult(low, mma, lab("lab_egfr", 90.0, "mL/min/{1.73_m2}")))["status"] == "deficient"


def test_a_laboratorys_own_threshold_moves_its_line_alone_and_is_named() -> None:
    source = {"clause": "a laboratory", "certainty": "seen"}
    own = {"total_b12_deficient": {"values": [{"value": 145, "unit": "ng/L"}], "source": source}}
    rows = {"p": adult(lab("lab_b12_total", 160 * 0.7378, "ng/L"), fact("sym_fatigue"))}
    local = load("nice_ng239", ON, own)
    assert outcomes(assessed(rows))["p"]["output.status"] == "deficient"
    assert outcomes(assessed(rows, local))["p"]["output.status"] == "indeterminate"
    assert one(rows["p"], local)["guidance"]["overrides"] == ["total_b12_deficient"]


def test_what_the_record_learnt_later_is_not_known_on_the_day() -> None:
    rows = adult(lab("lab_b12_total", 40.0, "pmol/L", -5))
    late = [
        {**row, "known_at": row["time"] + timedelta(days=10)} if row["concept"] == "lab_b12_total" else row
        for row in rows
    ]
    assert one(rows)["status"] == "deficient"
    assert one(late)["status"] == "not_established"


def test_refuted_since_takes_a_current_finding_back() -> None:
    rows = adult(fact("sym_paraesthesia", -90, until=None), fact("sym_paraesthesia", -3, present=False), *asked())
    found = find(events_of({"p": rows}), ON)
    assert found["finding.paraesthesia"].to_list() == [False]
