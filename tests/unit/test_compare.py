"""One person under every guideline: who says what, where they part, and on which clause."""

from __future__ import annotations

import pytest

from cobalamin.assess import assess
from cobalamin.audit.compare import MANY, QUESTIONS, compare
from cobalamin.errors import CobalaminError
from cobalamin.events import Events
from tests.unit.audit_people import ON, fact, guideline, lasting, person

# 160 ng/L lies under the 180 of NICE and above the 150 of AAFP 2017, and there is no nerve symptom on record.
BETWEEN = person("p", fact("lab_b12_total", -10, 160 * 0.738, unit="ng/L"), lasting("sym_fatigue", -90))


@pytest.fixture(scope="module")
def found():
    return compare(Events.of(BETWEEN), ON)


def values(found, question):
    return {one.guideline: one.value for one in found.positions[question]}


def test_every_guideline_but_common_answers_every_question(found):
    assert found.guidelines[0].id == "nice_ng239"
    assert "common" not in values(found, "status")
    assert set(found.positions) == set(QUESTIONS)
    assert all(len(positions) == len(found.guidelines) for positions in found.positions.values())


def test_thresholds_part_nice_from_aafp_2017(found):
    assert "status" in found.parts()
    assert values(found, "status")["nice_ng239"] == "deficient"
    assert values(found, "status")["aafp_2017"] == "indeterminate"


def test_parting_names_the_clause(found):
    nice = next(one for one in found.positions["status"] if one.guideline == "nice_ng239")
    assert [reason.clause for reason in nice.reasons] == ["NG239 Table 1"]


def test_each_answer_is_the_one_that_assess_gives(found):
    for name, value in values(found, "route").items():
        alone = assess(Events.of(BETWEEN), guideline(name, ON), on=ON)
        assert alone.trace["output.route"][0] == value


def test_questions_with_several_answers_list_each_with_its_row(found):
    for question in MANY:
        for one in found.positions[question]:
            assert one.value == (", ".join(reason.value for reason in one.reasons) or "none")


def test_only_the_guidelines_asked_for_answer():
    found = compare(Events.of(BETWEEN), ON, ["aafp_2017", "nice_ng239", "aafp_2017"])
    assert [one.id for one in found.guidelines] == ["aafp_2017", "nice_ng239"]


def test_several_people_are_refused():
    with pytest.raises(CobalaminError, match="for one person; these events hold 2"):
        compare(Events.of([*BETWEEN, *person("q")]), ON)
