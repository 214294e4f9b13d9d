"""H14: a child, or anyone outside a guideline's population, gets adult advice."""

from __future__ import annotations

from datetime import date, datetime
from functools import cache

import polars as pl
import pytest

from cobalamin.assess import Assessment
from cobalamin.guidance.load import available, load
from cobalamin.report.text import text
from tests.safety.broken import with_rule
from tests.safety.people import ON, People, assessed, crowd, default, fact, lab, one, told, vignettes

GUIDELINES = [name for name in available() if name != "common"]


def aged(years: int, people: People) -> People:
    """The same people, so many years old."""
    born = {**fact("person_birth", 0), "time": datetime(ON.year - years, 1, 2), "until": None}
    kept = {
        name: [row for row in rows if row["concept"] not in ("person_birth", "person_age")]
        for name, rows in people.items()
    }
    return {f"{name}@{years}": [*rows, born] for name, rows in kept.items()}


@cache
def children() -> People:
    whole = crowd(45, 1414) | vignettes()
    return {name: rows for years in (6, 15) for name, rows in aged(years, whole).items()}


def dosed(found: Assessment) -> list[tuple[str, ...]]:
    return (
        found.plan.filter(pl.col("kind") == "dose", pl.col("product").is_not_null()).select("patient_id", "rule").rows()
    )


@pytest.mark.parametrize("name", GUIDELINES)
def test_under_16_there_is_no_route_no_regimen_and_no_dose(name: str) -> None:
    found = assessed(children(), load(name, ON))
    assert set(found.trace["output.scope"]) == {"out"}
    routes = set(found.trace["output.route"].cast(pl.String))
    assert routes <= {"undecided", "none"}
    assert set(found.trace["output.regimen"].cast(pl.String)) == {"none"}
    assert dosed(found) == []


def test_the_words_of_a_childs_plan_name_no_adult_dose() -> None:
    plan = assessed(children()).plan
    doses = plan.filter(pl.col("what").str.contains(r"\d\s*mg"))
    assert doses.select("patient_id", "what", "rule").unique("rule").rows() == []


def test_taking_the_row_away_is_caught() -> None:
    """The control broken: children are in scope."""
    broken = with_rule(default(), "scope", "under_16", {"all": [{"died": True}, {"female": True}, {"male": True}]})
    assert dosed(assessed(children(), broken)) != []


def test_a_child_gets_the_reason_and_whom_to_ask() -> None:
    found = told(
        {
            "patient": {"age": 7, "sex": "male"},
            "labs": [{"name": "Vitamin B12", "value": 90, "unit": "ng/L", "day": -1}],
        }
    )
    assert found["scope"]["in"] is False
    assert "paediatric" in found["scope"]["why"].lower()
    assert any(item["kind"] == "referral" and "paediatric" in item["what"] for item in found["plan"])
    assert "16" in text(found)


@pytest.mark.parametrize(
    "born, scope", [(date(2010, 1, 15), True), (date(2010, 1, 16), False), (date(2010, 1, 14), True)]
)
def test_the_sixteenth_birthday_is_the_line(born: date, scope: bool) -> None:
    found = told(
        {
            "patient": {"born": born.isoformat(), "sex": "female"},
            "labs": [{"name": "Vitamin B12", "value": 90, "unit": "ng/L", "day": -1}],
        }
    )
    assert found["scope"]["in"] is scope


def test_an_unknown_age_is_in_scope_says_so_and_is_asked_for() -> None:
    found = told(
        {"patient": {"sex": "female"}, "labs": [{"name": "Vitamin B12", "value": 90, "unit": "ng/L", "day": -1}]},
        questions=True,
    )
    assert found["scope"]["in"] is True
    assert "age is not stated" in found["scope"]["why"].lower()
    assert "age_years" in {question["finding"] for question in found["missing"]}


def test_nothing_is_planned_for_a_person_who_has_died() -> None:
    rows = [fact("person_died", -10), lab("lab_b12_total", 60.0, "pmol/L", -30), fact("person_female", None)]
    found = one(rows)
    assert found["scope"]["in"] is False
    assert not any(item["kind"] == "dose" for item in found["plan"])
