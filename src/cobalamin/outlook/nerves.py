"""Nerves bar the way to less treatment: the model never shows a longer interval to somebody who has or may have
nerve symptoms. Only an explicit no lifts that; what nobody asked is no such answer.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from functools import cache
from importlib.resources import files

from cobalamin.guidance.model import Regimen
from cobalamin.outlook.facts import Facts

RECORDED, NOT_ASKED, ABSENT = "recorded", "not asked", "absent"
INJECTED = ("im", "sc")


def nerves(facts: Facts) -> str:
    """What the record says of nerve symptoms, now or ever: recorded, not asked, or absent."""
    if facts.term("neurology_recorded") or facts.term("neurology_any") or facts.is_yes("ever_neurological"):
        return RECORDED
    return ABSENT if facts.term("neurology_absent") else NOT_ASKED


def nerve_regimen(facts: Facts) -> Regimen | None:
    """What the guideline gives where nerves are touched; None where it gives nothing of its own."""
    name = _nerve_regimens().get(facts.guideline.id)
    return facts.guideline.regimens.get(name) if name else None


@cache
def _nerve_regimens() -> dict[str, str]:
    text = (files("cobalamin.outlook") / "nerve_regimens.csv").read_text(encoding="utf-8")
    return {row["guideline"]: row["regimen"] for row in csv.DictReader(text.splitlines())}


def longest_interval_days(facts: Facts) -> float | None:
    """The longest interval between injections that may be shown; None where nerves are an explicit no.

    It is the shortest of the present interval, the guideline's plan and the guideline's regimen for nerves.
    """
    if nerves(facts) == ABSENT:
        return None
    return min(_intervals(facts), default=0.0)


def _intervals(facts: Facts) -> Iterator[float]:
    if facts.is_yes("on_injections") and facts.value("injection_interval_days"):
        yield float(facts.value("injection_interval_days"))
    planned = [item for item in facts.plan if item["kind"] == "dose" and item["route"] in INJECTED]
    if planned and planned[-1]["every_days"] and not planned[-1]["count"]:
        yield float(planned[-1]["every_days"])
    regimen = nerve_regimen(facts)
    if regimen is not None:
        yield float(regimen.phases[-1].every_days)
