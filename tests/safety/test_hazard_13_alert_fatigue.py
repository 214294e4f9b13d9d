"""H13: alert fatigue."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from cobalamin.assess import Assessment
from cobalamin.guidance.load import available, load
from cobalamin.report.answer import answer
from cobalamin.report.text import text
from tests.safety.people import ON, adult, asked, assessed, crowd, fact, lab, one, told, vignettes

MOST_LINES = 12
SEVERITIES = ("critical", "warning", "info")


@cache
def everybody() -> Assessment:
    return assessed(crowd(90, 1313) | vignettes())


@cache
def some_answers() -> list[dict[str, Any]]:
    found = everybody()
    return [answer(found, name, missing=None) for name in found.findings["patient_id"].to_list()[::4]]


def test_an_answer_has_at_most_twelve_lines() -> None:
    longest = max(len(text(found).rstrip("\n").splitlines()) for found in some_answers())
    assert 6 <= longest <= MOST_LINES


def test_twelve_lines_also_with_questions_and_everything_wrong_at_once() -> None:
    found = told(
        {
            "patient": {"age": 30, "sex": "female", "pregnant": True},
            "history": {
                "conditions": ["pernicious anaemia", "coeliac disease", "type 1 diabetes"],
                "nitrous_oxide": True,
                "medicines": [
                    "warfarin",
                    "digoxin",
                    "furosemide",
                    "metformin",
                    {"name": "folic acid", "dose": "5 mg daily"},
                ],
                "allergies": ["cobalt"],
            },
            "symptoms": ["numb feet", "poor balance", "fatigue", "difficulty swallowing"],
            "signs": ["extensor plantars"],
            "labs": [
                {"name": "Vitamin B12", "value": 80, "unit": "ng/L", "day": -1},
                {"name": "Haemoglobin", "value": 60, "unit": "g/L", "day": -1},
                {"name": "Potassium", "value": 2.9, "unit": "mmol/L", "day": -1},
                {"name": "Platelets", "value": 30, "unit": "10*9/L", "day": -1},
            ],
        },
        questions=True,
    )
    said = text(found).rstrip("\n").splitlines()
    assert len(said) <= MOST_LINES
    assert said[0].startswith("EMERGENCY")
    assert said[1].startswith("Danger")


def test_the_worst_alert_stands_first_and_each_is_said_once() -> None:
    for found in some_answers():
        ranks = [SEVERITIES.index(alert["severity"]) for alert in found["alerts"]]
        assert ranks == sorted(ranks)
        ids = [alert["id"] for alert in found["alerts"]]
        assert len(ids) == len(set(ids))


def test_a_well_person_with_a_normal_result_gets_no_alert_at_all() -> None:
    rows = adult(
        lab("lab_b12_total", 420.0, "pmol/L"),
        lab("lab_haemoglobin", 138.0, "g/L"),
        lab("lab_mcv", 89.0, "fL"),
        fact("sym_neurological_none"),
        *asked(),
    )
    found = one(rows)
    assert found["alerts"] == []
    assert "Danger" not in text(found)


def test_danger_is_printed_where_there_is_a_severe_alert_and_only_there() -> None:
    for found in some_answers():
        severe = any(alert["severity"] == "critical" for alert in found["alerts"])
        printed = any(line.startswith("Danger") for line in text(found).splitlines())
        assert printed or not severe
        assert severe or not printed or any(alert["severity"] == "warning" for alert in found["alerts"])


@pytest.mark.parametrize("name", [one for one in available() if one != "common"])
def test_a_critical_alert_is_dated_work_or_says_what_to_do(name: str) -> None:
    """Each critical row plans something, or its words hold the instruction."""
    actions = (
        "admission",
        "replace",
        "change to",
        "planned",
        "stop",
        "advice",
        "treat",
        "refer",
        "haematology",
        "tell",
    )
    table = load(name, ON).tables["alerts"]
    idle = [
        rule.id
        for rule in table.rules
        if rule.then["grade"] == "critical" and not rule.plan and not any(word in rule.says.lower() for word in actions)
    ]
    assert idle == []


def test_critical_alerts_stay_rare_enough_to_be_read() -> None:
    """Of published cases, which are ill, fewer than half carry one critical alert and hardly any four."""
    found = assessed(vignettes())
    alerts = [name for name in found.trace.columns if name.startswith("alert.")]
    counts = [sum(row[name] == "critical" for name in alerts) for row in found.trace.select(alerts).to_dicts()]
    assert sum(count > 0 for count in counts) < 0.6 * len(counts)
    assert sum(count > 3 for count in counts) < 0.05 * len(counts)
