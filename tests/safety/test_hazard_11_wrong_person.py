"""H11: the answer is about the wrong person."""

from __future__ import annotations

import random
from pathlib import Path

import polars as pl
import pytest

from cobalamin.errors import CobalaminError
from cobalamin.events import Events
from tests.safety.coded import commanded, condition, low_b12, observation, person, read
from tests.safety.people import ON, assessed, crowd, default, events_of, vignettes

OTHER = {"subject": {"reference": "Patient/p2"}}


def test_an_entry_is_bound_to_the_patient_it_names(tmp_path: Path) -> None:
    both = [person(), person(id="p2"), low_b12(), observation("718-7", 130, "g/L", **OTHER)]
    frame = read(tmp_path, *both).events.frame.with_columns(pl.col("concept").cast(pl.String))
    held = {name: set(rows["concept"]) for (name,), rows in frame.group_by("patient_id")}
    assert "lab_b12_total" in held["p1"] and "lab_b12_total" not in held["p2"]
    assert "lab_haemoglobin" in held["p2"] and "lab_haemoglobin" not in held["p1"]


@pytest.mark.parametrize("subject", [None, {}, {"reference": "Patient/stranger"}, {"display": "Ann Example"}])
def test_an_entry_without_a_known_subject_is_set_aside(tmp_path: Path, subject: object) -> None:
    intake = read(tmp_path, person(), low_b12(subject=subject))
    assert "lab_b12_total" not in intake.events.frame["concept"].cast(pl.String).to_list()
    assert any("subject" in reason for reason in intake.ledger.set_aside)


def test_two_birth_dates_for_one_id_are_named_and_neither_is_used(tmp_path: Path) -> None:
    intake = read(tmp_path, person(), person(birthDate="1990-01-01"), low_b12())
    assert "person_birth" not in intake.events.frame["concept"].cast(pl.String).to_list()
    assert any("birth" in reason for reason in intake.ledger.set_aside)


def test_a_second_copy_of_one_id_is_never_merged_and_is_named(tmp_path: Path) -> None:
    intake = read(tmp_path, person(), person(gender="male"), low_b12())
    concepts = set(intake.events.frame["concept"].cast(pl.String))
    assert not {"person_female", "person_male"} & concepts
    assert any("copy" in reason for reason in intake.ledger.set_aside)
    assert any("two sexes" in note for note in intake.ledger.notes)


def test_a_newer_patient_corrects_the_sex(tmp_path: Path) -> None:
    older = person(meta={"lastUpdated": "2024-01-01T00:00:00Z"})
    newer = person(gender="male", meta={"lastUpdated": "2025-01-01T00:00:00Z"})
    concepts = set(read(tmp_path, older, newer, low_b12()).events.frame["concept"].cast(pl.String))
    assert {"person_female", "person_male"} & concepts == {"person_male"}


def test_one_resource_id_under_two_subjects_is_nobodys_and_is_named(tmp_path: Path) -> None:
    intake = read(tmp_path, person(), person(id="p2"), low_b12(id="same"), low_b12(id="same", **OTHER))
    assert "lab_b12_total" not in intake.events.frame["concept"].cast(pl.String).to_list()
    assert intake.ledger.set_aside["one resource id under two subjects"] == 2


def test_a_record_of_two_people_is_not_answered_without_a_choice(tmp_path: Path) -> None:
    both = [person(), person(id="p2"), low_b12(), observation("14685-2", 600, "pmol/L", id="second", **OTHER)]
    with pytest.raises(CobalaminError, match="2 people"):
        commanded(tmp_path, *both)
    assert commanded(tmp_path, *both, patient="p1")["status"] == "deficient"
    assert commanded(tmp_path, *both, patient="p2")["status"] == "unlikely"
    with pytest.raises(CobalaminError, match="p3"):
        commanded(tmp_path, *both, patient="p3")


def test_alone_and_among_others_the_same_answer() -> None:
    people = crowd(300, 1111) | vignettes()
    whole = assessed(people)
    for name in random.Random(1).sample(sorted(people), 25):
        alone = assessed({name: people[name]})
        mine = whole.trace.filter(pl.col("patient_id") == name)
        assert alone.trace.equals(mine), name
        assert alone.plan.equals(whole.plan.filter(pl.col("patient_id") == name)), name


def test_the_order_of_rows_changes_nothing() -> None:
    frame = events_of(crowd(300, 1111)).frame
    mixed = Events.of(frame.sample(fraction=1.0, shuffle=True, seed=3))
    assert mixed.frame.equals(frame)


def test_people_who_share_every_fact_but_one_do_not_leak_into_each_other() -> None:
    """Neighbours in the table: the last row of one and the first of the next are different people."""
    people = crowd(40, 1112)
    twins = {f"{name}-a": rows for name, rows in people.items()} | {
        f"{name}-b": [
            *rows,
            {
                **rows[0],
                "concept": "cond_pernicious_anaemia",
                "time": None,
                "until": None,
                "precision": "undated",
                "value": None,
                "known_at": None,
                "present": True,
            },
        ]
        for name, rows in people.items()
    }
    found = assessed(twins)
    single = assessed({f"{name}-a": rows for name, rows in people.items()})
    mine = found.trace.filter(pl.col("patient_id").str.ends_with("-a"))
    assert mine.equals(single.trace)
    with_cause = found.trace.filter(pl.col("patient_id").str.ends_with("-b"))
    assert with_cause["term.r7_recorded"].all()


def test_a_resource_that_names_a_disease_of_someone_else_is_not_this_persons(tmp_path: Path) -> None:
    both = [person(), person(id="p2"), low_b12(), condition("84027009", "Pernicious anemia", **OTHER)]
    found = commanded(tmp_path, *both, patient="p1")
    assert "autoimmune_gastritis" not in {one["cause"] for one in found["causes"] if one["certainty"] == "confirmed"}
    assert default().id == found["guidance"]["id"] and found["on"] == ON.isoformat()
