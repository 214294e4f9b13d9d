"""Plain pages: readable at twelve, each statement sourced, each number from the guidance."""

from __future__ import annotations

import re

import pytest

from cobalamin.errors import CobalaminError
from cobalamin.guidance import load
from cobalamin.report.explain import CERTAINTY, explain, filled, find_topic, topics

QUESTIONS = {
    "do I need a shot": "injections",
    "shots or tablets": "shots_or_tablets",
    "can I get pills instead of needles": "shots_or_tablets",
    "side effects": "side_effects",
    "how often": "how_often",
    "how long until better": "how_long",
    "vegan": "vegans",
    "metformin": "metformin",
    "laughing gas": "nitrous_oxide",
    "I'm pregnant": "pregnancy",
    "my mum has pernicious anaemia": "pernicious_anaemia",
    "B12 for energy": "energy",
    "why am I tired": "energy",
    "blood tests": "blood_tests",
    "will my doctor test my B12 again": "blood_tests",
    "I forgot my injection": "missed_dose",
    "can I do it at home": "self_injection",
    "folic acid": "folic_acid",
    "can I stop": "stopping",
    "gastric bypass": "operations",
    "does omeprazole matter": "acid_tablets",
}


@pytest.fixture(scope="module")
def guideline():
    return load()


@pytest.mark.parametrize(("question", "topic"), QUESTIONS.items())
def test_everyday_question_finds_its_topic(question, topic):
    assert find_topic(question).id == topic


@pytest.mark.parametrize("topic", topics())
def test_topic_is_readable_at_twelve(topic, guideline):
    said = " ".join(filled(one.text, guideline) for one in topics()[topic].says)
    sentences = [one for one in re.split(r"[.!?]\s+", said) if one]
    words = [len(one.split()) for one in sentences]
    assert sum(words) / len(words) < 14
    assert max(words) <= 24


@pytest.mark.parametrize("topic", topics())
def test_every_statement_has_a_source_and_a_certainty(topic):
    for one in topics()[topic].says:
        assert len(one.source) > 2 and one.certainty in CERTAINTY
    page = explain(topic)
    assert page.count("[") == len(topics()[topic].says)
    assert "{" not in page and "does not replace" in " ".join(page.split())


def test_numbers_come_from_the_guidance(guideline):
    threshold = guideline.thresholds["total_b12_deficient"]
    value = next(value for value, unit in threshold.values if unit == "ng/L")
    assert f"below {value:g} ng/L means a lack" in " ".join(explain("blood_tests").split())


def test_unknown_number_is_an_error_that_names_it(guideline):
    with pytest.raises(CobalaminError, match="no threshold 'no_such'"):
        filled("{threshold:no_such:ng/L}", guideline)


def test_unknown_question_names_the_topics():
    with pytest.raises(CobalaminError, match=r"Nothing is written about 'zzz'.*Topics:.*vegans"):
        explain("zzz")


def test_pages_say_what_the_usual_articles_get_wrong():
    tests = " ".join(explain("blood tests").split())
    assert "On injections B12 is not tested again" in tests
    both = " ".join(explain("shots or tablets").split())
    assert "experts do not agree" in both
