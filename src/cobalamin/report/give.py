"""What to give: product, dose, route, dates and how long, in one line."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from cobalamin.report.phrases import DECIDING_TESTS, check_words, deciding_question, may_stop, on_treatment
from cobalamin.report.words import interval, number, sentence, short_date, until_words, word

WEEK = 7
# A route that spares or ends the needle may not rest in silence on a rule that nobody read at its source.
RELAXED = ("tablets", "either", "none")
NEEDLE_ALERT = "no_im_without_advice"


def course_words(answer: dict[str, Any]) -> list[str]:
    """What to give, or what it hangs on; nothing where B12 plays no part."""
    doses = [item for item in answer["plan"] if item["kind"] == "dose"]
    regimen = [item for item in doses if item["product"]]
    if regimen:
        return [("if they go on: " if may_stop(answer) else "") + _course(regimen, answer), *_notes(answer)]
    if doses:
        return [doses[0]["what"]]
    if answer["route"] == "undecided":
        return [becomes(answer), *test_decides(answer)]
    if answer["route"] == "none":
        nothing = "no B12; it would not help" if not on_treatment(answer) else "no further B12 is planned"
        return [one for one in (nothing, check_words(answer, "route")) if one]
    return []


def _course(regimen: list[dict[str, Any]], answer: dict[str, Any]) -> str:
    first, rest = regimen[0], regimen[1:]
    phases = [_first(first, answer), *(_then(item, first, answer) for item in rest)]
    return sentence(_held_back(first, answer) + ", then ".join(phases))


def _held_back(first: dict[str, Any], answer: dict[str, Any]) -> str:
    """What must come before the needle; the date of a dose may not be read past it."""
    warned = any(alert["id"] == NEEDLE_ALERT for alert in answer["alerts"])
    return "advice on bleeding before any needle (INR, platelets), then " if warned and first["route"] == "im" else ""


def _first(item: dict[str, Any], answer: dict[str, Any]) -> str:
    what = f"{word('product', item['product'])} {dose_words(item)} {word('give_route', item['route'])}"
    schedule = interval(item["every_days"])
    if item["route"] == "oral":
        long = until_words(item["until"])
        return f"{what} {schedule}{_from(item, answer)}" + (f", {long}" if long else "")
    if item["due"] and item["due"] < answer["on"]:
        late = f"due {short_date(item['due'], answer['on'])}, {_late(item['due'], answer['on'])} late"
        return f"overdue {what} now ({late}), {schedule}"
    return f"{what} {short_date(item['due'], answer['on'])}{_how_long(item, schedule)}".rstrip()


def _from(item: dict[str, Any], answer: dict[str, Any]) -> str:
    later = item["due"] and item["due"] > answer["on"]
    return f" from {short_date(item['due'], answer['on'])}" if later else ""


def _how_long(item: dict[str, Any], schedule: str) -> str:
    if item["until"]:
        return f", {schedule} {until_words(item['until'])}"
    if item["count"] == 1:
        return ""
    return f", {schedule}, {item['count']} doses" if item["count"] else f", {schedule}"


def _then(item: dict[str, Any], first: dict[str, Any], answer: dict[str, Any]) -> str:
    changed = dose_words(item) != dose_words(first)
    dose = f"{dose_words(item)} " if changed else ""
    start = f" from {short_date(item['due'], answer['on'])}" if item["due"] else ""
    return f"{dose}{interval(item['every_days'])}{start}"


def dose_words(item: dict[str, Any]) -> str:
    """1 mg, 100 µg"""
    return f"{number(float(item['dose']))} {item['dose_unit'].replace('ug', 'µg')}"


def _late(due: str, on: str) -> str:
    days = (date.fromisoformat(on) - date.fromisoformat(due)).days
    if days < 2 * WEEK:
        return f"{days} day{'s' if days > 1 else ''}"
    return f"{round(days / WEEK)} weeks"


def _notes(answer: dict[str, Any]) -> Iterator[str]:
    if answer["route"] == "injection" and answer["route_strength"] == "offer":
        yield "Not tablets."
    if answer["route"] == "either":
        yield "Injections if preferred."
    clause = next((one["clause"] for one in answer["reasons"] if one["table"] == "regimens"), "")
    if clause:
        yield f"({clause.split(';')[0]})"
    recalled = check_words(answer, "regimens", *(["route"] if answer["route"] in RELAXED else []))
    if recalled:
        yield recalled


def becomes(answer: dict[str, Any]) -> str:
    """What an undecided route becomes for each answer to the first question that decides it."""
    question, routes = deciding_question(answer)
    if not routes:
        return "not yet decided; see what is not known"
    answers_to: dict[str, list[str]] = {}
    for one, route in routes.items():
        if route != word("route", "undecided"):
            answers_to.setdefault(route, []).append(one)
    asked_before = len(answers_to) > 1
    parts = [_if(question, said, route, asked_before) for route, said in answers_to.items()]
    return f"not yet decided: {', '.join(parts)}" if parts else "not yet decided; see what is not known"


def test_decides(answer: dict[str, Any]) -> Iterator[str]:
    """What the deciding test leads to, where one is to be taken now."""
    if answer["status"] == "deficient" or on_treatment(answer):
        return
    when = answer["testing"]["when"]
    test = next((test for test in DECIDING_TESTS if when.get(test) == "now"), "")
    if test:
        yield word("test_decides", test)


def _if(question: str, said: list[str], route: str, asked_before: bool) -> str:
    if said == ["no"]:
        return f"{route} if not" if asked_before else f"{route} if no {word('finding', question)}"
    return f"{route} if {word('finding', question)}" + ("" if said == ["yes"] else f" {' or '.join(said)}")
