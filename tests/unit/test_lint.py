"""The linter names rows that cannot fire, repeated rows, and catch-alls that decide; sound guidance passes."""

from __future__ import annotations

from cobalamin.decision.lint import check
from cobalamin.guidance.conditions import parse
from cobalamin.guidance.model import Guideline, Rule, Source, Table, Threshold

SEEN = Source("a clause", "seen")


def rule(name: str, when: object, status: str = "deficient") -> Rule:
    return Rule(name, parse(when, name), {"status": status}, "Says so.", SEEN)


def guideline(*rules: Rule) -> Guideline:
    table = Table("status", "toy", "What?", "first", ("status",), {"status": "not_established"}, rules)
    low = Threshold("low", ((133.0, "pmol/L"),), SEEN)
    return Guideline("toy", "1", "Toy", {}, {"low": low}, {}, {"status": table}, {}, "0")


LOW = rule("low", {"b12_before_treatment": {"below": "low"}})


def test_sound_table_has_no_problems() -> None:
    assert check(guideline(LOW, rule("not_low", {"b12_before_treatment": {"at_least": "low"}}, "unlikely"))) == []


def test_row_whose_conditions_exclude_each_other_is_named() -> None:
    never = rule("never", [{"fatigue": True}, {"fatigue": False}], "unlikely")
    assert any("never is never reached" in problem for problem in check(guideline(LOW, never)))


def test_row_under_a_wider_row_is_named() -> None:
    narrower = rule("narrower", [{"b12_before_treatment": {"below": "low"}}, {"fatigue": True}], "unlikely")
    assert any("narrower is never reached" in problem for problem in check(guideline(LOW, narrower)))


def test_repeated_row_is_named() -> None:
    again = rule("again", {"b12_before_treatment": {"below": "low"}}, "unlikely")
    assert any("again has the same conditions as low" in problem for problem in check(guideline(LOW, again)))


def test_catch_all_may_only_give_the_undecided_outcome() -> None:
    everybody = rule("everybody", {"always": True}, "deficient")
    assert any("everybody catches everybody" in problem for problem in check(guideline(LOW, everybody)))


def test_unknown_name_is_an_error_that_says_where() -> None:
    problems = check(guideline(rule("typo", {"fatigued": True})))
    assert len(problems) == 1
    assert "typo" in problems[0]
    assert "fatigued" in problems[0]


def test_unit_that_does_not_fit_is_an_error() -> None:
    sound = guideline(LOW)
    slip = Threshold("low", ((133.0, "g/L"),), SEEN)
    problems = check(Guideline("toy", "1", "Toy", {}, {"low": slip}, {}, sound.tables, {}, "0"))
    assert len(problems) == 1
    assert "g/L" in problems[0]
